"""Keeps what happened to an account until somebody can listen, also over a restart."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from .events import AccountEvent, async_fire, async_trigger, remember
from .storage import AccountStorage
from .unit import Unit

if TYPE_CHECKING:
    from .data import AccountConfigEntry


class EventQueue:
    """Fires each event once: in order, and not before their listeners are there."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: AccountConfigEntry,
        storage: AccountStorage,
        unit: Unit,
    ) -> None:
        """Keep everything for now."""
        self._hass = hass
        self._entry = entry
        self._storage = storage
        self._unit = unit
        self.can_fire = False

    @callback
    def async_start(self, _now: datetime | None = None) -> None:
        """Fire events from now on; those that waited for their listeners at once."""
        self.can_fire = True
        self._async_fire()

    @callback
    def async_stop(self) -> None:
        """Keep what happens from now on for the listeners of the next set-up."""
        self.can_fire = False

    @callback
    def async_add(self, events: Sequence[AccountEvent]) -> None:
        """Take what happened, and fire it as soon as the entities are updated.

        Who reacts to an event may look at them. Without events, limits of automations
        that were passed are told of.
        """
        stored = self._storage.state
        stored.events += events
        stored.past_events = remember(stored.past_events, events, dt_util.utcnow())
        self._storage.async_write_if_changed()
        self._hass.loop.call_soon(self._async_fire)

    @callback
    def _async_fire(self) -> None:
        if not self.can_fire:
            return
        for event in self._storage.async_take_events():
            async_fire(self._hass, self._entry, event)
        for crossing, value in self._storage.async_take_crossings():
            attributes = crossing.attributes(value, self._unit)
            event = AccountEvent(type=crossing.figure, attributes=attributes)
            async_trigger(self._hass, self._entry, event)
