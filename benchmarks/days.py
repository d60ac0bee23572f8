"""Days of an account, poll by poll, in the Home Assistant of the tests."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import process_time

from freezegun.api import FrozenDateTimeFactory

from custom_components.llm_gateway_account.polling import UPDATE_INTERVAL
from homeassistant.core import HomeAssistant
from tests.helpers import jump

START = datetime(2026, 11, 17, 12, tzinfo=UTC)
POLLS = timedelta(days=1) // UPDATE_INTERVAL

# Until nothing of the set-up is left to be read.
SETTLED_AFTER = timedelta(hours=6)

# Points of a request, of which there is one between two polls.
COST = 777


async def settle(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Let hours pass in which nothing happens."""
    for _ in range(SETTLED_AFTER // UPDATE_INTERVAL):
        await jump(hass, freezer, UPDATE_INTERVAL)


async def pass_day(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, use: Callable[[int], None]
) -> float:
    """Let a day pass with a use before each poll; return the CPU time in seconds.

    In it is that of the simulated gateway and of the clock: a day without the account
    tells how much.
    """
    started = process_time()
    for number in range(POLLS):
        use(number)
        await jump(hass, freezer, UPDATE_INTERVAL)
    return process_time() - started
