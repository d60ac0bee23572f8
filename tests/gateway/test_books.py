"""The simulated gateway: that its books are those of the servers it plays.

The fields and refusals of the books are written down from answers of builds of eight
servers, with invented values.
"""

from random import Random
import time
from typing import Any

from aiohttp import ClientSession
import pytest

from tests.gateway_books import DAY, HOUR, Amounts, Books, by_day, by_hour
from tests.gateway_past import MODELS, draw, give_past
from tests.gateway_server import (
    DONE_HUB,
    FORKS,
    NEW_API,
    NEW_API_2026_08,
    NEW_API_RC22,
    ONE_API,
    ONE_HUB,
    V_API,
    VELOERA,
    Fork,
    GatewayServer,
    ServerAccount,
)

from .conftest import RECORDED

# An hour, and a day in UTC, begins with it.
START = 1_795_651_200

USAGE_ROW = {
    "id": 1,
    "user_id": 4711,
    "username": "somebody",
    "model_name": "gpt-4o",
    "created_at": START,
    "token_used": 2500,
    "count": 2,
    "quota": 900,
}
GROUPED_ROW = USAGE_ROW | {
    "id": 0,
    "use_group": "",
    "token_id": 0,
    "channel_id": 0,
    "node_name": "",
}
DAY_ROW = {
    "Day": "2026-11-26",
    "ModelName": "gpt-4o",
    "RequestCount": 2,
    "Quota": 900,
    "PromptTokens": 2000,
    "CompletionTokens": 500,
}
# Nobody recorded it filled: `LogStatisticGroupModel` in `model/statistics.go`.
DATE_ROW = {
    "Date": "2026-11-26",
    "ModelName": "gpt-4o",
    "RequestCount": 2,
    "Quota": 900,
    "PromptTokens": 2000,
    "CompletionTokens": 500,
    "RequestTime": 4000,
}
SPENT = {"quota": 900}
SPENT_AND_RATES = SPENT | {"rpm": 2, "tpm": 2500}
NO_SUCH_PATH = (
    404,
    {"error": {"message": "Invalid URL", "type": "invalid_request_error"}},
)
NOT_YOURS = (200, {"success": False, "message": "无权进行此操作，权限不足"})
NOT_YOURS_CODED = (
    403,
    {
        "success": False,
        "message": "Unauthorized, insufficient privileges",
        "code": "AUTH_INSUFFICIENT_PRIVILEGE",
    },
)


def good(data: Any) -> tuple[int, dict[str, Any]]:
    return 200, {"success": True, "message": "", "data": data}


USAGE, STAT, DASHBOARD = "/api/data/self", "/api/log/self/stat", "/api/user/dashboard"

type Answer = tuple[int, dict[str, Any]]

BOOKS: list[tuple[Fork, dict[str, Answer]]] = [
    (
        ONE_API,
        {USAGE: NO_SUCH_PATH, STAT: good(SPENT), DASHBOARD: good([DAY_ROW])},
    ),
    (
        ONE_HUB,
        {USAGE: NO_SUCH_PATH, STAT: good(SPENT), DASHBOARD: good([DATE_ROW])},
    ),
    (
        DONE_HUB,
        {USAGE: NO_SUCH_PATH, STAT: good(SPENT), DASHBOARD: good([DATE_ROW])},
    ),
    (
        VELOERA,
        {
            USAGE: good([USAGE_ROW]),
            STAT: good(SPENT_AND_RATES),
            DASHBOARD: NOT_YOURS,
        },
    ),
    (
        NEW_API,
        {
            USAGE: good([USAGE_ROW]),
            STAT: good(SPENT_AND_RATES),
            DASHBOARD: NOT_YOURS,
        },
    ),
    (
        NEW_API_2026_08,
        {
            USAGE: good([GROUPED_ROW]),
            STAT: good(SPENT_AND_RATES),
            DASHBOARD: NOT_YOURS_CODED,
        },
    ),
]
SERVERS = {
    "one-api": ONE_API,
    "one-hub": ONE_HUB,
    "done-hub": DONE_HUB,
    "veloera": VELOERA,
    "new-api-2026-04": NEW_API,
    "new-api-2026-06": NEW_API,
    "new-api-2026-08": NEW_API_2026_08,
}


class Clock:
    """A clock that somebody else turns."""

    now = float(START)

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock(gateway: GatewayServer) -> Clock:
    clock = Clock()
    gateway.clock = clock
    return clock


