"""A failure and its end, as the holder of an account sees them."""

from datetime import timedelta
import logging

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.llm_gateway_account.const import DOMAIN
from custom_components.llm_gateway_account.failures import CERTAIN_AFTER
from custom_components.llm_gateway_account.gateway import (
    CertificateError,
    GatewayError,
    TokenRefusedError,
)
from custom_components.llm_gateway_account.polling import UPDATE_INTERVAL
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .gateway_server import GatewayServer
from .helpers import balance, jump, own_log, pass_time

# A poll comes this much early at most: Home Assistant counts from a full second.
EARLY = timedelta(seconds=2)

# What becomes a repair at the second poll; a certificate does after a day.
REPAIRED = {*CERTAIN_AFTER} - {TokenRefusedError, CertificateError}


def loud(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Return what anybody logged as a warning or worse, or with a traceback."""
    return [
        each
        for each in caplog.records
        if (
            each.levelno >= logging.WARNING
            or (each.exc_info and each.levelno > logging.DEBUG)
        )
        # The server may complain that the client left, Home Assistant that it does
        # not know this integration, and asyncio that time leaps.
        and each.name not in {"aiohttp.server", "homeassistant.loader"}
        and not (each.name == "asyncio" and each.getMessage().startswith("Executing"))
    ]


def issues(hass: HomeAssistant) -> list[str]:
    """Return the kinds of the repairs there are."""
    return [
        str(issue.translation_key)
        for (domain, _), issue in ir.async_get(hass).issues.items()
        if domain == DOMAIN
    ]


async def pass_to_next_poll(
    hass: HomeAssistant, gateway: GatewayServer, freezer: FrozenDateTimeFactory
) -> None:
    """Let time pass until the next poll, which does not come before it is due."""
    asked = len(gateway.requests)
    await jump(hass, freezer, UPDATE_INTERVAL - EARLY)
    assert len(gateway.requests) == asked
    await jump(hass, freezer, EARLY)


async def watch_failure(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    error: type[GatewayError],
    *,
    requests_per_poll: int = 1,
) -> None:
    """One line; the last good answer for a while; help where a person is needed."""
    await pass_to_next_poll(hass, gateway, freezer)
    assert len(gateway.requests) == requests_per_poll
    assert balance(hass) == "12.345"
    exception = entry.runtime_data.account.last_exception
    assert exception.translation_key == error.key
    assert type(exception.__cause__) is error
    (line,) = own_log(caplog)
    assert line.startswith(f"Error fetching {entry.title} data: ")
    assert [each.levelno for each in loud(caplog)] == [logging.ERROR]
    assert not hass.config_entries.flow.async_progress()
    assert issues(hass) == []

    await pass_to_next_poll(hass, gateway, freezer)
    assert own_log(caplog) == [line]
    flows = hass.config_entries.flow.async_progress()
    assert [flow["context"]["source"] for flow in flows] == (
        [SOURCE_REAUTH] if error is TokenRefusedError else []
    )
    if error in REPAIRED:
        assert issues(hass) == [error.key]
        assert entry.state is ConfigEntryState.SETUP_RETRY
        assert entry.error_reason_translation_key == error.key
        assert balance(hass) == STATE_UNAVAILABLE
        return
    assert balance(hass) == "12.345"
    await pass_to_next_poll(hass, gateway, freezer)
    assert balance(hass) == "12.345"
    await jump(hass, freezer, timedelta(minutes=1))
    assert balance(hass) == STATE_UNAVAILABLE
    assert len(gateway.requests) == 3 * requests_per_poll
    assert own_log(caplog) == [line]
    assert len(loud(caplog)) == 1


async def watch_recovery(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Back with the first good answer, without anybody's help or complaint."""
    is_loaded = entry.state is ConfigEntryState.LOADED
    complaints = len(loud(caplog))
    logged = own_log(caplog)
    gateway.account.quota = 500_000
    await pass_time(hass, freezer, UPDATE_INTERVAL)
    assert balance(hass) == "1.0"
    recovered = [f"Fetching {entry.title} data recovered"] if is_loaded else []
    assert own_log(caplog) == [*logged, *recovered]
    assert not hass.config_entries.flow.async_progress()
    assert issues(hass) == []
    assert len(loud(caplog)) == complaints
