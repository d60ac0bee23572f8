"""Fills in the statistics of the time before those that were made at once."""

from typing import TYPE_CHECKING

from homeassistant.core import HomeAssistant

from .books import LONGEST_WINDOW, UsageBooks
from .due import created_at
from .gateway import GatewayError, ModelUsage
from .reconciling import full_hour
from .series import async_collect
from .spending.local_time import HOUR
from .stored_usage import StoredUsage, UsageRecords

if TYPE_CHECKING:
    from .data import AccountConfigEntry

# In seconds. What is later than what is written is written again, as its sums grow: so
# not after each window of the gateway.
AT_ONCE = 3 * LONGEST_WINDOW


class Past:
    """Reads a long past and writes it, window by window, the oldest first."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: AccountConfigEntry,
        books: UsageBooks,
        stored: StoredUsage,
    ) -> None:
        """Start with nothing read."""
        self._hass = hass
        self._entry = entry
        self._books = books
        self._stored = stored

    @property
    def is_due(self) -> bool:
        """Whether statistics are wanted of an earlier time than there are."""
        stored = self._stored
        return stored.series is not None and stored.history_from < stored.imported_from

    async def async_fill(self) -> None:
        """Read and write the past; after a failure the next time goes on from there."""
        while self.is_due:
            try:
                if not await self._async_fill_some():
                    return
            except GatewayError:
                return

    async def _async_fill_some(self) -> bool:
        """Return whether all that was asked for is written. Raises GatewayError."""
        from .statistics import async_import  # noqa: PLC0415

        stored, account = self._stored, self._entry.runtime_data.account
        if stored.past_from != stored.history_from or not stored.past_until:
            stored.past_from = stored.past_until = stored.history_from
        created = created_at(account) // HOUR * HOUR
        start = min(max(stored.past_until, created), stored.imported_from)
        has_hours = stored.records is UsageRecords.HOURLY
        at_once = AT_ONCE if has_hours else LONGEST_WINDOW
        end = min(start + at_once, stored.imported_from)
        rows, sums, is_whole = list[ModelUsage](), dict[int, float](), True
        if start < end and has_hours:
            rows, answered = await self._async_read_hours(start, end)
            is_whole, end = answered == end, answered
        elif start < end and await self._books.async_read_sum(start, end - 1):
            async for since, _, points in self._books.async_read_days(start, end - 1):
                # Statistics know full hours only, and some days begin at half ones.
                hour = min(full_hour(since), end - HOUR)
                sums[hour] = sums.get(hour, 0) + points
        series = await async_collect(self._hass, self._entry, rows, sums, start)
        await async_import(self._hass, series, start)
        stored.past_until = end
        if end == stored.imported_from:
            stored.imported_from, stored.past_until = stored.history_from, 0
        account.storage.async_write()
        return is_whole

    async def _async_read_hours(
        self, start: int, end: int
    ) -> tuple[list[ModelUsage], int]:
        """Return what was used from an hour on, and until when that is known.

        Raises GatewayError if nothing is.
        """
        rows = list[ModelUsage]()
        # Each window for itself: there may be something before an empty one.
        for since in range(start, end, LONGEST_WINDOW):
            until = min(since + LONGEST_WINDOW, end)
            found = list[ModelUsage]()
            try:
                async for _, some in self._books.async_read_hours(since, until - 1):
                    found += some
            except GatewayError:
                if since == start:
                    raise
                return rows, since
            rows += found
        return rows, end
