"""Actions of the integration."""

import voluptuous as vol

from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_register_admin_service

from .chosen import ACCOUNT_FIELDS
from .const import DOMAIN
from .events import EVENT_TYPES
from .parts import async_load

SERVICE_CHECK_IN = "check_in"
SERVICE_CLEAR_HISTORY = "clear_history"
SERVICE_DESCRIBE_ACCOUNT = "describe_account"
SERVICE_DESCRIBE_EVENT = "describe_event"
SERVICE_GET_ACCOUNT = "get_account"
SERVICE_GET_USAGE = "get_usage"

ATTR_ATTRIBUTES = "attributes"
ATTR_BY = "by"
ATTR_END = "end"
ATTR_EVENT_TYPE = "event_type"
ATTR_MODELS = "models"
ATTR_PERIOD = "period"
ATTR_START = "start"

ONE_ACCOUNT = vol.Schema(ACCOUNT_FIELDS)

# Described like an event, which they are not.
REMINDERS = ("check_in_open", "check_in_failed")

GET_USAGE_SCHEMA = vol.Schema(
    {
        **ACCOUNT_FIELDS,
        vol.Optional(ATTR_START): cv.datetime,
        vol.Optional(ATTR_END): cv.datetime,
        vol.Optional(ATTR_PERIOD, default="day"): vol.In(["hour", "day", "month"]),
        vol.Optional(ATTR_BY, default="model"): vol.In(["model", "total"]),
    }
)

DESCRIBE_EVENT_SCHEMA = vol.Schema(
    {
        **ACCOUNT_FIELDS,
        vol.Optional(ATTR_EVENT_TYPE): vol.Any(
            None, "", vol.In([*EVENT_TYPES, *REMINDERS])
        ),
        vol.Optional(ATTR_ATTRIBUTES, default={}): vol.Any(None, {str: object}),
    }
)

DESCRIBE_ACCOUNT_SCHEMA = vol.Schema(
    {
        **ACCOUNT_FIELDS,
        vol.Optional(ATTR_PERIOD, default="day"): vol.In(["day", "week"]),
        vol.Optional(ATTR_MODELS, default=True): cv.boolean,
    }
)


ACTIONS = (
    (SERVICE_CHECK_IN, ONE_ACCOUNT, SupportsResponse.OPTIONAL),
    (SERVICE_DESCRIBE_ACCOUNT, DESCRIBE_ACCOUNT_SCHEMA, SupportsResponse.ONLY),
    (SERVICE_DESCRIBE_EVENT, DESCRIBE_EVENT_SCHEMA, SupportsResponse.ONLY),
    (SERVICE_GET_ACCOUNT, ONE_ACCOUNT, SupportsResponse.ONLY),
    (SERVICE_GET_USAGE, GET_USAGE_SCHEMA, SupportsResponse.ONLY),
)


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    for service, schema, supports_response in ACTIONS:
        hass.services.async_register(
            DOMAIN, service, _async_act, schema, supports_response
        )
    # It takes away what may exist nowhere else, as deleting statistics does there.
    async_register_admin_service(
        hass, DOMAIN, SERVICE_CLEAR_HISTORY, _async_act, ONE_ACCOUNT
    )


async def _async_act(call: ServiceCall) -> ServiceResponse:
    """Do what an action is for, with code that is not imported before."""
    actions = await async_load(call.hass, "actions")
    response: ServiceResponse = await getattr(actions, f"async_{call.service}")(call)
    return response
