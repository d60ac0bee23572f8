"""Reads beside the account what only changes with it: one reading at a time."""

from abc import abstractmethod
import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from .const import LOGGER

if TYPE_CHECKING:
    from .coordinator import AccountCoordinator
    from .data import AccountConfigEntry


# What is known is shown until the gateway failed to answer as many times in a row.
FAILURES_UNTIL_UNAVAILABLE = 2


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
