"""How often a host is asked, and by whom next."""

import asyncio
from heapq import heappop, heappush
from itertools import pairwise

import pytest

from custom_components.llm_gateway_account.gateway import (
    GatewayClient,
    Pace,
    RateLimitedError,
    UnreachableError,
)
from custom_components.llm_gateway_account.gateway.pace import (
    BURST,
    DEFAULT_HOLD,
    LONGEST_HOLD,
    LONGEST_WAIT,
    SPACING,
)
from tests.gateway_server import GatewayServer, answering

from .conftest import ClientFactory

pytestmark = pytest.mark.usefixtures("limited")

# What new-api allows: so many requests in so many seconds.
LIMIT = 180
LIMITED_FOR = 180


class Clock:
    """Time that passes when everybody sleeps."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let all paces go by it."""
        self.now = 1000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        module = "custom_components.llm_gateway_account.gateway.pace"
        monkeypatch.setattr(f"{module}.monotonic", lambda: self.now)
        monkeypatch.setattr(f"{module}.sleep", self._sleep)

    async def _sleep(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        number = len(self._sleepers)
        heappush(self._sleepers, (self.now + seconds, number, future))
        await future

    async def until(self, end: float) -> None:
        """Wake up whoever is due, one after the other."""
        await asyncio.sleep(0)
        while self._sleepers and self._sleepers[0][0] <= end:
            self.now, _, future = heappop(self._sleepers)
            future.set_result(None)
            for _ in range(3):
                await asyncio.sleep(0)
        self.now = end


class Watch:
    """Time that is only looked at, and sleep that lets it pass."""

    now = 1000.0

    def monotonic(self) -> float:
        """Look at it."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let it pass."""
        self.now += seconds


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Let a turn be waited for in no time."""
    watch = Watch()
    module = "custom_components.llm_gateway_account.gateway.pace"
    monkeypatch.setattr(f"{module}.monotonic", watch.monotonic)
    monkeypatch.setattr(f"{module}.sleep", watch.sleep)
    return watch


async def turns(pace: Pace, watch: Watch, number: int) -> list[float]:
    """Return when those who come now get their turns."""
    times = []
    for _ in range(number):
        await pace.async_take_turn()
        times.append(watch.now)
    return times


async def test_some_go_at_once_and_the_rest_one_after_the_other(watch: Watch) -> None:
    start = watch.now
    times = await turns(Pace(), watch, BURST + 3)
    assert times == pytest.approx(
        [start] * BURST + [start + SPACING * number for number in (1, 2, 3)]
    )


async def test_a_home_is_never_refused_by_the_tightest_limit(watch: Watch) -> None:
    times = await turns(Pace(), watch, 1000)
    at_most = max(
        sum(time <= other < time + LIMITED_FOR for other in times) for time in times
    )
    # Enough is left for a person with a browser at the same address.
    assert at_most <= LIMIT - 20


async def test_all_have_their_turn_again_after_a_pause(watch: Watch) -> None:
    pace = Pace()
    await turns(pace, watch, 2 * BURST)
    watch.now += BURST * SPACING
    assert await turns(pace, watch, BURST) == pytest.approx([watch.now] * BURST)


async def test_who_would_wait_too_long_is_turned_away(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    pace = Pace()
    module = "custom_components.llm_gateway_account.gateway.pace"
    monkeypatch.setattr(f"{module}.sleep", lambda _: asyncio.Event().wait())
    waiting = []
    for _ in range(BURST + int(LONGEST_WAIT / SPACING)):
        waiting.append(asyncio.create_task(pace.async_take_turn()))
        await asyncio.wait(waiting, timeout=0)
        # No turn is exactly LONGEST_WAIT away.
        watch.now += 1e-6
    with pytest.raises(RateLimitedError) as caught:
        await pace.async_take_turn()
    assert caught.value.retry_after == pytest.approx(LONGEST_WAIT + SPACING, abs=0.01)
    assert sum(task.done() for task in waiting) == BURST
    for task in waiting:
        task.cancel()
    # Who is turned away takes no turn from those who come when it is due.
    watch.now += 2 * SPACING
    late = asyncio.create_task(pace.async_take_turn())
    await asyncio.wait({late}, timeout=0)
    assert not late.done()
    late.cancel()


@pytest.mark.parametrize(
    ("asked_for", "seconds"),
    [(None, DEFAULT_HOLD), (30, 30), (0, 0)],
)
async def test_host_that_refuses_is_left_alone(
    watch: Watch, asked_for: float | None, seconds: float
) -> None:
    pace = Pace()
    start = watch.now
    pace.hold(asked_for)
    times = await turns(pace, watch, 3)
    expected = [start + seconds + number * SPACING for number in range(3)]
    assert times == pytest.approx(expected)


async def test_host_that_asks_for_more_patience_is_not_asked(watch: Watch) -> None:
    pace = Pace()
    pace.hold(1e12)
    with pytest.raises(RateLimitedError) as caught:
        await pace.async_take_turn()
    assert caught.value.retry_after == LONGEST_HOLD
    watch.now += LONGEST_HOLD
    await pace.async_take_turn()


async def test_who_waits_already_waits_until_the_host_is_asked_again(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    pace = Pace()
    start = watch.now
    await turns(pace, watch, BURST)
    sleep = watch.sleep

    async def sleep_while_the_host_refuses(seconds: float) -> None:
        monkeypatch.setattr(f"{module}.sleep", sleep)
        await sleep(seconds)
        pace.hold(30)

    module = "custom_components.llm_gateway_account.gateway.pace"
    monkeypatch.setattr(f"{module}.sleep", sleep_while_the_host_refuses)
    assert await turns(pace, watch, 1) == pytest.approx([start + SPACING + 30])


async def test_nobody_comes_sooner_after_a_refusal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, pace = Clock(monkeypatch), Pace()
    start, times = clock.now, list[float]()

    async def ask() -> None:
        await pace.async_take_turn()
        times.append(clock.now)

    early = [asyncio.create_task(ask()) for _ in range(100)]
    await clock.until(start + 30)
    pace.hold(None)
    late = [asyncio.create_task(ask()) for _ in range(50)]
    await clock.until(start + 1000)
    await asyncio.gather(*early, *late)
    after = [time for time in times if time > start + 30]
    assert min(after) >= start + 30 + DEFAULT_HOLD
    gaps = [later - earlier for earlier, later in pairwise(sorted(after))]
    assert min(gaps) == pytest.approx(SPACING)


async def test_refusal_ends_no_longer_one(watch: Watch) -> None:
    pace = Pace()
    pace.hold(LONGEST_HOLD)
    pace.hold(None)
    pace.hold(0)
    with pytest.raises(RateLimitedError) as caught:
        await pace.async_take_turn()
    assert caught.value.retry_after == LONGEST_HOLD


async def test_nobody_waits_longer_than_he_wants(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, pace = Clock(monkeypatch), Pace()
    start = clock.now
    pace.hold(60)
    waiting = asyncio.create_task(pace.async_take_turn(100))
    await clock.until(start + 50)
    pace.hold(60)
    await clock.until(start + 70)
    assert waiting.done()
    with pytest.raises(RateLimitedError):
        await waiting


async def test_account_that_is_gone_asks_nobody(
    gateway: GatewayServer, create_client: ClientFactory
) -> None:
    client: GatewayClient = create_client()
    await client._session.close()
    with pytest.raises(UnreachableError):
        await client.async_get_account()
    assert not gateway.requests


async def test_account_that_is_refused_holds_back_the_others(
    gateway: GatewayServer, create_client: ClientFactory
) -> None:
    pace = Pace()
    gateway.fault = answering(429, headers={"Retry-After": "3000"})
    first: GatewayClient = create_client(pace=pace)
    with pytest.raises(RateLimitedError):
        await first.async_get_account()
    gateway.fault = None
    gateway.requests.clear()
    second: GatewayClient = create_client(pace=pace)
    for ask in (second.async_get_account, second.async_get_site):
        with pytest.raises(RateLimitedError):
            await ask()
    assert not gateway.requests
    other: GatewayClient = create_client(pace=Pace())
    await other.async_get_account()
