"""How often a host is asked, and by whom next, on a clock that only sleep moves."""

import asyncio
from collections.abc import Callable, Coroutine
import gc
from itertools import pairwise
import selectors
from typing import Any, override

import pytest

from custom_components.llm_gateway_account.gateway import (
    Limiter,
    Priority,
    RateLimitedError,
)
from custom_components.llm_gateway_account.gateway.limiter import (
    BURST,
    DEFAULT_HOLD,
    LONGEST_HOLD,
    SPACING,
)

# What new-api allows: so many requests in so many seconds.
LIMIT = 180
LIMITED_FOR = 180


class _NoWait(selectors.SelectSelector):
    """Waits in no time, and remembers for how long."""

    slept = 0.0

    @override
    def select(self, timeout: float | None = None) -> Any:
        self.slept += timeout or 0
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    """Time passes exactly when everybody waits."""

    def __init__(self) -> None:
        self._no_wait = _NoWait()
        super().__init__(self._no_wait)

    @override
    def time(self) -> float:
        return 1000 + self._no_wait.slept


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a test on the clock; nobody waits and no timer stays when it ends."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        runner.run(test())
        timers: list[asyncio.TimerHandle] = runner.get_loop()._scheduled  # type: ignore[attr-defined]
        assert all(timer.cancelled() for timer in timers)


def now() -> float:
    """Return the time on the clock."""
    return asyncio.get_running_loop().time()


class Account:
    """Asks through a limiter, and remembers when it was let."""

    def __init__(self, limiter: Limiter, priority: Priority = Priority.POLL) -> None:
        """Keep the limiter; nothing is asked yet."""
        self._limiter = limiter
        self._priority = priority
        self.times: list[float] = []

    async def ask(self, times: int = 1, patience: float | None = None) -> None:
        """Ask so many times, one after the other."""
        for _ in range(times):
            await self._limiter.async_acquire(self._priority, patience)
            self.times.append(now())


def test_some_go_at_once_and_the_rest_one_after_the_other() -> None:
    async def test() -> None:
        start, account = now(), Account(Limiter())
        await account.ask(BURST + 3)
        assert account.times == pytest.approx(
            [start] * BURST + [start + SPACING * number for number in (1, 2, 3)]
        )
        # After a pause it is as in the beginning.
        await asyncio.sleep(BURST * SPACING)
        start = now()
        await account.ask(BURST)
        assert account.times[-BURST:] == pytest.approx([start] * BURST)

    run(test)


def test_a_home_is_never_refused_by_the_tightest_limit() -> None:
    async def test() -> None:
        account = Account(Limiter())
        await account.ask(1000)
        times = account.times
        at_most = max(
            sum(time <= other < time + LIMITED_FOR for other in times) for time in times
        )
        # Enough is left for a person with a browser at the same address.
        assert at_most <= LIMIT - 20

    run(test)


def test_a_thousand_accounts_take_turns() -> None:
    """Whoever asks again at once waits until all the others had their turn."""

    async def test() -> None:
        limiter, order = Limiter(), list[int]()
        await Account(limiter).ask(BURST)

        async def ask(number: int) -> None:
            for _ in range(5):
                await limiter.async_acquire(Priority.POLL)
                order.append(number)

        await asyncio.gather(*map(ask, range(1000)))
        rounds = [order[at : at + 1000] for at in range(0, 5000, 1000)]
        assert rounds == [list(range(1000))] * 5
        assert now() == pytest.approx(1000 + 5000 * SPACING)

    run(test)


def test_set_up_goes_before_polls_and_polls_before_the_rest() -> None:
    async def test() -> None:
        limiter, order = Limiter(), list[tuple[Priority, int]]()
        await Account(limiter).ask(BURST)

        async def ask(priority: Priority, number: int) -> None:
            await limiter.async_acquire(priority)
            order.append((priority, number))

        async with asyncio.TaskGroup() as tasks:
            for number in range(3):
                for priority in reversed(Priority):
                    tasks.create_task(ask(priority, number))
        assert order == [(each, number) for each in Priority for number in range(3)]

    run(test)


@pytest.mark.parametrize("granted", [False, True])
def test_cancelled_account_gives_its_turn_back(granted: bool) -> None:
    async def test() -> None:
        limiter, start = Limiter(), now()
        await Account(limiter).ask(BURST)
        gone, heir = Account(limiter), Account(limiter)
        waiting = asyncio.create_task(gone.ask())
        inherits = asyncio.create_task(heir.ask())
        if granted:  # in the same round of the loop, just before it is cancelled
            moment = start + SPACING + 1e-10
            asyncio.get_running_loop().call_at(moment, waiting.cancel)
        else:
            await asyncio.sleep(SPACING / 2)
            waiting.cancel()
        await asyncio.wait({waiting, inherits})
        assert waiting.cancelled()
        assert not gone.times
        assert heir.times == pytest.approx([start + SPACING])

    run(test)


