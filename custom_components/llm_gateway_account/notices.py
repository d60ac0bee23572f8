"""Looks once a day for what the operator of a gateway announces, and tells it once."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, override

from homeassistant.const import Platform
from homeassistant.core import HassJob, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.event import async_call_later, async_track_time_interval
from homeassistant.helpers.start import async_at_started

from .background import BackgroundCoordinator
from .const import DOMAIN
from .device import async_is_enabled
from .gateway import Notice
from .sites import async_get_notice, async_get_site
from .spending.local_time import DAY, HOUR

if TYPE_CHECKING:
    from .coordinator import AccountCoordinator
    from .data import AccountConfigEntry

NOTICE = "notice"

# Seconds after the start, when automations are there.
FIRST_LOOK = 60

LOOK_INTERVAL = timedelta(hours=1)
LOOK_AGAIN_AFTER = DAY - HOUR / 2

# Of several new ones at once, so many are told.
MOST_AT_ONCE = 5

# How many are remembered that are not shown any more.
MOST_REMEMBERED = 200


class NoticesCoordinator(BackgroundCoordinator[None]):
    """Tells of each notice with a signal, in the order of their publication."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: AccountConfigEntry,
        account: AccountCoordinator,
    ) -> None:
        """Prepare to look; nothing is asked yet."""
        super().__init__(hass, entry, account)
        self._stored = account.storage.state.notices
        self._looked_at: float | None = None

    @callback
    @override
    def async_start(self) -> None:
        """Look as soon as somebody can react to what is new, and then every day.

        At once where nothing is new yet, whatever there is.
        """
        entry = self.config_entry
        if self._stored.noticed is None:
            self._async_look()

        @callback
        def begin(hass: HomeAssistant) -> None:
            job = HassJob(self._async_look, cancel_on_shutdown=True)
            entry.async_on_unload(async_call_later(hass, FIRST_LOOK, job))

        entry.async_on_unload(async_at_started(self.hass, begin))
        entry.async_on_unload(
            async_track_time_interval(
                self.hass, self._async_look, LOOK_INTERVAL, cancel_on_shutdown=True
            )
        )

    @callback
    def _async_look(self, _now: datetime | None = None) -> None:
        if not async_is_enabled(self.hass, self.config_entry, Platform.EVENT, NOTICE):
            # What is published before somebody wants to know is not new.
            self._stored.announced = self._stored.noticed = None
            return
        looked_at = self._looked_at
        if looked_at is None or monotonic() - looked_at >= LOOK_AGAIN_AFTER:
            self._async_read_soon()

    @override
    async def _async_update_data(self) -> None:
        """Tell what is new. Without an answer it is looked for again in an hour."""
        site = await async_get_site(self.hass, self.config_entry)
        if site is None:
            return
        notice = await async_get_notice(self.hass, self.config_entry)
        self._looked_at = monotonic()
        stored, new = self._stored, list[Notice]()
        if notice is not None:
            new += _unseen(stored.noticed, notice)
            stored.noticed = _remember(stored.noticed, notice)
        if (announced := site.announcements) is not None:
            new += _unseen(stored.announced, announced)
            stored.announced = _remember(stored.announced, announced)
        self.account.storage.async_write()
        # Some operators publish the same text in both places.
        by_text = {each.text: each for each in reversed(new)}
        for each in [*by_text.values()][-MOST_AT_ONCE:]:
            async_dispatcher_send(
                self.hass, signal_notice(self.config_entry.entry_id), each
            )


def signal_notice(entry_id: str) -> str:
    """Return the name of the signal that goes with each new Notice."""
    return f"{DOMAIN}_notice_{entry_id}"


def _unseen(seen: list[str] | None, notices: Iterable[Notice]) -> list[Notice]:
    """Return those that were not seen; nothing is new at the first look."""
    return [] if seen is None else [each for each in notices if each.mark not in seen]


def _remember(seen: list[str] | None, notices: Iterable[Notice]) -> list[str]:
    marks = dict.fromkeys([*(each.mark for each in notices), *(seen or [])])
    return [*marks][:MOST_REMEMBERED]
