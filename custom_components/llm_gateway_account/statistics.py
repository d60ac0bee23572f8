"""Usage as long-term statistics of Home Assistant, which is the archive."""

import asyncio
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from itertools import batched
from typing import Any, Literal

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import (
    async_add_external_statistics,
    get_last_statistics,
    list_statistic_ids,
    statistics_during_period,
)
from homeassistant.components.recorder.tasks import SynchronizeTask
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .statistic_ids import Series

# How many series are written at once, and how many hours make a series a long one:
# the recorder needs kilobytes for each, and such a series is written alone.
_AT_ONCE = 8
_LONG = 1000

_LONGEST_NAME = 255

type Period = Literal["hour", "day", "month"]


async def async_import(
    hass: HomeAssistant, series: Collection[Series], start: int
) -> None:
    """Write what is new since `start` (Unix seconds of a full hour), oldest first.

    An hour never gets less than it had. Older rows are not touched. Returns once the
    recorder has written everything.
    """
    instance = get_instance(hass)
    at_once = 1 if any(len(each.hours) > _LONG for each in series) else _AT_ONCE
    for some in batched(series, at_once, strict=False):
        found = await instance.async_add_executor_job(_new_rows, hass, start, some)
        for each, rows in found:
            async_add_external_statistics(hass, _metadata(each), rows)
            # Thousands of rows are looked at, one by one.
            await asyncio.sleep(0)
        if found:
            # The recorder's own way to wait forgets what it is working on just now.
            written = hass.loop.create_future()
            instance.queue_task(SynchronizeTask(written))
            await written


async def async_known(
    hass: HomeAssistant, start: int, statistic_id: str
) -> dict[int, float]:
    """Return the amount of each hour of a series since `start` (Unix seconds)."""
    found = await get_instance(hass).async_add_executor_job(
        _read, hass, start, [statistic_id]
    )
    return found[statistic_id][1]


async def async_find_names(hass: HomeAssistant, prefix: str) -> dict[str, str]:
    """Return the names of our series of which the IDs begin so, by their IDs."""
    found = await get_instance(hass).async_add_executor_job(list_statistic_ids, hass)
    return {
        each["statistic_id"]: each["name"] or ""
        for each in found
        if each["source"] == DOMAIN and each["statistic_id"].startswith(prefix)
    }


async def async_read_changes(
    hass: HomeAssistant, start: datetime, end: datetime, ids: set[str], period: Period
) -> dict[str, list[tuple[float, float]]]:
    """Return by how much each series grew in each period: Unix seconds and amount."""
    found = await get_instance(hass).async_add_executor_job(
        statistics_during_period, hass, start, end, ids, period, None, {"change"}
    )
    return {
        key: [(row["start"], row.get("change") or 0) for row in rows]
        for key, rows in found.items()
    }


async def async_clear(hass: HomeAssistant, is_meant: Callable[[str], bool]) -> None:
    """Remove our series of which the IDs are meant; return when it is done."""
    ids = [each for each in await async_find_names(hass, "") if is_meant(each)]
    cleared = asyncio.Event()

    def on_done() -> None:
        hass.loop.call_soon_threadsafe(cleared.set)

    get_instance(hass).async_clear_statistics(ids, on_done=on_done)
    await cleared.wait()


def _new_rows(
    hass: HomeAssistant, start: int, series: Iterable[Series]
) -> list[tuple[Series, list[StatisticData]]]:
    """Return the series that change, with the rows to write."""
    known = _read(hass, start, [each.id for each in series])
    found = ((each, _rows(each.hours, *known[each.id])) for each in series)
    return [(each, rows) for each, rows in found if rows]


def _read(
    hass: HomeAssistant, start: int, ids: list[str]
) -> dict[str, tuple[float, dict[int, float]]]:
    """Return the sum before `start`, and the amount of each hour since, of each ID."""
    moment = dt_util.utc_from_timestamp(start)
    types: set[Any] = {"sum", "change"}
    found = statistics_during_period(hass, moment, None, set(ids), "hour", None, types)
    known = {}
    for statistic_id in ids:
        if rows := found.get(statistic_id):
            hours = {int(row["start"]): row.get("change") or 0 for row in rows}
            before = (rows[0].get("sum") or 0) - (rows[0].get("change") or 0)
            known[statistic_id] = before, hours
            continue
        last = get_last_statistics(hass, 1, statistic_id, False, {"sum"})  # noqa: FBT003
        rows = last.get(statistic_id, [])
        known[statistic_id] = (rows[0].get("sum") or 0) if rows else 0, {}
    return known


def _rows(
    hours: dict[int, float], total: float, known: dict[int, float]
) -> list[StatisticData]:
    """Return the rows from the first hour on that is new or more than it was."""
    rows: list[StatisticData] = []
    is_changed = False
    for hour in sorted({*hours, *known}):
        amount = max(hours.get(hour, 0), known.get(hour, 0))
        total += amount
        is_changed |= hour not in known or amount > known[hour] + 1e-9
        if is_changed:
            start = dt_util.utc_from_timestamp(hour)
            rows.append(StatisticData(start=start, state=amount, sum=total))
    return rows


def _metadata(series: Series) -> StatisticMetaData:
    return StatisticMetaData(
        has_sum=True,
        mean_type=StatisticMeanType.NONE,
        name=series.name[:_LONGEST_NAME],
        source=DOMAIN,
        statistic_id=series.id,
        unit_class=None,
        unit_of_measurement=series.unit,
    )
