"""One term for one thing, in every language."""

from collections.abc import Iterator
import re
from typing import Any

import pytest

from tests.helpers import DOCUMENTED

from . import read
from .test_documents import DOCUMENTS
from .test_translations import TRANSLATIONS, texts

# Other words for what has a term already: what they match, and the term.
OTHER_WORDS = {
    "en": {
        "[Uu]sed quota": "total spent",
        "Activity|Activities": "account event",
        "Runs out(?! on | today)": "estimated run-out",
        "web site": "website",
        "(?<![Uu]ser )[Gg]roup(?! ratio)": "user group",
    },
    "zh-Hans": {
        "(?<!剩)余额": "剩余额度",
        "已用额度|累计使用": "累计消费",
        "额度不足": "额度偏低",
        "消费异常": "异常消费",
        "界限|临界值|告急额度|偏低额度": "阈值",
        "帐|账号": "账户",
        "守卫": "消费保护",
        "回应": "响应",
    },
    "zh-Hant": {
        "(?<!剩)餘額": "剩餘額度",
        "額度不足": "額度偏低",
        "消費異常": "異常消費",
        "界限|閾值": "臨界值",
        "帳戶|賬": "帳號",
        "預計": "預估",
        "紀錄": "記錄",
    },
    "de": {
        "[Aa]usgaben|ausgegeben": "Verbrauch",
        "Guthabenstand": "Guthabenstufe",
        r"\bGruppe\b": "Benutzergruppe",
        "Aktivität": "Kontoereignis",
    },
    "es": {"[Cc]entro personal": "área personal", "[Aa]ctividad": "evento"},
    "fr": {"[Ll]imite": "seuil", "[Aa]ctivité": "événement"},
    "ja": {
        "個人センター": "個人設定",
        "ログイン": "サインイン",
        "残高不足": "残高低下",
        "アクティビティ": "イベント",
        "(?<!ユーザー)グループ(?!倍率)": "ユーザーグループ",
    },
    "ko": {"개인 센터": "개인 설정", "활동": "이벤트"},
    "pt-BR": {"[Cc]entral pessoal": "área pessoal", "[Aa]tividade": "evento"},
    "ru": {"ккаунт": "учётная запись", "[Аа]ктивность": "событие"},
}

each_language = pytest.mark.parametrize("language", list(TRANSLATIONS))


def entity(language: str, key: str) -> Any:
    """Return the texts of an entity, such as `sensor.balance`."""
    platform, _, name = key.partition(".")
    return TRANSLATIONS[language]["entity"][platform][name]


def visible(language: str) -> Iterator[tuple[str, str]]:
    """Yield what people read in a language: texts, and the Chinese documents."""
    yield from texts(TRANSLATIONS[language])
    if language == "zh-Hans":
        end = DOCUMENTED[language]
        yield from ((name, read(name)) for name in DOCUMENTS if name.endswith(end))


@each_language
def test_one_term_for_one_thing(language: str) -> None:
    for path, text in visible(language):
        for word, term in OTHER_WORDS[language].items():
            assert not re.search(word, text), f"{path}: {term}"


@each_language
def test_same_thing_has_the_same_name(language: str) -> None:
    happened = entity(language, "event.activity")["state_attributes"]["event_type"]
    events = happened["state"]
    unusual = entity(language, "binary_sensor.unusual_spending")["name"]
    assert events["unusual_spending"] == unusual
    assert entity(language, "sensor.group")["name"] in events["group_changed"]
    graphs = TRANSLATIONS[language]["selector"]["graph"]["options"]
    assert graphs["balance"] == entity(language, "sensor.balance")["name"]


@pytest.mark.parametrize("language", ["ja", "ko", "zh-Hans", "zh-Hant"])
def test_levels_have_one_word_each(language: str) -> None:
    """Where words are not inflected."""
    happened = entity(language, "event.activity")["state_attributes"]["event_type"]
    events = happened["state"]
    levels = entity(language, "sensor.balance_level")["state"]
    limits = TRANSLATIONS[language]["options"]["step"]["alerts"]["data"]
    for level in ("low", "critical"):
        assert levels[level] in events[f"balance_{level}"]
        assert levels[level] in limits[f"{level}_balance"]
    assert levels["low"] in entity(language, "binary_sensor.low_balance")["name"]
