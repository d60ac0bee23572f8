"""Spending that is far from the account's own habit: a runaway, a stolen key."""

from itertools import pairwise
from typing import Any, Self

from .checks import read_fields, read_integer, read_number
from .local_time import DAY, HOUR
from .models import Activity, ActivityType, Limits
from .samples import Samples

# Before that there is no habit.
_SHORTEST_HISTORY = 3 * DAY

_HABIT = 7 * DAY


class UnusualSpending:
    """The habit of an account (points), and whether it spends otherwise now."""

    def __init__(self) -> None:
        """Start with no habit."""
        self.since: int | None = None
        """When the spending became unusual; None while it is not."""
        self._busiest_hour: float | None = None
        self._average_day: float | None = None

    @classmethod
    def from_dict(cls, data: Any) -> Self:
        """Read what `as_dict` wrote. Raises ValueError for anything else."""
        unusual = cls()
        since, hour, day = read_fields(data, "since", "busiest_hour", "average_day")
        if since is not None:
            unusual.since = read_integer(since)
        if hour is not None or day is not None:
            unusual._busiest_hour = read_number(hour, 0)
            unusual._average_day = read_number(day, 0)
        return unusual

    def as_dict(self) -> dict[str, Any]:
        """Return what can be written as JSON."""
        return {
            "since": self.since,
            "busiest_hour": self._busiest_hour,
            "average_day": self._average_day,
        }

    @property
    def state(self) -> bool | None:
        """Return whether the spending is unusual; None before there is a habit."""
        if self.since is not None:
            return True
        return None if self._average_day is None else False

    def learn(self, samples: Samples, day: int) -> None:
        """Learn the habit: the week before the last hour, and before the local day.

        Takes a while, so it is called once an hour.
        """
        first, last = samples.first_time, samples.kept_time
        if last - first < _SHORTEST_HISTORY:
            self._busiest_hour = self._average_day = None
            return
        # Hours from sample to sample, so that none has a share of the one after it.
        start = max(last - HOUR - _HABIT, first)
        sums = [samples.spent_by(at) for at in range(last - HOUR, start - 1, -HOUR)]
        self._busiest_hour = max(later - earlier for later, earlier in pairwise(sums))
        start = max(day - _HABIT, first)
        spent = samples.spent_by(day) - samples.spent_by(start)
        self._average_day = max(spent, 0) * DAY / (day - start)

    def observe(
        self, samples: Samples, time: int, day: int, limits: Limits
    ) -> Activity | None:
        """Judge the newest observation, of the local day that began at `day`.

        Returns what has to be told: once, when it begins.
        """
        activity = self._judge(samples, day, self._average_day, limits)
        activity = activity or self._judge(
            samples, time - HOUR, self._busiest_hour, limits
        )
        if self.since is None:
            self.since = time if activity else None
            return activity
        # Not later than now, or a clock that was put back would make it last.
        self.since = min(self.since, time)
        if activity is None and self.since < day:
            self.since = None
        return None

    @staticmethod
    def _judge(
        samples: Samples, start: int, usual: float | None, limits: Limits
    ) -> Activity | None:
        """Return what is unusual about the spending since a time, if anything."""
        if usual is None:
            return None
        amount = samples.latest_value - samples.spent_by(start)
        least = max(limits.unusual_factor * usual, limits.unusual_minimum)
        if amount <= 0 or amount < least:
            return None
        return Activity(type=ActivityType.UNUSUAL_SPENDING, amount=amount, usual=usual)
