"""Thousands of polls, reloads and new tokens: nothing may grow.

Run by `scripts/endurance`, which shows the figures; too long for every run of the
tests.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
import gc
import logging
from pathlib import Path
from random import Random
import resource
from time import CLOCK_MONOTONIC, clock_gettime
from typing import Any
from unittest.mock import patch

import aiohttp
from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.llm_gateway_account.const import CONF_USER_ID
from custom_components.llm_gateway_account.coordinator import (
    UPDATE_INTERVAL,
    AccountCoordinator,
)
from custom_components.llm_gateway_account.entity import AccountEntity
from custom_components.llm_gateway_account.failures import CERTAIN_AFTER
from custom_components.llm_gateway_account.gateway import (
    Account,
    GatewayClient,
    GatewayError,
)
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant

from .faults import ENDED_BY_TIME, FAULTS
from .gateway_server import USER_ID, GatewayServer
from .helpers import jump
from .watching import issues

POLLS = 5000
RELOADS = 500
ROUNDS = 200

# In seconds. What takes longer is felt by everything else in Home Assistant.
LONGEST_STEP = 0.2

OURS = (
    AccountCoordinator,
    AccountEntity,
    GatewayClient,
    Account,
    aiohttp.ClientSession,
)


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Keep the records of thousands of polls out of the memory that is measured."""
    caplog.set_level(logging.CRITICAL)


@pytest.fixture
def hass_config_dir(tmp_path: Path) -> str:
    """Write to a disk: the storage of the tests remembers every write."""
    return str(tmp_path)


@pytest.fixture
def hass_storage() -> None:
    """Be no storage of the tests."""


