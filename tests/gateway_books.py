"""The books of the simulated gateway: every request, and what each fork tells of it.

Sources: `model/usedata.go`, `model/log.go` and `controller/usedata.go` of new-api and
Veloera, `controller/user.go` of one-api, `model/statistics.go` and `cron/main.go` of
one-hub and done-hub, and answers of builds of all of them.
"""

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter, itemgetter
import time
from typing import Any, Protocol

HOUR = 3600
DAY = 24 * HOUR
SECONDS_BETWEEN_WRITES = 300
"""`DataExportInterval`: new-api and Veloera keep rows in memory for so long."""
SECONDS_BETWEEN_COUNTS = 600
"""How often one-hub and done-hub fill their table of statistics."""
LONGEST_USAGE = 2_592_000
TOO_LONG = "时间跨度不能超过 1 个月"


@dataclass(frozen=True)
class Keeping:
    """What the books of one fork look like from outside."""

    spent: bool = True
    """`/api/log/self/stat`"""
    rates: bool = False
    """Whether that also tells requests and tokens of the last minute."""
    hourly: bool = False
    """`/api/data/self`"""
    grouped: bool = False
    """Whether that adds up the rows of one hour, model and name."""
    live_days: bool = False
    """`/api/user/dashboard` of one-api"""
    counted_days: bool = False
    """`/api/user/dashboard` of one-hub and done-hub"""
    refunds_used_quota: bool = False
    """Whether a failed task also lowers `used_quota` (new-api since August 2026)."""


class Purse(Protocol):
    """What is charged: the account as the server keeps it."""

    id: int
    username: str
    quota: int
    used_quota: int
    request_count: int
    group: str


@dataclass(frozen=True, slots=True)
class Request:
    """A request to a model, at its end."""

    time: int
    model: str
    key: str
    quota: int
    prompt_tokens: int
    completion_tokens: int
    username: str

    @property
    def hour(self) -> int:
        """Start of its hour in UTC."""
        return self.time - self.time % HOUR

    @property
    def tokens(self) -> int:
        """What it was and got."""
        return self.prompt_tokens + self.completion_tokens


@dataclass(slots=True)
class Amounts:
    """What several requests come to."""

    requests: int = 0
    quota: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def add(self, request: Request) -> None:
        """Add one more."""
        self.requests += 1
        self.quota += request.quota
        self.prompt_tokens += request.prompt_tokens
        self.completion_tokens += request.completion_tokens

    def merge(self, other: Amounts) -> None:
        """Add some more."""
        self.requests += other.requests
        self.quota += other.quota
        self.prompt_tokens += other.prompt_tokens
        self.completion_tokens += other.completion_tokens


def now() -> float:
    """Return the time, also where a test has stopped it."""
    return time.time()


def by_hour(requests: Iterable[Request]) -> dict[tuple[int, str], Amounts]:
    """Return what requests come to per hour and model."""
    sums: defaultdict[tuple[int, str], Amounts] = defaultdict(Amounts)
    for request in requests:
        sums[request.hour, request.model].add(request)
    return dict(sums)


def by_day(requests: Iterable[Request]) -> dict[tuple[str, str], Amounts]:
    """Return what requests come to per day in UTC and model."""
    sums: defaultdict[tuple[str, str], Amounts] = defaultdict(Amounts)
    for request in requests:
        sums[_day(request.time), request.model].add(request)
    return dict(sums)


