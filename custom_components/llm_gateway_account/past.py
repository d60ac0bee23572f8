"""Fills in the statistics of the time before those that were made at once."""

from typing import TYPE_CHECKING

from homeassistant.core import HomeAssistant

from .books import UsageBooks
from .gateway import GatewayError, ModelUsage
from .series import async_collect
from .spending.local_time import HOUR
from .statistics import async_import
from .stored_usage import StoredUsage, UsageRecords

if TYPE_CHECKING:
    from .data import AccountConfigEntry


class Past:
    """What was read so far of a long past, until all of it can be written."""

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
        self._series: str | None = None
        self._rows: list[ModelUsage] = []
        self._sums: dict[int, float] = {}
        self._read_from = 0

    @property
    def read_from(self) -> int:
        """From when on the past is read, and not written yet; 0 if none is (Unix)."""
        return self._read_from

    @property
    def is_due(self) -> bool:
        """Whether statistics are wanted of an earlier time than there are."""
        stored = self._stored
        return stored.series is not None and stored.history_from < stored.imported_from

    def forget(self) -> None:
        """Start anew, because the statistics do."""
        self._series = None

    async def async_fill(self) -> None:
        """Read and write the past; after a failure the next time goes on from there."""
        if not self.is_due:
            return
        stored = self._stored
        if self._series != stored.series or not self._read_from:
            self._series, self._read_from = stored.series, stored.imported_from
            self._rows, self._sums = [], {}
        created_at = self._entry.runtime_data.account.data.account.created_at
        created = int(created_at.timestamp()) // HOUR * HOUR if created_at else 0
        try:
            await self._async_read(max(stored.history_from, created))
        except GatewayError:
            return
        series = await async_collect(
            self._hass, self._entry, self._rows, self._sums, stored.history_from
        )
        # A year of rows takes as much memory as writing them does.
        self._rows, self._sums, self._read_from = [], {}, 0
        await async_import(self._hass, series, stored.history_from)
        stored.imported_from = stored.history_from

    async def _async_read(self, start: int) -> None:
        if self._stored.records is UsageRecords.HOURLY:
            async for since, rows in self._books.async_read_hours(
                start, self._read_from - 1
            ):
                self._rows += rows
                self._read_from = since
            return
        async for since, _, points in self._books.async_read_days(
            start, self._read_from
        ):
            # Statistics know full hours only, and some local days begin at half ones.
            self._sums[since + -since % HOUR] = points
            self._read_from = since
