"""Sensors of an account."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import MAX_LENGTH_STATE_STATE, EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from .const import CONF_CURRENCY, CONF_POINTS_PER_UNIT
from .coordinator import AccountConfigEntry, AccountCoordinator
from .entity import AccountEntity, async_add_account_entities
from .gateway import POINTS, Account

PARALLEL_UPDATES = 0

# The numbers of `common/constants.go` of one-api, the same in every fork.
STATUSES: dict[int | None, str] = {1: "enabled", 2: "disabled", 3: "deleted"}
ROLES: dict[int | None, str] = {0: "guest", 1: "user", 10: "administrator", 100: "root"}


@dataclass(frozen=True, kw_only=True)
class AccountSensorEntityDescription(SensorEntityDescription):
    """A sensor that shows a field of the account as it is."""

    value_fn: Callable[[Account], StateType | datetime]


@dataclass(frozen=True, kw_only=True)
class AmountSensorEntityDescription(SensorEntityDescription):
    """A sensor that shows quota points as an amount of money."""

    value_fn: Callable[[Account], float | None]
    points_state_class: SensorStateClass = SensorStateClass.MEASUREMENT
    """State class where points are shown instead of money."""


AMOUNTS = (
    AmountSensorEntityDescription(
        key="balance",
        value_fn=lambda account: account.quota,
    ),
    AmountSensorEntityDescription(
        key="used_quota",
        points_state_class=SensorStateClass.TOTAL_INCREASING,
        value_fn=lambda account: account.used_quota,
    ),
    AmountSensorEntityDescription(
        key="bonus_balance",
        value_fn=lambda account: account.bonus_quota,
    ),
    AmountSensorEntityDescription(
        key="invitation_reward",
        entity_registry_enabled_default=False,
        value_fn=lambda account: account.aff_quota,
    ),
    AmountSensorEntityDescription(
        key="invitation_reward_total",
        points_state_class=SensorStateClass.TOTAL_INCREASING,
        entity_registry_enabled_default=False,
        value_fn=lambda account: account.aff_history_quota,
    ),
)

SENSORS = (
    AccountSensorEntityDescription(
        key="request_count",
        state_class=SensorStateClass.TOTAL_INCREASING,
        value_fn=lambda account: account.request_count,
    ),
    AccountSensorEntityDescription(
        key="group",
        value_fn=lambda account: _group_name(account.group),
    ),
    AccountSensorEntityDescription(
        key="invitation_count",
        state_class=SensorStateClass.TOTAL,
        entity_registry_enabled_default=False,
        value_fn=lambda account: account.aff_count,
    ),
    AccountSensorEntityDescription(
        key="group_ratio",
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda account: account.group_ratio,
    ),
    AccountSensorEntityDescription(
        key="topup_ratio",
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda account: account.topup_ratio,
    ),
    AccountSensorEntityDescription(
        key="status",
        device_class=SensorDeviceClass.ENUM,
        options=list(STATUSES.values()),
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda account: STATUSES.get(account.status),
    ),
    AccountSensorEntityDescription(
        key="role",
        device_class=SensorDeviceClass.ENUM,
        options=list(ROLES.values()),
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda account: ROLES.get(account.role),
    ),
    AccountSensorEntityDescription(
        key="last_login_at",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda account: account.last_login_at,
    ),
    AccountSensorEntityDescription(
        key="created_at",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda account: account.created_at,
    ),
    AccountSensorEntityDescription(
        key="last_login_ip",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda account: account.last_login_ip,
    ),
)

LAST_SUCCESS = SensorEntityDescription(
    key="last_success",
    device_class=SensorDeviceClass.TIMESTAMP,
    entity_category=EntityCategory.DIAGNOSTIC,
    entity_registry_enabled_default=False,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AccountConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the sensors of an account."""
    coordinator = entry.runtime_data
    async_add_account_entities(
        coordinator, async_add_entities, Platform.SENSOR, AMOUNTS, AmountSensor
    )
    async_add_account_entities(
        coordinator, async_add_entities, Platform.SENSOR, SENSORS, AccountSensor
    )
    async_add_entities(
        [LastSuccessSensor(coordinator, LAST_SUCCESS, every_answer=True)]
    )


class AccountSensor(AccountEntity, SensorEntity):
    """A field of the account as it is."""

    entity_description: AccountSensorEntityDescription

    @property
    @override
    def native_value(self) -> StateType | datetime:
        """Return the field."""
        return self.entity_description.value_fn(self.coordinator.data)


class AmountSensor(AccountEntity, SensorEntity):
    """Quota points as an amount in the account's currency, or as points."""

    entity_description: AmountSensorEntityDescription

    def __init__(
        self,
        coordinator: AccountCoordinator,
        description: AmountSensorEntityDescription,
    ) -> None:
        """Settle the unit, which is the account's and so not part of a description."""
        super().__init__(coordinator, description)
        options = coordinator.config_entry.options
        self._attr_native_unit_of_measurement = options[CONF_CURRENCY]
        if options[CONF_CURRENCY] == POINTS:
            self._points_per_unit: float = 1
            self._attr_state_class = description.points_state_class
            self._attr_suggested_display_precision = 0
        else:
            self._points_per_unit = options[CONF_POINTS_PER_UNIT]
            self._attr_device_class = SensorDeviceClass.MONETARY
            self._attr_state_class = SensorStateClass.TOTAL
            self._attr_suggested_display_precision = 2

    @property
    @override
    def native_value(self) -> float | None:
        """Return the amount, to a millionth: half a point where 500000 make a unit."""
        points = self.entity_description.value_fn(self.coordinator.data)
        if points is None or self._points_per_unit == 1:
            return points
        return round(points / self._points_per_unit, 6)


class LastSuccessSensor(AccountEntity, SensorEntity):
    """The time of the last good answer."""

    @property
    @override
    def native_value(self) -> datetime | None:
        """Return the time."""
        return self.coordinator.last_success


def _group_name(group: str | None) -> str | None:
    """Return the name of a group, which the gateway leaves empty for its default."""
    return group and group[:MAX_LENGTH_STATE_STATE] if group != "" else "default"
