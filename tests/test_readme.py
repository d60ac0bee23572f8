"""The examples of the README, as pasted."""

from collections.abc import AsyncGenerator
from datetime import timedelta
import json
import re

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.components.persistent_notification import (
    _async_get_or_create_notifications,
)
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from . import PACKAGE
from .gateway_server import GatewayServer, answering
from .helpers import EXAMPLES, READMES, pass_time

ENTITIES = {
    language: rf"^\| {title} \|.*\n\|(?: --- \|)+\n((?:\| .*\n)+)"
    for language, title in (("en", "Entity"), ("zh-Hans", "实体"))
}
TROUBLESHOOTING = {"en": "Troubleshooting", "zh-Hans": "故障排除"}
AUTOMATIONS = {example["alias"]: example for example in EXAMPLES if "alias" in example}


@pytest.fixture(autouse=True)
def frozen_time(freezer: FrozenDateTimeFactory) -> None:
    """Stop the clock before anything is scheduled by it, and not at a full minute."""
    freezer.move_to("2026-11-23T12:00:30Z")


@pytest.fixture
async def automation(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, alias: str
) -> AsyncGenerator[None]:
    """Paste one example, and switch it off at the end."""
    for component in ("homeassistant", "persistent_notification"):
        assert await async_setup_component(hass, component, {})
    assert await async_setup_component(
        hass, "automation", {"automation": AUTOMATIONS[alias]}
    )
    (state,) = hass.states.async_all("automation")
    assert state.state == "on"
    yield
    await hass.services.async_call(
        "automation", "turn_off", {"entity_id": state.entity_id}, blocking=True
    )


def notices(hass: HomeAssistant) -> list[str]:
    """Return what was told."""
    return [
        notification["message"]
        for notification in _async_get_or_create_notifications(hass).values()
    ]


def test_examples() -> None:
    assert list(AUTOMATIONS) == [
        "LLM credit is low",
        "LLM gateway does not answer",
        "Ask the LLM gateway every minute",
        "大模型额度不足",
        "大模型网关没有响应",
        "每分钟查询大模型网关",
    ]


@pytest.mark.parametrize("language", list(READMES))
def test_names_and_messages_are_those_that_people_see(language: str) -> None:
    readme = READMES[language]
    file = PACKAGE / "translations" / f"{language}.json"
    texts = json.loads(file.read_text(encoding="utf-8"))
    names = [
        name
        for row in re.findall(ENTITIES[language], readme, re.MULTILINE)[0].splitlines()
        for name in re.split(", |、", row.split(" | ")[0].removeprefix("| "))
    ]
    assert sorted(names) == sorted(
        entity["name"]
        for platform in texts["entity"].values()
        for entity in platform.values()
    )
    _, _, rest = readme.partition(f"## {TROUBLESHOOTING[language]}\n")
    tables = re.findall(
        r"^\| --- \| --- \|\n((?:\| .* \|\n)+)",
        rest.partition("\n## ")[0],
        re.MULTILINE,
    )
    rows = [
        row.split(" | ")[0].removeprefix("| ")
        for table in tables
        for row in table.splitlines()
    ]
    shown = [
        re.sub(r"{\w+}", "…", text)
        for text in (
            *texts["config"]["error"].values(),
            *texts["options"]["error"].values(),
            *(each["message"] for each in texts["exceptions"].values()),
            *(each["title"] for each in texts["issues"].values()),
        )
    ]
    for row in rows:
        assert any(text.startswith(row) for text in shown), row
    for text in shown:
        assert any(text.startswith(row) for row in rows), text


@pytest.mark.parametrize(
    ("alias", "notice"),
    [
        ("LLM credit is low", "4.80 USD left. Time to top up."),
        ("大模型额度不足", "还剩 4.80 USD， 该充值了。"),
    ],
)
@pytest.mark.usefixtures("automation")
async def test_low_credit(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    notice: str,
) -> None:
    assert notices(hass) == []
    gateway.account.quota = 2_400_000
    await pass_time(hass, freezer, timedelta(minutes=6))
    assert notices(hass) == [notice]


@pytest.mark.parametrize(
    ("alias", "notice"),
    [
        ("LLM gateway does not answer", "The balance is not known at the moment."),
        ("大模型网关没有响应", "目前无法得知余额。"),
    ],
)
@pytest.mark.usefixtures("automation")
async def test_gateway_does_not_answer(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    notice: str,
) -> None:
    gateway.fault = answering(502)
    await pass_time(hass, freezer, timedelta(minutes=25))
    assert notices(hass) == [notice]


@pytest.mark.parametrize(
    "alias", ["Ask the LLM gateway every minute", "每分钟查询大模型网关"]
)
@pytest.mark.usefixtures("automation")
async def test_every_minute(
    hass: HomeAssistant, gateway: GatewayServer, freezer: FrozenDateTimeFactory
) -> None:
    gateway.requests.clear()
    await pass_time(hass, freezer, timedelta(minutes=20))
    assert len(gateway.requests) >= 20
