"""What a gateway charged, and what Home Assistant's statistics hold of it."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from custom_components.llm_gateway_account.const import DOMAIN
from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.statistics import (
    list_statistic_ids,
    statistics_during_period,
)
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .gateway_books import Request
from .gateway_server import GatewayServer
from .helpers import state_of

NOON = datetime(2026, 11, 20, 20, 7, 30, tzinfo=UTC)
"""About noon in the time zone of the tests."""
USAGE = "/api/data/self"
SUM = "/api/log/self/stat"

POINTS_PER_UNIT = 500_000
DEVICE = "Example Gateway"

# What the series of all models, and of those without their own, are called here.
ALL = "(all)"
REST = "(rest)"

type Hours = dict[int, float]
"""Amounts by the Unix time of an hour."""


def figure(hass: HomeAssistant, key: str) -> float:
    """Return the state of a sensor as a number."""
    return float(state_of(hass, f"sensor.example_gateway_{key}"))


async def statistic_ids(hass: HomeAssistant) -> dict[str, str]:
    """Return the names of the integration's statistics by their IDs."""
    await hass.async_block_till_done(wait_background_tasks=True)
    await async_wait_recording_done(hass)
    instance = get_instance(hass)
    return {
        each["statistic_id"]: str(each["name"])
        for each in await instance.async_add_executor_job(list_statistic_ids, hass)
        if each["source"] == DOMAIN
    }


async def series(hass: HomeAssistant, only: str = "") -> dict[str, Hours]:
    """Return the change of each hour, by the name of the series.

    `only` is what their IDs have in common.
    """
    ids = {
        key: name for key, name in (await statistic_ids(hass)).items() if only in key
    }
    if not ids:
        return {}
    found = await get_instance(hass).async_add_executor_job(
        statistics_during_period,
        hass,
        dt_util.utc_from_timestamp(0),
        None,
        set(ids),
        "hour",
        None,
        {"change"},
    )
    return {
        _name(key, ids[key]): {int(row["start"]): row["change"] or 0 for row in rows}
        for key, rows in found.items()
    }


def _name(statistic_id: str, name: str) -> str:
    """Return the name of a series; some model may be called "total" too."""
    special = {"_total": ALL, "_other": REST}
    return special.get(statistic_id[-6:], name.removeprefix(DEVICE)).strip()


def charged(
    gateway: GatewayServer, *, since: float = 0, per_unit: float = POINTS_PER_UNIT
) -> dict[str, Hours]:
    """Return what the gateway charged, by model and hour."""
    sums: dict[str, Hours] = defaultdict(lambda: defaultdict(float))
    for request in gateway.books.requests:
        if request.time >= since:
            for name in (request.model, ALL):
                sums[name][request.hour] += request.quota / per_unit
    return {name: dict(hours) for name, hours in sums.items()}


def spent_since(gateway: GatewayServer, moment: float) -> float:
    """Return what was charged from a moment on, in units."""
    return cost(each for each in gateway.books.requests if each.time >= moment)


def cost(requests: Iterable[Request]) -> float:
    """Return what requests cost, in units."""
    return sum(each.quota for each in requests) / POINTS_PER_UNIT


def stored_of(entry: MockConfigEntry) -> Any:
    """Return what an entry knows of the records of its gateway."""
    return entry.runtime_data.usage.stored
