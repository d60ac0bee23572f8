"""What the client reads of the list of API keys, against a server that has some."""

from collections.abc import Generator
from copy import replace
from datetime import UTC, datetime, timedelta
import json
from typing import Any
from unittest.mock import patch

from aiohttp import web
import pytest

from custom_components.llm_gateway_account.gateway import (
    AbsentError,
    ApiKey,
    GatewayClient,
    GatewayError,
    InvalidAnswerError,
    KeyStatus,
    ServerError,
    TokenRefusedError,
)
from custom_components.llm_gateway_account.gateway.keys import MOST_PAGES, KeyPages
from tests.gateway_books import DAY
from tests.gateway_keys import (
    KEYS,
    PLANTED_IN_KEYS,
    SHELL_API_KEYS,
    VELOERA_KEYS,
    KeyList,
)
from tests.gateway_server import (
    DONE_HUB,
    FORKS,
    INDEX_HTML,
    NEW_API,
    NEW_API_2026_08,
    ONE_API,
    ONE_HUB,
    VELOERA,
    Fork,
    GatewayServer,
    answering,
    told_by,
)

from .conftest import RECORDED
from .test_books import ask, shape

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
START = 1_795_651_200

NEW_API_2025 = replace(NEW_API, name="New API of April 2025", keys=VELOERA_KEYS)
LISTS = (*FORKS, NEW_API_2025)
SERVERS = {
    "one-api": ONE_API,
    "one-hub": ONE_HUB,
    "done-hub": DONE_HUB,
    "veloera": VELOERA,
    "new-api-2025-04": NEW_API_2025,
    "new-api-2026-04": NEW_API,
    "new-api-2026-06": NEW_API,
    "new-api-2026-08": NEW_API_2026_08,
}


@pytest.fixture(autouse=True)
def patient() -> Generator[None]:
    """Let a thousand keys be listed without waiting."""
    with patch("custom_components.llm_gateway_account.gateway.limiter.SPACING", 0):
        yield


every_list = pytest.mark.parametrize("fork", LISTS, ids=lambda fork: fork.name)


def key_list(fork: Fork) -> KeyList:
    assert fork.keys
    return fork.keys


def row(number: int = 1, **fields: Any) -> dict[str, Any]:
    """Return a row as it was when the key was made."""
    return {
        "id": number,
        "name": "laptop",
        "status": 1,
        "created_time": START,
        "accessed_time": START,
        "expired_time": -1,
        "remain_quota": 500,
        "unlimited_quota": False,
        "used_quota": 0,
        "group": "",
    } | fields


def read(**fields: Any) -> ApiKey:
    key = ApiKey.from_row(row(**fields))
    assert key
    return key


def queries(gateway: GatewayServer) -> list[str]:
    return [str(each.rel_url.query_string) for each in gateway.requests]


# What the simulated gateway answers is what servers do


@pytest.mark.parametrize(("server", "fork"), SERVERS.items())
async def test_list_of_every_server(
    gateway: GatewayServer, server: str, fork: Fork
) -> None:
    gateway.fork = fork
    gateway.keys.create("laptop")
    status, body = await ask(gateway, KEYS)
    assert status == 200
    told, recorded = shape(body["data"]), shape(RECORDED[server]["keys"])
    # Limits are null, empty or a list, whatever is set.
    for rows in (told, recorded):
        for each in (
            rows if isinstance(rows, list) else rows.get("items", rows.get("data"))
        ):
            for limit in ("models", "setting"):
                each[limit] = limit in each
    assert told == recorded


@pytest.mark.parametrize(("server", "fork"), SERVERS.items())
async def test_what_servers_answer_is_read(server: str, fork: Fork) -> None:
    pages = KeyPages()
    pages.add(RECORDED[server]["keys"])
    assert pages.query is None
    assert pages.listing.is_complete
    (key,) = pages.listing.keys.values()
    assert key.id == 7
    assert key.created_at == datetime.fromtimestamp(1_763_800_000, UTC)
    assert key.last_used_at is None
    assert key.expires_at is None
    assert key.group == (None if fork is ONE_API else "")


# One listing for all


@every_list
@pytest.mark.parametrize("number", [0, 1, 9, 10, 11, 20, 99, 100, 101, 137, 1000])
async def test_all_keys_are_listed(
    gateway: GatewayServer, client: GatewayClient, fork: Fork, number: int
) -> None:
    """Each once, and it is known that there are no more."""
    gateway.fork = fork
    for each in range(number):
        gateway.keys.create(f"key {each}")
    listing = await client.async_get_keys()
    assert sorted(listing.keys) == [*range(1, number + 1)]
    assert [*listing.keys] == sorted(listing.keys, reverse=True)
    assert listing.requests == len(gateway.requests) <= MOST_PAGES
    # Who lists ten at a time cannot say that a thousand are all within so many pages.
    ten_at_once = fork.keys in {ONE_API.keys, SHELL_API_KEYS}
    assert listing.is_complete is not (number == 1000 and ten_at_once)
    size = 10 if ten_at_once else 100
    assert listing.requests <= number // size + 2
    assert set(gateway.paths()) == {KEYS}


