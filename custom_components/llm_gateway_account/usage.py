"""Follows where the money goes: when to read the gateway's books, and who is told."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_change
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from .books import UsageBooks
from .const import (
    CONF_HISTORY_DAYS,
    CONF_MORE_SERIES,
    DEFAULT_HISTORY_DAYS,
    LOGGER,
)
from .gaps import LOOKS_BACK, Hindsight, gap_after, watched_since
from .gateway import GatewayError
from .past import Past
from .readings import Reading, Request, UsageData, async_read
from .series import async_collect, series_prefix
from .sites import async_get_site
from .spending.local_time import DAY, HOUR
from .statistics import async_import
from .stored_usage import UsageRecords
from .unattributed import find_unattributed

if TYPE_CHECKING:
    from .coordinator import AccountCoordinator
    from .data import AccountConfigEntry

# The gateway writes some minutes late. What it writes later still is corrected by the
# next readings, which go back so far.
MINUTE = 10
OVERLAP = 2 * DAY

# So many hourly readings follow the last change of the used quota: the last one tells
# what no model got, when the hour of the change is over for an hour.
READINGS_AFTER_A_CHANGE = 3


class UsageCoordinator(DataUpdateCoordinator[UsageData]):
    """Reads the books when something can have changed, and hands on what they say."""

    config_entry: AccountConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: AccountConfigEntry,
        account: AccountCoordinator,
    ) -> None:
        """Prepare the readings, and show the last one; nothing is asked yet."""
        super().__init__(
            hass, LOGGER, config_entry=entry, name=entry.title, always_update=False
        )
        self.stored = account.storage.state.usage
        self.books = UsageBooks(
            account.client, keeps_hours=self.stored.records is UsageRecords.HOURLY
        )
        self.data = self._last_data()
        self._account = account
        self.past = Past(hass, entry, self.books, self.stored)
        self._used_quota = account.data.account.used_quota
        has_changed = self._used_quota != self.stored.used_quota
        self._readings_left = READINGS_AFTER_A_CHANGE if has_changed else 0
        self._task: asyncio.Task[None] | None = None

    @callback
    def async_start(self) -> None:
        """Read what has to be known at once, and follow the account."""
        entry = self.config_entry
        entry.async_on_unload(self._account.async_add_listener(self._async_follow))
        # Accounts of one home do not all ask in the same moment.
        spread = sum(entry.entry_id.encode())
        entry.async_on_unload(
            async_track_time_change(
                self.hass,
                self._async_read_if_changed,
                minute=MINUTE + spread % 5,
                second=spread % 60,
            )
        )
        begin = self._begin_of_history()
        self.stored.history_from = min(self.stored.history_from or begin, begin)
        if self._is_behind:
            self._async_read_soon()

    async def async_begin_anew(self, clear: Awaitable[None]) -> None:
        """Wait until all statistics are cleared, and write them again soon."""
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])
        await clear
        self.stored.series = None
        self.past.forget()
        self.stored.history_from = self._begin_of_history()
        self.stored.models.clear()
        self._async_read_soon()

    @callback
    def _async_follow(self) -> None:
        """Note that something was used, which the books will tell later."""
        used_quota = self._account.data.account.used_quota
        if used_quota != self._used_quota:
            self._used_quota = used_quota
            self._readings_left = READINGS_AFTER_A_CHANGE
            if self._gap or self._past_of_ledger:
                self._async_read_soon()
        if self.data.models_today and not (data := self._last_data()).models_today:
            self.async_set_updated_data(data)

    @callback
    def _async_read_if_changed(self, _now: datetime) -> None:
        if self._readings_left or self._is_behind:
            self._async_read_soon()

    @callback
    def _async_read_soon(self) -> None:
        if self._task is None or self._task.done():
            self._task = self.config_entry.async_create_background_task(
                self.hass, self._async_read(), f"{self.name} usage"
            )

    async def _async_read(self) -> None:
        self.books.requests = 0
        await self.async_refresh()
        await self.past.async_fill()
        self._account.storage.async_write()

    @override
    async def _async_update_data(self) -> UsageData:
        """Make a reading and hand it on; without an answer nothing changes."""
        used_quota, request = self._used_quota, self._request()
        try:
            reading = await async_read(self.books, request, self._async_keeps_usage)
        except GatewayError:
            return self.data
        if self._shutdown_requested:
            return self.data
        self._enter(request, reading)
        await self._async_import(request, reading)
        if used_quota == self._used_quota and self._readings_left:
            self._readings_left -= 1
        if not self._readings_left:
            self.stored.used_quota = used_quota
        self.stored.records = reading.records
        self.stored.day = request.now.date().isoformat()
        self.stored.models_of_day = [
            (each.model, each.quota) for each in reading.models_today
        ]
        return self._last_data()

    def _request(self) -> Request:
        """Return of which time the books have to tell."""
        now, stored, gap = dt_util.now(), self.stored, self._gap
        past, time = self._past_of_ledger, int(now.timestamp())
        if past or self._wanted_series() != stored.series:
            start = time - LOOKS_BACK
        else:
            start = min(stored.imported_until - OVERLAP, stored.checked_until)
            start = min(start, gap[0]) if gap else start
        start = min(max(start, self._created_at), time)
        return Request(start=start - start % HOUR, past=past, gap=gap, now=now)

    async def _async_keeps_usage(self) -> bool:
        site = await async_get_site(self.hass, self.config_entry)
        return site is None or site.keeps_usage

    @callback
    def _enter(self, request: Request, reading: Reading) -> None:
        """Let the ledger know what it could not see."""
        if not (request.past or request.gap):
            return
        self.stored.entered_until = int(request.now.timestamp())
        if not reading.tells_sums:
            return
        tells_past = request.past and self._tells_past(reading, request.past[1])
        past = self.stored.entered_until - LOOKS_BACK if tells_past else None
        by_day = reading.records is not UsageRecords.HOURLY
        self._account.async_enter(
            Hindsight(
                intervals=reading.intervals, gap=request.gap, past=past, by_day=by_day
            )
        )

    def _tells_past(self, reading: Reading, first: int) -> bool:
        """Tell whether the books know the time before the first answer (Unix seconds).

        Of an account that was used, books without anything are more likely switched off
        or deleted than right: a habit of nothing would make all spending unusual.
        """
        is_new = self._used_quota is not None and not self._used_quota
        return is_new or any(
            each.spent for each in reading.intervals if each.end <= first
        )

    async def _async_import(self, request: Request, reading: Reading) -> None:
        """Write statistics; of new series all that the reading tells."""
        stored, wanted = self.stored, self._wanted_series()
        start = max(request.start, stored.history_from)
        ledger = self._account.storage.state.ledger
        is_new = wanted != stored.series
        checked = stored
        if not stored.checked_until:
            first = request.past[1] if request.past else int(request.now.timestamp())
            checked = replace(stored, checked_until=first - first % HOUR)
        if is_new and reading.records is not UsageRecords.HOURLY:
            checked = replace(stored, checked_until=start, ahead=0)
        found = find_unattributed(ledger, checked, reading, request.now)
        series = await async_collect(
            self.hass, self.config_entry, reading.rows, found.points, start
        )
        await async_import(self.hass, series, start)
        if is_new:
            stored.series, stored.imported_from = wanted, start
        stored.imported_until = int(request.now.timestamp())
        stored.checked_until, stored.ahead = found.checked_until, found.ahead

    def _last_data(self) -> UsageData:
        return UsageData.from_stored(self.stored, dt_util.now().date().isoformat())

    def _wanted_series(self) -> str:
        """Return what makes a difference to the series; another one begins anew."""
        has_more = self.config_entry.options.get(CONF_MORE_SERIES, False)
        return f"{series_prefix(self.config_entry, self.stored)} {has_more}"

    def _begin_of_history(self) -> int:
        """Return the hour from which on statistics are wanted (Unix seconds)."""
        days = self.config_entry.options.get(CONF_HISTORY_DAYS, DEFAULT_HISTORY_DAYS)
        begin = dt_util.start_of_local_day(dt_util.now() - timedelta(days=days))
        return int(begin.timestamp()) // HOUR * HOUR

    @property
    def _is_behind(self) -> bool:
        """Whether something is missing that does not depend on a change."""
        is_new = self._wanted_series() != self.stored.series
        is_missing = self._gap or self._past_of_ledger or self.past.is_due
        return is_new or bool(is_missing)

    @property
    def _gap(self) -> tuple[int, int] | None:
        ledger = self._account.storage.state.ledger
        return gap_after(ledger, self.stored.entered_until)

    @property
    def _past_of_ledger(self) -> tuple[int, int] | None:
        """The time before the first answer, unless the ledger knows it (Unix time)."""
        since = int(dt_util.utcnow().timestamp()) - LOOKS_BACK
        first = watched_since(self._account.storage.state.ledger)
        if not first or first <= max(self.stored.entered_until, since):
            return None
        return min(max(since, self._created_at), first), first

    @property
    def _created_at(self) -> int:
        created_at = self._account.data.account.created_at
        return int(created_at.timestamp()) if created_at else 0
