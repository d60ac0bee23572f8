"""Limits to begin with, from what is known of an account."""

from datetime import datetime, timedelta
from decimal import Decimal

from .spending.numbers import bounded

_DAYS = 7


def suggest_limits(  # noqa: PLR0913, PLR0917
    quota: float,
    used_quota: float | None,
    created_at: datetime | None,
    now: datetime,
    points_per_unit: float,
    smallest: float,
) -> tuple[float, float, float]:
    """Return a low and a critical balance, and what may be unusual to be spent.

    Low is a fifth of what is left, or a week of the spending so far if that is more,
    but at most half of what is left; critical is a quarter of it. Unusual is an average
    day, but at least a hundredth of what is left. All are rounded to the nearest of 1,
    2 and 5 times a power of ten, but never below their floor. Quotas are points, the
    rest is in units of the currency, of which `smallest` is the least low balance that
    means something; a fifth of it is the least unusual amount. Low > critical > 0.
    """
    balance = bounded(quota) / points_per_unit
    week = 0.0
    if used_quota is not None and created_at is not None and created_at < now:
        days = max((now - created_at) / timedelta(days=1), 1)
        week = _DAYS * bounded(used_quota) / days / points_per_unit
    low = max(balance / 5, week)
    if balance > 0:
        low = min(low, balance / 2)
    low = _nice(low, floor=smallest)
    unusual = _nice(week / _DAYS, floor=max(balance / 100, smallest / 5))
    return low, _nice(low / 4), unusual


def _nice(amount: float, *, floor: float = 0) -> float:
    """Return the nearest of 1, 2, 5 times a power of ten, but none below the floor."""
    amount = max(amount, floor)
    exponent = Decimal(repr(amount)).adjusted()
    nice = (float(f"{digit}e{exponent}") for digit in (1, 2, 5, 10))
    return min(
        (each for each in nice if each >= floor), key=lambda each: abs(each - amount)
    )