@every_list
async def test_what_is_known_of_a_key(
    gateway: GatewayServer, client: GatewayClient, fork: Fork
) -> None:
    gateway.fork = fork
    gateway.clock = lambda: START
    key = gateway.keys.create(
        "laptop", remain_quota=500, group="vip", expired_time=START + DAY
    )
    gateway.keys.create("server")
    gateway.clock = gateway.keys.clock = lambda: START + 60
    for each in gateway.keys.by_id.values():
        gateway.keys.use(each, key_list(fork), 100)
    listing = await client.async_get_keys()
    assert listing.keys[key.id] == ApiKey(
        id=1,
        name="laptop",
        status=1,
        remaining_quota=400,
        used_quota=100,
        expires_at=datetime.fromtimestamp(START + DAY, UTC),
        last_used_at=datetime.fromtimestamp(START + 60, UTC),
        group=None if fork is ONE_API else "vip",
        created_at=datetime.fromtimestamp(START, UTC),
    )
    without_limit = listing.keys[2]
    assert without_limit.is_unlimited
    assert without_limit.remaining_quota is None
    counts = key_list(fork).counts_unlimited
    assert without_limit.is_counted is counts
    assert without_limit.used_quota == (100 if counts else 0)
    assert (without_limit.last_used_at is not None) is counts
    assert "laptop" not in repr(listing)


def rows(*numbers: int) -> list[dict[str, Any]]:
    return [row(number) for number in numbers]


def span(first: int, last: int) -> list[dict[str, Any]]:
    return rows(*range(first, last + 1))


@pytest.mark.parametrize(
    ("pages", "asked", "found", "is_complete"),
    [
        # A bare list that counts from 1 answers its first page twice.
        ([span(1, 10), span(1, 10), span(11, 13)], [0, 1, 2], 13, True),
        ([span(1, 10), span(1, 10), []], [0, 1, 2], 10, True),
        # Whoever ignores the page answers all, or the first ten for ever.
        ([span(1, 237)], [0], 237, True),
        ([span(1, 240)], [0], 240, True),
        ([span(1, 13)], [0], 13, True),
        ([span(1, 10), span(1, 10), span(1, 10)], [0, 1, 2], 10, False),
        (
            [span(1, 10), span(11, 20), span(11, 20), span(11, 20)],
            [0, 1, 2, 3],
            20,
            False,
        ),
        # Keys that are made meanwhile move others to the next page.
        ([span(1, 10), span(10, 19), span(20, 21)], [0, 1, 2], 21, True),
        # The total says what is missing.
        ([{"items": span(1, 10), "total": 10, "page": 1}], [0], 10, True),
        (
            [
                {"items": span(1, 10), "total": 12, "page": 1},
                {"items": span(11, 12), "total": 12, "page": 2},
            ],
            [0, 2],
            12,
            True,
        ),
        (
            [
                {"items": span(1, 10), "total": 12, "page": 1},
                {"items": span(1, 10), "total": 12, "page": 1},
            ],
            [0, 2],
            10,
            False,
        ),
        (
            [
                {"items": span(1, 10), "total": 12, "page": 1},
                {"items": rows(11), "total": 12, "page": 2},
                {"items": [], "total": 12, "page": 3},
            ],
            [0, 2, 3],
            11,
            False,
        ),
        # One was deleted meanwhile.
        (
            [
                {"data": span(1, 10), "total_count": 12, "page": 1},
                {"data": rows(12), "total_count": 11, "page": 2},
            ],
            [0, 2],
            11,
            True,
        ),
        # Pages may count from 0 in an object too, or not say their number or a total.
        (
            [
                {"items": span(1, 10), "total": 12, "page": 0},
                {"items": span(11, 12), "total": 12, "page": 1},
            ],
            [0, 1],
            12,
            True,
        ),
        ([{"data": span(1, 10)}, {"data": span(11, 12)}], [0, 2], 12, True),
        ([{"items": None, "total": 0}], [0], 0, True),
        ([{"data": [], "total_count": 0}], [0], 0, True),
        # What cannot be read might be any key.
        ([[*span(1, 3), {"name": "laptop"}]], [0], 3, False),
        ([{"items": [*span(1, 3), None], "total": 4}], [0], 3, False),
    ],
)
async def test_ways_to_page(
    gateway: GatewayServer,
    client: GatewayClient,
    pages: list[Any],
    asked: list[int],
    found: int,
    is_complete: bool,
) -> None:
    left = iter(pages)

    async def fault(request: web.BaseRequest) -> web.StreamResponse:
        return web.json_response({"success": True, "data": next(left)})

    gateway.keys_fault = fault
    listing = await client.async_get_keys()
    assert [each.rel_url.query["p"] for each in gateway.requests] == [
        str(page) for page in asked
    ]
    assert {each.rel_url.query["size"] for each in gateway.requests} == {"100"}
    assert (len(listing.keys), listing.is_complete) == (found, is_complete)
    assert next(left, None) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"id": None},
        {"id": "x"},
        {"id": 0},
        {"id": -1},
        {"id": 2**63},
        {"id": 1.5},
        {"id": True},
        {"id": [1]},
    ],
)
def test_row_without_an_id_is_no_key(fields: dict[str, Any]) -> None:
    assert ApiKey.from_row(row() | fields) is None


