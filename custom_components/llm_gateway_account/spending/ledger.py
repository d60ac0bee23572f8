"""Keeps the books of an account, from one poll to the next."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from .counters import Answer, Counters
from .figures import Figures
from .history import Interval, enter_past, fill_gap, gap_of
from .levels import Level
from .local_time import HOUR, Moment, unix_time, within_reason
from .models import (
    BalanceLevel,
    Event,
    EventType,
    Limits,
    Observation,
    Outcome,
    Spending,
)
from .numbers import Points, bounded
from .samples import Samples
from .top_ups import TopUp, TopUps
from .unusual import UnusualSpending


@dataclass(slots=True)
class Books:
    """Everything that has to outlive a restart."""

    spent: Points = 0
    """The sum of what was spent and refunded since the records began."""
    counters: Counters = field(default_factory=Counters)
    samples: Samples = field(default_factory=Samples)
    figures: Figures = field(default_factory=Figures)
    top_ups: TopUps = field(default_factory=TopUps)
    level: Level = field(default_factory=Level)
    unusual: UnusualSpending = field(default_factory=UnusualSpending)
    alerts: list[EventType] = field(default_factory=list)
    """Since the balance recovered last."""


class Ledger:
    """What is known of the spending of one account. Amounts are quota points."""

    def __init__(self, books: Books | None = None) -> None:
        """Start with an account that was never seen, or go on with its books."""
        self.revision = 0
        """Grows when something was learnt that a crash must not lose: at most once
        with each answer, and not at all while an account is idle."""
        self._books = books or Books()
        self._written = self._worth_writing()
        self._left: float | None = None
        """What was left at the last answer."""
        self._repeatable: tuple[object, Outcome] | None = None
        """The last poll and its outcome, if the same once more changes nothing."""

    def as_dict(self) -> dict[str, Any]:
        """Return everything, as what can be written as JSON."""
        return asdict(self._books)

    def observe(self, observation: Observation, limits: Limits) -> Outcome:
        """Enter an answer of the gateway; return what follows from it."""
        now = within_reason(observation.time)
        # The time of an observation is not compared.
        poll = observation, limits, now.tzinfo, now.date()
        # Most polls bring nothing new. Then nothing changes before the hour does.
        known, outcome = self._repeatable or (None, None)
        if outcome and poll == known and self._books.samples.repeat(unix_time(now)):
            return outcome
        moment = Moment.of(now)
        books = self._books
        kind = books.counters.judge(moment.time, observation, books.samples)
        if kind is Answer.STALE:
            outcome = Outcome(
                spending=self._turn_to(moment),
                is_stale=True,
                look_again_in=self._look_again_in(moment.time, limits),
            )
        else:
            outcome = self._enter(moment, observation, limits, kind)
        is_settled = self._is_settled(observation, outcome)
        self._repeatable = (poll, outcome) if is_settled else None
        self._note_revision()
        return outcome

    def begin_day(self, now: datetime) -> Spending | None:
        """Return the figures of a local day that begins without an answer.

        `now` is aware, in the time zone of the home. None before the first answer.
        """
        if self._books.level.current is None:
            return None
        self._repeatable = None
        spending = self._turn_to(Moment.of(within_reason(now)))
        self._note_revision()
        return spending

    @property
    def watched_since(self) -> int | None:
        """Unix time of the first answer, or since when the books told of it."""
        times = self._books.samples.times
        return times[0] if times else None

    def gap_after(self, time: int) -> tuple[int, int] | None:
        """Return the last gap in the answers of which nobody knows how it was spent.

        Start and end in Unix seconds; None if there is none that ended after `time`.
        """
        return gap_of(self._books.samples, HOUR, time)

    def seen_by_hour(self, start: int, end: int) -> dict[int, float]:
        """Return the points that answers showed first in each hour: by its Unix time.

        `start` and `end` are full hours. What is refunded within an hour is taken off.
        """
        samples = self._books.samples
        if not samples.times:
            return {}
        start = max(start, samples.times[0] // HOUR * HOUR)
        hours = range(start, end, HOUR)
        sums = [samples.noticed_before(each) for each in range(start, end + 1, HOUR)]
        return {
            hour: later - earlier
            for hour, (earlier, later) in zip(hours, pairwise(sums), strict=False)
            if later > earlier
        }

    def enter_books(
        self,
        now: datetime,
        intervals: Sequence[Interval],
        *,
        gap: tuple[int, int] | None = None,
        past: int | None = None,
        by_day: bool = False,
    ) -> Spending:
        """Enter what the gateway's books say of a time in which nobody watched.

        Of the `gap` the sum is known, and the books spread it; of the time from `past`
        (Unix seconds) to the first answer they tell everything. With `by_day` they tell
        days, which say nothing of a usual hour. Returns the figures, which are those of
        `now`, in the time zone of the home.
        """
        books, moment = self._books, Moment.of(within_reason(now))
        times = books.samples.times
        # What was read by a clock that is behind the answers is of another time.
        if times and times[-1] - HOUR < moment.time:
            if gap:
                fill_gap(books.samples, gap, intervals)
            if past is not None:
                self._enter_past(past, intervals, by_day=by_day)
            books.figures.average(books.samples)
            if self._left is not None:
                books.figures.forecast(moment.time, self._left)
            books.unusual.learn(books.samples, moment.day)
        self._repeatable = None
        spending = self._turn_to(moment)
        self.revision += 1
        return spending

    def _enter_past(
        self, past: int, intervals: Sequence[Interval], *, by_day: bool
    ) -> None:
        samples = self._books.samples
        first = samples.times[0]
        enter_past(samples, past, intervals)
        if samples.times[0] < first:
            self._books.unusual.tell_past(first, intervals, by_day=by_day)

    def _enter(
        self, moment: Moment, observation: Observation, limits: Limits, kind: Answer
    ) -> Outcome:
        """Enter an answer that counts."""
        books, time = self._books, moment.time
        is_new = kind is not Answer.GOES_ON
        if is_new:
            books.top_ups = TopUps()
        if kind is Answer.NEW_ACCOUNT:
            books.samples, books.figures = Samples(), Figures()
            books.unusual = UnusualSpending()
        quota = bounded(observation.quota)
        bonus, bonus_gone = books.counters.take_others(observation)
        left = self._left = bounded(quota + bonus)
        top_up = unusual = None
        if observation.used_quota is None:
            self._turn_to(moment)
        else:
            used = bounded(observation.used_quota)
            granted = bounded(quota + used)
            # Not all is in the samples while the clock cannot be believed.
            refundable = books.spent - min(books.samples.values, default=0)
            spent, lowered = books.counters.take_used(used, granted, refundable)
            # What a bonus paid for was not taken from the quota.
            books.top_ups.raise_by(bonus_gone)
            books.top_ups.lower_by(lowered, granted)
            top_up = books.top_ups.observe(time, left, granted, limits.smallest_top_up)
            if top_up:
                books.counters.granted_before = bounded(granted - top_up.amount)
                books.counters.rose_at = time
            spent = max(spent, 0) if is_new else spent
            unusual = self._count(moment, spent, left, limits)
        if kind is Answer.NEW_ACCOUNT:
            # Nobody used it before.
            self._enter_past(moment.month, [], by_day=False)
            self._turn_to(moment)
        change_of_level = books.level.judge(
            time, left, limits, peak=top_up and top_up.peak, is_new=is_new
        )
        return Outcome(
            spending=self._show(moment),
            events=tuple(self._events(top_up, change_of_level, unusual)),
            look_again_in=self._look_again_in(time, limits),
        )

    def _look_again_in(self, time: int, limits: Limits) -> float | None:
        """Return the seconds after which another answer tells what this one leaves."""
        looks = (
            self._books.top_ups.look_again_in(limits.smallest_top_up),
            self._books.level.look_again_in(time),
        )
        return min(filter(None, looks), default=None)

    def _count(
        self, moment: Moment, spent: float, left: float, limits: Limits
    ) -> Event | None:
        """Bring samples and figures up to date, and return what is unusual."""
        books, samples = self._books, self._books.samples
        books.spent = bounded(books.spent + spent)
        is_hour_over = samples.record(moment.time, books.spent, moment.day)
        if is_hour_over is None:
            books.figures.add(spent)
            return None
        if is_hour_over:
            books.figures.average(samples)
            books.unusual.learn(samples, moment.day)
        books.figures.count(samples, moment)
        books.figures.forecast(moment.time, left)
        return books.unusual.observe(samples, moment, limits)

    def _events(
        self, top_up: TopUp | None, level: EventType | None, unusual: Event | None
    ) -> list[Event]:
        """Return what happened, and remember alerts until the balance recovers."""
        alerts, events = self._books.alerts, list[Event]()
        if top_up:
            events.append(Event(type=EventType.TOPPED_UP, amount=top_up.amount))
        if level is EventType.BALANCE_RECOVERED:
            lasting = EventType.UNUSUAL_SPENDING
            if self._books.unusual.state and lasting not in alerts:
                alerts.append(lasting)
            events.append(Event(type=level, alerts=tuple(alerts)))
            alerts.clear()
        elif level:
            events.append(Event(type=level))
            alerts += [level] * (level not in alerts)
        if unusual:
            events.append(unusual)
            alerts += [unusual.type] * (unusual.type not in alerts)
        return events

    def _turn_to(self, moment: Moment) -> Spending:
        """Count anew for the local day of a moment, without an observation."""
        samples = self._books.samples
        if samples.times and moment.time >= samples.times[-1]:
            self._books.figures.count(samples, moment)
        return self._show(moment)

    def _show(self, moment: Moment) -> Spending:
        books = self._books
        level = books.level.current or BalanceLevel.OK
        return books.figures.show(moment.zone, level, unusual=books.unusual.state)

    def _is_settled(self, observation: Observation, outcome: Outcome) -> bool:
        """Tell whether the same answer once more would change nothing."""
        books = self._books
        return (
            observation.used_quota is not None
            and not outcome.events
            and not outcome.is_stale
            and not books.samples.doubts
            and books.counters.bonus_quota == observation.bonus_quota
            and books.top_ups.is_settled
            and books.level.worse is None
        )

    def _note_revision(self) -> None:
        if (state := self._worth_writing()) != self._written:
            self._written = state
            self.revision += 1

    def _worth_writing(self) -> tuple[object, ...]:
        """Return what must not be lost; the rest can be found again."""
        books = self._books
        figures, top_ups, level = books.figures, books.top_ups, books.level
        return (
            (books.spent, books.counters.used_quota, books.counters.stale_since),
            (figures.spent_today, figures.day_since),
            (figures.spent_this_month, figures.month_since),
            [*top_ups.rises, *(mark.granted for mark in top_ups.marks[:1])],
            (level.current, level.worse, level.worse_since, level.low, level.critical),
            books.unusual.since,
        )
