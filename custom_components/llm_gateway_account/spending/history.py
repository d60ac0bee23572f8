"""What the gateway's books say of a time in which nobody watched."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from .local_time import DAY
from .numbers import bounded
from .samples import MAX_SAMPLES, Samples

# The month, and a few days more for the habit of its first day.
LOOKS_BACK = 34 * DAY

# Samples of the last two days are dense enough to see a gap between them.
_GAPS_ARE_SEEN_FOR = 2 * DAY


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """Points that were spent between two moments (Unix seconds)."""

    start: int
    end: int
    spent: float


def enter_past(samples: Samples, since: int, intervals: Iterable[Interval]) -> None:
    """Put what was spent between `since` and the first sample in front of it.

    What the books say of later is known already, and left out.
    """
    since, first = max(since, 0), samples.times[0]
    if since >= first:
        return
    past = [each for each in intervals if since <= each.start and each.end <= first]
    total = sum(each.spent for each in past)
    samples.times.insert(0, since)
    samples.values.insert(0, bounded(samples.values[0] - total))
    fill_gap(samples, (since, first), past)


def fill_gap(
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


def gap_of(samples: Samples, longest: int, time: int) -> tuple[int, int] | None:
    """Return the last time without an answer that was longer than `longest` seconds.

    Only one that ended after `time`, and in which something was spent: start and end,
    in Unix seconds.
    """
    time = max(time, samples.times[-1] - _GAPS_ARE_SEEN_FOR) if samples.times else 0
    pairs = list(pairwise(zip(samples.times, samples.values, strict=True)))
    for (start, low), (end, high) in reversed(pairs):
        if end <= time:
            break
        if end - start > longest and high > low:
            return start, end
    return None
