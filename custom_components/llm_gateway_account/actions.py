"""What the actions do."""

from typing import Any

from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.exceptions import ServiceValidationError

from .budgeting import describe
from .chosen import async_get_chosen, async_get_named
from .const import DOMAIN
from .coordinator import AccountCoordinator
from .data import AccountConfigEntry
from .device import async_get_fresh, async_get_name
from .history import async_clear_history, async_get_usage
from .reports import async_report
from .sentences import async_describe
from .services import ATTR_ATTRIBUTES, ATTR_EVENT_TYPE, ATTR_MODELS, ATTR_PERIOD

__all__ = ["async_clear_history", "async_get_usage"]


async def async_check_in(call: ServiceCall) -> ServiceResponse:
    """Check an account in, and return what it got; an amount in its unit.

    Raises ServiceValidationError if it names no loaded account or there is nothing to
    do, HomeAssistantError if it failed or nobody knows whether it did.
    """
    runtime = async_get_chosen(call).runtime_data
    points = await runtime.check_in.async_check_in()
    unit = runtime.account.unit
    return {"amount": unit.amount(points), "currency": unit.currency}


async def async_get_account(call: ServiceCall) -> ServiceResponse:
    """Return what is known of an account; amounts are in its unit.

    Raises ServiceValidationError if it names no account, or one that has no answer
    that is fresh enough to be shown.
    """
    if (coordinator := async_get_fresh(async_get_chosen(call))) is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_answer"
        )
    return account_answer(coordinator)


def account_answer(coordinator: AccountCoordinator) -> dict[str, Any]:
    """Return what is known of an account; amounts are in its unit."""
    account, spending = coordinator.data.account, coordinator.data.spending

    def amount(points: float | None) -> float | None:
        return None if points is None else coordinator.unit.amount(points)

    return {
        "currency": coordinator.unit.currency,
        "balance": amount(account.quota),
        "bonus_balance": amount(account.bonus_quota),
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
        "plan": describe_plan(coordinator.config_entry),
    }


def describe_plan(entry: AccountConfigEntry) -> dict[str, Any] | None:
    """Return the plan that pays first, amounts in the account's unit; None without."""
    runtime = entry.runtime_data
    plan = runtime.plans.data.first
    if plan is None:
        return None
    amount = runtime.account.unit.amount
    return {
        "title": runtime.plans.data.labels[plan.id],
        "paid_by": runtime.plans.data.paid_by,
        "remaining": None if plan.remaining is None else amount(plan.remaining),
        "unlimited": plan.is_unlimited,
        "ends_at": plan.ends_at and plan.ends_at.isoformat(),
        "resets_at": plan.resets_at and plan.resets_at.isoformat(),
    }


async def async_describe_event(call: ServiceCall) -> ServiceResponse:
    """Return an event as `title` (the account) and `message` (the sentence).

    With `event_type`, and what is left as `balance`. Without an event, the sentence
    says what is left. Raises ServiceValidationError if it names no account.
    """
    entry = async_get_named(call)
    described = await async_describe(
        call.hass,
        entry,
        call.data.get(ATTR_EVENT_TYPE) or None,
        call.data[ATTR_ATTRIBUTES] or {},
    )
    return {"title": async_get_name(call.hass, entry), **described}


async def async_describe_account(call: ServiceCall) -> ServiceResponse:
    """Return a report as `title` and `message`, which has a line for each figure.

    Raises ServiceValidationError if it names no account.
    """
    title, message = await async_report(
        call.hass,
        async_get_named(call),
        is_of_week=call.data[ATTR_PERIOD] == "week",
        lists_models=call.data[ATTR_MODELS],
    )
    return {"title": title, "message": message}
