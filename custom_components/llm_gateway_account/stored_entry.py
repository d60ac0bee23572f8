"""What a config entry holds, as the flows store it."""

from contextlib import suppress
from functools import partial

import voluptuous as vol

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_URL, CONF_VERIFY_SSL
from homeassistant.helpers import config_validation as cv

from .connection import PROTOCOLS
from .const import (
    CONF_BEARER,
    CONF_BUDGET_FIRST_DAY,
    CONF_BUDGET_PER_DAY,
    CONF_BUDGET_PER_MONTH,
    CONF_BUDGET_WARN_AT,
    CONF_CHOSEN_KEYS,
    CONF_CRITICAL_BALANCE,
    CONF_CURRENCY,
    CONF_KEY_EXPIRY_DAYS,
    CONF_KEY_LIMIT,
    CONF_KEY_LIMITS,
    CONF_LOW_BALANCE,
    CONF_NEW_KEYS,
    CONF_POINTS_PER_UNIT,
    CONF_PROTOCOL,
    CONF_SHOWN_KEYS,
    CONF_SITE_NAME,
    CONF_UNUSUAL_FACTOR,
    CONF_UNUSUAL_MINIMUM,
    CONF_USER_ID,
    CONF_USER_ID_HEADER,
)
from .gateway.inputs import parse_url
from .key_options import ShownKeys

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
        vol.Optional(CONF_PROTOCOL): vol.In(PROTOCOLS),  # not in those of 0.1.0
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
