"""Writes what a reading of the gateway's books tells into statistics."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from homeassistant.core import HomeAssistant

from .const import DOMAIN
from .gaps import Interval
from .gateway import ModelUsage
from .readings import Reading, Request
from .reconciling import full_hour
from .series import TOTAL, async_collect, series_prefix, wanted_series
from .spending.local_time import HOUR
from .statistic_ids import model_of
from .stored_usage import UsageRecords
from .unattributed import find_unattributed
from .unit import Unit

if TYPE_CHECKING:
    from .data import AccountConfigEntry


async def async_import_reading(
    hass: HomeAssistant, entry: AccountConfigEntry, request: Request, reading: Reading
) -> None:
    """Write what the reading tells; of new series everything."""
    state = entry.runtime_data.account.storage.state
    stored, wanted = state.usage, wanted_series(hass, entry, state.usage)
    start = max(request.start, stored.history_from)
    is_new = wanted != stored.series
    if is_new:
        stored.hourly_from = 0
    elif reading.records is not stored.records:
        # The hours before have been told by sums and answers.
        stored.hourly_from = stored.checked_until
    checked = stored
    if not stored.checked_until:
        first = request.past[1] if request.past else int(request.now.timestamp())
        checked = replace(stored, checked_until=first - first % HOUR)
    if is_new and reading.records is not UsageRecords.HOURLY:
        checked = replace(stored, checked_until=start, ahead=0)
    found = find_unattributed(state.ledger, checked, reading, request.now)
    if wanted:
        await _async_write(hass, entry, reading, found.points, start, is_new=is_new)
    if is_new:
        stored.series, stored.imported_from, stored.past_until = wanted, start, 0
    stored.imported_until = int(request.now.timestamp())
    stored.checked_until, stored.ahead = found.checked_until, found.ahead


async def _async_write(  # noqa: PLR0913
    hass: HomeAssistant,
    entry: AccountConfigEntry,
    reading: Reading,
    points: Mapping[int, float],
    start: int,
    *,
    is_new: bool,
) -> None:
    """Write all series from an hour on (Unix seconds); `points` are those of no row."""
    from .statistics import (  # noqa: PLC0415
        async_find_names,
        async_import,
        async_known,
    )

    stored = entry.runtime_data.account.storage.state.usage
    prefix = series_prefix(entry, stored)
    if is_new:
        # The account may have been here before.
        names = await async_find_names(hass, f"{DOMAIN}:{prefix}_")
        found = (model_of(prefix, *each) for each in sorted(names.items()))
        models = (each for each in found if each is not None)
        stored.models = list(dict.fromkeys([*stored.models, *models]))
    rows = [each for each in reading.rows if each.hour >= stored.hourly_from]
    if days := [each for each in reading.days if each.start >= start]:
        per_unit = Unit.from_options(entry.options).points_per_unit
        amounts = await async_known(hass, start, f"{DOMAIN}:{prefix}_{TOTAL}")
        known = {hour: amount * per_unit for hour, amount in amounts.items()}
        points = {**_rest_of_days(days, rows, known), **points}
    series = await async_collect(hass, entry, rows, points, start)
    await async_import(hass, series, start)


def _rest_of_days(
    days: Iterable[Interval], rows: Iterable[ModelUsage], known: Mapping[int, float]
) -> dict[int, float]:
    """Return what is in the sum of a day, and in no row, by the day's first full hour.

    `known` are the points of each hour that were written before: they may hold the
    same already.
    """
    told: dict[int, float] = defaultdict(float)
    for row in rows:
        told[row.hour] += row.quota
    rest = {}
    for day in days:
        hours = range(full_hour(day.start), full_hour(day.end), HOUR)
        first = hours[0]
        more = day.spent - sum(max(told[each], known.get(each, 0)) for each in hours)
        if more >= 1:
            rest[first] = more + max(known.get(first, 0) - told[first], 0)
    return rest
