"""Looks up the account of a device, and the device of an account."""

from typing import TYPE_CHECKING

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.target import (
    TargetSelection,
    async_extract_referenced_entity_ids,
)

from .const import CONF_SITE_NAME, DOMAIN

if TYPE_CHECKING:
    from .coordinator import AccountCoordinator
    from .data import AccountConfigEntry


@callback
def async_get_entry(hass: HomeAssistant, device_id: str) -> AccountConfigEntry | None:
    """Return the entry of an account's device; None if it is not, or no longer, one."""
    device = dr.async_get(hass).async_get(device_id)
    for domain, entry_id in device.identifiers if device else ():
        if domain == DOMAIN:
            return hass.config_entries.async_get_entry(entry_id)
    return None


@callback
def async_get_target_devices(hass: HomeAssistant, target: TargetSelection) -> set[str]:
    """Return the IDs of the devices of which any entity is in a target."""
    selected = async_extract_referenced_entity_ids(hass, target, expand_group=False)
    registry = er.async_get(hass)
    entities = map(
        registry.async_get, selected.referenced | selected.indirectly_referenced
    )
    return {each.device_id for each in entities if each and each.device_id}


@callback
def async_get_targeted(
    hass: HomeAssistant, target: TargetSelection
) -> list[AccountConfigEntry]:
    """Return the accounts of a target."""
    entries = (
        async_get_entry(hass, device_id)
        for device_id in async_get_target_devices(hass, target)
    )
    return [entry for entry in entries if entry]


@callback
def async_get_fresh(entry: AccountConfigEntry) -> AccountCoordinator | None:
    """Return the coordinator of an entry; None while there is nothing to be shown."""
    if entry.state is ConfigEntryState.LOADED and entry.runtime_data.account.has_answer:
        return entry.runtime_data.account
    return None


@callback
def async_get_device(
    hass: HomeAssistant, entry: AccountConfigEntry
) -> dr.DeviceEntry | None:
    """Return the device of an account; None before its entities made it."""
    return dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, entry.entry_id), entry.entry_id
    )


@callback
def async_get_name(hass: HomeAssistant, entry: AccountConfigEntry) -> str:
    """Return what the device of an account is called."""
    device = async_get_device(hass, entry)
    name = device and (device.name_by_user or device.name)
    return name or entry.data[CONF_SITE_NAME]


@callback
def async_get_loaded(hass: HomeAssistant, device_id: str) -> AccountConfigEntry:
    """Return the loaded entry of an account's device. Raises ServiceValidationError."""
    if (entry := async_get_entry(hass, device_id)) is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="unknown_device"
        )
    if entry.state is not ConfigEntryState.LOADED:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_answer"
        )
    return entry


@callback
def async_is_enabled(
    hass: HomeAssistant, entry: ConfigEntry, platform: Platform, key: str
) -> bool:
    """Tell whether there is an entity of an account that nobody has disabled."""
    registry = er.async_get(hass)
    unique_id = f"{entry.entry_id}_{key}"
    entity_id = registry.async_get_entity_id(platform, DOMAIN, unique_id)
    entity = registry.async_get(entity_id) if entity_id else None
    return entity is not None and not entity.disabled
