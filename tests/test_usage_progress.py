"""Readings that are long, ended or begun at the wrong moment, or needless."""

import asyncio
from dataclasses import asdict
from datetime import timedelta
import gc
import json
import subprocess
import sys
import tracemalloc
from typing import Any
from unittest.mock import patch

from aiohttp import web
from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.llm_gateway_account import statistics
from custom_components.llm_gateway_account.const import CONF_HISTORY_DAYS, DOMAIN
from custom_components.llm_gateway_account.storage import AccountStorage
from homeassistant.components.recorder.core import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from . import ROOT
from .conftest import OPTIONS
from .gateway_books import DAY, HOUR
from .gateway_server import NEW_API, GatewayServer
from .helpers import setup
from .usage_truth import ALL, NOON, USAGE, charged, series, stored_of


@pytest.fixture(autouse=True)
def past(freezer: FrozenDateTimeFactory, gateway: GatewayServer) -> None:
    """Stop the clock, at a gateway that knows of some months."""
    freezer.move_to(NOON)
    gateway.fork = NEW_API
    gateway.books.started -= 400 * DAY
    for hour in range(1, 120 * 24, 19):
        moment = NOON - timedelta(hours=hour)
        gateway.books.spend(f"model-{hour % 3}", 1000 + hour, at=moment.timestamp())


class Held:
    """A gateway whose books answer once somebody lets them."""

    def __init__(self, gateway: GatewayServer) -> None:
        """Hold every answer."""
        self.gateway = gateway
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        gateway.books_fault = self

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request."""
        self.asked.set()
        await self.may_answer.wait()
        answer = self.gateway._recorded(request)
        assert answer
        return answer


async def test_what_is_written_at_the_unload_is_the_last_word(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    """A reading that is going on changes nothing after it, and is made anew."""
    held = Held(gateway)
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await held.asked.wait()
    stored, save = stored_of(entry), AccountStorage.async_save
    reading, known = entry.runtime_data.usage._task, list[Any]()

    async def slow_save(storage: AccountStorage) -> None:
        known.append(asdict(stored))
        await save(storage)
        held.may_answer.set()
        while not reading.done():  # noqa: ASYNC110
            await asyncio.sleep(0)

    with patch.object(AccountStorage, "async_save", slow_save):
        await hass.config_entries.async_unload(entry.entry_id)
    written = hass_storage[f"{DOMAIN}.{entry.entry_id}"]["data"]["usage"]
    assert known
    assert all(each == asdict(stored) for each in known)
    assert written == json.loads(json.dumps(asdict(stored)))
    await hass.config_entries.async_setup(entry.entry_id)
    found, truth = await series(hass), charged(gateway)
    for name, hours in found.items():
        assert hours == pytest.approx({hour: truth[name][hour] for hour in hours})
    assert stored_of(entry).series


async def test_no_reading_begins_while_the_history_is_cleared(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    """Whoever asks for one: what it wrote would be of the old and be missing later."""
    await setup(hass, entry)
    assert await async_setup_component(hass, "homeassistant", {})
    before = await series(hass)
    usage = entry.runtime_data.usage
    held = Held(gateway)

    async def clear() -> None:
        await hass.services.async_call(
            "homeassistant",
            "update_entity",
            {"entity_id": "sensor.example_gateway_usage_records"},
            blocking=True,
        )
        assert not usage._is_reading
        await statistics.async_clear(hass, lambda _: True)

    await usage.async_begin_anew(clear())
    held.may_answer.set()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert await series(hass) == before


async def test_two_who_clear_at_once(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    await setup(hass, entry)
    before = await series(hass)
    usage = entry.runtime_data.usage
    await asyncio.gather(
        *(
            usage.async_begin_anew(statistics.async_clear(hass, lambda _: True))
            for _ in range(2)
        )
    )
    assert await series(hass) == before


async def test_reading_that_somebody_asks_for(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    await setup(hass, entry)
    assert await async_setup_component(hass, "homeassistant", {})
    gateway.requests.clear()
    gateway.books.spend("gpt-5", 500_000, at=(NOON - timedelta(hours=2)).timestamp())
    await hass.services.async_call(
        "homeassistant",
        "update_entity",
        {"entity_id": "sensor.example_gateway_usage_records"},
        blocking=True,
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    assert gateway.paths().count(USAGE) == 1
    assert sum((await series(hass))["gpt-5"].values()) == 1


async def test_past_is_written_oldest_first(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    """Each window of it follows the one before; none is asked for twice."""
    entry.__dict__["options"] = {**OPTIONS, CONF_HISTORY_DAYS: 365}
    await setup(hass, entry)
    asked = [
        tuple(int(request.query[f"{each}_timestamp"]) for each in ("start", "end"))
        for request in gateway.requests
        if request.path == USAGE
    ]
    stored = stored_of(entry)
    # The month before the account was added comes first of all.
    begin = asked[1][0]
    windows = [window for window in asked if window[1] < begin]
    assert windows[0][0] == stored.history_from == stored.imported_from
    for earlier, later in zip(windows, [*windows[1:], (begin, 0)], strict=True):
        assert earlier[1] == later[0] - 1
    found, truth = await series(hass), charged(gateway)
    assert found[ALL] == pytest.approx(truth[ALL])


async def test_memory_of_a_year(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    """A year of twelve models in every hour, with what of it goes to the recorder.

    What the recorder itself takes is measured in `benchmarks/usage.py`.
    """
    hass.loop.set_debug(enabled=False)
    written = 0

    def count(hass: HomeAssistant, metadata: object, rows: list[Any]) -> None:
        nonlocal written
        written += len(rows)

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.path != USAGE:
            return web.json_response({"success": True, "data": {"quota": 0}})
        start, end = (
            int(request.query[f"{each}_timestamp"]) for each in ("start", "end")
        )
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"success": true, "data": [')
        # Piece by piece, or the gateway would need the memory.
        for day in range(start + -start % HOUR, end + 1, DAY):
            rows = (
                f'{{"created_at": {hour}, "model_name": "model-{number}",'
                ' "count": 3, "quota": 1234, "token_used": 1500},'
                for hour in range(day, min(day + DAY, end + 1), HOUR)
                for number in range(12)
            )
            await response.write("".join(rows).encode())
        await response.write(b"null]}")
        await response.write_eof()
        return response

    gateway.books_fault = answer
    entry.__dict__["options"] = {**OPTIONS, CONF_HISTORY_DAYS: 365}
    with patch.object(statistics, "async_add_external_statistics", count):
        gc.collect()
        tracemalloc.start()
        try:
            await setup(hass, entry)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    stored = stored_of(entry)
    assert stored.imported_from == stored.history_from
    # With the series of all models.
    assert written > 364 * 24 * 13
    assert most < 64 * 1024 * 1024


MODULES = sorted(
    path.stem
    for path in (ROOT / "custom_components" / DOMAIN).glob("*.py")
    if path.stem not in {"__init__", "statistics"}
)


def test_home_without_a_recorder_imports_none() -> None:
    """Nor the database, whatever of the integration is used."""
    names = [f"custom_components.{DOMAIN}.{name}" for name in MODULES]
    code = (
        "import sys, importlib\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        "print([name for name in sys.modules if name.startswith(\n"
        "    ('sqlalchemy', 'homeassistant.components.recorder'))])"
    )
    process = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True
    )
    assert process.stdout.decode().strip() == "[]"
