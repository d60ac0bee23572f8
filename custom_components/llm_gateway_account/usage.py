"""Follows where the money goes: when to read the gateway's books, and who is told."""

import asyncio
from collections.abc import Awaitable
from datetime import datetime
from typing import TYPE_CHECKING, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_change
from homeassistant.util import dt as dt_util

from .background import BackgroundCoordinator
from .books import UsageBooks
from .due import begin_of_history, created_at, gap_of, past_of
from .gaps import LOOKS_BACK, Hindsight
from .gateway import GatewayError
from .importing import async_import_reading
from .past import Past
from .readings import Reading, Request, UsageData, async_read
from .series import wanted_series
from .sites import async_get_site
from .spending.local_time import DAY, HOUR
from .stored_usage import UsageRecords

if TYPE_CHECKING:
    from .coordinator import AccountCoordinator
    from .data import AccountConfigEntry

# The gateway writes some minutes late. What it writes later still is corrected by the
# next readings, which go back so far.
MINUTE = 10
OVERLAP = 2 * DAY


class UsageCoordinator(BackgroundCoordinator[UsageData]):
    """Reads the books when something can have changed, and hands on what they say."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: AccountConfigEntry,
        account: AccountCoordinator,
    ) -> None:
        """Prepare the readings, and show the last one; nothing is asked yet."""
        super().__init__(hass, entry, account)
        self.stored = account.storage.state.usage
        self.books = UsageBooks(
            account.client, keeps_hours=self.stored.records is UsageRecords.HOURLY
        )
        self.data = self._last_data()
        self.past = Past(hass, entry, self.books, self.stored)
        self._used = self._used_now()
        has_changed = self._used != (self.stored.used_quota, self.stored.request_count)
        self._changed_at = int(dt_util.utcnow().timestamp()) if has_changed else 0
        self._clearing = asyncio.Lock()
        self._had_answer = account.has_answer

    @callback
    @override
    def async_start(self) -> None:
        """Read what has to be known at once, and follow the account."""
        entry = self.config_entry
        entry.async_on_unload(self.account.async_add_listener(self._async_follow))
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
        begin = begin_of_history(entry)
        self.stored.history_from = min(self.stored.history_from or begin, begin)
        if self._is_behind:
            self._async_read_soon()

    async def async_begin_anew(self, clear: Awaitable[None]) -> None:
        """Wait until all statistics are cleared, and write them again soon."""
        async with self._clearing:
            await self._async_stop_reading()
            # First, since whatever comes meanwhile must not take them for written.
            self.stored.series = None
            self.stored.past_until = 0
            self.stored.history_from = begin_of_history(self.config_entry)
            self.stored.models.clear()
            self.account.storage.async_write()
            await clear
        self._async_read_soon()

    @callback
    def async_gateway_was_updated(self) -> None:
        """Ask soon for what the gateway did not have before."""
        self.books.ask_again()
        self._changed_at = int(dt_util.utcnow().timestamp())

    @callback
    def _async_follow(self) -> None:
        """Note that something was used, which the books will tell later."""
        if (used := self._used_now()) != self._used:
            self._used = used
            self._changed_at = int(dt_util.utcnow().timestamp())
            if gap_of(self.account) or past_of(self.account):
                self._async_read_soon()
        if self.data.models_today and not (data := self._last_data()).models_today:
            self.async_set_updated_data(data)
        if self._had_answer is not self.account.has_answer:
            self._had_answer = self.account.has_answer
            self.async_update_listeners()

    @callback
    def _async_read_if_changed(self, _now: datetime) -> None:
        if self._has_changed or self._is_behind:
            self._async_read_soon()

    @callback
    @override
    def _async_read_soon(self) -> None:
        if not self._clearing.locked():
            super()._async_read_soon()

    @override
    async def _async_read(self) -> None:
        self.books.begin_reading()
        await self.async_refresh()
        await self.past.async_fill()
        self.account.storage.async_write()

    @override
    async def _async_update_data(self) -> UsageData:
        """Make a reading and hand it on; without an answer nothing changes."""
        used, request = self._used, self._request()
        try:
            reading = await async_read(self.books, request, self._async_keeps_usage)
        except GatewayError:
            return self.data
        self._enter(request, reading)
        await async_import_reading(self.hass, self.config_entry, request, reading)
        if not self._has_changed:
            self.stored.used_quota, self.stored.request_count = used
        self.stored.records = reading.records
        self.stored.day = request.now.date().isoformat()
        self.stored.models_of_day = [
            (each.model, each.quota) for each in reading.models_today
        ]
        return self._last_data()

    def _request(self) -> Request:
        """Return of which time the books have to tell."""
        now, stored, gap = dt_util.now(), self.stored, gap_of(self.account)
        past, time = past_of(self.account), int(now.timestamp())
        wanted = wanted_series(self.hass, self.config_entry, stored)
        is_new = bool(past) or wanted != stored.series
        if is_new or not stored.imported_until:
            start = time - LOOKS_BACK
        else:
            start = min(stored.imported_until - OVERLAP, stored.checked_until)
            start = min(start, gap[0]) if gap else start
        start = min(max(start, created_at(self.account)), time)
        return Request(
            start=start - start % HOUR, is_new=is_new, past=past, gap=gap, now=now
        )

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
        self.account.async_enter(
            Hindsight(
                intervals=reading.intervals,
                gap=request.gap,
                past=past,
                by_day=reading.by_day,
            )
        )

    def _tells_past(self, reading: Reading, first: int) -> bool:
        """Tell whether the books know the time before the first answer (Unix seconds).

        Of an account that was used, books without anything are more likely switched off
        or deleted than right: a habit of nothing would make all spending unusual.
        """
        used_quota, _ = self._used
        is_new = used_quota is not None and not used_quota
        return is_new or any(
            each.spent for each in reading.intervals if each.end <= first
        )

    def _used_now(self) -> tuple[float | None, int | None]:
        """Return what changes with each request, also if it cost nothing."""
        account = self.account.data.account
        return account.used_quota, account.request_count

    def _last_data(self) -> UsageData:
        return UsageData.from_stored(self.stored, dt_util.now().date().isoformat())

    @property
    def _has_changed(self) -> bool:
        """Whether something was used since the hours of which everything is known."""
        return self._changed_at >= self.stored.checked_until

    @property
    def _is_behind(self) -> bool:
        """Whether something is missing that does not depend on a change."""
        is_new = (
            wanted_series(self.hass, self.config_entry, self.stored)
            != self.stored.series
        )
        is_missing = gap_of(self.account) or past_of(self.account) or self.past.is_due
        return is_new or bool(is_missing)
