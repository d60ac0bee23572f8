"""A year of an account with budgets, of which the truth is known."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from statistics import median
from zoneinfo import ZoneInfo

from custom_components.llm_gateway_account.budgets import (
    Budget,
    BudgetState,
    Period,
    figures_of,
    habit_at,
)
from custom_components.llm_gateway_account.budgets.periods import span_of
from custom_components.llm_gateway_account.spending import LedgerState
from custom_components.llm_gateway_account.spending.local_time import (
    DAY,
    HOUR,
    start_of_day,
)
from custom_components.llm_gateway_account.spending.samples import Samples

ZONE = ZoneInfo("Europe/Berlin")
UNIT = 500_000
START = datetime(2025, 11, 24, 0, 10, tzinfo=ZONE)
FIRST_MONTH = date(2026, 1, 1)
END = datetime(2027, 1, 1, tzinfo=ZONE)


@dataclass(kw_only=True)
class Year:
    """What the days of an account cost, and what its budgets are."""

    random: Random
    first_day: int
    costs: dict[date, float] = field(default_factory=dict)
    """The truth: what each local day cost."""
    budgets: dict[Period, Budget] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Decide what the days cost, and what the budgets are."""
        random = self.random
        usual = random.uniform(1, 20) * UNIT
        weekend = random.choice([0, 0.2, 0.6, 1])
        spread = random.uniform(0.2, 0.6)
        holidays = {date(2026, 1, 1) + timedelta(days=each) for each in range(6)}
        for _ in range(3):
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
            (date(2026, 6, 1), *random.sample([*self.costs], 2)), (6, 6, 6), strict=True
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
        known = LedgerState(spent=total, samples=samples)
        figures = figures_of(
            self.budgets[Period.MONTH],
            BudgetState(),
            known,
            noon,
            habit_at(known, noon, None),
        )
        assert figures.projected is not None
        return figures.projected
