"""What a gateway says of itself, and the unit of money that follows."""

from typing import Any

import pytest

from custom_components.llm_gateway_account.gateway import Site

from .conftest import RECORDED


def test_numbers_of_a_site_as_text() -> None:
    site = Site.from_payload(
        {
            "quota_per_unit": "500000",
            "quota_display_type": "CNY",
            "usd_exchange_rate": "7.3",
        }
    )
    assert (site.quota_per_unit, site.currency, site.rate) == (500_000, "CNY", 7.3)


# What the operator of a real server chose, and what its pages count in then.
UNITS = {
    "QuotaPerUnit_0.5": ("USD", 0.5),
    "QuotaPerUnit_1000000": ("USD", 1_000_000),
    "display_in_currency_off": ("points", 500_000),
    "type_CNY": ("CNY", 500_000 / 7.3),
    "type_CNY_rate_1": ("CNY", 500_000),
    "type_CUSTOM_euro": ("EUR", 500_000 / 0.9),
    "type_CUSTOM_made_up": ("points", 500_000 / 0.9),
    "type_TOKENS": ("points", 500_000),
    "type_USD": ("USD", 500_000),
}


@pytest.mark.parametrize("server", RECORDED)
def test_site_of_a_real_server(server: str) -> None:
    sent = RECORDED[server]["site"]
    site = Site.from_payload(sent)
    assert (site.system_name, site.version) == ("Example Gateway", "v0.0.0")
    assert (site.points_per_unit, site.currency, site.rate) == (500_000, "USD", 1)
    assert site.keeps_usage
    for name, changes in RECORDED[server]["units"].items():
        site = Site.from_payload(sent | changes)
        assert (site.currency, site.points_per_unit) == UNITS[name]


@pytest.mark.parametrize(
    ("payload", "currency", "points_per_unit"),
    [
        ({}, "USD", 500_000),
        ({"quota_per_unit": 1000}, "USD", 1000),
        ({"quota_per_unit": 1000.5}, "USD", 1000.5),
        ({"quota_per_unit": 0}, "USD", 500_000),
        ({"quota_per_unit": -1}, "USD", 500_000),
        ({"quota_per_unit": "1000"}, "USD", 1000),
        ({"quota_per_unit": "1e3"}, "USD", 500_000),
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
        ({"quota_display_type": "CNY", "usd_exchange_rate": "8.0"}, "CNY", 62_500),
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


def test_name_is_short_and_one_line() -> None:
    assert Site.from_payload({"system_name": "x" * 1000}).system_name == "x" * 100
    assert Site.from_payload({"system_name": " a\ud800\0b\r\n "}).system_name == "ab"


def test_name_of_a_site() -> None:
    site = Site.from_payload({"system_name": " My Gateway ", "version": "b8b896b"})
    assert site.system_name == "My Gateway"
    assert site.version == "b8b896b"
