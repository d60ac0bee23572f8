"""What is not known yet of an account's usage; times are Unix seconds."""

from datetime import timedelta

from homeassistant.config_entries import ConfigEntry
from homeassistant.util import dt as dt_util

from .const import CONF_HISTORY_DAYS, DEFAULT_HISTORY_DAYS
from .coordinator import AccountCoordinator
from .gaps import LOOKS_BACK, gap_after, watched_since
from .spending.local_time import HOUR


def begin_of_history(entry: ConfigEntry) -> int:
    """Return the hour from which on statistics are wanted."""
    days = entry.options.get(CONF_HISTORY_DAYS, DEFAULT_HISTORY_DAYS)
    begin = dt_util.start_of_local_day(dt_util.now() - timedelta(days=days))
    return int(begin.timestamp()) // HOUR * HOUR


def created_at(account: AccountCoordinator) -> int:
    """Return when an account was created; 0 if the gateway does not tell."""
    created = account.data.account.created_at
    return int(created.timestamp()) if created else 0


def gap_of(account: AccountCoordinator) -> tuple[int, int] | None:
    """Return a time without answers in which something was spent."""
    stored = account.storage.state
    return gap_after(stored.ledger, stored.usage.entered_until)


def past_of(account: AccountCoordinator) -> tuple[int, int] | None:
    """Return the time before the first answer, unless the ledger knows it."""
    stored = account.storage.state
    since = int(dt_util.utcnow().timestamp()) - LOOKS_BACK
    first = watched_since(stored.ledger)
    if not first or first <= max(stored.usage.entered_until, since):
        return None
    return min(max(since, created_at(account)), first), first
