"""What may happen to an account, as triggers of its device."""

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
from .coordinator import signal_activity
from .device import async_get_entry
from .tracker import ACTIVITY_TYPES, AccountActivity

TRIGGER_SCHEMA = DEVICE_TRIGGER_BASE_SCHEMA.extend(
    {vol.Required(CONF_TYPE): vol.In(ACTIVITY_TYPES)}
)


async def async_get_triggers(
    hass: HomeAssistant, device_id: str
) -> list[dict[str, str]]:
    """Return the triggers of an account's device."""
    return [
        {
            CONF_PLATFORM: "device",
            CONF_DOMAIN: DOMAIN,
            CONF_DEVICE_ID: device_id,
            CONF_TYPE: activity_type,
        }
        for activity_type in ACTIVITY_TYPES
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
    def handle(activity: AccountActivity) -> None:
        if activity.type != config[CONF_TYPE]:
            return
        hass.async_run_hass_job(
            job,
            {
                "trigger": {
                    **trigger_info["trigger_data"],
                    **activity.attributes,
                    CONF_PLATFORM: "device",
                    CONF_DOMAIN: DOMAIN,
                    CONF_DEVICE_ID: config[CONF_DEVICE_ID],
                    CONF_TYPE: config[CONF_TYPE],
                    "description": f"{activity.type} of {entry.title}",
                }
            },
        )

    # The signal outlives the coordinator: reloads do not detach anybody.
    return async_dispatcher_connect(hass, signal_activity(entry.entry_id), handle)
