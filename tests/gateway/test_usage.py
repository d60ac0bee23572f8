"""What the client reads of a gateway's books, against a server that keeps some."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
import json
from operator import itemgetter
import threading
from typing import Any, override
from unittest.mock import patch

import pytest

from custom_components.llm_gateway_account.gateway import (
    AbsentError,
    AccountDisabledError,
    BlockedError,
    DailyUsage,
    GatewayClient,
    GatewayError,
    InvalidAnswerError,
    Limiter,
    ModelUsage,
    OtherShapeError,
    Priority,
    RateLimitedError,
    RedirectedError,
    ServerError,
    TokenRefusedError,
    UnreachableError,
)
from custom_components.llm_gateway_account.gateway.client import MAX_USAGE_BODY
from custom_components.llm_gateway_account.gateway.usage import (
    LONGEST_SPENT,
    LONGEST_USAGE,
)
from tests.faults import FAULTS, HTML, said
from tests.gateway_books import (
    DAY,
    HOUR,
    Amounts,
    Books,
    Keeping,
    Request,
    by_day,
    by_hour,
)
from tests.gateway_server import (
    ACCESS_TOKEN,
    DONE_HUB,
    FORKS,
    INDEX_HTML,
    NEW_API,
    NEW_API_2026_08,
    NEW_API_RC22,
    ONE_API,
    ONE_HUB,
    RIX_API,
    USER_ID,
    V_API,
    VELOERA,
    Fork,
    GatewayServer,
    Handler,
    answering,
    secrets_of,
    told_by,
)

from .conftest import ClientFactory

# An hour, and a day in UTC, begins with it.
START = 1_795_651_200
END = START + DAY - 1

type Ask = Callable[[GatewayClient], Coroutine[Any, Any, Any]]

ASK: dict[str, Ask] = {
    "usage": lambda client: client.async_get_usage(START, END),
    "spent": lambda client: client.async_get_spent(START, END),
    "daily usage": lambda client: client.async_get_daily_usage(),
}
key_of = itemgetter(0)
every_book = pytest.mark.parametrize("ask", list(ASK.values()), ids=list(ASK))


class Clock:
    """A clock that somebody else turns."""

    now = START + 9 * HOUR

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock(gateway: GatewayServer) -> Clock:
    clock = Clock()
    gateway.clock = clock
    return clock


@pytest.fixture
def books(gateway: GatewayServer, clock: Clock) -> Books:
    """Return the books of a gateway that has all, which some fork has."""
    gateway.fork = NEW_API
    return gateway.books


def hourly(requests: list[Request]) -> list[ModelUsage]:
    """Return what the client should read of what the server charged."""
    return [
        ModelUsage(hour=hour, model=model, **values_of(amounts))
        for (hour, model), amounts in sorted(by_hour(requests).items(), key=key_of)
    ]


def daily(requests: list[Request]) -> list[DailyUsage]:
    """Return the same by the day."""
    return [
        DailyUsage(day=day, model=model, **values_of(amounts))
        for (day, model), amounts in sorted(by_day(requests).items(), key=key_of)
    ]


def values_of(amounts: Amounts) -> dict[str, int]:
    return {
        "requests": amounts.requests,
        "quota": amounts.quota,
        "tokens": amounts.prompt_tokens + amounts.completion_tokens,
    }


def spend_a_day(books: Books) -> None:
    """Make requests at every hour of a day, of three models with three keys."""
    for number in range(72):
        books.spend(
            ("gpt-4.1", "gpt-4-1", "豆包")[number % 3],
            100 + number,
            key=("laptop", "a & b=c", "钥匙+1 %")[number % 5 % 3],
            prompt_tokens=10,
            completion_tokens=number,
            at=START + number * 20 * 60,
        )


# Usage per hour and model


@pytest.mark.parametrize(
    "fork",
    [NEW_API, NEW_API_RC22, NEW_API_2026_08, VELOERA],
    ids=lambda fork: fork.name,
)
async def test_usage_is_what_was_charged(
    gateway: GatewayServer,
    client: GatewayClient,
    clock: Clock,
    books: Books,
    fork: Fork,
) -> None:
    gateway.fork = fork
    spend_a_day(books)
    clock.now += DAY
    assert await client.async_get_usage(START, END) == hourly(books.requests)


async def test_both_ends_of_a_window_count(
    client: GatewayClient, clock: Clock, books: Books
) -> None:
    spend_a_day(books)
    clock.now += DAY
    usage = await client.async_get_usage(START + HOUR, START + 2 * HOUR)
    assert {each.hour for each in usage} == {START + HOUR, START + 2 * HOUR}


async def test_nodes_and_names_are_added_up(
    gateway: GatewayServer, client: GatewayClient, clock: Clock, books: Books
) -> None:
    books.nodes = 2
    spend_a_day(books)
    gateway.account.username = "renamed"
    spend_a_day(books)
    clock.now += DAY
    rows = books.answer(
        NEW_API.books,
        "/api/data/self",
        {"start_timestamp": str(START), "end_timestamp": str(END)},
    )
    assert rows
    usage = await client.async_get_usage(START, END)
    assert len(rows["data"]) > len(usage)
    assert usage == hourly(books.requests)


async def test_what_is_written_late_is_read_late(
    client: GatewayClient, clock: Clock, books: Books
) -> None:
    books.spend("gpt-4.1", 500)
    assert await client.async_get_usage(START, END) == []
    clock.now += 5 * 60
    (usage,) = await client.async_get_usage(START, END)
    assert usage == ModelUsage(
        hour=START + 9 * HOUR, model="gpt-4.1", requests=1, quota=500, tokens=0
    )


async def test_other_shapes_of_rows(
    gateway: GatewayServer, client: GatewayClient
) -> None:
    """Columns may be more or fewer, numbers may be texts, names may be odd."""
    row = {"model_name": "m", "created_at": START, "count": 1, "quota": 5}
    rows = [
        row | {"token_used": 7, "channel": {"id": 1}},
        {**row, "model_name": "n", "count": None, "quota": "2.5", "token_used": "3"},
        row | {"model_name": "\x00n\u2028\ud800", "created_at": START + HOUR - 1},
        row | {"model_name": "", "created_at": float(START)},
        row | {"model_name": "x" * 300},
    ]
    gateway.books_fault = answering(200, {"success": True, "data": rows})
    assert [
        (each.model, each.requests, each.quota, each.tokens)
        for each in await client.async_get_usage(START, END)
    ] == [("", 1, 5, 0), ("m", 1, 5, 7), ("n", 1, 7.5, 3), ("x" * 255, 1, 5, 0)]


@pytest.mark.parametrize(
    "change",
    [
        {"created_at": START - 1},
        {"created_at": END + 1},
        {"created_at": START + 0.5},
        {"created_at": None},
        {"created_at": "2026-11-25"},
        {"model_name": None},
        {"model_name": 5},
        {"quota": -1},
        {"quota": None},
        {"quota": "much"},
        {"quota": True},
        {"quota": 2**63},
        {"count": -1},
        {"count": 0.5},
        {"count": 2**63},
        {"token_used": -1},
        {"token_used": []},
    ],
    ids=str,
)
async def test_impossible_rows_are_left_out_one_by_one(
    gateway: GatewayServer, client: GatewayClient, change: dict[str, Any]
) -> None:
    row = {
        "model_name": "m",
        "created_at": START,
        "count": 1,
        "quota": 5,
        "token_used": 7,
    }
    rows: list[Any] = [row | change, None, "row", row]
    gateway.books_fault = answering(200, {"success": True, "data": rows[:-1]})
    with pytest.raises(OtherShapeError):
        await client.async_get_usage(START, END)
    gateway.books_fault = answering(200, {"success": True, "data": rows})
    (usage,) = await client.async_get_usage(START, END)
    assert usage.quota == 5


async def test_a_long_answer_is_read_beside_the_event_loop(
    gateway: GatewayServer, client: GatewayClient
) -> None:
    row = {"model_name": "m", "created_at": START, "count": 1, "quota": 5}
    rows = [row | {"model_name": f"model {number}"} for number in range(90_000)]
    body = json.dumps({"success": True, "data": rows})
    assert MAX_USAGE_BODY * 0.8 < len(body) < MAX_USAGE_BODY
    gateway.books_fault = answering(200, body)
    going_on, loads = threading.Event(), json.loads
    loop = asyncio.get_running_loop()

    def waiting_loads(*args: Any, **options: Any) -> Any:
        loop.call_soon_threadsafe(going_on.set)
        assert going_on.wait(5), "the event loop stands still"
        return loads(*args, **options)

    with patch("json.loads", waiting_loads):
        usage = await client.async_get_usage(START, END)
    assert len(usage) == len(rows)


# The sum of a window


@pytest.mark.parametrize(
    "fork", [fork for fork in FORKS if fork.books.spent], ids=lambda fork: fork.name
)
async def test_spent_is_what_was_charged(
    gateway: GatewayServer, client: GatewayClient, books: Books, fork: Fork
) -> None:
    gateway.fork = fork
    spend_a_day(books)
    for start, end in ((START, END), (START, START), (START + 5, START + 9 * HOUR)):
        assert await client.async_get_spent(start, end) == sum(
            each.quota for each in books.requests if start <= each.time <= end
        )
    assert await client.async_get_spent(START - DAY, START - 1) == 0


@pytest.mark.parametrize("key", ["laptop", "a & b=c", "钥匙+1 %"])
async def test_spent_with_one_key(
    client: GatewayClient, books: Books, key: str
) -> None:
    spend_a_day(books)
    spent = sum(each.quota for each in books.requests if each.key == key)
    assert 0 < spent == await client.async_get_spent(START, END, key_name=key)


async def test_a_sum_of_nothing_is_null_in_some_databases(
    gateway: GatewayServer, client: GatewayClient
) -> None:
    body = {"success": True, "data": {"quota": None}}
    gateway.books_fault = answering(200, body)
    assert await client.async_get_spent(START, END) == 0


# Usage per day and model


@pytest.mark.parametrize(
    "fork", [ONE_API, ONE_HUB, DONE_HUB], ids=lambda fork: fork.name
)
async def test_daily_usage_is_what_was_charged(
    gateway: GatewayServer,
    client: GatewayClient,
    clock: Clock,
    books: Books,
    fork: Fork,
) -> None:
    gateway.fork = fork
    spend_a_day(books)
    clock.now += DAY
    books.spend("gpt-4.1", 500)
    clock.now += 10 * 60
    usage = await client.async_get_daily_usage()
    assert len({each.day for each in usage}) == 2
    assert usage == daily(books.requests)


async def test_daily_usage_that_nobody_counted_yet(
    gateway: GatewayServer, client: GatewayClient, books: Books
) -> None:
    gateway.fork = ONE_HUB
    spend_a_day(books)
    assert await client.async_get_daily_usage() == []


async def test_other_shapes_of_days(
    gateway: GatewayServer, client: GatewayClient
) -> None:
    row = {"ModelName": "m", "RequestCount": 1, "Quota": 5, "PromptTokens": 7}
    days = ["2026-11-25T00:00:00Z", "2026-11-25", "2026-11-24 00:00:00", "2026-W48-3"]
    days += ["2026-02-30", "25.11.2026", "20261125", ""]
    rows = [row | {"Date": day} for day in days]
    rows += [row, row | {"Day": None}, row | {"Day": 20_261_125}]
    rows += [row | {"Day": "2026-11-23", "Quota": -5}]
    gateway.books_fault = answering(200, {"success": True, "data": rows})
    assert [
        (each.day, each.requests, each.quota, each.tokens)
        for each in await client.async_get_daily_usage()
    ] == [("2026-11-24", 1, 5, 7), ("2026-11-25", 2, 10, 14)]


# What is asked, and what an answer means


async def test_request(gateway: GatewayServer, client: GatewayClient) -> None:
    for ask in ASK.values():
        with suppress(AbsentError):
            await ask(client)
    await client.async_get_spent(START, END, key_name="a & b")
    window = f"start_timestamp={START}&end_timestamp={END}"
    assert [each.raw_path for each in gateway.requests] == [
        f"/api/data/self?{window}",
        f"/api/log/self/stat?type=2&{window}",
        "/api/user/dashboard",
        f"/api/log/self/stat?type=2&{window}&token_name=a+%26+b",
    ]
    for request in gateway.requests:
        assert request.method == "GET"
        assert request.headers["Authorization"] == f"Bearer {ACCESS_TOKEN}"
        assert request.headers["X-Api-User"] == str(USER_ID)


@every_book
async def test_account_goes_first(
    gateway: GatewayServer, create_client: ClientFactory, ask: Ask
) -> None:
    priorities = []

    class Watched(Limiter):
        @override
        async def async_acquire(
            self, priority: Priority, timeout: float | None = None
        ) -> None:
            priorities.append(priority)

    with suppress(AbsentError):
        await ask(create_client(limiter=Watched()))
    assert priorities == [Priority.BACKGROUND]


@pytest.mark.parametrize(
    ("method", "longest"),
    [("async_get_usage", LONGEST_USAGE), ("async_get_spent", LONGEST_SPENT)],
)
async def test_longest_window(
    gateway: GatewayServer,
    client: GatewayClient,
    books: Books,
    method: str,
    longest: int,
) -> None:
    assert not await getattr(client, method)(START, START + longest)
    gateway.requests.clear()
    for end in (START + longest + 1, START - 1):
        with pytest.raises(ValueError, match="a window of"):
            await getattr(client, method)(START, end)
    assert not gateway.requests


@pytest.mark.parametrize(
    ("fork", "books"),
    [
        (V_API, {"spent"}),
        (ONE_API, {"spent", "daily usage"}),
        (ONE_HUB, {"spent", "daily usage"}),
        (DONE_HUB, {"spent", "daily usage"}),
        (NEW_API, {"usage", "spent"}),
        (NEW_API_RC22, {"usage", "spent"}),
        (NEW_API_2026_08, {"usage", "spent"}),
        (VELOERA, {"usage", "spent"}),
        (RIX_API, {"spent"}),
        (Fork("without", V_API.body, books=Keeping(spent=False)), set()),
    ],
    ids=lambda value: value.name if isinstance(value, Fork) else None,
)
async def test_books_that_a_fork_does_not_have(
    gateway: GatewayServer, client: GatewayClient, fork: Fork, books: set[str]
) -> None:
    gateway.fork = fork
    there = set()
    for name, ask in ASK.items():
        with suppress(AbsentError):
            await ask(client)
            there.add(name)
    assert there == books


NOT_THERE = {
    "404": answering(404, said("?")),
    "404 empty": answering(404),
    "404 page": answering(404, "<html>404</html>", HTML),
    "405": answering(405),
    "index page": answering(200, INDEX_HTML, HTML),
    "unknown path": answering(200, {"error": {"message": "Invalid URL (GET /api)"}}),
    "Chinese": answering(200, said("无权进行此操作，权限不足")),
    "traditional Chinese": answering(403, said("無權進行此操作，權限不足")),
    "English": answering(200, said("Unauthorized, insufficient privileges")),
    "Portuguese": answering(401, said("Não autorizado, privilégios insuficientes")),
    "code": answering(403, said("?", code="AUTH_INSUFFICIENT_PRIVILEGE")),
}


@every_book
@pytest.mark.parametrize("fault", list(NOT_THERE.values()), ids=list(NOT_THERE))
async def test_absent_books(
    gateway: GatewayServer, client: GatewayClient, fault: Handler, ask: Ask
) -> None:
    gateway.books_fault = fault
    with pytest.raises(AbsentError) as caught:
        await ask(client)
    assert caught.value.key == "absent"
    gateway.fault = fault
    with pytest.raises(GatewayError) as of_account:
        await client.async_get_account()
    assert not isinstance(of_account.value, AbsentError)


# One of each kind: `FAULTS` tests what belongs to which.
FAILING: dict[str, tuple[Handler, type[GatewayError]]] = {
    "token": (
        answering(200, said("无权进行此操作，access token 无效")),
        TokenRefusedError,
    ),
    "banned": (answering(200, said("用户已被封禁")), AccountDisabledError),
    "coded": (
        answering(401, said("?", code="AUTH_USER_DISABLED")),
        AccountDisabledError,
    ),
    "database": (answering(200, said("查询统计数据失败")), ServerError),
    "too large": (
        answering(200, b" " * MAX_USAGE_BODY + b"{}"),
        InvalidAnswerError,
    ),
    "no data": (answering(200, {"success": True}), InvalidAnswerError),
    "list": (answering(200, []), InvalidAnswerError),
    "text": (answering(200, {"success": True, "data": "[]"}), OtherShapeError),
    "number": (answering(200, {"success": True, "data": 5}), OtherShapeError),
    "negative": (
        answering(200, {"success": True, "data": {"quota": -1}}),
        OtherShapeError,
    ),
    "no sum": (answering(200, {"success": True, "data": {}}), OtherShapeError),
    "pages": (
        answering(200, {"success": True, "data": {"items": [], "total": 0}}),
        OtherShapeError,
    ),
    "other rows": (
        answering(200, {"success": True, "data": [{"day": "2026-11-25", "cost": 5}]}),
        OtherShapeError,
    ),
    **{
        name: FAULTS[name]
        for name in (
            "429 empty",
            "502",
            "block page",
            "301 other host",
            "truncated",
            "NaN",
            "reset",
        )
    },
}


@every_book
@pytest.mark.parametrize(("fault", "error"), list(FAILING.values()), ids=list(FAILING))
async def test_failing_books(
    gateway: GatewayServer,
    client: GatewayClient,
    fault: Handler,
    error: type[GatewayError],
    ask: Ask,
) -> None:
    gateway.books_fault = fault
    with pytest.raises(GatewayError) as caught:
        await ask(client)
    assert type(caught.value) is error
    assert error in {
        AccountDisabledError,
        BlockedError,
        InvalidAnswerError,
        OtherShapeError,
        RateLimitedError,
        RedirectedError,
        ServerError,
        TokenRefusedError,
        UnreachableError,
    }


@pytest.mark.usefixtures("little_time")
@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (FAULTS["silence"][0], True),
        (FAULTS["reset"][0], True),
        (answering(200, b" " * MAX_USAGE_BODY + b"{}"), True),
        (answering(504), True),
        (answering(524), True),
        (answering(500), False),
        (answering(502), False),
        (answering(200, "{"), False),
        (answering(200, said("查询统计数据失败")), False),
        (None, False),
    ],
    ids=[
        *("silence", "reset", "too large", "504", "524"),
        *("500", "502", "no JSON", "database", "refused connection"),
    ],
)
async def test_what_a_question_for_less_helps_against(
    gateway: GatewayServer,
    client: GatewayClient,
    fault: Handler | None,
    expected: bool,
) -> None:
    gateway.books_fault = fault
    if not fault:
        await gateway.stop()
    with pytest.raises(GatewayError) as caught:
        await client.async_get_usage(START, END)
    assert caught.value.is_too_much is expected


def secrets_in(gateway: GatewayServer, text: str) -> Iterator[str]:
    secrets = [*secrets_of(gateway.account), str(USER_ID), "laptop"]
    return (secret for secret in secrets if secret in text)


@every_book
async def test_books_tell_no_secret(
    gateway: GatewayServer,
    client: GatewayClient,
    clock: Clock,
    books: Books,
    ask: Ask,
) -> None:
    spend_a_day(books)
    clock.now += DAY
    for fork in (NEW_API, ONE_API):
        gateway.fork = fork
        with suppress(AbsentError):
            assert not [*secrets_in(gateway, repr(await ask(client)))]
    everything = " ".join(secrets_of(gateway.account))
    for status in (200, 401, 403, 404):
        for body in (everything, json.dumps(said(everything))):
            gateway.books_fault = answering(status, body)
            with pytest.raises(GatewayError) as caught:
                await ask(client)
            assert not [*secrets_in(gateway, told_by(caught.value))]
    gateway.books_fault = answering(
        301, b"", {"Location": f"https://{ACCESS_TOKEN}.example/"}
    )
    with pytest.raises(InvalidAnswerError) as caught_redirect:
        await ask(client)
    assert not [*secrets_in(gateway, told_by(caught_redirect.value))]
