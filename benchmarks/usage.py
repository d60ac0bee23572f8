"""What reading a gateway's usage records costs: a day of it, and a year of the past.

Run by pytest, whose Home Assistant lets a day pass at once. Each figure is a line of
JSON at the end of the file that the environment variable FIGURES names.
"""

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import Generator
from contextlib import contextmanager
from copy import replace
from datetime import timedelta
import gc
import json
from threading import Event, Thread
import time

from aiohttp import web
from freezegun.api import FrozenDateTimeFactory
import psutil
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from sqlalchemy import text

from custom_components.llm_gateway_account.const import CONF_HISTORY_DAYS, DOMAIN
from custom_components.llm_gateway_account.gateway.client import (
    DAILY_USAGE_PATH,
    SPENT_PATH,
    USAGE_PATH,
)
from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.util import session_scope
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from tests.conftest import OPTIONS
from tests.gateway_books import DAY, HOUR, Amounts, Keeping
from tests.gateway_past import MODELS, give_past
from tests.gateway_server import NEW_API_2026_08, ONE_API, Fork, GatewayServer
from tests.helpers import setup

from .days import COST, START, pass_day, settle
from .figures import write
from .scale import memory, watched_loop

RECORDS = {USAGE_PATH, SPENT_PATH, DAILY_USAGE_PATH}


def asked(received: list[tuple[str, int]]) -> dict[str, int]:
    """Return how often the records were asked for, and the bytes of the answers."""
    sizes = [size for path, size in received if path in RECORDS]
    return {"requests": len(sizes), "bytes": sum(sizes)}


async def rows(hass: HomeAssistant) -> int:
    """Return how many rows of statistics there are of the usage."""

    def count() -> int:
        with session_scope(hass=hass, read_only=True) as session:
            return int(
                session.scalar(
                    text(
                        "SELECT count(*) FROM statistics JOIN statistics_meta"
                        " ON statistics_meta.id = metadata_id WHERE source = :source"
                    ),
                    {"source": DOMAIN},
                )
            )

    return await get_instance(hass).async_add_executor_job(count)


@pytest.mark.usefixtures("silence", "whole_past")
@pytest.mark.parametrize("account", ["idle", "busy"])
@pytest.mark.parametrize(
    ("records", "fork"),
    [
        ("hourly", NEW_API_2026_08),
        ("daily", ONE_API),
        ("none", replace(NEW_API_2026_08, books=Keeping(spent=False))),
    ],
)
async def test_day(  # noqa: PLR0913, PLR0917
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    received: list[tuple[str, int]],
    records: str,
    fork: Fork,
    account: str,
) -> None:
    """Add an account with a month behind it, let a day pass, and count."""
    hass.loop.set_debug(enabled=False)
    await hass.config.async_set_time_zone("Europe/Berlin")
    freezer.move_to(START + timedelta(seconds=150))
    gateway.fork = fork
    give_past(
        gateway.books,
        spent=16_700_000,
        requests=600,
        top_up=7_500_000,
        zone=dt_util.get_default_time_zone(),
    )
    await setup(hass, entry)
    write(
        records=records,
        account="added",
        **asked(received),
        rows=await rows(hass),
    )
    await settle(hass, freezer)
    received.clear()
    before = await rows(hass)

    def use(number: int) -> None:
        if account == "busy":
            gateway.books.spend(MODELS[number % 3].name, COST)

    seconds = await pass_day(hass, freezer, use)
    counted = asked(received)
    written = await rows(hass) - before
    await hass.config_entries.async_unload(entry.entry_id)
    seconds -= await pass_day(hass, freezer, use)
    write(records=records, account=account, **counted, rows=written, cpu=seconds)


@contextmanager
def watched_memory() -> Generator[list[int]]:
    """Yield a list that gets the most bytes beyond those of the beginning."""
    base = memory()
    most = [0]
    is_over = Event()

    def watch() -> None:
        while not is_over.wait(0.02):
            most[0] = max(most[0], psutil.Process().memory_info().rss - base)

    thread = Thread(target=watch)
    thread.start()
    try:
        yield most
    finally:
        is_over.set()
        thread.join()


@pytest.mark.usefixtures("silence", "whole_past")
async def test_year(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    received: list[tuple[str, int]],
) -> None:
    """Read a year in which twelve models were used in every hour."""
    hass.loop.set_debug(enabled=False)
    gateway.fork = NEW_API_2026_08
    now = int(time.time())
    hours = range(now - now % HOUR - 365 * DAY, now, HOUR)
    books = gateway.books
    amounts = Amounts(3, 1234, 1000, 500)

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        start, end = (
            int(request.query[f"{each}_timestamp"]) for each in ("start", "end")
        )
        if request.path != "/api/data/self":
            return web.json_response({"success": True, "data": {"quota": 0}})

        def build() -> bytes:
            found = hours[bisect_left(hours, start) : bisect_right(hours, end)]
            data = [
                books._row((hour, f"model-{number}", "somebody", 0), amounts)
                for hour in found
                for number in range(12)
            ]
            return json.dumps({"success": True, "data": data}).encode()

        # The gateway's own work is not that of the event loop.
        body = await asyncio.to_thread(build)
        return web.Response(body=body, content_type="application/json")

    gateway.books_fault = answer
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(
        entry, options={**OPTIONS, CONF_HISTORY_DAYS: 365}
    )
    gc.collect()
    started = time.perf_counter()
    with watched_memory() as most, watched_loop() as loop:
        await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
    write(
        records="hourly",
        account="year",
        **asked(received),
        rows=await rows(hass),
        seconds=time.perf_counter() - started,
        memory=most[0],
        longest=loop.longest,
    )