def shape(value: Any) -> Any:
    """Return a value with types in place of what it says."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value]
    return "number" if type(value) in {int, float} else type(value).__name__


async def ask(gateway: GatewayServer, path: str, query: str = "") -> Answer:
    headers = {"Authorization": gateway.account.access_token}
    if gateway.fork.user_id_header:
        headers[gateway.fork.user_id_header] = str(gateway.account.id)
    async with (
        ClientSession() as session,
        session.get(f"{gateway.url}{path}{query}", headers=headers) as response,
    ):
        return response.status, await response.json()


async def rows(gateway: GatewayServer, start: float = 0, end: float = 0) -> list[Any]:
    """Return the rows of the day around now, or of a window."""
    start, end = start or gateway.clock() - DAY, end or gateway.clock()
    query = f"?start_timestamp={int(start)}&end_timestamp={int(end)}"
    status, body = await ask(gateway, USAGE, query)
    assert status == 200
    return list(body["data"])


async def spent(gateway: GatewayServer, query: str = "") -> int:
    _, body = await ask(gateway, STAT, query)
    return int(body["data"]["quota"])


# Shapes


@pytest.mark.parametrize(("server", "fork"), SERVERS.items())
async def test_account_and_status_of_every_server(
    gateway: GatewayServer, server: str, fork: Fork
) -> None:
    gateway.fork = fork
    recorded = shape(RECORDED[server])
    _, account = await ask(gateway, "/api/user/self")
    told = shape(account["data"])
    # What is in it depends on the roles of a server.
    assert told.pop("permissions", 0) == 0 or recorded["account"].pop("permissions")
    recorded["account"].pop("permissions", 0)
    assert told == recorded["account"]
    _, status = await ask(gateway, "/api/status")
    # A server says much more of itself that nobody reads.
    for key, kind in shape(status["data"]).items():
        assert (key, kind) == (key, recorded["site"][key])


@pytest.mark.parametrize(
    ("fork", "answers"), BOOKS, ids=[fork.name for fork, _ in BOOKS]
)
async def test_books_of_every_server(
    gateway: GatewayServer, clock: Clock, fork: Fork, answers: dict[str, Answer]
) -> None:
    gateway.fork = fork
    gateway.books.spend("gpt-4o", 900, prompt_tokens=2000, completion_tokens=500)
    clock.now += 10 * 60
    for path, (status, body) in answers.items():
        query = f"?start_timestamp={START}&end_timestamp={START + DAY}"
        answer = await ask(gateway, path, query if path != DASHBOARD else "")
        assert (answer[0], shape(answer[1])) == (status, shape(body))
        if "message" in body:
            assert answer[1]["message"] == body["message"]


@pytest.mark.parametrize("fork", [NEW_API, NEW_API_2026_08, VELOERA])
async def test_windows_of_usage(
    gateway: GatewayServer, clock: Clock, fork: Fork
) -> None:
    """No times are an empty list, 30 days are answered, one second more is refused."""
    gateway.fork = fork
    assert await ask(gateway, USAGE) == good([])
    assert not await rows(gateway, START - 30 * DAY, START)
    assert await ask(
        gateway, USAGE, f"?start_timestamp={START - 30 * DAY - 1}&end_timestamp={START}"
    ) == (200, {"success": False, "message": "时间跨度不能超过 1 个月"})


@pytest.mark.parametrize("fork", FORKS, ids=lambda fork: fork.name)
async def test_books_are_for_the_account_alone(
    gateway: GatewayServer, fork: Fork
) -> None:
    gateway.fork = fork
    gateway.account.status = 2
    answer = await ask(gateway, STAT)
    assert answer == await ask(gateway, "/api/user/self")
    assert not answer[1]["success"]


async def test_accounts_have_books_of_their_own(gateway: GatewayServer) -> None:
    gateway.fork = ONE_API
    gateway.books.spend("gpt-4o", 900)
    gateway.account = ServerAccount(id=12)
    assert await spent(gateway) == 0
    gateway.books.spend("gpt-4o", 100)
    assert await spent(gateway) == 100


@pytest.mark.parametrize(("fork", "wait"), [(NEW_API, None), (NEW_API_2026_08, "180")])
async def test_too_many_requests(
    gateway: GatewayServer, fork: Fork, wait: str | None
) -> None:
    gateway.fork = fork
    gateway.asked_too_often = True
    for path in ("/api/status", "/api/user/self", STAT):
        async with (
            ClientSession() as session,
            session.get(f"{gateway.url}{path}") as response,
        ):
            assert response.status == 429
            assert response.headers.get("Retry-After") == wait
            assert await response.read() == b""


# What is written, and when


async def test_rows_come_within_five_minutes(
    gateway: GatewayServer, clock: Clock
) -> None:
    gateway.fork = NEW_API
    books = gateway.books
    clock.now += 299
    books.spend("gpt-4o", 900)
    assert await spent(gateway) == 900
    assert not await rows(gateway)
    clock.now += 1
    books.spend("gpt-4o", 100)
    assert [row["quota"] for row in await rows(gateway)] == [900]
    clock.now += 299
    assert [row["quota"] for row in await rows(gateway)] == [900]
    clock.now += 1
    assert [row["quota"] for row in await rows(gateway)] == [1000]


async def test_a_restart_loses_what_is_not_written(
    gateway: GatewayServer, clock: Clock
) -> None:
    gateway.fork = NEW_API
    gateway.books.spend("gpt-4o", 900)
    clock.now += 300
    gateway.books.spend("gpt-4o", 100)
    clock.now += 299
    gateway.books.restart()
    clock.now += HOUR
    assert [row["quota"] for row in await rows(gateway)] == [900]
    assert await spent(gateway) == 1000


@pytest.mark.parametrize(("fork", "times"), [(NEW_API, 2), (NEW_API_2026_08, 1)])
async def test_nodes_of_a_cluster_write_rows_of_their_own(
    gateway: GatewayServer, clock: Clock, fork: Fork, times: int
) -> None:
    gateway.fork = fork
    gateway.books.nodes = 2
    for _ in range(3):
        gateway.books.spend("gpt-4o", 900)
    clock.now += 300
    found = await rows(gateway)
    assert len(found) == times
    assert sum(row["quota"] for row in found) == 2700


@pytest.mark.parametrize("fork", [NEW_API, NEW_API_2026_08])
async def test_a_renamed_account(
    gateway: GatewayServer, clock: Clock, fork: Fork
) -> None:
    """Rows are found by the ID, logs by the name of today."""
    gateway.fork = fork
    gateway.books.spend("gpt-4o", 900)
    gateway.account.username = "renamed"
    gateway.books.spend("gpt-4o", 100)
    clock.now += 300
    assert sorted(row["quota"] for row in await rows(gateway)) == [100, 900]
    assert await spent(gateway) == 100


async def test_operator_writes_no_rows(gateway: GatewayServer, clock: Clock) -> None:
    gateway.fork = NEW_API
    gateway.books.spend("gpt-4o", 900)
    clock.now += 300
    gateway.books.data_export = False
    gateway.books.spend("gpt-4o", 100)
    clock.now += 300
    assert [row["quota"] for row in await rows(gateway)] == [900]
    assert await spent(gateway) == 1000
    _, status = await ask(gateway, "/api/status")
    assert status["data"]["enable_data_export"] is False


async def test_operator_writes_nothing(gateway: GatewayServer, clock: Clock) -> None:
    gateway.fork = NEW_API
    used = gateway.account.used_quota
    gateway.books.log_consume = False
    gateway.books.spend("gpt-4o", 900)
    clock.now += 300
    assert not await rows(gateway)
    assert await spent(gateway) == 0
    assert gateway.account.used_quota == used + 900


async def test_operator_deletes_logs(gateway: GatewayServer, clock: Clock) -> None:
    gateway.fork = NEW_API
    gateway.books.spend("gpt-4o", 900)
    clock.now += 600
    gateway.books.spend("gpt-4o", 100)
    clock.now += 600
    gateway.books.delete_logs(START + 600)
    assert [row["quota"] for row in await rows(gateway)] == [1000]
    assert await spent(gateway) == 100
    gateway.fork = ONE_API
    _, body = await ask(gateway, DASHBOARD)
    assert [row["Quota"] for row in body["data"]] == [100]
    gateway.books.delete_logs(START + 700)
    gateway.fork = ONE_HUB
    _, body = await ask(gateway, DASHBOARD)
    assert [row["Quota"] for row in body["data"]] == [1000]


async def test_spent_of_one_key(gateway: GatewayServer) -> None:
    gateway.books.spend("gpt-4o", 900, key="a key")
    gateway.books.spend("gpt-4o", 100, key="another")
    assert await spent(gateway, "?token_name=a+key") == 900
    assert await spent(gateway, "?token_name=&start_timestamp=x") == 1000


@pytest.mark.parametrize("fork", [ONE_HUB, DONE_HUB])
async def test_days_that_are_counted_now_and_then(
    gateway: GatewayServer, clock: Clock, fork: Fork
) -> None:
    gateway.fork = fork
    assert await ask(gateway, DASHBOARD) == good(None)
    gateway.books.spend("gpt-4o", 900)
    clock.now += 599
    assert await ask(gateway, DASHBOARD) == good(None)
    clock.now += 1
    _, body = await ask(gateway, DASHBOARD)
    assert [row["Quota"] for row in body["data"]] == [900]
    gateway.books.spend("gpt-4o", 100)
    clock.now += 7 * DAY
    _, body = await ask(gateway, DASHBOARD)
    assert [row["Quota"] for row in body["data"]] == [1000]
    clock.now += DAY
    assert await ask(gateway, DASHBOARD) == good(None)


async def test_days_of_one_api(gateway: GatewayServer, clock: Clock) -> None:
    gateway.fork = ONE_API
    gateway.books.spend("gpt-4o", 900)
    clock.now += 7 * DAY - 1
    _, body = await ask(gateway, DASHBOARD)
    assert [row["Quota"] for row in body["data"]] == [900]
    clock.now += 1
    assert await ask(gateway, DASHBOARD) == good([])


@pytest.mark.parametrize(
    ("fork", "refunded"), [(NEW_API, 0), (NEW_API_2026_08, 400), (VELOERA, 0)]
)
async def test_refund(
    gateway: GatewayServer, clock: Clock, fork: Fork, refunded: int
) -> None:
    """It changes the account, each fork in its own way, and nothing in the books."""
    gateway.fork = fork
    account = gateway.account
    before = account.quota, account.used_quota, account.request_count
    gateway.books.spend("suno", 900)
    gateway.refund(400)
    clock.now += 300
    assert (account.quota, account.used_quota, account.request_count) == (
        before[0] - 500,
        before[1] + 900 - refunded,
        before[2] + 1,
    )
    assert [row["quota"] for row in await rows(gateway)] == [900]
    assert await spent(gateway) == 900


# A past


async def test_a_past_leads_to_what_the_account_has(
    gateway: GatewayServer, clock: Clock
) -> None:
    gateway.fork = NEW_API
    account = gateway.account
    before = account.quota, account.used_quota, account.request_count
    books = gateway.books
    lowest = min_quota(books)
    clock.now += 10 * HOUR
    give_past(books, spent=16_700_000, requests=3770, top_up=7_500_000)
    assert before == (account.quota, account.used_quota, account.request_count)
    assert lowest() >= 0
    assert len(books.requests) == 3770
    assert sum(each.quota for each in books.requests) == 16_700_000
    assert {each.model for each in books.requests} == {each.name for each in MODELS}
    assert books.requests[0].time >= clock.now - 30 * DAY
    assert books.requests[-1].time < clock.now
    found = await rows(gateway, clock.now - 30 * DAY, clock.now)
    assert sum(row["quota"] for row in found) == 16_700_000
    assert await spent(gateway) == 16_700_000


def min_quota(books: Books) -> Any:
    """Watch the quota while requests are made; return what returns its lowest."""
    seen = [books.account.quota]
    spend = books.spend

    def watched(*args: Any, **options: Any) -> Any:
        request = spend(*args, **options)
        seen.append(books.account.quota)
        return request

    books.spend = watched  # type: ignore[method-assign]
    return lambda: min(seen)


def test_a_past_has_nights_weekends_and_a_runaway() -> None:
    clock = Clock()
    books = Books(ServerAccount(), clock)
    give_past(books, spent=10_000_000, requests=3000)
    by_time: dict[str, Amounts] = {}
    for request in books.requests:
        moment = time.gmtime(request.time)
        kind = "weekend" if moment.tm_wday > 4 else "weekday"
        kind = kind if 8 <= moment.tm_hour < 20 else "night"
        by_time.setdefault(kind, Amounts()).add(request)
    assert by_time["weekday"].requests / 5 > 2 * by_time["weekend"].requests / 2
    assert by_time["weekday"].requests > 3 * by_time["night"].requests
    hours = by_hour(books.requests)
    usual = sorted(amounts.quota for amounts in hours.values())[len(hours) // 2]
    assert max(amounts.quota for amounts in hours.values()) > 50 * usual
    again = Books(ServerAccount(), clock)
    give_past(again, spent=10_000_000, requests=3000)
    assert again.requests == books.requests
    books.spend(**draw(Random(1)))  # noqa: S311
    assert books.requests[-1].time == START


async def test_a_past_is_cheap_to_ask(gateway: GatewayServer, clock: Clock) -> None:
    gateway.fork = NEW_API
    give_past(gateway.books, spent=16_000_000, requests=20_000)
    started = time.process_time()
    for _ in range(10):
        await rows(gateway, START - 30 * DAY, START)
        await spent(gateway)
    assert time.process_time() - started < 2


async def test_forks_are_chosen_at_any_time(
    gateway: GatewayServer, clock: Clock
) -> None:
    """The truth is one; a fork is only a way to tell it."""
    give_past(gateway.books, spent=1_000_000, requests=500)
    for fork in (V_API, NEW_API_RC22, DONE_HUB):
        gateway.fork = fork
        assert await spent(gateway) == 1_000_000
    _, body = await ask(gateway, DASHBOARD)
    days = by_day(gateway.books.requests)
    for row in body["data"]:
        assert row["Quota"] == days[row["Date"], row["ModelName"]].quota
