"""The devices of API keys: below that of the account, and gone with their keys."""

from collections.abc import Container, Mapping
from typing import TYPE_CHECKING

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import ChildDeviceEntry, ChildDeviceInfo

from .const import DOMAIN
from .device import async_get_device

if TYPE_CHECKING:
    from .data import AccountConfigEntry


@callback
def async_key_device_info(
    hass: HomeAssistant, entry: AccountConfigEntry, key_id: int, name: str
) -> ChildDeviceInfo:
    """Describe the device of a key; that of its account has to be there."""
    parent = async_get_device(hass, entry)
    assert parent  # noqa: S101 # the account has entities, which come first
    return ChildDeviceInfo(
        identifiers={(DOMAIN, f"{_start(entry)}{key_id}")},
        name=name,
        parent_device_id=parent.id,
    )


@callback
def async_key_devices(
    hass: HomeAssistant, entry: AccountConfigEntry
) -> dict[int, ChildDeviceEntry]:
    """Return the devices of keys that there are, by the IDs of the keys."""
    devices = dr.async_child_entries_for_config_entry(
        dr.async_get(hass), entry.entry_id
    )
    return {
        int(identifier.removeprefix(_start(entry))): device
        for device in devices
        for domain, identifier in device.identifiers
        if domain == DOMAIN
    }


@callback
def async_keep_key_devices(
    hass: HomeAssistant, entry: AccountConfigEntry, kept: Container[int]
) -> None:
    """Remove the devices of all other keys."""
    for key_id, device in async_key_devices(hass, entry).items():
        if key_id not in kept:
            dr.async_get(hass).async_remove_device(device.id)


@callback
def async_name_key_devices(
    hass: HomeAssistant, entry: AccountConfigEntry, names: Mapping[int, str]
) -> None:
    """Call devices what their keys are called now; who chose a name keeps it."""
    registry = dr.async_get(hass)
    for key_id, device in async_key_devices(hass, entry).items():
        if key_id in names and device.name != names[key_id]:
            registry.async_update_child_device(device.id, name=names[key_id])


def _start(entry: AccountConfigEntry) -> str:
    return f"{entry.entry_id}_key_"
