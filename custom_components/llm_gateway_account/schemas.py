"""The forms of the flows."""

from collections.abc import Mapping
from math import isnan
from typing import Any, override

import voluptuous as vol

from homeassistant.const import CONF_ACCESS_TOKEN, CONF_URL, CONF_VERIFY_SSL
from homeassistant.data_entry_flow import section
from homeassistant.generated.currencies import ACTIVE_CURRENCIES
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
    CONF_CRITICAL_BALANCE,
    CONF_CURRENCY,
    CONF_HISTORY_DAYS,
    CONF_LOW_BALANCE,
    CONF_MORE_SERIES,
    CONF_POINTS_PER_UNIT,
    CONF_UNUSUAL_FACTOR,
    CONF_UNUSUAL_MINIMUM,
    CONF_USER_ID,
    CONF_USER_ID_HEADER,
    SECTION_ADVANCED,
)
from .gateway import POINTS

# More than any money; what is made of it in another unit is a number, too.
MOST = 1e18


class NumberBox(NumberSelector):
    """A box for a number."""

    @override
    def __call__(self, data: Any) -> float:
        """Return the number. Raises vol.Invalid, also for "nan"."""
        if isnan(number := super().__call__(data)):
            raise vol.Invalid("Value is not a number")
        return number


def number_box(
    least: float, most: float, step: float | None = None, unit: str | None = None
) -> NumberBox:
    """Return a box for a number in a range; `unit` stands beside it."""
    config = NumberSelectorConfig(
        min=least, max=most, step=step or "any", mode=NumberSelectorMode.BOX
    )
    if unit:
        config["unit_of_measurement"] = unit
    return NumberBox(config)


def amount_box(currency: str) -> NumberBox:
    """Return a box for an amount of more than nothing."""
    return number_box(1e-18, MOST, unit=currency)


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
        vol.Required(CONF_POINTS_PER_UNIT): number_box(1e-18, MOST),
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


def alerts_schema(currency: str) -> vol.Schema:
    """Return the form of the alerts; `currency` is the unit beside the amounts."""
    amount = amount_box(currency)
    return vol.Schema(
        {
            vol.Required(CONF_LOW_BALANCE): amount,
            vol.Required(CONF_CRITICAL_BALANCE): amount,
            vol.Required(CONF_UNUSUAL_FACTOR): number_box(1.1, 100, 0.1),
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
