"""Many accounts: `python -m benchmarks.scale 100 10` tells of 100 at 10 gateways."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
import gc
import json
import logging
import sys
import time
from typing import Any, override
from unittest.mock import patch

import psutil

from custom_components.llm_gateway_account.const import DOMAIN
from homeassistant.components.sensor import SensorEntity
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity_platform import EntityPlatform
from homeassistant.helpers.update_coordinator import (
    CoordinatorEntity,
    DataUpdateCoordinator,
)
from homeassistant.setup import async_setup_component
from homeassistant.util.async_ import create_eager_task

from .core import account_entry, add_without_set_up, home_assistant, run, unlimited
from .gateway import FIRST_ID, gateways, token

# That an account has by default.
ENTITIES = 19

# The polls of five minutes in so many seconds.
SPREAD = 5


class Loop:
    """What the event loop was busy with, in milliseconds of its thread's CPU time."""

    def __init__(self) -> None:
        """Begin to count."""
        self.busy = 0.0
        self.longest = 0.0
        """The longest step, without the garbage collections in it."""
        self.longest_collection = 0.0


@contextmanager
def watched_loop() -> Generator[Loop]:
    """Yield what gets the figures of the event loop, meanwhile and at the end."""
    watched = Loop()
    collected = began = 0
    run_handle = asyncio.Handle._run

    def watch_collection(phase: str, _: dict[str, int]) -> None:
        nonlocal collected, began
        if phase == "start":
            began = time.thread_time_ns()
            return
        duration = time.thread_time_ns() - began
        collected += duration
        watched.longest_collection = max(watched.longest_collection, duration / 1e6)

    def timed_run(handle: asyncio.Handle) -> None:
        before = time.thread_time_ns() - collected
        run_handle(handle)
        if is_watched:
            step = (time.thread_time_ns() - collected - before) / 1e6
            watched.longest = max(watched.longest, step)

    started = time.thread_time_ns()
    is_watched = True
    gc.callbacks.append(watch_collection)
    with patch.object(asyncio.Handle, "_run", timed_run):
        yield watched
        # The step that ends the watch goes on after it.
        is_watched = False
    gc.callbacks.remove(watch_collection)
    watched.busy = (time.thread_time_ns() - started) / 1e6


def memory() -> int:
    """Return the bytes that the process has in memory."""
    gc.collect()
    return psutil.Process().memory_info().rss


async def spread_polls(entries: list[ConfigEntry[Any]]) -> None:
    """Poll each account once, one after the other over some time."""
    polls = []
    for entry in entries:
        polls.append(asyncio.create_task(entry.runtime_data.account.async_refresh()))
        await asyncio.sleep(SPREAD / len(entries))
    await asyncio.gather(*polls)


async def set_up(hass: HomeAssistant, entries: list[ConfigEntry[Any]]) -> None:
    """Set accounts up at once, as Home Assistant does when it starts."""
    await asyncio.sleep(0)  # into a step that is watched
    await asyncio.gather(
        *(
            create_eager_task(hass.config_entries.async_setup(entry.entry_id))
            for entry in entries
        )
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    assert all(entry.state is ConfigEntryState.LOADED for entry in entries)


async def measure(hass: HomeAssistant, urls: list[str], accounts: int) -> Any:
    """Set all accounts up at once, as a start does, and poll them."""
    per_gateway = accounts // len(urls)
    # Home Assistant looks for a free entity ID by trying one after the other.
    entries = [
        account_entry(url, FIRST_ID + number, token(number), f"Account {host} {number}")
        for number in range(per_gateway)
        for host, url in enumerate(urls)
    ]
    # What the first of all needs, the others share.
    first, *others = entries
    await hass.config_entries.async_add(first)
    await hass.async_block_till_done(wait_background_tasks=True)
    before = memory()
    for entry in others:
        add_without_set_up(hass, entry)
    await set_up(hass, others)
    after = memory()
    # A start finds the entities registered.
    for entry in others:
        await hass.config_entries.async_unload(entry.entry_id)
    with watched_loop() as start:
        await set_up(hass, others)
    with watched_loop() as spread:
        await spread_polls(entries)
    with watched_loop() as at_once:
        await asyncio.sleep(0)
        await asyncio.gather(
            *(each.runtime_data.account.async_refresh() for each in entries)
        )
    return {
        "accounts": accounts,
        "gateways": len(urls),
        "memory": (after - before) / max(len(others), 1),
        "start_longest": start.longest,
        "collection_longest": start.longest_collection,
        "start": start.busy / max(len(others), 1),
        "spread_longest": spread.longest,
        "poll": spread.busy / accounts,
        "at_once_longest": at_once.longest,
        "poll_at_once": at_once.busy / accounts,
    }


class BareSensor(CoordinatorEntity[DataUpdateCoordinator[int]], SensorEntity):
    """The least that an entity of a coordinator is."""

    _attr_has_entity_name = True

    def __init__(
        self, coordinator: DataUpdateCoordinator[int], entry_id: str, number: int
    ) -> None:
        """Give it a device, an ID and a name."""
        super().__init__(coordinator)
        self._attr_unique_id = f"{entry_id}_{number}"
        self._attr_name = f"Sensor {number}"
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, entry_id)})

    @property
    @override
    def native_value(self) -> int:
        """Return the value."""
        return self.coordinator.data


async def add_bare(hass: HomeAssistant, number: int) -> None:
    """Add as many bare sensors as an account has entities."""
    entry = account_entry("https://example.org", number, "", f"Account {number}")
    add_without_set_up(hass, entry)
    coordinator = DataUpdateCoordinator[int](
        hass, logging.getLogger(__name__), config_entry=entry, name="bare"
    )
    coordinator.data = 1
    platform = EntityPlatform(
        hass=hass,
        logger=logging.getLogger(__name__),
        domain="sensor",
        platform_name=DOMAIN,
        platform=None,
        scan_interval=timedelta(minutes=5),
        entity_namespace=None,
    )
    platform.config_entry = entry
    await platform.async_add_entities(
        BareSensor(coordinator, entry.entry_id, each) for each in range(ENTITIES)
    )


async def measure_bare(hass: HomeAssistant, accounts: int) -> Any:
    """Measure what Home Assistant itself needs for the entities of accounts."""
    await add_bare(hass, 0)
    before = memory()
    for number in range(1, accounts):
        await add_bare(hass, number)
    assert len(hass.states.async_all()) == accounts * ENTITIES
    return {
        "accounts": accounts,
        "entities": ENTITIES,
        "memory": (memory() - before) / (accounts - 1),
    }


async def main(accounts: int, number: int) -> None:
    """Measure so many accounts at so many gateways; bare sensors where that is 0."""
    async with (
        gateways(number=number, accounts=accounts // max(number, 1)) as urls,
        home_assistant() as hass,
    ):
        for domain in ("sensor", "binary_sensor", "event"):
            await async_setup_component(hass, domain, {})
        await async_setup_component(hass, DOMAIN, {})
        if not number:
            json.dump(await measure_bare(hass, accounts), sys.stdout)
            return
        with unlimited():
            json.dump(await measure(hass, urls, accounts), sys.stdout)


if __name__ == "__main__":
    run(main(int(sys.argv[1]), int(sys.argv[2])))
