"""The forms of the flows, and what they leave in a config entry."""

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import voluptuous as vol

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_URL, CONF_VERIFY_SSL
from homeassistant.data_entry_flow import section
from homeassistant.generated.currencies import ACTIVE_CURRENCIES
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from .const import (
    CONF_ALLOW_UNENCRYPTED,
    CONF_BEARER,
    CONF_BUDGET_FIRST_DAY,
    CONF_BUDGET_PER_DAY,
    CONF_BUDGET_PER_MONTH,
    CONF_BUDGET_WARN_AT,
    CONF_CHOSEN_KEYS,
    CONF_CRITICAL_BALANCE,
    CONF_CURRENCY,
    CONF_HISTORY_DAYS,
    CONF_KEY_EXPIRY_DAYS,
    CONF_KEY_LIMIT,
    CONF_KEY_LIMITS,
    CONF_LOW_BALANCE,
    CONF_MORE_SERIES,
    CONF_NEW_KEYS,
    CONF_POINTS_PER_UNIT,
    CONF_SHOWN_KEYS,
    CONF_SITE_NAME,
    CONF_UNUSUAL_FACTOR,
    CONF_UNUSUAL_MINIMUM,
    CONF_USER_ID,
    CONF_USER_ID_HEADER,
    SECTION_ADVANCED,
)
from .gateway import POINTS
from .gateway.inputs import parse_url
from .key_options import ShownKeys

TOKEN_SELECTOR = TextSelector(
    TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off")
)

REAUTH_SCHEMA = vol.Schema({vol.Required(CONF_ACCESS_TOKEN): TOKEN_SELECTOR})

ADVANCED_SCHEMA = vol.Schema(
    {
        vol.Optional(CONF_USER_ID_HEADER): TextSelector(),
        vol.Required(CONF_VERIFY_SSL, default=True): BooleanSelector(),
        vol.Required(CONF_ALLOW_UNENCRYPTED, default=False): BooleanSelector(),
    }
)

UNIT_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_CURRENCY): SelectSelector(
            SelectSelectorConfig(
                options=[POINTS, *sorted(ACTIVE_CURRENCIES)],
                # The frontend lets people search only where they may type anything.
                custom_value=True,
                mode=SelectSelectorMode.DROPDOWN,
                translation_key=CONF_CURRENCY,
            )
        ),
        vol.Required(CONF_POINTS_PER_UNIT): NumberSelector(
            NumberSelectorConfig(min=1e-18, step="any", mode=NumberSelectorMode.BOX)
        ),
    }
)

USAGE_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_HISTORY_DAYS): SelectSelector(
            SelectSelectorConfig(
                options=["0", "30", "90", "365"],
                mode=SelectSelectorMode.DROPDOWN,
                translation_key=CONF_HISTORY_DAYS,
            )
        ),
        vol.Required(CONF_MORE_SERIES, default=False): BooleanSelector(),
    }
)

POSITIVE = vol.All(vol.Any(int, float), vol.Range(min=0, min_included=False))

