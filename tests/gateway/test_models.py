"""Payloads into values: the agreed fields, and every trap of the family."""

from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from custom_components.llm_gateway_account.gateway import (
    Account,
    InvalidAnswerError,
    Site,
)

API_DOCUMENT = Path(__file__).parent.parent / "fixtures" / "account-info.openapi.yaml"

# Secrets, identities at other services, and what only the gateway has a use for.
LEFT_OUT = {
    "password",
    "email",
    "github_id",
    "wechat_id",
    "oidc_id",
    "google_id",
    "verification_code",
    "access_token",
    "aff_code",
    "inviter_id",
    "deleted_at",
}

SAMPLES: dict[str, tuple[Any, Any]] = {
    "id": (7, 7),
    "username": ("u", "u"),
    "display_name": ("d", "d"),
    "role": (1, 1),
    "status": (1, 1),
    "quota": (500_000, 500_000),
    "used_quota": (3, 3),
    "request_count": (4, 4),
    "group": ("vip", "vip"),
    "can_use_self_group": (False, False),
    "aff_count": (5, 5),
    "aff_quota": (6, 6),
    "aff_history_quota": (8, 8),
    "created_at": (1_735_689_600, datetime(2025, 1, 1, tzinfo=UTC)),
    "last_login_at": (1_735_776_000, datetime(2025, 1, 2, tzinfo=UTC)),
    "last_login_ip": ("203.0.113.9", "203.0.113.9"),
    "group_ratio": (0.35, 0.35),
    "topup_ratio": (1, 1),
}


def test_account_agrees_with_the_api_document() -> None:
    """Each documented field is read under its name, or left out on purpose."""
    document = yaml.safe_load(API_DOCUMENT.read_text(encoding="utf-8"))
    answer = document["paths"]["/api/user/self"]["get"]["responses"]["200"]
    schema = answer["content"]["application/json"]["schema"]
    properties = schema["properties"]["data"]["properties"]

    assert set(properties) == set(SAMPLES) | LEFT_OUT
    assert {field.name for field in fields(Account)} == set(SAMPLES) | {"bonus_quota"}
    python_types = {"integer": int | float, "string": str, "boolean": bool}
    for name, (sent, _) in SAMPLES.items():
        assert isinstance(sent, python_types[properties[name]["type"]])

    account = Account.from_payload({name: sent for name, (sent, _) in SAMPLES.items()})
    for name, (_, read) in SAMPLES.items():
        assert getattr(account, name) == read


@pytest.mark.parametrize("value", [None, [], {}, "{}", "user", "12", -0.5j, "missing"])
@pytest.mark.parametrize(
    "name", [*sorted(set(SAMPLES) - {"quota", "id"}), "bonus_quota"]
)
def test_field_of_another_type_is_none(name: str, value: Any) -> None:
    payload = {"quota": 1, name: value}
    if value == "missing":
        del payload[name]
    read = getattr(Account.from_payload(payload), name)
    if isinstance(value, str) and value != "missing" and isinstance(read, str):
        assert read == value
    else:
        assert read is None


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - {"can_use_self_group"}))
def test_a_flag_is_no_number_and_no_text(name: str) -> None:
    if name in {"quota", "id"}:
        with pytest.raises(InvalidAnswerError):
            Account.from_payload({"quota": 1, name: True})
    else:
        assert getattr(Account.from_payload({"quota": 1, name: True}), name) is None