@pytest.mark.parametrize("value", [None, "", [], {}, "x", float("inf"), True, -1])
def test_values_of_any_kind(value: Any) -> None:
    """Whatever a field holds, the key can be shown."""
    for field in row():
        if field != "id" and (key := ApiKey.from_row(row() | {field: value})):
            assert key.id == 1
            assert key.status_at(NOW) in KeyStatus
    assert ApiKey.from_row({"id": 1}) == ApiKey(id=1, name="")


def test_name_that_is_no_line() -> None:
    assert read(name="a\nb\x00" + "c" * 200).name == "ab" + "c" * 98


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, KeyStatus.ACTIVE),
        ({"status": None}, KeyStatus.ACTIVE),
        ({"status": 2}, KeyStatus.DISABLED),
        ({"status": 9}, KeyStatus.DISABLED),
        ({"status": 2, "remain_quota": 0}, KeyStatus.DISABLED),
        # Written late, or never.
        ({"expired_time": NOW.timestamp()}, KeyStatus.EXPIRED),
        ({"expired_time": NOW.timestamp() + 1}, KeyStatus.ACTIVE),
        ({"expired_time": 0}, KeyStatus.ACTIVE),
        ({"remain_quota": 0}, KeyStatus.USED_UP),
        ({"remain_quota": -44_999}, KeyStatus.USED_UP),
        ({"remain_quota": -1, "unlimited_quota": True}, KeyStatus.ACTIVE),
        ({"remain_quota": 0, "expired_time": 1}, KeyStatus.EXPIRED),
        # Once written, the gateway refuses the key whatever its limits are now.
        ({"status": 3}, KeyStatus.EXPIRED),
        ({"status": 4}, KeyStatus.USED_UP),
        ({"status": 4, "unlimited_quota": True}, KeyStatus.USED_UP),
    ],
)
def test_status(fields: dict[str, Any], status: KeyStatus) -> None:
    assert read(**fields).status_at(NOW) is status
    assert read().status_at(NOW - timedelta(days=1)) is KeyStatus.ACTIVE


# Failures, and what is never told


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (404, "", AbsentError),
        (405, "", AbsentError),
        (200, INDEX_HTML, AbsentError),
        (200, {"success": False, "message": "权限不足"}, AbsentError),
        (200, {"success": False, "message": "x"}, ServerError),
        (200, {"success": False, "message": "access token 无效"}, TokenRefusedError),
        (200, {"success": True, "data": None}, InvalidAnswerError),
        (
            200,
            {"success": True, "data": {"items": None, "total": 3}},
            InvalidAnswerError,
        ),
        (200, {"success": True, "data": "x"}, InvalidAnswerError),
        (200, {"success": True}, InvalidAnswerError),
        (500, "", ServerError),
    ],
)
async def test_no_list(
    gateway: GatewayServer,
    client: GatewayClient,
    status: int,
    body: Any,
    error: type[GatewayError],
) -> None:
    gateway.keys_fault = answering(status, body)
    with pytest.raises(error):
        await client.async_get_keys()


async def test_later_page_that_fails(
    gateway: GatewayServer, client: GatewayClient
) -> None:
    """Half a list is none."""
    gateway.fork = ONE_API
    for each in range(30):
        gateway.keys.create(f"key {each}")

    async def fault(request: web.BaseRequest) -> web.StreamResponse:
        gateway.keys_fault = answering(502)
        body = gateway.keys.answer(ONE_API.keys, KEYS, request.rel_url.query)
        return web.json_response(body)

    gateway.keys_fault = fault
    with pytest.raises(ServerError):
        await client.async_get_keys()


@every_list
async def test_no_secret_is_told(
    gateway: GatewayServer, client: GatewayClient, fork: Fork
) -> None:
    """Neither by a listing nor by the error of a broken one."""
    gateway.fork = fork
    for each in range(3):
        gateway.keys.create(f"key {each}", group="vip")
    _, body = await ask(gateway, KEYS)
    whole = json.dumps(body)
    secrets = [*PLANTED_IN_KEYS.values()]
    assert sum(secret in whole for secret in secrets) >= 4

    told = repr(await client.async_get_keys())
    broken = [
        whole[:-1],
        f"[{whole}]",
        whole.replace('"success": true', '"success": false'),
        whole.replace('"data"', '"date"'),
        json.dumps({"success": True, "data": {"date": body["data"]}}),
        json.dumps({"success": True, "data": whole}),
        json.dumps({"success": False, "message": whole}),
        whole.replace("3", "NaN"),
        f"<html>{whole}",
    ]
    for text in broken:
        for status in (200, 403, 500):
            gateway.keys_fault = answering(status, text)
            with pytest.raises(GatewayError) as caught:
                await client.async_get_keys()
            told += told_by(caught.value)
    assert not [secret for secret in secrets if secret in told]
