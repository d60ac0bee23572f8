"""Events of an account."""

from typing import Any, override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .data import AccountConfigEntry
from .entity import AccountEntity
from .events import EVENT_TYPES, AccountEvent, signal_event
from .notice_event import NOTICE_EVENT, NoticeEventEntity

PARALLEL_UPDATES = 0

# The key is that of 0.1.0, which unique IDs hold.
ACCOUNT_EVENT = EventEntityDescription(key="activity", event_types=EVENT_TYPES)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AccountConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the events of an account."""
    runtime = entry.runtime_data
    async_add_entities(
        [
            AccountEventEntity(runtime.account, ACCOUNT_EVENT),
            NoticeEventEntity(runtime.notices, NOTICE_EVENT),
        ]
    )


class AccountEventEntity(AccountEntity, EventEntity):
    """What happened to the account."""

    _unrecorded_attributes = frozenset({"past_events"})

    @property
    @override
    def available(self) -> bool:
        """Stay while the gateway does not answer: what happened has happened.

        The log would show the last event once more when it answers again.
        """
        return True

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Return the latest events, each with its own time."""
        past = self.coordinator.storage.state.past_events
        return {"past_events": [each.as_dict() for each in past]} if past else None

    @property
    @override
    def shown(self) -> tuple[Any, ...]:
        """What its state is made of, beside the event that it is told."""
        return (self.coordinator.storage.state.past_events,)

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the events of the account."""
        await super().async_added_to_hass()
        entry_id = self.coordinator.config_entry.entry_id
        self.async_on_remove(
            async_dispatcher_connect(
                self.hass, signal_event(entry_id), self._async_handle_event
            )
        )

    @callback
    def _async_handle_event(self, event: AccountEvent) -> None:
        self._trigger_event(event.type, event.attributes)
        self.async_write_ha_state()
