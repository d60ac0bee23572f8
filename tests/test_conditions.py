"""The conditions of the integration: levels, unusual spending, limits of one's own."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_service,
)
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.llm_gateway_account.condition import (
    CONDITIONS,
    async_get_conditions,
)
from custom_components.llm_gateway_account.const import DOMAIN
from custom_components.llm_gateway_account.polling import UPDATE_INTERVAL
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import label_registry as lr
from homeassistant.helpers.condition import async_get_all_descriptions
from homeassistant.setup import async_setup_component

from .gateway_server import GatewayServer, answering
from .helpers import (
    BALANCE,
    device_of,
    jump,
    pass_time,
    second_account,
    setup,
    state_of,
)

UNIT = 500_000
OUTAGE = timedelta(minutes=25)

type Holding = Callable[[], Awaitable[list[str]]]

LIMITS = {
    "is_balance_below": 5,
    "is_days_remaining_below": 3,
    "is_spent_today_above": 2,
    "is_spent_this_month_above": 2,
}


@pytest.fixture(autouse=True)
def noon(freezer: FrozenDateTimeFactory) -> None:
    """Stop the clock at noon, long before the day ends."""
    freezer.move_to("2026-11-23T20:00:00Z")  # in the time zone of the tests


def condition(key: str, target: Any, **options: Any) -> dict[str, Any]:
    """Return a condition as the editor writes it."""
    return {"condition": f"{DOMAIN}.{key}", "target": target, "options": options}


async def automate(hass: HomeAssistant, conditions: dict[str, Any]) -> Holding:
    """Set up an automation for each condition; return what tells which hold."""
    calls = async_mock_service(hass, "test", "automation")
    automations = [
        {
            "id": name,
            "alias": name,
            "triggers": {"trigger": "event", "event_type": "check"},
            "conditions": each,
            "actions": {"action": "test.automation", "data": {"name": name}},
        }
        for name, each in conditions.items()
    ]
    assert await async_setup_component(hass, "automation", {"automation": automations})
    await hass.async_block_till_done()

    async def holding() -> list[str]:
        calls.clear()
        hass.bus.async_fire("check")
        await hass.async_block_till_done()
        return sorted(call.data["name"] for call in calls)

    return holding


async def test_what_the_editor_offers(
    hass: HomeAssistant,
    loaded_entry: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
) -> None:
    await async_setup_component(hass, "automation", {})
    described = await async_get_all_descriptions(hass)
    own = {key: each for key, each in described.items() if key.startswith(DOMAIN)}
    known = {f"{DOMAIN}.{key}" for key in await async_get_conditions(hass)}
    assert set(own) == known
    client = await hass_ws_client(hass)
    target = {"device_id": device_of(hass, loaded_entry)}
    await client.send_json_auto_id(
        {"type": "get_conditions_for_target", "target": target}
    )
    offered = (await client.receive_json())["result"]
    assert {key for key in offered if key.startswith(DOMAIN)} == known


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    ("balance", "expected"),
    [
        (12, {"is_ok"}),
        (
            10,
            {
                "is_ok",
                "is_spent_this_month_above",
                "is_spent_today_above",
                "is_unusual_spending",
            },
        ),
        (3, {"is_ok", *LIMITS, "is_unusual_spending"}),
        (1, {"is_low", *LIMITS, "is_unusual_spending"}),
        (0.2, {"is_critical", *LIMITS, "is_unusual_spending"}),
        (0, {"is_exhausted", *LIMITS, "is_unusual_spending"}),
    ],
)
async def test_conditions(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    balance: float,
    expected: set[str],
) -> None:
    """None holds while the account is not known."""
    target = {"device_id": device_of(hass, loaded_entry)}
    holding = await automate(
        hass,
        {
            **{key: condition(key, target) for key in CONDITIONS},
            **{key: condition(key, target, limit=LIMITS[key]) for key in LIMITS},
        },
    )
    gateway.account.leave(round(balance * UNIT))
    await jump(hass, freezer, UPDATE_INTERVAL)
    # The average is taken once an hour.
    await jump(hass, freezer, timedelta(hours=1))
    await jump(hass, freezer, UPDATE_INTERVAL)
    assert set(await holding()) == expected
    gateway.fault = answering(502)
    await pass_time(hass, freezer, OUTAGE)
    assert state_of(hass, BALANCE) == STATE_UNAVAILABLE
    assert await holding() == []
    gateway.fault = None
    await pass_time(hass, freezer, UPDATE_INTERVAL)
    assert set(await holding()) == expected
    await hass.config_entries.async_unload(loaded_entry.entry_id)
    assert await holding() == []
    await hass.config_entries.async_remove(loaded_entry.entry_id)
    assert await holding() == []


async def test_nothing_holds_of_what_is_not_known_yet(
    hass: HomeAssistant, gateway: GatewayServer, loaded_entry: MockConfigEntry
) -> None:
    """A new account without records: what it spent this month, how long it lasts."""
    target = {"device_id": device_of(hass, loaded_entry)}
    conditions = {
        key: condition(key, target, limit=0 if key.endswith("above") else 9e9)
        for key in LIMITS
    }
    conditions["is_unusual_spending"] = condition("is_unusual_spending", target)
    holding = await automate(hass, conditions)
    assert await holding() == ["is_balance_below"]


async def test_several_accounts(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    label_registry: lr.LabelRegistry,
) -> None:
    """Any of them, or all of them: of one that is not known nothing holds."""
    entry = second_account(gateway, loaded_entry)
    (other,) = gateway.more_accounts
    await setup(hass, entry)
    both = {"device_id": [device_of(hass, each) for each in (loaded_entry, entry)]}
    nobody = {"label_id": label_registry.async_create("Nobody").label_id}
    below = {"limit": 5}
    holding = await automate(
        hass,
        {
            "any": condition("is_balance_below", both, **below),
            "all": condition("is_balance_below", both, **below, behavior="all"),
            "all of none": condition(
                "is_balance_below", nobody, **below, behavior="all"
            ),
            "by entity": condition("is_balance_below", {"entity_id": BALANCE}, **below),
        },
    )
    assert await holding() == []
    gateway.account.leave(UNIT)
    await pass_time(hass, freezer, UPDATE_INTERVAL)
    assert await holding() == ["any", "by entity"]
    other.leave(UNIT)
    await pass_time(hass, freezer, UPDATE_INTERVAL)
    assert await holding() == ["all", "any", "by entity"]
    await hass.config_entries.async_unload(entry.entry_id)
    assert await holding() == ["any", "by entity"]


@pytest.mark.parametrize(
    ("key", "options", "message"),
    [
        ("is_balance_below", {}, "limit"),
        ("is_balance_below", {"limit": -1}, "limit"),
        ("is_low", {"behavior": "most"}, "behavior"),
        ("is_lower", {}, "is_lower"),
    ],
)
async def test_mistake_in_yaml(
    hass: HomeAssistant,
    loaded_entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    key: str,
    options: dict[str, Any],
    message: str,
) -> None:
    """Home Assistant says so, instead of an automation that never runs."""
    target = {"device_id": device_of(hass, loaded_entry)}
    await automate(hass, {"mistake": condition(key, target, **options)})
    assert state_of(hass, "automation.mistake") == STATE_UNAVAILABLE
    (line,) = [
        each.getMessage()
        for each in caplog.records
        if "failed to setup conditions" in each.getMessage()
    ]
    assert message in line
