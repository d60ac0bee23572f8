"""What an answer says was spent, given back, or counted anew."""

from dataclasses import dataclass
from enum import Enum, auto

from .local_time import HOUR
from .numbers import Count, Points, Time, bounded, bounded_count

# The longest that an answer is taken for one of a replica that lags, and that the
# bonus may be missing from the answers.
_LONGEST_LAG = HOUR

# No account that had used something an hour ago had used so little of it then.
_BEGUN_ANEW = 0.01


class Answer(Enum):
    """What to make of an answer."""

    GOES_ON = auto()
    STALE = auto()
    """It comes from a replica that lags."""
    BEHIND = auto()
    """It is behind for so long that it is the truth."""
    NEW_ACCOUNT = auto()
    """Both counters began anew."""


@dataclass(slots=True)
class Counters:
    """The counters of the last answer that counted."""

    used_quota: Points | None = None
    request_count: Count | None = None
    stale_since: Time | None = None
    bonus_quota: Points | None = None
    bonus_seen_at: Time | None = None

    def is_behind(self, request_count: int | None) -> bool:
        """Tell whether an answer counts fewer requests than one seen before.

        Then it is older: none is ever taken back. (new-api lowers `used_quota` by a
        refund, and leaves `request_count` alone.)
        """
        if request_count is None or self.request_count is None:
            return False
        return bounded_count(request_count) < self.request_count

    def judge(
        self,
        time: int,
        used_quota: float | None,
        request_count: int,
        used_an_hour_ago: float,
    ) -> Answer:
        """Tell what to make of an answer that is behind."""
        # A clock that was put back must not make it last.
        self.stale_since = min(time, self.stale_since or time)
        if (
            used_quota is not None
            and used_quota < used_an_hour_ago * _BEGUN_ANEW
            and request_count <= (self.request_count or 0) * _BEGUN_ANEW
        ):
            return Answer.NEW_ACCOUNT
        is_stale = time - self.stale_since < _LONGEST_LAG
        return Answer.STALE if is_stale else Answer.BEHIND

    def take_requests(self, request_count: int | None) -> None:
        """Remember how many requests were counted."""
        self.stale_since = None
        if request_count is not None:
            self.request_count = bounded_count(request_count)

    def take_used(self, used_quota: float) -> float:
        """Return how much more was used than before; less than nothing is a refund."""
        before, self.used_quota = self.used_quota, used_quota
        return 0 if before is None else used_quota - before

    def take_bonus(self, time: int, bonus_quota: float | None) -> tuple[float, float]:
        """Return the bonus that is left, and how much of it went since.

        One that is missing from an answer is still there, for an hour.
        """
        before, seen_at = self.bonus_quota, min(self.bonus_seen_at or time, time)
        if bonus_quota is not None or time - seen_at >= _LONGEST_LAG:
            self.bonus_quota = None if bonus_quota is None else bounded(bonus_quota)
            seen_at = time
        self.bonus_seen_at = seen_at
        left = self.bonus_quota or 0
        return left, max((before or 0) - left, 0)
