"""Sensors of API keys, each on the device of its key."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import MAX_LENGTH_STATE_STATE, EntityCategory, Platform
from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType
from homeassistant.helpers.update_coordinator import CoordinatorEntity
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .data import AccountConfigEntry
from .gateway import ApiKey, KeyStatus
from .key_devices import async_key_device_info
from .key_sums import SPENT_TODAY
from .keys import KeysCoordinator, KeysData


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class KeySensorEntityDescription(SensorEntityDescription):
    """A sensor of a key; texts and icons are named after it, and that it is a key's."""

    value_fn: Callable[[KeysData, ApiKey], StateType | datetime]
    exists_fn: Callable[[ApiKey], bool] = lambda _: True
    """Whether a key has it. One that had it once keeps it."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class KeyAmountSensorEntityDescription(KeySensorEntityDescription):
    """A sensor that shows quota points as an amount of money."""

    value_fn: Callable[[KeysData, ApiKey], float | None]
    points_state_class: SensorStateClass = SensorStateClass.TOTAL
    """State class where points are shown instead of money."""
    is_of_today: bool = False


KEY_AMOUNTS = (
    KeyAmountSensorEntityDescription(
        key="remaining",
        points_state_class=SensorStateClass.MEASUREMENT,
        exists_fn=lambda key: key.remaining_quota is not None,
        value_fn=lambda _, key: key.remaining_quota,
    ),
    KeyAmountSensorEntityDescription(
        key="used",
        entity_registry_enabled_default=False,
        exists_fn=lambda key: key.is_counted and key.used_quota is not None,
        value_fn=lambda _, key: key.used_quota,
    ),
    KeyAmountSensorEntityDescription(
        key=SPENT_TODAY,
        entity_registry_enabled_default=False,
        is_of_today=True,
        value_fn=lambda data, key: data.spent_today.get(key.id),
    ),
)

KEY_STATUS = KeySensorEntityDescription(
    key="status",
    device_class=SensorDeviceClass.ENUM,
    options=list(KeyStatus),
    value_fn=lambda data, key: data.statuses[key.id],
)

KEY_SENSORS = (
    KEY_STATUS,
    KeySensorEntityDescription(
        key="last_used",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        exists_fn=lambda key: key.is_counted,
        value_fn=lambda _, key: key.last_used_at,
    ),
    KeySensorEntityDescription(
        key="expires",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda _, key: key.expires_at,
    ),
    KeySensorEntityDescription(
        key="group",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        exists_fn=lambda key: key.group is not None,
        value_fn=lambda data, key: (
            (key.group or data.account_group or "")[:MAX_LENGTH_STATE_STATE] or None
        ),
    ),
)


@callback
def async_add_key_sensors(
    entry: AccountConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sensors of each key that is shown, as soon as it is."""
    coordinator = entry.runtime_data.keys
    registry = er.async_get(coordinator.hass)
    added: set[tuple[int, str]] = set()

    def has(key: ApiKey, description: KeySensorEntityDescription) -> bool:
        return description.exists_fn(key) or bool(
            registry.async_get_entity_id(
                Platform.SENSOR, DOMAIN, _unique_id(entry, key.id, description)
            )
        )

    @callback
    def add_new() -> None:
        data = coordinator.data
        # What went with its device may come again.
        added.intersection_update({each for each in added if each[0] in data.kept})
        new = [
            (key, description)
            for key in data.keys.values()
            for description in (*KEY_AMOUNTS, *KEY_SENSORS)
            if (key.id, description.key) not in added and has(key, description)
        ]
        added.update((key.id, description.key) for key, description in new)
        async_add_entities(
            _class_of(description)(coordinator, key, description)
            for key, description in new
        )

    entry.async_on_unload(coordinator.async_add_listener(add_new))


class KeySensor(CoordinatorEntity[KeysCoordinator], SensorEntity):
    """A value of a key as it is."""

    entity_description: KeySensorEntityDescription
    _attr_has_entity_name = True

    def __init__(
        self,
        coordinator: KeysCoordinator,
        key: ApiKey,
        description: KeySensorEntityDescription,
    ) -> None:
        """Describe the sensor and the device of the key."""
        super().__init__(coordinator)
        entry = coordinator.config_entry
        self.entity_description = description
        self._key_id = key.id
        self._attr_unique_id = _unique_id(entry, key.id, description)
        self._attr_translation_key = f"key_{description.key}"
        self._attr_device_info = async_key_device_info(
            coordinator.hass, entry, key.id, coordinator.data.labels[key.id]
        )

    @property
    @override
    def available(self) -> bool:
        """Stay available on the last list for a while."""
        data = self.coordinator.data
        return data.is_available and self._key_id in data.keys

    @property
    @override
    def native_value(self) -> StateType | datetime:
        """Return the value."""
        data = self.coordinator.data
        return self.entity_description.value_fn(data, data.keys[self._key_id])


class KeyStatusSensor(KeySensor):
    """Whether a key can be used, and what it can spend at most."""

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        """Return whether the key has an end, and the amount that is low for it."""
        coordinator = self.coordinator
        key = coordinator.data.keys.get(self._key_id)
        limit = coordinator.options.limit_of(self._key_id)
        return {
            "unlimited": key is not None and key.is_unlimited,
            "low_below": coordinator.account.unit.amount(limit) if limit else None,
        }


class KeyAmountSensor(KeySensor):
    """Quota points of a key as an amount in the account's unit."""

    entity_description: KeyAmountSensorEntityDescription

    def __init__(
        self,
        coordinator: KeysCoordinator,
        key: ApiKey,
        description: KeyAmountSensorEntityDescription,
    ) -> None:
        """Settle the unit, which is the account's and so not part of a description."""
        super().__init__(coordinator, key, description)
        self._unit = coordinator.account.unit
        self._attr_suggested_display_precision = self._unit.digits
        self._attr_native_unit_of_measurement = self._unit.currency
        self._attr_state_class = description.points_state_class
        if self._unit.is_money:
            self._attr_device_class = SensorDeviceClass.MONETARY
            self._attr_state_class = SensorStateClass.TOTAL

    @property
    @override
    def native_value(self) -> float | None:
        """Return the amount."""
        data = self.coordinator.data
        points = self.entity_description.value_fn(data, data.keys[self._key_id])
        return None if points is None else self._unit.amount(points)

    @property
    @override
    def last_reset(self) -> datetime | None:
        """Return when the amount began to count."""
        return (
            dt_util.start_of_local_day()
            if self.entity_description.is_of_today
            else None
        )

    @property
    @override
    def extra_state_attributes(self) -> dict[str, str] | None:
        """Return why there is no sum."""
        if self.entity_description.is_of_today and (
            self._key_id in self.coordinator.data.without_sum
        ):
            return {"reason": "name_not_its_own"}
        return None


def _class_of(description: KeySensorEntityDescription) -> type[KeySensor]:
    if description is KEY_STATUS:
        return KeyStatusSensor
    if isinstance(description, KeyAmountSensorEntityDescription):
        return KeyAmountSensor
    return KeySensor


def _unique_id(
    entry: AccountConfigEntry, key_id: int, description: KeySensorEntityDescription
) -> str:
    return f"{entry.entry_id}_key_{key_id}_{description.key}"
