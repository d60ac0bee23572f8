"""The periods of budgets: local days, and months with a first day of their own."""

from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

_DAY = timedelta(days=1)

# From any day of a month it is longer than to the end of that month.
_LONGEST_MONTH = timedelta(days=31)


class Period(StrEnum):
    """For how long a budget is."""

    DAY = "day"
    MONTH = "month"


class Span(NamedTuple):
    """The local days of a period."""

    first: date
    end: date
    """The first day after it."""

    def days_after(self, today: date) -> list[date]:
        """Return the days that are still to come."""
        return [today + _DAY * number for number in range(1, (self.end - today).days)]


def span_of(period: Period, today: date, first_day: int) -> Span:
    """Return the period that a day belongs to; months begin on `first_day` (1-28)."""
    if period is Period.DAY:
        return Span(today, today + _DAY)
    first = today.replace(day=first_day)
    if first > today:
        first = (first.replace(day=1) - _DAY).replace(day=first_day)
    end = (first.replace(day=1) + _LONGEST_MONTH).replace(day=first_day)
    return Span(first, end)
