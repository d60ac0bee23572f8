"""What a period will have cost in the end, by what days usually cost."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from statistics import fmean, median
from typing import Self

from ..spending.local_time import DAY, HOUR, Moment, start_of_day
from ..spending.samples import Samples

# Oracle's forecast of costs asks for as many; before, there is no habit.
FEWEST_DAYS = 3

# Whole weeks, so that no weekday counts more than another.
MOST_DAYS = 28

# So many times the median of the days on which something was spent counts at most.
MOST_OF_MEDIAN = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class UsualDay:
    """One of the days of a habit; times in Unix seconds, points."""

    weekday: int
    start: int
    end: int
    spent: float
    """As much of it as counts: a runaway is no habit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Habit:
    """The last days, and what is to be expected of another one."""

    samples: Samples
    days: tuple[UsualDay, ...]

    @classmethod
    def of(
        cls, samples: Samples, today: date, zone: tzinfo | None, since: int
    ) -> Self | None:
        """Learn from the whole days before today, from `since` on (Unix seconds).

        None if they are fewer than three.
        """
        dates = [today - timedelta(days=number) for number in range(MOST_DAYS, -1, -1)]
        times = [start_of_day(each, zone) for each in dates]
        known = sum(each < max(samples.times[0], since) for each in times)
        if len(times) - 1 - known < FEWEST_DAYS:
            return None
        sums = [samples.noticed_before(each) for each in times]
        spent = [
            max(sums[index + 1] - sums[index], 0)
            for index in range(known, len(times) - 1)
        ]
        # Days without any are no measure of what is much.
        most = MOST_OF_MEDIAN * median([each for each in spent if each] or [0])
        return cls(
            samples=samples,
            days=tuple(
                UsualDay(
                    weekday=dates[index].weekday(),
                    start=times[index],
                    end=times[index + 1],
                    spent=min(each, most),
                )
                for index, each in enumerate(spent, known)
            ),
        )

    def cost_of(self, day: date) -> float:
        """Return the points a day usually costs: of its weekday, if four are known."""
        days: Iterable[UsualDay] = self.days
        if len(self.days) == MOST_DAYS:
            days = (each for each in days if each.weekday == day.weekday())
        return fmean(each.spent for each in days)

    def share(self, elapsed: int) -> float:
        """Return which part of a day's cost so many seconds of it usually bring."""
        spent = sum(each.spent for each in self.days)
        if not spent:
            return 0
        return sum(each.spent * self._share_of(each, elapsed) for each in self.days) / (
            spent
        )

    def _share_of(self, day: UsualDay, elapsed: int) -> float:
        if not day.spent:
            return 0
        start, part, end = (
            self.samples.spent_by(each)
            for each in (day.start, min(day.start + elapsed, day.end), day.end)
        )
        if end <= start:
            return min(elapsed / DAY, 1)
        return min(max((part - start) / (end - start), 0), 1)


def project(
    habit: Habit, spent: float, total: float, moment: Moment, days: list[date]
) -> float:
    """Return what a period costs in the end: spent so far, and what is usual from now.

    `spent` are the points of the period so far, `total` the sum that the samples of
    the habit are of, and `days` those that are to come; the first of them is today.
    What is usual in this hour counts until as much is spent, so that the result does
    not tremble from poll to poll. It is never less than what is spent already.
    """
    today, *later = days
    hour = (moment.time - moment.day) // HOUR * HOUR
    in_hour = total - habit.samples.noticed_before(moment.day + hour)
    usual = habit.cost_of(today)
    before, after = habit.share(hour), habit.share(hour + HOUR)
    rest = max(usual * (after - before) - max(in_hour, 0), 0) + usual * (1 - after)
    return spent + rest + sum(map(habit.cost_of, later))
