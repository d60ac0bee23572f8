"""Device triggers: the events of an account."""

import voluptuous as vol

from homeassistant.components.device_automation import (
    DEVICE_TRIGGER_BASE_SCHEMA,
    InvalidDeviceAutomationConfig,
)
from homeassistant.const import CONF_DEVICE_ID, CONF_DOMAIN, CONF_PLATFORM, CONF_TYPE
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.trigger import TriggerActionType, TriggerInfo
from homeassistant.helpers.typing import ConfigType

from .const import DOMAIN
from .device import async_get_entry
from .events import EVENT_TYPES, AccountEvent, signal_event
from .expected import async_expect

TRIGGER_SCHEMA = DEVICE_TRIGGER_BASE_SCHEMA.extend(
    {vol.Required(CONF_TYPE): vol.In(EVENT_TYPES)}
)


async def async_get_triggers(
    hass: HomeAssistant, device_id: str
) -> list[dict[str, str]]:
    """Return the triggers of an account's device; that of an API key has none."""
    if async_get_entry(hass, device_id) is None:
        return []
    return [
        {
            CONF_PLATFORM: "device",
            CONF_DOMAIN: DOMAIN,
            CONF_DEVICE_ID: device_id,
            CONF_TYPE: event_type,
        }
        for event_type in EVENT_TYPES
    ]


async def async_attach_trigger(
    hass: HomeAssistant,
    config: ConfigType,
    action: TriggerActionType,
    trigger_info: TriggerInfo,
) -> CALLBACK_TYPE:
    """Run an action each time it happens. Its variable `trigger` has the details."""
    if (entry := async_get_entry(hass, config[CONF_DEVICE_ID])) is None:
        raise InvalidDeviceAutomationConfig(
            translation_domain=DOMAIN, translation_key="unknown_device"
        )
    job = HassJob(action, f"{DOMAIN} trigger {trigger_info}")

    @callback
    def handle(event: AccountEvent) -> None:
        if event.type != config[CONF_TYPE]:
            return
        hass.async_run_hass_job(
            job,
            {
                "trigger": {
                    **trigger_info["trigger_data"],
                    **event.attributes,
                    CONF_PLATFORM: "device",
                    CONF_DOMAIN: DOMAIN,
                    CONF_DEVICE_ID: config[CONF_DEVICE_ID],
                    CONF_TYPE: config[CONF_TYPE],
                    "description": f"{event.type} of {entry.title}",
                }
            },
        )

    # The signal outlives the coordinator: reloads do not detach anybody.
    detach = async_dispatcher_connect(hass, signal_event(entry.entry_id), handle)
    return async_expect(hass, config[CONF_TYPE], detach)
