"""Asks one host no more often than it allows, however many accounts are there."""

from asyncio import sleep
from time import monotonic

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

# Whoever would have to wait longer is turned away: what is old has to be known as old.
LONGEST_WAIT = 240


class Pace:
    """Turns for the requests to one host: some at once, then one after the other.

    This is the generic cell rate algorithm (ITU-T I.371). All times are monotonic
    seconds.
    """

    def __init__(self) -> None:
        """Start with a host that was not asked yet."""
        self._booked_until = 0.0
        """When all turns given so far are over, at one every SPACING."""
        self._held_until = 0.0
        self._holds = 0

    async def async_take_turn(self, longest_wait: float = LONGEST_WAIT) -> None:
        """Wait for a turn.

        Raises RateLimitedError as soon as that would take longer than `longest_wait`.
        """
        deadline = monotonic() + longest_wait
        while wait := self._book(deadline):
            holds = self._holds
            await sleep(wait)
            if holds == self._holds:
                return

    def hold(self, seconds: float | None) -> None:
        """Give no turn for a while, and then one after the other: the host refuses.

        `seconds` is how long it asks to wait, None if it does not say. Those who wait
        already have to book again.
        """
        hold = DEFAULT_HOLD if seconds is None else min(seconds, LONGEST_HOLD)
        self._held_until = max(self._held_until, monotonic() + hold)
        self._booked_until = self._held_until + (BURST - 1) * SPACING
        self._holds += 1

    def _book(self, deadline: float) -> float:
        """Return the seconds until the turn that is now the caller's."""
        now = monotonic()
        booked_until = max(self._booked_until, now)
        wait = max(booked_until - now - (BURST - 1) * SPACING, 0)
        if now + wait > deadline:
            raise RateLimitedError(wait)
        self._booked_until = booked_until + SPACING
        return wait
