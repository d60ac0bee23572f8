"""The form of the budgets, and what it leaves in the options of an entry."""

from collections.abc import Mapping
from typing import Any

import voluptuous as vol

from homeassistant.const import PERCENTAGE

from .budgeting import BUDGETS, DEFAULT_WARN_AT
from .const import (
    CONF_BUDGET_FIRST_DAY,
    CONF_BUDGET_PER_DAY,
    CONF_BUDGET_PER_MONTH,
    CONF_BUDGET_WARN_AT,
)
from .schemas import amount_box, number_box


def budget_schema(currency: str) -> vol.Schema:
    """Return the form; `currency` is the unit beside the amounts."""
    amount = amount_box(currency)
    return vol.Schema(
        {
            vol.Optional(CONF_BUDGET_PER_DAY): amount,
            vol.Optional(CONF_BUDGET_PER_MONTH): amount,
            vol.Required(CONF_BUDGET_WARN_AT, default=DEFAULT_WARN_AT): number_box(
                1, 100, 1, PERCENTAGE
            ),
            # Every month has them.
            vol.Required(CONF_BUDGET_FIRST_DAY, default=1): number_box(1, 28, 1),
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
