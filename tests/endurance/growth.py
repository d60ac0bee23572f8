"""What could grow in a long life, counted and compared."""

import asyncio
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
import gc
import resource
from time import CLOCK_MONOTONIC, clock_gettime
from unittest.mock import NonCallableMock, patch

import aiohttp
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from custom_components.llm_gateway_account.gateway import Account, GatewayClient
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.recorder import DATA_INSTANCE
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

OURS = "custom_components.llm_gateway_account"

# The gateway that is asked keeps what it needs for its books of the last days.
GATEWAYS = "tests."
# It has a task for each connection.
TASK_OF_GATEWAY = "RequestHandler.start"

# Of these there are as many as before. What else is ours may be one more or less with
# what happened last, such as the hours of a week in which something was spent.
FIXED = (
    DataUpdateCoordinator,
    Entity,
    GatewayClient,
    Account,
    aiohttp.ClientSession,
)
MORE_OF_OURS = 20
MORE_OBJECTS = 2000
MORE_KIB = 20_000


@dataclass(frozen=True)
class Figures:
    """What there was at one moment."""

    counts: Counter[str]
    """Of what is fixed, of tasks, listeners and timers, and of all objects."""
    types: Counter[str]
    """Objects that the garbage collector knows, by the full name of their type."""
    kib: int
    """The most memory that the process ever had."""


async def figures(hass: HomeAssistant) -> Figures:
    """Wait until the recorder is done, and count what could grow."""
    if DATA_INSTANCE in hass.data:
        await async_wait_recording_done(hass)
    forget_calls()
    gc.collect()
    types: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for kind, number in Counter(map(type, gc.get_objects())).items():
        name = f"{kind.__module__}.{kind.__qualname__}"
        if not name.startswith(GATEWAYS):
            types[name] += number
        # Not with `issubclass`: an abstract class remembers whom it was asked about.
        for fixed in {*FIXED}.intersection(kind.__mro__):
            counts[fixed.__name__] += number
    counts["tasks"] = sum(
        getattr(task.get_coro(), "__qualname__", "") != TASK_OF_GATEWAY
        for task in asyncio.all_tasks()
    )
    counts["listeners"] = sum(hass.bus.async_listeners().values())
    # asyncio keeps some that are cancelled until it has enough of them.
    scheduled = hass.loop._scheduled  # type: ignore[attr-defined]
    counts["timers"] = sum(not each.cancelled() for each in scheduled)
    counts["objects"] = types.total()
    kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Figures(counts, types, kib)


def forget_calls() -> None:
    """Let the mocks of the test package remember no call; there is one per query."""
    for thing in gc.get_objects():
        if isinstance(thing, NonCallableMock):
            thing.reset_mock()


def compare(
    show: Callable[[str], None], what: str, before: Figures, after: Figures
) -> None:
    """Show what grew, by its type, and fail where anything of ours did."""
    kinds = before.counts | after.counts
    grown = {key: after.counts[key] - before.counts[key] for key in sorted(kinds)}
    kib = after.kib - before.kib
    show(
        f"{what}: "
        + ", ".join(f"{key} {value:+}" for key, value in grown.items())
        + f", KiB at most {kib:+}"
    )
    types = Counter(after.types)
    types.subtract(before.types)
    most = [(name, more) for name, more in types.most_common(8) if more > 0]
    show("  of which " + ", ".join(f"{name} {more:+}" for name, more in most))
    ours = {k: more for k, more in types.items() if k.startswith(OURS) and more > 0}
    show(f"  ours: {ours or 'nothing'}")
    for kind in FIXED:
        assert grown.get(kind.__name__, 0) <= 0, kind
    assert grown["tasks"] <= 0
    assert grown["listeners"] <= 0
    assert grown["timers"] <= 2
    assert all(more <= MORE_OF_OURS for more in ours.values()), ours
    assert grown["objects"] < MORE_OBJECTS, most
    assert kib < MORE_KIB


@dataclass
class Step:
    """The longest step of the event loop."""

    seconds: float = 0
    what: str = ""


@contextmanager
def watch_the_loop() -> Generator[Step]:
    """Yield what becomes the longest step of the event loop.

    Where something else had the processor in the middle of a step, of its thread or of
    one that it waits for, only the time on the processor counts.
    """
    longest = Step()
    run = asyncio.Handle._run

    def timed_run(handle: asyncio.Handle) -> None:
        before = resource.getrusage(resource.RUSAGE_SELF)
        started = clock_gettime(CLOCK_MONOTONIC)  # goes on while time is stopped
        run(handle)
        seconds = clock_gettime(CLOCK_MONOTONIC) - started
        after = resource.getrusage(resource.RUSAGE_SELF)
        if after.ru_nivcsw > before.ru_nivcsw:
            used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            seconds = min(seconds, used)
        if seconds > longest.seconds:
            longest.seconds, longest.what = seconds, repr(handle)

    with patch.object(asyncio.Handle, "_run", timed_run):
        yield longest
