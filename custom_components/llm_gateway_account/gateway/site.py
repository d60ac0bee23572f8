"""What a gateway says of itself to everybody: its name, version and unit of money.

Sources: `controller/misc.go` of one-api, one-hub, new-api and Veloera, and
`renderQuota` of new-api's web pages.
"""

from collections.abc import Mapping
import re
from typing import Any, NamedTuple, Self

from .check_in import CheckInKind
from .groups import GroupsKind
from .notices import Notice, announcements
from .values import name, number, text

DEFAULT_QUOTA_PER_UNIT = 500_000
"""Quota points per unit of money where the gateway does not say (`QuotaPerUnit`)."""

POINTS = "points"
"""Stands in place of a currency where a gateway shows its quota as it is."""

# The signs operators of this family use. "$" and "¥" mean the US dollar and the
# yuan in new-api itself. Signs that stand for nothing but one currency follow.
_SYMBOLS = {
    "$": "USD",
    "US$": "USD",
    "¥": "CNY",
    "￥": "CNY",
    "CN¥": "CNY",
    "元": "CNY",
    "RMB": "CNY",
    "€": "EUR",
    "£": "GBP",
    "₹": "INR",
    "₽": "RUB",
    "₩": "KRW",
    "₺": "TRY",
    "₫": "VND",
    "₴": "UAH",
    "฿": "THB",
    "R$": "BRL",
    "HK$": "HKD",
    "NT$": "TWD",
}


class Site(NamedTuple):
    """What `GET /api/status` says; the defaults are those of a gateway without it."""

    system_name: str | None = None
    version: str | None = None
    quota_per_unit: float = DEFAULT_QUOTA_PER_UNIT
    """Points per US dollar, or per whatever the operator counts in."""
    currency: str = "USD"
    """Code of the currency its web pages show, or POINTS."""
    rate: float = 1
    """How many units of `currency` its web pages show per `quota_per_unit` points."""
    keeps_usage: bool = True
    """Whether it writes hourly usage; False where the operator switched that off."""
    check_in: CheckInKind | None = None
    """Which daily check-in it offers; None where the operator has it off too."""
    wants_browser: bool = False
    """Whether a check-in needs a proof that only a browser can give (Turnstile)."""
    groups: GroupsKind | None = None
    """Where it lists user groups, as far as its page shows which software it is."""
    announcements: tuple[Notice, ...] | None = None
    """The newest first; None where there are none to show."""

    @property
    def points_per_unit(self) -> float:
        """Quota points per unit of `currency`."""
        return self.quota_per_unit / self.rate

    @classmethod
    def from_payload(cls, data: Mapping[str, Any]) -> Self:
        """Read the `data` object of an answer; nothing in it is required."""
        currency, rate = _display(data)
        return cls(
            system_name=name(data.get("system_name")),
            version=name(data.get("version")),
            quota_per_unit=_rate(data.get("quota_per_unit"), DEFAULT_QUOTA_PER_UNIT),
            currency=currency,
            rate=rate,
            keeps_usage=data.get("enable_data_export") is not False,
            check_in=_check_in(data),
            # Veloera's check-in does not ask for it.
            wants_browser=data.get("turnstile_check") is True
            and _check_in(data) is CheckInKind.NEW_API,
            groups=_groups(data),
            announcements=announcements(data),
        )


def _check_in(data: Mapping[str, Any]) -> CheckInKind | None:
    if data.get("checkin_enabled") is True:
        return CheckInKind.NEW_API
    return CheckInKind.VELOERA if data.get("check_in_enabled") is True else None


def _groups(data: Mapping[str, Any]) -> GroupsKind | None:
    """Tell by what only the page of one line of the family has."""
    if "enable_data_export" in data:
        return GroupsKind.OWN
    return GroupsKind.PUBLIC if "PaymentUSDRate" in data else None


def _rate(value: Any, default: float) -> float:
    """Return a number that points can be divided and multiplied by."""
    rate = number(value)
    return rate if rate and 1e-6 <= rate <= 1e12 else default


def _currency(symbol: Any) -> str | None:
    sign = (text(symbol) or "").strip().upper()
    if sign in _SYMBOLS:
        return _SYMBOLS[sign]
    return sign if re.fullmatch("[A-Z]{3}", sign) else None


def _display(data: Mapping[str, Any]) -> tuple[str, float]:
    """Return the currency and rate a gateway's own pages use (`renderQuota`).

    new-api since 0.9 says it in `quota_display_type`; older ones and the other
    forks only know dollars or plain points (`display_in_currency`).
    """
    match data.get("quota_display_type"):
        case "TOKENS":
            return POINTS, 1
        case "CNY" if rate := _rate(data.get("usd_exchange_rate"), 0):
            return "CNY", rate
        case "CUSTOM":
            rate = _rate(data.get("custom_currency_exchange_rate"), 1)
            # A made-up sign is no currency; plain points are never wrong.
            return _currency(data.get("custom_currency_symbol")) or POINTS, rate
        case "USD" | "CNY":
            return "USD", 1
    if data.get("display_in_currency") is False:
        return POINTS, 1
    return _currency(data.get("currency_symbol")) or "USD", 1
