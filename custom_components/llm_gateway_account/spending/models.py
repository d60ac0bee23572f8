"""What goes into a ledger and what comes out. Amounts are quota points."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class BalanceLevel(StrEnum):
    """How much is left, from good to bad."""

    OK = "ok"
    LOW = "low"
    CRITICAL = "critical"
    EXHAUSTED = "exhausted"


class EventType(StrEnum):
    """What may happen to an account."""

    BALANCE_LOW = "balance_low"
    BALANCE_CRITICAL = "balance_critical"
    BALANCE_EXHAUSTED = "balance_exhausted"
    BALANCE_RECOVERED = "balance_recovered"
    TOPPED_UP = "topped_up"
    UNUSUAL_SPENDING = "unusual_spending"


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something that happened to an account."""

    type: EventType
    amount: float | None = None
    """Points that were added (topped up) or spent (unusual spending)."""
    left: float | None = field(default=None, compare=False)
    """Points that may have been left after it at most (topped up)."""
    usual: float | None = None
    """Points spent in the busiest hour or on the average day before."""
    alerts: tuple[EventType, ...] | None = None
    """Those since the last recovery, and what lasts (balance recovered)."""


class Limits(NamedTuple):
    """What the owner of an account wants to be alerted to. Points, but the factor."""

    low: float
    critical: float
    unusual_factor: float
    """How many times the usual spending is unusual."""
    unusual_minimum: float
    """Less than this is never unusual."""
    smallest_top_up: float
    """A rise that is not larger is a refund or a correction."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """An answer of the gateway. None where it does not say."""

    time: datetime = field(compare=False)
    """Aware, in the time zone of the home."""
    quota: float
    used_quota: float | None = None
    bonus_quota: float | None = None
    request_count: int | None = None


class Spending(NamedTuple):
    """What there is to show of an account. None where it is not known yet."""

    spent_today: float | None
    """Less than nothing on a day when more was refunded than spent."""
    day_since: datetime | None
    """Start of the local day, or of an earlier one while nothing was spent since."""
    spent_this_month: float | None
    month_since: datetime | None
    average_daily: float | None
    """Points a day, over the last seven days or as many as are known."""
    days_remaining: float | None
    """Days until nothing is left at that average; None beyond ten years."""
    runs_out_at: datetime | None
    level: BalanceLevel
    unusual: bool | None


class Outcome(NamedTuple):
    """What follows from an observation."""

    spending: Spending
    events: tuple[Event, ...] = ()
    is_stale: bool = False
    """Whether the answer comes from a replica that lags, and is to be passed over."""
    look_again_in: float | None = None
    """Seconds after which one more answer settles what is not clear yet."""
