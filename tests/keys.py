"""What tests do with the API keys of an account."""

from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web
from freezegun.api import FrozenDateTimeFactory
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.llm_gateway_account.const import CONF_SHOWN_KEYS
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import MAJOR_VERSION, MINOR_VERSION
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr

from .gateway_keys import KEYS
from .gateway_server import GatewayServer, Handler
from .helpers import jump

NOON = datetime(2026, 11, 20, 20, 7, 30, tzinfo=UTC)
"""About noon in the time zone of the tests."""
HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)
"""From one list to the next."""


def with_options(entry: MockConfigEntry, **options: Any) -> None:
    """Choose options before the account is set up."""
    object.__setattr__(entry, "options", {**entry.options, **options})


def show(entry: MockConfigEntry, shown: str = "all", **options: Any) -> None:
    """Choose keys before the account is set up."""
    with_options(entry, **{CONF_SHOWN_KEYS: shown} | options)


async def change_options(
    hass: HomeAssistant, entry: ConfigEntry, **options: Any
) -> None:
    """Change options as the form does."""
    hass.config_entries.async_update_entry(entry, options={**entry.options, **options})
    await reload(hass, entry)


async def reload(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Load the account again."""
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)


async def wait(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, duration: timedelta
) -> None:
    """Let time pass, poll by poll."""
    while duration > timedelta(0):
        step = min(duration, timedelta(minutes=5))
        await jump(hass, freezer, step)
        duration -= step


def asked(gateway: GatewayServer, path: str = KEYS) -> int:
    """Return how often a path was asked for, and forget it."""
    number = gateway.paths().count(path)
    gateway.requests.clear()
    return number


def devices(hass: HomeAssistant, entry: ConfigEntry) -> dict[int, str | None]:
    """Return what the devices of keys are called, by the IDs of the keys."""
    found = dr.async_child_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return {
        int(identifier.rpartition("_")[2]): device.name
        for device in found
        for _, identifier in device.identifiers
    }


def sensor(key: str, name: str) -> str:
    """Return the ID of a sensor of a key."""
    # Before 2026.10, that of a child device does not begin with its parent.
    parent = "example_gateway_" if (MAJOR_VERSION, MINOR_VERSION) >= (2026, 10) else ""
    return f"sensor.{parent}{key}_{name}"


def value(hass: HomeAssistant, key: str, name: str) -> str | None:
    """Return the state of a sensor of a key; None if there is none."""
    state = hass.states.get(sensor(key, name))
    return state.state if state else None


def half_a_list(gateway: GatewayServer) -> Handler:
    """Return a fault that leaves the last keys out of a list, which says so."""

    async def fault(request: web.BaseRequest) -> web.StreamResponse:
        body = gateway.keys.answer(gateway.fork.keys, KEYS, request.rel_url.query)
        assert body
        if body["data"]["page"] > 1:
            body["data"]["items"] = []
        del body["data"]["items"][1:]
        return web.json_response(body)

    return fault
