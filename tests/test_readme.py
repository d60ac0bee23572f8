"""The examples of the README and the documentation, as pasted."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_service,
)

from custom_components.llm_gateway_account.const import (
    CONF_SITE_NAME,
)
from homeassistant.components.persistent_notification import (
    _async_get_or_create_notifications,
)
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from .gateway_server import GatewayServer, answering
from .helpers import examples, jump, pass_time, second_account, setup

PASTED = [
    example
    for name in ("README", "docs/alerts", "docs/triggers", "docs/data")
    for example in examples(name)
]
AUTOMATIONS = {example["alias"]: example for example in PASTED if "alias" in example}
CARDS = [example for example in PASTED if "alias" not in example]


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
    """Each of them is pasted by a test of this module."""
    assert list(AUTOMATIONS) == [
        "LLM credit is low",
        "Stop when LLM spending runs away",
        "大模型额度偏低",
        "异常消费时关闭插座",
        "Report a top-up",
        "LLM gateway does not answer",
        "充值到账时通知",
        "大模型网关没有响应",
        "Much spent and little left",
        "消费较多且剩余额度不多",
        "Ask the LLM gateway every minute",
        "每分钟查询大模型网关",
    ]


@pytest.mark.parametrize(
    ("alias", "message"),
    [
        ("LLM credit is low", "4.80 USD left. Time to top up."),
        ("大模型额度偏低", "还剩 4.80 USD，请充值。"),
    ],
)
@pytest.mark.usefixtures("automation")
async def test_low_credit(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    alias: str,
    message: str,
) -> None:
    calls = async_mock_service(hass, "notify", "mobile_app_phone")
    await pass_time(hass, freezer, timedelta(minutes=6))
    assert not calls
    gateway.account.quota = 2_400_000
    await pass_time(hass, freezer, timedelta(minutes=11))
    (call,) = calls
    assert call.data == {"title": alias, "message": message}


@pytest.mark.parametrize(
    "alias", ["Stop when LLM spending runs away", "异常消费时关闭插座"]
)
@pytest.mark.usefixtures("automation")
async def test_spending_runs_away(
    hass: HomeAssistant, gateway: GatewayServer, freezer: FrozenDateTimeFactory
) -> None:
    """Once, after some usual days."""
    calls = async_mock_service(hass, "switch", "turn_off")
    for _ in range(4 * 24):
        gateway.account.leave(gateway.account.quota - 10_000)
        await jump(hass, freezer, timedelta(hours=1))
    assert not calls
    for _ in range(3):
        gateway.account.leave(gateway.account.quota - 1_500_000)
        await pass_time(hass, freezer, timedelta(minutes=6))
    (call,) = calls
    assert call.data == {"entity_id": ["switch.llm_server"]}


@pytest.mark.parametrize(
    ("alias", "notice"),
    [
        ("Report a top-up", "10.0 USD more on the account."),
        ("充值到账时通知", "已到账 10.0 USD。"),
    ],
)
@pytest.mark.usefixtures("automation")
async def test_top_up(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    notice: str,
) -> None:
    gateway.account.quota += 5_000_000
    await pass_time(hass, freezer, timedelta(minutes=8))
    assert notices(hass) == [notice]


@pytest.mark.parametrize(
    ("alias", "notice"),
    [
        ("Much spent and little left", "3.10 USD spent today."),
        ("消费较多且剩余额度不多", "今日已消费 3.10 USD。"),
    ],
)
@pytest.mark.usefixtures("recorded", "automation")
async def test_limits_of_ones_own(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    notice: str,
) -> None:
    gateway.account.leave(gateway.account.quota - 1_550_000)
    await pass_time(hass, freezer, timedelta(minutes=6))
    assert notices(hass) == [notice]


@pytest.mark.parametrize("card", CARDS)
async def test_two_accounts_on_a_dashboard(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    card: dict[str, Any],
) -> None:
    """What the card shows is there."""
    named = {CONF_SITE_NAME: "Second Gateway"}
    await setup(hass, second_account(gateway, loaded_entry, **named))
    assert card["type"] == "grid"
    for tile in card["cards"]:
        assert tile["type"] == "tile"
        assert hass.states.get(tile["entity"])


@pytest.mark.parametrize(
    ("alias", "notice"),
    [
        ("LLM gateway does not answer", "The balance is not known at the moment."),
        ("大模型网关没有响应", "目前无法得知剩余额度。"),
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
