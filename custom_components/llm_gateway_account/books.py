"""The gateway's own books of what was used: whether it keeps them, and reading them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from datetime import timedelta
from enum import StrEnum
from http import HTTPStatus
from time import monotonic
from typing import Any

from homeassistant.util import dt as dt_util

from .gateway import (
    AbsentError,
    DailyUsage,
    Gateway,
    GatewayError,
    ModelUsage,
    OtherShapeError,
    ServerError,
)
from .spending.local_time import DAY, HOUR

# A gateway that is updated may get what it did not have, or did not show well.
ASK_AGAIN_IF_ABSENT = 7 * DAY
ASK_AGAIN_IF_OTHERWISE = DAY

# A proxy says that there is no such page while a gateway starts again.
MISSING_IS_ABSENT_AFTER = DAY

# What new-api answers at once, and how small a window may become that is too slow.
LONGEST_WINDOW = 30 * DAY
SHORTEST_WINDOW = DAY

# Seconds between two requests for the past, which nobody waits for.
SPACING = 2

# After so many windows, or days, without anything there is nothing before either.
EMPTY_WINDOWS = 2
EMPTY_DAYS = 60


class BookState(StrEnum):
    """Whether a gateway keeps a book."""

    UNKNOWN = "unknown"
    THERE = "there"
    ABSENT = "absent"
    FAILING = "failing"


class Book:
    """One of the gateway's books, which is left alone where it is absent."""

    def __init__(self, *, was_there: bool = False) -> None:
        """Start with a book that was not asked for yet, or was there before."""
        self.state = BookState.UNKNOWN
        self._was_there = was_there
        # Monotonic seconds
        self._useless_since: float | None = None
        self._ask_again_at = 0.0

    def ask_again(self) -> None:
        """Ask with the next reading, however useless it was lately."""
        self._ask_again_at = 0.0

    async def async_ask[**ParamsT, AnswerT](
        self,
        question: Callable[ParamsT, Coroutine[Any, Any, AnswerT]],
        *args: ParamsT.args,
        **kwargs: ParamsT.kwargs,
    ) -> AnswerT:
        """Return what the book says, and note whether it is there.

        Raises GatewayError; AbsentError or OtherShapeError without asking where that
        was the answer lately. Where the book was there before, neither is believed
        for a day.
        """
        if monotonic() < self._ask_again_at:
            if self.state is BookState.ABSENT:
                raise AbsentError("there was no such book lately")
            raise OtherShapeError("the book could not be read lately")
        try:
            answer = await question(*args, **kwargs)
        except (AbsentError, OtherShapeError) as err:
            self._note_useless(err)
            raise
        except GatewayError:
            self.state = BookState.FAILING
            raise
        self.state, self._was_there = BookState.THERE, True
        self._useless_since = None
        return answer

    def _note_useless(self, err: AbsentError | OtherShapeError) -> None:
        now = monotonic()
        self._useless_since = self._useless_since or now
        self.state = BookState.FAILING
        is_absent = isinstance(err, AbsentError)
        if self._was_there and now - self._useless_since < MISSING_IS_ABSENT_AFTER:
            raise ServerError(HTTPStatus.NOT_FOUND if is_absent else HTTPStatus.OK)
        if is_absent:
            self.state = BookState.ABSENT
        wait = ASK_AGAIN_IF_ABSENT if is_absent else ASK_AGAIN_IF_OTHERWISE
        self._ask_again_at = now + wait


class UsageBooks:
    """Reads what an account used: per hour and model, or as sums of days."""

    def __init__(self, client: Gateway, *, keeps_hours: bool = False) -> None:
        """Start with a gateway of which nothing is known, but that it keeps hours."""
        self.hours = Book(was_there=keeps_hours)
        self.sums = Book()
        self.days = Book()
        self.requests = 0
        """How many requests were made for the reading at hand."""
        self._client = client
        self._window = LONGEST_WINDOW

    def begin_reading(self) -> None:
        """Count from here on, and try again how much the gateway tells at once."""
        self.requests = 0
        self._window = LONGEST_WINDOW

    def ask_again(self) -> None:
        """Ask for all books with the next reading, after an update of the gateway."""
        for book in (self.hours, self.sums, self.days):
            book.ask_again()

    async def async_read_hours(
        self, start: int, end: int
    ) -> AsyncIterator[tuple[int, list[ModelUsage]]]:
        """Yield the usage per hour and model, in windows from the newest back.

        Each with the full hour that it begins with. `start` and `end` are Unix
        seconds. Ends early where nothing was used for long. Raises GatewayError.
        """
        empty = 0
        # A window is up to an hour shorter, to begin with a full one.
        while start <= end and empty < EMPTY_WINDOWS * (LONGEST_WINDOW - HOUR):
            since = max(start, end - self._window)
            since = min(since + -since % HOUR, end)
            await self._async_keep_distance()
            try:
                rows = await self.hours.async_ask(
                    self._client.async_get_usage, since, end
                )
            except GatewayError as err:
                if not err.is_too_much or end - since <= SHORTEST_WINDOW:
                    raise
                self._window = (end - since) // 2
                continue
            empty = 0 if rows else empty + end - since
            yield since, rows
            end = since - 1

    async def async_read_sum(self, start: int, end: int) -> float:
        """Return the points spent between two moments (Unix seconds), both included.

        Raises GatewayError.
        """
        await self._async_keep_distance()
        return await self.sums.async_ask(self._client.async_get_spent, start, end)

    async def async_look_for_sums(self, now: int) -> None:
        """Find out whether there are sums. Raises GatewayError."""
        if self.sums.state is not BookState.THERE:
            await self.async_read_sum(now, now)

    async def async_read_days(
        self, start: int, end: int
    ) -> AsyncIterator[tuple[int, int, float]]:
        """Yield start, end and points of each local day, from the newest back.

        `start` and `end` are Unix seconds, so the first and the last day may be parts
        of one. Ends early where nothing was spent for long. Raises GatewayError.
        """
        empty, days = 0, days_before(end)
        since, until = next(days)
        while until > start and empty < EMPTY_DAYS:
            # What was spent in the very second of an answer, the answer tells.
            last = until if until == end else until - 1
            points = await self.async_read_sum(max(since, start), last)
            empty = 0 if points else empty + 1
            yield max(since, start), until, points
            since, until = next(days)

    async def async_read_models_by_day(self) -> list[DailyUsage]:
        """Return the usage per model and day of the gateway. Raises GatewayError."""
        await self._async_keep_distance()
        return await self.days.async_ask(self._client.async_get_daily_usage)

    async def _async_keep_distance(self) -> None:
        if self.requests:
            await asyncio.sleep(SPACING)
        self.requests += 1


def days_before(end: int) -> Iterator[tuple[int, int]]:
    """Yield start and end of local days, the newest first."""
    day = dt_util.start_of_local_day(dt_util.as_local(dt_util.utc_from_timestamp(end)))
    until = end
    while True:
        since = int(day.timestamp())
        if since < until:
            yield since, until
        day, until = dt_util.start_of_local_day(day.date() - timedelta(days=1)), since
