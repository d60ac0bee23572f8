"""Binary sensors of budgets."""

from dataclasses import dataclass
from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import Platform
from homeassistant.core import callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .budget_entity import (
    ADJECTIVES,
    BudgetEntity,
    BudgetEntityDescription,
    async_add_budget_entities,
)
from .data import AccountConfigEntry


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class BudgetBinarySensorEntityDescription(
    BudgetEntityDescription, BinarySensorEntityDescription
):
    """A binary sensor of a budget."""


OVER_BUDGET = tuple(
    BudgetBinarySensorEntityDescription(
        key=f"over_{adjective}_budget",
        period=period,
        device_class=BinarySensorDeviceClass.PROBLEM,
        value_fn=lambda figures: figures.is_over,
    )
    for period, adjective in ADJECTIVES.items()
)


@callback
def async_add_budget_binary_sensors(
    entry: AccountConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add those of the budgets that are set, and remove those of the others."""
    async_add_budget_entities(
        entry,
        async_add_entities,
        Platform.BINARY_SENSOR,
        OVER_BUDGET,
        BudgetBinarySensor,
    )


class BudgetBinarySensor(BudgetEntity, BinarySensorEntity):
    """Whether more was spent than a budget."""

    entity_description: BudgetBinarySensorEntityDescription

    @property
    @override
    def is_on(self) -> bool | None:
        """Return it; None while it is not known what was spent."""
        return self.figures.is_over
