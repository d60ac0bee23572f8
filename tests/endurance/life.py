"""An account that is used for months, at a gateway that fails half of the time."""

from collections.abc import Callable
from datetime import timedelta
from operator import attrgetter
from random import Random

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.llm_gateway_account.failures import CERTAIN_AFTER
from custom_components.llm_gateway_account.gateway import GatewayError
from custom_components.llm_gateway_account.polling import UPDATE_INTERVAL
from homeassistant.core import HomeAssistant
from tests.faults import ENDED_BY_TIME, FAULTS
from tests.gateway_books import DAY
from tests.gateway_server import GatewayServer, Handler, answering
from tests.helpers import jump, state_of
from tests.watching import issues

from .conftest import Log
from .growth import Figures, Step, compare, figures, forget_calls, watch_the_loop

A_DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
POLLS_A_DAY = A_DAY // UPDATE_INTERVAL

# In seconds. What takes longer is felt by everything else in Home Assistant.
LONGEST_STEP = 0.2

# Points of a request, of which there is one between two polls.
COST = 1000
TOP_UP = 2_000_000
MODELS = ("gpt-5", "gpt-5-mini", "claude-sonnet-4-5")

# What only time ends would never end: the clock stands still.
FAULTY = [each for name, each in FAULTS.items() if name not in ENDED_BY_TIME]


