"""Actions of the integration."""

from typing import Any

import voluptuous as vol

from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv

from .budgeting import describe
from .const import DOMAIN
from .device import async_get_fresh, async_get_loaded
from .history import (
    CLEAR_HISTORY_SCHEMA,
    GET_USAGE_SCHEMA,
    async_clear_history,
    async_get_usage,
)

SERVICE_CLEAR_HISTORY = "clear_history"
SERVICE_GET_ACCOUNT = "get_account"
SERVICE_GET_USAGE = "get_usage"

GET_ACCOUNT_SCHEMA = vol.Schema({vol.Required(ATTR_DEVICE_ID): cv.string})


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    hass.services.async_register(
        DOMAIN,
        SERVICE_GET_ACCOUNT,
        _async_get_account,
        schema=GET_ACCOUNT_SCHEMA,
        supports_response=SupportsResponse.ONLY,
    )
    hass.services.async_register(
        DOMAIN,
        SERVICE_GET_USAGE,
        async_get_usage,
        schema=GET_USAGE_SCHEMA,
        supports_response=SupportsResponse.ONLY,
    )
    hass.services.async_register(
        DOMAIN, SERVICE_CLEAR_HISTORY, async_clear_history, schema=CLEAR_HISTORY_SCHEMA
    )


async def _async_get_account(call: ServiceCall) -> ServiceResponse:
    """Return what is known of an account; amounts are in its unit.

    Raises ServiceValidationError if the device is not an account's, or its account
    has no answer that is fresh enough to be shown.
    """
    entry = async_get_loaded(call.hass, call.data[ATTR_DEVICE_ID])
    if (coordinator := async_get_fresh(entry)) is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_answer"
        )
    account, spending = coordinator.data.account, coordinator.data.spending

    def amount(points: float | None) -> float | None:
        return None if points is None else coordinator.unit.amount(points)

    answer: dict[str, Any] = {
        "currency": coordinator.unit.currency,
        "balance": amount(account.quota),
        "balance_level": spending.level,
        "used_quota": amount(account.used_quota),
        "spent_today": amount(spending.spent_today),
        "spent_this_month": amount(spending.spent_this_month),
        "average_daily_spending": amount(spending.average_daily),
        "days_remaining": spending.days_remaining,
        "runs_out_at": spending.runs_out_at and spending.runs_out_at.isoformat(),
        "unusual_spending": spending.unusual,
        "request_count": account.request_count,
        "group": account.group_name,
        "budgets": {
            period.value: describe(figures, coordinator.unit)
            for period, figures in coordinator.data.budgets.items()
        },
    }
    return answer
