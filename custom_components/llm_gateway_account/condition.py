"""Conditions: how much is left, what was spent, and whether that is unusual."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Unpack, cast, override

import voluptuous as vol

from homeassistant.const import CONF_OPTIONS, CONF_TARGET
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.condition import (
    ATTR_BEHAVIOR,
    BEHAVIOR_ALL,
    BEHAVIOR_ANY,
    Condition,
    ConditionCheckParams,
    ConditionConfig,
)
from homeassistant.helpers.target import TargetSelection
from homeassistant.helpers.typing import ConfigType

from .coordinator import AccountCoordinator
from .device import async_get_fresh, async_get_targeted
from .spending import BalanceLevel, Spending
from .thresholds import CONF_LIMIT, FIGURES, LIMIT_SCHEMA, Figure

# Those of the device, too.
CONDITIONS: dict[str, Callable[[Spending], bool]] = {
    "is_ok": lambda spending: spending.level is BalanceLevel.OK,
    "is_low": lambda spending: spending.level is BalanceLevel.LOW,
    "is_critical": lambda spending: spending.level is BalanceLevel.CRITICAL,
    "is_exhausted": lambda spending: spending.level is BalanceLevel.EXHAUSTED,
    "is_unusual_spending": lambda spending: spending.unusual is True,
}


class AccountCondition(Condition):
    """Something holds for an account of the target, or for all of them."""

    _options_schema: ClassVar[dict[vol.Marker, Any]] = {
        vol.Required(ATTR_BEHAVIOR, default=BEHAVIOR_ANY): vol.In(
            [BEHAVIOR_ANY, BEHAVIOR_ALL]
        )
    }

    @classmethod
    @override
    async def async_validate_config(
        cls, hass: HomeAssistant, config: ConfigType
    ) -> ConfigType:
        """Return the target and options of a condition. Raises vol.Invalid."""
        schema = vol.Schema(
            {
                vol.Required(CONF_TARGET): cv.TARGET_FIELDS,
                vol.Required(CONF_OPTIONS, default={}): cls._options_schema,
            }
        )
        return cast(ConfigType, schema(config))

    def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
        """Take over a configuration that is valid."""
        super().__init__(hass, config)
        assert config.target is not None  # noqa: S101 # the schema requires both
        assert config.options is not None  # noqa: S101
        self._target = TargetSelection(config.target)
        self._options = config.options

    @abstractmethod
    def _holds(self, coordinator: AccountCoordinator) -> bool:
        """Tell whether it holds for an account that is known."""

    @override
    def _async_check(self, **kwargs: Unpack[ConditionCheckParams]) -> bool:
        """Look at the accounts. Of one that is not known nothing holds."""
        entries = async_get_targeted(self._hass, self._target)
        held = [
            coordinator is not None and self._holds(coordinator)
            for coordinator in map(async_get_fresh, entries)
        ]
        if self._options[ATTR_BEHAVIOR] == BEHAVIOR_ALL:
            return bool(held) and all(held)
        return any(held)


def _condition(holds: Callable[[Spending], bool]) -> type[Condition]:
    class StateCondition(AccountCondition):
        """A state of the spending."""

        @override
        def _holds(self, coordinator: AccountCoordinator) -> bool:
            return holds(coordinator.data.spending)

    return StateCondition


def _limit_condition(figure: Figure) -> type[Condition]:
    class LimitCondition(AccountCondition):
        """A figure that is past a limit."""

        _options_schema: ClassVar[dict[vol.Marker, Any]] = {
            **AccountCondition._options_schema,  # noqa: SLF001
            **LIMIT_SCHEMA,
        }

        @override
        def _holds(self, coordinator: AccountCoordinator) -> bool:
            value = figure.read(coordinator.data, coordinator.unit)
            return value is not None and figure.is_past(
                value, self._options[CONF_LIMIT]
            )

    return LimitCondition


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Return the conditions by their keys."""
    return {
        **{key: _condition(holds) for key, holds in CONDITIONS.items()},
        **{f"is_{key}": _limit_condition(each) for key, each in FIGURES.items()},
    }
