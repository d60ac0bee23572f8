"""An answer that arrives when its account is no longer the same."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
import logging
from typing import Any

from aiohttp import web
from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_fire_time_changed,
)
from pytest_homeassistant_custom_component.plugins import long_repr_strings

from custom_components.llm_gateway_account.const import DOMAIN
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util.async_ import get_scheduled_timer_handles

from .gateway_server import GatewayServer, Handler, answering
from .helpers import BALANCE, own_log, pass_time, state_of

type Change = Callable[[HomeAssistant, MockConfigEntry], Coroutine[Any, Any, None]]


class HeldAnswer:
    """Holds back the answer to one request; those after it are answered at once."""

    def __init__(self, gateway: GatewayServer, answer: Handler | None) -> None:
        """Give `answer` in the end, or what the gateway itself says then."""
        self.asked = asyncio.Event()
        self.release = asyncio.Event()
        self._gateway = gateway
        self._answer = answer

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Wait for the release."""
        self._gateway.fault = None
        self.asked.set()
        await self.release.wait()
        if self._answer:
            return await self._answer(request)
        return await self._gateway.handle(request)


async def reload(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await hass.config_entries.async_reload(entry.entry_id)


async def unload(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await hass.config_entries.async_unload(entry.entry_id)


async def remove(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await hass.config_entries.async_remove(entry.entry_id)


async def disable(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await hass.config_entries.async_set_disabled_by(
        entry.entry_id, ConfigEntryDisabler.USER
    )


@pytest.fixture(autouse=True)
async def noon(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Stop the clock, and offer the action that updates an entity by hand."""
    freezer.move_to("2026-11-23T20:00:00Z")
    await async_setup_component(hass, "homeassistant", {})


@pytest.mark.parametrize(
    "answer",
    [None, answering(502), answering(200, {"success": False, "message": "token 无效"})],
    ids=["good", "502", "refused"],
)
@pytest.mark.parametrize("was_failing", [False, True])
@pytest.mark.parametrize("change", [reload, unload, remove, disable])
async def test_answer_to_an_account_that_is_gone_changes_nothing(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    change: Change,
    was_failing: bool,
    answer: Handler | None,
) -> None:
    """Nothing is fired twice, no timer and no file comes back, nothing is logged."""
    await pass_time(hass, freezer, timedelta(minutes=1))
    if was_failing:
        gateway.fault = answering(502)
        await pass_time(hass, freezer, timedelta(minutes=5))
    gateway.fault = held = HeldAnswer(gateway, answer)
    gateway.account.leave(0)
    changes = async_capture_events(hass, EVENT_STATE_CHANGED)
    update = hass.async_create_task(
        hass.services.async_call(
            "homeassistant", "update_entity", {"entity_id": BALANCE}, blocking=True
        )
    )
    await held.asked.wait()
    await change(hass, loaded_entry)
    logged = own_log(caplog)
    held.release.set()
    await update
    stored = hass_storage.get(f"{DOMAIN}.{loaded_entry.entry_id}")
    gateway.requests.clear()
    await pass_time(hass, freezer, timedelta(minutes=20))

    fired = [
        state.attributes["event_type"]
        for each in changes
        if (state := each.data["new_state"])
        and state.domain == "event"
        and state.attributes.get("event_type")
    ]
    assert own_log(caplog) == logged
    assert not hass.config_entries.flow.async_progress()
    if change is reload:
        assert fired == ["balance_exhausted"]
        assert gateway.paths().count("/api/user/self") == 4
        return
    assert fired == []
    assert gateway.requests == []
    assert hass_storage.get(f"{DOMAIN}.{loaded_entry.entry_id}") == stored
    assert (stored is None) is (change is remove)


@pytest.mark.parametrize(
    "answer",
    [None, answering(502), answering(200, {"success": False, "message": "token 无效"})],
    ids=["good", "502", "refused"],
)
@pytest.mark.parametrize("change", [reload, remove, disable])
async def test_account_that_goes_during_its_first_poll(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    change: Change,
    answer: Handler | None,
) -> None:
    """No traceback, no poll and no file of what is gone; what stays, is set up."""
    entry.add_to_hass(hass)
    gateway.fault = held = HeldAnswer(gateway, answer)
    set_up = hass.async_create_task(hass.config_entries.async_setup(entry.entry_id))
    await held.asked.wait()
    changed = hass.async_create_task(change(hass, entry))
    for _ in range(10):
        await asyncio.sleep(0)
    held.release.set()
    await asyncio.gather(set_up, changed)
    await hass.async_block_till_done(wait_background_tasks=True)
    gateway.requests.clear()
    await pass_time(hass, freezer, timedelta(minutes=20))
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    if change is reload:
        assert state_of(hass, BALANCE) == "12.345"
        return
    assert gateway.requests == []
    if change is remove:
        assert f"{DOMAIN}.{entry.entry_id}" not in hass_storage


async def test_no_timer_of_an_account_that_is_gone(
    hass: HomeAssistant, gateway: GatewayServer, loaded_entry: MockConfigEntry
) -> None:
    """Neither that of the second look, nor that of values that grow old."""
    # Else nothing says what a timer is for.
    hass.loop.set_debug(enabled=True)
    coordinator = loaded_entry.runtime_data.account
    gateway.account.leave(900_000)
    await coordinator.async_refresh()
    gateway.fault = answering(502)
    await coordinator.async_refresh()
    timers = " ".join(own_timers(hass))
    assert "_async_look " in timers
    assert "_async_grace_period_over " in timers
    gateway.fault = held = HeldAnswer(gateway, answering(502))
    poll = hass.async_create_task(coordinator.async_refresh())
    await held.asked.wait()
    await unload(hass, loaded_entry)
    held.release.set()
    await poll
    assert own_timers(hass) == []


def own_timers(hass: HomeAssistant) -> list[str]:
    """Return the timers of accounts that are still to come."""
    with long_repr_strings():
        timers = [
            repr(handle)
            for handle in get_scheduled_timer_handles(hass.loop)
            if not handle.cancelled()
        ]
    return [timer for timer in timers if DOMAIN in timer]


async def test_first_answer_over_midnight(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A day that begins before anything is known of the account is no trouble."""
    freezer.move_to("2026-11-24T07:59:59Z")  # midnight in the time zone of the tests
    gateway.fault = held = HeldAnswer(gateway, None)
    entry.add_to_hass(hass)
    set_up = hass.async_create_task(
        hass.config_entries.async_setup(entry.entry_id), eager_start=True
    )
    await held.asked.wait()
    freezer.tick(timedelta(seconds=2))
    async_fire_time_changed(hass)
    held.release.set()
    assert await set_up
    await hass.async_block_till_done(wait_background_tasks=True)
    assert state_of(hass, "sensor.example_gateway_spent_today") == "unknown"
    assert own_log(caplog) == []
    assert "Traceback" not in caplog.text
