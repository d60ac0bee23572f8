"""From a device back to its account."""

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from .const import DOMAIN
from .coordinator import AccountConfigEntry


@callback
def async_get_entry(hass: HomeAssistant, device_id: str) -> AccountConfigEntry | None:
    """Return the entry of an account's device; None if it is not, or no longer, one."""
    device = dr.async_get(hass).async_get(device_id)
    for domain, entry_id in device.identifiers if device else ():
        if domain == DOMAIN:
            return hass.config_entries.async_get_entry(entry_id)
    return None
