"""Reads beside the account what only changes with it: one reading at a time."""

from abc import abstractmethod
import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from .const import LOGGER
from .spending.local_time import HOUR

if TYPE_CHECKING:
    from .coordinator import AccountCoordinator
    from .data import AccountConfigEntry


# What is known is shown until the gateway failed to answer as many times in a row.
FAILURES_UNTIL_UNAVAILABLE = 2

# How often it is looked whether there is a list to ask for, or something to show.
LOOK_INTERVAL = timedelta(minutes=5)

# Seconds between two lists: at least, after a failure, and while nothing changes.
SHORTEST = 15 * 60
AFTER_A_FAILURE = 30 * 60
LONGEST = 6 * HOUR


class BackgroundCoordinator[DataT](DataUpdateCoordinator[DataT]):
    """Has no interval: whoever derives from it decides when there is something new.

    A failed reading is never a failure of the account, and nothing of it is logged.
    """

    config_entry: AccountConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: AccountConfigEntry,
        account: AccountCoordinator,
    ) -> None:
        """Prepare to read; nothing is asked yet."""
        super().__init__(
            hass, LOGGER, config_entry=entry, name=entry.title, always_update=False
        )
        self.account = account
        self._failures = 0
        """How many readings failed in a row, where somebody counts them."""
        self._task: asyncio.Task[None] | None = None

    @abstractmethod
    @callback
    def async_start(self) -> None:
        """Read what has to be known at once, and follow the account."""

    @property
    def _is_failing(self) -> bool:
        return self._failures >= FAILURES_UNTIL_UNAVAILABLE

    @property
    def _is_reading(self) -> bool:
        return self._task is not None and not self._task.done()

    @callback
    def _async_read_soon(self) -> None:
        """Begin a reading, unless one is going on or the entry is being unloaded."""
        if not (self._shutdown_requested or self._is_reading):
            self._task = self.config_entry.async_create_background_task(
                self.hass, self._async_read(), f"{self.name} {type(self).__name__}"
            )
            self._task.add_done_callback(self._async_end_reading)

    @callback
    def _async_end_reading(self, task: asyncio.Task[None]) -> None:
        if self._task is task:
            self._task = None

    def _async_read(self) -> Coroutine[Any, Any, None]:
        return self.async_refresh()

    @override
    async def async_request_refresh(self) -> None:
        """Read, if somebody asks for it, where a reading can also be ended."""
        self._async_read_soon()

    @override
    async def async_shutdown(self) -> None:
        """End the reading that is going on, so that it changes nothing any more."""
        await super().async_shutdown()
        await self._async_stop_reading()

    async def _async_stop_reading(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])


class ListCoordinator[DataT](BackgroundCoordinator[DataT]):
    """Asks for a list when something can have changed, but not too often."""

    _asked_at: float | None = None
    """Monotonic seconds."""
    _pause: float = SHORTEST
    """How many seconds the last list is good for, whatever has changed."""

    @property
    @abstractmethod
    def _has_changed(self) -> bool:
        """Whether there is a reason to ask."""

    @property
    def _is_due(self) -> bool:
        """Whether it is time to ask."""
        if self._asked_at is None:
            return True
        passed = monotonic() - self._asked_at
        if self._failures:
            return passed >= AFTER_A_FAILURE
        return passed >= self._pause and (passed >= LONGEST or self._has_changed)

    @property
    def _is_too_soon(self) -> bool:
        """Whether not even somebody who asks for it gets a new list."""
        return self._asked_at is not None and monotonic() - self._asked_at < SHORTEST
