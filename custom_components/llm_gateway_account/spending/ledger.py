"""Keeps the books of an account, from one poll to the next."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from .checks import bounded, read_fields, read_integer, read_number
from .figures import Figures
from .levels import Level
from .local_time import (
    DAY,
    HOUR,
    start_of_day,
    start_of_month,
    unix_time,
    within_reason,
)
from .models import Activity, ActivityType, Limits, Spending
from .samples import Samples
from .top_ups import TopUp, TopUps
from .unusual import UnusualSpending

# Less used than before is an answer of a replica that lags behind, or of a gateway
# that stumbles; unless it lasts.
_LONGEST_DOUBT = HOUR

_LAST_HOUR = 23

# After so many polls, an hour of them, a clock far behind the records is believed. A
# small computer starts in 1970 until it gets the time from the network.
_DOUBTS = 12


class Ledger:
    """What is known of the spending of one account. Amounts are quota points."""

    def __init__(self) -> None:
        """Start with an account that was never seen."""
        self.revision = 0
        """Grows when there is something new worth writing to disk: about once an
        hour while something is spent, always in the last one before midnight, and once
        a day while nothing is."""
        self._used_quota: float | None = None
        self._lower: tuple[int, float] | None = None
        """Since when less was used than before, and the least that was."""
        self._spent: float = 0
        self._day: int | None = None
        """When the local day of the latest observation began."""
        self._doubts = 0
        self._samples = Samples()
        self._figures = Figures()
        self._top_ups = TopUps()
        self._level = Level()
        self._unusual = UnusualSpending()
        self._alerts: list[ActivityType] = []
        """What was told since the balance recovered last."""
        self._written = self._worth_writing()
        self._known: tuple[object, ...] | None = None
        self._shown: Spending | None = None
        """What was returned for the poll that is known."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `as_dict` wrote. Raises ValueError for anything else."""
        ledger = cls()
        (
            used_quota,
            spent,
            doubts,
            samples,
            figures,
            top_ups,
            level,
            unusual,
            alerts,
            lower_since,
            lowest,
            day,
        ) = read_fields(
            data,
            "used_quota",
            "spent",
            "doubts",
            "samples",
            "figures",
            "top_ups",
            "level",
            "unusual",
            new=("alerts", "lower_since", "lowest", "day"),
        )
        if used_quota is not None:
            ledger._used_quota = read_number(used_quota)
        if lower_since is not None or lowest is not None:
            ledger._lower = read_integer(lower_since), read_number(lowest)
        if day is not None:
            ledger._day = read_integer(day)
        ledger._samples = Samples.from_dict(samples)
        ledger._spent = read_number(spent, ledger._samples.latest_value)
        ledger._doubts = read_integer(doubts, _DOUBTS)
        ledger._figures = Figures.from_dict(figures)
        ledger._top_ups = TopUps.from_dict(top_ups)
        ledger._level = Level.from_dict(level)
        ledger._unusual = UnusualSpending.from_dict(unusual)
        if not (alerts is None or isinstance(alerts, list)):
            raise ValueError("not a list of alerts")
        ledger._alerts = [ActivityType(each) for each in alerts or []]
        ledger._written = ledger._worth_writing()
        return ledger

    def as_dict(self) -> dict[str, Any]:
        """Return everything, as what can be written as JSON."""
        lower_since, lowest = self._lower or (None, None)
        return {
            "used_quota": self._used_quota,
            "spent": self._spent,
            "doubts": self._doubts,
            "samples": self._samples.as_dict(),
            "figures": self._figures.as_dict(),
            "top_ups": self._top_ups.as_dict(),
            "level": self._level.as_dict(),
            "unusual": self._unusual.as_dict(),
            "alerts": [each.value for each in self._alerts],
            "lower_since": lower_since,
            "lowest": lowest,
            "day": self._day,
        }

    def observe(
        self, now: datetime, quota: float, used_quota: float | None, limits: Limits
    ) -> tuple[Spending, list[Activity]]:
        """Enter the answer of a poll.

        `now` is aware and in the time zone of the home. Returns what there is to
        show, and what happened since the last answer.
        """
        now = within_reason(now)
        poll = quota, used_quota, limits, now.tzinfo, now.date(), now.hour
        # Most polls bring nothing new. Then nothing changes before the hour does.
        if self._shown and poll == self._known and self._samples.repeat(unix_time(now)):
            return self._shown, []
        quota = left = bounded(quota)
        activities: list[Activity] = []
        top_up: TopUp | None = None
        unusual: Activity | None = None
        if used_quota is not None:
            if top_up := self._count(now, quota, bounded(used_quota), limits):
                activities.append(
                    Activity(type=ActivityType.TOPPED_UP, amount=top_up.amount)
                )
            # With what is held back for a request; as before, if this is not believed.
            left = quota if self._top_ups.left is None else self._top_ups.left
            if self._is_plausible(unix_time(now)):
                unusual = self._look_back(now, left, limits)
        level, change = self._level.judge(
            left, limits.low, limits.critical, peak=top_up and top_up.peak
        )
        if change is ActivityType.BALANCE_RECOVERED:
            if self._unusual.since is not None:
                self._remember(ActivityType.UNUSUAL_SPENDING)
            activities.append(Activity(type=change, alerts=tuple(self._alerts)))
            self._alerts = []
        elif change:
            self._remember(change)
            activities.append(Activity(type=change))
        if unusual:
            self._remember(unusual.type)
            activities.append(unusual)
        worth_writing = self._worth_writing(is_late=now.hour == _LAST_HOUR)
        if worth_writing != self._written:
            self._written = worth_writing
            self.revision += 1
        self._shown = self._figures.show(
            now.tzinfo,
            level,
            unusual=self._unusual.state,
            has_subscription=self._top_ups.has_subscription,
        )
        self._known = poll if self._is_settled(used_quota) else None
        return self._shown, activities

    def forget_account(self) -> None:
        """Compare nothing with the next answer, but keep what was spent."""
        self._used_quota = self._lower = self._known = None
        self._top_ups = TopUps()
        self._level = Level()
        self._alerts = []

    def _count(
        self, now: datetime, quota: float, used_quota: float, limits: Limits
    ) -> TopUp | None:
        """Add up what was spent, and return what was added to the account."""
        time, latest = unix_time(now), self._samples.latest_time
        before = used_quota if self._used_quota is None else self._used_quota
        if used_quota < before:
            since, lowest = self._lower or (time, used_quota)
            # A clock that was put back must not make the doubt last.
            self._lower = min(since, time), min(lowest, used_quota)
            if time - since < _LONGEST_DOUBT:
                return None
            # Another account, or an operator's edit: nothing can be compared.
            self._top_ups = TopUps()
            before = self._lower[1]
        self._spent = bounded(self._spent + (used_quota - before))
        self._used_quota, self._lower = used_quota, None
        return self._top_ups.observe(
            time,
            quota,
            bounded(quota + used_quota),
            limits.smallest_top_up,
            is_watched=latest is not None and time - latest < DAY,
        )

    def _is_settled(self, used_quota: float | None) -> bool:
        """Tell whether there is nothing that time alone would change."""
        return (
            used_quota is not None
            and self._lower is None
            and self._doubts == 0
            and self._top_ups.is_settled
            and self._unusual.since is None
            # What was seen at midnight itself has to be kept.
            and self._samples.latest_time != self._day
        )

    def _remember(self, alert: ActivityType) -> None:
        """Keep an alert in mind until the balance recovers."""
        if alert not in self._alerts:
            self._alerts.append(alert)

    def _is_plausible(self, time: int) -> bool:
        """Tell whether the clock can be believed, and mend what a wrong one left."""
        latest = self._samples.latest_time
        if latest is None or time >= latest or self._samples.go_back(time):
            self._doubts = 0
            return True
        self._doubts += 1
        if self._doubts < _DOUBTS:
            return False
        self._doubts = 0
        self._samples = Samples()
        return True

    def _look_back(self, now: datetime, left: float, limits: Limits) -> Activity | None:
        """Bring samples and figures up to date, and return what is unusual."""
        time, day = unix_time(now), start_of_day(now)
        self._day = day
        if self._samples.record(time, self._spent, day):
            self._figures.average(self._samples, time)
            self._unusual.learn(self._samples, day)
        self._figures.count(self._samples, day, start_of_month(now))
        self._figures.forecast(time, None if self._top_ups.has_subscription else left)
        return self._unusual.observe(self._samples, time, day, limits)

    def _worth_writing(self, *, is_late: bool = False) -> tuple[object, ...]:
        """Return what must not be lost; the rest can be found again.

        But found again tomorrow, what was shown today would count on both days.
        """
        return (
            self._spent if is_late else self._samples.kept_value,
            self._day,
            self._top_ups.mark,
            self._top_ups.has_subscription,
            self._level.current,
            self._level.thresholds,
            self._unusual.since,
        )
