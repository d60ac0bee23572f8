"""The figures of a budget: spent, left, and what it will be in the end."""

from dataclasses import dataclass
from datetime import date, datetime

from ..spending import Books
from ..spending.local_time import DAY, Moment, start_of_day
from .periods import span_of
from .projection import Habit, project
from .watch import Budget, BudgetState

# So long samples tell the sum at any midnight; later only at full hours.
_EXACT_FOR = 2 * DAY


@dataclass(frozen=True, kw_only=True, slots=True)
class BudgetFigures:
    """What there is to show of a budget. Points; None where it is not known yet."""

    budget: Budget
    since: datetime
    """When the period began."""
    today: date
    spent: float | None
    """Since the period began; less than nothing if more was refunded."""
    projected: float | None
    """What the period will have cost in the end; None before there is a habit."""

    @property
    def used(self) -> float | None:
        """Which part of the budget was spent, in percent; may be more than all."""
        return None if self.spent is None else 100 * self.spent / self.budget.limit

    @property
    def left(self) -> float | None:
        """What is left of the budget; less than nothing if more was spent."""
        return None if self.spent is None else self.budget.limit - self.spent

    @property
    def is_over(self) -> bool | None:
        """Whether more was spent than the budget."""
        return None if self.spent is None else self.spent > self.budget.limit


def figures_of(
    budget: Budget, state: BudgetState, books: Books, now: datetime
) -> BudgetFigures:
    """Return the figures of a moment; `now` is aware, in the time zone of the home.

    Keeps in the state at which sum the period began, while that is known exactly.
    """
    moment = Moment.of(now)
    today = datetime.fromtimestamp(moment.time, moment.zone).date()
    span = span_of(budget.period, today, budget.first_day)
    start = start_of_day(span.first, moment.zone)
    samples, spent, projected = books.samples, None, None
    if not samples.times or samples.times[0] > start:
        # What was known may have been of another account.
        state.begin = None
    else:
        is_exact = moment.time - start <= _EXACT_FOR
        if is_exact or state.begin is None or state.begin[0] != start:
            state.begin = start, samples.noticed_before(start)
        spent = books.spent - state.begin[1]
        since = books.unusual.habit_since or 0
        if habit := Habit.of(samples, today, moment.zone, since):
            days = [today, *span.days_after(today)]
            projected = project(habit, spent, books.spent, moment, days)
    return BudgetFigures(
        budget=budget,
        since=datetime.fromtimestamp(start, moment.zone),
        today=today,
        spent=spent,
        projected=projected,
    )
