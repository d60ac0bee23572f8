"""Whether many accounts at a gateway are polled alike: `python -m benchmarks.fairness`.

Real coordinators and limiters on an event loop whose clock goes on to whatever is due
next; a gateway answers at once.
"""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from itertools import chain, pairwise
import json
import selectors
from statistics import median
import sys
from typing import Any, override

from custom_components.llm_gateway_account.gateway import Limiter, Priority
from custom_components.llm_gateway_account.polling import (
    UPDATE_INTERVAL,
    GatewayCoordinator,
)
from homeassistant.core import HomeAssistant

from .core import account_entry

ACCOUNTS = 1000
GATEWAYS = (1, 100)
WATCHED_FOR = timedelta(hours=6)


class Skipping(selectors.DefaultSelector):
    """Waits for nothing, and notes how long it would have waited."""

    passed = 0.0

    @override
    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        self.passed += timeout or 0
        return super().select(0)


class Loop(asyncio.SelectorEventLoop):
    """An event loop on which all that is due later is due now."""

    def __init__(self) -> None:
        """Start at zero."""
        self._clock = Skipping()
        super().__init__(self._clock)

    @override
    def time(self) -> float:
        """Return the seconds that seem to have passed."""
        return self._clock.passed


class Polled(GatewayCoordinator[None, None]):
    """Waits for its turn, as an account does, and notes when that was."""

    def __init__(self, hass: HomeAssistant, number: int, limiter: Limiter) -> None:
        """Prepare the polls."""
        entry = account_entry("https://example.org", number, "")
        super().__init__(hass, entry, None, UPDATE_INTERVAL)  # type: ignore[arg-type]
        self.times: list[float] = []
        self._limiter = limiter
        self.async_add_listener(lambda: None)

    @override
    async def _async_ask(self) -> None:
        await self._limiter.async_acquire(
            Priority.POLL if self.times else Priority.SET_UP
        )
        self.times.append(self.hass.loop.time())

    @override
    def _async_take(self, answer: None) -> None:
        """Nothing is shown."""


async def measure(gateways: int) -> dict[str, float]:
    """Return the seconds between two polls of one account, from a start on."""
    hass = HomeAssistant("")
    limiters = [Limiter() for _ in range(gateways)]
    accounts = [
        Polled(hass, number, limiters[number % gateways]) for number in range(ACCOUNTS)
    ]
    await asyncio.gather(*(each.async_refresh() for each in accounts))
    await asyncio.sleep(WATCHED_FOR.total_seconds())
    gaps = [
        later - earlier
        for earlier, later in chain.from_iterable(
            # Also the one that is not over.
            pairwise([*each.times, hass.loop.time()])
            for each in accounts
        )
    ]
    return {
        "accounts": ACCOUNTS,
        "gateways": gateways,
        "median": median(gaps),
        "longest": max(gaps),
    }


def run(measurement: Coroutine[Any, Any, dict[str, float]]) -> dict[str, float]:
    """Run a measurement in no time."""
    with asyncio.Runner(loop_factory=Loop) as runner:
        return runner.run(measurement)


if __name__ == "__main__":
    json.dump([run(measure(gateways)) for gateways in GATEWAYS], sys.stdout)
