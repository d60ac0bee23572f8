"""The forms about API keys, and what they leave in the options of an entry."""

from collections.abc import Mapping
from typing import Any

import voluptuous as vol

from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from .const import (
    CONF_CHOSEN_KEYS,
    CONF_KEY,
    CONF_KEY_EXPIRY_DAYS,
    CONF_KEY_LIMIT,
    CONF_KEY_LIMITS,
    CONF_NEW_KEYS,
    CONF_SHOWN_KEYS,
)
from .key_options import DEFAULT_EXPIRY_DAYS, ShownKeys
from .schemas import amount_box, number_box


def keys_schema(currency: str) -> vol.Schema:
    """Return the form of all keys; `currency` is the unit beside the amount."""
    return vol.Schema(
        {
            vol.Required(CONF_SHOWN_KEYS, default=ShownKeys.NONE.value): SelectSelector(
                SelectSelectorConfig(
                    options=[each.value for each in ShownKeys],
                    mode=SelectSelectorMode.LIST,
                    translation_key=CONF_SHOWN_KEYS,
                )
            ),
            vol.Required(CONF_NEW_KEYS, default=False): BooleanSelector(),
            vol.Optional(CONF_KEY_LIMIT): amount_box(currency),
            vol.Required(CONF_KEY_EXPIRY_DAYS, default=DEFAULT_EXPIRY_DAYS): number_box(
                1, 90, 1
            ),
        }
    )


def chosen_keys_schema(labels: Mapping[int, str]) -> vol.Schema:
    """Return the form that lets choose among keys."""
    return vol.Schema({vol.Required(CONF_CHOSEN_KEYS): _keys(labels, multiple=True)})


def key_limit_schema(labels: Mapping[int, str], currency: str) -> vol.Schema:
    """Return the form of the limit of one key."""
    return vol.Schema(
        {
            vol.Required(CONF_KEY): _keys(labels),
            vol.Optional(CONF_KEY_LIMIT): amount_box(currency),
        }
    )


def with_keys(
    options: Mapping[str, Any], user_input: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the options with what the form of all keys says.

    A limit that was emptied is none; the limits of single keys stay.
    """
    others = {key: each for key, each in options.items() if key != CONF_KEY_LIMIT}
    days = int(user_input[CONF_KEY_EXPIRY_DAYS])
    return {**others, **user_input, CONF_KEY_EXPIRY_DAYS: days}


def with_key_limit(
    options: Mapping[str, Any], user_input: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the options with the limit of one key; without one that of all counts."""
    key = user_input[CONF_KEY]
    limits = {
        k: each for k, each in options.get(CONF_KEY_LIMITS, {}).items() if k != key
    }
    if CONF_KEY_LIMIT in user_input:
        limits[key] = user_input[CONF_KEY_LIMIT]
    return {**options, CONF_KEY_LIMITS: limits}


def _keys(labels: Mapping[int, str], *, multiple: bool = False) -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(
            options=[
                SelectOptionDict(value=str(key), label=label)
                for key, label in sorted(labels.items(), key=lambda each: each[1])
            ],
            multiple=multiple,
            mode=SelectSelectorMode.DROPDOWN,
        )
    )
