"""Arithmetic over what is left and what was spent. Knows nothing of Home Assistant."""

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
    "BalanceLevel",
    "Books",
    "Event",
    "EventType",
    "Ledger",
    "Limits",
    "Observation",
    "Outcome",
    "Spending",
]
