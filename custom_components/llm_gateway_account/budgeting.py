"""The budgets of an account: from its options to figures and events."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .budgets import (
    Alert,
    Budget,
    BudgetFigures,
    BudgetState,
    Period,
    figures_of,
    judge,
)
from .const import (
    CONF_BUDGET_FIRST_DAY,
    CONF_BUDGET_PER_DAY,
    CONF_BUDGET_PER_MONTH,
    CONF_BUDGET_WARN_AT,
)
from .events import AccountEvent
from .spending import Books
from .unit import Unit

DEFAULT_WARN_AT = 80

BUDGETS = {
    Period.DAY: CONF_BUDGET_PER_DAY,
    Period.MONTH: CONF_BUDGET_PER_MONTH,
}

type Figures = Mapping[Period, BudgetFigures]


def budgets_from_options(options: Mapping[str, Any]) -> dict[Period, Budget]:
    """Return the budgets that are set, in quota points."""
    unit = Unit.from_options(options)
    return {
        period: Budget(
            period=period,
            limit=unit.points(options[key]),
            warn_at=options.get(CONF_BUDGET_WARN_AT, DEFAULT_WARN_AT),
            first_day=options.get(CONF_BUDGET_FIRST_DAY, 1),
        )
        for period, key in BUDGETS.items()
        if key in options
    }


def current_figures(
    budgets: Mapping[Period, Budget],
    states: Mapping[Period, BudgetState],
    books: Books,
    now: datetime,
    before: Figures,
) -> Figures:
    """Return the figures of each budget.

    They stay as they were `before` while the clock cannot be believed.
    """
    if books.samples.doubts and before:
        return before
    return {
        period: figures_of(budget, states[period], books, now)
        for period, budget in budgets.items()
    }


def changes_of_budgets(
    states: Mapping[Period, BudgetState], figures: Figures, unit: Unit
) -> list[AccountEvent]:
    """Return what happened to the budgets, and note in the states that it is told."""
    return [
        _event(alert, each, unit)
        for period, each in figures.items()
        for alert in judge(states[period], each)
    ]


def describe(figures: BudgetFigures, unit: Unit) -> dict[str, Any]:
    """Return the figures in the account's unit, and the part that is used in percent.

    None where it is not known yet.
    """
    used = figures.used

    def amount(points: float | None) -> float | None:
        return None if points is None else unit.amount(points)

    return {
        "budget": amount(figures.budget.limit),
        "spent": amount(figures.spent),
        "used": None if used is None else round(used, 1),
        "left": amount(figures.left),
        "projected": amount(figures.projected),
        "since": figures.since.isoformat(),
    }


def _event(alert: Alert, figures: BudgetFigures, unit: Unit) -> AccountEvent:
    described = describe(figures, unit)
    keys = ("budget", "spent", "used", "projected")
    attributes = {
        "period": figures.budget.period.value,
        **{key: described[key] for key in keys},
        "currency": unit.currency,
    }
    return AccountEvent(type=alert.value, attributes=attributes)
