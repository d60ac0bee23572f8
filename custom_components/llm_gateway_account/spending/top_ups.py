"""Top-ups, found in what was ever granted: what is left and what was spent."""

from typing import Any, NamedTuple, Self

from .checks import bounded, read_fields, read_integer, read_number
from .local_time import DAY, HOUR

# A gateway takes money before a request and gives back what is left of it after. A
# sum that stays lower for longer than a request was corrected by the operator; or the
# next requests have begun before, so that a rise is no top-up for some time more.
_LONGEST_DIP = HOUR
_LONGEST_DIPS = 3 * HOUR

# Once may be chance: as much was added as was spent.
_SIGNS_OF_A_SUBSCRIPTION = 3

# Subscriptions are sold by the month. One that paid for nothing since has ended.
_LONGEST_REST = 31 * DAY


class TopUp(NamedTuple):
    """What was added to an account since it was looked at (points)."""

    amount: float
    peak: float
    """The most that may have been left in between."""


class TopUps:
    """The highest sum (points) that was granted so far, apart from dips."""

    def __init__(self) -> None:
        """Start with nothing granted that is known."""
        self.mark: float | None = None
        self.left: float | None = None
        """What is left to spend, with what is only held back for a request."""
        self._dip: tuple[int, float] | None = None
        """Since when the sum is below the mark, and the highest it was since."""
        self._unpaid = 0
        """How often points were seen to be spent that were not taken from the quota."""
        self._unpaid_at = 0

    @classmethod
    def from_dict(cls, data: Any) -> Self:
        """Read what `as_dict` wrote. Raises ValueError for anything else."""
        top_ups = cls()
        mark, since, highest, quota, _, unpaid, unpaid_at = read_fields(
            data,
            "mark",
            "dip_since",
            "dip_highest",
            "quota",
            new=("has_subscription", "unpaid", "unpaid_at"),
        )
        if mark is not None:
            top_ups.mark = read_number(mark)
        if since is not None or highest is not None:
            top_ups._dip = read_integer(since), read_number(highest)
        if top_ups._dip and (top_ups.mark is None or top_ups._dip[1] >= top_ups.mark):
            raise ValueError("no dip below the mark")
        if quota is not None:
            top_ups.left = read_number(quota)
        if unpaid is not None or unpaid_at is not None:
            top_ups._unpaid = read_integer(unpaid, _SIGNS_OF_A_SUBSCRIPTION)
            top_ups._unpaid_at = read_integer(unpaid_at)
        return top_ups

    def as_dict(self) -> dict[str, Any]:
        """Return what can be written as JSON."""
        since, highest = self._dip or (None, None)
        return {
            "mark": self.mark,
            "dip_since": since,
            "dip_highest": highest,
            "quota": self.left,
            "unpaid": self._unpaid,
            "unpaid_at": self._unpaid_at,
        }

    @property
    def has_subscription(self) -> bool:
        """Whether something else pays too: new-api has such subscriptions."""
        return self._unpaid >= _SIGNS_OF_A_SUBSCRIPTION

    @property
    def is_settled(self) -> bool:
        """Whether there is nothing that time alone would change."""
        return self._dip is None and not self._unpaid

    def observe(
        self,
        time: int,
        quota: float,
        granted: float,
        smallest: float,
        *,
        is_watched: bool,
    ) -> TopUp | None:
        """Return what was added since the last look; None if it is no top-up.

        `is_watched` tells whether that was less than a day ago.
        """
        if time - self._unpaid_at >= _LONGEST_REST:
            self._unpaid = 0
        before, self.left = self.left, quota
        if self.mark is not None and granted < self.mark:
            since, highest = self._dip or (time, granted)
            # A clock that was put back must not make the dip last.
            self._dip = since, highest = min(since, time), max(highest, granted)
            given_back = self.mark if time - since < _LONGEST_DIP else highest
            self.left = quota + (given_back - granted)
            if time - since >= _LONGEST_DIPS:
                self.mark, self._dip = highest, None
            return None
        rise = 0 if self.mark is None else granted - self.mark
        self.mark, self._dip = granted, None
        if before is None or rise <= 0:
            return None
        # To the point as much as before: whatever was spent, another purse paid for it.
        if (is_watched and quota == before) or (
            self.has_subscription and quota <= before
        ):
            self._unpaid = min(self._unpaid + 1, _SIGNS_OF_A_SUBSCRIPTION)
            self._unpaid_at = time
            return None
        if self.has_subscription:
            rise = min(rise, quota - before)
        return TopUp(rise, bounded(before + rise)) if rise >= smallest else None
