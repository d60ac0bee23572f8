"""An account that is polled, as a test sees it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
import json
from typing import Any, Self
from zoneinfo import ZoneInfo

from custom_components.llm_gateway_account.gaps import (
    Hindsight,
    Interval,
    enter_hindsight,
)
from custom_components.llm_gateway_account.spending import (
    Event,
    EventType,
    Ledger,
    LedgerState,
    Limits,
    Observation,
    Outcome,
    Spending,
)
from custom_components.llm_gateway_account.stored import read

LIMITS = Limits(
    low=200, critical=40, unusual_factor=3, unusual_minimum=10, smallest_top_up=5
)
BERLIN = ZoneInfo("Europe/Berlin")
POLL = timedelta(minutes=5)


def ledger_from(data: Any) -> Ledger:
    """Return a ledger from what is stored of one. Raises ValueError."""
    return Ledger(read(LedgerState, data))


def reloaded(ledger: Ledger) -> Ledger:
    """Return a ledger as it is after it was written and read."""
    return ledger_from(json.loads(json.dumps(ledger.as_dict(), allow_nan=False)))


def enter(
    ledger: Ledger, now: datetime, intervals: Sequence[Interval], **known: Any
) -> Spending:
    """Enter what the gateway's books say, and return what follows."""
    enter_hindsight(ledger, now, Hindsight(intervals=intervals, **known))
    spending = ledger.recount(now)
    assert spending
    return spending


class Watched:
    """An account, the clock on the wall beside it, and its ledger."""

    spending: Spending

    def __init__(
        self,
        year: int,
        month: int,
        day: int,
        hour: int = 0,
        *,
        quota: float = 1000,
        zone: ZoneInfo = BERLIN,
    ) -> None:
        """Look at an account for the first time."""
        self.zone = zone
        self.set_clock(year, month, day, hour)
        self.quota = quota
        self.used_quota: float | None = 5000
        self.bonus_quota: float | None = None
        self.request_count: int | None = 100
        self.limits = LIMITS
        self.ledger = Ledger()
        self.happened: list[Event] = []
        self.poll()

    def told(self, *, an_hour: float = 0) -> Self:
        """Let the gateway's books tell what was spent before in this month."""
        month = self.now.replace(day=1, hour=0, minute=0, second=0, fold=0)
        past = int(month.timestamp())
        intervals = [
            Interval(start=hour, end=hour + 3600, spent=an_hour)
            for hour in range(past, int(self.utc.timestamp()), 3600)
        ]
        self.spending = enter(self.ledger, self.now, intervals, past=past)
        return self

    @property
    def now(self) -> datetime:
        """Return the local time."""
        return self.utc.astimezone(self.zone)

    @property
    def types(self) -> list[EventType]:
        """Return what happened so far."""
        return [event.type for event in self.happened]

    def set_clock(
        self, year: int, month: int, day: int, hour: int = 0, minute: int = 0
    ) -> None:
        """Set the local time."""
        self.utc = datetime(
            year, month, day, hour, minute, tzinfo=self.zone
        ).astimezone(UTC)

    def spend(self, points: float) -> None:
        """Use the gateway."""
        self.quota -= points
        assert self.used_quota is not None
        self.used_quota += points
        if self.request_count is not None:
            self.request_count += 1

    def refund(self, points: float) -> None:
        """Get points back for a task that failed, as new-api does since August 2026."""
        self.quota += points
        assert self.used_quota is not None
        self.used_quota -= points

    def leave(self, points: float) -> None:
        """Spend, or top up, until so much is left."""
        self.spend(max(self.quota - points, 0))
        self.quota = points

    def poll(self) -> Outcome:
        """Look at it now, and return what follows."""
        outcome = self.ledger.observe(
            Observation(
                time=self.now,
                quota=self.quota,
                used_quota=self.used_quota,
                bonus_quota=self.bonus_quota,
                request_count=self.request_count,
            ),
            self.limits,
        )
        self.spending = outcome.spending
        self.happened += outcome.events
        return outcome

    def wait(self, duration: timedelta) -> Outcome:
        """Let time pass unseen, and look at it then."""
        self.utc += duration
        return self.poll()

    def settle(self) -> None:
        """Look as often as the ledger asks to."""
        outcome = self.poll()
        while outcome.look_again_in is not None:
            outcome = self.wait(timedelta(seconds=outcome.look_again_in))

    def run(self, duration: timedelta, *, spend: float = 0) -> None:
        """Let time pass, with a poll each five minutes that finds so much spent."""
        end = self.utc + duration
        while self.utc < end:
            if spend:
                self.spend(spend)
            self.wait(POLL)

    def begin_day(self) -> None:
        """Turn to the day, without an answer."""
        spending = self.ledger.recount(self.now)
        assert spending
        self.spending = spending

    def restart(self) -> None:
        """Stop Home Assistant, and start it again."""
        self.ledger = reloaded(self.ledger)
