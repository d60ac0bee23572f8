"""The translations: complete, alike in every language, and as Home Assistant writes."""

from collections.abc import Iterator
import json
import re
from string import Formatter
from typing import Any

import pytest

from custom_components.llm_gateway_account.validation import SETTLED_IN_ADVANCED
from homeassistant.generated.languages import LANGUAGES
from tests import PACKAGE

TRANSLATIONS = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((PACKAGE / "translations").glob("*.json"))
}
ENGLISH = TRANSLATIONS["en"]

SAME_AS_IN_ENGLISH = {
    "de": {"Administrator", "Root", "Status"},
    "es": {"Plan", "Total", "tokens", "total"},
    "fr": {"Total", "tokens", "total", "{amount} points"},
    "pt-BR": {"Status", "Total", "tokens", "total"},
}

SCRIPTS = {
    "ja": "[\u3041-\u30ff\u4e00-\u9fff]",
    "ko": "[\uac00-\ud7a3]",
    "ru": "[\u0400-\u04ff]",
    "zh-Hans": "[\u4e00-\u9fff]",
    "zh-Hant": "[\u4e00-\u9fff]",
}

each_language = pytest.mark.parametrize("language", list(TRANSLATIONS))
each_translation = pytest.mark.parametrize(
    "language", [language for language in TRANSLATIONS if language != "en"]
)


def texts(tree: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path and text of every leaf."""
    if isinstance(tree, str):
        yield path, tree
        return
    for key, value in tree.items():
        yield from texts(value, f"{path}.{key}" if path else key)


def has_words(text: str) -> bool:
    """Tell whether a text is more than placeholders and what separates them."""
    return bool(re.search(r"[^\W_]", re.sub(r"{\w+}", "", text)))


def placeholders(text: str) -> set[str]:
    """Return the names in curly brackets."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def entity_texts(language: str, key: str) -> Iterator[str]:
    """Yield the names or the states of all entities."""
    for path, text in texts(TRANSLATIONS[language]["entity"]):
        if f".{key}" in path:
            yield text


def test_languages_are_those_of_home_assistant() -> None:
    assert set(TRANSLATIONS) <= LANGUAGES


@each_language
def test_every_text_is_there_with_its_placeholders(language: str) -> None:
    translated = dict(texts(TRANSLATIONS[language]))
    assert list(translated) == list(dict(texts(ENGLISH)))
    for path, text in texts(ENGLISH):
        assert placeholders(translated[path]) == placeholders(text), path


@each_language
def test_form_of_texts(language: str) -> None:
    """The rules of hassfest."""
    for path, text in texts(TRANSLATIONS[language]):
        assert text, path
        assert text == text.strip(), path
        assert not re.search(r"https?://|www\.|<[a-z/]|'\{", text), path
        assert all(name.isidentifier() for name in placeholders(text)), path
        if ".state." in path or path.endswith("unit_of_measurement"):
            assert not placeholders(text), path
        for key in path.split("."):
            assert re.fullmatch("[a-z0-9]+(?:[-_][a-z0-9]+)*", key), path


@each_language
def test_file_is_sorted(language: str) -> None:
    raw = (PACKAGE / "translations" / f"{language}.json").read_text(encoding="utf-8")
    tree = TRANSLATIONS[language]
    assert raw == json.dumps(tree, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


@each_translation
def test_no_text_is_left_in_english(language: str) -> None:
    english = dict(texts(ENGLISH))
    translated = dict(texts(TRANSLATIONS[language]))
    same = {
        text
        for path, text in translated.items()
        if text == english[path] and has_words(text)
    }
    assert same == SAME_AS_IN_ENGLISH.get(language, set())


@pytest.mark.parametrize("language", list(SCRIPTS))
def test_texts_are_in_the_script_of_the_language(language: str) -> None:
    for path, text in texts(TRANSLATIONS[language]):
        assert re.search(SCRIPTS[language], text) or not has_words(text), path


@pytest.mark.parametrize(
    ("language", "characters"), [("zh-Hans", "gb2312"), ("zh-Hant", "big5hkscs")]
)
def test_chinese_scripts_are_not_mixed(language: str, characters: str) -> None:
    for path, text in texts(TRANSLATIONS[language]):
        assert text.encode(characters, "replace").decode(characters) == text, path


@each_translation
def test_technical_terms_stay_as_they_are(language: str) -> None:
    translated = dict(texts(TRANSLATIONS[language]))
    for path, text in texts(ENGLISH):
        for term in re.findall(r"https?|TLS|sk-\.\.\.|500000", text, re.IGNORECASE):
            assert term.casefold() in translated[path].casefold(), path


@each_language
def test_errors_name_the_section_of_the_form(language: str) -> None:
    config = TRANSLATIONS[language]["config"]
    section = config["step"]["user"]["sections"]["advanced"]["name"]
    named = {error for error, text in config["error"].items() if section in text}
    # That one is shown at the section itself. A form without it names the other form.
    elsewhere = {"reauth_certificate_error", "reauth_user_id_refused"}
    assert named == SETTLED_IN_ADVANCED - {"invalid_header"} | elsewhere


@each_language
def test_form_has_the_words_of_the_web_sites(language: str) -> None:
    """Most gateways have Chinese pages, whatever language Home Assistant speaks."""
    description = TRANSLATIONS[language]["config"]["step"]["user"]["description"]
    if language == "zh-Hant":
        words = ["個人中心", "系統訪問令牌"]
    else:
        words = ["个人中心", "系统访问令牌"]
    assert all(word in description for word in words)


@each_language
@pytest.mark.parametrize("is_of_key", [False, True])
def test_entities_are_told_apart_by_their_names(language: str, is_of_key: bool) -> None:
    """Those of an account, and those on the device of an API key."""
    names = [
        entity["name"].casefold()
        for platform in TRANSLATIONS[language]["entity"].values()
        for key, entity in platform.items()
        if key.startswith("key_") is is_of_key
    ]
    assert sorted(names) == sorted(set(names))


@each_language
@pytest.mark.parametrize("key", ["name", "state."])
def test_entities_are_in_sentence_case(language: str, key: str) -> None:
    """As Home Assistant writes them; only German nouns are capitalised anywhere."""
    for text in entity_texts(language, key):
        first, *others = text.split()
        assert first[0] == first[0].upper()
        if language != "de":
            assert all(word == word.lower() for word in others), text


@each_language
def test_addresses_in_explanations_end_where_the_link_ends(language: str) -> None:
    """The frontend makes a link of everything up to the next space."""
    for path, text in texts(TRANSLATIONS[language]):
        if "description" in path:
            address = r"\{(?:url|target|example_url)\}"
            assert not re.search(rf"{address}(?![.,]?(?:\s|$))", text), path
