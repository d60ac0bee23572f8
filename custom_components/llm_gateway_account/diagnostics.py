"""Diagnostics of an account."""

from collections import Counter
from dataclasses import asdict
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant

from .const import CONF_ALLOW_UNENCRYPTED, CONF_BEARER, CONF_USER_ID_HEADER
from .coordinator import AccountCoordinator
from .data import AccountConfigEntry
from .keys import KeysCoordinator
from .plans import PlansCoordinator
from .sites import async_get_shared
from .usage import UsageCoordinator

# Allowed by name: what a fork adds tomorrow, or Account learns, stays out until
# somebody has looked at it.
ALLOWED_DATA = (CONF_BEARER, CONF_VERIFY_SSL, CONF_ALLOW_UNENCRYPTED)
ALLOWED_FIELDS = (
    "quota",
    "used_quota",
    "bonus_quota",
    "request_count",
    "group",
    "group_ratio",
    "role",
    "status",
)


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: AccountConfigEntry
) -> dict[str, Any]:
    """Return what helps to find a fault and tells nobody who the person is."""
    diagnostics: dict[str, Any] = {
        "entry": {
            **{key: entry.data.get(key) for key in ALLOWED_DATA},
            "own_user_id_header": entry.data.get(CONF_USER_ID_HEADER) is not None,
            # Those of keys have IDs of keys in them.
            "options": {
                key: len(value) if isinstance(value, list | dict) else value
                for key, value in entry.options.items()
            },
            "state": entry.state.value,
            "error": entry.error_reason_translation_key,
        }
    }
    if entry.state is ConfigEntryState.LOADED:
        diagnostics |= _of_polls(entry.runtime_data.account)
        diagnostics["usage"] = _of_usage(entry.runtime_data.usage)
        diagnostics["keys"] = _of_keys(entry.runtime_data.keys)
        diagnostics["plans"] = _of_plans(entry.runtime_data.plans)
        diagnostics |= _of_the_rest(hass, entry)
    return diagnostics


def _of_polls(coordinator: AccountCoordinator) -> dict[str, Any]:
    account = asdict(coordinator.data.account)
    return {
        "coordinator": {
            "last_update_success": coordinator.last_update_success,
            "last_success": coordinator.last_success,
            "last_error": getattr(coordinator.last_exception, "translation_key", None),
        },
        "account": {key: account[key] for key in ALLOWED_FIELDS},
        "spending": coordinator.data.spending._asdict(),
        "budgets": {
            period: figures._asdict() | {"budget": figures.budget._asdict()}
            for period, figures in coordinator.data.budgets.items()
        },
        "fields_without_value": sorted(
            key for key, value in account.items() if value is None
        ),
    }


def _of_usage(usage: UsageCoordinator) -> dict[str, Any]:
    """Return the state of the books and how far they were read, but no model."""
    stored = usage.stored
    return {
        "records": usage.data.records,
        "books": {
            "hours": usage.books.hours.state,
            "sums": usage.books.sums.state,
            "days": usage.books.days.state,
        },
        "requests_of_this_reading": usage.books.requests,
        "history_from": stored.history_from,
        "imported_from": stored.imported_from,
        "past_until": stored.past_until,
        "imported_until": stored.imported_until,
        "entered_until": stored.entered_until,
        "models": len(stored.models),
    }


def _of_keys(keys: KeysCoordinator) -> dict[str, Any]:
    """Return how many keys there are of which kind, but nothing of a single one."""
    data = keys.data
    return {
        "book": keys.book.state,
        "book_of_sums": keys.sums.book.state,
        "is_available": data.is_available,
        "last_list_was_complete": data.complete,
        "shown": len(data.keys),
        "with_device": len(data.kept),
        "unlimited": sum(key.is_unlimited for key in data.keys.values()),
        "statuses": Counter(data.statuses.values()),
    }


def _of_plans(plans: PlansCoordinator) -> dict[str, Any]:
    """Return the plans that run, by their numbers alone, and what pays."""
    data = plans.data
    return {
        "book": plans.book.state,
        "is_available": data.is_available,
        "is_settled": data.is_settled,
        "preference": data.listing.preference,
        "paid_by": data.paid_by,
        "plans": [
            {
                "total": each.total,
                "used": each.used,
                "is_unlimited": each.is_unlimited,
                "ends_at": each.ends_at,
                "resets_at": each.resets_at,
                "last_reset_at": each.last_reset_at,
                "falls_back": each.falls_back,
            }
            for each in data.plans
        ],
    }


def _of_the_rest(hass: HomeAssistant, entry: AccountConfigEntry) -> dict[str, Any]:
    """Return the state of the smaller books."""
    check_in, groups = entry.runtime_data.check_in, entry.runtime_data.groups
    return {
        "check_in": {"book": check_in.book.state, **check_in.data._asdict()},
        "notices": {"book": async_get_shared(hass, entry).notices.state},
        "groups": {
            "book": groups.book.state,
            "is_available": groups.data.is_available,
            "listed": len(groups.data.ratios),
        },
    }