def test_last_account_that_waits_is_cancelled() -> None:
    async def test() -> None:
        limiter = Limiter()
        await Account(limiter).ask(BURST)
        waiting = asyncio.create_task(Account(limiter).ask())
        await asyncio.sleep(SPACING / 2)
        waiting.cancel()
        await asyncio.wait({waiting})

    run(test)


def test_nobody_waits_longer_than_it_wants() -> None:
    async def test() -> None:
        limiter, start = Limiter(), now()
        await Account(limiter).ask(BURST)
        patient = [asyncio.create_task(Account(limiter).ask()) for _ in range(20)]
        await asyncio.sleep(0)
        with pytest.raises(RateLimitedError) as caught:
            await Account(limiter).ask(patience=10)
        assert now() == pytest.approx(start + 10)
        # The rest of those who came before have to go first.
        assert caught.value.retry_after == pytest.approx(21 * SPACING - 10, abs=SPACING)
        await asyncio.gather(*patient)
        # It took no turn from them, nor from whoever comes next.
        assert now() == pytest.approx(start + 20 * SPACING)
        await Account(limiter).ask(patience=SPACING + 0.01)

    run(test)


@pytest.mark.parametrize(
    ("asked_for", "seconds"),
    [(None, DEFAULT_HOLD), (30, 30), (1e12, LONGEST_HOLD), (float("inf"), 3600)],
)
def test_host_that_refuses_is_left_alone(
    asked_for: float | None, seconds: float
) -> None:
    async def test() -> None:
        limiter, start = Limiter(), now()
        account = Account(limiter)
        limiter.hold(asked_for)
        await asyncio.sleep(seconds / 2)
        with pytest.raises(RateLimitedError) as caught:
            await account.ask()
        assert caught.value.retry_after == pytest.approx(seconds / 2)
        assert now() == pytest.approx(start + seconds / 2)
        await asyncio.sleep(seconds / 2)
        await account.ask(3)
        expected = [start + seconds + number * SPACING for number in range(3)]
        assert account.times == pytest.approx(expected)

    run(test)


def test_refusal_fails_those_who_wait() -> None:
    async def test() -> None:
        limiter, start = Limiter(), now()
        accounts = [Account(limiter, priority) for priority in Priority]
        await accounts[0].ask(BURST)
        waiting = [asyncio.create_task(each.ask(patience=99)) for each in accounts]
        gone = asyncio.create_task(accounts[-1].ask())
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.wait({gone})
        limiter.hold(50)
        for task in waiting:
            with pytest.raises(RateLimitedError) as caught:
                await task
            assert caught.value.retry_after == pytest.approx(50)
        assert now() == pytest.approx(start)

    run(test)


def test_account_cancelled_in_the_moment_of_a_refusal() -> None:
    """It has no turn to give back, and leaves nothing for the log of the loop."""

    async def test() -> None:
        complaints: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: complaints.append(context)
        )
        limiter = Limiter()
        await Account(limiter).ask(BURST)
        waiting = asyncio.create_task(Account(limiter).ask())
        await asyncio.sleep(0)
        limiter.hold(50)
        waiting.cancel()
        await asyncio.wait({waiting})
        assert waiting.cancelled()
        del waiting
        gc.collect()
        assert not complaints

        account = Account(limiter)
        await asyncio.sleep(50)
        await account.ask(2)
        assert account.times[1] - account.times[0] == pytest.approx(SPACING)

    run(test)


def test_refusal_ends_no_longer_one() -> None:
    async def test() -> None:
        limiter = Limiter()
        limiter.hold(LONGEST_HOLD)
        limiter.hold(None)
        limiter.hold(0)
        with pytest.raises(RateLimitedError) as caught:
            await Account(limiter).ask()
        assert caught.value.retry_after == LONGEST_HOLD

    run(test)


def test_nobody_comes_sooner_after_a_refusal() -> None:
    async def test() -> None:
        limiter, start = Limiter(), now()
        account = Account(limiter)
        await account.ask(20)
        limiter.hold(None)
        await asyncio.sleep(DEFAULT_HOLD)
        await asyncio.gather(*(account.ask() for _ in range(50)))
        after = account.times[20:]
        assert min(after) >= start + DEFAULT_HOLD
        gaps = [later - earlier for earlier, later in pairwise(after)]
        assert min(gaps) == pytest.approx(SPACING)

    run(test)