def figures(hass: HomeAssistant) -> Counter[str]:
    """Count what could grow."""
    gc.collect()
    counts: Counter[str] = Counter()
    for thing in gc.get_objects():
        for kind in OURS:
            if isinstance(thing, kind):
                counts[kind.__name__] += 1
    counts["tasks"] = len(asyncio.all_tasks())
    counts["listeners"] = sum(hass.bus.async_listeners().values())
    # asyncio keeps some that are cancelled until it has enough of them.
    scheduled = hass.loop._scheduled  # type: ignore[attr-defined]
    counts["timers"] = sum(not each.cancelled() for each in scheduled)
    counts["objects"] = len(gc.get_objects())
    counts["KiB at most"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return counts


def compare(
    show: Callable[[str], None], what: str, before: Counter[str], after: Counter[str]
) -> None:
    """Show what grew, and fail where anything of ours did."""
    grown = {key: after[key] - before[key] for key in sorted(after | before)}
    show(f"{what}: " + ", ".join(f"{key} {value:+}" for key, value in grown.items()))
    for kind in OURS:
        assert grown.get(kind.__name__, 0) <= 0, kind
    assert grown["tasks"] <= 0
    assert grown["listeners"] <= 0
    assert grown["timers"] <= 2
    assert grown["objects"] < 2000
    assert grown["KiB at most"] < 20_000


@contextmanager
def watch_the_loop() -> Generator[list[float]]:
    """Yield a list that gets the seconds of the longest step of the event loop.

    Where something else had the processor in the middle of a step, only the time on
    the processor counts.
    """
    longest = [0.0]
    run = asyncio.Handle._run

    def timed_run(handle: asyncio.Handle) -> None:
        before = resource.getrusage(resource.RUSAGE_THREAD)
        started = clock_gettime(CLOCK_MONOTONIC)  # goes on while time is stopped
        run(handle)
        seconds = clock_gettime(CLOCK_MONOTONIC) - started
        after = resource.getrusage(resource.RUSAGE_THREAD)
        if after.ru_nivcsw > before.ru_nivcsw:
            seconds = (after.ru_utime + after.ru_stime) - (
                before.ru_utime + before.ru_stime
            )
        longest[0] = max(longest[0], seconds)

    with patch.object(asyncio.Handle, "_run", timed_run):
        yield longest


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Return what prints a figure for the person at the terminal."""

    def show_line(text: str) -> None:
        with capsys.disabled():
            print(f"\n  {text}", end="", flush=True)  # noqa: T201

    return show_line


@pytest.mark.usefixtures("freezer")
async def test_polls(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    show: Callable[[str], None],
) -> None:
    """Half of the polls fail, each in its own way; none ever needs a person."""
    random = Random(20261123)  # noqa: S311
    faults = [
        (fault, error)
        for name, (fault, error) in FAULTS.items()
        # What only time ends would never end: the clock stands still.
        if name not in ENDED_BY_TIME
    ]
    blocked: list[float] = []
    before = Counter[str]()
    seen: set[type[GatewayError]] = set()
    for number in range(POLLS):
        if number == POLLS // 10:
            gateway.fault = None
            await jump(hass, freezer, UPDATE_INTERVAL)
            await loaded_entry.runtime_data.account.storage.async_save()
            before = figures(hass)
        fault, error = random.choice([(None, None), random.choice(faults)])
        # The second of its kind since the last good answer would need one.
        if error in seen & CERTAIN_AFTER.keys():
            fault = error = None
        seen = seen | {error} if error else set()
        gateway.fault = fault
        gateway.account.leave(gateway.account.quota - 1)
        gateway.requests.clear()
        with watch_the_loop() as longest:
            await jump(hass, freezer, UPDATE_INTERVAL)
        blocked.append(longest[0])
        assert gateway.requests
    gateway.fault = None
    await jump(hass, freezer, UPDATE_INTERVAL)
    # Whether the last poll's write is still due, and listens for the stop of Home
    # Assistant, is up to the disk. At both counts none is.
    await loaded_entry.runtime_data.account.storage.async_save()
    compare(show, f"{POLLS} polls", before, figures(hass))
    show(
        "event loop blocked, by the server in the same process too:"
        f" {sorted(blocked)[POLLS // 2] * 1000:.1f} ms in the median poll,"
        f" {max(blocked) * 1000:.1f} ms at most"
    )
    assert max(blocked) < LONGEST_STEP
    assert (
        loaded_entry.runtime_data.account.data.account.used_quota
        == gateway.account.used_quota
    )
    assert not hass.config_entries.flow.async_progress()
    assert issues(hass) == []


async def test_reloads(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    show: Callable[[str], None],
) -> None:
    before = Counter[str]()
    for number in range(RELOADS):
        gateway.requests.clear()
        if number == RELOADS // 10:
            before = figures(hass)
        assert await hass.config_entries.async_reload(loaded_entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
    compare(show, f"{RELOADS} reloads", before, figures(hass))


async def test_new_tokens_and_reconfigurations(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    show: Callable[[str], None],
) -> None:
    before = Counter[str]()
    for number in range(ROUNDS):
        if number == ROUNDS // 10:
            before = figures(hass)
        gateway.requests.clear()
        gateway.account.access_token = f"token{number}"
        flow: Any = await loaded_entry.start_reauth_flow(hass)
        for token in ("wrong", f"token{number}"):
            result = await hass.config_entries.flow.async_configure(
                flow["flow_id"], {CONF_ACCESS_TOKEN: token}
            )
        assert result["reason"] == "reauth_successful"
        await hass.async_block_till_done(wait_background_tasks=True)
        flow = await loaded_entry.start_reconfigure_flow(hass)
        for user_id in ("12", str(USER_ID)):
            result = await hass.config_entries.flow.async_configure(
                flow["flow_id"], {CONF_URL: gateway.url, CONF_USER_ID: user_id}
            )
        assert result["reason"] == "reconfigure_successful"
        await hass.async_block_till_done(wait_background_tasks=True)
    compare(show, f"{ROUNDS} rounds of new settings", before, figures(hass))


async def test_nothing_is_left_after_the_end(
    hass: HomeAssistant, entry: MockConfigEntry, show: Callable[[str], None]
) -> None:
    entry.add_to_hass(hass)
    # The first time loads what stays: the integration and its platforms.
    await set_up_and_unload(hass, entry)
    before = figures(hass)
    for _ in range(50):
        await set_up_and_unload(hass, entry)
    after = figures(hass)
    show(f"after 50 times set up and unloaded: {after['ClientSession']} sessions")
    for kind in OURS:
        assert after[kind.__name__] == 0, kind
    for name in ("tasks", "listeners", "timers"):
        assert after[name] <= before[name], name


async def set_up_and_unload(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Let an account come and go."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
