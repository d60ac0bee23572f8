"""What the gateway's books say of a time in which nobody watched, for the ledger."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from .spending import Ledger, LedgerState
from .spending.local_time import DAY, HOUR, Moment
from .spending.numbers import bounded
from .spending.samples import MAX_SAMPLES, Samples

# The month, and a few days more for the habit of its first day.
LOOKS_BACK = 34 * DAY

# Samples of the last two days are dense enough to see a gap between them.
_GAPS_ARE_SEEN_FOR = 2 * DAY


class Interval(NamedTuple):
    """Points that were spent between two moments (Unix seconds)."""

    start: int
    end: int
    spent: float


class Hindsight(NamedTuple):
    """What the gateway's books say of a time in which nobody watched."""

    intervals: Sequence[Interval]
    gap: tuple[int, int] | None = None
    """A time between two answers (Unix seconds) whose sum is known."""
    past: int | None = None
    """From when to the first answer they tell everything (Unix seconds)."""
    by_day: bool = False
    """Whether they tell days, which say nothing of a usual hour."""


def watched_since(ledger: Ledger) -> int | None:
    """Return the Unix time of the first answer, or since when the books are entered."""
    times = ledger.state.samples.times
    return times[0] if times else None


def gap_after(ledger: Ledger, time: int) -> tuple[int, int] | None:
    """Return the last hour or more without an answer, in which something was spent.

    Start and end in Unix seconds; None if there is none that ended after `time`.
    """
    samples = ledger.state.samples
    time = max(time, samples.times[-1] - _GAPS_ARE_SEEN_FOR) if samples.times else 0
    pairs = list(pairwise(zip(samples.times, samples.values, strict=True)))
    for (start, low), (end, high) in reversed(pairs):
        if end <= time:
            break
        if end - start > HOUR and high > low:
            return start, end
    return None


def seen_by_hour(ledger: Ledger, start: int, end: int) -> dict[int, float]:
    """Return the points that answers showed first in each hour: by its Unix time.

    `start` and `end` are full hours. What is refunded within an hour is taken off.
    """
    samples = ledger.state.samples
    if not samples.times:
        return {}
    start = max(start, samples.times[0] // HOUR * HOUR)
    hours = range(start, end, HOUR)
    sums = [samples.noticed_before(each) for each in range(start, end + 1, HOUR)]
    return {
        hour: later - earlier
        for hour, (earlier, later) in zip(hours, pairwise(sums), strict=False)
        if later > earlier
    }


def enter_hindsight(ledger: Ledger, now: datetime, hindsight: Hindsight) -> None:
    """Enter what the books say; the figures have to be counted anew then.

    `now` is the present, in the time zone of the home.
    """
    state, moment = ledger.state, Moment.of(now)
    times = state.samples.times
    # What was read by a clock that is behind the answers is of another time.
    if not times or times[-1] - HOUR >= moment.time:
        return
    if hindsight.gap:
        _fill(state.samples, hindsight.gap, hindsight.intervals)
    if hindsight.past is not None:
        _enter_past(state, hindsight.past, hindsight)
    # What was read of the past may be little, and is the truth all the same.
    state.figures.average_daily = None
    state.figures.average(state.samples)
    if ledger.left is not None:
        state.figures.forecast(moment.time, ledger.left)
    state.unusual.learn(state.samples, moment.day)
    ledger.revision += 1


def _enter_past(state: LedgerState, since: int, hindsight: Hindsight) -> None:
    """Put what was spent between `since` and the first sample in front of it.

    What the books say of later is known already, and left out. A habit begins when
    something was spent: an account that was hardly used has none.
    """
    samples, intervals = state.samples, hindsight.intervals
    since, first = max(since, 0), samples.times[0]
    if since >= first:
        return
    past = [each for each in intervals if since <= each.start and each.end <= first]
    total = sum(each.spent for each in past)
    samples.times.insert(0, since)
    samples.values.insert(0, bounded(samples.values[0] - total))
    _fill(samples, (since, first), past)
    if hindsight.by_day:
        state.unusual.hours_since = first
    used = (each.start for each in intervals if each.spent > 0)
    begin = min([state.unusual.habit_since or first, *used])
    state.unusual.habit_since = max(begin, 0)


def _fill(
    samples: Samples, gap: tuple[int, int], intervals: Iterable[Interval]
) -> None:
    """Spread what was spent in a gap between two samples (Unix seconds).

    The sum is known from the account itself; the books tell how it was spread. What
    they do not know of stays with the sample that found it.
    """
    start, index = gap[0], bisect_left(samples.times, gap[0])
    if samples.times[index : index + 1] != [start]:
        return
    # The newest sample may have become later since; what is earlier divides the gap.
    end = samples.times[index + 1] if index + 1 < len(samples.times) else start
    if end < gap[1]:
        return
    value, high = samples.values[index], samples.values[index + 1]
    sums, latest = {start: value}, start
    for each in sorted(intervals, key=lambda each: (each.end, each.start)):
        spent = each.spent
        if each.start < start:
            # Some of it was seen before the gap.
            spent -= samples.values[index] - samples.noticed_before(each.start)
        spent = min(spent, high - value)
        # What was spent until midnight belongs to the day before.
        noticed = min(each.end, end) - 1
        if noticed <= start or each.start >= end or spent <= 0:
            continue
        if each.start - 1 > latest:
            sums[each.start - 1] = value
        value = bounded(value + spent)
        sums[noticed], latest = value, noticed
    samples.times[index : index + 1] = sums.keys()
    samples.values[index : index + 1] = sums.values()
    del samples.times[:-MAX_SAMPLES], samples.values[:-MAX_SAMPLES]
