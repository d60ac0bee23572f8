"""What happens to an account while Home Assistant comes, goes and is tampered with."""

import asyncio
from datetime import timedelta
from typing import Any

from aiohttp import web
from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.llm_gateway_account.const import (
    CONF_CURRENCY,
    CONF_POINTS_PER_UNIT,
)
from custom_components.llm_gateway_account.polling import GRACE_PERIOD, UPDATE_INTERVAL
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from .gateway_server import GatewayServer, answering
from .helpers import balance, jump, own_log, setup


class Stall:
    """A gateway that takes the request and never answers."""

    def __init__(self) -> None:
        """Wait for the first request."""
        self.asked = asyncio.Event()

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Let the client wait until it leaves."""
        self.asked.set()
        while request.transport:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        return web.Response()


@pytest.mark.parametrize(
    ("data", "options"),
    [
        ({"url": None}, {}),
        ({"url": "not a url"}, {}),
        ({"user_id": "x"}, {}),
        ({"user_id": 42}, {}),
        ({"user_id": "42\n"}, {}),
        ({"user_id": "9" * 5000}, {}),
        ({"url": "http://:80"}, {}),
        ({"url": "ftp://x.example"}, {}),
        ({"url": "http://0x8080808"}, {}),
        ({"url": 5}, {}),
        ({"user_id_header": 5}, {}),
        ({"user_id_header": "a\nb"}, {}),
        ({"user_id_header": "a:b"}, {}),
        ({"access_token": "a\nb"}, {}),
        ({"access_token": "tökén"}, {}),
        ({"url": "http://me:pw@x.example"}, {}),  # pragma: allowlist secret
        ({"url": "http://x.example/?a"}, {}),
        ({"access_token": ""}, {}),
        ({"verify_ssl": "yes"}, {}),
        ({"site_name": None}, {}),
        ({"protocol": "of a newer version"}, {}),
        ({}, {CONF_CURRENCY: None}),
        ({}, {CONF_POINTS_PER_UNIT: 0}),
        ({}, {CONF_POINTS_PER_UNIT: "much"}),
    ],
)
async def test_damaged_storage(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    data: dict[str, Any],
    options: dict[str, Any],
) -> None:
    """A clear state and no request. Home Assistant logs such an error in full."""
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, **data}, options={**entry.options, **options}
    )
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert entry.reason == (
        "The stored settings of this account are damaged. Delete it and add it again"
    )
    assert gateway.requests == []
    assert "ConfigEntryError" in caplog.text
    assert "Invalid" not in caplog.text
    await assert_that_forms_say_so(hass, entry)
    assert await hass.config_entries.async_remove(entry.entry_id)


async def assert_that_forms_say_so(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """No form can mend it, and none is shown."""
    options = await hass.config_entries.options.async_init(entry.entry_id)
    reconfigure = await entry.start_reconfigure_flow(hass)
    reauth = await entry.start_reauth_flow(hass)
    for result in (options, reconfigure, reauth):
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "damaged_entry"
    assert not hass.config_entries.flow.async_progress()


@pytest.mark.parametrize(
    "missing", ["url", "access_token", "user_id", "site_name", "currency"]
)
async def test_storage_with_a_hole(
    hass: HomeAssistant, entry: MockConfigEntry, missing: str
) -> None:
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(
        entry,
        data={key: value for key, value in entry.data.items() if key != missing},
        options={key: value for key, value in entry.options.items() if key != missing},
    )
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    await assert_that_forms_say_so(hass, entry)


async def test_entry_of_a_newer_version(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    gateway: GatewayServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, version=2)
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.MIGRATION_ERROR
    assert f"{entry.title} for llm_gateway_account has version 2" in caplog.text
    assert gateway.requests == []


async def test_entry_of_a_newer_minor_version(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """It works, and whoever goes back to that version finds it as it was."""
    entry.add_to_hass(hass)
    data = {**entry.data, "more": 1}
    hass.config_entries.async_update_entry(entry, minor_version=3, data=data)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert balance(hass) == "12.345"
    assert (entry.minor_version, entry.data["more"]) == (3, 1)


async def test_home_assistant_stops_in_the_middle_of_a_poll(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    gateway.fault = stall = Stall()
    poll = loaded_entry.async_create_background_task(
        hass, loaded_entry.runtime_data.account.async_refresh(), "poll"
    )
    await stall.asked.wait()
    await hass.async_stop(force=True)
    await asyncio.wait([poll], timeout=5)
    assert poll.done()
    assert own_log(caplog) == []
    assert "Traceback" not in caplog.text


async def test_unloaded_in_the_middle_of_a_poll(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    gateway.fault = stall = Stall()
    coordinator = loaded_entry.runtime_data.account
    poll = loaded_entry.async_create_background_task(
        hass, coordinator.async_refresh(), "poll"
    )
    await stall.asked.wait()
    assert await hass.config_entries.async_unload(loaded_entry.entry_id)
    await asyncio.wait([poll], timeout=5)
    assert poll.done()
    gateway.fault = None
    assert await hass.config_entries.async_setup(loaded_entry.entry_id)
    await hass.async_block_till_done()
    assert balance(hass) == "12.345"
    assert own_log(caplog) == []


@pytest.mark.parametrize(
    ("leap", "shown"),
    [
        # As after a sleep of the machine: the last good answer is too old.
        (timedelta(days=400), "unavailable"),
        (timedelta(days=-400), "12.345"),
        (timedelta(hours=-1), "12.345"),
    ],
)
@pytest.mark.usefixtures("freezer")
async def test_clock_that_jumps(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    leap: timedelta,
    shown: str,
) -> None:
    """Every clock of the machine leaps; the polls go on."""
    await jump(hass, freezer, UPDATE_INTERVAL)
    freezer.tick(leap)
    gateway.requests.clear()
    gateway.fault = answering(502)
    await loaded_entry.runtime_data.account.async_refresh()
    assert balance(hass) == shown
    gateway.fault = None
    await jump(hass, freezer, UPDATE_INTERVAL)
    await jump(hass, freezer, GRACE_PERIOD)
    assert balance(hass) == "12.345"


async def test_entry_that_is_removed(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    await setup(hass, entry)
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    gateway.requests.clear()
    assert hass.states.async_all("sensor") == []
