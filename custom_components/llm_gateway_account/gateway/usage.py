"""What an account spent at which model, as the gateway's own books have it.

Sources: `controller/usedata.go` and `model/usedata.go` of new-api and Veloera,
`controller/user.go` and `model/log.go` of one-api, `model/statistics.go` of one-hub
and done-hub, and answers of builds of all of them.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
import re
from typing import Any, NamedTuple

from .errors import OtherShapeError
from .values import integer, number, text

HOUR = 3600

LONGEST_USAGE = 30 * 24 * HOUR
"""Seconds that `/api/data/self` answers at once; it refuses one more."""

LONGEST_SPENT = 31 * 24 * HOUR
"""Seconds to sum at once: the gateway reads every request in between for it."""

_LONGEST_MODEL = 255

# The servers count in 64 bits.
_TOO_MUCH = 2**63

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"


class ModelUsage(NamedTuple):
    """What one model was used for in one hour."""

    hour: int
    """Unix seconds of its start, in UTC."""
    model: str
    """The gateway's own name for it; may be empty."""
    requests: int
    quota: float
    """Points, without what was refunded later."""
    tokens: int


class DailyUsage(NamedTuple):
    """What one model was used for on one day of the gateway's calendar."""

    day: str
    """Such as 2026-11-25. No gateway says in which time zone."""
    model: str
    requests: int
    quota: float
    """Points."""
    tokens: int


type _Row[Time] = tuple[tuple[Time, str], tuple[int, float, int]]
"""Time and model; requests, points and tokens."""


def hourly_usage(rows: Any, start: int, end: int) -> list[ModelUsage]:
    """Read the `data` of `GET /api/data/self`: one entry per hour and model, sorted.

    `start` and `end` are Unix seconds; rows that are not between are left out. Those
    of one hour and model are added up: each node of a cluster may write its own, and
    so does an account that was renamed. Raises OtherShapeError for what is no list, or
    a list without a single right row.
    """
    read = (
        _row(
            _hour(row.get("created_at"), start, end),
            row.get("model_name"),
            row.get("count"),
            row.get("quota"),
            row.get("token_used"),
        )
        for row in _objects(rows)
    )
    return [
        ModelUsage(
            hour=hour, model=model, requests=requests, quota=quota, tokens=tokens
        )
        for (hour, model), (requests, quota, tokens) in sorted(
            _summed(rows, read).items()
        )
    ]


def daily_usage(rows: Any) -> list[DailyUsage]:
    """Read the `data` of `GET /api/user/dashboard`: one entry per day and model.

    Raises OtherShapeError for what is no list, or a list without a single right row.
    """
    read = (
        _row(
            # one-hub and done-hub call it Date.
            _day(row.get("Day", row.get("Date"))),
            row.get("ModelName"),
            row.get("RequestCount"),
            row.get("Quota"),
            row.get("PromptTokens"),
            row.get("CompletionTokens"),
        )
        for row in _objects(rows)
    )
    return [
        DailyUsage(day=day, model=model, requests=requests, quota=quota, tokens=tokens)
        for (day, model), (requests, quota, tokens) in sorted(
            _summed(rows, read).items()
        )
    ]


def spent(data: Any) -> float:
    """Read the `data` of `GET /api/log/self/stat`: points.

    Raises OtherShapeError if it holds no sum.
    """
    if isinstance(data, Mapping) and "quota" in data:
        quota = data["quota"]
        # What a database says for the sum of no rows.
        points = 0 if quota is None else _points(quota)
        if points is not None:
            return points
    raise OtherShapeError("the answer holds no sum")


def _objects(rows: Any) -> Iterator[Mapping[str, Any]]:
    # one-hub and done-hub say null until they have counted for the first time.
    if rows is not None and not isinstance(rows, list):
        raise OtherShapeError("the answer holds no list")
    return (row for row in rows or () if isinstance(row, Mapping))


def _row[Time](
    time: Time | None, model: Any, requests: Any, quota: Any, *tokens: Any
) -> _Row[Time] | None:
    """Return the values of a row, None if one of them is impossible."""
    name, points = text(model), _points(quota)
    counts = [_count(each) for each in (requests, *tokens)]
    known = [count for count in counts if count is not None]
    if time is None or name is None or points is None or len(known) < len(counts):
        return None
    return (time, name[:_LONGEST_MODEL]), (known[0], points, sum(known[1:]))


def _summed[Time](
    rows: Any, read: Iterable[_Row[Time] | None]
) -> dict[tuple[Time, str], tuple[int, float, int]]:
    """Add up the rows of one time and model, as they were read."""
    sums: dict[tuple[Time, str], tuple[int, float, int]] = {}
    for row in filter(None, read):
        key, (requests, quota, tokens) = row
        before = sums.get(key, (0, 0, 0))
        sums[key] = (before[0] + requests, before[1] + quota, before[2] + tokens)
    if rows and not sums:
        raise OtherShapeError("no row of the answer is right")
    return sums


def _hour(value: Any, start: int, end: int) -> int | None:
    seconds = integer(value)
    if seconds is None or not start <= seconds <= end:
        return None
    return seconds - seconds % HOUR


def _day(value: Any) -> str | None:
    """Return the day that a text begins with; some builds write a time behind it."""
    day = value[:10] if isinstance(value, str) else ""
    try:
        # Python itself would also read weeks.
        return date.fromisoformat(day).isoformat() if re.fullmatch(_DAY, day) else None
    except ValueError:
        return None


def _points(value: Any) -> float | None:
    points = number(value)
    return points if points is not None and 0 <= points < _TOO_MUCH else None


def _count(value: Any) -> int | None:
    """Return how many; 0 where a gateway does not count them."""
    count = 0 if value is None else integer(value)
    return count if count is not None and 0 <= count < _TOO_MUCH else None
