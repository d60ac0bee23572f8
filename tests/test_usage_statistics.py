"""Statistics are what the gateway charged, whatever happens in between."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from random import Random

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from homeassistant.components.recorder.core import Recorder
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .gateway_books import DAY, Request, by_hour
from .gateway_past import give_past
from .gateway_server import (
    NEW_API,
    NEW_API_2026_08,
    ONE_API,
    RIX_API,
    V_API,
    VELOERA,
    Fork,
    GatewayServer,
    answering,
)
from .helpers import setup
from .usage_truth import (
    ALL,
    POINTS_PER_UNIT,
    REST,
    Hours,
    charged,
    cost,
    series,
    stored_of,
)

MODELS = (
    "gpt-4.1",
    "gpt-4-1",
    "文心一言",
    "通义千问",
    "total",
    "other",
    "",
    "claude-opus-4-5",
)


class Life:
    """A home and a gateway, in which anything may happen."""

    def __init__(
        self,
        hass: HomeAssistant,
        freezer: FrozenDateTimeFactory,
        gateway: GatewayServer,
        entry: MockConfigEntry,
        seed: int,
    ) -> None:
        """Start when the account was just added."""
        self.hass = hass
        self.freezer = freezer
        self.gateway = gateway
        self.entry = entry
        self.random = Random(seed)  # noqa: S311
        self.lost: list[Request] = []
        """Requests that the gateway wrote into no row."""
        self.refunded = 0
        """Points by which refunds lowered the used quota."""

    async def live(self, duration: timedelta, *, busy: bool = True) -> None:
        """Let time pass, in steps in which something may be spent."""
        end = dt_util.utcnow() + duration
        while dt_util.utcnow() < end:
            await self._step(busy=busy)
            if busy:
                await self._tamper()

    async def _step(self, *, busy: bool) -> None:
        before = int(dt_util.utcnow().timestamp())
        self.freezer.tick(timedelta(seconds=self.random.randrange(240, 1500)))
        if busy and self.random.random() < 0.5:
            self._spend(before)
        async_fire_time_changed(self.hass)
        await self.hass.async_block_till_done(wait_background_tasks=True)

    def _spend(self, before: int) -> None:
        after = int(dt_util.utcnow().timestamp())
        for _ in range(self.random.randrange(1, 5)):
            self.gateway.books.spend(
                self.random.choice(MODELS),
                self.random.randrange(1, 90_000),
                prompt_tokens=self.random.randrange(5000),
                completion_tokens=self.random.randrange(500),
                at=self.random.randrange(before + 1, after + 1),
            )

    async def _tamper(self) -> None:
        now, books = dt_util.utcnow().timestamp(), self.gateway.books
        match self.random.randrange(60):
            case 0 | 1:
                books._write()
                self.lost += [request for *_, request in books._unwritten]
                books.restart()
            case 2:
                self.gateway.account.username += "x"
            case 3:
                books.delete_logs(now - self.random.randrange(5 * 3600))
            case 4:
                books.nodes = self.random.randrange(1, 4)
            case 5:
                await self._restart(self.random.choice((0, self.random.randrange(12))))
            case 7:
                status = self.random.choice((429, 500, 502, 504))
                self.gateway.books_fault = answering(status)
            case 8 | 9:
                self.gateway.books_fault = None
            case 10 | 11:
                self._take_back(now)

    def _take_back(self, now: float) -> None:
        """Refund something, and lower or delete rows that were read long ago."""
        self._refund(self.random.randrange(1, 20_000))
        self._lower(now - DAY)

    def _refund(self, quota: int) -> None:
        """Give back what a request had cost; its row stays as it is."""
        self.gateway.refund(quota)
        if self.gateway.fork.books.refunds_used_quota:
            self.refunded += quota

    def _lower(self, before: float) -> None:
        """Take something off the rows of some hours that were read long ago."""
        rows = self.gateway.books._rows
        old = [key for key in rows if key[0] < before]
        for key in self.random.sample(old, len(old) // 4):
            rows[key].quota //= self.random.randrange(1, 4)
        for key in self.random.sample(old, len(old) // 8):
            del rows[key]

    async def _restart(self, steps: int) -> None:
        """Stop Home Assistant, and start it again later."""
        await self.hass.config_entries.async_unload(self.entry.entry_id)
        for _ in range(steps):
            await self._step(busy=True)
        assert self.entry.state is ConfigEntryState.NOT_LOADED
        await self.hass.config_entries.async_setup(self.entry.entry_id)
        await self.hass.async_block_till_done(wait_background_tasks=True)

    def written(self) -> dict[str, Hours]:
        """Return what the rows of the gateway tell, or told, in units."""
        hours: dict[str, Hours] = defaultdict(dict)
        left = list(self.gateway.books.requests)
        for request in self.lost:
            left.remove(request)
        for (hour, model), amounts in by_hour(left).items():
            hours[model][hour] = amounts.quota / POINTS_PER_UNIT
        return hours


@pytest.mark.parametrize(
    ("zone", "start", "fork", "seed"),
    [
        ("UTC", "2026-11-18 12:07:30", NEW_API, 1),
        ("Europe/Berlin", "2026-10-23 20:57:00", VELOERA, 2),
        ("America/New_York", "2027-03-12 23:30:10", NEW_API_2026_08, 3),
        ("Asia/Kolkata", "2026-12-30 18:10:00", NEW_API, 4),
        ("Australia/Lord_Howe", "2026-10-02 13:20:00", NEW_API_2026_08, 5),
        ("Asia/Kathmandu", "2026-11-18 18:15:00", VELOERA, 6),
        ("Europe/Berlin", "2026-10-23 20:57:00", V_API, 7),
        ("Asia/Kolkata", "2026-12-30 18:10:00", ONE_API, 8),
        ("UTC", "2026-11-18 12:07:30", RIX_API, 9),
    ],
)
async def test_sum_of_the_series_is_what_the_gateway_charged(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    zone: str,
    start: str,
    fork: Fork,
    seed: int,
) -> None:
    await hass.config.async_set_time_zone(zone)
    freezer.move_to(datetime.fromisoformat(start).replace(tzinfo=UTC))
    gateway.fork = fork
    books = gateway.books
    give_past(books, spent=9_000_000, requests=300, days=28, seed=seed)
    books.nodes = 2
    await setup(hass, entry)
    life = Life(hass, freezer, gateway, entry, seed)
    await life.live(timedelta(hours=40))
    gateway.books_fault = None
    await life.live(timedelta(hours=7), busy=False)

    found, truth = await series(hass), charged(gateway)
    assert all(change >= 0 for hours in found.values() for change in hours.values())
    total, refunded = sum(truth[ALL].values()), life.refunded / POINTS_PER_UNIT
    # What a refund hides of requests that are in no row, nobody can know.
    least = total - min(refunded, cost(life.lost) if fork.books.hourly else refunded)
    assert least - 1e-6 <= sum(found[ALL].values()) <= total + 1e-6
    if fork.books.hourly:
        for model, hours in life.written().items():
            assert found[model] == pytest.approx(hours), model
        rest, lost = sum(found.get(REST, {}).values()), cost(life.lost)
        assert max(lost - refunded, 0) - 1e-6 <= rest <= lost + 1e-6

    # The same once more changes nothing.
    stored_of(entry).series = None
    await hass.config_entries.async_reload(entry.entry_id)
    again = await series(hass)
    assert again.keys() == found.keys()
    for name, hours in found.items():
        assert again[name] == pytest.approx(hours, abs=1e-9)
