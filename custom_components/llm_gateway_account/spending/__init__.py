"""Arithmetic over what is left and what was spent. Knows nothing of Home Assistant."""

from .ledger import Ledger
from .limits import suggest_limits
from .models import (
    BalanceLevel,
    Event,
    EventType,
    Limits,
    Observation,
    Outcome,
    Spending,
)

__all__ = [
    "BalanceLevel",
    "Event",
    "EventType",
    "Ledger",
    "Limits",
    "Observation",
    "Outcome",
    "Spending",
    "suggest_limits",
]
