"""Arithmetic over what is left and what was spent. Knows nothing of Home Assistant."""

from .history import LOOKS_BACK, Interval
from .ledger import Books, Ledger
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
    "LOOKS_BACK",
    "BalanceLevel",
    "Books",
    "Event",
    "EventType",
    "Interval",
    "Ledger",
    "Limits",
    "Observation",
    "Outcome",
    "Spending",
]
