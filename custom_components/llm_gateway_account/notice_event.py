"""Notices of a gateway as events."""

from typing import override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from .entity import GatewayEntity
from .gateway import Notice
from .notices import NOTICE, NoticesCoordinator, signal_notice

PUBLISHED = "published"

NOTICE_EVENT = EventEntityDescription(key=NOTICE, event_types=[PUBLISHED])


class NoticeEventEntity(GatewayEntity[NoticesCoordinator], EventEntity):
    """The last notice that was new."""

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to what is new."""
        await super().async_added_to_hass()
        entry_id = self.coordinator.config_entry.entry_id
        self.async_on_remove(
            async_dispatcher_connect(
                self.hass, signal_notice(entry_id), self._async_handle_notice
            )
        )

    @callback
    def _async_handle_notice(self, notice: Notice) -> None:
        published = notice.published_at
        attributes = {
            "text": notice.text,
            "published_at": published and published.isoformat(),
        }
        self._trigger_event(PUBLISHED, attributes)
        self.async_write_ha_state()
