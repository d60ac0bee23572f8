"""Makes one reading of the gateway's books: by hour and model, or as sums of days."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

from homeassistant.util import dt as dt_util

from .books import UsageBooks
from .gaps import Interval
from .gateway import AbsentError, DailyUsage, GatewayError, ModelUsage
from .spending.local_time import HOUR
from .stored_usage import StoredUsage, UsageRecords


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelSum:
    """What one model cost in some time."""

    model: str
    quota: float
    """Points."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """Of which time a reading has to tell; Unix seconds."""

    start: int
    """From which full hour on rows are wanted."""
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
    models_today: tuple[ModelSum, ...] = ()
    """The most expensive first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UsageData:
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
    """Make a reading from the best book there is.

    `keeps_usage` asks the gateway for its own switch. Raises GatewayError while a book
    that should be there does not answer.
    """
    rows: list[ModelUsage] = []
    try:
        now = int(request.now.timestamp())
        async for _, part in books.async_read_hours(request.start, now):
            rows[:0] = part
    except AbsentError:
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
    if request.past:
        with suppress(AbsentError):
            await _async_divide_hours(books, request.past[1], reading, hours)
    return reading


async def _async_divide_hours(
    books: UsageBooks, first: int, reading: Reading, hours: dict[int, float]
) -> None:
    """Divide the hour of the first answer, and the one in which its day began.

    Rows come minutes late, the sum does not.
    """
    moment = dt_util.as_local(dt_util.utc_from_timestamp(first))
    midnight = int(dt_util.start_of_local_day(moment).timestamp())
    spent = await books.async_read_sum(midnight, first)
    # Some time zones are half an hour off.
    begun = midnight - midnight % HOUR
    if begun < midnight and hours.get(begun):
        end = min(begun + HOUR, first)
        part = await books.async_read_sum(midnight, end - 1) if midnight < end else 0
        reading.intervals = [each for each in reading.intervals if each.start != begun]
        reading.intervals += [
            Interval(start=begun, end=midnight, spent=max(hours[begun] - part, 0)),
            Interval(start=midnight, end=end, spent=part),
        ]
        spent -= part
    hour = first - first % HOUR
    spent -= sum(hours[each] for each in hours if midnight <= each < hour)
    start = max(hour, midnight)
    if start < first:
        reading.intervals.append(Interval(start=start, end=first, spent=max(spent, 0)))


async def _async_by_day(
    books: UsageBooks, request: Request, records: UsageRecords
) -> Reading:
    reading = Reading(records=records)
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
