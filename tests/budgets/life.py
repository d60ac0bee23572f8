"""An account that lives through a year, and what its budgets show and tell of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
import json
from random import Random
from typing import Any, NamedTuple

from custom_components.llm_gateway_account.budgeting import Budgets, Figures
from custom_components.llm_gateway_account.budgets import Period
from custom_components.llm_gateway_account.budgets.periods import span_of
from custom_components.llm_gateway_account.const import (
    CONF_BUDGET_FIRST_DAY,
    CONF_BUDGET_PER_DAY,
    CONF_BUDGET_PER_MONTH,
    CONF_BUDGET_WARN_AT,
    CONF_CURRENCY,
    CONF_POINTS_PER_UNIT,
)
from custom_components.llm_gateway_account.events import AccountEvent
from custom_components.llm_gateway_account.gateway import POINTS
from custom_components.llm_gateway_account.spending import Limits, Observation
from custom_components.llm_gateway_account.storage import StoredState
from custom_components.llm_gateway_account.unit import limits_in_unit

from .year import END, START, UNIT, ZONE, Year

STEP = timedelta(minutes=5)
STEPS_OF_HOUR = 12
RESTARTS = 25
# How probable at each step it is that somebody tops up, or gets money back.
OFTEN = 1 / 4000
LIMITS = Limits(
    low=1, critical=0.5, unusual_factor=3, unusual_minimum=1, smallest_top_up=UNIT
)

# Of what a working day costs, by its hours.
HOURS = [0, 0, 0, 0, 0, 0.2, 1, 2, 5, 9, 10, 9, 6, 7, 9, 9, 8, 5, 3, 2, 2, 1, 1, 0.5]

UNITS: tuple[dict[str, Any], ...] = (
    {CONF_CURRENCY: "CNY", CONF_POINTS_PER_UNIT: UNIT / 7.3},
    {CONF_CURRENCY: POINTS, CONF_POINTS_PER_UNIT: UNIT},
    {CONF_CURRENCY: "USD", CONF_POINTS_PER_UNIT: UNIT},
)


class Step(NamedTuple):
    """What is true at one of the moments five minutes apart. Points."""

    now: datetime
    bought: float
    used: float
    requests: int


class Look(NamedTuple):
    """What was known at a poll, and what was made of it."""

    now: datetime
    used: float
    """By the answer; points."""
    figures: Figures
    told: list[AccountEvent]


@dataclass
class Life:
    """A year from the side of the gateway, and from that of Home Assistant."""

    year: Year
    random: Random
    busy: set[int] = field(default_factory=set)
    """The hours (of Unix time) in which something happens that matters."""
    stored: StoredState = field(default_factory=StoredState)
    looks: list[Look] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin without having seen anything of the account."""
        self._options: Mapping[str, Any] = options_of(self.year)
        self._units = iter(UNITS)
        self._begun, self._parts = dict.fromkeys(Period, 0.0), dict.fromkeys(Period, 0)
        self._saved: dict[str, Any] | None = None
        self._figures: Figures = {}
        self._load()

    def live(self) -> None:
        """Poll for a year: each five minutes where it matters, else every two hours."""
        random, steps = self.random, [*self._steps()]
        restarts = set(random.sample(range(1, len(steps)), RESTARTS))
        self._mark(*(steps[each].now for each in restarts))
        before, off_until = steps[0], 0
        for number, step in enumerate(steps):
            if number in restarts:
                self._restart()
                off_until = number + random.randrange(4 * STEPS_OF_HOUR)
            is_due = number % (2 * STEPS_OF_HOUR) == 0 or _hour(step.now) in self.busy
            if number < off_until or not is_due:
                continue
            if number + 1 in restarts:
                self._saved = self._as_written()
            # A replica that lags answers as it was at the poll before.
            self._look(step.now, before if random.random() < 0.02 else step)
            before = step

    def _restart(self) -> None:
        """Restart: for another unit, or by a crash before the last poll is written."""
        written = self._as_written()
        if self.random.random() < 0.2 and (unit := next(self._units, None)):
            limits = limits_in_unit(unit, self._options)
            self._options = {**self._options, **unit, **limits}
        elif self._saved and not self.looks[-1].told:
            written = self._saved
            self.looks.pop()
        self.stored = StoredState.from_dict(written)
        self._load()

    def _load(self) -> None:
        self._budgets, self._figures = Budgets(self._options), {}
        self._saved = None

    def _as_written(self) -> dict[str, Any]:
        written: dict[str, Any] = json.loads(json.dumps(self.stored.as_dict()))
        return written

    def _look(self, now: datetime, answer: Step) -> None:
        """Poll, and note what there is to see."""
        # What is reserved for a long request only lowers what is left.
        reserved = self.random.uniform(0, UNIT) if self.random.random() < 0.1 else 0
        observation = Observation(
            time=now,
            quota=answer.bought - answer.used - reserved,
            used_quota=answer.used,
            request_count=answer.requests,
        )
        self.stored.ledger.observe(observation, LIMITS)
        figures = self._budgets.figures(self.stored, now, self._figures)
        told = self._budgets.changes(self.stored, figures)
        self._figures = figures
        self.looks.append(Look(now, answer.used, figures, told))

    def _steps(self) -> Iterator[Step]:
        """Yield the truth, and mark the hours in which it matters."""
        random, step = self.random, Step(START.astimezone(ZONE), 1e11, 0, 1)
        day, refund_at, refund = START.date(), -1, 0.0
        for number in range(int((END - START) / STEP) - 1):
            now = (step.now.astimezone(UTC) + STEP).astimezone(ZONE)
            if now.date() != day:
                day = now.date()
                self._begin(day, step)
            bought, requests, spent = step.bought, step.requests, 0.0
            if random.random() < OFTEN:
                bought += random.randrange(10, 100) * UNIT
                self._mark(now)
            if number == refund_at:
                spent, refund_at = -refund, -1
                self._mark(now)
            elif random.random() < 0.5:
                share = HOURS[now.hour] / sum(HOURS) / STEPS_OF_HOUR
                spent = 2 * share * self.year.costs[day]
                requests += 1
            step = Step(now, bought, step.used + spent, requests)
            if refunded := self._passed(step):
                refund_at, refund = number + random.randrange(2, 15), refunded
            elif refund_at < 0 and random.random() < OFTEN:
                refund_at, refund = number + 1, random.uniform(0, 0.3) * spent
            yield step

    def _begin(self, day: date, step: Step) -> None:
        """Begin the periods of a day."""
        for period in Period:
            if span_of(period, day, self.year.first_day).first == day:
                self._begun[period] = step.used
        if day.day in {1, 15, 28}:
            self._mark(step.now)

    def _passed(self, step: Step) -> float:
        """Note what passed a part of a budget, and return what is to be refunded of it.

        Two of three are below it soon after, and pass it once more.
        """
        refund = 0.0
        for period, budget in self.year.budgets.items():
            share = (step.used - self._begun[period]) / budget.limit
            part = (share >= budget.warn_at / 100) + (share > 1)
            if part != (before := self._parts[period]):
                self._parts[period] = part
                self._mark(step.now)
                if part > before and self.random.random() < 2 / 3:
                    refund = 0.02 * budget.limit
        return refund

    def _mark(self, *moments: datetime) -> None:
        self.busy |= {_hour(each) + more for each in moments for more in (0, 1)}


def options_of(year: Year) -> dict[str, Any]:
    """Return what somebody entered who wants the budgets of a year."""
    day, month = (year.budgets[each] for each in Period)
    return {
        CONF_CURRENCY: "USD",
        CONF_POINTS_PER_UNIT: UNIT,
        CONF_BUDGET_PER_DAY: day.limit / UNIT,
        CONF_BUDGET_PER_MONTH: month.limit / UNIT,
        CONF_BUDGET_WARN_AT: month.warn_at,
        CONF_BUDGET_FIRST_DAY: month.first_day,
    }


def _hour(now: datetime) -> int:
    return int(now.timestamp()) // 3600
