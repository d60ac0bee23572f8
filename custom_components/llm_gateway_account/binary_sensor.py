"""Binary sensors of an account."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .adding import async_add_account_entities
from .budgeting import async_has_budgets
from .check_in_sensor import async_add_check_in
from .coordinator import AccountData
from .data import AccountConfigEntry
from .entity import AccountEntityDescription, AccountValueEntity
from .parts import async_load
from .spending import BalanceLevel

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class AccountBinarySensorEntityDescription(
    AccountEntityDescription, BinarySensorEntityDescription
):
    """A binary sensor that shows a value as it is."""

    value_fn: Callable[[AccountData], bool | None]
    names_model: bool = False
    """Whether it tells which model makes most of today's cost, while it is on."""


BINARY_SENSORS = (
    AccountBinarySensorEntityDescription(
        key="low_balance",
        device_class=BinarySensorDeviceClass.PROBLEM,
        value_fn=lambda data: data.spending.level is not BalanceLevel.OK,
    ),
    AccountBinarySensorEntityDescription(
        key="unusual_spending",
        follows_spending=True,
        device_class=BinarySensorDeviceClass.PROBLEM,
        names_model=True,
        value_fn=lambda data: data.spending.unusual,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AccountConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the binary sensors of an account."""
    async_add_account_entities(
        entry.runtime_data.account,
        async_add_entities,
        Platform.BINARY_SENSOR,
        BINARY_SENSORS,
        AccountBinarySensor,
    )
    async_add_check_in(entry, async_add_entities)
    if async_has_budgets(entry):
        budgets = await async_load(hass, "budget_binary_sensor")
        budgets.async_add_budget_binary_sensors(entry, async_add_entities)


class AccountBinarySensor(AccountValueEntity, BinarySensorEntity):
    """A value as it is."""

    entity_description: AccountBinarySensorEntityDescription

    @property
    @override
    def shown(self) -> tuple[Any, ...]:
        """What its state is made of, the value first."""
        named = self.entity_description.names_model and self.coordinator.main_model
        return *super().shown, named

    @property
    @override
    def is_on(self) -> bool | None:
        """Return the value."""
        return self.entity_description.value_fn(self.coordinator.data)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, str] | None:
        """Return the model that stands out, or why there is no value yet."""
        model = self.coordinator.main_model
        if model and self.is_on and self.entity_description.names_model:
            return {"model": model}
        return super().extra_state_attributes
