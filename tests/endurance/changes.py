"""An account that is reloaded, reconfigured, given tokens, and comes and goes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from custom_components.llm_gateway_account.const import CONF_USER_ID
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from tests.gateway_server import USER_ID, GatewayServer
from tests.helpers import jump

from .conftest import Log
from .growth import FIXED, compare, figures


async def test_reloads(
    hass: HomeAssistant,
    gateway: GatewayServer,
    everything_on: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    log: Log,
    pytestconfig: pytest.Config,
    show: Callable[[str], None],
) -> None:
    reloads = pytestconfig.getoption("reloads")
    log.take()
    before = await figures(hass)
    for number in range(reloads):
        gateway.requests.clear()
        if number == reloads // 10:
            before = await figures(hass)
        assert await hass.config_entries.async_reload(everything_on.entry_id)
        await jump(hass, freezer, timedelta(seconds=30))
        assert log.take() == ([], [])
        if number % 10 == 0:
            # Else what waits to be recorded is most of the memory.
            await async_wait_recording_done(hass)
    compare(show, f"{reloads} reloads", before, await figures(hass))


async def test_new_tokens_and_reconfigurations(
    hass: HomeAssistant,
    gateway: GatewayServer,
    everything_on: MockConfigEntry,
    pytestconfig: pytest.Config,
    show: Callable[[str], None],
) -> None:
    rounds = pytestconfig.getoption("rounds")
    before = await figures(hass)
    for number in range(rounds):
        if number == rounds // 10:
            before = await figures(hass)
        gateway.requests.clear()
        gateway.account.access_token = f"token{number}"
        flow: Any = await everything_on.start_reauth_flow(hass)
        for token in ("wrong", f"token{number}"):
            result = await hass.config_entries.flow.async_configure(
                flow["flow_id"], {CONF_ACCESS_TOKEN: token}
            )
        assert result["reason"] == "reauth_successful"
        await hass.async_block_till_done(wait_background_tasks=True)
        flow = await everything_on.start_reconfigure_flow(hass)
        for user_id in ("12", str(USER_ID)):
            result = await hass.config_entries.flow.async_configure(
                flow["flow_id"], {CONF_URL: gateway.url, CONF_USER_ID: user_id}
            )
        assert result["reason"] == "reconfigure_successful"
        await hass.async_block_till_done(wait_background_tasks=True)
        if number % 10 == 0:
            await async_wait_recording_done(hass)
    compare(show, f"{rounds} rounds of new settings", before, await figures(hass))


async def test_nothing_is_left_after_the_end(
    hass: HomeAssistant, entry: MockConfigEntry, show: Callable[[str], None]
) -> None:
    entry.add_to_hass(hass)
    # The first time loads what stays: the integration and its platforms.
    await set_up_and_unload(hass, entry)
    before = await figures(hass)
    for _ in range(50):
        await set_up_and_unload(hass, entry)
    after = await figures(hass)
    sessions = after.counts["ClientSession"]
    show(f"after 50 times set up and unloaded: {sessions} sessions")
    for kind in FIXED:
        assert after.counts[kind.__name__] == 0, kind
    for name in ("tasks", "listeners", "timers"):
        assert after.counts[name] <= before.counts[name], name


async def set_up_and_unload(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Let an account come and go."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