class Books:
    """The books that a gateway keeps of one account. Set a switch at any time."""

    def __init__(self, account: Purse, clock: Callable[[], float] = now) -> None:
        """Keep the books of an account; `clock` returns Unix seconds."""
        self.requests: list[Request] = []
        """The truth: everything that was ever charged, oldest first."""
        self.data_export = True
        """Whether the operator lets rows per hour be written."""
        self.log_consume = True
        """Whether the operator lets anything be written at all."""
        self.nodes = 1
        """Of a cluster; each writes rows of its own, in turn."""
        self.account = account
        self.clock = clock
        self.started = int(clock())
        """When the server was; it writes every so often from then on."""
        self._logs: list[Request] = []
        # What the server still has in memory: when it will write it, which node.
        self._unwritten: list[tuple[int, int, Request]] = []
        self._rows: dict[tuple[int, str, str, int], Amounts] = {}
        self._days: dict[tuple[str, str], Amounts] = {}
        self._counted_until = 0

    def spend(
        self,
        model: str,
        quota: int,
        *,
        key: str = "default",
        prompt_tokens: int = 0,
        completion_tokens: int = 0,
        at: float | None = None,
    ) -> Request:
        """Charge a request that ends now, or ended `at` a moment of the past."""
        request = Request(
            int(self.clock() if at is None else at),
            model,
            key,
            quota,
            prompt_tokens,
            completion_tokens,
            self.account.username,
        )
        self.account.quota -= quota
        self.account.used_quota += quota
        self.account.request_count += 1
        insort(self.requests, request, key=attrgetter("time"))
        if self.log_consume:
            insort(self._logs, request, key=attrgetter("time"))
            if self.data_export:
                node = len(self.requests) % self.nodes
                self._unwritten.append((self._write_at(request), node, request))
        return request

    def top_up(self, quota: int) -> None:
        """Add points."""
        self.account.quota += quota

    def refund(self, quota: int, *, lowers_used_quota: bool) -> None:
        """Give back what a failed task had cost; nothing that is written changes."""
        self.account.quota += quota
        if lowers_used_quota:
            self.account.used_quota -= quota

    def restart(self) -> None:
        """Lose what is not written yet, as a server does that ends."""
        self._write()
        self._count()
        self._unwritten.clear()
        self.started = int(self.clock())

    def delete_logs(self, before: float) -> None:
        """Delete the logs of requests before a moment, as an operator does."""
        self._count()
        del self._logs[: bisect_left(self._logs, before, key=attrgetter("time"))]

    def answer(
        self, keeping: Keeping, path: str, query: Mapping[str, str]
    ) -> dict[str, Any] | None:
        """Return the body that a fork answers; None where it does not have the path."""
        match path:
            case "/api/data/self" if keeping.hourly:
                start, end = _window(query)
                if end - start > LONGEST_USAGE:
                    return {"success": False, "message": TOO_LONG}
                data: Any = self._hourly(start, end, grouped=keeping.grouped)
            case "/api/log/self/stat" if keeping.spent:
                data = self._spent(query) | (self._rates() if keeping.rates else {})
            case "/api/user/dashboard" if keeping.live_days:
                data = self._live_days()
            case "/api/user/dashboard" if keeping.counted_days:
                data = self._counted_days()
            case _:
                return None
        return {"success": True, "message": "", "data": data}

    def _write_at(self, request: Request) -> int:
        """Return when the server writes a request: every so often since its start."""
        passed = max(request.time - self.started, -1) // SECONDS_BETWEEN_WRITES
        return self.started + (passed + 1) * SECONDS_BETWEEN_WRITES

    def _write(self) -> None:
        moment = self.clock()
        unwritten = []
        for each in self._unwritten:
            write_at, node, request = each
            if write_at > moment:
                unwritten.append(each)
                continue
            key = (request.hour, request.model, request.username, node)
            self._rows.setdefault(key, Amounts()).add(request)
        self._unwritten = unwritten

    def _hourly(self, start: int, end: int, *, grouped: bool) -> list[dict[str, Any]]:
        self._write()
        if not grouped:
            return [
                {"id": number, **self._row(key, amounts)}
                for number, (key, amounts) in enumerate(self._rows.items(), 1)
                if start <= key[0] <= end
            ]
        sums: defaultdict[tuple[int, str, str, int], Amounts] = defaultdict(Amounts)
        for (hour, model, username, _), amounts in self._rows.items():
            if start <= hour <= end:
                sums[hour, model, username, 0].merge(amounts)
        more = {"use_group": "", "token_id": 0, "channel_id": 0, "node_name": ""}
        return [
            {"id": 0, **self._row(key, amounts), **more}
            for key, amounts in sorted(sums.items(), key=itemgetter(0))
        ]

    def _row(self, key: tuple[int, str, str, int], amounts: Amounts) -> dict[str, Any]:
        hour, model, username, _ = key
        return {
            "user_id": self.account.id,
            "username": username,
            "model_name": model,
            "created_at": hour,
            "token_used": amounts.prompt_tokens + amounts.completion_tokens,
            "count": amounts.requests,
            "quota": amounts.quota,
        }

    def _spent(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Add up the logs there are under the account's present name."""
        start, end = _window(query)
        key = query.get("token_name")
        return {
            "quota": sum(
                log.quota
                for log in self._between(start, end or int(self.clock()))
                if log.username == self.account.username and key in {None, "", log.key}
            )
        }

    def _rates(self) -> dict[str, Any]:
        moment = int(self.clock())
        logs = self._between(moment - 60, moment)
        return {"rpm": len(logs), "tpm": sum(log.tokens for log in logs)}

    def _live_days(self) -> list[dict[str, Any]]:
        """Answer the last seven days from the logs, as one-api does."""
        moment = int(self.clock())
        logs = self._between(moment - moment % DAY - 6 * DAY, moment)
        return [
            {"Day": day, **_daily(model, amounts)}
            for (day, model), amounts in sorted(by_day(logs).items(), key=itemgetter(0))
        ]

    def _counted_days(self) -> list[dict[str, Any]] | None:
        """Answer the last eight days from the table, as one-hub and done-hub do."""
        self._count()
        first = _day(self.clock() - 7 * DAY)
        return [
            {
                "Date": day,
                **_daily(model, amounts),
                "RequestTime": amounts.requests * 2000,
            }
            for (day, model), amounts in sorted(self._days.items(), key=itemgetter(0))
            if day >= first
        ] or None

    def _count(self) -> None:
        """Fill the table with what happened until the server last did so."""
        passed = (int(self.clock()) - self.started) // SECONDS_BETWEEN_COUNTS
        until = self.started + passed * SECONDS_BETWEEN_COUNTS
        if passed and until > self._counted_until:
            day = self._counted_until - self._counted_until % DAY
            self._days |= by_day(self._between(day, until))
            self._counted_until = until

    def _between(self, start: int, end: int) -> list[Request]:
        first = bisect_left(self._logs, start, key=attrgetter("time"))
        last = bisect_right(self._logs, end, key=attrgetter("time"))
        return self._logs[first:last]


def _window(query: Mapping[str, str]) -> tuple[int, int]:
    """Return start and end; what is no number is 0, as the servers have it."""
    start, end = (
        int(text) if (text := query.get(name, "")).isdecimal() else 0
        for name in ("start_timestamp", "end_timestamp")
    )
    return start, end


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).date().isoformat()


def _daily(model: str, amounts: Amounts) -> dict[str, Any]:
    return {
        "ModelName": model,
        "RequestCount": amounts.requests,
        "Quota": amounts.quota,
        "PromptTokens": amounts.prompt_tokens,
        "CompletionTokens": amounts.completion_tokens,
    }
