"""Triggers: the events of accounts, and limits of an automation's own."""

from typing import Any, ClassVar, cast, override

import voluptuous as vol

from homeassistant.const import ATTR_DEVICE_ID, CONF_OPTIONS, CONF_TARGET
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.target import TargetSelection
from homeassistant.helpers.trigger import (
    Trigger,
    TriggerActionRunner,
    TriggerConfig,
    TriggerNotTriggeredReporter,
)
from homeassistant.helpers.typing import ConfigType

from .data import AccountConfigEntry
from .device import async_get_device, async_get_target_devices
from .events import EVENT_TYPES, SIGNAL_TRIGGER, AccountEvent
from .expected import async_expect
from .key_devices import async_key_devices
from .thresholds import CONF_LIMIT, FIGURES, LIMIT_SCHEMA
from .watching import Watch, async_watch


class EventTrigger(Trigger):
    """Something happened to an account of the target, or to one of its API keys.

    The key of the trigger is the type of event.
    """

    _options_schema: ClassVar[dict[vol.Marker, Any]] = {}

    @classmethod
    @override
    async def async_validate_config(
        cls, hass: HomeAssistant, config: ConfigType
    ) -> ConfigType:
        """Return the target and options of a trigger. Raises vol.Invalid."""
        schema = vol.Schema(
            {
                vol.Required(CONF_TARGET): cv.TARGET_FIELDS,
                vol.Required(CONF_OPTIONS, default={}): cls._options_schema,
            }
        )
        return cast(ConfigType, schema(config))

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Take over a configuration that is valid."""
        super().__init__(hass, config)
        assert config.target is not None  # noqa: S101 # the schema requires it
        self._type = config.key.partition(".")[2]
        self._target = TargetSelection(config.target)

    def _is_meant(self, event: AccountEvent) -> bool:
        """Tell whether an event of an account of the target is the one."""
        return event.type == self._type

    @override
    async def async_attach_runner(
        self,
        run_action: TriggerActionRunner,
        did_not_trigger: TriggerNotTriggeredReporter | None = None,
    ) -> CALLBACK_TYPE:
        """Run an action each time. Its variable `trigger` has the details."""

        @callback
        def handle(entry: AccountConfigEntry, event: AccountEvent) -> None:
            if not self._is_meant(event):
                return
            account = async_get_device(self._hass, entry)
            assert account  # noqa: S101 # the account has entities, which come first
            happened_to = {account.id}
            if event.key_id is not None:
                keys = async_key_devices(self._hass, entry)
                happened_to |= {keys[each].id for each in keys if each == event.key_id}
            # Only now: what a label or an area holds may have changed.
            if happened_to & async_get_target_devices(self._hass, self._target):
                run_action(
                    {**event.attributes, ATTR_DEVICE_ID: account.id},
                    f"{event.type} of {entry.title}",
                )

        # The signal outlives the coordinator: reloads do not detach anybody.
        detach = async_dispatcher_connect(self._hass, SIGNAL_TRIGGER, handle)
        return async_expect(self._hass, self._type, detach)


class LimitTrigger(EventTrigger):
    """A figure of an account passed a limit. Its key is that of the figure."""

    _options_schema: ClassVar[dict[vol.Marker, Any]] = LIMIT_SCHEMA

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Take over a configuration that is valid."""
        super().__init__(hass, config)
        assert config.options is not None  # noqa: S101 # the schema requires them
        self._limit: float = config.options[CONF_LIMIT]

    @override
    def _is_meant(self, event: AccountEvent) -> bool:
        return super()._is_meant(event) and event.attributes[CONF_LIMIT] == self._limit

    @override
    async def async_attach_runner(
        self,
        run_action: TriggerActionRunner,
        did_not_trigger: TriggerNotTriggeredReporter | None = None,
    ) -> CALLBACK_TYPE:
        """Let the accounts watch the limit, and run an action each time."""
        detach = await super().async_attach_runner(run_action, did_not_trigger)
        watch = Watch(figure=self._type, limit=self._limit, target=self._target)
        end_watch = async_watch(self._hass, watch)

        @callback
        def remove() -> None:
            end_watch()
            detach()

        return remove


TRIGGERS: dict[str, type[Trigger]] = {
    **dict.fromkeys(EVENT_TYPES, EventTrigger),
    **dict.fromkeys(FIGURES, LimitTrigger),
}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the triggers by their keys."""
    return TRIGGERS
