"""Sensors of the plan that pays first, while an account has one."""

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
from homeassistant.const import (
    MATCH_ALL,
    MAX_LENGTH_STATE_STATE,
    PERCENTAGE,
    EntityCategory,
    Platform,
)
from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from .const import DOMAIN
from .data import AccountConfigEntry
from .entity import GatewayEntity
from .gateway import Plan
from .plans import PlansCoordinator

MORE_PLANS_IN_ATTRIBUTES = 5


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PlanSensorEntityDescription(SensorEntityDescription):
    """A sensor of a plan."""

    value_fn: Callable[[Plan], StateType | datetime]

    def exists(self, plan: Plan) -> bool:
        """Tell whether a plan has it. An account that had it once keeps it."""
        return self.value_fn(plan) is not None


PLAN = SensorEntityDescription(key="plan")
PLAN_REMAINING = PlanSensorEntityDescription(
    key="plan_remaining",
    value_fn=lambda plan: plan.remaining,
)
PLAN_VALUES = (
    PlanSensorEntityDescription(
        key="plan_ends",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=lambda plan: plan.ends_at,
    ),
    PlanSensorEntityDescription(
        key="plan_resets",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda plan: plan.resets_at,
    ),
    PlanSensorEntityDescription(
        key="plan_used",
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=PERCENTAGE,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda plan: (
            round(100 * min(plan.used / plan.total, 1), 2)
            if plan.total and plan.used is not None
            else None
        ),
    ),
)
PLAN_SENSORS: tuple[SensorEntityDescription, ...] = (PLAN, PLAN_REMAINING, *PLAN_VALUES)


@callback
def async_add_plan_sensors(
    entry: AccountConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sensors as soon as there is a plan, and remove them with the last."""
    coordinator = entry.runtime_data.plans
    registry = er.async_get(coordinator.hass)
    added: set[str] = set()

    def entity_id(description: SensorEntityDescription) -> str | None:
        return registry.async_get_entity_id(
            Platform.SENSOR, DOMAIN, f"{entry.entry_id}_{description.key}"
        )

    def has(plan: Plan | None, description: SensorEntityDescription) -> bool:
        if plan is not None and (
            not isinstance(description, PlanSensorEntityDescription)
            or description.exists(plan)
        ):
            return True
        return entity_id(description) is not None

    @callback
    def update() -> None:
        data = coordinator.data
        if data.is_gone:
            added.clear()
            for gone in filter(None, map(entity_id, PLAN_SENSORS)):
                registry.async_remove(gone)
            return
        new = [
            each
            for each in PLAN_SENSORS
            if each.key not in added and has(data.first, each)
        ]
        added.update(each.key for each in new)
        async_add_entities(_create(coordinator, each) for each in new)

    entry.async_on_unload(coordinator.async_add_listener(update))


def _create(
    coordinator: PlansCoordinator, description: SensorEntityDescription
) -> PlanEntity:
    if description is PLAN:
        return PlanSensor(coordinator, description)
    if description is PLAN_REMAINING:
        return PlanRemainingSensor(coordinator, description)
    return PlanValueSensor(coordinator, description)


class PlanEntity(GatewayEntity[PlansCoordinator], SensorEntity):
    """Something of the plan that pays first."""

    @property
    @override
    def available(self) -> bool:
        """Stay available on the last answer for a while, as long as the plan runs."""
        data = self.coordinator.data
        return data.is_available and data.first is not None

    @property
    def _plan(self) -> Plan:
        plan = self.coordinator.data.first
        assert plan  # noqa: S101 # nobody asks while the entity is not available
        return plan


class PlanSensor(PlanEntity):
    """Which plan it is, and what pays."""

    _unrecorded_attributes = frozenset({MATCH_ALL})

    @property
    @override
    def native_value(self) -> str:
        """Return what the plan is called."""
        return self.coordinator.data.labels[self._plan.id][:MAX_LENGTH_STATE_STATE]

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        """Return what pays, by whose choice, and the plans that come next."""
        data = self.coordinator.data
        unit = self.coordinator.account.unit
        more = [
            {
                "plan": data.labels[each.id],
                "remaining": (
                    None if each.remaining is None else unit.amount(each.remaining)
                ),
                "ends_at": each.ends_at and each.ends_at.isoformat(),
            }
            for each in data.plans[1:][:MORE_PLANS_IN_ATTRIBUTES]
        ]
        return {
            "unlimited": self._plan.is_unlimited,
            "paid_by": data.paid_by,
            "billing_preference": data.listing.preference,
        } | ({"more_plans": more, "currency": unit.currency} if more else {})


class PlanValueSensor(PlanEntity):
    """A value of the plan as it is."""

    entity_description: PlanSensorEntityDescription

    @property
    @override
    def native_value(self) -> StateType | datetime:
        """Return the value."""
        return self.entity_description.value_fn(self._plan)


class PlanRemainingSensor(PlanEntity):
    """What is left of the plan as an amount in the account's unit."""

    def __init__(
        self, coordinator: PlansCoordinator, description: SensorEntityDescription
    ) -> None:
        """Settle the unit, which is the account's and so not part of a description."""
        super().__init__(coordinator, description)
        self._unit = coordinator.account.unit
        self._attr_suggested_display_precision = self._unit.digits
        self._attr_native_unit_of_measurement = self._unit.currency
        self._attr_state_class = SensorStateClass.MEASUREMENT
        if self._unit.is_money:
            self._attr_device_class = SensorDeviceClass.MONETARY
            self._attr_state_class = SensorStateClass.TOTAL

    @property
    @override
    def native_value(self) -> float | None:
        """Return the amount; None if the plan has no limit."""
        points = self._plan.remaining
        return None if points is None else self._unit.amount(points)
