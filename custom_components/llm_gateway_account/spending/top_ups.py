"""Top-ups, found in what was ever granted: what is left and what was used."""

from dataclasses import dataclass, field
from typing import NamedTuple

from .local_time import HOUR
from .numbers import Points, Time, bounded

# A sum that stays lower for longer than a request takes was corrected.
_LONGEST_DIP = HOUR

# Dips below dips below dips make no difference.
_MOST_MARKS = 20

# So many answers tell what was added, if no two of them agree.
_MOST_ANSWERS = 4

_SECOND_ANSWER = 60.0


class TopUp(NamedTuple):
    """What was added to an account (points)."""

    amount: float
    peak: float
    """The most that may have been left in between."""


@dataclass(slots=True)
class Mark:
    """A sum that was granted, and since when none above it was (points)."""

    since: Time
    granted: Points


@dataclass(slots=True)
class TopUps:
    """What was ever granted, and what may have been added to it.

    Gateways take money before a request and give back the rest after it, so that the
    sum dips for minutes; and between two writes it seems to be higher for
    milliseconds. A top-up is a rise above the highest of the last hour that more
    than one answer shows.
    """

    marks: list[Mark] = field(default_factory=list)
    """The highest of the last hour, then the highest since that, and so on."""
    rises: list[Points] = field(default_factory=list)
    """What answers in a row had above the highest mark."""
    left: Points | None = None
    """What was left before they did."""

    def observe(
        self, time: int, left: float, granted: float, smallest: float
    ) -> TopUp | None:
        """Return what was added, as soon as answers agree on it.

        If they go on differing, it is the second highest of a few: one of them may
        be from between two writes, others from during requests.
        """
        mark = self.marks[0].granted if self.marks else None
        if mark is None or granted <= mark:
            self.rises.clear()
            self._take(time, left, granted)
            return None
        is_agreed = granted in self.rises
        self.rises.append(granted)
        if not is_agreed:
            if len(self.rises) < _MOST_ANSWERS:
                return None
            granted = sorted(self.rises)[-2]
        before = left if self.left is None else self.left
        self.rises.clear()
        self._take(time, left, granted)
        rise = granted - mark
        return TopUp(rise, bounded(before + rise)) if rise > smallest else None

    def look_again_in(self, smallest: float) -> float | None:
        """Return the seconds after which to ask for another answer, if it matters."""
        if not self.rises or not self.marks:
            return None
        rise = max(self.rises) - self.marks[0].granted
        return _SECOND_ANSWER if rise > smallest else None

    def raise_by(self, amount: float) -> None:
        """Expect the sum to be higher, for no top-up."""
        for mark in self.marks:
            mark.granted = bounded(mark.granted + amount)
        self.rises = [bounded(rise + amount) for rise in self.rises]

    def lower_by(self, amount: float, granted: float) -> None:
        """Expect the sum to be lower, unless it is as high as before nevertheless."""
        for mark in self.marks:
            mark.granted = min(mark.granted, max(mark.granted - amount, granted))

    def _take(self, time: int, left: float, granted: float) -> None:
        """Remember a sum, and forget those that are higher but too old."""
        self.left = left
        marks, since = self.marks, time
        while marks and marks[-1].granted <= granted:
            since = min(since, marks.pop().since)
        for mark in marks[1:]:
            # A clock that was put back must not make a dip last.
            mark.since = min(mark.since, time)
        marks.append(Mark(since, granted))
        del marks[_MOST_MARKS:]
        while len(marks) > 1 and time - marks[1].since >= _LONGEST_DIP:
            del marks[0]
