"""Makes one reading of the gateway's books: by hour and model, or as sums of days."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple, Self

from homeassistant.util import dt as dt_util

from .books import UsageBooks
from .gaps import Interval
from .gateway import (
    AbsentError,
    DailyUsage,
    GatewayError,
    ModelUsage,
    OtherShapeError,
)
from .reconciling import async_divide_hours, async_find_days
from .spending.local_time import HOUR
from .stored_usage import StoredUsage, UsageRecords


class ModelSum(NamedTuple):
    """What one model cost in some time."""

    model: str
    quota: float
    """Points."""


class Request(NamedTuple):
    """Of which time a reading has to tell; Unix seconds."""

    start: int
    """From which full hour on rows are wanted."""
    is_new: bool
    """Whether nothing is known of the time from there on to the first answer."""
    past: tuple[int, int] | None
    """The time before the first answer, if nothing is known of it yet."""
    gap: tuple[int, int] | None
    """A time without answers in which something was spent."""
    now: datetime
    """In the time zone of the home."""


@dataclass(kw_only=True, slots=True)
class Reading:
    """What the books say."""

    records: UsageRecords
    rows: list[ModelUsage] = field(default_factory=list)
    intervals: list[Interval] = field(default_factory=list)
    """What was spent in the past and the gap that were asked for."""
    tells_sums: bool = True
    """Whether there was anything to take the intervals from."""
    by_day: bool = False
    """Whether some of them are days, in which no hour is known."""
    days: list[Interval] = field(default_factory=list)
    """Days before, with all that was spent, of which the rows tell less."""
    models_today: tuple[ModelSum, ...] = ()
    """The most expensive first."""


class UsageData(NamedTuple):
    """What there is to show of the last reading."""

    records: UsageRecords | None = None
    """None before the gateway told."""
    models_today: tuple[ModelSum, ...] = ()
    """The most expensive first."""

    @classmethod
    def from_stored(cls, stored: StoredUsage, today: str) -> Self:
        """Return it from what is stored; `today` is the local day (ISO 8601)."""
        models = stored.models_of_day if stored.day == today else []
        return cls(
            records=stored.records,
            models_today=tuple(
                ModelSum(model=model, quota=quota) for model, quota in models
            ),
        )


async def async_read(
    books: UsageBooks, request: Request, keeps_usage: Callable[[], Awaitable[bool]]
) -> Reading:
    """Make a reading from the best book there is that can be read.

    `keeps_usage` asks the gateway for its own switch. Raises GatewayError while a book
    that should be there does not answer.
    """
    rows: list[ModelUsage] = []
    try:
        now = int(request.now.timestamp())
        async for _, part in books.async_read_hours(request.start, now):
            rows[:0] = part
    except AbsentError, OtherShapeError:
        return await _async_by_day(books, request, UsageRecords.DAILY)
    # Where it is switched off there may be old rows.
    if (request.past or not rows) and not await keeps_usage():
        return await _async_by_day(books, request, UsageRecords.OFF)
    return await _async_by_hour(books, request, rows)


async def _async_by_hour(
    books: UsageBooks, request: Request, rows: list[ModelUsage]
) -> Reading:
    hours: dict[int, float] = defaultdict(float)
    for row in rows:
        hours[row.hour] += row.quota
    today = int(dt_util.start_of_local_day(request.now).timestamp())
    reading = Reading(
        records=UsageRecords.HOURLY,
        rows=rows,
        intervals=[
            Interval(start=hour, end=hour + HOUR, spent=spent)
            for hour, spent in hours.items()
        ],
        models_today=_models(row for row in rows if row.hour >= today),
    )
    # Without sums there are still the rows.
    with suppress(AbsentError, OtherShapeError):
        if request.past:
            replaced, parts = await async_divide_hours(books, request.past[1], hours)
            reading.intervals = [
                *(each for each in reading.intervals if each.start != replaced),
                *parts,
            ]
        if request.is_new:
            end = request.past[1] if request.past else int(request.now.timestamp())
            reading.days = await async_find_days(books, request.start, end, hours)
    reading.by_day = bool(reading.days)
    for day in reading.days:
        told = sum(hours[each] for each in hours if day.start <= each < day.end)
        more = day.spent - told
        reading.intervals.append(Interval(start=day.start, end=day.end, spent=more))
    return reading


async def _async_by_day(
    books: UsageBooks, request: Request, records: UsageRecords
) -> Reading:
    reading = Reading(records=records, by_day=True)
    spans = [span for span in (request.past, request.gap) if span]
    try:
        if not spans:
            await books.async_look_for_sums(int(request.now.timestamp()))
        for start, end in spans:
            async for since, until, points in books.async_read_days(start, end):
                interval = Interval(start=since, end=until, spent=points)
                reading.intervals.append(interval)
    except AbsentError:
        reading.tells_sums = False
        if records is UsageRecords.DAILY:
            reading.records = UsageRecords.NONE
    with suppress(GatewayError):
        days = await books.async_read_models_by_day()
        # The day of the gateway, which may begin some hours earlier or later.
        today = min(request.now, request.now.astimezone(UTC), key=datetime.date)
        latest = max((each.day for each in days), default="")
        if latest >= today.date().isoformat():
            reading.models_today = _models(each for each in days if each.day == latest)
    return reading


def _models(rows: Iterable[ModelUsage | DailyUsage]) -> tuple[ModelSum, ...]:
    """Add up the rows of each model."""
    quotas: dict[str, float] = defaultdict(float)
    for row in rows:
        quotas[row.model] += row.quota
    return tuple(
        ModelSum(model=model, quota=quota)
        for model, quota in sorted(quotas.items(), key=lambda item: (-item[1], item[0]))
    )
