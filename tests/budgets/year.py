"""A year of an account with budgets, of which the truth is known."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
import json
from random import Random
from statistics import median
from zoneinfo import ZoneInfo

from custom_components.llm_gateway_account.budgets import (
    Alert,
    Budget,
    BudgetState,
    Habit,
    Period,
    figures_of,
    habit_at,
    judge,
)
from custom_components.llm_gateway_account.budgets.periods import Span, span_of
from custom_components.llm_gateway_account.spending import (
    Books,
    Ledger,
    Limits,
    Observation,
)
from custom_components.llm_gateway_account.spending.local_time import (
    DAY,
    HOUR,
    start_of_day,
)
from custom_components.llm_gateway_account.spending.samples import Samples
from custom_components.llm_gateway_account.stored import read
from custom_components.llm_gateway_account.stored_budgets import (
    STORED_BUDGETS_SCHEMA,
    budgets_as_stored,
    budgets_from_stored,
)

ZONE = ZoneInfo("Europe/Berlin")
POLL = timedelta(hours=2)
UNIT = 500_000
LIMITS = Limits(
    low=1, critical=0.5, unusual_factor=3, unusual_minimum=1, smallest_top_up=UNIT
)
START = datetime(2025, 11, 24, 0, 10, tzinfo=ZONE)
FIRST_MONTH = date(2026, 1, 1)
END = datetime(2027, 1, 1, tzinfo=ZONE)

# Of what a working day costs, by its hours.
HOURS = [0.2] * 7 + [2, 5, 9, 10, 9, 6, 7, 9, 9, 8, 5, 3, 2, 2, 1, 1, 0.5]


@dataclass(kw_only=True)
class Year:
    """What the account costs, and what its owner saw of that."""

    random: Random
    first_day: int
    costs: dict[date, float] = field(default_factory=dict)
    """The truth: what each local day cost."""
    alerts: list[tuple[datetime, Period, Alert]] = field(default_factory=list)
    truth: dict[datetime, dict[Period, float]] = field(default_factory=dict)
    """At each poll: what the day and the month cost so far."""
    budgets: dict[Period, Budget] = field(default_factory=dict)
    habit: Habit | None = None

    def __post_init__(self) -> None:
        """Decide what the days cost, and what the budgets are."""
        random = self.random
        usual = random.uniform(1, 20) * UNIT
        weekend = random.choice([0, 0.2, 0.6, 1])
        spread = random.uniform(0.2, 0.5)
        holidays = {date(2026, 1, 1) + timedelta(days=each) for each in range(6)}
        for _ in range(2):
            first = date(2026, 1, 1) + timedelta(days=random.randrange(350))
            length = random.randrange(4, 9)
            holidays |= {first + timedelta(days=each) for each in range(length)}
        day = START.date()
        while day < END.date():
            cost = usual * random.lognormvariate(0, spread)
            cost *= weekend if day.weekday() >= 5 else 1
            self.costs[day] = cost * (0.05 if day in holidays else 1)
            usual *= random.uniform(0.99, 1.0105)
            day += timedelta(days=1)
        # Two that nobody can foresee, and one on the first of a month.
        for runaway, times in zip(
            (date(2026, 6, 1), *random.sample([*self.costs], 2)), (6, 4, 4), strict=True
        ):
            self.costs[runaway] += times * usual
        typical = median(self.months().values())
        self.budgets = {
            Period.DAY: Budget(period=Period.DAY, limit=2.5 * usual, warn_at=80),
            Period.MONTH: Budget(
                period=Period.MONTH,
                limit=typical * random.uniform(0.8, 1.2),
                warn_at=80,
                first_day=self.first_day,
            ),
        }

    def months(self) -> dict[date, float]:
        """Return what each whole month cost, by its first day."""
        months: dict[date, float] = {}
        for day, cost in self.costs.items():
            first = span_of(Period.MONTH, day, self.first_day).first
            months[first] = months.get(first, 0) + cost
        return {
            first: cost
            for first, cost in months.items()
            if first >= FIRST_MONTH
            and span_of(Period.MONTH, first, self.first_day).end <= END.date()
        }

    def mean_at(self, day: date) -> float:
        """Return what the plain mean of the days so far makes of a month."""
        span = span_of(Period.MONTH, day, self.first_day)
        so_far = sum(c for each, c in self.costs.items() if span.first <= each < day)
        return so_far / (day - span.first).days * (span.end - span.first).days

    def projected_at(self, day: date) -> float:
        """Return the projection of noon, of an account that was watched before."""
        samples = Samples()
        total = 0.0
        for number in range(35, 0, -1):
            before = day - timedelta(days=number)
            samples.record(start_of_day(before, ZONE), total, 0)
            total += self.costs.get(before, 0)
            samples.record(start_of_day(before, ZONE) + DAY - HOUR - 1, total, 0)
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=ZONE)
        total += self.costs[day] / 2
        samples.record(int(noon.timestamp()), total, 0)
        books = Books(spent=total, samples=samples)
        figures = figures_of(
            self.budgets[Period.MONTH],
            BudgetState(),
            books,
            noon,
            habit_at(books, noon, None),
        )
        assert figures.projected is not None
        return figures.projected

    def polls(self) -> Iterator[tuple[datetime, float]]:
        """Yield each poll with what the account has used by then."""
        used, now = 0.0, START.astimezone(UTC)
        spans, cost = dict[Period, Span](), dict.fromkeys(Period, 0.0)
        while now < END:
            local = now.astimezone(ZONE)
            share = HOURS[local.hour] / sum(HOURS) * (POLL / timedelta(hours=1))
            spent = self.costs[local.date()] * share
            used += spent
            for period in Period:
                span = span_of(period, local.date(), self.first_day)
                begun = 0.0 if spans.get(period) != span else cost[period]
                spans[period], cost[period] = span, begun + spent
            self.truth[local] = dict(cost)
            yield local, used
            now += POLL

    def live(self) -> None:
        """Poll for a year: with top-ups, refunds, stale answers and restarts."""
        random, ledger, states = self.random, Ledger(), budgets_from_stored({})
        bought = 1e9
        for requests, (now, used) in enumerate(self.polls()):
            if random.random() < 0.003:
                bought += random.randrange(10, 100) * UNIT
            # What is reserved for a long request only lowers what is left.
            reserved = random.uniform(0, UNIT) if random.random() < 0.1 else 0
            is_stale = random.random() < 0.01
            ledger.observe(
                Observation(
                    time=now,
                    quota=bought - used - reserved,
                    used_quota=used * 0.99 if is_stale else used,
                    request_count=requests - 2 if is_stale else requests,
                ),
                LIMITS,
            )
            self._look(ledger, states, now)
            if requests % 500 == 499:
                ledger, states = restarted(ledger, states)

    def _look(
        self, ledger: Ledger, states: dict[Period, BudgetState], now: datetime
    ) -> None:
        habit = self.habit = habit_at(ledger.books, now, self.habit)
        for period, budget in self.budgets.items():
            figures = figures_of(budget, states[period], ledger.books, now, habit)
            self.alerts += [
                (now, period, each) for each in judge(states[period], figures)
            ]


def restarted(
    ledger: Ledger, states: dict[Period, BudgetState]
) -> tuple[Ledger, dict[Period, BudgetState]]:
    """Return both as a restart reads them from the file."""
    stored = json.loads(json.dumps(budgets_as_stored(states)))
    books = json.loads(json.dumps(ledger.as_dict()))
    states = budgets_from_stored(STORED_BUDGETS_SCHEMA(stored))
    assert asdict(read(Books, books)) == ledger.as_dict()
    return Ledger(read(Books, books)), states
