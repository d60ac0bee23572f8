"""Every fault, from the form to the recovery: what its holder sees of it."""

from dataclasses import dataclass
from datetime import timedelta
import json
import logging

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.llm_gateway_account.const import CONF_USER_ID, DOMAIN
from custom_components.llm_gateway_account.coordinator import (
    GRACE_PERIOD,
    UPDATE_INTERVAL,
)
from custom_components.llm_gateway_account.gateway import (
    AccountDisabledError,
    BlockedError,
    CertificateError,
    GatewayError,
    InvalidAnswerError,
    RateLimitedError,
    RedirectedError,
    ServerError,
    TokenRefusedError,
    UnreachableError,
    UserIdRefusedError,
    WebPageError,
)
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_USER,
    ConfigEntryState,
)
from homeassistant.const import (
    CONF_ACCESS_TOKEN,
    CONF_URL,
    STATE_UNAVAILABLE,
)
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from . import PACKAGE
from .faults import ENDED_BY_TIME, FAULTS
from .gateway_server import (
    ACCESS_TOKEN,
    USER_ID,
    GatewayServer,
    Handler,
)
from .helpers import balance, jump, own_log, setup


@dataclass(frozen=True)
class Seen:
    """What a kind of fault looks like."""

    field: str
    """Where the form has its message."""
    message: str
    """Key of that message."""
    exception: str
    """Key of the text in the log and beside a failed set-up."""
    reauth: bool = False


SEEN: dict[type[GatewayError], Seen] = {
    TokenRefusedError: Seen(
        CONF_ACCESS_TOKEN, "invalid_auth", "token_refused_once", reauth=True
    ),
    UserIdRefusedError: Seen(CONF_USER_ID, "user_id_refused", "user_id_refused"),
    AccountDisabledError: Seen("base", "account_disabled", "account_disabled"),
    RateLimitedError: Seen("base", "rate_limited", "rate_limited"),
    ServerError: Seen("base", "server_error", "server_error"),
    BlockedError: Seen("base", "blocked", "blocked"),
    WebPageError: Seen(CONF_URL, "web_page", "web_page"),
    RedirectedError: Seen(CONF_URL, "redirected", "redirected"),
    InvalidAnswerError: Seen(CONF_URL, "invalid_answer", "invalid_answer"),
    CertificateError: Seen(CONF_URL, "certificate_error", "certificate_error"),
    UnreachableError: Seen(CONF_URL, "cannot_connect", "unreachable"),
}

# The clock stands still while Home Assistant is watched.
WATCHED = {name: row for name, row in FAULTS.items() if name not in ENDED_BY_TIME}

ENGLISH = json.loads((PACKAGE / "translations" / "en.json").read_text(encoding="utf-8"))

# A poll comes this much early at most: Home Assistant counts from a full second.
EARLY = timedelta(seconds=2)

each_fault = pytest.mark.parametrize(
    ("fault", "error"), list(FAULTS.values()), ids=list(FAULTS)
)


@pytest.mark.usefixtures("little_time")
@each_fault
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
        flow["flow_id"],
        {
            CONF_URL: gateway.url,
            CONF_USER_ID: str(USER_ID),
            CONF_ACCESS_TOKEN: ACCESS_TOKEN,
        },
    )
    assert result["errors"] == {SEEN[error].field: SEEN[error].message}


@pytest.mark.usefixtures("freezer")
@pytest.mark.parametrize(("fault", "error"), list(WATCHED.values()), ids=list(WATCHED))
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
    await watch_failure(hass, gateway, loaded_entry, freezer, caplog, error, per_poll)
    gateway.fault = None
    await watch_recovery(hass, gateway, freezer, caplog)


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
        assert exception.translation_key == SEEN[error].exception
        assert type(exception.__cause__) is error
    await start_what_is_due_in(hass, GRACE_PERIOD)
    assert balance(hass) == STATE_UNAVAILABLE
    assert [each.levelno for each in loud(caplog)] == [logging.ERROR]
    assert own_log(caplog) == [loud(caplog)[0].getMessage()]

    gateway.fault = None
    gateway.account.quota = 500_000
    await start_what_is_due_in(hass, UPDATE_INTERVAL)
    assert balance(hass) == "1.0"
    assert own_log(caplog)[1:] == [f"Fetching {DOMAIN} data recovered"]
    assert len(loud(caplog)) == 1
    assert not hass.config_entries.flow.async_progress()


async def start_what_is_due_in(hass: HomeAssistant, duration: timedelta) -> None:
    """Start what is due within a time, which does not pass."""
    async_fire_time_changed(hass, dt_util.utcnow() + duration)
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.usefixtures("little_time")
@each_fault
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
    text = ENGLISH["exceptions"][SEEN[error].exception]["message"]
    # Home Assistant leaves out the final full stop.
    assert f"{entry.reason}.".startswith(text.partition("{")[0])
    lines = [each for each in caplog.messages if "not ready yet" in each]
    assert len(lines) == 1
    assert f"{entry.reason}" in lines[0]
    assert loud(caplog) == []
    assert not hass.config_entries.flow.async_progress()


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
    requests_per_poll: int,
) -> None:
    """Fifteen minutes of the last good answer, then unavailable; one line logged."""
    await pass_to_next_poll(hass, gateway, freezer)
    assert len(gateway.requests) == requests_per_poll
    assert balance(hass) == "12.345"
    exception = entry.runtime_data.account.last_exception
    assert exception.translation_key == SEEN[error].exception
    assert type(exception.__cause__) is error
    assert len(own_log(caplog)) == 1
    assert [each.levelno for each in loud(caplog)] == [logging.ERROR]
    assert not hass.config_entries.flow.async_progress()

    await pass_to_next_poll(hass, gateway, freezer)
    assert len(gateway.requests) == 2 * requests_per_poll
    assert balance(hass) == "12.345"
    flows = hass.config_entries.flow.async_progress()
    assert bool(flows) is SEEN[error].reauth
    assert all(flow["context"]["source"] == SOURCE_REAUTH for flow in flows)

    await pass_to_next_poll(hass, gateway, freezer)
    assert balance(hass) == "12.345"
    await jump(hass, freezer, timedelta(minutes=1))
    assert balance(hass) == STATE_UNAVAILABLE
    assert len(gateway.requests) == 3 * requests_per_poll
    assert len(own_log(caplog)) == 1
    assert len(loud(caplog)) == 1


async def watch_recovery(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Back with the first good answer, which is one more line and no complaint."""
    gateway.account.quota = 500_000
    await jump(hass, freezer, UPDATE_INTERVAL)
    assert balance(hass) == "1.0"
    assert own_log(caplog)[1:] == [f"Fetching {DOMAIN} data recovered"]
    assert not hass.config_entries.flow.async_progress()
    assert len(loud(caplog)) == 1
