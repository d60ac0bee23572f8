"""The form of the budgets, and what it leaves in the options of an entry."""

from collections.abc import Mapping
from typing import Any

import voluptuous as vol

from homeassistant.const import PERCENTAGE
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
)

from .budgeting import BUDGETS, DEFAULT_WARN_AT
from .const import (
    CONF_BUDGET_FIRST_DAY,
    CONF_BUDGET_PER_DAY,
    CONF_BUDGET_PER_MONTH,
    CONF_BUDGET_WARN_AT,
)


def budget_schema(currency: str) -> vol.Schema:
    """Return the form; `currency` is the unit beside the amounts."""
    amount = NumberSelector(
        NumberSelectorConfig(
            min=1e-18,
            step="any",
            mode=NumberSelectorMode.BOX,
            unit_of_measurement=currency,
        )
    )
    return vol.Schema(
        {
            vol.Optional(CONF_BUDGET_PER_DAY): amount,
            vol.Optional(CONF_BUDGET_PER_MONTH): amount,
            vol.Required(CONF_BUDGET_WARN_AT, default=DEFAULT_WARN_AT): NumberSelector(
                NumberSelectorConfig(
                    min=1,
                    max=100,
                    step=1,
                    mode=NumberSelectorMode.BOX,
                    unit_of_measurement=PERCENTAGE,
                )
            ),
            # Every month has them.
            vol.Required(CONF_BUDGET_FIRST_DAY, default=1): NumberSelector(
                NumberSelectorConfig(min=1, max=28, step=1, mode=NumberSelectorMode.BOX)
            ),
        }
    )


def with_budgets(
    options: Mapping[str, Any], user_input: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the options with what the form says; a budget that was emptied is none."""
    budgets = {*BUDGETS.values()}
    others = {key: each for key, each in options.items() if key not in budgets}
    first_day = int(user_input[CONF_BUDGET_FIRST_DAY])
    return {**others, **user_input, CONF_BUDGET_FIRST_DAY: first_day}
