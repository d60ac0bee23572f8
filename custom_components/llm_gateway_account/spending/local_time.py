"""Local days as Unix time in whole seconds."""

from datetime import UTC, datetime

HOUR = 3600
DAY = 24 * HOUR

# No datetime near its own first or last year, where its arithmetic overflows.
_FIRST = datetime(1970, 1, 2, tzinfo=UTC)
_LAST = datetime(9000, 1, 1, tzinfo=UTC)


def within_reason(now: datetime) -> datetime:
    """Return an aware time that can be calculated with, in its own time zone."""
    if _FIRST <= now <= _LAST:
        return now
    return (_FIRST if now < _FIRST else _LAST).astimezone(now.tzinfo)


def unix_time(now: datetime) -> int:
    """Return the Unix time of an aware time, when its second began."""
    return int(now.timestamp())


def start_of_day(now: datetime) -> int:
    """Return when the local day began.

    Midnight may come twice, and is the first of the two then. It may not come at
    all; read with the offset from before the change it is the moment of the change.
    """
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return unix_time(midnight)


def start_of_month(now: datetime) -> int:
    """Return when the local month began."""
    return start_of_day(now.replace(day=1))
