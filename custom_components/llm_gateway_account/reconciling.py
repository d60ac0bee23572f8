"""Holds rows by hour against the sums of the gateway, which know what rows do not."""

from collections.abc import Mapping

from homeassistant.util import dt as dt_util

from .books import UsageBooks, days_before
from .gaps import Interval
from .gateway import LONGEST_SPENT
from .spending.local_time import HOUR

# So much of a month gets lost when a gateway starts again now and then.
NEGLIGIBLE = 0.01


def full_hour(moment: int) -> int:
    """Return the first full hour from a moment on; both in Unix seconds."""
    return moment + -moment % HOUR


async def async_find_days(
    books: UsageBooks, start: int, end: int, hours: Mapping[int, float]
) -> list[Interval]:
    """Return the days of which the sum is more than the rows tell.

    `start` is a full hour and `end` a moment, in Unix seconds; the local day that it
    belongs to is left out. `hours` are the points of the rows. An operator may have let
    rows be written only since yesterday. One request finds out whether more than a
    hundredth is missing; then there is one for each day, from the newest back, until
    that is found. Raises GatewayError.
    """
    moment = dt_util.as_local(dt_util.utc_from_timestamp(end))
    midnight = int(dt_util.start_of_local_day(moment).timestamp())
    # Some time zones are half an hour off.
    end = midnight - midnight % HOUR
    start = max(start, end - LONGEST_SPENT)
    if start >= end:
        return []

    def told(first: int, last: int) -> float:
        return sum(hours[each] for each in hours if first <= each < last)

    spent = await books.async_read_sum(start, end - 1)
    missing = spent - told(start, end)
    found, days = [], days_before(end)
    since, until = next(days)
    while missing > NEGLIGIBLE * spent and until > start:
        first, last = max(full_hour(since), start), full_hour(until)
        points = await books.async_read_sum(first, last - 1)
        if (more := points - told(first, last)) > 0:
            found.append(Interval(start=max(since, start), end=until, spent=points))
            missing -= more
        since, until = next(days)
    return found


async def async_divide_hours(
    books: UsageBooks, first: int, hours: Mapping[int, float]
) -> tuple[int | None, list[Interval]]:
    """Divide the hour of the first answer, and the one in which its day began.

    Rows come minutes late, the sum does not. `first` is in Unix seconds. Returns the
    hour whose row the intervals replace, if they do. Raises GatewayError.
    """
    moment = dt_util.as_local(dt_util.utc_from_timestamp(first))
    midnight = int(dt_util.start_of_local_day(moment).timestamp())
    spent = await books.async_read_sum(midnight, first)
    replaced, intervals = None, list[Interval]()
    # Some time zones are half an hour off.
    begun = midnight - midnight % HOUR
    if begun < midnight and hours.get(begun):
        end = min(begun + HOUR, first)
        part = await books.async_read_sum(midnight, end - 1) if midnight < end else 0
        replaced = begun
        intervals += [
            Interval(start=begun, end=midnight, spent=max(hours[begun] - part, 0)),
            Interval(start=midnight, end=end, spent=part),
        ]
        spent -= part
    hour = first - first % HOUR
    spent -= sum(hours[each] for each in hours if midnight <= each < hour)
    start = max(hour, midnight)
    if start < first:
        intervals.append(Interval(start=start, end=first, spent=max(spent, 0)))
    return replaced, intervals
