"""Everything that can go wrong, as the holder of an account sees it.

One row of each kind: `tests/gateway/test_client.py` holds every row to its kind, and
Home Assistant is told nothing else of it.
"""

from datetime import timedelta
import json
import logging
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.llm_gateway_account.const import CONF_USER_ID, DOMAIN
from custom_components.llm_gateway_account.gateway import GatewayError
from custom_components.llm_gateway_account.polling import GRACE_PERIOD, UPDATE_INTERVAL
from homeassistant.config_entries import SOURCE_USER, ConfigEntryState
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_URL, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from . import PACKAGE
from .faults import ENDED_BY_TIME, FAULTS, ONE_OF_EACH_KIND
from .gateway_server import GatewayServer, Handler
from .helpers import balance, own_log, setup, user_input
from .watching import issues, loud, watch_failure, watch_recovery

# Where the form has the message of each kind.
FIELDS = {
    "invalid_auth": CONF_ACCESS_TOKEN,
    "user_id_refused": CONF_USER_ID,
    "other_account": CONF_USER_ID,
    "web_page": CONF_URL,
    "redirected": CONF_URL,
    "invalid_answer": CONF_URL,
    "cannot_connect": CONF_URL,
}

TEXTS: dict[str, Any] = json.loads(
    (PACKAGE / "translations" / "en.json").read_text(encoding="utf-8")
)["exceptions"]

each_kind = pytest.mark.parametrize(
    ("fault", "error"),
    [(fault, error) for error, fault in ONE_OF_EACH_KIND.items()],
    ids=[error.key for error in ONE_OF_EACH_KIND],
)


@each_kind
async def test_fault_of_a_running_account(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    fault: Handler,
    error: type[GatewayError],
) -> None:
    """One line that names the account, nothing lost, one line when it is over."""
    coordinator = loaded_entry.runtime_data.account
    gateway.fault = fault
    await coordinator.async_refresh()
    assert coordinator.last_exception.translation_key == error.key
    assert balance(hass) == "12.345"
    text = TEXTS[error.key]["message"].partition("{")[0].removesuffix(".")
    (line,) = own_log(caplog)
    assert line.startswith(f"Error fetching {loaded_entry.title} data: {text}")
    assert [each.levelno for each in loud(caplog)] == [logging.ERROR]

    gateway.fault = None
    gateway.account.quota = 500_000
    await coordinator.async_refresh()
    assert balance(hass) == "1.0"
    assert own_log(caplog) == [line, f"Fetching {loaded_entry.title} data recovered"]
    assert not hass.config_entries.flow.async_progress()
    assert issues(hass) == []


@each_kind
async def test_fault_in_the_form(
    hass: HomeAssistant,
    gateway: GatewayServer,
    fault: Handler,
    error: type[GatewayError],
) -> None:
    gateway.fault = fault
    flow = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    result = await hass.config_entries.flow.async_configure(
        flow["flow_id"], user_input(gateway)
    )
    assert result["errors"] == {FIELDS.get(error.key, "base"): error.key}


@each_kind
async def test_fault_at_set_up(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    fault: Handler,
    error: type[GatewayError],
) -> None:
    """Tried again later, which is one line; nobody complains."""
    gateway.fault = fault
    await setup(hass, entry)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == error.key
    lines = [each for each in caplog.messages if "not ready yet" in each]
    assert len(lines) == 1
    assert f"{entry.reason}" in lines[0]
    assert loud(caplog) == []
    assert not hass.config_entries.flow.async_progress()
    assert issues(hass) == []


@pytest.mark.usefixtures("freezer")
@each_kind
async def test_fault_over_time(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    fault: Handler,
    error: type[GatewayError],
) -> None:
    gateway.requests.clear()
    gateway.fault = fault
    # aiohttp tries once more where a connection ends without an answer.
    per_poll = 2 if fault is FAULTS["reset"][0] else 1
    await watch_failure(
        hass,
        gateway,
        loaded_entry,
        freezer,
        caplog,
        error,
        requests_per_poll=per_poll,
    )
    gateway.fault = None
    await watch_recovery(hass, gateway, loaded_entry, freezer, caplog)


@pytest.mark.usefixtures("little_time")
@pytest.mark.parametrize("name", sorted(ENDED_BY_TIME))
async def test_fault_that_only_time_ends(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    name: str,
) -> None:
    """The same on a clock that goes on: what is due is started before its time."""
    fault, error = FAULTS[name]
    gateway.requests.clear()
    gateway.fault = fault
    for polls in (1, 2):
        await start_what_is_due_in(hass, UPDATE_INTERVAL)
        assert len(gateway.requests) == polls
        assert balance(hass) == "12.345"
        exception = loaded_entry.runtime_data.account.last_exception
        assert exception.translation_key == error.key
    await start_what_is_due_in(hass, GRACE_PERIOD)
    assert balance(hass) == STATE_UNAVAILABLE
    assert [each.levelno for each in loud(caplog)] == [logging.ERROR]

    gateway.fault = None
    gateway.account.quota = 500_000
    await start_what_is_due_in(hass, UPDATE_INTERVAL)
    assert balance(hass) == "1.0"
    assert own_log(caplog)[1:] == [f"Fetching {loaded_entry.title} data recovered"]


async def start_what_is_due_in(hass: HomeAssistant, duration: timedelta) -> None:
    """Start what is due within a time, which does not pass."""
    async_fire_time_changed(hass, dt_util.utcnow() + duration)
    await hass.async_block_till_done(wait_background_tasks=True)
