"""Arithmetic of budgets: what a day or month cost, and will. Without Home Assistant."""

from .figures import BudgetFigures, figures_of, habit_at
from .periods import Period
from .projection import Habit
from .watch import Alert, Budget, BudgetState, judge

__all__ = [
    "Alert",
    "Budget",
    "BudgetFigures",
    "BudgetState",
    "Habit",
    "Period",
    "figures_of",
    "habit_at",
    "judge",
]
