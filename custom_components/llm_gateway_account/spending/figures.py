"""The figures to show: spent today and this month, per day, and how long it lasts."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from .local_time import DAY, HOUR, Moment
from .models import BalanceLevel, Spending
from .numbers import Points, Rate, Time, bounded
from .samples import Samples

_AVERAGED = 7 * DAY

# Which change of an estimate is news: in use, and if nothing was spent for two hours,
# after which it falls from hour to hour and is on the safe side.
_NEWS, _NEWS_AT_REST = 0.05, 0.25

# Beyond that it is no forecast.
_LONGEST_DAYS_REMAINING = 3650


@dataclass(slots=True)
class Figures:
    """The figures as they were last shown; times are Unix times."""

    spent_today: Points | None = None
    day_since: Time | None = None
    spent_this_month: Points | None = None
    month_since: Time | None = None
    average_daily: Rate | None = None
    days_remaining: Rate | None = None
    runs_out_at: Time | None = None

    def add(self, spent: float) -> None:
        """Count something on the day and in the month that are shown."""
        if self.spent_today is not None:
            self.spent_today = bounded(self.spent_today + spent)
        if self.spent_this_month is not None:
            self.spent_this_month = bounded(self.spent_this_month + spent)

    def count(self, samples: Samples, moment: Moment) -> None:
        """Count what was spent since the local day and month began.

        What was spent unseen belongs to the day on which it was noticed. Of a day or
        month that began before the records, nothing is known.
        """
        self.spent_today, self.day_since = _spent_since(
            samples, moment.day, (self.spent_today, self.day_since)
        )
        self.spent_this_month, self.month_since = _spent_since(
            samples, moment.month, (self.spent_this_month, self.month_since)
        )

    def average(self, samples: Samples) -> None:
        """Take the average per day if it is news. Once an hour, not to tremble."""
        time = samples.times[-1]
        start = max(time - _AVERAGED, samples.times[0])
        if time - start < DAY:
            self.average_daily = None
            return
        spent = samples.values[-1] - samples.spent_by(start)
        average, shown = max(spent, 0) * DAY / (time - start), self.average_daily
        is_at_rest = samples.spent_by(time - 2 * HOUR) == samples.values[-1]
        news = _NEWS_AT_REST if is_at_rest else _NEWS
        if shown is None or not average or abs(average - shown) >= news * shown:
            self.average_daily = average

    def forecast(self, time: int, left: float) -> None:
        """Say how long what is left lasts at the average; None if nobody can say."""
        if left <= 0:
            self.days_remaining, self.runs_out_at = 0, None
            return
        days = left / self.average_daily if self.average_daily else None
        if days is None or days > _LONGEST_DAYS_REMAINING:
            self.days_remaining = self.runs_out_at = None
            return
        self.days_remaining = round(days, 1)
        runs_out_at = time + round(days * DAY)
        later, span = runs_out_at - (self.runs_out_at or 0), days * DAY
        is_about = -max(HOUR, _NEWS * span) < later < max(HOUR, _NEWS_AT_REST * span)
        if not is_about or (self.runs_out_at or 0) < time:
            self.runs_out_at = runs_out_at

    def show(
        self, zone: tzinfo | None, level: BalanceLevel, *, unusual: bool | None
    ) -> Spending:
        """Return the figures with times of a time zone."""

        def moment(time: int | None) -> datetime | None:
            return None if time is None else datetime.fromtimestamp(time, zone)

        return Spending(
            spent_today=self.spent_today,
            day_since=moment(self.day_since),
            spent_this_month=self.spent_this_month,
            month_since=moment(self.month_since),
            average_daily=self.average_daily,
            days_remaining=self.days_remaining,
            runs_out_at=moment(self.runs_out_at),
            level=level,
            unusual=unusual,
        )


def _spent_since(
    samples: Samples, start: int, shown: tuple[float | None, int | None]
) -> tuple[float | None, int | None]:
    """Return what was spent, and when that began to count.

    Nothing begins anew where there was nothing and is nothing: the recorder would
    write a row a day for it.
    """
    if samples.times[0] > start:
        return None, None
    spent, (before, since) = samples.values[-1] - samples.noticed_before(start), shown
    if since is not None and since <= start and before == spent == 0:
        return spent, since
    return spent, start
