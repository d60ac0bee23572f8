"""Arithmetic of budgets: what a day or month cost, and will. Without Home Assistant."""

from .figures import BudgetFigures, figures_of
from .periods import Period
from .watch import Alert, Budget, BudgetState, judge

__all__ = [
    "Alert",
    "Budget",
    "BudgetFigures",
    "BudgetState",
    "Period",
    "figures_of",
    "judge",
]