@pytest.mark.parametrize("value", [0, 1, "true"])
def test_a_number_is_no_flag(value: Any) -> None:
    account = Account.from_payload({"quota": 1, "can_use_self_group": value})
    assert account.can_use_self_group is None


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (0, 0),
        (-5, -5),
        (4_999_975_000, 4_999_975_000),
        (2**63 + 1, 2**63 + 1),
        (-(2**70) - 1, -(2**70) - 1),
        (12.0, 12),
        (12.5, 12.5),
        ("123456789012345678901", 123456789012345678901),
        ("-7", -7),
    ],
)
def test_quota(sent: Any, read: float) -> None:
    quota = Account.from_payload({"quota": sent}).quota
    assert quota == read
    assert type(quota) is type(read)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "12.5",
        "١٢",
        "1e3",
        " 1",
        [],
        {},
        False,
        float("nan"),
        float("inf"),
        10**30,
        10**400,
        "9" * 31,
    ],
)
def test_no_quota_is_no_account(value: Any) -> None:
    with pytest.raises(InvalidAnswerError):
        Account.from_payload({"quota": value})


def test_missing_quota_is_no_account() -> None:
    with pytest.raises(InvalidAnswerError):
        Account.from_payload({"id": 1, "username": "x"})


@pytest.mark.parametrize(
    ("sent", "read"),
    [(7, 7), (7.0, 7), ("7", 7), ("007", 7), (0, 0), (2**63, 2**63), (None, None)],
)
def test_id(sent: Any, read: int | None) -> None:
    assert Account.from_payload({"quota": 1, "id": sent}).id == read


@pytest.mark.parametrize(
    "value",
    ["", "x", " 7", "٧", "7.0", "9" * 31, 7.5, True, [7], {"id": 7}, 10**40, 1e300],
)
def test_id_that_cannot_be_read_is_no_account(value: Any) -> None:
    with pytest.raises(InvalidAnswerError):
        Account.from_payload({"quota": 1, "id": value})


@pytest.mark.parametrize("name", ["used_quota", "request_count", "group_ratio"])
@pytest.mark.parametrize("value", [float("nan"), float("-inf"), 10**400, 1e300])
def test_impossible_number_is_none(name: str, value: float) -> None:
    assert getattr(Account.from_payload({"quota": 1, name: value}), name) is None


def test_count_is_whole() -> None:
    account = Account.from_payload({"quota": 1, "request_count": 2.5, "aff_count": 3.0})
    assert account.request_count is None
    assert account.aff_count == 3


@pytest.mark.parametrize(
    "value", [0, -1, 253_402_300_800, 10**18, "2025-01-01T00:00:00Z", True]
)
def test_no_moment(value: Any) -> None:
    account = Account.from_payload({"quota": 1, "created_at": value})
    assert account.created_at is None


def test_other_spellings() -> None:
    """one-hub and done-hub call the times *_time."""
    account = Account.from_payload(
        {
            "quota": 1,
            "created_at": 0,
            "created_time": 1_735_689_600,
            "last_login_time": 1_735_776_000,
            "bonus_quota": 9,
            "last_login_ip": "",
        }
    )
    assert account.created_at == datetime(2025, 1, 1, tzinfo=UTC)
    assert account.last_login_at == datetime(2025, 1, 2, tzinfo=UTC)
    assert account.bonus_quota == 9
    assert account.last_login_ip is None


def test_group_may_be_empty() -> None:
    assert Account.from_payload({"quota": 1, "group": ""}).group == ""


def test_text_is_one_line_that_can_be_stored() -> None:
    """Half a surrogate pair would keep Home Assistant from storing any entry."""
    broken = " a\ud800\0b\r\n\u2028c\x85 "
    account = Account.from_payload(
        {"quota": 1, "group": broken, "display_name": broken, "username": "\n\ud800"}
    )
    assert account.group == " abc "
    assert account.display_name == "abc"
    assert account.username is None
    assert Site.from_payload({"system_name": broken}).system_name == "abc"


def test_printed_account_does_not_tell_who_it_is() -> None:
    printed = repr(
        Account(
            quota=1, id=987, username="uuu", display_name="ddd", last_login_ip="iii"
        )
    )
    assert not [text for text in ("987", "uuu", "ddd", "iii") if text in printed]


