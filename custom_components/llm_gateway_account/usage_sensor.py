"""What is shown of the usage records of a gateway."""

from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
)
from homeassistant.const import MATCH_ALL, MAX_LENGTH_STATE_STATE, EntityCategory

from .entity import GatewayEntity
from .series import statistic_ids
from .stored_usage import UsageRecords
from .usage import UsageCoordinator

MODELS_IN_ATTRIBUTES = 10

USAGE_RECORDS = SensorEntityDescription(
    key="usage_records",
    device_class=SensorDeviceClass.ENUM,
    options=list(UsageRecords),
    entity_category=EntityCategory.DIAGNOSTIC,
)
TOP_MODEL = SensorEntityDescription(key="top_model")


class UsageEntity(GatewayEntity[UsageCoordinator]):
    """What is known of the usage, as long as the account itself is."""

    @property
    @override
    def available(self) -> bool:
        """Be there while the account is."""
        return self.coordinator.account.has_answer


class UsageRecordsSensor(UsageEntity, SensorEntity):
    """What records of the usage the gateway keeps."""

    _unrecorded_attributes = frozenset({MATCH_ALL})

    @property
    @override
    def native_value(self) -> UsageRecords | None:
        """Return the kind of the records; None before the gateway told."""
        return self.coordinator.data.records

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Return the IDs of the statistics that are made of them."""
        if self.native_value in {None, UsageRecords.NONE}:
            return None
        coordinator = self.coordinator
        return statistic_ids(self.hass, coordinator.config_entry, coordinator.stored)


class TopModelSensor(UsageEntity, SensorEntity):
    """The model that cost most today."""

    @property
    @override
    def native_value(self) -> str | None:
        """Return the name of the model, as the gateway has it."""
        models = self.coordinator.data.models_today
        return models[0].model[:MAX_LENGTH_STATE_STATE] if models else None

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Return what it cost, and its share of all; the same of the next ones."""
        models = self.coordinator.data.models_today
        if not models:
            return None
        total = sum(each.quota for each in models)
        unit = self.coordinator.account.unit
        described = [
            {
                "model": each.model,
                "cost": unit.amount(each.quota),
                "share": round(each.quota / total, 3) if total else 0,
            }
            for each in models[:MODELS_IN_ATTRIBUTES]
        ]
        first = described[0]
        return {
            "cost": first["cost"],
            "currency": unit.currency,
            "share": first["share"],
            "models": described,
        }