class Life:
    """What the holder of an account does with it, and who looks after the gateway."""

    def __init__(
        self,
        hass: HomeAssistant,
        gateway: GatewayServer,
        entry: MockConfigEntry,
        freezer: FrozenDateTimeFactory,
        log: Log,
    ) -> None:
        """Begin with an account that works."""
        self.random = Random(20261123)  # noqa: S311
        self.is_failing = False
        self._hass, self._gateway, self._entry = hass, gateway, entry
        self._freezer, self._log = freezer, log
        self._polls = 0

    async def poll(self, fault: Handler | None = None) -> None:
        """Use the account, let the next poll come, and read the log."""
        self._use()
        self._gateway.fault = fault
        self._gateway.requests.clear()
        await jump(self._hass, self._freezer, UPDATE_INTERVAL)
        assert self._gateway.requests
        self.check_log(fault is not None)

    def check_log(self, is_failing: bool) -> None:
        """Demand a line where the account begins to fail or recovers; no other."""
        title, due = self._entry.title, []
        if is_failing and not self.is_failing:
            due = [(f"Error fetching {title} data: ", 1)]
        if self.is_failing and not is_failing:
            due = [(f"Fetching {title} data recovered", 0)]
        self.is_failing = is_failing
        lines, complaints = self._log.take()
        assert len(lines) == len(due), lines
        for line, (begin, _) in zip(lines, due, strict=True):
            assert line.startswith(begin)
        assert len(complaints) == sum(number for _, number in due), complaints

    async def settle(self) -> Figures:
        """Let everything work and be written, and count."""
        gateway = self._gateway
        gateway.books_fault = gateway.keys_fault = gateway.plans_fault = None
        # All books are asked again, also those that failed lately.
        for _ in range(2 * HOUR // UPDATE_INTERVAL):
            await self.poll()
        # Whether the last poll's write is still due, and listens for the stop of Home
        # Assistant, is up to the disk. At both counts none is.
        await self._entry.runtime_data.account.storage.async_save()
        gateway.requests.clear()
        return await figures(self._hass)

    def _use(self) -> None:
        gateway, number = self._gateway, self._polls
        self._polls += 1
        if number % 4:
            gateway.plans.spend(COST, self.random.choice(MODELS))
        else:
            keys, kind = gateway.keys, gateway.fork.keys
            assert kind
            key = self.random.choice(list(keys.by_id.values()))
            keys.use(key, kind, COST, self.random.choice(MODELS))
        if number % POLLS_A_DAY == 0:
            self._forget()
            if gateway.account.quota < TOP_UP:
                gateway.books.top_up(TOP_UP)

    def _forget(self) -> None:
        """Let the gateway forget what nobody asks for any more; it may not grow."""
        books = self._gateway.books
        before = books.clock() - 5 * DAY
        books.delete_logs(before)
        books.requests[:] = [each for each in books.requests if each.time >= before]
        books._rows = {k: each for k, each in books._rows.items() if k[0] >= before}
        forget_calls()


@pytest.fixture
def life(
    hass: HomeAssistant,
    gateway: GatewayServer,
    everything_on: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    log: Log,
) -> Life:
    """Return the life of an account with all that can be on."""
    lines, complaints = log.take()
    assert (lines, complaints) == ([], [])
    return Life(hass, gateway, everything_on, freezer, log)


async def test_polls(
    hass: HomeAssistant,
    gateway: GatewayServer,
    everything_on: MockConfigEntry,
    life: Life,
    pytestconfig: pytest.Config,
    show: Callable[[str], None],
) -> None:
    """Half of all answers fail, each in its own way; none ever needs a person."""
    polls = pytestconfig.getoption("polls")
    blocked: list[float] = []
    worst = Step()
    seen: set[type[GatewayError]] = set()
    before = await life.settle()
    for number in range(polls):
        if number == polls // 10:
            before = await life.settle()
            seen.clear()
        for book in ("books_fault", "keys_fault", "plans_fault"):
            other, _ = life.random.choice(FAULTY)
            setattr(gateway, book, life.random.choice([None, other]))
        fault, error = life.random.choice([(None, None), life.random.choice(FAULTY)])
        # The second of its kind since the last good answer would need one.
        if error in seen & CERTAIN_AFTER.keys():
            fault = error = None
        seen = seen | {error} if error else set()
        with watch_the_loop() as longest:
            await life.poll(fault)
        blocked.append(longest.seconds)
        worst = max(worst, longest, key=attrgetter("seconds"))
    compare(show, f"{polls} polls", before, await life.settle())
    show(
        "  event loop blocked, by the server in the same process too:"
        f" {sorted(blocked)[polls // 2] * 1000:.1f} ms in the median poll,"
        f" {worst.seconds * 1000:.1f} ms at most"
    )
    assert worst.seconds < LONGEST_STEP, worst.what
    assert_all_is_well(hass, gateway, everything_on)


async def test_month(
    hass: HomeAssistant,
    gateway: GatewayServer,
    everything_on: MockConfigEntry,
    life: Life,
    log: Log,
    pytestconfig: pytest.Config,
    show: Callable[[str], None],
) -> None:
    """Each day there is an outage of three hours and a reload."""
    days = pytestconfig.getoption("days")
    before = await life.settle()
    for day in range(days):
        if day == days // 4:
            before = await life.settle()
        for number in range(POLLS_A_DAY):
            is_out = 2 <= number * UPDATE_INTERVAL / HOUR < 5
            await life.poll(answering(502) if is_out else None)
        assert await hass.config_entries.async_reload(everything_on.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        life.check_log(is_failing=False)
    compare(show, f"{days} days", before, await life.settle())
    assert_all_is_well(hass, gateway, everything_on)


def assert_all_is_well(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    """Compare what is shown with what the gateway has, and look for open questions."""
    runtime = entry.runtime_data
    assert runtime.account.data.account.used_quota == gateway.account.used_quota
    left = gateway.plans.bought[0].total - gateway.plans.bought[0].used
    shown = float(state_of(hass, "sensor.example_gateway_plan_remaining"))
    assert abs(shown * 500_000 - left) <= 6 * COST
    for key in gateway.keys.by_id.values():
        shown = runtime.keys.data.keys[key.id].used_quota
        assert abs(shown - key.used_quota) <= 6 * COST
    assert not hass.config_entries.flow.async_progress()
    assert issues(hass) == []
