"""Arithmetic over what is left and what was spent. Knows nothing of Home Assistant."""

from .ledger import Ledger
from .models import Activity, ActivityType, BalanceLevel, Limits, Spending
from .thresholds import suggest_thresholds

__all__ = [
    "Activity",
    "ActivityType",
    "BalanceLevel",
    "Ledger",
    "Limits",
    "Spending",
    "suggest_thresholds",
]
