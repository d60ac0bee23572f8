"""Limits to begin with, from what is known of an account."""

from datetime import datetime, timedelta
from decimal import Decimal

from .numbers import bounded

_DAYS = 7

# Nothing that is called money is less.
_LEAST = 1e-20


def suggest_limits(
    quota: float,
    used_quota: float | None,
    created_at: datetime | None,
    now: datetime,
    points_per_unit: float,
) -> tuple[float, float, float]:
    """Return a low and a critical balance, and what may be unusual to be spent.

    Low is a fifth of what is left, or a week of the spending so far if that is more,
    but at most half of what is left; critical is a quarter of it. Unusual is an average
    day, or without one about a hundredth of what is left. Quotas are points, the rest
    is in units of the currency. Low > critical > 0.
    """
    balance = bounded(quota) / points_per_unit
    week = 0.0
    if used_quota is not None and created_at is not None and created_at < now:
        days = max((now - created_at) / timedelta(days=1), 1)
        week = _DAYS * bounded(used_quota) / days / points_per_unit
    if balance >= _LEAST:
        low = _nice(min(max(balance / 5, week), balance / 2))
    else:
        low = _nice(week) if week >= _LEAST else 1
    unusual = max(week / _DAYS, low / 200) if week else low / 20
    return low, _nice(low / 4), _nice(unusual)


def _nice(amount: float) -> float:
    """Return the largest of 1, 2 and 5 times a power of ten that is not above."""
    exponent = Decimal(repr(amount)).adjusted()
    nice = (float(f"{digit}e{exponent}") for digit in (5, 2, 1))
    return next(each for each in nice if each <= amount)
