"""What a budget has to alert to: each once in a period."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from math import isclose
from typing import TYPE_CHECKING, NamedTuple

from .periods import Period

if TYPE_CHECKING:
    from .figures import BudgetFigures

# The first days of a month say little of it.
NO_FORECAST_FOR = timedelta(days=3)

# A projection that fell so far below the budget may pass it once more.
TAKEN_BACK_BELOW = 0.9


class Alert(StrEnum):
    """What may happen to a budget. The values are types of events."""

    WARNING = "budget_warning"
    EXCEEDED = "budget_exceeded"
    FORECAST = "budget_forecast"


class Budget(NamedTuple):
    """What somebody wants to spend in a day or a month at most."""

    period: Period
    limit: float
    """Points; more than nothing."""
    warn_at: float
    """Percent of it."""
    first_day: int = 1
    """On which day months begin (1-28)."""


@dataclass(kw_only=True, slots=True)
class BudgetState:
    """What was told of a budget in its period; outlives a restart."""

    begin: tuple[int, float] | None = None
    """When the period began (Unix seconds), and at which sum of the ledger."""
    first: str | None = None
    """The first day of the period (ISO 8601); None before it was known."""
    limit: float = 0
    """The budget of which it was told, in points."""
    warn_at: float = 0
    first_day: int = 1
    told: list[Alert] = field(default_factory=list)

    def as_tuple(self) -> tuple[object, ...]:
        """Return all of it, to be compared with what it is later."""
        return (
            self.begin,
            self.first,
            self.limit,
            self.warn_at,
            self.first_day,
            *self.told,
        )

    def is_of(self, budget: Budget, *, whatever_warns: bool = False) -> bool:
        """Tell whether it is of this budget, as it is set now.

        `whatever_warns` also takes one of which only the warning came elsewhere.
        """
        return (
            self.first is not None
            and isclose(self.limit, budget.limit)
            and (whatever_warns or self.warn_at == budget.warn_at)
            and self.first_day == budget.first_day
        )


def judge(state: BudgetState, figures: BudgetFigures) -> list[Alert]:
    """Return what happened to a budget since it was last judged.

    What holds already when a budget is set or changed is shown, but is no alert. Of
    several that happen at once the worst counts.
    """
    if figures.spent is None:
        return []
    budget, first = figures.budget, figures.since.date().isoformat()
    # Not anew for a clock that was put back.
    is_known = state.is_of(budget) and (state.first or "") <= first
    if state.first != first or not state.is_of(budget, whatever_warns=True):
        state.told.clear()
    elif not is_known and Alert.EXCEEDED not in state.told:
        state.told = [each for each in state.told if each is not Alert.WARNING]
    state.first, state.first_day = first, budget.first_day
    state.limit, state.warn_at = budget.limit, budget.warn_at
    projected = figures.projected
    if projected is not None and projected < TAKEN_BACK_BELOW * budget.limit:
        state.told = [each for each in state.told if each is not Alert.FORECAST]
    new = [each for each in _holding(figures) if each not in state.told]
    state.told += new
    return new[:1] if is_known else []


def _holding(figures: BudgetFigures) -> list[Alert]:
    """Return what holds, the worst first; each of them includes those after it."""
    budget, used = figures.budget, figures.used or 0
    if figures.is_over:
        return [Alert.EXCEEDED, Alert.WARNING, Alert.FORECAST]
    holding = [Alert.WARNING] if used >= budget.warn_at else []
    if (
        # Of a day it would be told in the middle of the night.
        budget.period is Period.MONTH
        and figures.today - figures.since.date() >= NO_FORECAST_FOR
        and figures.projected is not None
        and figures.projected > budget.limit
    ):
        holding.append(Alert.FORECAST)
    return holding
