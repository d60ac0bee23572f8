"""Arithmetic over what is left and what was spent. Knows nothing of Home Assistant."""

from .ledger import Ledger, LedgerState
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
    "LedgerState",
    "Limits",
    "Observation",
    "Outcome",
    "Spending",
]
