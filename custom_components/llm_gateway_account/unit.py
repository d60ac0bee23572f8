"""The unit in which an account's amounts are shown, and amounts given in it."""

from collections.abc import Mapping
from math import isclose
from typing import Any, NamedTuple, Self

from homeassistant.generated.currencies import ACTIVE_CURRENCIES
from homeassistant.util import dt as dt_util

from .const import (
    CONF_BUDGET_PER_DAY,
    CONF_BUDGET_PER_MONTH,
    CONF_CRITICAL_BALANCE,
    CONF_CURRENCY,
    CONF_KEY_LIMIT,
    CONF_KEY_LIMITS,
    CONF_LOW_BALANCE,
    CONF_POINTS_PER_UNIT,
    CONF_UNUSUAL_FACTOR,
    CONF_UNUSUAL_MINIMUM,
)
from .gateway import DEFAULT_QUOTA_PER_UNIT, POINTS, Account, Site
from .limits import suggest_limits
from .spending import Limits

# What is an amount in the options.
LIMITS = (
    CONF_LOW_BALANCE,
    CONF_CRITICAL_BALANCE,
    CONF_UNUSUAL_MINIMUM,
    CONF_KEY_LIMIT,
    CONF_BUDGET_PER_DAY,
    CONF_BUDGET_PER_MONTH,
)

# Three times the usual, as others who sell such an alarm have it.
DEFAULT_UNUSUAL_FACTOR = 3

# ISO 4217, where it is not two. Currencies with four digits are units of account.
_NO_DIGITS = {
    "BIF",
    "CLP",
    "DJF",
    "GNF",
    "ISK",
    "JPY",
    "KMF",
    "KRW",
    "PYG",
    "RWF",
    "UGX",
    "VND",
    "VUV",
    "XAF",
    "XOF",
    "XPF",
}
_THREE_DIGITS = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}


class Unit(NamedTuple):
    """A currency and its worth in quota points; or the points themselves."""

    currency: str
    """Code of a currency (ISO 4217), or POINTS."""
    points_per_unit: float

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """Return the unit that the options of a config entry settle."""
        currency = options[CONF_CURRENCY]
        return cls(
            currency=currency,
            points_per_unit=1 if currency == POINTS else options[CONF_POINTS_PER_UNIT],
        )

    def is_like(self, other: Self) -> bool:
        """Tell whether amounts are the same in both, as far as people type digits."""
        return self.currency == other.currency and isclose(
            self.points_per_unit, other.points_per_unit, rel_tol=1e-4
        )

    @property
    def is_money(self) -> bool:
        """Whether amounts are money."""
        return self.currency != POINTS

    @property
    def digits(self) -> int:
        """How many digits of an amount are shown after the decimal point."""
        if not self.is_money or self.currency in _NO_DIGITS:
            return 0
        return 3 if self.currency in _THREE_DIGITS else 2

    @property
    def smallest_limit(self) -> float:
        """The least amount that anybody wants to be warned of: half a dollar or so."""
        if not self.is_money:
            return DEFAULT_QUOTA_PER_UNIT / 2
        return 50 / float(10**self.digits)

    def amount(self, points: float) -> float:
        """Return points as an amount, to a millionth.

        That is half a point where 500000 make a unit.
        """
        if self.points_per_unit == 1:
            return points
        return round(points / self.points_per_unit, 6)

    def points(self, amount: float) -> float:
        """Return an amount as points."""
        return amount * self.points_per_unit


def unit_of_site(site: Site) -> dict[str, Any]:
    """Return the options of a unit that shows amounts as the gateway's pages do.

    A unit that Home Assistant does not know as a currency is none.
    """
    currency = site.currency if site.currency in ACTIVE_CURRENCIES else POINTS
    return {CONF_CURRENCY: currency, CONF_POINTS_PER_UNIT: site.points_per_unit}


def limits_in_unit(
    unit: Mapping[str, Any], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the limits of the options in another unit: worth the same points."""
    new, old = Unit.from_options(unit), Unit.from_options(options)

    def convert(limits: Mapping[str, float]) -> dict[str, float]:
        return {
            key: old.points(limit) / new.points_per_unit
            for key, limit in limits.items()
        }

    limits = convert({key: options[key] for key in LIMITS if key in options})
    if CONF_KEY_LIMITS in options:
        return {**limits, CONF_KEY_LIMITS: convert(options[CONF_KEY_LIMITS])}
    return limits


def limits_from_options(options: Mapping[str, Any]) -> Limits:
    """Return the limits of the options in quota points."""
    unit = Unit.from_options(options)
    # Nobody sells less than one unit. What is less is the refund of a failed request,
    # or the correction of an estimate.
    smallest_top_up = options[CONF_POINTS_PER_UNIT]
    if unit.currency != "USD":  # of which a unit may be a few cents
        smallest_top_up = max(smallest_top_up, DEFAULT_QUOTA_PER_UNIT)
    return Limits(
        low=unit.points(options[CONF_LOW_BALANCE]),
        critical=unit.points(options[CONF_CRITICAL_BALANCE]),
        unusual_factor=options[CONF_UNUSUAL_FACTOR],
        unusual_minimum=unit.points(options[CONF_UNUSUAL_MINIMUM]),
        smallest_top_up=smallest_top_up,
    )


def suggest_alerts(account: Account, unit: Mapping[str, Any]) -> dict[str, float]:
    """Return options of the alerts to begin with, in the unit of an account."""
    shown = Unit.from_options(unit)
    low, critical, unusual = suggest_limits(
        account.left,
        account.used_quota,
        account.created_at,
        dt_util.utcnow(),
        shown.points_per_unit,
        shown.smallest_limit,
    )
    return {
        CONF_LOW_BALANCE: low,
        CONF_CRITICAL_BALANCE: critical,
        CONF_UNUSUAL_FACTOR: DEFAULT_UNUSUAL_FACTOR,
        CONF_UNUSUAL_MINIMUM: unusual,
    }
