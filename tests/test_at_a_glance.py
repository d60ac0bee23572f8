"""What a dashboard shows of an account at a glance, besides the states."""

from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.llm_gateway_account.polling import GRACE_PERIOD, UPDATE_INTERVAL
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant

from .gateway_server import GatewayServer, answering
from .helpers import balance, jump, pass_time, state_of

CONNECTION = "sensor.example_gateway_connection"
EVENTS = "event.example_gateway_account_event"
LEVEL = "sensor.example_gateway_balance_level"
UNIT = 500_000


@pytest.fixture(autouse=True)
def noon(freezer: FrozenDateTimeFactory) -> None:
    """Stop the clock at noon, long before the day ends."""
    freezer.move_to("2026-11-23T20:00:00Z")


def attribute(hass: HomeAssistant, entity_id: str, name: str) -> Any:
    """Return an attribute of an entity, which must be there."""
    state = hass.states.get(entity_id)
    assert state
    return state.attributes.get(name)


async def ask(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Wait for the next two polls, which agree on what happened."""
    await pass_time(hass, freezer, 2 * UPDATE_INTERVAL)


async def test_full_is_what_was_left_after_the_last_top_up(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Until one is seen, it is the most that was left; also after a restart."""
    account = gateway.account
    assert attribute(hass, LEVEL, "low_below") == 2
    assert attribute(hass, LEVEL, "critical_below") == 0.5
    assert attribute(hass, LEVEL, "full") == 12.345
    account.leave(account.quota - 10 * UNIT)
    await ask(hass, freezer)
    assert attribute(hass, LEVEL, "full") == 12.345
    account.quota += 5 * UNIT
    await ask(hass, freezer)
    assert attribute(hass, LEVEL, "full") == 7.345
    account.leave(account.quota - UNIT)
    await ask(hass, freezer)
    await hass.config_entries.async_reload(loaded_entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert balance(hass) == "6.345"
    assert attribute(hass, LEVEL, "full") == 7.345


async def test_latest_events_have_their_own_times(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    assert attribute(hass, EVENTS, "past_events") is None
    gateway.account.quota += 5 * UNIT
    await ask(hass, freezer)
    for number in range(4):
        gateway.account.group = f"group {number}"
        await ask(hass, freezer)
    gateway.account.quota += 2 * UNIT
    await ask(hass, freezer)
    shown = attribute(hass, EVENTS, "past_events")
    assert [(each["type"], each["attributes"].get("amount")) for each in shown] == [
        ("topped_up", 2),
        *[("group_changed", None)] * 4,
    ]
    times = [each["time"] for each in shown]
    assert times == sorted(set(times), reverse=True)
    freezer.tick(timedelta(hours=1))
    await hass.config_entries.async_reload(loaded_entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert attribute(hass, EVENTS, "past_events") == shown


async def test_connection_is_there_while_nothing_else_is(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    assert state_of(hass, CONNECTION) == "ok"
    assert attribute(hass, CONNECTION, "last_answer") is None
    gateway.fault = answering(502)
    await pass_time(hass, freezer, UPDATE_INTERVAL + timedelta(minutes=1))
    assert state_of(hass, CONNECTION) == "ok"
    await pass_time(hass, freezer, GRACE_PERIOD)
    assert balance(hass) == STATE_UNAVAILABLE
    assert state_of(hass, "sensor.example_gateway_usage_records") == STATE_UNAVAILABLE
    assert state_of(hass, CONNECTION) == "no_answer"
    assert attribute(hass, CONNECTION, "last_answer").startswith("2026-11-23T20:0")
    gateway.fault = None
    await pass_time(hass, freezer, UPDATE_INTERVAL)
    assert state_of(hass, CONNECTION) == "ok"
    assert state_of(hass, "sensor.example_gateway_usage_records") == "daily"
    assert loaded_entry.runtime_data.account.has_answer


async def test_refused_token_is_no_silence(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """It shows as soon as a new one is asked for, and until there is one."""
    gateway.account.access_token = "0" * 32
    await jump(hass, freezer, UPDATE_INTERVAL)
    assert state_of(hass, CONNECTION) == "ok"
    await jump(hass, freezer, UPDATE_INTERVAL)
    (flow,) = hass.config_entries.flow.async_progress()
    assert state_of(hass, CONNECTION) == "token_refused"
    assert balance(hass) == "12.345"
    await pass_time(hass, freezer, GRACE_PERIOD)
    assert balance(hass) == STATE_UNAVAILABLE
    assert state_of(hass, CONNECTION) == "token_refused"
    await hass.config_entries.flow.async_configure(
        flow["flow_id"], {"access_token": "0" * 32}
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    assert state_of(hass, CONNECTION) == "ok"
    assert loaded_entry.runtime_data.account.has_answer
