"""Keeps what is known of an account, from one poll to the next."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from .counters import Answer, Counters
from .figures import Figures
from .levels import Level
from .local_time import HOUR, Moment
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
class LedgerState:
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

    def __init__(self, state: LedgerState | None = None) -> None:
        """Start with an account that was never seen, or go on with what was known."""
        self.revision = 0
        """Grows when something was learnt that a crash must not lose."""
        self.state = state or LedgerState()
        self._written = self._worth_writing()
        self.left: float | None = None
        """What was left at the last answer."""
        self._repeatable: tuple[object, object, Outcome] | None = None
        """What was observed last, on which day, and what followed, if the same once
        more changes nothing."""

    def as_dict(self) -> dict[str, Any]:
        """Return everything, as what can be written as JSON."""
        return asdict(self.state)

    def observe(self, observation: Observation, limits: Limits) -> Outcome:
        """Enter an answer of the gateway; return what follows from it."""
        now, state = observation.time, self.state
        observed = observation, limits  # whose time is not compared
        if self._repeatable and observed == self._repeatable[0] and self.repeat(now):
            return self._repeatable[2]
        moment = Moment.of(now)
        kind = state.counters.judge(moment.time, observation, state.samples)
        events = self._enter(moment, observation, limits, kind)
        for_top_up = state.top_ups.look_again_in(limits.smallest_top_up)
        for_level = state.level.look_again_in(moment.time)
        outcome = Outcome(
            spending=self._show(moment),
            events=tuple(events),
            is_stale=kind is Answer.STALE,
            look_again_in=min(filter(None, (for_top_up, for_level)), default=None),
        )
        is_settled = self._is_settled(observation, outcome)
        day = now.tzinfo, now.date()
        self._repeatable = (observed, day, outcome) if is_settled else None
        self._note_revision()
        return outcome

    def repeat(self, now: datetime) -> bool:
        """Take the last observation once more, if nothing follows from that.

        Most polls bring nothing new. Then nothing changes before the hour does.
        """
        return (
            self._repeatable is not None
            and self._repeatable[1] == (now.tzinfo, now.date())
            and self.state.samples.repeat(int(now.timestamp()))
        )

    def recount(self, now: datetime) -> Spending | None:
        """Return the figures of a moment without an answer, as of a day that begins.

        `now` is aware, in the time zone of the home. None before the first answer.
        """
        if self.state.level.current is None:
            return None
        self._repeatable = None
        moment = Moment.of(now)
        self._turn_to(moment)
        self._note_revision()
        return self._show(moment)

    def _enter(
        self, moment: Moment, observation: Observation, limits: Limits, kind: Answer
    ) -> list[Event]:
        """Enter an answer, if it counts, and return what happened."""
        if kind is Answer.STALE:
            self._turn_to(moment)
            return []
        state, time = self.state, moment.time
        is_new = kind is not Answer.GOES_ON
        if is_new:
            state.top_ups = TopUps()
        if kind is Answer.NEW_ACCOUNT:
            # Nobody used it before.
            state.samples = Samples([max(moment.month, 0)], [state.spent])
            state.figures = Figures()
            state.unusual = UnusualSpending(habit_since=time)
        quota = bounded(observation.quota)
        bonus, bonus_gone = state.counters.take_others(observation)
        left = self.left = bounded(quota + bonus)
        top_up = unusual = None
        if observation.used_quota is None:
            self._turn_to(moment)
        else:
            used = bounded(observation.used_quota)
            granted = bounded(quota + used)
            # Not all is in the samples while the clock cannot be believed.
            refundable = state.spent - min(state.samples.values, default=0)
            spent, lowered = state.counters.take_used(used, granted, refundable)
            # What a bonus paid for was not taken from the quota.
            state.top_ups.raise_by(bonus_gone)
            state.top_ups.lower_by(lowered, granted)
            top_up = state.top_ups.observe(time, left, granted, limits.smallest_top_up)
            spent = max(spent, 0) if is_new else spent
            unusual = self._count(moment, spent, left, limits)
        change_of_level = state.level.judge(
            time, left, limits, peak=top_up and top_up.peak, is_new=is_new
        )
        return self._events(top_up, change_of_level, unusual)

    def _count(
        self, moment: Moment, spent: float, left: float, limits: Limits
    ) -> Event | None:
        """Bring samples and figures up to date, and return what is unusual."""
        state, samples = self.state, self.state.samples
        state.spent = bounded(state.spent + spent)
        is_hour_over = samples.record(moment.time, state.spent, moment.day)
        if is_hour_over is None:
            state.figures.add(spent)
            return None
        if is_hour_over:
            state.figures.average(samples)
            state.unusual.learn(samples, moment.day)
        state.figures.count(samples, moment)
        state.figures.forecast(moment.time, left)
        return state.unusual.observe(samples, moment, limits)

    def _events(
        self, top_up: TopUp | None, level: EventType | None, unusual: Event | None
    ) -> list[Event]:
        """Return what happened, and remember alerts until the balance recovers."""
        alerts, events = self.state.alerts, list[Event]()
        if top_up:
            kind, amount, peak = EventType.TOPPED_UP, top_up.amount, top_up.peak
            events.append(Event(type=kind, amount=amount, left=peak))
        if level is EventType.BALANCE_RECOVERED:
            if self.state.unusual.state:
                alerts += {EventType.UNUSUAL_SPENDING}.difference(alerts)
            events.append(Event(type=level, alerts=tuple(alerts)))
            alerts.clear()
        elif level:
            events.append(Event(type=level))
            alerts += {level}.difference(alerts)
        if unusual:
            events.append(unusual)
            alerts += {unusual.type}.difference(alerts)
        return events

    def _turn_to(self, moment: Moment) -> None:
        """Count anew for the local day of a moment, without an observation."""
        samples = self.state.samples
        if samples.times and moment.time >= samples.times[-1]:
            self.state.figures.count(samples, moment)

    def _show(self, moment: Moment) -> Spending:
        state = self.state
        level = state.level.current or BalanceLevel.OK
        return state.figures.show(moment.zone, level, unusual=state.unusual.state)

    def _is_settled(self, observation: Observation, outcome: Outcome) -> bool:
        """Tell whether the same answer once more would change nothing."""
        state = self.state
        return (
            observation.used_quota is not None
            and not outcome.events
            and not outcome.is_stale
            and not state.samples.doubts
            and len(state.top_ups.marks) == 1
            and not state.top_ups.rises
            and state.level.worse is None
            # Or what was spent in an hour would rise with what is given back before it.
            and not state.samples.has_fallen_since(state.samples.times[-1] - HOUR)
        )

    def _note_revision(self) -> None:
        before, self._written = self._written, self._worth_writing()
        self.revision += self._written != before

    def _worth_writing(self) -> tuple[object, ...]:
        """Return what must not be lost; the rest can be found again."""
        state = self.state
        figures, top_ups, level = state.figures, state.top_ups, state.level
        return (
            (state.spent, state.counters.used_quota, state.counters.stale_since),
            (figures.spent_today, figures.day_since),
            (figures.spent_this_month, figures.month_since),
            [*top_ups.rises, *(mark.granted for mark in top_ups.marks[:1])],
            (level.current, level.worse, level.worse_since, level.low, level.critical),
            state.unusual.since,
        )
