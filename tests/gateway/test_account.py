"""An account out of a payload: the agreed fields, and every trap of the family."""

from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from custom_components.llm_gateway_account.gateway import (
    Account,
    InvalidAnswerError,
)

from .conftest import RECORDED

API_DOCUMENT = Path(__file__).parent.parent / "fixtures" / "account-info.openapi.yaml"

# Secrets, identities at other services, and what only the gateway has a use for.
LEFT_OUT = {
    "aff_count",
    "aff_history_quota",
    "aff_quota",
    "can_use_self_group",
    "last_login_ip",
    "topup_ratio",
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
    "created_at": (1_735_689_600, datetime(2025, 1, 1, tzinfo=UTC)),
    "last_login_at": (1_735_776_000, datetime(2025, 1, 2, tzinfo=UTC)),
    "group_ratio": (0.35, 0.35),
}


def test_account_agrees_with_the_api_document() -> None:
    """Each documented field is read under its name, or left out on purpose."""
    document = yaml.safe_load(API_DOCUMENT.read_text(encoding="utf-8"))
    answer = document["paths"]["/api/user/self"]["get"]["responses"]["200"]
    schema = answer["content"]["application/json"]["schema"]
    properties = schema["properties"]["data"]["properties"]

    assert set(properties) == set(SAMPLES) | LEFT_OUT
    assert {field.name for field in fields(Account)} == set(SAMPLES) | {"bonus_quota"}
    python_types = {"integer": int | float, "string": str}
    for name, (sent, _) in SAMPLES.items():
        assert isinstance(sent, python_types[properties[name]["type"]])

    account = Account.from_payload({name: sent for name, (sent, _) in SAMPLES.items()})
    for name, (_, read) in SAMPLES.items():
        assert getattr(account, name) == read


@pytest.mark.parametrize("server", RECORDED)
def test_account_of_a_real_server(server: str) -> None:
    sent = RECORDED[server]["account"]
    account = Account.from_payload(sent)
    for name in ("id", "quota", "used_quota", "request_count", "group", "role"):
        assert getattr(account, name) == sent[name]
    assert (account.username, account.display_name) == ("somebody", "Some Body")
    dated = datetime.fromtimestamp(1_763_800_000, UTC) if "hub" in server else None
    assert (account.created_at, account.last_login_at) == (dated, dated)


TEXTS = {"group", "username", "display_name"}


@pytest.mark.parametrize(
    "name", [*sorted(set(SAMPLES) - {"quota", "id"}), "bonus_quota"]
)
def test_field_of_another_type_is_none(name: str) -> None:
    values = [None, [], {}, True, -0.5j, *([1] if name in TEXTS else ["{}", "user"])]
    for value in values:
        account = Account.from_payload({"quota": 1, name: value})
        assert getattr(account, name) is None
    assert getattr(Account.from_payload({"quota": 1}), name) is None


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
        ("12500000.0", 12_500_000),
        ("123456789012345678901.000", 123456789012345678901),
        ("0.25", 0.25),
        ("-1.5", -1.5),
    ],
)
def test_quota(sent: Any, read: float) -> None:
    quota = Account.from_payload({"quota": sent}).quota
    assert quota == read
    assert type(quota) is type(read)


NO_NUMBERS = (
    "",
    " 1",
    "1 ",
    "1 000",
    "1,5",
    ".5",
    "5.",
    "1.2.3",
    "+1",
    "--1",
    "1e3",
    "1E5",
    "0x10",
    "1_000",
    "1f",
    "NaN",
    "nan",
    "Infinity",
    "-inf",
    "１２",
    "١٢",
    "9" * 31,
    float("nan"),
    float("inf"),
    1e300,
    10**30,
    10**400,
)


@pytest.mark.parametrize("value", [None, [], {}, False, *NO_NUMBERS])
def test_no_quota_is_no_account(value: Any) -> None:
    with pytest.raises(InvalidAnswerError):
        Account.from_payload({"quota": value})


@pytest.mark.parametrize("name", ["used_quota", "request_count", "created_at"])
def test_no_number_is_none(name: str) -> None:
    for value in NO_NUMBERS:
        account = Account.from_payload({"quota": 1, name: value})
        assert getattr(account, name) is None


def test_numbers_as_text() -> None:
    account = Account.from_payload(
        {
            "quota": "12500000.0",
            "used_quota": "5000000",
            "bonus_quota": "0.5",
            "request_count": "10",
            "group_ratio": "1.25",
            "role": "3",
            "created_at": "1735689600",
        }
    )
    assert (account.quota, account.used_quota) == (12_500_000, 5_000_000)
    assert (account.bonus_quota, account.group_ratio) == (0.5, 1.25)
    assert (account.request_count, account.role) == (10, 3)
    assert account.created_at == datetime(2025, 1, 1, tzinfo=UTC)


def test_missing_quota_is_no_account() -> None:
    with pytest.raises(InvalidAnswerError):
        Account.from_payload({"id": 1, "username": "x"})


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (7, 7),
        (7.0, 7),
        ("7", 7),
        ("007", 7),
        ("7.0", 7),
        (0, 0),
        (2**63, 2**63),
        (None, None),
    ],
)
def test_id(sent: Any, read: int | None) -> None:
    assert Account.from_payload({"quota": 1, "id": sent}).id == read


@pytest.mark.parametrize(
    "value",
    ["", "x", " 7", "٧", "7.5", "9" * 31, 7.5, True, [7], {"id": 7}, 10**40, 1e300],
)
def test_id_that_cannot_be_read_is_no_account(value: Any) -> None:
    with pytest.raises(InvalidAnswerError):
        Account.from_payload({"quota": 1, "id": value})


def test_count_is_whole() -> None:
    assert (
        Account.from_payload({"quota": 1, "request_count": 2.5}).request_count is None
    )
    assert Account.from_payload({"quota": 1, "request_count": 3.0}).request_count == 3


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
        }
    )
    assert account.created_at == datetime(2025, 1, 1, tzinfo=UTC)
    assert account.last_login_at == datetime(2025, 1, 2, tzinfo=UTC)
    assert account.bonus_quota == 9


@pytest.mark.parametrize(
    ("sent", "name"), [("", "default"), ("vip", "vip"), (None, None)]
)
def test_name_of_a_group(sent: str | None, name: str | None) -> None:
    account = Account.from_payload({"quota": 1, "group": sent})
    assert (account.group, account.group_name) == (sent, name)


def test_text_is_one_line_that_can_be_stored() -> None:
    """Half a surrogate pair would keep Home Assistant from storing any entry."""
    broken = " a\ud800\0b\r\n\u2028c\x85 "
    account = Account.from_payload(
        {"quota": 1, "group": broken, "display_name": broken, "username": "\n\ud800"}
    )
    assert account.group == "abc"
    assert account.display_name == "abc"
    assert account.username is None


def test_endless_name_is_cut() -> None:
    endless = "x" * 1000
    account = Account.from_payload({"quota": 1, "username": endless, "group": endless})
    assert account.username == account.group == "x" * 100


def test_printed_account_does_not_tell_who_it_is() -> None:
    printed = repr(Account(quota=1, id=987, username="uuu", display_name="ddd"))
    assert not [text for text in ("987", "uuu", "ddd") if text in printed]
