"""Polls a gateway, and keeps its last good answer for a while."""

from abc import abstractmethod
from datetime import datetime, timedelta
from random import uniform
from time import monotonic
from typing import TYPE_CHECKING, override

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed
from homeassistant.util import dt as dt_util

from .const import DOMAIN, LOGGER
from .gateway import Gateway, GatewayError, RateLimitedError

if TYPE_CHECKING:
    from .data import AccountConfigEntry

UPDATE_INTERVAL = timedelta(minutes=5)

# All accounts are set up at once, when Home Assistant starts. From this share of the
# interval on, their second poll comes when chance wants it, so that they spread.
SHORTEST_FIRST_INTERVAL = 0.2

# How long entities stay on the last good answer while new polls fail: fifteen
# minutes, and a little for the poll that is due just then to come back.
GRACE_PERIOD = timedelta(minutes=15, seconds=45)

# A gateway that asks for more patience than this is asked again all the same.
MAX_RETRY_AFTER = timedelta(hours=1)


class GatewayCoordinator[AnswerT, DataT](DataUpdateCoordinator[DataT]):
    """Asks a gateway, keeps its last good answer for a while, and takes no late one."""

    config_entry: AccountConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: AccountConfigEntry,
        client: Gateway,
        update_interval: timedelta,
    ) -> None:
        """Prepare the polls of an entry that is being set up."""
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=entry.title,
            update_interval=update_interval * uniform(SHORTEST_FIRST_INTERVAL, 1),  # noqa: S311
            always_update=False,
        )
        self.client = client
        self._later_interval = update_interval
        self.last_success: datetime | None = None
        self._fresh_until = 0.0  # monotonic seconds
        self._cancel_grace_period: CALLBACK_TYPE | None = None
        self._cancel_look: CALLBACK_TYPE | None = None

    @property
    def has_answer(self) -> bool:
        """Whether there is an answer fresh enough to be shown."""
        return self.last_update_success or monotonic() < self._fresh_until

    @abstractmethod
    async def _async_ask(self) -> AnswerT:
        """Return what the gateway answers, and change nothing. Raises GatewayError."""

    @abstractmethod
    @callback
    def _async_take(self, answer: AnswerT) -> DataT:
        """Take in an answer, and return what there is to show."""

    @callback
    def _async_handle_failure(self, err: GatewayError) -> None:
        """Do what a failed poll calls for."""

    @override
    async def _async_update_data(self) -> DataT:
        """Return what there is to show. Raises UpdateFailed if the poll failed."""
        if self.last_success:
            self.update_interval = self._later_interval
        failure = None
        try:
            answer = await self._async_ask()
        except GatewayError as err:
            failure = err
        # The entry may have been unloaded or removed meanwhile.
        if self._shutdown_requested:
            return self._async_leave_unchanged()
        if failure:
            self._async_handle_failure(failure)
            raise UpdateFailed(
                translation_domain=DOMAIN,
                translation_key=failure.key,
                translation_placeholders=failure.placeholders,
                retry_after=_retry_after(failure),
            ) from failure
        return self._async_take(answer)

    @callback
    def _async_leave_unchanged(self) -> DataT:
        """Be as good or bad as before, so that Home Assistant logs nothing."""
        if self.last_update_success:
            return self.data
        raise UpdateFailed

    @callback
    @override
    def _async_refresh_finished(self) -> None:
        """Start the grace period when polls begin to fail, end it when one succeeds."""
        if self._shutdown_requested:
            return
        if self.last_update_success:
            self.last_success = dt_util.utcnow()
            self._fresh_until = monotonic() + GRACE_PERIOD.total_seconds()
            self._async_end_grace_period()
        elif not self._cancel_grace_period and self.has_answer:
            self._cancel_grace_period = async_call_later(
                self.hass,
                self._fresh_until - monotonic(),
                HassJob(self._async_grace_period_over, cancel_on_shutdown=True),
            )

    @callback
    def _async_grace_period_over(self, _now: datetime) -> None:
        self._cancel_grace_period = None
        self._fresh_until = 0.0
        self.async_update_listeners()

    @callback
    def _async_end_grace_period(self) -> None:
        if self._cancel_grace_period is not None:
            self._cancel_grace_period()
            self._cancel_grace_period = None

    @callback
    def _async_look_again_in(self, seconds: float | None) -> None:
        """Poll once more before the next poll is due, if what happened is unclear."""
        self._async_cancel_look()
        if seconds is not None:
            self._cancel_look = async_call_later(
                self.hass, seconds, HassJob(self._async_look, cancel_on_shutdown=True)
            )

    @callback
    def _async_look(self, _now: datetime) -> None:
        self._cancel_look = None
        self.config_entry.async_create_background_task(
            self.hass, self.async_refresh(), f"{self.name} second look"
        )

    @callback
    def _async_cancel_look(self) -> None:
        if self._cancel_look is not None:
            self._cancel_look()
            self._cancel_look = None

    @override
    async def async_shutdown(self) -> None:
        """End the polls and the grace period."""
        self._async_cancel_look()
        self._async_end_grace_period()
        await super().async_shutdown()


def _retry_after(err: GatewayError) -> float | None:
    """Return the seconds to the next poll where the gateway asks for patience."""
    if not isinstance(err, RateLimitedError) or err.retry_after is None:
        return None
    return min(
        max(err.retry_after, UPDATE_INTERVAL.total_seconds()),
        MAX_RETRY_AFTER.total_seconds(),
    )
