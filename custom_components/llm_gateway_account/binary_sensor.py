"""Binary sensors of an account."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AccountConfigEntry
from .entity import AccountEntity, async_add_account_entities
from .gateway import Account

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class AccountBinarySensorEntityDescription(BinarySensorEntityDescription):
    """A binary sensor that shows a field of the account."""

    value_fn: Callable[[Account], bool | None]


BINARY_SENSORS = (
    AccountBinarySensorEntityDescription(
        key="self_group",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda account: account.can_use_self_group,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AccountConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the binary sensors of an account."""
    async_add_account_entities(
        entry.runtime_data,
        async_add_entities,
        Platform.BINARY_SENSOR,
        BINARY_SENSORS,
        AccountBinarySensor,
    )


class AccountBinarySensor(AccountEntity, BinarySensorEntity):
    """A field of the account."""

    entity_description: AccountBinarySensorEntityDescription

    @property
    @override
    def is_on(self) -> bool | None:
        """Return the field."""
        return self.entity_description.value_fn(self.coordinator.data)