# Storage may be edited by hand, or be half of a backup.
ENTRY_SCHEMA = vol.Schema(
    {
        # No login and no query in it; the rest goes into headers.
        CONF_URL: vol.All(
            cv.matches_regex(r"[a-z]+://[^@?#\s/]+(/[^?#\s]*)?\Z"),
            partial(parse_url, allow_unencrypted=True),
        ),
        CONF_USER_ID: cv.matches_regex(r"[0-9]{1,20}\Z"),
        CONF_ACCESS_TOKEN: cv.matches_regex(r"[!-~]+\Z"),
        CONF_USER_ID_HEADER: vol.Any(None, cv.matches_regex(r"[!-9;-~]+\Z")),
        CONF_VERIFY_SSL: bool,
        CONF_BEARER: bool,
        CONF_SITE_NAME: str,
        CONF_CURRENCY: str,
        CONF_POINTS_PER_UNIT: POSITIVE,
        CONF_LOW_BALANCE: POSITIVE,
        CONF_CRITICAL_BALANCE: POSITIVE,
        CONF_UNUSUAL_FACTOR: POSITIVE,
        CONF_UNUSUAL_MINIMUM: POSITIVE,
        # Not in the options of older versions.
        vol.Optional(CONF_BUDGET_PER_DAY): POSITIVE,
        vol.Optional(CONF_BUDGET_PER_MONTH): POSITIVE,
        vol.Optional(CONF_BUDGET_WARN_AT): vol.All(POSITIVE, vol.Range(max=100)),
        vol.Optional(CONF_BUDGET_FIRST_DAY): vol.All(int, vol.Range(min=1, max=28)),
        vol.Optional(CONF_SHOWN_KEYS): vol.Coerce(ShownKeys),
        vol.Optional(CONF_CHOSEN_KEYS): [int],
        vol.Optional(CONF_NEW_KEYS): bool,
        vol.Optional(CONF_KEY_LIMIT): POSITIVE,
        vol.Optional(CONF_KEY_LIMITS): {cv.matches_regex(r"[0-9]+\Z"): POSITIVE},
        vol.Optional(CONF_KEY_EXPIRY_DAYS): vol.All(int, vol.Range(min=1)),
    },
    required=True,
    extra=vol.ALLOW_EXTRA,
)


def is_complete(entry: ConfigEntry) -> bool:
    """Tell whether an entry holds what the flows store; an error would name values."""
    with suppress(vol.Invalid):
        ENTRY_SCHEMA({**entry.data, **entry.options})
        return True
    return False


def alerts_schema(currency: str) -> vol.Schema:
    """Return the form of the alerts; `currency` is the unit beside the amounts."""
    amount = NumberSelector(
        NumberSelectorConfig(
            min=1e-18,
            step="any",
            mode=NumberSelectorMode.BOX,
            unit_of_measurement=currency,
        )
    )
    factor = NumberSelector(
        NumberSelectorConfig(min=1.1, max=100, step=0.1, mode=NumberSelectorMode.BOX)
    )
    return vol.Schema(
        {
            vol.Required(CONF_LOW_BALANCE): amount,
            vol.Required(CONF_CRITICAL_BALANCE): amount,
            vol.Required(CONF_UNUSUAL_FACTOR): factor,
            vol.Required(CONF_UNUSUAL_MINIMUM): amount,
        }
    )


def connection_schema(
    token: type[vol.Marker], advanced: dict[str, Any], *, is_open: bool
) -> vol.Schema:
    """Return the form with everything a connection needs.

    `token` tells whether the token is required or optional. `advanced` fills the
    section, which a frontend that never unfolds it sends back as it is; `is_open`
    unfolds it.
    """
    return vol.Schema(
        {
            vol.Required(CONF_URL): TextSelector(
                TextSelectorConfig(type=TextSelectorType.URL, autocomplete="url")
            ),
            vol.Required(CONF_USER_ID): TextSelector(
                TextSelectorConfig(autocomplete="off")
            ),
            token(CONF_ACCESS_TOKEN): TOKEN_SELECTOR,
            vol.Required(SECTION_ADVANCED, default=advanced): section(
                ADVANCED_SCHEMA, {"collapsed": not is_open}
            ),
        }
    )


def connection_values(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of an entry as values of the connection form, but no token."""
    advanced = {
        key: data[key]
        for key in (CONF_USER_ID_HEADER, CONF_VERIFY_SSL, CONF_ALLOW_UNENCRYPTED)
        if data.get(key) is not None
    }
    shown = {key: data[key] for key in (CONF_URL, CONF_USER_ID)}
    return {**shown, SECTION_ADVANCED: ADVANCED_SCHEMA(advanced)}


def read_unit(user_input: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the options of a unit that was chosen; None if it is no currency."""
    currency = user_input[CONF_CURRENCY].strip()
    if currency.upper() in ACTIVE_CURRENCIES:
        currency = currency.upper()
    if currency not in {POINTS, *ACTIVE_CURRENCIES}:
        return None
    return {**user_input, CONF_CURRENCY: currency}
