"""Sensors of budgets."""

from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import PERCENTAGE, Platform
from homeassistant.core import callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .budget_entity import (
    ADJECTIVES,
    BudgetEntity,
    BudgetEntityDescription,
    async_add_budget_entities,
)
from .coordinator import AccountCoordinator
from .data import AccountConfigEntry


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class BudgetSensorEntityDescription(BudgetEntityDescription, SensorEntityDescription):
    """A sensor of a budget."""


BUDGET_USED = tuple(
    BudgetSensorEntityDescription(
        key=f"{adjective}_budget_used",
        period=period,
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda figures: figures.used,
    )
    for period, adjective in ADJECTIVES.items()
)

BUDGET_AMOUNTS = (
    *(
        BudgetSensorEntityDescription(
            key=f"{adjective}_budget_left",
            period=period,
            value_fn=lambda figures: figures.left,
        )
        for period, adjective in ADJECTIVES.items()
    ),
    *(
        BudgetSensorEntityDescription(
            key=f"{adjective}_budget_projected",
            period=period,
            value_fn=lambda figures: figures.projected,
        )
        for period, adjective in ADJECTIVES.items()
    ),
)


@callback
def async_add_budget_sensors(
    entry: AccountConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add those of the budgets that are set, and remove those of the others."""
    async_add_budget_entities(
        entry, async_add_entities, Platform.SENSOR, BUDGET_USED, BudgetUsedSensor
    )
    async_add_budget_entities(
        entry, async_add_entities, Platform.SENSOR, BUDGET_AMOUNTS, BudgetAmountSensor
    )


class BudgetUsedSensor(BudgetEntity, SensorEntity):
    """Which part of a budget was spent."""

    entity_description: BudgetSensorEntityDescription

    @property
    @override
    def native_value(self) -> float | None:
        """Return percent, to a tenth."""
        used: float | None = self.entity_description.value_fn(self.figures)
        return None if used is None else round(used, 1)


class BudgetAmountSensor(BudgetEntity, SensorEntity):
    """Quota points of a budget as an amount in the account's unit."""

    entity_description: BudgetSensorEntityDescription

    def __init__(
        self,
        coordinator: AccountCoordinator,
        description: BudgetSensorEntityDescription,
    ) -> None:
        """Settle the unit, which is the account's and so not part of a description."""
        super().__init__(coordinator, description)
        unit = coordinator.unit
        self._attr_suggested_display_precision = unit.digits
        self._attr_native_unit_of_measurement = unit.currency
        self._attr_state_class = SensorStateClass.MEASUREMENT
        if unit.is_money:
            self._attr_device_class = SensorDeviceClass.MONETARY
            self._attr_state_class = SensorStateClass.TOTAL

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        """Return the budget itself, and why there is no value yet."""
        limit = self.coordinator.unit.amount(self.figures.budget.limit)
        return {"budget": limit, **(super().extra_state_attributes or {})}

    @property
    @override
    def native_value(self) -> float | None:
        """Return the amount."""
        points: float | None = self.entity_description.value_fn(self.figures)
        return None if points is None else self.coordinator.unit.amount(points)
