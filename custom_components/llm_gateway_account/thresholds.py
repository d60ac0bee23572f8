"""Limits that automations bring along: on which figures, and when one is passed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

import voluptuous as vol

from homeassistant.helpers import config_validation as cv

from .budgets import Period
from .spending.levels import LONGEST_REQUEST, MARGIN
from .spending.numbers import LARGEST_INTEGER

if TYPE_CHECKING:
    from .coordinator import AccountData
    from .spending import Spending
    from .unit import Unit

# A limit counts again only after the figure was so far on its good side.
_MARGIN = MARGIN / 100


class Figure(NamedTuple):
    """A number with which a limit can be compared."""

    value_fn: Callable[[AccountData], float | None]
    """Quota points, days or percent; None while it is not known."""
    is_amount: bool = True
    """Whether it is quota points."""
    is_above: bool = False
    """Whether the limit is passed upwards."""
    may_dip: bool = False
    """Whether a request paid in advance changes it for a while."""
    since_fn: Callable[[AccountData], datetime | None] = lambda _: None
    """When it began to count, where it begins again and again."""

    def read(self, data: AccountData, unit: Unit) -> float | None:
        """Return the number in the account's unit, in days or in percent."""
        value = self.value_fn(data)
        return unit.amount(value) if self.is_amount and value is not None else value

    def is_past(self, value: float, limit: float) -> bool:
        """Tell whether a number is on the bad side of a limit."""
        return value > limit if self.is_above else value < limit

    def is_back(self, value: float, limit: float) -> bool:
        """Tell whether a number is on the good side, with the margin."""
        if self.is_above:
            return value <= limit * (1 - _MARGIN)
        return value >= limit * (1 + _MARGIN)


def _days_remaining(spending: Spending) -> float | None:
    """Return the days; infinitely many where next to nothing is spent."""
    if spending.days_remaining is None and spending.average_daily is not None:
        return inf
    return spending.days_remaining


def _used(period: Period) -> Figure:
    """Return the percentage of a budget that was spent."""
    return Figure(
        value_fn=lambda data: (
            budget.used if (budget := data.budgets.get(period)) else None
        ),
        since_fn=lambda data: (
            budget.since if (budget := data.budgets.get(period)) else None
        ),
        is_amount=False,
        is_above=True,
    )


FIGURES = {
    "balance_below": Figure(
        value_fn=lambda data: data.account.left,
        may_dip=True,
    ),
    "days_remaining_below": Figure(
        value_fn=lambda data: _days_remaining(data.spending),
        is_amount=False,
        may_dip=True,
    ),
    "spent_today_above": Figure(
        value_fn=lambda data: data.spending.spent_today,
        since_fn=lambda data: data.spending.day_since,
        is_above=True,
    ),
    "spent_this_month_above": Figure(
        value_fn=lambda data: data.spending.spent_this_month,
        since_fn=lambda data: data.spending.month_since,
        is_above=True,
    ),
    "daily_budget_used_above": _used(Period.DAY),
    "monthly_budget_used_above": _used(Period.MONTH),
}

CONF_LIMIT = "limit"

# In the account's unit, or days. Finite: JSON has no other numbers.
LIMIT_SCHEMA: dict[vol.Marker, Any] = {
    vol.Required(CONF_LIMIT): vol.All(
        vol.Coerce(float), vol.Range(min=0, max=LARGEST_INTEGER)
    )
}

STORED_CROSSING_SCHEMA = vol.Schema(
    {
        "figure": str,
        "limit": vol.Coerce(float),
        "is_past": bool,
        "past_since": vol.Any(None, cv.positive_int),
        "period": vol.Any(None, int),
        "due": vol.Any(None, vol.Coerce(float)),
    },
    required=True,
    extra=vol.REMOVE_EXTRA,
)


@dataclass(kw_only=True, slots=True)
class Crossing:
    """On which side of a limit a figure was last; outlives a restart."""

    figure: str
    """One of FIGURES."""
    limit: float
    """In the account's unit, or days."""
    is_past: bool
    past_since: int | None = None
    """From which answer on it may be past the limit, or only dips; Unix seconds."""
    period: int | None = None
    """When the figure began to count; Unix seconds."""
    due: float | None = None
    """The value with which it passed the limit, until the triggers have it."""

    @classmethod
    def begin(
        cls, figure: str, limit: float, data: AccountData, unit: Unit
    ) -> Crossing | None:
        """Return where a figure is now; None while it is not known."""
        described = FIGURES[figure]
        if (value := described.read(data, unit)) is None:
            return None
        return cls(
            figure=figure,
            limit=limit,
            is_past=described.is_past(value, limit),
            period=_period(described, data),
        )

    def judge(
        self, data: AccountData, unit: Unit, time: int, *, is_topped_up: bool
    ) -> None:
        """Compare a good answer with the limit.

        After a top-up no margin is asked for: the figure is surely another one.
        """
        figure = FIGURES[self.figure]
        if (value := figure.read(data, unit)) is None:
            return
        if (period := _period(figure, data)) != self.period:
            self.period, self.is_past = period, False
        is_past = figure.is_past(value, self.limit)
        if self.is_past:
            is_good = is_topped_up or figure.is_back(value, self.limit)
            self.is_past = is_past or not is_good
        elif not is_past:
            self.past_since = None
        elif figure.may_dip and value > 0 and not self._is_confirmed(time):
            # Not later than now, or a clock that was put back would make it last.
            self.past_since = min(self.past_since or time, time)
        else:
            self.is_past, self.past_since, self.due = True, None, value

    def _is_confirmed(self, time: int) -> bool:
        since = self.past_since
        return since is not None and time - since >= LONGEST_REQUEST

    def attributes(self, value: float, unit: Unit) -> dict[str, Any]:
        """Return what a trigger has to say of a value that passed the limit."""
        attributes: dict[str, Any] = {"limit": self.limit, "value": value}
        if FIGURES[self.figure].is_amount:
            attributes["currency"] = unit.currency
        return attributes


def _period(figure: Figure, data: AccountData) -> int | None:
    since = figure.since_fn(data)
    return None if since is None else int(since.timestamp())
