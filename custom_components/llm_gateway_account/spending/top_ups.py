"""Top-ups, found in what was ever granted: what is left and what was spent."""

from typing import Any, Self

from .checks import read_fields, read_integer, read_number
from .local_time import HOUR

# A gateway takes money before a request and gives back what is left of it after. A
# sum that stays lower for longer than a request was corrected by the operator.
_LONGEST_DIP = HOUR


class TopUps:
    """The highest sum (points) that was granted so far, apart from dips."""

    def __init__(self) -> None:
        """Start with nothing granted that is known."""
        self.mark: float | None = None
        self.left: float | None = None
        """What is left to spend, with what is only held back for a request."""
        self._dip: tuple[int, float] | None = None
        """Since when the sum is below the mark, and the highest it was since."""
        self._has_subscription = False
        """Whether points were spent that were not taken from the quota."""

    @classmethod
    def from_dict(cls, data: Any) -> Self:
        """Read what `as_dict` wrote. Raises ValueError for anything else."""
        top_ups = cls()
        mark, since, highest, quota, has_subscription = read_fields(
            data, "mark", "dip_since", "dip_highest", "quota", "has_subscription"
        )
        if mark is not None:
            top_ups.mark = read_number(mark)
        if since is not None or highest is not None:
            top_ups._dip = read_integer(since), read_number(highest)
        if top_ups._dip and (top_ups.mark is None or top_ups._dip[1] >= top_ups.mark):
            raise ValueError("no dip below the mark")
        if quota is not None:
            top_ups.left = read_number(quota)
        top_ups._has_subscription = has_subscription is True
        return top_ups

    def as_dict(self) -> dict[str, Any]:
        """Return what can be written as JSON."""
        since, highest = self._dip or (None, None)
        return {
            "mark": self.mark,
            "dip_since": since,
            "dip_highest": highest,
            "quota": self.left,
            "has_subscription": self._has_subscription,
        }

    def observe(
        self, time: int, quota: float, granted: float, smallest: float
    ) -> float | None:
        """Return how much was added since; None if it is no top-up."""
        before, self.left = self.left, quota
        if self.mark is None or granted >= self.mark:
            rise = 0 if self.mark is None else granted - self.mark
            self.mark, self._dip = granted, None
            return rise if self._is_top_up(before, rise, smallest) else None
        since, highest = self._dip or (time, granted)
        # A clock that was put back must not make the dip last.
        self._dip = min(since, time), max(highest, granted)
        if time - since >= _LONGEST_DIP:
            self.mark, self._dip = self._dip[1], None
        self.left = quota + (self.mark - granted)
        return None

    def _is_top_up(self, before: float | None, rise: float, smallest: float) -> bool:
        """Tell a top-up from a refund, and from what a subscription pays for.

        new-api counts the latter as spent, but does not take it from the quota.
        """
        if before is None or self.left is None or rise <= 0:
            return False
        if self.left == before:
            self._has_subscription = True
        if self._has_subscription and self.left <= before:
            return False
        return rise >= smallest
