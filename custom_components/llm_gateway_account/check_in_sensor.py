"""Whether today's check-in of an account is still to be done."""

from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import Platform
from homeassistant.core import callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .adding import async_add_when_there
from .check_in import CHECK_IN_OPEN, CheckInCoordinator
from .data import AccountConfigEntry
from .entity import GatewayEntity

CHECK_IN = BinarySensorEntityDescription(
    key=CHECK_IN_OPEN, entity_registry_enabled_default=False
)


@callback
def async_add_check_in(
    entry: AccountConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sensor as soon as the gateway says that it has a check-in."""
    coordinator = entry.runtime_data.check_in
    async_add_when_there(
        coordinator,
        async_add_entities,
        Platform.BINARY_SENSOR,
        CHECK_IN,
        lambda: CheckInSensor(coordinator, CHECK_IN),
        lambda: coordinator.data.is_offered,
    )


class CheckInSensor(GatewayEntity[CheckInCoordinator], BinarySensorEntity):
    """On while the day has no check-in yet."""

    @property
    @override
    def available(self) -> bool:
        """Stay available on the last answer for a while."""
        return self.coordinator.data.is_available

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether it is open; None where the operator has switched it off."""
        return self.coordinator.data.is_open
