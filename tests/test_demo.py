"""The demo while time passes: its graphs, and what its dashboard makes of them."""

from collections import defaultdict
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from itertools import chain
from random import Random
from typing import Any, Literal

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from demo.simulation import create_gateway
from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from . import PACKAGE
from .gateway_past import draw
from .gateway_server import GatewayServer
from .helpers import compile_statistics, jump, setup, state_of

# An hour and a bit before midnight in US/Pacific.
START = datetime(2026, 11, 26, 6, 45, tzinfo=UTC)
# At which statistics are compiled, and about as often as the demo makes a request.
STEP = timedelta(minutes=5)
RECORDS = "sensor.example_gateway_usage_records"
OWN = ("sensor.example_gateway_total_spent", "sensor.example_gateway_requests")


@pytest.fixture
async def gateway(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> AsyncGenerator[GatewayServer]:
    """Run the gateway of the demo."""
    freezer.move_to(START)
    server = create_gateway(dt_util.get_default_time_zone())
    await server.start()
    yield server
    await server.stop()


async def changes(
    hass: HomeAssistant, ids: list[str], period: Literal["hour", "day"]
) -> dict[str, dict[float, float]]:
    """Return by how much each of some statistics changed in each period."""
    found = await get_instance(hass).async_add_executor_job(
        statistics_during_period,
        hass,
        dt_util.utc_from_timestamp(0),
        None,
        set(ids),
        period,
        None,
        {"change"},
    )
    return {
        key: {row["start"]: row["change"] or 0 for row in rows}
        for key, rows in found.items()
    }


def series_of(hass: HomeAssistant) -> tuple[str, dict[str, str]]:
    """Return the IDs of the total and of the models, where the dashboard finds them."""
    state = hass.states.get(RECORDS)
    assert state
    total: str = state.attributes["statistic_id"]
    models: dict[str, str] = state.attributes["model_statistic_ids"]
    return total, models


async def test_graphs_over_the_next_hours_and_midnight(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    """Every bar is what was spent: none is negative, none is a whole past at once."""
    await setup(hass, entry)
    random = Random(1)  # noqa: S311
    steps = timedelta(hours=3) // STEP
    for number in range(steps):
        gateway.books.spend(**draw(random))
        await jump(hass, freezer, STEP)
        await compile_statistics(hass, START + number * STEP)
    assert state_of(hass, "binary_sensor.example_gateway_unusual_spending") == "off"

    total, models = series_of(hass)
    charged: dict[str, dict[float, float]] = defaultdict(lambda: defaultdict(float))
    # What is not an hour ago may still be in the memory of the gateway.
    now = int(dt_util.utcnow().timestamp())
    closed = now - now % 3600
    for request in gateway.books.requests:
        if request.time < closed:
            for key in (total, models[request.model]):
                charged[key][request.hour] += request.quota / 500_000
    hourly = await changes(hass, [total, *models.values()], "hour")
    for key, hours in charged.items():
        found = {hour: value for hour, value in hourly[key].items() if hour < closed}
        assert found == pytest.approx(hours, abs=1e-4)

    days = await changes(hass, [total, *OWN], "day")
    used, requests = (days[key] for key in OWN)
    (before_midnight, after_midnight) = used
    assert used[before_midnight] + used[after_midnight] < 1
    assert min(*used.values(), *requests.values()) >= 0
    assert sum(requests.values()) <= steps
    assert list(days[total])[-2:] == [before_midnight, after_midnight]
    assert all(change >= 0 for change in chain(*map(dict.values, days.values())))


async def test_dashboard_finds_the_series(
    recorder_mock: Recorder, hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    await setup(hass, entry)
    state = hass.states.get(RECORDS)
    assert state
    strategy = "".join(
        path.read_text(encoding="utf-8") for path in (PACKAGE / "frontend").glob("*.js")
    )
    found: set[Any] = {key for key in state.attributes if key.endswith(("_id", "_ids"))}
    assert len(found) == 3
    assert all(key in strategy for key in found)
