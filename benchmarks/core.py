"""A real Home Assistant core in this process, and accounts in it."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Generator
from contextlib import asynccontextmanager, contextmanager
import logging
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

from custom_components.llm_gateway_account.const import (
    CONF_ALLOW_UNENCRYPTED,
    CONF_BEARER,
    CONF_CRITICAL_BALANCE,
    CONF_CURRENCY,
    CONF_LOW_BALANCE,
    CONF_POINTS_PER_UNIT,
    CONF_SITE_NAME,
    CONF_SITE_UNIT,
    CONF_UNUSUAL_FACTOR,
    CONF_UNUSUAL_MINIMUM,
    CONF_USER_ID,
    CONF_USER_ID_HEADER,
    DOMAIN,
)
from homeassistant import bootstrap, loader
from homeassistant.config_entries import SOURCE_USER, ConfigEntries, ConfigEntry
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_URL, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant
from homeassistant.runner import create_event_loop
from homeassistant.setup import async_setup_component

OPTIONS = {
    CONF_CURRENCY: "USD",
    CONF_POINTS_PER_UNIT: 500_000,
    CONF_LOW_BALANCE: 2,
    CONF_CRITICAL_BALANCE: 0.5,
    CONF_UNUSUAL_FACTOR: 3,
    CONF_UNUSUAL_MINIMUM: 0.5,
}


@contextmanager
def unlimited() -> Generator[None]:
    """Let gateways be asked more often than at home."""
    package = "custom_components.llm_gateway_account"
    with (
        patch(f"{package}.gateway.limiter.BURST", 10**9),
        patch(f"{package}.books.SPACING", 0),
    ):
        yield


def run[ResultT](measurement: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Run a measurement on an event loop like that of Home Assistant."""
    loop = create_event_loop()
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(measurement)
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


@asynccontextmanager
async def home_assistant() -> AsyncGenerator[HomeAssistant]:
    """Run the core, with an empty configuration and without a user interface."""
    logging.getLogger().setLevel(logging.WARNING)
    with TemporaryDirectory(prefix="llm_gateway_account_") as folder:
        hass = HomeAssistant(folder)
        hass.config.skip_pip = True
        loader.async_setup(hass)
        hass.config_entries = ConfigEntries(hass, {})
        await bootstrap.async_load_base_functionality(hass)
        for domain in ("homeassistant", "network"):
            await async_setup_component(hass, domain, {})
        await hass.async_start()
        try:
            yield hass
        finally:
            await hass.async_stop(force=True)


def account_entry(
    url: str,
    user_id: int,
    access_token: str,
    name: str = "Benchmark",
    *,
    verify_ssl: bool = True,
) -> ConfigEntry[Any]:
    """Return the config entry of an account, as the flow creates it."""
    return ConfigEntry(
        domain=DOMAIN,
        title=name,
        version=1,
        minor_version=2,
        source=SOURCE_USER,
        unique_id=f"{url.partition('://')[2]}#{user_id}",
        discovery_keys=MappingProxyType({}),
        subentries_data=None,
        data={
            CONF_URL: url,
            CONF_USER_ID: str(user_id),
            CONF_ACCESS_TOKEN: access_token,
            CONF_USER_ID_HEADER: None,
            CONF_VERIFY_SSL: verify_ssl,
            CONF_ALLOW_UNENCRYPTED: False,
            CONF_BEARER: True,
            CONF_SITE_NAME: name,
            CONF_SITE_UNIT: {CONF_CURRENCY: "USD", CONF_POINTS_PER_UNIT: 500_000},
        },
        options=OPTIONS,
    )


def add_without_set_up(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Add an entry as if Home Assistant had read it from its storage."""
    hass.config_entries._entries[entry.entry_id] = entry
