"""Which failures need a person, and when it is certain that they do."""

from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .gateway import (
    AccountDisabledError,
    CertificateError,
    GatewayError,
    OtherAccountError,
    RedirectedError,
    ServerError,
    TokenRefusedError,
    UserIdRefusedError,
)
from .repairs import async_create_failure_issue, async_delete_issues

if TYPE_CHECKING:
    from .data import AccountConfigEntry

# A gateway whose database is down refuses every token, so a refusal counts only when
# it is still there after some time: at the next poll, which Home Assistant may start
# up to a second early. A failed set-up is tried again much sooner.
SHORTLY = timedelta(minutes=5) - timedelta(seconds=5)

# A certificate that was not renewed in time may be any hour.
A_DAY = timedelta(days=1)

CERTAIN_AFTER: dict[type[GatewayError], timedelta] = {
    TokenRefusedError: SHORTLY,
    UserIdRefusedError: SHORTLY,
    AccountDisabledError: SHORTLY,
    OtherAccountError: SHORTLY,
    RedirectedError: SHORTLY,
    CertificateError: A_DAY,
}

# When each failure of an entry was first seen since its last good answer, in monotonic
# seconds. Outlives the coordinator: every retry of a failed set-up makes a new one.
FIRST_SEEN: HassKey[dict[str, dict[str, float]]] = HassKey(f"{DOMAIN}_failures")


@callback
def async_note_failure(
    hass: HomeAssistant, entry: AccountConfigEntry, err: GatewayError
) -> None:
    """Ask a person for help, if this failure needs it and is not the first of its kind.

    A refused token is a question for a new one, everything else a repair.
    """
    first_seen = hass.data.setdefault(FIRST_SEEN, {}).setdefault(entry.entry_id, {})
    if isinstance(err, ServerError):
        # The refusal before it was probably the same trouble.
        first_seen.pop(TokenRefusedError.key, None)
    if (certain_after := CERTAIN_AFTER.get(type(err))) is None:
        return
    now = monotonic()
    if now - first_seen.setdefault(err.key, now) < certain_after.total_seconds():
        return
    _withdraw(hass, entry, but=err.key)
    if isinstance(err, TokenRefusedError):
        entry.async_start_reauth(hass)
        return
    async_create_failure_issue(hass, entry, err)
    if entry.state is ConfigEntryState.LOADED:
        # Only an entry that is not loaded shows a reason on its page.
        hass.config_entries.async_schedule_reload(entry.entry_id)


@callback
def async_note_answer(hass: HomeAssistant, entry: AccountConfigEntry) -> None:
    """Withdraw every question: what was refused is accepted now."""
    if hass.data.get(FIRST_SEEN, {}).pop(entry.entry_id, None) is None:
        return
    _withdraw(hass, entry)


@callback
def async_forget_failures(hass: HomeAssistant, entry: AccountConfigEntry) -> None:
    """Let no failure count any more, because the entry is disabled or removed."""
    hass.data.get(FIRST_SEEN, {}).pop(entry.entry_id, None)


def _withdraw(
    hass: HomeAssistant, entry: AccountConfigEntry, *, but: str | None = None
) -> None:
    """Withdraw what a person was asked for, except because of one kind of failure."""
    for kind in CERTAIN_AFTER:
        if kind.key != but:
            async_delete_issues(hass, entry, kind.key)
    if but != TokenRefusedError.key:
        for flow in list(entry.async_get_active_flows(hass, {SOURCE_REAUTH})):
            hass.config_entries.flow.async_abort(flow["flow_id"])
