"""Spending that is far from the account's own habit: a runaway, a stolen key."""

from dataclasses import dataclass
from itertools import pairwise

from .local_time import DAY, HOUR, Moment
from .models import Event, EventType, Limits
from .numbers import Rate, Time
from .samples import Samples

# Before that there is no habit.
_SHORTEST_HISTORY = 3 * DAY

_HABIT = 7 * DAY


@dataclass(slots=True)
class UnusualSpending:
    """The habit of an account (points), and whether it spends otherwise now."""

    since: Time | None = None
    """When the spending became unusual; None while it is not."""
    busiest_hour: Rate | None = None
    average_day: Rate | None = None
    habit_since: Time | None = None
    """When it is known to have been used first; None if it was always watched."""
    hours_since: Time | None = None
    """Since when hours are known; before, only days."""

    @property
    def state(self) -> bool | None:
        """Return whether the spending is unusual; None before there is a habit."""
        if self.since is not None:
            return True
        return None if self.average_day is None else False

    def learn(self, samples: Samples, day: int) -> None:
        """Learn the habit: the week before the last hour, and before the local day.

        Takes a while, so it is called once an hour.
        """
        first, last = max(samples.times[0], self.habit_since or 0), samples.times[-1]
        if samples.values[-2:-1] != samples.values[-1:]:
            last = samples.times[-2:][0]
        if last - first < _SHORTEST_HISTORY:
            self.busiest_hour = self.average_day = None
            return
        # Hours from sample to sample, so that none has a share of the one after it.
        start = max(last - HOUR - _HABIT, first, self.hours_since or 0)
        self.busiest_hour = None
        if last - start >= _SHORTEST_HISTORY:
            times = range(last - HOUR, start - 1, -HOUR)
            sums = [samples.spent_by(at) for at in times]
            busiest = max(later - earlier for later, earlier in pairwise(sums))
            self.busiest_hour = max(busiest, 0)
        start = max(day - _HABIT, first)
        spent = samples.spent_by(day) - samples.spent_by(start)
        self.average_day = max(spent, 0) * DAY / (day - start)

    def observe(self, samples: Samples, moment: Moment, limits: Limits) -> Event | None:
        """Judge the newest observation.

        Returns an event when unusual spending begins.
        """
        time, day = moment.time, moment.day
        event = self._judge(samples, day, self.average_day, limits)
        event = event or self._judge(samples, time - HOUR, self.busiest_hour, limits)
        if self.since is None:
            self.since = time if event else None
            return event
        # Not later than now, or a clock that was put back would make it last.
        self.since = min(self.since, time)
        if event is None and self.since < day:
            self.since = None
        return None

    @staticmethod
    def _judge(
        samples: Samples, start: int, usual: float | None, limits: Limits
    ) -> Event | None:
        """Return what is unusual about the spending since a time, if anything."""
        if usual is None:
            return None
        amount = samples.values[-1] - samples.spent_by(start)
        least = max(limits.unusual_factor * usual, limits.unusual_minimum)
        if amount <= 0 or amount < least:
            return None
        return Event(type=EventType.UNUSUAL_SPENDING, amount=amount, usual=usual)
