"""A month in the life of an account in Home Assistant, of which the truth is known."""

from collections.abc import Iterable
from copy import deepcopy
from datetime import UTC, date, datetime, time, timedelta
import logging
from typing import Any
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)

from custom_components.llm_gateway_account.const import (
    CONF_CRITICAL_BALANCE,
    CONF_LOW_BALANCE,
    CONF_UNUSUAL_MINIMUM,
    DOMAIN,
)
from custom_components.llm_gateway_account.events import EVENT_TYPES
from homeassistant.components.event import ATTR_EVENT_TYPE
from homeassistant.const import (
    EVENT_HOMEASSISTANT_STARTED,
    EVENT_STATE_CHANGED,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import CoreState, Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from .conftest import OPTIONS, TITLE
from .gateway_server import GatewayServer, ServerAccount, answering
from .helpers import jump, own_log, state_of

BERLIN = ZoneInfo("Europe/Berlin")
SLOT = timedelta(minutes=5)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
WEEK = timedelta(days=7)

UNIT = 500_000
LOW = 20 * UNIT
CRITICAL = 5 * UNIT

# What five minutes cost.
AT_WORK = 42_000
DAY_OFF = 21_000
RUNAWAY = 3 * UNIT // 2

# Each hour a long request is paid in advance, and settled after four minutes.
ADVANCE = 3 * UNIT
VIDEO = 113 * UNIT // 50
REFUND = 3 * UNIT // 10
TOP_UP = 100 * UNIT


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """Return a local time of 2026 as UTC."""
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


def within(now: datetime, periods: Iterable[tuple[datetime, datetime]]) -> bool:
    """Tell whether a time is in one of the periods."""
    return any(start <= now < end for start, end in periods)


# Over the night to 25 October clocks are put back: a day of 25 hours.
START = at(10, 12, 0) + timedelta(minutes=2, seconds=30)
FIRST_DAY = date(2026, 10, 12)
END = at(11, 14, 0)

RUNAWAYS = [(at(10, 29, 2), at(10, 29, 3))]
# There Home Assistant is looked at after every poll.
WATCHED = [(at(10, 29, 1), at(10, 29, 3))]
CREDITS = {
    at(10, 19, 14): TOP_UP,
    at(10, 21, 20): REFUND,  # of a failed task, as gateways did it until August 2026
    at(10, 29, 18): TOP_UP,  # while the gateway is out
    at(11, 12, 20): TOP_UP,  # while Home Assistant is off
}
# Paid before they are made, and given back when that fails, as they do it since.
VIDEOS = {
    at(10, 31, 23): VIDEO,
    at(11, 1, 1): -VIDEO,  # in the next month, on a day when less is spent
    at(11, 2, 20): VIDEO,
    at(11, 2, 20, 10): -VIDEO,
    at(11, 3, 23): VIDEO,
    at(11, 4, 1): -VIDEO,  # on the next day
}
OUTAGES = [(at(10, 29, 17), at(10, 29, 20)), (at(11, 5, 10), at(11, 5, 13))]
RELOADS = [(at(10, 20, 12), at(10, 20, 12, 30))]
RESTARTS = [
    (at(10, 29, 16), at(10, 29, 16, 30)),  # while nothing is left
    (at(11, 3, 11), at(11, 3, 12)),
    (at(11, 12, 18), at(11, 13, 6)),
]
# Right after an alert.
POWER_CUTS = [(at(11, 10, 14), at(11, 10, 14, 30))]


def recovered_from(*alerts: str) -> dict[str, Any]:
    """Return the event of a balance that is sufficient after these alerts."""
    return {"type": "balance_recovered", "alerts": list(alerts)}


EXPECTED: list[tuple[date, dict[str, Any]]] = [
    (date(2026, 10, 15), {"type": "balance_low"}),
    (date(2026, 10, 19), {"type": "balance_critical"}),
    # That more is left shows at once; by how much it was topped up needs two answers.
    (date(2026, 10, 19), recovered_from("balance_low", "balance_critical")),
    (date(2026, 10, 19), {"type": "topped_up", "amount": 100, "currency": "USD"}),
    (
        date(2026, 10, 29),
        {
            "type": "unusual_spending",
            "amount": 3 * RUNAWAY / UNIT,  # after three polls
            "usual": 12 * AT_WORK / UNIT,
            "currency": "USD",
        },
    ),
    (date(2026, 10, 29), {"type": "balance_low"}),
    (date(2026, 10, 29), {"type": "balance_critical"}),
    (date(2026, 10, 29), {"type": "balance_exhausted"}),
    (
        date(2026, 10, 29),
        recovered_from(
            "unusual_spending", "balance_low", "balance_critical", "balance_exhausted"
        ),
    ),
    (date(2026, 10, 29), {"type": "topped_up", "amount": 100, "currency": "USD"}),
    (date(2026, 11, 10), {"type": "balance_low"}),
    (date(2026, 11, 12), {"type": "balance_critical"}),
    (date(2026, 11, 12), {"type": "balance_exhausted"}),
    (
        date(2026, 11, 13),
        recovered_from("balance_low", "balance_critical", "balance_exhausted"),
    ),
    (date(2026, 11, 13), {"type": "topped_up", "amount": 100, "currency": "USD"}),
]

DETAILS = ("type", "amount", "usual", "currency", "alerts")
AUTOMATION = "automation.every_event"
EVENT_DATA = {key: f"{{{{ trigger.get('{key}') }}}}" for key in DETAILS}


class Life:
    """What the owner of an account does with it, and the truth about that."""

    def __init__(self, account: ServerAccount) -> None:
        """Begin with 60 units."""
        self.account = account
        self.balance = account.quota = 60 * UNIT
        self.used = account.used_quota
        self.requests = account.request_count
        self.spent: list[tuple[datetime, int]] = []
        self.now = START

    def go_on(self, now: datetime) -> None:
        """Live until then."""
        slot = self.now - (self.now - at(10, 12, 0)) % SLOT + SLOT
        while slot <= now:
            cost = self._cost(slot) + VIDEOS.get(slot, 0)
            self.spent.append((slot, cost))
            self.balance += CREDITS.get(slot, 0) - cost
            self.used += cost
            self.requests += cost > 0
            slot += SLOT
        self.now = now
        is_paid_in_advance = 31 <= now.minute < 35 and self.balance > ADVANCE
        self.account.quota = self.balance - ADVANCE * is_paid_in_advance
        self.account.used_quota = self.used
        self.account.request_count = self.requests

    def _cost(self, slot: datetime) -> int:
        local = slot.astimezone(BERLIN)
        if self.balance <= 0:  # the gateway refuses everything
            return 0
        if within(slot, RUNAWAYS):
            return RUNAWAY
        if local.weekday() < 5:
            return AT_WORK if 8 <= local.hour < 18 else 0
        return DAY_OFF if 10 <= local.hour < 12 else 0

    def problems(self) -> dict[str, str]:
        """Return what the binary sensors have to show when a day ends."""
        today = local_date(self.now)
        is_unusual = any(local_date(start) == today for start, _ in RUNAWAYS)
        has_habit = self.now - START >= timedelta(days=3)
        return {
            "low_balance": "on" if self.balance < LOW else "off",
            "unusual_spending": (
                "unknown" if not has_habit else "on" if is_unusual else "off"
            ),
        }

    def average(self) -> float:
        """Return what a day of the last week cost; 0 on the first day."""
        known = min(self.now - START, WEEK) / timedelta(days=1)
        costs = (cost for slot, cost in self.spent if slot > self.now - WEEK)
        return sum(costs) / known if known >= 1 else 0

    def is_about(self, average: str, days: str, end: str) -> bool:
        """Tell whether that is about the average, and follows from it.

        A quarter is no news at rest, and it is taken once an hour.
        """
        if not self.average():
            return {average, end} == {"unknown"}
        daily = float(average) * UNIT
        if abs(self.average() - daily) > 0.3 * daily:
            return False
        if self.balance <= 0:
            return (days, end) == ("0", "unknown")
        left = self.balance / daily
        off = datetime.fromisoformat(end) - self.now - timedelta(days=left)
        return (
            abs(float(days) - left) < 0.1
            and abs(off) < timedelta(days=left) / 4 + 2 * HOUR
        )

    def figures(self) -> dict[str, str]:
        """Return what the sensors have to show when a day ends, from all costs.

        The gateway keeps no books: of the day and month in which they began to look
        nobody knows what had been spent before.
        """
        today = self.now.astimezone(BERLIN).date()
        first_day = today.replace(day=1)
        day = month = 0
        for slot, cost in self.spent:
            on = slot.astimezone(BERLIN).date()
            day += cost * (on == today)
            month += cost * (on >= first_day)
        return {
            "balance": shown(self.balance / UNIT),
            "balance_level": (
                "exhausted"
                if self.balance <= 0
                else "critical"
                if self.balance < CRITICAL
                else "low"
                if self.balance < LOW
                else "ok"
            ),
            "spent_today": shown(day / UNIT) if today > FIRST_DAY else "unknown",
            "spent_this_month": (
                shown(month / UNIT) if first_day > FIRST_DAY else "unknown"
            ),
            "total_spent": shown(self.used / UNIT),
            "requests": str(self.requests),
        }


def shown(amount: float) -> str:
    """Return an amount as the state of a sensor."""
    return str(round(amount, 6))


def is_evening(now: datetime) -> bool:
    """Tell whether it is the hour in which the figures of a day are compared."""
    local = now.astimezone(BERLIN)
    return local.hour == 23 and local.minute < 57


def is_midnight(now: datetime) -> bool:
    """Tell whether a local day begins."""
    return now.astimezone(BERLIN).time() == time(0)


def next_look(now: datetime) -> timedelta:
    """Return the time to the next poll that is simulated, or to midnight."""
    if within(now, WATCHED):
        return SLOT
    hour = now.astimezone(BERLIN).hour
    if is_evening(now):
        return HOUR - SLOT
    if hour == 23 or is_midnight(now):
        return SLOT / 2
    return timedelta(minutes=30) if 8 <= hour < 18 else HOUR


class Home:
    """A Home Assistant with an account and an automation, and what they saw."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: MockConfigEntry,
        freezer: FrozenDateTimeFactory,
        storage: dict[str, Any],
    ) -> None:
        """Listen to everything."""
        self.hass = hass
        self.entry = entry
        self._freezer = freezer
        self._storage = storage
        self._triggered = async_capture_events(hass, "account_event")
        self.is_on = True
        self.seen: list[tuple[str, str]] = []
        hass.bus.async_listen(EVENT_STATE_CHANGED, self._watch)

    @callback
    def _watch(self, event: Event[Any]) -> None:
        state = event.data["new_state"]
        if event.data["entity_id"] != "event.example_gateway_account_event" or (
            state is None or state.state in {STATE_UNAVAILABLE, STATE_UNKNOWN}
        ):
            return
        # Home Assistant shows the last one again after a restart.
        seen = (state.state, state.attributes[ATTR_EVENT_TYPE])
        if not self.seen or seen != self.seen[-1]:
            self.seen.append(seen)

    @property
    def seen_by_entity(self) -> list[tuple[date, str]]:
        """Return the days and types of what the event entity showed."""
        return [
            (local_date(datetime.fromisoformat(moment)), kind)
            for moment, kind in self.seen
        ]

    @property
    def seen_by_automation(self) -> list[tuple[date, dict[str, Any]]]:
        """Return the days and details of what triggered the automation."""
        return [
            (
                local_date(each.time_fired),
                {key: value for key, value in each.data.items() if value is not None},
            )
            for each in self._triggered
        ]

    async def live_until(self, now: datetime) -> None:
        """Let time pass, and stop, start and reload when it is time to."""
        was_on, self.is_on = self.is_on, not within(now, RESTARTS + POWER_CUTS)
        if was_on and self.is_on:
            await jump(self.hass, self._freezer, now - dt_util.utcnow())
            if within(now, RELOADS):
                await self.hass.config_entries.async_reload(self.entry.entry_id)
            return
        # Nothing is written at once while time stands still.
        await jump(self.hass, self._freezer, timedelta(seconds=1))
        self._freezer.move_to(now)
        if was_on:
            await self.stop(writing=within(now, RESTARTS))
        elif self.is_on:
            await self.start()

    async def wait_for_extra_polls(self, life: Life) -> None:
        """Let time pass until what is not clear is asked once more, if that is soon."""
        if next_look(life.now) < SLOT:
            return
        for pause in (MINUTE, 3 * MINUTE):
            life.go_on(life.now + pause)
            await jump(self.hass, self._freezer, life.now - dt_util.utcnow())

    async def set_up(self) -> None:
        """Add the account, and an automation with every trigger of its device."""
        self.entry.add_to_hass(self.hass)
        assert await self.hass.config_entries.async_setup(self.entry.entry_id)
        await self.hass.async_block_till_done(wait_background_tasks=True)
        (device,) = dr.async_entries_for_config_entry(
            dr.async_get(self.hass), self.entry.entry_id
        )
        automation = {
            "alias": "Every event",
            "mode": "queued",
            "triggers": [
                {
                    "trigger": "device",
                    "domain": DOMAIN,
                    "device_id": device.id,
                    "type": kind,
                }
                for kind in EVENT_TYPES
            ],
            "actions": {"event": "account_event", "event_data": EVENT_DATA},
        }
        assert await async_setup_component(
            self.hass, "automation", {"automation": automation}
        )
        await self.hass.async_block_till_done()

    async def turn_automation(self, how: str) -> None:
        """Turn the automation on or off."""
        await self.hass.services.async_call(
            "automation", f"turn_{how}", {"entity_id": AUTOMATION}, blocking=True
        )

    async def stop(self, *, writing: bool) -> None:
        """Do with the account what the end of Home Assistant does."""
        key = f"{DOMAIN}.{self.entry.entry_id}"
        written = deepcopy(self._storage[key])
        await self.turn_automation("off")
        assert await self.hass.config_entries.async_unload(self.entry.entry_id)
        if not writing:
            self._storage[key] = written

    async def start(self) -> None:
        """Do with the account what the start of Home Assistant does."""
        self.hass.set_state(CoreState.starting)
        assert await self.hass.config_entries.async_setup(self.entry.entry_id)
        await self.hass.async_block_till_done(wait_background_tasks=True)
        self.hass.set_state(CoreState.running)
        await self.turn_automation("on")
        self.hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
        await jump(self.hass, self._freezer, timedelta(seconds=15))


def local_date(moment: datetime) -> date:
    """Return the local date."""
    return moment.astimezone(BERLIN).date()


@pytest.mark.usefixtures("freezer", "every_entity_enabled")
async def test_month(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    hass_storage: dict[str, Any],
    freezer: FrozenDateTimeFactory,
    issue_registry: ir.IssueRegistry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # Both cost as much time as the month itself.
    hass.loop.set_debug(enabled=False)
    caplog.set_level(logging.INFO)
    await hass.config.async_set_time_zone("Europe/Berlin")
    freezer.move_to(START)
    life = Life(gateway.account)
    options = {CONF_LOW_BALANCE: 20, CONF_CRITICAL_BALANCE: 5, CONF_UNUSUAL_MINIMUM: 2}
    account = MockConfigEntry(
        domain=DOMAIN, title=TITLE, data=entry.data, options=OPTIONS | options
    )
    home = Home(hass, account, freezer, hass_storage)
    await home.set_up()
    seen_quota = 0
    now = START
    days = 0

    while now < END:
        now += next_look(now)
        life.go_on(now)
        gateway.fault = answering(502) if within(now, OUTAGES) else None
        await home.live_until(now)
        if gateway.fault is None and home.is_on:
            seen_quota = gateway.account.quota
        issue = issue_registry.async_get_issue(
            DOMAIN, f"balance_exhausted_{account.entry_id}"
        )
        assert (issue is not None) == (seen_quota <= 0), now
        if home.is_on:
            days += is_evening(now)
            assert_shown(hass, life)
            await home.wait_for_extra_polls(life)

    assert days == 32  # and one in whose evening Home Assistant is off
    assert home.seen_by_entity == [(day, each["type"]) for day, each in EXPECTED]
    assert home.seen_by_automation == EXPECTED
    failed = f"Error fetching {TITLE} data: The gateway has a problem of its own"
    assert own_log(caplog) == [
        f"{failed} (HTTP 502)",
        f"Fetching {TITLE} data recovered",
    ] * len(OUTAGES)


def assert_shown(hass: HomeAssistant, life: Life) -> None:
    """Compare with the truth in the evening, and when a day begins, without a poll."""
    sensor = "sensor.example_gateway_"
    if is_midnight(life.now):
        assert state_of(hass, f"{sensor}spent_today") == "0.0"
        if life.now.astimezone(BERLIN).day == 1:
            assert state_of(hass, f"{sensor}spent_this_month") == "0.0"
    if not is_evening(life.now):
        return
    for platform, truth in (
        ("sensor", life.figures()),
        ("binary_sensor", life.problems()),
    ):
        assert truth == {
            key: state_of(hass, f"{platform}.example_gateway_{key}") for key in truth
        }
    assert life.is_about(
        state_of(hass, f"{sensor}average_daily_spending"),
        state_of(hass, f"{sensor}days_remaining"),
        state_of(hass, f"{sensor}estimated_run_out"),
    )
