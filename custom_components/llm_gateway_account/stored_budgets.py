"""What was told of budgets, which outlives a restart."""

from collections.abc import Mapping
from typing import Any

import voluptuous as vol

from homeassistant.helpers import config_validation as cv

from .budgets import Alert, BudgetState, Period

_NUMBER = vol.All(vol.Any(int, float), vol.Coerce(float))

# Not in the file of 0.1.0; what an older version did not write starts anew.
STORED_BUDGETS_SCHEMA = vol.Schema(
    {
        vol.In(list(Period)): vol.Schema(
            {
                vol.Optional("begin"): vol.Any(
                    None, vol.ExactSequence([cv.positive_int, _NUMBER])
                ),
                vol.Optional("first"): vol.Any(None, str),
                vol.Optional("limit"): _NUMBER,
                vol.Optional("warn_at"): _NUMBER,
                vol.Optional("first_day"): cv.positive_int,
                vol.Optional("told"): [vol.Coerce(Alert)],
            },
            extra=vol.REMOVE_EXTRA,
        )
    },
    extra=vol.REMOVE_EXTRA,
)


def budgets_from_stored(data: Mapping[str, Any]) -> dict[Period, BudgetState]:
    """Read what passed the schema: a state for each period there is."""
    return {period: _state(data.get(period, {})) for period in Period}


def budgets_as_stored(states: Mapping[Period, BudgetState]) -> dict[str, Any]:
    """Return what can be written as JSON."""
    return {
        period.value: {
            "begin": state.begin,
            "first": state.first,
            "first_day": state.first_day,
            "limit": state.limit,
            "warn_at": state.warn_at,
            "told": [*state.told],
        }
        for period, state in states.items()
    }


def _state(data: Mapping[str, Any]) -> BudgetState:
    begin = data.get("begin")
    return BudgetState(**{**data, "begin": begin and tuple(begin)})
