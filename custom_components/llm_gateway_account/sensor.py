"""Sensors of an account."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.const import (
    MATCH_ALL,
    EntityCategory,
    Platform,
    UnitOfTime,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from .adding import async_add_account_entities
from .budgeting import async_has_budgets
from .coordinator import AccountCoordinator, AccountData
from .data import AccountConfigEntry
from .entity import AccountEntityDescription, AccountValueEntity, GatewayEntity
from .gateway import ENABLED
from .group_sensor import async_add_group_ratio
from .key_options import ShownKeys
from .parts import async_load
from .plan_sensor import async_add_plan_sensors
from .spending import BalanceLevel
from .usage_sensor import TOP_MODEL, USAGE_RECORDS, TopModelSensor, UsageRecordsSensor

PARALLEL_UPDATES = 0

# The numbers of `common/constants.go` of one-api, the same in every fork.
STATUSES: dict[int | None, str] = {ENABLED: "enabled", 2: "disabled", 3: "deleted"}
ROLES: dict[int | None, str] = {
    0: "guest",
    1: "user",
    3: "reliable_user",  # one-hub and done-hub
    10: "administrator",
    100: "root",
}


class Connection(StrEnum):
    """Whether a gateway answers, and if not, what to do."""

    OK = "ok"
    TOKEN_REFUSED = "token_refused"  # noqa: S105
    """A new one is asked for."""
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class AccountSensorEntityDescription(AccountEntityDescription, SensorEntityDescription):
    """A sensor that shows a value as it is."""

    value_fn: Callable[[AccountData], StateType | datetime]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class AmountSensorEntityDescription(AccountEntityDescription, SensorEntityDescription):
    """A sensor that shows quota points as an amount of money."""

    value_fn: Callable[[AccountData], float | None]
    last_reset_fn: Callable[[AccountData], datetime | None] = lambda _: None
    """When the amount began to count, where it begins again and again."""
    per_day: bool = False
    points_state_class: SensorStateClass = SensorStateClass.MEASUREMENT
    """State class where points are shown instead of money."""


AMOUNTS = (
    AmountSensorEntityDescription(
        key="balance",
        value_fn=lambda data: data.account.quota,
    ),
    AmountSensorEntityDescription(
        key="used_quota",
        # Gateways give money back: new-api since August 2026 takes it from here.
        points_state_class=SensorStateClass.TOTAL,
        may_wait=True,
        value_fn=lambda data: data.account.used_quota,
    ),
    AmountSensorEntityDescription(
        key="bonus_balance",
        value_fn=lambda data: data.account.bonus_quota,
    ),
    AmountSensorEntityDescription(
        key="spent_today",
        follows_spending=True,
        points_state_class=SensorStateClass.TOTAL,
        value_fn=lambda data: data.spending.spent_today,
        last_reset_fn=lambda data: data.spending.day_since,
    ),
    AmountSensorEntityDescription(
        key="spent_this_month",
        follows_spending=True,
        points_state_class=SensorStateClass.TOTAL,
        may_wait=True,
        at_least_fn=lambda data: data.spending.spent_today,
        value_fn=lambda data: data.spending.spent_this_month,
        last_reset_fn=lambda data: data.spending.month_since,
    ),
    AmountSensorEntityDescription(
        key="average_daily_spending",
        follows_spending=True,
        per_day=True,
        value_fn=lambda data: data.spending.average_daily,
    ),
)

SENSORS = (
    AccountSensorEntityDescription(
        key="request_count",
        state_class=SensorStateClass.TOTAL_INCREASING,
        may_wait=True,
        value_fn=lambda data: data.account.request_count,
    ),
    AccountSensorEntityDescription(
        key="group",
        value_fn=lambda data: data.account.group_name,
    ),
    AccountSensorEntityDescription(
        key="status",
        device_class=SensorDeviceClass.ENUM,
        options=list(STATUSES.values()),
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda data: STATUSES.get(data.account.status),
    ),
    AccountSensorEntityDescription(
        key="role",
        device_class=SensorDeviceClass.ENUM,
        options=list(ROLES.values()),
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda data: ROLES.get(data.account.role),
    ),
    AccountSensorEntityDescription(
        key="last_login_at",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda data: data.account.last_login_at,
    ),
    AccountSensorEntityDescription(
        key="days_remaining",
        follows_spending=True,
        first_known_fn=lambda data: data.spending.average_daily,
        device_class=SensorDeviceClass.DURATION,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfTime.DAYS,
        # It is an estimate.
        suggested_display_precision=0,
        value_fn=lambda data: data.spending.days_remaining,
    ),
    AccountSensorEntityDescription(
        key="runs_out_at",
        follows_spending=True,
        first_known_fn=lambda data: data.spending.average_daily,
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=lambda data: data.spending.runs_out_at,
    ),
)

LEVELS = (
    AccountSensorEntityDescription(
        key="balance_level",
        device_class=SensorDeviceClass.ENUM,
        options=list(BalanceLevel),
        value_fn=lambda data: data.spending.level,
    ),
)

CONNECTION = SensorEntityDescription(
    key="connection",
    device_class=SensorDeviceClass.ENUM,
    options=list(Connection),
    entity_category=EntityCategory.DIAGNOSTIC,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AccountConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the sensors of an account."""
    coordinator = entry.runtime_data.account
    async_add_account_entities(
        coordinator,
        async_add_entities,
        Platform.SENSOR,
        (*AMOUNTS, *SENSORS, *LEVELS),
        _create,
    )
    if async_has_budgets(entry):
        budgets = await async_load(hass, "budget_sensor")
        budgets.async_add_budget_sensors(entry, async_add_entities)
    usage = entry.runtime_data.usage
    async_add_entities(
        [
            ConnectionSensor(coordinator, CONNECTION),
            UsageRecordsSensor(usage, USAGE_RECORDS),
            TopModelSensor(usage, TOP_MODEL),
        ]
    )
    async_add_group_ratio(entry, async_add_entities)
    if entry.runtime_data.keys.options.shown is not ShownKeys.NONE:
        keys = await async_load(hass, "key_sensor")
        keys.async_add_key_sensors(entry, async_add_entities)
    async_add_plan_sensors(entry, async_add_entities)


