"""The statistics of an account, as the recorder compiles them."""

from collections import Counter
from datetime import UTC, datetime, timedelta
import logging
from typing import Any, Literal
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.llm_gateway_account.const import CONF_CURRENCY, DOMAIN
from custom_components.llm_gateway_account.gateway import POINTS
from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.statistics import (
    statistics_during_period,
    validate_statistics,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .conftest import OPTIONS, TITLE
from .gateway_server import GatewayServer, answering
from .helpers import compile_statistics, jump, state_of

BERLIN = ZoneInfo("Europe/Berlin")
LOOK = timedelta(minutes=20)
UNIT = 500_000
TOP_UP = 20 * UNIT


def at(month: int, day: int, hour: int) -> datetime:
    """Return a local time of 2026 as UTC."""
    return datetime(2026, month, day, hour, tzinfo=BERLIN).astimezone(UTC)


START = at(10, 30, 18)
END = at(11, 2, 6)
TOP_UPS = {at(10, 31, 12), at(11, 1, 8)}
OUTAGE = at(11, 1, 7), at(11, 1, 9)
STOPS = {at(10, 31, 15), at(11, 1, 22)}
STARTS = {at(10, 31, 16), at(11, 2, 1)}  # the second after a midnight

# A request that is paid in advance, and fails: more than a tenth of all that was used,
# after which the recorder would take a total that only increases for a new one.
ADVANCE = 3_000_000
ADVANCES = {at(10, 31, 4): ADVANCE, at(10, 31, 5): -ADVANCE}


def local_day(moment: datetime) -> str:
    """Return the local date."""
    return moment.astimezone(BERLIN).date().isoformat()


class Truth:
    """What happened, by the local day on which Home Assistant could notice it."""

    def __init__(self, balance: int) -> None:
        """Begin with a balance."""
        self.spent: Counter[str] = Counter()
        self.requests = 0
        self.balance = self.highest_balance = balance
        self._unseen = 0

    def add(self, now: datetime, spent: int, *, seen: bool) -> None:
        """Add what a few requests cost or gave back, and what was topped up."""
        self.balance += TOP_UP * (now in TOP_UPS) - spent
        self.requests += 3
        self._unseen += spent
        if seen:
            self.highest_balance = max(self.highest_balance, self.balance)
            self.spent[local_day(now)] += self._unseen
            self._unseen = 0


async def live(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> Truth:
    """Live from START to END, and return the truth."""
    account = gateway.account
    truth = Truth(account.quota)
    now, is_on, number = START, True, 0
    while now < END:
        now += LOOK
        number += 1
        spent = number % 7 * 1001 + ADVANCES.get(now, 0)  # nothing at times
        is_out = OUTAGE[0] <= now < OUTAGE[1]
        truth.add(now, spent, seen=(is_on or now in STARTS) and not is_out)
        account.used_quota += spent
        account.quota = truth.balance
        account.request_count += 3
        gateway.fault = answering(502) if is_out else None
        await jump(hass, freezer, LOOK)
        if now in STOPS:
            is_on = not await hass.config_entries.async_unload(entry.entry_id)
        if now in STARTS:
            is_on = await hass.config_entries.async_setup(entry.entry_id)
            await hass.async_block_till_done(wait_background_tasks=True)
        await compile_statistics(hass, now)
        if now.minute == 40:
            await compile_statistics(hass, now + timedelta(minutes=15))
    return truth


async def daily_statistics(
    hass: HomeAssistant, key: str, kind: Literal["change", "max"]
) -> list[Any]:
    """Return the long-term statistics of a sensor by local days."""
    entity_id = f"sensor.example_gateway_{key}"
    statistics: Any = await get_instance(hass).async_add_executor_job(
        statistics_during_period,
        hass,
        at(10, 30, 0),
        None,
        {entity_id},
        "day",
        None,
        {kind},
    )
    rows: list[Any] = statistics[entity_id]
    return rows


async def changes(hass: HomeAssistant, key: str) -> dict[str, float]:
    """Return by how much the sum of a sensor grew, by local days."""
    return {
        local_day(datetime.fromtimestamp(row["start"], UTC)): row["change"]
        for row in await daily_statistics(hass, key, "change")
    }


@pytest.mark.parametrize(("currency", "points"), [("USD", UNIT), (POINTS, 1)])
async def test_statistics(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    issue_registry: ir.IssueRegistry,
    caplog: pytest.LogCaptureFixture,
    currency: str,
    points: int,
) -> None:
    # Both cost as much time as the rest.
    hass.loop.set_debug(enabled=False)
    caplog.set_level(logging.WARNING)
    await hass.config.async_set_time_zone("Europe/Berlin")
    freezer.move_to(START + timedelta(seconds=150))
    account = MockConfigEntry(
        domain=DOMAIN,
        title=TITLE,
        data=entry.data,
        options=OPTIONS | {CONF_CURRENCY: currency},
    )
    account.add_to_hass(hass)
    assert await hass.config_entries.async_setup(account.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await compile_statistics(hass, START)
    balance_before = gateway.account.quota
    truth = await live(hass, gateway, account, freezer)
    await compile_statistics(hass, END + timedelta(minutes=55))

    spent = {day: value / points for day, value in truth.spent.items()}
    # Nobody knows all of the first day and month.
    for key, since in (
        ("total_spent", START),
        ("spent_today", at(10, 31, 0)),
        ("spent_this_month", at(11, 1, 0)),
    ):
        known = {day: each for day, each in spent.items() if day >= local_day(since)}
        assert await changes(hass, key) == pytest.approx(known), key
    assert sum((await changes(hass, "requests")).values()) == truth.requests
    if currency == POINTS:
        rows = await daily_statistics(hass, "balance", "max")
        assert max(row["max"] for row in rows) == truth.highest_balance
    else:
        balance = sum((await changes(hass, "balance")).values())
        assert balance == pytest.approx((truth.balance - balance_before) / UNIT)
    assert await hass.async_add_executor_job(validate_statistics, hass) == {}
    assert not issue_registry.issues
    assert not [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING
        and record.name.startswith("homeassistant.components")
    ]


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize("used_quota", [5_000_000, 50_000_000])
async def test_advances_that_are_given_back(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    used_quota: int,
) -> None:
    """Three videos fail. In points, where a total that only increases is not enough."""
    hass.loop.set_debug(enabled=False)
    caplog.set_level(logging.WARNING)
    freezer.move_to(START + timedelta(seconds=150))
    gateway.account.used_quota = used_quota
    account = MockConfigEntry(
        domain=DOMAIN,
        title=TITLE,
        data=entry.data,
        options=OPTIONS | {CONF_CURRENCY: POINTS},
    )
    account.add_to_hass(hass)
    assert await hass.config_entries.async_setup(account.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    advance, shown, now = 1_130_000, [], START
    for spent in (0, advance, advance, -advance, advance, -advance, -advance, 0):
        gateway.account.used_quota += spent
        gateway.account.quota -= spent
        shown.append(int(state_of(hass, "sensor.example_gateway_total_spent")))
        # The total is written once a quarter of an hour.
        for _ in range(3):
            await compile_statistics(hass, now)
            now += timedelta(minutes=5)
        await jump(hass, freezer, timedelta(minutes=15))
    await compile_statistics(hass, now)
    for minutes in range(5, 61 - now.minute, 5):
        await compile_statistics(hass, now + timedelta(minutes=minutes))
    assert max(shown) == used_quota + 2 * advance
    for key in ("total_spent", "spent_today", "spent_this_month"):
        assert sum((await changes(hass, key)).values()) == 0, key
    assert await hass.async_add_executor_job(validate_statistics, hass) == {}
    assert not [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING
        and record.name.startswith("homeassistant.components")
    ]
