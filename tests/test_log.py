"""What the log of Home Assistant shows of the account event."""

from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    mock_restore_cache_with_extra_data,
)
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from homeassistant.components.logbook.helpers import async_determine_event_types
from homeassistant.components.logbook.processor import EventProcessor
from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.core import Recorder
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant, State
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from .gateway_server import GatewayServer, answering
from .helpers import BALANCE, pass_time, setup, state_of

EVENTS = "event.example_gateway_account_event"


async def log(hass: HomeAssistant) -> list[dict[str, Any]]:
    """Return the rows of the event entity in the past hour."""
    await async_wait_recording_done(hass)
    types = async_determine_event_types(hass, [EVENTS], None)
    processor = EventProcessor(hass, types, [EVENTS])
    now = dt_util.utcnow()
    return await get_instance(hass).async_add_executor_job(
        processor.get_events, now - timedelta(hours=1), now
    )


async def test_event_is_in_the_log_once(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Neither an outage nor a reload is an event."""
    assert await async_setup_component(hass, "logbook", {})
    await setup(hass, entry)
    gateway.account.quota += 2_500_000
    await pass_time(hass, freezer, timedelta(minutes=10))
    gateway.fault = answering(502)
    await pass_time(hass, freezer, timedelta(minutes=30))
    assert state_of(hass, BALANCE) == STATE_UNAVAILABLE
    gateway.fault = None
    await pass_time(hass, freezer, timedelta(minutes=10))
    assert state_of(hass, BALANCE) == "17.345"
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    (row,) = await log(hass)
    assert row["attributes"] == {"event_type": "topped_up"}


async def test_restart_is_no_event_in_the_log(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Home Assistant restores the last one, with its own time."""
    happened = (dt_util.utcnow() - timedelta(minutes=30)).isoformat(
        timespec="milliseconds"
    )
    event = {"last_event_type": "topped_up", "last_event_attributes": {"amount": 5}}
    mock_restore_cache_with_extra_data(hass, [(State(EVENTS, happened), event)])
    assert await async_setup_component(hass, "logbook", {})
    await setup(hass, entry)
    await pass_time(hass, freezer, timedelta(minutes=10))
    assert state_of(hass, EVENTS) == happened
    assert await log(hass) == []
