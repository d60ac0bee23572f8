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
from .test_budgets import POLL, UNIT, calls_of, set_up, settle, told
from .test_events import crash, start

DAY, MONTH = CONF_BUDGET_PER_DAY, CONF_BUDGET_PER_MONTH

W, E, OF_MONTH = "budget_warning day", "budget_exceeded day", "budget_exceeded month"

# Options before, and what becomes of them; what is spent before the change, and told
# then; what is spent while nobody looks, and told after it by the old options and by
# the new ones.
type Change = tuple[dict[str, Any], dict[str, Any], int, str, int, str, str]

CHANGES: dict[str, Change] = {
    "set": ({}, {DAY: 5}, 3, "", 2, "", E),
    "set when it is exceeded": ({}, {DAY: 3}, 3, "", 2, "", ""),
    "removed": ({DAY: 5}, {DAY: None}, 3, W, 2, E, ""),
    "raised": ({DAY: 5}, {DAY: 8}, 3, W, 5, E, E),
    "raised when it was exceeded": ({DAY: 5}, {DAY: 9}, 5, E, 2, "", W),
    "lowered": ({DAY: 8, MONTH: 400}, {DAY: 5}, 3, "", 3, W, E),
    "warns earlier": ({DAY: 8}, {CONF_BUDGET_WARN_AT: 50}, 2, "", 2, "", W),
    "month begins earlier": (
        {MONTH: 12},
        {CONF_BUDGET_FIRST_DAY: 10},
        *(0, "", 12, OF_MONTH, OF_MONTH),
    ),
    "low balance": ({DAY: 5}, {CONF_LOW_BALANCE: 3}, 3, W, 2, E, E),
    "unit": (
        {DAY: 5},
        {CONF_CURRENCY: "EUR", CONF_POINTS_PER_UNIT: 3 * UNIT},
        *(3, W, 2, E, E),
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
    new = {**old, **limits_in_unit({**old, **after}, old), **after}
    new = {key: each for key, each in new.items() if each is not None}
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
