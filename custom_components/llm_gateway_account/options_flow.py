"""Options flow of the LLM Gateway Account integration."""

from typing import Any

from homeassistant.config_entries import (
    ConfigEntryState,
    ConfigFlowResult,
    OptionsFlowWithReload,
)

from .budget_form import budget_schema, with_budgets
from .const import (
    CONF_CHOSEN_KEYS,
    CONF_CRITICAL_BALANCE,
    CONF_CURRENCY,
    CONF_HISTORY_DAYS,
    CONF_KEY_LIMITS,
    CONF_LOW_BALANCE,
    CONF_SHOWN_KEYS,
    DEFAULT_HISTORY_DAYS,
)
from .gateway import GatewayError, Priority
from .key_forms import (
    chosen_keys_schema,
    key_limit_schema,
    keys_schema,
    with_key_limit,
    with_keys,
)
from .key_options import MOST_KEYS, ShownKeys, labels_of
from .schemas import (
    UNIT_SCHEMA,
    USAGE_SCHEMA,
    alerts_schema,
    read_unit,
)
from .stored_entry import is_complete
from .unit import limits_in_unit

MENU = ["alerts", "budget", "unit", "usage", "keys"]
MENU_OF_KEYS = "key_limit"


class AccountOptionsFlow(OptionsFlowWithReload):
    """Change unit, alerts, budgets, what becomes history, and the keys."""

    _key_options: dict[str, Any]
    """What the options will be once keys are chosen."""
    _key_labels: dict[int, str]

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Let choose what to change."""
        if not is_complete(self.config_entry):
            return self.async_abort(reason="damaged_entry")
        # Only while the keys are known is there anything to choose from.
        more = [MENU_OF_KEYS] if self._labels_of_limited() else []
        return self.async_show_menu(step_id="init", menu_options=[*MENU, *more])

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

    async def async_step_budget(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change how much is to be spent in a day or a month at most."""
        options = self.config_entry.options
        if user_input is not None:
            return self.async_create_entry(data=with_budgets(options, user_input))
        return self.async_show_form(
            step_id="budget",
            data_schema=self.add_suggested_values_to_schema(
                budget_schema(options[CONF_CURRENCY]), options
            ),
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

    async def async_step_keys(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change which API keys get a device, and what of them is worth an alert."""
        options = self.config_entry.options
        errors = {}
        if user_input is not None:
            self._key_options = with_keys(options, user_input)
            shown = user_input[CONF_SHOWN_KEYS]
            if shown == ShownKeys.NONE:
                return self.async_create_entry(data=self._key_options)
            if (labels := await self._async_list_keys()) is None:
                errors["base"] = "keys_not_listed"
            elif shown == ShownKeys.ALL and len(labels) <= MOST_KEYS:
                return self.async_create_entry(data=self._key_options)
            else:
                self._key_labels = labels
                return await self.async_step_chosen_keys()
        return self.async_show_form(
            step_id="keys",
            data_schema=self.add_suggested_values_to_schema(
                keys_schema(options[CONF_CURRENCY]), user_input or options
            ),
            errors=errors,
            description_placeholders={"most": str(MOST_KEYS)},
        )

    async def async_step_chosen_keys(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Let choose some of the keys."""
        options, labels = self._key_options, self._key_labels
        errors = {}
        if user_input is not None:
            chosen = [int(each) for each in user_input[CONF_CHOSEN_KEYS]]
            if len(chosen) <= MOST_KEYS:
                shown = {CONF_SHOWN_KEYS: ShownKeys.CHOSEN.value}
                return self.async_create_entry(
                    data={**options, **shown, CONF_CHOSEN_KEYS: chosen}
                )
            errors[CONF_CHOSEN_KEYS] = "too_many_keys"
        before = {
            str(each) for each in options.get(CONF_CHOSEN_KEYS, ()) if each in labels
        }
        return self.async_show_form(
            step_id="chosen_keys",
            data_schema=self.add_suggested_values_to_schema(
                chosen_keys_schema(labels),
                user_input or {CONF_CHOSEN_KEYS: sorted(before)},
            ),
            errors=errors,
            description_placeholders={"most": str(MOST_KEYS)},
        )

    async def async_step_key_limit(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change below which amount one of the keys is low."""
        options = self.config_entry.options
        if user_input is not None:
            return self.async_create_entry(data=with_key_limit(options, user_input))
        return self.async_show_form(
            step_id="key_limit",
            data_schema=key_limit_schema(
                self._labels_of_limited(), options[CONF_CURRENCY]
            ),
        )

    async def _async_list_keys(self) -> dict[int, str] | None:
        """Return what the keys of the account are called; None without an answer."""
        entry = self.config_entry
        if entry.state is not ConfigEntryState.LOADED:
            return None
        try:
            # A person waits for it.
            listing = await entry.runtime_data.account.client.async_get_keys(
                Priority.POLL
            )
        except GatewayError:
            return None
        return labels_of(listing.keys.values())

    def _labels_of_limited(self) -> dict[int, str]:
        """Return what the shown keys that have a limit are called, and what is low."""
        entry = self.config_entry
        if entry.state is not ConfigEntryState.LOADED:
            return {}
        data, options = entry.runtime_data.keys.data, entry.options
        limits = options.get(CONF_KEY_LIMITS, {})
        return {
            key.id: f"{data.labels[key.id]} (< {limits[str(key.id)]:g})"
            if str(key.id) in limits
            else data.labels[key.id]
            for key in data.keys.values()
            if not key.is_unlimited
        }
