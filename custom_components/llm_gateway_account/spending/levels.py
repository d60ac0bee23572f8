"""How low the balance is, without flapping."""

from dataclasses import dataclass
from math import isclose

from .models import BalanceLevel, EventType, Limits
from .numbers import Points, Time, bounded

# A level gets better only so many percent of its limit above it, and an empty
# balance when more than that of the critical limit is left.
MARGIN = 10

# Seconds; by then a request that was paid in advance is over.
LONGEST_REQUEST = 240

# The answer that was to tell may come from a replica that lags.
_SOONEST_LOOK = 60

_severity = list(BalanceLevel).index

_ALERTS = {
    BalanceLevel.LOW: EventType.BALANCE_LOW,
    BalanceLevel.CRITICAL: EventType.BALANCE_CRITICAL,
    BalanceLevel.EXHAUSTED: EventType.BALANCE_EXHAUSTED,
}


@dataclass(slots=True)
class Level:
    """The level of a balance, and the limits it was judged by (points)."""

    current: BalanceLevel | None = None
    low: Points = 0
    critical: Points = 0
    worse: BalanceLevel | None = None
    """The best that answers in a row, all worse than the current level, said."""
    worse_since: Time | None = None

    def judge(
        self,
        time: int,
        left: float,
        limits: Limits,
        *,
        peak: float | None = None,
        is_new: bool = False,
    ) -> EventType | None:
        """Judge a balance, and return what happened to its level.

        It gets worse when answers say so for as long as a request takes, used up at
        once: no gateway lets a request in whose advance is more than there is.
        `peak` is the most that was left since the last time, if it was topped up;
        `is_new` says that it is the balance of another account, which counts at once.
        """
        low, critical = bounded(limits.low), bounded(limits.critical)
        before, now = self.current, _level(left, low, critical)
        if before and now is not before and peak is None and not is_new:
            best = min(
                before, self._level_by_margin(left, low, critical), key=_severity
            )
            now = max(now, best, key=_severity)
        self.low, self.critical = low, critical
        if before is None:
            self.current = now
            return None
        is_at_once = is_new or now is BalanceLevel.EXHAUSTED
        if _severity(now) <= _severity(before) or is_at_once:
            self.worse = self.worse_since = None
        else:
            now = self._confirmed(time, before, now)
        self.current = now
        if now is BalanceLevel.OK:
            return EventType.BALANCE_RECOVERED if before is not now else None
        if peak is not None:
            before = min(before, _level(peak, low, critical), key=_severity)
        return _ALERTS[now] if _severity(now) > _severity(before) else None

    def look_again_in(self, time: int) -> float | None:
        """Return the seconds after which to ask whether the level is worse."""
        if self.worse_since is None:
            return None
        left = LONGEST_REQUEST - (time - self.worse_since)
        return float(min(max(left, _SOONEST_LOOK), LONGEST_REQUEST))

    def _confirmed(
        self, time: int, before: BalanceLevel, now: BalanceLevel
    ) -> BalanceLevel:
        """Return how bad it has been for long enough, and wait for what is worse."""
        # Not later than now, or a clock that was put back would make it last.
        since = time if self.worse_since is None else min(self.worse_since, time)
        worse = min(self.worse or now, now, key=_severity)
        if time - since >= LONGEST_REQUEST:
            before, worse, since = worse, now, time
        is_worse = _severity(worse) > _severity(before)
        self.worse, self.worse_since = (worse, since) if is_worse else (None, None)
        return before

    def _level_by_margin(
        self, left: float, low: float, critical: float
    ) -> BalanceLevel:
        """Return the level the balance has surely reached, coming from below.

        A limit that was changed has no margin. Another unit rounds it a little.
        """
        margin_of_low, margin_of_critical = (
            limit * MARGIN / 100 if isclose(limit, old) else 0
            for limit, old in ((low, self.low), (critical, self.critical))
        )
        if left <= margin_of_critical:
            return BalanceLevel.EXHAUSTED
        return _level(left, low + margin_of_low, critical + margin_of_critical)


def _level(left: float, low: float, critical: float) -> BalanceLevel:
    if left <= 0:
        return BalanceLevel.EXHAUSTED
    if left < critical:
        return BalanceLevel.CRITICAL
    return BalanceLevel.LOW if left < low else BalanceLevel.OK
