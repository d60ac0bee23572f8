"""Which account an action is called for."""

from typing import Any

import voluptuous as vol

from homeassistant.const import ATTR_CONFIG_ENTRY_ID, ATTR_DEVICE_ID
from homeassistant.core import ServiceCall, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_get_config_entry

from .const import DOMAIN
from .data import AccountConfigEntry
from .device import async_get_entry, async_get_loaded

# Exactly one of them is needed; the message of a schema would not be translated.
ACCOUNT_FIELDS: dict[vol.Marker, Any] = {
    vol.Optional(ATTR_DEVICE_ID): cv.string,
    vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string,
}


@callback
def async_get_chosen(call: ServiceCall) -> AccountConfigEntry:
    """Return the loaded entry that an action names, by its ID or that of its device.

    Raises ServiceValidationError if it names none or two, or it is not loaded.
    """
    device_id, entry_id = _ids(call)
    if device_id:
        return async_get_loaded(call.hass, device_id)
    entry: AccountConfigEntry = async_get_config_entry(call.hass, DOMAIN, entry_id)
    return entry


@callback
def async_get_named(call: ServiceCall) -> AccountConfigEntry:
    """Return the entry that an action names, even if it is not loaded.

    Raises ServiceValidationError if it names none, two, or no account's.
    """
    device_id, entry_id = _ids(call)
    if not device_id:
        entry = call.hass.config_entries.async_get_entry(entry_id or "")
        if entry and entry.domain == DOMAIN:
            return entry
        return async_get_chosen(call)  # says what is wrong with it
    if entry := async_get_entry(call.hass, device_id):
        return entry
    raise ServiceValidationError(
        translation_domain=DOMAIN, translation_key="unknown_device"
    )


def _ids(call: ServiceCall) -> tuple[str | None, str | None]:
    device_id = call.data.get(ATTR_DEVICE_ID)
    entry_id = call.data.get(ATTR_CONFIG_ENTRY_ID)
    if bool(device_id) is bool(entry_id):
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="one_account"
        )
    return device_id, entry_id
