"""What a poll costs: `python -m benchmarks.polls` tells the figures of one process.

Everything is measured in turn, round for round, so that whatever else the machine
does falls on all alike.
"""

from datetime import timedelta
import gc
import json
import logging
from random import Random
from statistics import median
import sys
import time
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

import orjson
from yarl import URL

from custom_components.llm_gateway_account.binary_sensor import BINARY_SENSORS
from custom_components.llm_gateway_account.const import DOMAIN
from custom_components.llm_gateway_account.coordinator import AccountCoordinator
from custom_components.llm_gateway_account.event import ACCOUNT_EVENT
from custom_components.llm_gateway_account.gateway.client import (
    ACCOUNT_PATH,
    USER_ID_HEADERS,
)
from custom_components.llm_gateway_account.sensor import AMOUNTS, SENSORS
from custom_components.llm_gateway_account.storage import AccountStore
from homeassistant.config_entries import SOURCE_USER, ConfigEntry
from homeassistant.const import CONF_API_KEY, EVENT_STATE_CHANGED, Platform
from homeassistant.core import (
    Event,
    EventStateChangedData,
    HomeAssistant,
    callback,
)
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.aiohttp_client import async_create_clientsession
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from tests.gateway_server import ServerAccount

from .core import account_entry, home_assistant, run, unlimited
from .gateway import FIRST_ID, gateways, token
from .past import memory_of, past_week
from .rest import SAME_SENSORS, Poll, rest_config, set_up_rest

ROUNDS = 400
WARM_UP = 100

# The accounts at the gateway. Nobody uses the first two; everything that is shown
# of the others changes with every answer.
IDLE, IDLE_SIX, BUSY, BUSY_SIX = range(4)

KEYS = {
    Platform.SENSOR: [*AMOUNTS, *SENSORS],
    Platform.BINARY_SENSOR: BINARY_SENSORS,
    Platform.EVENT: [ACCOUNT_EVENT],
}


def floor(hass: HomeAssistant, url: str) -> Poll:
    """Return the least there is: one request, and its body parsed.

    Its headers are those of this integration, which asks for the same encoding.
    """
    session = async_create_clientsession(hass)
    headers = {
        "Accept": "application/json",
        **dict.fromkeys(USER_ID_HEADERS, str(FIRST_ID)),
        "Authorization": f"Bearer {token(IDLE)}",
    }
    address = URL(url).joinpath(ACCOUNT_PATH)

    async def poll() -> Any:
        async with session.get(address, headers=headers) as response:
            return orjson.loads(await response.read())

    return poll


def bare_coordinator(hass: HomeAssistant, poll: Poll) -> Poll:
    """Return the same through Home Assistant's coordinator, without entities."""
    coordinator = DataUpdateCoordinator(
        hass,
        logging.getLogger(__name__),
        config_entry=None,
        name="bare",
        update_method=poll,
    )
    return coordinator.async_refresh


async def ours(
    hass: HomeAssistant, url: str, number: int, only: tuple[str, ...] = ()
) -> AccountCoordinator:
    """Set up an account that was watched for a week; return its coordinator.

    With `only`, exactly the entities of these keys are enabled.
    """
    entry = account_entry(url, FIRST_ID + number, token(number))
    account = ServerAccount()
    # What was used a moment ago is looked at once more, whatever the minute.
    past = [
        (hour - timedelta(hours=1), quota, used)
        for hour, quota, used in past_week(account)
    ]
    await AccountStore(hass, entry).async_save(memory_of(account, past))
    if only:
        registry = er.async_get(hass)
        for platform, descriptions in KEYS.items():
            for key in (each.key for each in descriptions):
                registry.async_get_or_create(
                    platform,
                    DOMAIN,
                    f"{entry.entry_id}_{key}",
                    disabled_by=(
                        None if key in only else er.RegistryEntryDisabler.USER
                    ),
                )
    await hass.config_entries.async_add(entry)
    await hass.async_block_till_done(wait_background_tasks=True)
    coordinator: AccountCoordinator = entry.runtime_data.account
    return coordinator


async def trmnl(hass: HomeAssistant, url: str) -> Poll:
    """Set up a core integration of the same class; return its poll."""
    entry: ConfigEntry[Any] = ConfigEntry(
        domain="trmnl",
        title="Benchmark",
        version=1,
        minor_version=1,
        source=SOURCE_USER,
        unique_id="benchmark",
        discovery_keys=MappingProxyType({}),
        subentries_data=None,
        data={CONF_API_KEY: "x"},
        options={},
    )
    await hass.config_entries.async_add(entry)
    await hass.async_block_till_done(wait_background_tasks=True)
    poll: Poll = entry.runtime_data.async_refresh
    return poll


async def measure(
    polls: dict[str, Poll], rounds: int = ROUNDS
) -> dict[str, dict[str, float]]:
    """Return the microseconds of CPU time of each poll, in the median.

    `process` is that of all threads, `loop` that of the event loop's alone.
    """
    times: dict[str, list[tuple[int, int]]] = {name: [] for name in polls}
    # What runs first after another is slower: no one always follows the same.
    order = Random(1)  # noqa: S311
    names = list(polls)
    gc.collect()
    gc.freeze()
    for number in range(WARM_UP + rounds):
        order.shuffle(names)
        for name in names:
            process, thread = time.process_time_ns(), time.thread_time_ns()
            await polls[name]()
            if number >= WARM_UP:
                times[name].append(
                    (time.process_time_ns() - process, time.thread_time_ns() - thread)
                )
    return {
        name: {
            "process": median(process for process, _ in pairs) / 1000,
            "loop": median(thread for _, thread in pairs) / 1000,
        }
        for name, pairs in times.items()
    }


async def count_states(hass: HomeAssistant, poll: Poll) -> int:
    """Return how many states a poll writes anew."""
    states: list[Event[EventStateChangedData]] = []

    @callback
    def count(event: Event[EventStateChangedData]) -> None:
        states.append(event)

    remove = hass.bus.async_listen(EVENT_STATE_CHANGED, count)
    await poll()
    remove()
    return len(states)


async def main() -> None:
    """Set everything up, and measure it."""
    async with (
        gateways(accounts=4, busy=2) as (url,),
        home_assistant() as hass,
    ):
        least = floor(hass, url)
        rest_idle, rest_busy = await set_up_rest(
            hass,
            *(
                rest_config(url, FIRST_ID + number, token(number))
                for number in (IDLE, BUSY)
            ),
        )
        with unlimited(), patch("trmnl.trmnl.URL.build", lambda **_: URL(url)):
            idle = await ours(hass, url, IDLE)
            idle_six = await ours(hass, url, IDLE_SIX, SAME_SENSORS)
            busy = await ours(hass, url, BUSY)
            busy_six = await ours(hass, url, BUSY_SIX, SAME_SENSORS)
            polls = {
                "floor": least,
                "coordinator": bare_coordinator(hass, least),
                "client": idle.client.async_get_account,
                "idle": idle.async_refresh,
                "idle_six": idle_six.async_refresh,
                "rest_idle": rest_idle,
                "busy": busy.async_refresh,
                "busy_six": busy_six.async_refresh,
                "rest_busy": rest_busy,
                "trmnl": await trmnl(hass, url),
            }
            figures = await measure(polls)
            for name, poll in polls.items():
                figures[name]["states"] = await count_states(hass, poll)
            json.dump(figures, sys.stdout)


if __name__ == "__main__":
    run(main())
