"""Options flow of the LLM Gateway Account integration."""

from typing import Any

from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload

from .const import (
    CONF_CRITICAL_BALANCE,
    CONF_CURRENCY,
    CONF_HISTORY_DAYS,
    CONF_LOW_BALANCE,
    DEFAULT_HISTORY_DAYS,
)
from .schemas import (
    UNIT_SCHEMA,
    USAGE_SCHEMA,
    alerts_schema,
    is_complete,
    read_unit,
)
from .unit import limits_in_unit

MENU = ["alerts", "unit", "usage"]


class AccountOptionsFlow(OptionsFlowWithReload):
    """Change the unit of amounts, what is worth an alert, and what becomes history."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Let choose what to change."""
        if not is_complete(self.config_entry):
            return self.async_abort(reason="damaged_entry")
        return self.async_show_menu(step_id="init", menu_options=MENU)

    async def async_step_alerts(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change the amounts from which on something is worth an alert."""
        options = self.config_entry.options
        errors = {}
        if user_input is not None:
            if user_input[CONF_CRITICAL_BALANCE] < user_input[CONF_LOW_BALANCE]:
                return self.async_create_entry(data={**options, **user_input})
            errors[CONF_CRITICAL_BALANCE] = "critical_not_below_low"
        return self.async_show_form(
            step_id="alerts",
            data_schema=self.add_suggested_values_to_schema(
                alerts_schema(options[CONF_CURRENCY]), user_input or options
            ),
            errors=errors,
        )

    async def async_step_unit(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Correct what the flow took from the gateway."""
        options = self.config_entry.options
        errors = {}
        if user_input is not None:
            if unit := read_unit(user_input):
                return self.async_create_entry(
                    data={**options, **unit, **limits_in_unit(unit, options)}
                )
            errors[CONF_CURRENCY] = "invalid_currency"
        return self.async_show_form(
            step_id="unit",
            data_schema=self.add_suggested_values_to_schema(
                UNIT_SCHEMA, user_input or options
            ),
            errors=errors,
        )

    async def async_step_usage(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change what the gateway's usage records become."""
        options = self.config_entry.options
        if user_input is not None:
            days = int(user_input[CONF_HISTORY_DAYS])
            return self.async_create_entry(
                data={**options, **user_input, CONF_HISTORY_DAYS: days}
            )
        days = options.get(CONF_HISTORY_DAYS, DEFAULT_HISTORY_DAYS)
        return self.async_show_form(
            step_id="usage",
            data_schema=self.add_suggested_values_to_schema(
                USAGE_SCHEMA, {**options, CONF_HISTORY_DAYS: str(days)}
            ),
        )
