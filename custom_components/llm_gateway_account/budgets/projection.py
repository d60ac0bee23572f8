"""What a period will have cost in the end, by what days usually cost."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from statistics import fmean, median
from typing import NamedTuple, Self

from ..spending import LedgerState
from ..spending.local_time import HOUR, Moment, start_of_day
from ..spending.samples import Samples

# Oracle's forecast of costs asks for as many; before, there is no habit.
FEWEST_DAYS = 3

# Whole weeks, so that no weekday counts more than another.
MOST_DAYS = 28

# So many times the median of the days on which something was spent counts at most.
MOST_OF_MEDIAN = 3

_HOURS = 24


class _Day(NamedTuple):
    """One of the days of a habit; times in Unix seconds, points."""

    date: date
    start: int
    end: int
    spent: float
    """As much of it as counts: a runaway is no habit."""


class Habit(NamedTuple):
    """What is to be expected of today and later, by the days before."""

    day: int
    """When today began (Unix seconds)."""
    today: date
    of_weekday: tuple[float, ...]
    """What a day costs (points), Monday first."""
    shares: tuple[float, ...]
    """Which part of it came when so many hours were over, from none to all."""

    @classmethod
    def of(cls, known: LedgerState, moment: Moment, today: date) -> Self | None:
        """Learn from the whole days before today, at most 28 of them.

        None if they are fewer than three. Takes a while, so it is called once a day.
        """
        samples = known.samples
        days = _days_before(today, moment, samples, known.unusual.habit_since or 0)
        if len(days) < FEWEST_DAYS:
            return None
        of_weekday = [fmean(each.spent for each in days)] * 7
        if len(days) == MOST_DAYS:
            of_weekday = [
                _of_four(each.spent for each in days if each.date.weekday() == weekday)
                for weekday in range(7)
            ]
        return cls(
            day=moment.day,
            today=today,
            of_weekday=tuple(of_weekday),
            shares=_shares(samples, days),
        )

    def hour_of(self, moment: Moment) -> int:
        """Return how many hours of today are over."""
        return (moment.time - self.day) // HOUR

    def rest(self, hour: int, spent_in_hour: float, later: Sequence[date]) -> float:
        """Return the points that usually come from now on to the end of a period.

        So many hours of today are over, and `later` are the days of the period after
        it. What is usual in this hour counts until as much is spent, so that the sum
        with what was spent does not tremble.
        """
        usual = self.of_weekday[self.today.weekday()]
        # A day on which clocks are put back is longer.
        before, after = (self.shares[min(each, _HOURS)] for each in (hour, hour + 1))
        in_hour = max(usual * (after - before) - max(spent_in_hour, 0), 0)
        days = sum(self.of_weekday[each.weekday()] for each in later)
        return in_hour + usual * (1 - after) + days


def _days_before(
    today: date, moment: Moment, samples: Samples, since: int
) -> list[_Day]:
    """Return the last days of which all is known, each with as much as counts."""
    dates = [today - timedelta(days=number) for number in range(MOST_DAYS, -1, -1)]
    times = [start_of_day(each, moment.zone) for each in dates]
    first = sum(each < max(samples.times[0], since) for each in times)
    sums = [samples.noticed_before(each) for each in times]
    spent = [max(sums[index + 1] - sums[index], 0) for index in range(first, MOST_DAYS)]
    # Days without any are no measure of what is much.
    most = MOST_OF_MEDIAN * median([each for each in spent if each] or [0])
    return [
        _Day(
            date=dates[index],
            start=times[index],
            end=times[index + 1],
            spent=min(amount, most),
        )
        for index, amount in enumerate(spent, first)
    ]


def _of_four(spent: Iterable[float]) -> float:
    """Return the mean, the least taken for the second least: a holiday is no habit."""
    _, second, *others = sorted(spent)
    return fmean([second, second, *others])


def _shares(samples: Samples, days: Sequence[_Day]) -> tuple[float, ...]:
    """Return which part of the cost of days came by each hour, on average."""
    parts, total = [0.0] * _HOURS, 0.0
    for day in days:
        start, end = (samples.noticed_before(each) for each in (day.start, day.end))
        if end <= start:
            continue
        total += day.spent
        for hour in range(_HOURS):
            by_then = samples.spent_by(min(day.start + hour * HOUR, day.end))
            part = min(max((by_then - start) / (end - start), 0), 1)
            parts[hour] += day.spent * part
    return (*(each / total if total else 0 for each in parts), 1)
