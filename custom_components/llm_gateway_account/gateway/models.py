"""What a gateway answers, as typed values. The one place that knows payload keys.

Sources of the keys and their traps: the API document of the V-API gateway
(https://doc.iqqz.com/vapi/account-info), `model/user.go` and `controller/misc.go`
of one-api, one-hub, new-api and Veloera, and answers of public sites.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isfinite
import re
from typing import Any, Self

from .errors import InvalidAnswerError

DEFAULT_QUOTA_PER_UNIT = 500_000
"""Quota points per unit of money where the gateway does not say (`QuotaPerUnit`)."""

POINTS = "points"
"""Stands in place of a currency where a gateway shows its quota as it is."""

ENABLED = 1
"""Status of an account that may be used (`UserStatusEnabled`)."""

# Far beyond any money; a larger number is a broken answer, and would overflow.
_LARGEST_NUMBER = 10**30

# Names are shown to people; a longer text is none.
_LONGEST_NAME = 100

# What no storage takes, or what would forge a line of a log: control characters,
# separators of lines, halves of surrogate pairs.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

# 9999-12-31, the last day a datetime can hold.
_LAST_TIMESTAMP = 253_402_214_400

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


def _number(value: Any) -> float | None:
    """Return a finite number; an integral one as int, so that none loses digits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if abs(value) >= _LARGEST_NUMBER or not isfinite(value):
        return None
    return int(value) if value == int(value) else value


def _integer(value: Any) -> int | None:
    number = _number(value)
    return number if isinstance(number, int) else None


def _text(value: Any) -> str | None:
    return _UNPRINTABLE.sub("", value) if isinstance(value, str) else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _moment(*values: Any) -> datetime | None:
    """Return the first Unix timestamp in seconds; 0 means that none is known."""
    for value in values:
        seconds = _number(value)
        if seconds is not None and 0 < seconds < _LAST_TIMESTAMP:
            return datetime.fromtimestamp(seconds, UTC)
    return None


def _from_digits(value: Any) -> Any:
    """Return a string of digits as the number; one gateway of the family sends it."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,30}", value):
        return int(value)
    return value


def _quota(value: Any) -> float:
    """Return the one number no account can do without."""
    if (quota := _number(_from_digits(value))) is None:
        raise InvalidAnswerError("the answer holds no quota")
    return quota


def _id(value: Any) -> int | None:
    """Return whose account it is; None where the gateway does not tell.

    One that cannot be read might be anybody's, so it is no answer.
    """
    if value is None:
        return None
    if (number := _integer(_from_digits(value))) is None:
        raise InvalidAnswerError("the answer holds no readable ID")
    return number


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """An account at a gateway, as `GET /api/user/self` shows it to its owner.

    Quotas are points, times are aware. Everything but the quota is None where a
    gateway does not have it or, the ID apart, sends something of another type.
    """

    quota: float
    """Points left to spend. May be negative."""
    used_quota: float | None = None
    """Points ever spent."""
    bonus_quota: float | None = None
    """Points of a separate gift balance (Rix API); not part of the quota."""
    request_count: int | None = None
    group: str | None = None
    """Name of the user group; empty for the gateway's default group."""
    can_use_self_group: bool | None = None
    aff_count: int | None = None
    """How many people the owner invited."""
    aff_quota: float | None = None
    """Points of invitation reward that were not moved to the quota yet."""
    aff_history_quota: float | None = None
    """Points of invitation reward ever earned."""
    group_ratio: float | None = None
    topup_ratio: float | None = None
    role: int | None = None
    """0 guest, 1 user, 10 administrator, 100 root."""
    status: int | None = None
    """ENABLED, 2 disabled, 3 deleted."""
    created_at: datetime | None = None
    last_login_at: datetime | None = None

    # Who the person is: never printed by accident.
    id: int | None = field(default=None, repr=False)
    username: str | None = field(default=None, repr=False)
    display_name: str | None = field(default=None, repr=False)
    last_login_ip: str | None = field(default=None, repr=False)

    @property
    def group_name(self) -> str | None:
        """Name of the user group, which the gateway leaves empty for its default."""
        return "default" if self.group == "" else self.group

    @classmethod
    def from_payload(cls, data: Mapping[str, Any]) -> Self:
        """Read the `data` object of an answer.

        Raises InvalidAnswerError if it has no numeric `quota`, as an account without
        a balance is not an account with an empty one, or an `id` that is none.
        """
        return cls(
            quota=_quota(data.get("quota")),
            used_quota=_number(data.get("used_quota")),
            bonus_quota=_number(data.get("bonus_quota")),
            request_count=_integer(data.get("request_count")),
            group=_text(data.get("group")),
            can_use_self_group=_flag(data.get("can_use_self_group")),
            aff_count=_integer(data.get("aff_count")),
            aff_quota=_number(data.get("aff_quota")),
            aff_history_quota=_number(data.get("aff_history_quota")),
            group_ratio=_number(data.get("group_ratio")),
            topup_ratio=_number(data.get("topup_ratio")),
            role=_integer(data.get("role")),
            status=_integer(data.get("status")),
            # one-hub and done-hub call them *_time.
            created_at=_moment(data.get("created_at"), data.get("created_time")),
            last_login_at=_moment(
                data.get("last_login_at"), data.get("last_login_time")
            ),
            id=_id(data.get("id")),
            username=_name(data.get("username")),
            display_name=_name(data.get("display_name")),
            last_login_ip=_name(data.get("last_login_ip")),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """What a gateway says of itself to everybody in `GET /api/status`.

    The defaults are those of a gateway that says nothing.
    """

    system_name: str | None = None
    version: str | None = None
    quota_per_unit: float = DEFAULT_QUOTA_PER_UNIT
    """Points per US dollar, or per whatever the operator counts in."""
    currency: str = "USD"
    """Code of the currency its web pages show, or POINTS."""
    rate: float = 1
    """How many units of `currency` its web pages show per `quota_per_unit` points."""

    @property
    def points_per_unit(self) -> float:
        """Quota points per unit of `currency`."""
        return self.quota_per_unit / self.rate

    @classmethod
    def from_payload(cls, data: Mapping[str, Any]) -> Self:
        """Read the `data` object of an answer; nothing in it is required."""
        currency, rate = _display(data)
        return cls(
            system_name=_name(data.get("system_name")),
            version=_name(data.get("version")),
            quota_per_unit=_rate(data.get("quota_per_unit"), DEFAULT_QUOTA_PER_UNIT),
            currency=currency,
            rate=rate,
        )


def _name(value: Any) -> str | None:
    return (_text(value) or "").strip()[:_LONGEST_NAME] or None


def _rate(value: Any, default: float) -> float:
    """Return a number that points can be divided and multiplied by."""
    number = _number(value)
    return number if number and 1e-6 <= number <= 1e12 else default


def _currency(symbol: Any) -> str | None:
    text = (_text(symbol) or "").strip().upper()
    if text in _SYMBOLS:
        return _SYMBOLS[text]
    return text if re.fullmatch("[A-Z]{3}", text) else None


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
