"""Sixty days at a gateway that does by chance what real ones do.

Compared with books of its own: what is spent today and this month at every poll,
every top-up, every alert. Half of the gateways tell what was spent before the first
answer; at the others the first day and month are unknown.
The first chunks run with the other tests, all of them at night: `.ci/nightly chance`.
`python -m pytest -m '' -k 'chunk-17'` runs a chunk again.
"""

from bisect import bisect_left
from collections import deque
from copy import replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
import json
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from custom_components.llm_gateway_account.gaps import LOOKS_BACK, Interval
from custom_components.llm_gateway_account.spending import (
    BalanceLevel,
    EventType,
    Ledger,
    Limits,
    Observation,
    Outcome,
    Spending,
)

from .by_chance import Answer, Gateway
from .watched import enter, ledger_from

CHUNKS = 25
CHUNKS_BY_DAY = 2
SEEDS_IN_A_CHUNK = 8
DAYS = 60
POLL = 300
HOUR = 3600
DAY = 24 * HOUR

ZONES = [
    ZoneInfo(name)
    for name in (
        "Europe/Berlin",
        "America/New_York",
        "America/St_Johns",
        "Asia/Kolkata",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "America/Santiago",
        "Asia/Shanghai",
    )
]
SEVERITY = list(BalanceLevel)
ALERTS = {
    EventType.BALANCE_LOW: BalanceLevel.LOW,
    EventType.BALANCE_CRITICAL: BalanceLevel.CRITICAL,
    EventType.BALANCE_EXHAUSTED: BalanceLevel.EXHAUSTED,
}


