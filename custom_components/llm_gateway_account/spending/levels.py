"""How low the balance is, without flapping."""

from math import isclose
from typing import Any, Self

from .checks import bounded, read_fields, read_number
from .models import ActivityType, BalanceLevel

# A level gets better only so many percent of its threshold above it, and an empty
# balance when more than that of the critical threshold is left.
_MARGIN = 10

_WORSE = {
    BalanceLevel.LOW: ActivityType.BALANCE_LOW,
    BalanceLevel.CRITICAL: ActivityType.BALANCE_CRITICAL,
    BalanceLevel.EXHAUSTED: ActivityType.BALANCE_EXHAUSTED,
}


class Level:
    """The level of a balance, and the thresholds it was judged by (points)."""

    def __init__(self) -> None:
        """Start with a balance that was never seen."""
        self.current: BalanceLevel | None = None
        self.thresholds: tuple[float, float] | None = None

    @classmethod
    def from_dict(cls, data: Any) -> Self:
        """Read what `as_dict` wrote. Raises ValueError for anything else."""
        level = cls()
        current, low, critical = read_fields(data, "current", "low", "critical")
        if current is low is critical is None:
            return level
        level.current = BalanceLevel(current)
        level.thresholds = read_number(low), read_number(critical)
        return level

    def as_dict(self) -> dict[str, Any]:
        """Return what can be written as JSON."""
        low, critical = self.thresholds or (None, None)
        return {
            "current": self.current and self.current.value,
            "low": low,
            "critical": critical,
        }

    def judge(
        self, left: float, low: float, critical: float, *, peak: float | None
    ) -> tuple[BalanceLevel, ActivityType | None]:
        """Return the level of a balance, and what has to be told of it.

        `peak` is the most that was left since the last time, if it was topped up.
        """
        before = self.current
        thresholds = bounded(low), bounded(critical)
        now = _level(left, *thresholds)
        if before and peak is None:
            best = min(before, self._level_by_margin(left, *thresholds), key=_severity)
            now = max(now, best, key=_severity)
        self.current, self.thresholds = now, thresholds
        if before is None:
            return now, None
        if now is BalanceLevel.OK:
            return now, ActivityType.BALANCE_RECOVERED if before is not now else None
        if peak is not None:
            before = min(before, _level(peak, *thresholds), key=_severity)
        return now, _WORSE[now] if now.severity > before.severity else None

    def _level_by_margin(
        self, left: float, low: float, critical: float
    ) -> BalanceLevel:
        """Return the level the balance has surely reached, coming from below.

        A threshold that was changed has no margin. Another unit rounds it a little.
        """
        before = self.thresholds or (low, critical)
        margin_of_low, margin_of_critical = (
            threshold * _MARGIN / 100 if isclose(threshold, old) else 0
            for threshold, old in zip((low, critical), before, strict=True)
        )
        if left <= margin_of_critical:
            return BalanceLevel.EXHAUSTED
        return _level(left, low + margin_of_low, critical + margin_of_critical)


def _severity(level: BalanceLevel) -> int:
    return level.severity


def _level(quota: float, low: float, critical: float) -> BalanceLevel:
    if quota <= 0:
        return BalanceLevel.EXHAUSTED
    if quota < critical:
        return BalanceLevel.CRITICAL
    return BalanceLevel.LOW if quota < low else BalanceLevel.OK
