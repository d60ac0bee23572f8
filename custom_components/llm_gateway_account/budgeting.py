"""The budgets of an account: from its options to figures and events."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er

from .budgets import (
    Alert,
    Budget,
    BudgetFigures,
    BudgetState,
    Habit,
    Period,
    figures_of,
    habit_at,
    judge,
)
from .const import (
    CONF_BUDGET_FIRST_DAY,
    CONF_BUDGET_PER_DAY,
    CONF_BUDGET_PER_MONTH,
    CONF_BUDGET_WARN_AT,
)
from .events import AccountEvent
from .spending.numbers import bounded
from .unit import Unit

if TYPE_CHECKING:
    from .data import AccountConfigEntry
    from .storage import StoredState

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
            limit=bounded(unit.points(options[key])),
            warn_at=options.get(CONF_BUDGET_WARN_AT, DEFAULT_WARN_AT),
            first_day=options.get(CONF_BUDGET_FIRST_DAY, 1),
        )
        for period, key in BUDGETS.items()
        if key in options
    }


class Budgets:
    """The budgets of an account, and what is usual for it."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        """Read the options; nothing is known of the account yet."""
        self.unit = Unit.from_options(options)
        self.by_period = budgets_from_options(options)
        self._habit: Habit | None = None

    def begin(self, stored: StoredState, now: datetime) -> None:
        """Forget the budgets that are not set; one that is set again is a new one.

        Of one that was set or changed, what holds by the last answer is no alert.
        """
        for period in stored.budgets.keys() - self.by_period.keys():
            stored.budgets[period] = BudgetState()
        if all(stored.budgets[k].is_of(each) for k, each in self.by_period.items()):
            return
        for period, figures in self.figures(stored, now, {}).items():
            if not stored.budgets[period].is_of(figures.budget):
                judge(stored.budgets[period], figures)

    def figures(self, stored: StoredState, now: datetime, before: Figures) -> Figures:
        """Return the figures of each budget that is set.

        They stay as they were `before` while the clock cannot be believed.
        """
        known = stored.ledger.state
        if not self.by_period or (known.samples.doubts and before):
            return before
        habit = self._habit = habit_at(known, now, self._habit)
        return {
            period: figures_of(budget, stored.budgets[period], known, now, habit)
            for period, budget in self.by_period.items()
        }

    def changes(self, stored: StoredState, figures: Figures) -> list[AccountEvent]:
        """Return what happened to the budgets, and note that it is told."""
        return [
            _event(alert, each, self.unit)
            for period, each in figures.items()
            for alert in judge(stored.budgets[period], each)
        ]

    def forget_habit(self) -> None:
        """Learn it anew: more of the past is known."""
        self._habit = None


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


@callback
def async_has_budgets(entry: AccountConfigEntry) -> bool:
    """Tell whether budgets are set, or left entities from when they were."""
    account = entry.runtime_data.account
    entities = er.async_get(account.hass).entities
    return bool(account.budgets.by_period) or any(
        "_budget" in each.unique_id
        for each in entities.get_entries_for_config_entry_id(entry.entry_id)
    )
