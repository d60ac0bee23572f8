"""Local days as Unix time in whole seconds."""

from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from typing import NamedTuple, Self

HOUR = 3600
DAY = 24 * HOUR

# No datetime near its own first or last year, where its arithmetic overflows.
_FIRST = datetime(1970, 1, 2, tzinfo=UTC)
_LAST = datetime(9000, 1, 1, tzinfo=UTC)


class Moment(NamedTuple):
    """A moment in a time zone, and when its local day and month began (Unix time)."""

    time: int
    day: int
    month: int
    zone: tzinfo | None

    @classmethod
    def of(cls, now: datetime) -> Self:
        """Return an aware time, if it can be calculated with, as a moment."""
        now = min(max(now, _FIRST), _LAST).astimezone(now.tzinfo)
        today, zone = now.date(), now.tzinfo
        return cls(
            int(now.timestamp()),
            start_of_day(today, zone),
            start_of_day(today.replace(day=1), zone),
            zone,
        )


@lru_cache(maxsize=100)
def start_of_day(day: date, zone: tzinfo | None) -> int:
    """Return when a local day began.

    Midnight may come twice, and is the first of the two then. It may not come at
    all; read with the offset from before the change it is the moment of the change.
    """
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())