def _create(
    coordinator: AccountCoordinator, description: AccountEntityDescription
) -> AccountValueEntity:
    if isinstance(description, AmountSensorEntityDescription):
        return AmountSensor(coordinator, description)
    if description in LEVELS:
        return BalanceLevelSensor(coordinator, description)
    return AccountSensor(coordinator, description)


class AccountSensor(AccountValueEntity, SensorEntity):
    """A value as it is."""

    entity_description: AccountSensorEntityDescription

    @property
    @override
    def native_value(self) -> StateType | datetime:
        """Return the value."""
        return self.entity_description.value_fn(self.coordinator.data)


class BalanceLevelSensor(AccountSensor):
    """How low the balance is, and by what it is judged."""

    _unrecorded_attributes = frozenset({MATCH_ALL})

    @property
    @override
    def shown(self) -> tuple[Any, ...]:
        """What its state is made of, the value first."""
        return *super().shown, self.coordinator.data.full

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        """Return the limits, and what is a full balance, in the account's unit."""
        coordinator = self.coordinator
        points = {
            "low_below": coordinator.limits.low,
            "critical_below": coordinator.limits.critical,
            "full": coordinator.data.full,
        }
        return {key: coordinator.unit.amount(each) for key, each in points.items()}


class AmountSensor(AccountValueEntity, SensorEntity):
    """Quota points as an amount in the account's unit."""

    entity_description: AmountSensorEntityDescription

    def __init__(
        self,
        coordinator: AccountCoordinator,
        description: AmountSensorEntityDescription,
    ) -> None:
        """Settle the unit, which is the account's and so not part of a description."""
        super().__init__(coordinator, description)
        unit = coordinator.unit
        self._attr_suggested_display_precision = unit.digits
        if description.per_day:
            # Home Assistant knows no class for money per time.
            self._attr_native_unit_of_measurement = f"{unit.currency}/d"
            self._attr_state_class = SensorStateClass.MEASUREMENT
            return
        self._attr_native_unit_of_measurement = unit.currency
        if unit.is_money:
            self._attr_device_class = SensorDeviceClass.MONETARY
            self._attr_state_class = SensorStateClass.TOTAL
            return
        self._attr_state_class = description.points_state_class

    @property
    @override
    def shown(self) -> tuple[Any, ...]:
        """What its state is made of, the value first."""
        return *super().shown, self.last_reset

    @property
    @override
    def native_value(self) -> float | None:
        """Return the amount."""
        points = self.entity_description.value_fn(self.coordinator.data)
        return None if points is None else self.coordinator.unit.amount(points)

    @property
    @override
    def last_reset(self) -> datetime | None:
        """Return when the amount began to count."""
        return self.entity_description.last_reset_fn(self.coordinator.data)


class ConnectionSensor(GatewayEntity[AccountCoordinator], SensorEntity):
    """Whether there is an answer to show: there while everything else is not."""

    _unrecorded_attributes = frozenset({MATCH_ALL})

    @property
    @override
    def available(self) -> bool:
        """Be there as long as the entry is loaded."""
        return True

    @property
    @override
    def native_value(self) -> Connection:
        """Return what there is to know before asking why."""
        entry = self.coordinator.config_entry
        if any(entry.async_get_active_flows(self.hass, {SOURCE_REAUTH})):
            return Connection.TOKEN_REFUSED
        return Connection.OK if self.coordinator.has_answer else Connection.NO_ANSWER

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Return since when there is no answer, if there is none."""
        last = self.coordinator.last_success
        if self.native_value is Connection.OK or last is None:
            return None
        return {"last_answer": last.isoformat()}
