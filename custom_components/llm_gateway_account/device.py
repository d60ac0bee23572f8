"""From a device back to its account."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from .const import DOMAIN
from .coordinator import AccountConfigEntry, AccountCoordinator


@callback
def async_get_entry(hass: HomeAssistant, device_id: str) -> AccountConfigEntry | None:
    """Return the entry of an account's device; None if it is not, or no longer, one."""
    device = dr.async_get(hass).async_get(device_id)
    for domain, entry_id in device.identifiers if device else ():
        if domain == DOMAIN:
            return hass.config_entries.async_get_entry(entry_id)
    return None


@callback
def async_get_fresh(entry: AccountConfigEntry) -> AccountCoordinator | None:
    """Return the coordinator of an entry; None while there is nothing to be shown."""
    if entry.state is ConfigEntryState.LOADED and entry.runtime_data.has_answer:
        return entry.runtime_data
    return None
