"""What budgets have to tell of a year, by what the polls could know of it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import NamedTuple

import pytest

from custom_components.llm_gateway_account.budgets import Alert, Budget, Period
from custom_components.llm_gateway_account.budgets.periods import span_of

from .life import Life
from .usual import Usual
from .year import FIRST_MONTH, ZONE


class Known(NamedTuple):
    """What was known at a poll of a period. Points."""

    now: datetime
    day: int
    """Of the period; 0 is the first."""
    spent: float
    projected: float


def known_of(life: Life, period: Period) -> dict[date, list[Known]]:
    """Return what was known in each period, by its first day.

    What was spent is counted from the last answer of the period before, and what is to
    come by the formula, by nothing but the answers; what is shown has to be the same.
    """
    answers = [(look.now.timestamp(), look.used) for look in life.looks]
    usual, about = Usual(answers, ZONE), 0.02 * life.year.budgets[Period.DAY].limit
    periods: dict[date, list[Known]] = {}
    first, begun, before = FIRST_MONTH, 0.0, 0.0
    for look in life.looks:
        day = look.now.date()
        span = span_of(period, day, life.year.first_day)
        if span.first != first:
            first, begun = span.first, before
        before = look.used
        if first < FIRST_MONTH:
            continue
        shown = look.figures[period]
        assert shown.budget.limit == pytest.approx(life.year.budgets[period].limit)
        assert shown.spent == pytest.approx(look.used - begun, abs=0.01)
        assert shown.spent is not None
        rest = usual.rest(look.now.timestamp(), look.used, span.days_after(day))
        # Old hours are kept as their last answer only.
        assert shown.projected == pytest.approx(look.used - begun + rest, abs=about)
        assert shown.projected is not None
        assert shown.projected >= shown.spent
        periods.setdefault(first, []).append(
            Known(look.now, (day - first).days, shown.spent, shown.projected)
        )
    return periods


def alerts_of(budget: Budget, known: Sequence[Known]) -> list[tuple[datetime, Alert]]:
    """Return what has to be told in a period, and when.

    Of several at once only the worst; the forecast once more only after the projection
    was below nine tenths of the budget.
    """
    worst: dict[datetime, Alert] = dict.fromkeys(
        _forecasts(budget, known), Alert.FORECAST
    )
    for alert, part in ((Alert.WARNING, budget.warn_at / 100), (Alert.EXCEEDED, 1)):
        passed = (
            each.now
            for each in known
            if each.spent > part * budget.limit
            or (part < 1 and each.spent == part * budget.limit)
        )
        if moment := next(passed, None):
            worst[moment] = alert
    return sorted(worst.items())


def dips_of(budget: Budget, known: Sequence[Known]) -> Counter[str]:
    """Count how often what was spent or projected passed a limit once more."""
    dips = Counter[str]()
    for what, part in (
        ("spent", budget.warn_at / 100),
        ("spent", 1),
        ("projected", 1),
    ):
        above = [getattr(each, what) > part * budget.limit for each in known]
        rises = sum(not before and after for before, after in pairwise(above))
        dips[what] += max(rises - 1, 0)
    return dips


def _forecasts(budget: Budget, known: Sequence[Known]) -> Iterator[datetime]:
    is_told = budget.period is Period.DAY
    for each in known:
        if each.projected < 0.9 * budget.limit:
            is_told = budget.period is Period.DAY
        if each.spent > budget.limit:
            # Then it is no forecast any more.
            is_told = True
        elif each.day >= 3 and each.projected > budget.limit and not is_told:
            is_told = True
            yield each.now
