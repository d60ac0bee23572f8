"""The texts: complete, alike in every language, and fit for Home Assistant."""

import ast
from collections.abc import Iterator
import json
import re
from string import Formatter
from typing import Any

import pytest
import yaml

from custom_components.llm_gateway_account.device_condition import CONDITIONS
from custom_components.llm_gateway_account.event import ACCOUNT_EVENT
from custom_components.llm_gateway_account.events import EVENT_TYPES
from custom_components.llm_gateway_account.failures import CERTAIN_AFTER
from custom_components.llm_gateway_account.gateway import (
    GatewayError,
    TokenRefusedError,
    errors,
)
from custom_components.llm_gateway_account.gateway.inputs import InputProblem
from custom_components.llm_gateway_account.repairs import (
    BALANCE_EXHAUSTED,
    UNIT_CHANGED,
)
from custom_components.llm_gateway_account.sensor import ROLES, STATUSES
from custom_components.llm_gateway_account.spending import BalanceLevel
from homeassistant.generated.languages import LANGUAGES
from tests import PACKAGE

from . import ENTITIES

TRANSLATIONS = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((PACKAGE / "translations").glob("*.json"))
}
ENGLISH = TRANSLATIONS["en"]

TITLES = {
    "de": "LLM-Gateway-Konto",
    "en": "LLM Gateway Account",
    "es": "Cuenta de puerta de enlace LLM",
    "fr": "Compte de passerelle LLM",
    "ja": "LLMゲートウェイアカウント",
    "ko": "LLM 게이트웨이 계정",
    "pt-BR": "Conta de gateway de LLM",
    "ru": "Учётная запись LLM-шлюза",
    "zh-Hans": "大模型网关账户",
    "zh-Hant": "LLM 閘道帳號",
}

SAME_AS_IN_ENGLISH = {
    "de": {"Administrator", "Root", "Status"},
    "pt-BR": {"Status"},
}

GATEWAY_ERRORS = {
    error.key
    for error in vars(errors).values()
    if isinstance(error, type)
    and issubclass(error, GatewayError)
    and hasattr(error, "key")
}

# What Home Assistant's own steps of a flow end with.
ENDS = {
    "already_configured",
    "already_in_progress",
    "reauth_successful",
    "reconfigure_successful",
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


def placeholders(text: str) -> set[str]:
    """Return the names in curly brackets."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def entity_texts(language: str, key: str) -> Iterator[str]:
    """Yield the names or the states of all entities."""
    for path, text in texts(TRANSLATIONS[language]["entity"]):
        if f".{key}" in path:
            yield text


def test_languages() -> None:
    """Each under the tag of Home Assistant, and found by its name in the language."""
    assert {language: tree["title"] for language, tree in TRANSLATIONS.items()} == (
        TITLES
    )
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
    same = {text for path, text in translated.items() if text == english[path]}
    assert same == SAME_AS_IN_ENGLISH.get(language, set())


@pytest.mark.parametrize("language", list(SCRIPTS))
def test_texts_are_in_the_script_of_the_language(language: str) -> None:
    for path, text in texts(TRANSLATIONS[language]):
        assert re.search(SCRIPTS[language], text), path


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
    for error in ("certificate_error", "unencrypted", "user_id_refused"):
        assert section in config["error"][error]


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
def test_entities_are_told_apart_by_their_names(language: str) -> None:
    names = [name.casefold() for name in entity_texts(language, "name")]
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


def test_every_entity_has_a_name() -> None:
    entities = ENGLISH["entity"]
    assert {platform: set(names) for platform, names in entities.items()} == ENTITIES
    states = {
        key: set(entity["state"])
        for key, entity in entities["sensor"].items()
        if "state" in entity
    }
    assert states == {
        "status": set(STATUSES.values()),
        "role": set(ROLES.values()),
        "balance_level": set(BalanceLevel),
    }
    attributes = entities["event"][ACCOUNT_EVENT.key]["state_attributes"]
    assert set(attributes["event_type"]["state"]) == set(EVENT_TYPES)


def test_every_device_automation_has_a_name() -> None:
    assert set(ENGLISH["device_automation"]["trigger_type"]) == set(EVENT_TYPES)
    assert set(ENGLISH["device_automation"]["condition_type"]) == set(CONDITIONS)


def test_every_action_is_described() -> None:
    actions = yaml.safe_load((PACKAGE / "services.yaml").read_text(encoding="utf-8"))
    assert set(ENGLISH["services"]) == set(actions)
    for name, action in actions.items():
        described = ENGLISH["services"][name]
        assert set(described) == {"name", "description", "fields"}
        assert set(described["fields"]) == set(action["fields"])
        for field in described["fields"].values():
            assert set(field) == {"name", "description"}


def arguments(module: str, *functions: str) -> Iterator[dict[str, ast.expr]]:
    """Yield the keyword arguments of each call of one of these functions."""
    for path in PACKAGE.glob(module):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func).removeprefix("self.")
                if name in functions:
                    yield {each.arg: each.value for each in node.keywords if each.arg}


def constants(module: str, argument: str, *functions: str) -> set[str]:
    """Return what is handed to these functions, as far as it stands there."""
    return {
        value.value
        for each in arguments(module, *functions)
        if isinstance(value := each[argument], ast.Constant)
        and isinstance(value.value, str)
    }


def test_every_error_of_a_form_has_a_message() -> None:
    assert set(ENGLISH["config"]["error"]) == {
        *GATEWAY_ERRORS,
        *(problem.value for problem in InputProblem),
        "token_needed",
        "unknown",
    }
    assert set(ENGLISH["options"]["error"]) == {
        "critical_not_below_low",
        "invalid_currency",
    }


def test_every_end_of_a_flow_has_a_message() -> None:
    for flow, module, own in (
        ("config", "config_flow.py", ENDS),
        ("options", "options_flow.py", set[str]()),
    ):
        reasons = constants(module, "reason", "async_abort")
        assert set(ENGLISH[flow]["abort"]) == reasons | own


def test_every_exception_has_a_message() -> None:
    """One without a key would be shown in English."""
    raised = (
        "ConfigEntryError",
        "ConfigEntryNotReady",
        "HomeAssistantError",
        "InvalidDeviceAutomationConfig",
        "ServiceValidationError",
        "UpdateFailed",
    )
    keys = constants("*.py", "translation_key", *raised)
    assert set(ENGLISH["exceptions"]) == GATEWAY_ERRORS | keys


def test_every_repair_has_a_text() -> None:
    """Either a description, or a flow that leads to the solution."""
    kinds = {error.key for error in CERTAIN_AFTER} - {TokenRefusedError.key}
    assert set(ENGLISH["issues"]) == kinds | {BALANCE_EXHAUSTED, UNIT_CHANGED}
    for issue in ENGLISH["issues"].values():
        assert set(issue) in ({"title", "description"}, {"title", "fix_flow"})


@pytest.mark.parametrize("flow", ["config", "options"])
def test_every_field_is_described(flow: str) -> None:
    for step in ENGLISH[flow]["step"].values():
        for form in (step, *step.get("sections", {}).values()):
            assert set(form.get("data", {})) == set(form.get("data_description", {}))
