"""Two hundred accounts: at a gateway with the limit of the family, and at many.

Run by pytest, whose Home Assistant lets the time pass at once. Each figure is a line of
JSON at the end of the file that the environment variable FIGURES names.
"""

import asyncio
from collections import Counter
from datetime import timedelta
import logging
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.llm_gateway_account.connection import LIMITERS
from custom_components.llm_gateway_account.const import DOMAIN
from custom_components.llm_gateway_account.polling import UPDATE_INTERVAL
from custom_components.llm_gateway_account.sites import SITES
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from .core import account_entry, add_without_set_up
from .figures import write
from .gateway import FIRST_ID, CountingGateway, token

ACCOUNTS = 200
GATEWAYS_TO_SPREAD = 25
STEP = timedelta(seconds=1)
WATCHED_FOR = 4 * UPDATE_INTERVAL


class Watch:
    """Looks every second how old the data of each account is."""

    def __init__(
        self, entries: list[ConfigEntry[Any]], set_ups: list[asyncio.Task[Any]]
    ) -> None:
        """Begin when the set-ups begin that Home Assistant waits for."""
        self._entries = entries
        self._set_ups = set_ups
        self._started = dt_util.utcnow()
        self.waited = timedelta(0)
        self.slowest_start = timedelta(0)
        self.oldest = timedelta(0)

    def look(self) -> None:
        """Note what is the oldest."""
        now = dt_util.utcnow()
        if not all(task.done() for task in self._set_ups):
            self.waited = now - self._started
        for entry in self._entries:
            if entry.state is ConfigEntryState.LOADED:
                age = now - entry.runtime_data.account.last_success
                self.oldest = max(self.oldest, age)
            else:
                self.slowest_start = now - self._started


async def pass_time(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    watch: Watch,
    duration: timedelta = WATCHED_FOR,
) -> None:
    """Let time pass, and everything happen that is due."""
    for _ in range(duration // STEP):
        freezer.tick(STEP)
        async_fire_time_changed(hass)
        # What is asked on loopback is answered within a few turns of the loop.
        for _ in range(20):
            await asyncio.sleep(0)
        watch.look()


@callback
def started(hass: HomeAssistant) -> None:
    """Let Home Assistant have started."""
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize(
    ("scenario", "limit"), [("start", 180), ("restart", 180), ("half", 90)]
)
async def test_limit(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    scenario: str,
    limit: int,
) -> None:
    """Set all accounts up at once, let twenty minutes pass, and count.

    `restart` counts from a second start on, right after the twenty minutes: the
    gateway still knows what was asked before. At `half` somebody else has used up half
    of the limit.
    """
    hass.loop.set_debug(enabled=False)
    caplog.set_level(logging.WARNING)
    gateway = CountingGateway(ACCOUNTS, busy=0, limit=limit)
    await gateway.start()
    entries = [
        account_entry(gateway.url, FIRST_ID + number, token(number))
        for number in range(ACCOUNTS)
    ]
    for entry in entries:
        add_without_set_up(hass, entry)
    hass.set_state(CoreState.starting)
    set_up = asyncio.create_task(async_setup_component(hass, DOMAIN, {}))
    set_up.add_done_callback(lambda _: started(hass))
    # Python reads the modules in real time.
    while not gateway.requests:  # noqa: ASYNC110
        await asyncio.sleep(0)
    watch = Watch(entries, [set_up])
    await pass_time(hass, freezer, watch)
    if scenario == "restart":
        for entry in entries:
            await hass.config_entries.async_unload(entry.entry_id)
        del hass.data[LIMITERS], hass.data[SITES]
        gateway.count()
        caplog.clear()
        again = [
            asyncio.create_task(hass.config_entries.async_setup(entry.entry_id))
            for entry in entries
        ]
        hass.set_state(CoreState.starting)
        asyncio.gather(*again).add_done_callback(lambda _: started(hass))
        watch = Watch(entries, again)
        await pass_time(hass, freezer, watch)
    await set_up
    refused = Counter(gateway.count()["refused"])
    lines = [
        record
        for record in caplog.records
        # Which says of every custom integration that it was not tested there.
        if record.name != "homeassistant.loader" and record.levelno >= logging.WARNING
    ]
    write(
        scenario=scenario,
        waited=watch.waited.total_seconds(),
        slowest_start=watch.slowest_start.total_seconds(),
        oldest=watch.oldest.total_seconds(),
        refused=refused.total(),
        refused_at_most=max(refused.values(), default=0),
        lines=len(lines),
    )
    for entry in entries:
        await hass.config_entries.async_unload(entry.entry_id)
    await gateway.stop()


@pytest.mark.usefixtures("limited")
async def test_spread(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Set the accounts up at many gateways, and count the polls of each second."""
    hass.loop.set_debug(enabled=False)
    caplog.set_level(logging.WARNING)
    servers = [
        CountingGateway(ACCOUNTS // GATEWAYS_TO_SPREAD, busy=0, limit=None)
        for _ in range(GATEWAYS_TO_SPREAD)
    ]
    for server in servers:
        await server.start()
    entries = [
        account_entry(server.url, FIRST_ID + number, token(number))
        for server in servers
        for number in range(ACCOUNTS // GATEWAYS_TO_SPREAD)
    ]
    for entry in entries:
        add_without_set_up(hass, entry)
    set_up = asyncio.create_task(async_setup_component(hass, DOMAIN, {}))
    watch = Watch(entries, [set_up])
    # Twenty minutes, after which nothing is asked but the accounts.
    with patch("custom_components.llm_gateway_account.books.SPACING", 0):
        await pass_time(hass, freezer, watch)
    assert await set_up
    for server in servers:
        server.count()
    polls = []
    for _ in range(UPDATE_INTERVAL // STEP):
        await pass_time(hass, freezer, watch, STEP)
        polls.append(sum(len(server.count()["paths"]) for server in servers))
    write(
        scenario="spread",
        polls=sum(polls),
        most_in_a_second=max(polls),
        seconds_without=polls.count(0),
    )
    for entry in entries:
        await hass.config_entries.async_unload(entry.entry_id)
    for server in servers:
        await server.stop()
