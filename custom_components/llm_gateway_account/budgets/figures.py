"""The figures of a budget: spent, left, and what it will be in the end."""

from datetime import date, datetime
from typing import NamedTuple

from ..spending import LedgerState
from ..spending.local_time import DAY, HOUR, Moment, start_of_day
from .periods import span_of
from .projection import Habit
from .watch import Budget, BudgetState

# So long samples tell the sum at any midnight; later only at full hours.
_EXACT_FOR = 2 * DAY


class BudgetFigures(NamedTuple):
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


def habit_at(known: LedgerState, now: datetime, before: Habit | None) -> Habit | None:
    """Return what is usual from a moment on; `before` is what was last returned.

    `now` is aware, in the time zone of the home. None while too little is known.
    """
    moment = Moment.of(now)
    if not known.samples.times:
        return None
    today = _local_date(moment)
    if before and (before.day, before.today) == (moment.day, today):
        return before
    return Habit.of(known, moment, today)


def figures_of(
    budget: Budget,
    state: BudgetState,
    known: LedgerState,
    now: datetime,
    habit: Habit | None,
) -> BudgetFigures:
    """Return the figures of a moment; `now` is aware, in the time zone of the home.

    Keeps in the state at which sum the period began, while that is known exactly.
    """
    moment = Moment.of(now)
    today = _local_date(moment)
    span = span_of(budget.period, today, budget.first_day)
    start = start_of_day(span.first, moment.zone)
    samples, spent, projected = known.samples, None, None
    if not samples.times or samples.times[0] > start:
        # What was known may have been of another account.
        state.begin = None
    elif not samples.doubts:
        # While the clock cannot be believed, nobody knows which period it is.
        is_exact = moment.time - start <= _EXACT_FOR
        if is_exact or state.begin is None or state.begin[0] != start:
            state.begin = start, samples.noticed_before(start)
        spent = known.spent - state.begin[1]
    if spent is not None and habit:
        hour = habit.hour_of(moment)
        in_hour = known.spent - samples.noticed_before(habit.day + hour * HOUR)
        projected = spent + habit.rest(hour, in_hour, span.days_after(today))
    return BudgetFigures(
        budget=budget,
        since=datetime.fromtimestamp(start, moment.zone),
        today=today,
        spent=spent,
        projected=projected,
    )


def _local_date(moment: Moment) -> date:
    return datetime.fromtimestamp(moment.time, moment.zone).date()
