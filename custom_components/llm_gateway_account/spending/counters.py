"""What an answer says was spent, given back, or counted anew."""

from dataclasses import dataclass
from enum import Enum, auto

from .local_time import HOUR
from .models import Observation
from .numbers import Count, Points, Time, bounded, bounded_count
from .samples import Samples

# Answers that lag, or lack the bonus, are passed over for an hour, where polls are rare
# two of them.
_LONGEST_LAG = HOUR
_MOST_STALE = 2

# No account that had used something had used so little of it an hour before.
_BEGUN_ANEW = 0.01


class Answer(Enum):
    """What to make of an answer."""

    GOES_ON = auto()
    STALE = auto()
    """It comes from a replica that lags, or is incomplete."""
    BEHIND = auto()
    """It is so for so long that it is the truth."""
    NEW_ACCOUNT = auto()
    """Both counters began anew."""


@dataclass(slots=True)
class Counters:
    """The counters of the last answer that counted."""

    used_quota: Points | None = None
    request_count: Count | None = None
    bonus_quota: Points | None = None
    granted: Points = 0
    outdated_used: Points | None = None
    """With `outdated_granted`: as it was before a top-up or a refund."""
    outdated_granted: Points = 0
    outdated_at: Time = 0
    stale_since: Time | None = None
    stale_answers: Count = 0

    def judge(self, time: int, observation: Observation, samples: Samples) -> Answer:
        """Tell whether an answer goes on from the one before.

        One that counts fewer requests than one seen before is older: none is ever
        taken back. (new-api lowers `used_quota` by a refund, and leaves
        `request_count` alone.) So is one that is as it was before a top-up or a refund.
        """
        count, before = observation.request_count, self.request_count
        is_behind = self._is_outdated(time, observation) or (
            count is not None and before is not None and bounded_count(count) < before
        )
        lacks_bonus = observation.bonus_quota is None and self.bonus_quota is not None
        if not is_behind and not lacks_bonus:
            self.stale_since, self.stale_answers = None, 0
            self._outdate(time, observation)
            return Answer.GOES_ON
        if is_behind and self._began_anew(time, observation, samples):
            return Answer.NEW_ACCOUNT
        # A clock that was put back must not make it last.
        self.stale_since = min(time, self.stale_since or time)
        self.stale_answers += 1
        if time - self.stale_since < _LONGEST_LAG or self.stale_answers <= _MOST_STALE:
            return Answer.STALE
        return Answer.BEHIND

    def take_others(self, observation: Observation) -> tuple[float, float]:
        """Remember requests and bonus; return the bonus, and how much of it went."""
        if observation.request_count is not None:
            self.request_count = bounded_count(observation.request_count)
        before, bonus = self.bonus_quota, observation.bonus_quota
        self.bonus_quota = bonus if bonus is None else bounded(bonus)
        left = self.bonus_quota or 0
        return left, max((before or 0) - left, 0)

    def take_used(
        self, used: float, granted: float, refundable: float
    ) -> tuple[float, float]:
        """Return what was spent, and how much lower the counter was set instead.

        Less than nothing is a refund: not if nobody spent so much since the records
        began, nor if the counter is at nothing and nothing was given back.
        """
        before = used if self.used_quota is None else self.used_quota
        change, gain = used - before, granted - self.granted
        self.used_quota, self.granted = used, granted
        began_anew = used < before * _BEGUN_ANEW and gain <= change / 2
        if change < 0 and (began_anew or -change > refundable):
            return 0, -change
        return change, 0

    def _outdate(self, time: int, answer: Observation) -> None:
        """Remember how it was, if something was added or given back since."""
        used, before = answer.used_quota, self.used_quota
        if used is None or before is None or answer.request_count != self.request_count:
            self.outdated_used = None
        elif used < before or (used == before and _granted(answer) > self.granted):
            self.outdated_used, self.outdated_granted = before, self.granted
            self.outdated_at = time

    def _is_outdated(self, time: int, answer: Observation) -> bool:
        return (
            self.outdated_used is not None
            and answer.used_quota == self.outdated_used
            and _granted(answer) == self.outdated_granted
            and 0 <= time - self.outdated_at < _LONGEST_LAG
        )

    def _began_anew(self, time: int, answer: Observation, samples: Samples) -> bool:
        used, count = answer.used_quota, answer.request_count
        hour_ago = 0.0
        if samples.times and samples.times[0] <= time - HOUR:
            spent_since = samples.values[-1] - samples.spent_by(time - HOUR)
            hour_ago = (self.used_quota or 0) - spent_since
        return (
            used is not None
            and used < hour_ago * _BEGUN_ANEW
            and (count or 0) <= (self.request_count or 0) * _BEGUN_ANEW
        )


def _granted(answer: Observation) -> float:
    return bounded(bounded(answer.quota) + bounded(answer.used_quota or 0))
