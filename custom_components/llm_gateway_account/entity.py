"""What all entities of an account have in common."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from time import time
from typing import Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_URL
from homeassistant.core import callback
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.update_coordinator import (
    CoordinatorEntity,
    DataUpdateCoordinator,
)

from .const import CONF_SITE_NAME, DOMAIN
from .coordinator import AccountCoordinator, AccountData

# The quarters of an hour begin five minutes early: the last poll of an hour, a day and
# a month is written always, as the statistics of Home Assistant count up to it.
_QUARTER = 15 * 60
_EARLY = 5 * 60


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class AccountEntityDescription(EntityDescription):
    """A description of an entity that not every account has."""

    value_fn: Callable[[AccountData], Any]
    follows_spending: bool = False
    """Whether the value is known only after the account was watched for a while."""
    may_wait: bool = False
    """Whether it is written once a quarter of an hour while the account is in use."""
    at_least_fn: Callable[[AccountData], float | None] = lambda _: None
    """What it is never shown below, although it may wait: it would contradict it."""
    first_known_fn: Callable[[AccountData], Any] | None = None
    """What has to be known before it, if it may be unknown for another reason too."""

    def exists(self, data: AccountData) -> bool:
        """Tell whether the account has it."""
        if self.follows_spending:
            return data.account.used_quota is not None
        return self.value_fn(data) is not None

    def reason(self, data: AccountData) -> dict[str, str] | None:
        """Return why there is no value, as attributes."""
        first_known_fn = self.first_known_fn or self.value_fn
        if self.follows_spending and first_known_fn(data) is None:
            return {"reason": "no_records_of_before"}
        if self.first_known_fn and not data.balance_pays:
            return {"reason": "not_from_balance"}
        return None


class GatewayEntity[CoordinatorT: DataUpdateCoordinator[Any]](
    CoordinatorEntity[CoordinatorT]
):
    """An entity on the device of an account; it holds no state of its own."""

    _attr_has_entity_name = True

    def __init__(
        self, coordinator: CoordinatorT, description: EntityDescription
    ) -> None:
        """Describe the entity."""
        super().__init__(coordinator)
        self.entity_description = description

    @property
    @override
    def unique_id(self) -> str:
        """Return what tells it from all others, whatever the account is called."""
        return f"{self._entry.entry_id}_{self.entity_description.key}"

    @property
    @override
    def translation_key(self) -> str:
        """Return the key of its name, its states and its icon."""
        return self.entity_description.key

    @property
    @override
    def device_info(self) -> DeviceInfo:
        """Return what there is to know of its device."""
        entry = self._entry
        return DeviceInfo(
            configuration_url=entry.data[CONF_URL],
            entry_type=DeviceEntryType.SERVICE,
            identifiers={(DOMAIN, entry.entry_id)},
            model="LLM gateway account",
            name=entry.data[CONF_SITE_NAME],
        )

    @property
    def _entry(self) -> ConfigEntry:
        entry = self.coordinator.config_entry
        assert entry  # noqa: S101 # a coordinator of ours has one
        return entry


class AccountEntity(GatewayEntity[AccountCoordinator]):
    """An entity that shows the account itself."""

    @property
    @override
    def available(self) -> bool:
        """Stay available on the last good answer for a while."""
        return self.coordinator.has_answer

    @property
    @abstractmethod
    def shown(self) -> tuple[Any, ...]:
        """What its state is made of, the value first."""

    _written: tuple[Any, ...] | None = None

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write what has changed since it was written last."""
        shown = self.available, *self.shown
        if shown != self._written and not self._may_wait(shown):
            self._written = shown
            super()._handle_coordinator_update()

    @callback
    def _may_wait(self, _shown: tuple[Any, ...]) -> bool:
        return False


class AccountValueEntity(AccountEntity):
    """An entity that shows a value of the account."""

    entity_description: AccountEntityDescription

    _written_in = 0

    @property
    @override
    def shown(self) -> tuple[Any, ...]:
        """What its state is made of, the value first."""
        description, data = self.entity_description, self.coordinator.data
        return description.value_fn(data), description.reason(data)

    @override
    async def async_update(self) -> None:
        """Ask the gateway for a person, who is shown the answer at once."""
        self._written_in = 0
        await super().async_update()

    @callback
    @override
    def _may_wait(self, shown: tuple[Any, ...]) -> bool:
        """Tell whether only a number has changed, which was written not long ago."""
        if not self.entity_description.may_wait:
            return False
        quarter, before = int(time() + _EARLY) // _QUARTER, self._written
        least = self.entity_description.at_least_fn(self.coordinator.data)
        if (
            before
            and None not in {before[1], shown[1]}
            and (least is None or before[1] >= least)
            and (before[0], *before[2:]) == (shown[0], *shown[2:])
            and self._written_in == quarter
            and not self.coordinator.is_at_rest
        ):
            self.coordinator.is_waited_for = True
            return True
        self._written_in = quarter
        return False

    @property
    @override
    def extra_state_attributes(self) -> dict[str, str] | None:
        """Return why there is no value yet."""
        return self.entity_description.reason(self.coordinator.data)
