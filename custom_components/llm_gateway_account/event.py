"""Events of an account."""

from typing import override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AccountConfigEntry, signal_activity
from .entity import AccountEntity
from .tracker import ACTIVITY_TYPES, AccountActivity

PARALLEL_UPDATES = 0

ACTIVITY = EventEntityDescription(key="activity", event_types=ACTIVITY_TYPES)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AccountConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the events of an account."""
    async_add_entities([ActivityEvent(entry.runtime_data, ACTIVITY)])


class ActivityEvent(AccountEntity, EventEntity):
    """What happened to the account."""

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to what the coordinator tells."""
        await super().async_added_to_hass()
        entry_id = self.coordinator.config_entry.entry_id
        self.async_on_remove(
            async_dispatcher_connect(
                self.hass, signal_activity(entry_id), self._async_handle_activity
            )
        )

    @callback
    def _async_handle_activity(self, activity: AccountActivity) -> None:
        self._trigger_event(activity.type, activity.attributes)
        self.async_write_ha_state()
