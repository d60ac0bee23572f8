"""What the user group of an account pays, as a multiplier of the usual prices."""

from typing import Any, override

from homeassistant.components.sensor import (
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .adding import async_add_when_there
from .data import AccountConfigEntry
from .entity import GatewayEntity
from .groups import GROUP_RATIO, GroupsCoordinator

GROUPS_IN_ATTRIBUTES = 20

RATIO = SensorEntityDescription(
    key=GROUP_RATIO,
    state_class=SensorStateClass.MEASUREMENT,
    entity_category=EntityCategory.DIAGNOSTIC,
    entity_registry_enabled_default=False,
)


@callback
def async_add_group_ratio(
    entry: AccountConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sensor as soon as it is known that the gateway tells the ratio."""
    coordinator = entry.runtime_data.groups
    async_add_when_there(
        coordinator,
        async_add_entities,
        Platform.SENSOR,
        RATIO,
        lambda: GroupRatioSensor(coordinator, RATIO),
        lambda: coordinator.data.is_told,
    )


class GroupRatioSensor(GatewayEntity[GroupsCoordinator], SensorEntity):
    """The ratio of the account's group, and of the others that may be used."""

    _unrecorded_attributes = frozenset({"groups"})

    @property
    @override
    def available(self) -> bool:
        """Stay available on the last list for a while."""
        return self.coordinator.data.is_available

    @property
    @override
    def native_value(self) -> float | None:
        """Return the ratio; None where the list does not have the group."""
        return self.coordinator.data.ratio

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Return the ratios of the groups by their names."""
        ratios = [*self.coordinator.data.ratios.items()][:GROUPS_IN_ATTRIBUTES]
        return {"groups": dict(ratios)} if ratios else None