@pytest.mark.parametrize(
    ("payload", "currency", "points_per_unit"),
    [
        ({}, "USD", 500_000),
        ({"quota_per_unit": 1000}, "USD", 1000),
        ({"quota_per_unit": 1000.5}, "USD", 1000.5),
        ({"quota_per_unit": 0}, "USD", 500_000),
        ({"quota_per_unit": -1}, "USD", 500_000),
        ({"quota_per_unit": "500"}, "USD", 500_000),
        ({"quota_per_unit": None}, "USD", 500_000),
        ({"quota_per_unit": 1e300}, "USD", 500_000),
        ({"quota_per_unit": 1e-300}, "USD", 500_000),
        ({"display_in_currency": True}, "USD", 500_000),
        ({"display_in_currency": False}, "points", 500_000),
        ({"display_in_currency": True, "currency_symbol": "CNY"}, "CNY", 500_000),
        ({"currency_symbol": "$"}, "USD", 500_000),
        ({"quota_display_type": "USD"}, "USD", 500_000),
        (
            {"quota_display_type": "USD", "usd_exchange_rate": 7.3},
            "USD",
            500_000,
        ),
        (
            {"quota_display_type": "CNY", "usd_exchange_rate": 8},
            "CNY",
            62_500,
        ),
        ({"quota_display_type": "CNY", "usd_exchange_rate": 0}, "USD", 500_000),
        ({"quota_display_type": "CNY"}, "USD", 500_000),
        ({"quota_display_type": "TOKENS", "quota_per_unit": 10}, "points", 10),
        (
            {
                "quota_display_type": "CUSTOM",
                "custom_currency_symbol": "€",
                "custom_currency_exchange_rate": 0.5,
            },
            "EUR",
            1_000_000,
        ),
        (
            {"quota_display_type": "CUSTOM", "custom_currency_symbol": " jpy "},
            "JPY",
            500_000,
        ),
        (
            {
                "quota_display_type": "CUSTOM",
                "custom_currency_symbol": "¤",
                "custom_currency_exchange_rate": 4,
            },
            "points",
            125_000,
        ),
        ({"quota_display_type": "CUSTOM"}, "points", 500_000),
        ({"quota_display_type": "STARS"}, "USD", 500_000),
        ({"quota_display_type": ["CNY"]}, "USD", 500_000),
        ({"quota_display_type": "TOKENS", "display_in_currency": True}, "points", 5e5),
    ],
)
def test_unit_of_a_site(
    payload: dict[str, Any], currency: str, points_per_unit: float
) -> None:
    site = Site.from_payload(payload)
    assert site.currency == currency
    assert site.points_per_unit == points_per_unit


@pytest.mark.parametrize(
    ("symbol", "currency"),
    [
        *((sign, "USD") for sign in ("$", "US$", "us$")),
        *((sign, "CNY") for sign in ("¥", "￥", "CN¥", "元", "RMB", "rmb")),
        *zip(
            "€£₹₽₩₺₫₴฿",
            ["EUR", "GBP", "INR", "RUB", "KRW", "TRY", "VND", "UAH", "THB"],
            strict=True,
        ),
        ("R$", "BRL"),
        ("HK$", "HKD"),
        ("NT$", "TWD"),
    ],
)
def test_sign_of_a_currency(symbol: str, currency: str) -> None:
    assert Site.from_payload({"currency_symbol": symbol}).currency == currency


@pytest.mark.parametrize("value", ["", "  ", None, 3, []])
def test_site_without_name(value: Any) -> None:
    site = Site.from_payload({"system_name": value, "version": value})
    assert site.system_name is None
    assert site.version is None


def test_endless_names_are_cut() -> None:
    assert Site.from_payload({"system_name": "x" * 1000}).system_name == "x" * 100
    account = Account.from_payload({"quota": 1, "last_login_ip": "1" * 1000})
    assert account.last_login_ip == "1" * 100


def test_name_of_a_site() -> None:
    site = Site.from_payload({"system_name": " My Gateway ", "version": "b8b896b"})
    assert site.system_name == "My Gateway"
    assert site.version == "b8b896b"
