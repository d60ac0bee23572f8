"""How often one host is asked, by whom next, and its own request for patience."""

import asyncio
from enum import IntEnum
from heapq import heappop, heappush
from itertools import count

from .errors import RateLimitedError

# The tightest limit of the family is new-api's: 180 requests in 180 seconds from one
# network address (`GLOBAL_API_RATE_LIMIT`), at which people have browsers too. With
# these, at most 160 are ours.
BURST = 10
SPACING = 1.2

# How long a host is left alone that refuses and does not say for how long, and how
# long at most.
DEFAULT_HOLD = 60
LONGEST_HOLD = 3600


class Priority(IntEnum):
    """Who goes first when several wait; the lower number does."""

    SET_UP = 0
    POLL = 1
    BACKGROUND = 2


class Limiter:
    """Spreads the requests to one host: some at once, then one every SPACING seconds.

    This is the generic cell rate algorithm (ITU-T I.371) with a queue in front of it.
    All times are those of the event loop.
    """

    def __init__(self) -> None:
        """Start with a host that was not asked yet."""
        self._booked_until = 0.0
        """When all requests granted so far are over, at one every SPACING."""
        self._held_until = 0.0
        self._waiting: list[tuple[Priority, int, asyncio.Future[None]]] = []
        self._arrivals = count()
        self._timer: asyncio.TimerHandle | None = None

    async def async_acquire(
        self,
        priority: Priority,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> None:
        """Wait until one request may be sent.

        First come, first served within a priority; a lower one waits while a higher
        one does. Raises RateLimitedError if that takes longer than `timeout` seconds,
        and at once while the host is on hold. Who is cancelled takes no turn.
        """
        loop = asyncio.get_running_loop()
        if (held := self._held_until - loop.time()) > 0:
            raise RateLimitedError(held)
        if not self._waiting and self._book(loop.time()):
            return
        turn = loop.create_future()
        heappush(self._waiting, (priority, next(self._arrivals), turn))
        self._grant()
        expiry = None if timeout is None else loop.call_later(timeout, self._fail, turn)
        try:
            await turn
        except asyncio.CancelledError:
            # It may have been granted in the very moment of the cancellation.
            if not turn.cancelled() and turn.exception() is None:
                self._booked_until -= SPACING
            raise
        finally:
            if expiry:
                expiry.cancel()
            self._grant()

    def hold(self, seconds: float | None) -> None:
        """Send nothing for a while, and then one after the other: the host refuses.

        `seconds` is how long it asks to wait, None if it does not say. Fails those who
        wait with RateLimitedError.
        """
        now = asyncio.get_running_loop().time()
        hold = DEFAULT_HOLD if seconds is None else min(seconds, LONGEST_HOLD)
        self._held_until = max(self._held_until, now + hold)
        self._booked_until = self._held_until + (BURST - 1) * SPACING
        for *_, turn in self._waiting:
            self._fail(turn, self._held_until - now)

    def _fail(self, turn: asyncio.Future[None], wait: float | None = None) -> None:
        if not turn.done():
            wait = len(self._waiting) * SPACING if wait is None else wait
            turn.set_exception(RateLimitedError(wait))

    def _grant(self) -> None:
        """Grant what is due to the first in the queue, and come back for the next."""
        loop = asyncio.get_running_loop()
        if self._timer:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            *_, turn = self._waiting[0]
            if not turn.done():
                if not self._book(loop.time()):
                    self._timer = loop.call_at(self._due, self._grant)
                    return
                turn.set_result(None)
            heappop(self._waiting)

    @property
    def _due(self) -> float:
        """When the next request may be sent."""
        return self._booked_until - (BURST - 1) * SPACING

    def _book(self, now: float) -> bool:
        """Book one request, if it is due."""
        # No more is ever booked: a clock that goes back makes nobody wait.
        most = max(now, self._held_until) + BURST * SPACING
        self._booked_until = min(self._booked_until, most)
        if self._due > now:
            return False
        self._booked_until = max(self._booked_until, now) + SPACING
        return True