class Home:
    """Home Assistant, what it shows, and what is true."""

    def __init__(self, seed: int) -> None:
        """Look at the account for the first time."""
        self.random = random = Random(seed)  # noqa: S311
        self.unit = random.choice([500_000, 1000])
        self.gateway = Gateway(random, self.unit)
        points = self.gateway.points
        self.limits = Limits(
            low=points(20),
            critical=points(5),
            unusual_factor=3,
            unusual_minimum=points(2),
            smallest_top_up=points(1),
        )
        self.zone = random.choice(ZONES)
        start = datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp()
        self.now = start + random.randrange(365) * DAY + random.randrange(DAY)
        self.end = self.now + DAYS * DAY
        self.outages = self.plan(6, 300 * 60)
        self.power_cuts = self.plan(6, 300 * 60)
        self.past = Random(seed)  # noqa: S311
        self.tells_past_at = (
            self.now + self.past.randrange(2 * HOUR) if seed % 2 else None
        )
        self.quiet_until = self.now + HOUR
        self.gateway.rests_until = self.now + HOUR
        self.ledger = Ledger()
        self.written: str | None = None
        self.revision = 0
        # The truth: when what sum was noticed; top-ups that were not told yet.
        self.noticed: list[tuple[float, int]] = []
        self.seen_spent = 0
        self.was_set_anew = False
        self.due: list[tuple[int, float]] = []
        self.answers_since_top_up: list[Answer] = []
        self.worse_since: dict[BalanceLevel, float] = {}
        self.told: set[EventType] = set()
        self.alerts: set[EventType] = set()
        self.highest_requests = 0
        self.has_seen_bonus = False
        self.replica: deque[Answer] = deque(maxlen=12)
        self.shown: Spending | None = None
        self.midnight = self.next_midnight()
        self.look_at: float | None = None

    def plan(self, number: int, longest: int) -> list[tuple[float, float]]:
        """Return stretches of time, in order, in which something is off."""
        starts = sorted(
            self.now + DAY + self.random.random() * (DAYS - 2) * DAY
            for _ in range(number)
        )
        return [(start, start + self.random.uniform(60, longest)) for start in starts]

    def is_within(
        self, stretches: list[tuple[float, float]], margin: float = 0
    ) -> bool:
        """Tell whether it is now in a stretch of time, or soon will be."""
        return any(start - margin <= self.now < end for start, end in stretches)

    def local(self) -> datetime:
        """Return the local time."""
        return datetime.fromtimestamp(self.now, self.zone)

    def next_midnight(self) -> float:
        """Return when the next local day begins."""
        day = self.local().date() + timedelta(days=1)
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).timestamp()

    def live(self) -> None:
        """Go from poll to poll."""
        due = self.now
        is_on = True
        while self.now < self.end:
            due = self.now + POLL + self.random.random()
            target = min(due, self.midnight, *filter(None, [self.look_at]))
            self.pass_time(target)
            was_on, is_on = is_on, not self.is_within(self.power_cuts)
            if self.now >= self.midnight:
                self.midnight = self.next_midnight()
                if is_on:
                    self.begin_day()
                continue
            self.look_at = None
            if not is_on:
                continue
            if not was_on:
                assert self.written
                self.ledger = ledger_from(json.loads(self.written))
                self.revision = 0
            elif self.random.random() < 0.001:
                self.ledger = ledger_from(self.ledger.as_dict())
                self.revision = 0
            if self.random.random() < 0.0001:
                self.zone = self.random.choice(ZONES)
                self.midnight = self.next_midnight()
            if not self.is_within(self.outages):
                self.poll()

    def pass_time(self, target: float) -> None:
        """Let people and the gateway do something until then."""
        random, gateway = self.random, self.gateway
        before, self.now = self.now, target
        local = self.local()
        is_busy = local.weekday() < 5 and 8 <= local.hour < 23
        gateway.go_on(before, target, is_busy=is_busy)
        if is_busy and not self.due and random.random() < 0.05:
            amount, longest = random.choice([(0.3, 50), (0.3, 50), (3, 235)])
            gateway.hold_back(amount, target, random.uniform(1, longest))
        if target < self.quiet_until:
            return
        chance = random.random()
        is_watched = chance > 0.999 and not self.is_within(
            self.outages + self.power_cuts, 2 * HOUR
        )
        if (
            gateway.quota < gateway.points(15)
            and chance < 0.02
            and not gateway.held_back
        ):
            amount = gateway.points(random.choice([2, 20, 50, 100]))
            gateway.quota += amount
            self.due.append((amount, target))
            self.answers_since_top_up = []
        elif is_watched and chance > 0.9998:
            gateway.quota -= min(gateway.points(5), max(gateway.quota, 0))
        elif is_watched and chance > 0.9997 and not self.was_set_anew:
            gateway.set_used_anew()
            self.was_set_anew = True
            self.seen_spent = -1
        elif is_watched and gateway.bonus is not None and chance > 0.999:
            gateway.bonus += gateway.points(3)
        else:
            return
        self.quiet_until = target + 3 * HOUR

    def begin_day(self) -> None:
        """Turn to the day without an answer, and compare it."""
        spending = self.ledger.recount(self.local())
        if spending is None:
            return
        self.write()
        assert spending.spent_today == (0 if self.noticed else None)
        assert self.shown
        if self.shown.spent_today:
            assert spending.day_since
            assert spending.day_since.timestamp() == self.local_day()
        self.check(spending)

    def local_day(self, *, first: bool = False) -> float:
        """Return when the local day began, or its month."""
        local = self.local()
        start = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        return (start.replace(day=1) if first else start).timestamp()

    def write(self) -> None:
        """Write what changed, as Home Assistant does; here only before a power cut."""
        if not self.is_within(self.power_cuts, 6 * HOUR):
            self.written = None
        elif self.written is None or self.ledger.revision != self.revision:
            self.written = json.dumps(self.ledger.as_dict())
        self.revision = self.ledger.revision

    def poll(self) -> None:
        """Ask the gateway, and compare what follows with the truth."""
        answer = self.ask()
        outcome = self.ledger.observe(
            Observation(
                time=self.local(),
                quota=answer.quota,
                used_quota=answer.used_quota,
                bonus_quota=answer.bonus_quota,
                request_count=answer.request_count,
            ),
            self.limits,
        )
        self.write()
        is_stale = (
            answer.request_count or self.highest_requests
        ) < self.highest_requests or (
            answer.bonus_quota is None and self.has_seen_bonus
        )
        assert outcome.is_stale is is_stale
        if is_stale:
            assert outcome.events == ()
            return
        if outcome.look_again_in is not None:
            self.look_at = self.now + outcome.look_again_in
        self.highest_requests = answer.request_count or self.highest_requests
        self.has_seen_bonus = answer.bonus_quota is not None
        self.answers_since_top_up.append(answer)
        if answer.used_quota is not None:
            if self.seen_spent == -1:
                self.seen_spent = answer.spent
            total = self.noticed[-1][1] if self.noticed else 0
            change = answer.spent - self.seen_spent if self.noticed else 0
            self.noticed.append((self.now, total + change))
            self.seen_spent = answer.spent
        self.check(outcome.spending)
        if self.tells_past_at and self.now >= self.tells_past_at and self.noticed:
            self.tells_past_at = None
            self.enter_past()
        self.check_top_ups(outcome, answer)
        self.check_alerts(outcome, answer)

    def enter_past(self) -> None:
        """Let the gateway tell what was spent in each hour before the first answer."""
        past, first = int(self.now) - LOOKS_BACK, self.noticed[0][0]
        intervals = [
            Interval(
                start=hour,
                end=hour + HOUR,
                spent=self.gateway.points(self.past.choice([0, 0, 0.01, 0.3])),
            )
            for hour in range(past - past % HOUR, int(self.now), HOUR)
        ]
        told = [each for each in intervals if past <= each.start and each.end <= first]
        sums = [*accumulate((round(each.spent) for each in told), initial=0)]
        times = [past, *(each.end - 1 for each in told)]
        before = [
            (time, sum_ - sums[-1]) for time, sum_ in zip(times, sums, strict=True)
        ]
        self.noticed = before + self.noticed
        self.past.shuffle(intervals)
        self.check(enter(self.ledger, self.local(), intervals, past=past))
        self.write()

    def ask(self) -> Answer:
        """Return an answer, perhaps an incomplete one, or one of a lagging replica."""
        chance = self.random.random()
        if chance < 0.01 and self.replica:
            old = self.random.choice(self.replica)
            requests = old.request_count
            if requests is not None and requests < self.highest_requests:
                return old
        answer = self.gateway.answer()
        if answer.used_quota is not None and not answer.is_disturbed:
            self.replica.append(answer)
        if chance > 0.995:
            field = self.random.choice(["used_quota", "request_count", "bonus_quota"])
            missing: dict[str, Any] = {field: None}
            return replace(answer, **missing)
        return answer

    def check(self, spending: Spending) -> None:
        """Compare the sums with the truth."""
        self.shown = spending
        if not self.noticed:
            assert spending.spent_today is spending.spent_this_month is None
            return
        total = self.noticed[-1][1]
        for shown, start in (
            (spending.spent_today, self.local_day()),
            (spending.spent_this_month, self.local_day(first=True)),
        ):
            before = max(bisect_left(self.noticed, (start,)) - 1, 0)
            is_known = int(self.noticed[0][0]) <= start
            assert shown == (total - self.noticed[before][1] if is_known else None)

    def check_top_ups(self, outcome: Outcome, answer: Answer) -> None:
        """Compare what is told to be topped up with what was."""
        answers = self.answers_since_top_up
        told = [each for each in outcome.events if each.type is EventType.TOPPED_UP]
        for event in told:
            amount = sum(each[0] for each in self.due)
            since = min(each[1] for each in self.due) - 6 * HOUR
            small = sum(each[1] for each in self.gateway.small_rises if each[0] > since)
            clean = sum(not each.is_disturbed for each in answers)
            assert event.amount is not None
            if small:
                assert abs(event.amount - amount) <= small + self.gateway.points(0.3)
            elif clean >= 2:
                assert event.amount == amount
            self.due = []
        assert not self.due or len(answers) < 5, "a top-up was not told"

    def check_alerts(self, outcome: Outcome, answer: Answer) -> None:
        """Compare alerts with what is left, apart from what is held back."""
        limits = {
            BalanceLevel.LOW: self.limits.low,
            BalanceLevel.CRITICAL: self.limits.critical,
            BalanceLevel.EXHAUSTED: 0.5,
        }
        shown = SEVERITY.index(outcome.spending.level)
        for level, limit in limits.items():
            if answer.settled >= limit:
                self.worse_since.pop(level, None)
            elif self.now - self.worse_since.setdefault(level, self.now) >= 241:
                assert shown >= SEVERITY.index(level)
        for alert, better in (
            (EventType.BALANCE_CRITICAL, 1.1 * self.limits.critical),
            (EventType.BALANCE_EXHAUSTED, 0.1 * self.limits.critical),
        ):
            if answer.settled >= better:
                self.told.discard(alert)
        for event in outcome.events:
            if event.type in ALERTS:
                level = ALERTS[event.type]
                tolerance = 0 if level is BalanceLevel.EXHAUSTED else 0.3
                assert answer.settled < limits[level] + self.gateway.points(tolerance)
                assert event.type not in self.told
                self.told.add(event.type)
                self.alerts.add(event.type)
            elif event.type is EventType.BALANCE_RECOVERED:
                assert answer.settled >= self.limits.low
                told = set(event.alerts or ()) - {EventType.UNUSUAL_SPENDING}
                assert told == self.alerts
                self.told, self.alerts = set(), set()
            elif event.type is EventType.TOPPED_UP:
                self.told = set()


@pytest.mark.parametrize(
    "chunk",
    [
        pytest.param(
            chunk,
            id=f"chunk-{chunk}",
            marks=pytest.mark.nightly if chunk >= CHUNKS_BY_DAY else (),
        )
        for chunk in range(CHUNKS)
    ],
)
def test_sixty_days(chunk: int) -> None:
    for seed in range(chunk * SEEDS_IN_A_CHUNK, (chunk + 1) * SEEDS_IN_A_CHUNK):
        try:
            Home(seed).live()
        except BaseException as err:
            err.add_note(f"seed {seed}")
            raise
