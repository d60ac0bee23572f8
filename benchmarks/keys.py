"""What the API keys and the plan of an account cost: requests and rows of a day.

Run by pytest, whose Home Assistant lets a day pass at once. Each figure is a line of
JSON at the end of the file that the environment variable FIGURES names.
"""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from sqlalchemy import text

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.util import session_scope
from homeassistant.core import HomeAssistant
from tests.gateway_server import NEW_API_2026_08, ONE_API, Fork, GatewayServer
from tests.helpers import setup
from tests.keys import show

from .days import COST, START, pass_day, settle
from .figures import write

NUMBER_OF_KEYS = 20


async def rows(hass: HomeAssistant) -> int:
    """Return how many states were written."""

    def count() -> int:
        with session_scope(hass=hass, read_only=True) as session:
            return int(session.scalar(text("SELECT count(*) FROM states")))

    await get_instance(hass).async_block_till_done()
    return await get_instance(hass).async_add_executor_job(count)


@pytest.mark.usefixtures("silence", "whole_past")
@pytest.mark.parametrize("shown", ["none", "all"])
@pytest.mark.parametrize("account", ["idle", "busy"])
@pytest.mark.parametrize(
    ("server", "fork"), [("new-api", NEW_API_2026_08), ("one-api", ONE_API)]
)
async def test_day(  # noqa: PLR0913, PLR0917
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    received: list[tuple[str, int]],
    server: str,
    fork: Fork,
    account: str,
    shown: str,
) -> None:
    """Add an account with keys and a plan, let a day pass, and count."""
    hass.loop.set_debug(enabled=False)
    await hass.config.async_set_time_zone("Europe/Berlin")
    freezer.move_to(START + timedelta(seconds=150))
    gateway.fork = fork
    keys = [
        gateway.keys.create(f"key {number}", remain_quota=5_000_000)
        for number in range(NUMBER_OF_KEYS)
    ]
    has_plan = shown == "all"
    if has_plan:
        # It pays for one request after the other, as the balance does otherwise.
        gateway.plans.buy("Pro", total=50_000_000)
    show(entry, shown)
    await setup(hass, entry)
    await settle(hass, freezer)
    received.clear()
    before = await rows(hass)

    def use(number: int) -> None:
        if account == "busy":
            assert fork.keys
            gateway.keys.use(keys[number % NUMBER_OF_KEYS], fork.keys, COST)
            if has_plan:
                gateway.plans.spend(COST)

    seconds = await pass_day(hass, freezer, use)
    requests, size = len(received), sum(each for _, each in received)
    states = await rows(hass) - before
    await hass.config_entries.async_unload(entry.entry_id)
    seconds -= await pass_day(hass, freezer, use)
    write(
        server=server,
        account=account,
        shown=shown,
        requests=requests,
        bytes=size,
        states=states,
        cpu=seconds,
    )
