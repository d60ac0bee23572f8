"""A power cut while options change: each alert once, whatever was written by then."""

from copy import deepcopy
from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.llm_gateway_account.const import (
    CONF_BUDGET_FIRST_DAY,
    CONF_BUDGET_PER_DAY,
    CONF_BUDGET_PER_MONTH,
    CONF_BUDGET_WARN_AT,
    CONF_CURRENCY,
    CONF_LOW_BALANCE,
    CONF_POINTS_PER_UNIT,
    DOMAIN,
)
from custom_components.llm_gateway_account.unit import limits_in_unit
from homeassistant.core import HomeAssistant

from .gateway_server import NEW_API, GatewayServer
from .helpers import device_of, jump
from .test_budgets import FORM, POLL, UNIT, calls_of, set_up, settle, told
from .test_events import crash, start

EURO = {CONF_CURRENCY: "EUR", CONF_POINTS_PER_UNIT: 3 * UNIT}

WARNING, EXCEEDED = "budget_warning day", "budget_exceeded day"
MONTH = "budget_exceeded month"

# Options before and after; what is spent before the change, and told then; what is
# spent while nobody looks, and told after it, by the old options and by the new ones.
type Change = tuple[dict[str, Any], dict[str, Any], int, str, int, str, str]

CHANGES: dict[str, Change] = {
    "set": ({}, {CONF_BUDGET_PER_DAY: 5}, 3, "", 2, "", EXCEEDED),
    "set when it is exceeded": ({}, {CONF_BUDGET_PER_DAY: 3}, 3, "", 2, "", ""),
    "removed": ({CONF_BUDGET_PER_DAY: 5}, {}, 3, WARNING, 2, EXCEEDED, ""),
    "raised": (
        {CONF_BUDGET_PER_DAY: 5},
        {CONF_BUDGET_PER_DAY: 8},
        *(3, WARNING, 5, EXCEEDED, EXCEEDED),
    ),
    "raised when it was exceeded": (
        {CONF_BUDGET_PER_DAY: 5},
        {CONF_BUDGET_PER_DAY: 9},
        *(5, EXCEEDED, 2, "", WARNING),
    ),
    "lowered": (
        {CONF_BUDGET_PER_DAY: 8, CONF_BUDGET_PER_MONTH: 400},
        {CONF_BUDGET_PER_DAY: 5, CONF_BUDGET_PER_MONTH: 400},
        *(3, "", 3, WARNING, EXCEEDED),
    ),
    "warns earlier": (
        {CONF_BUDGET_PER_DAY: 8},
        {CONF_BUDGET_PER_DAY: 8, CONF_BUDGET_WARN_AT: 50},
        *(2, "", 2, "", WARNING),
    ),
    "month begins earlier": (
        {CONF_BUDGET_PER_MONTH: 12},
        {CONF_BUDGET_PER_MONTH: 12, CONF_BUDGET_FIRST_DAY: 10},
        *(0, "", 12, MONTH, MONTH),
    ),
    "low balance": (
        {CONF_BUDGET_PER_DAY: 5},
        {CONF_BUDGET_PER_DAY: 5, CONF_LOW_BALANCE: 3},
        *(3, WARNING, 2, EXCEEDED, EXCEEDED),
    ),
    "unit": (
        {CONF_BUDGET_PER_DAY: 5},
        {**EURO, CONF_BUDGET_PER_DAY: 5 / 3},
        *(3, WARNING, 2, EXCEEDED, EXCEEDED),
    ),
}


@pytest.fixture(autouse=True)
def past(gateway: GatewayServer, freezer: FrozenDateTimeFactory) -> None:
    """Let something have been spent long ago, nine days ago, and this morning."""
    freezer.move_to("2026-11-20T20:00:00Z")
    gateway.fork = NEW_API
    gateway.account.quota = 500 * UNIT
    for days, units in ((35, 1), (9, 10), (0, 1)):
        at = gateway.clock() - 7200 - days * 86_400
        gateway.books.spend("gpt-5", units * UNIT, at=at)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(
    ("has_options", "has_account"),
    [(False, False), (False, True), (True, False), (True, True)],
    ids=["nothing", "account", "options", "both"],
)
async def test_power_cut_at_a_change_of_options(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    change: str,
    has_options: bool,
    has_account: bool,
) -> None:
    """Home Assistant writes options a second later, and the account at once."""
    before, after, spent_before, first, spent_unseen, by_old, by_new = CHANGES[change]
    await set_up(hass, entry, before)
    calls = await calls_of(hass, device_of(hass, entry))
    await settle(hass, freezer)
    gateway.books.spend("gpt-5", spent_before * UNIT)
    await jump(hass, freezer, POLL)
    await jump(hass, freezer, timedelta(seconds=1))
    assert told(calls) == [first] * 2 * bool(first)

    file, old = f"{DOMAIN}.{entry.entry_id}", entry.options
    written = deepcopy(hass_storage[file])
    kept = {k: v for k, v in old.items() if k not in {*before} - {*after}}
    new = {**kept, **limits_in_unit({**old, **after}, kept), **FORM, **after}
    hass.config_entries.async_update_entry(entry, options=new)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    if has_account:
        await jump(hass, freezer, timedelta(seconds=1))
        written = deepcopy(hass_storage[file])

    gateway.books.spend("gpt-5", spent_unseen * UNIT)
    expected = by_new if has_options else by_old
    for _ in range(2):
        await crash(hass, entry)
        hass_storage[file] = deepcopy(written)
        if not has_options:
            hass.config_entries.async_update_entry(entry, options=old)
        await start(hass, entry)
        await settle(hass, freezer)
        assert told(calls) == [expected] * 2 * bool(expected)
        await jump(hass, freezer, POLL)
        await jump(hass, freezer, timedelta(seconds=1))
        assert told(calls) == []
        written, expected = hass_storage[file], ""
