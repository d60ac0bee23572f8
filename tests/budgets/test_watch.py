"""When budgets alert, and how their periods are cut."""

from datetime import UTC, date, datetime, timedelta

import pytest

from custom_components.llm_gateway_account.budgets import (
    Alert,
    Budget,
    BudgetFigures,
    BudgetState,
    Period,
    judge,
)
from custom_components.llm_gateway_account.budgets.periods import span_of

W, E, F = Alert.WARNING, Alert.EXCEEDED, Alert.FORECAST

type Answer = tuple[int, float | None, float | None, list[Alert]]
"""Day of the month, spent, projected, and what is told then."""


def told(
    state: BudgetState,
    day: int,
    spent: float | None,
    projected: float | None = None,
    *,
    period: Period = Period.MONTH,
    limit: float = 100,
    month: int = 11,
    first_day: int = 1,
    warn_at: float = 80,
) -> list[Alert]:
    """Judge a budget on a day of the year."""
    today = date(2026, month, day)
    first = today if period is Period.DAY else today.replace(day=first_day)
    since = datetime(first.year, first.month, first.day, tzinfo=UTC)
    budget = Budget(period=period, limit=limit, warn_at=warn_at, first_day=first_day)
    return judge(
        state,
        BudgetFigures(
            budget=budget, since=since, today=today, spent=spent, projected=projected
        ),
    )


@pytest.mark.parametrize(
    "answers",
    [
        # Each once; a refund and what follows it is no second time.
        [
            (1, 0, None, []),
            (5, 80, None, [W]),
            (6, 81, None, []),
            (7, 79, None, []),
            (8, 85, None, []),
            (9, 100, None, []),
            (10, 100.1, None, [E]),
            (11, 90, None, []),
            (12, 120, None, []),
        ],
        # Of several at once only the worst.
        [(1, 0, 50, []), (5, 120, 300, [E]), (6, 130, 300, [])],
        # What holds when it becomes known is shown only.
        [(2, None, None, []), (3, 90, None, []), (4, 101, None, [E])],
        # Not in the first three days.
        [(1, 0, 150, []), (3, 2, 150, []), (4, 3, 150, [F]), (5, 4, 160, [])],
        # Taken back silently, and told again only after it was below 90 %.
        [
            (1, 0, 50, []),
            (5, 9, 101, [F]),
            (6, 9, 95, []),
            (7, 9, 101, []),
            (8, 9, 89, []),
            (9, 9, 100, []),
            (10, 9, 101, [F]),
            (11, 9, None, []),
        ],
        # Both, one after the other.
        [(1, 0, 50, []), (8, 85, 120, [W]), (9, 86, 120, []), (10, 110, 120, [E])],
    ],
)
def test_alerts_of_a_month(answers: list[Answer]) -> None:
    state = BudgetState()
    for day, spent, projected, expected in answers:
        assert told(state, day, spent, projected) == expected, day


def test_next_period_begins_anew() -> None:
    state = BudgetState()
    assert told(state, 1, 0) == []
    assert told(state, 20, 110) == [E]
    assert told(state, 1, 0, month=12) == []
    assert told(state, 2, 90, month=12) == [W]
    # A clock that is put back and right again tells nothing twice.
    assert told(state, 20, 110) == []
    assert told(state, 21, 111) == []


def test_months_that_begin_on_another_day_tell_only_what_comes() -> None:
    state = BudgetState()
    assert told(state, 20, 50) == []
    assert told(state, 20, 110, first_day=10) == []
    assert told(state, 21, 111, first_day=10) == []


def test_forecast_is_not_for_days() -> None:
    state = BudgetState()
    assert told(state, 5, 0, 50, period=Period.DAY) == []
    assert told(state, 5, 0, 150, period=Period.DAY) == []
    assert told(state, 6, 90, 150, period=Period.DAY) == [W]


def test_budget_that_is_changed_tells_only_what_comes() -> None:
    state = BudgetState()
    assert told(state, 5, 70) == []
    assert told(state, 5, 70, limit=60) == []
    assert told(state, 6, 71, limit=60) == []
    assert told(state, 6, 71, limit=80) == []
    assert told(state, 7, 81, limit=80) == [E]
    # As another unit rounds it.
    assert told(state, 7, 81, limit=80.00000000001) == []


def test_another_warning_is_no_other_budget() -> None:
    """After a refund, too: it was exceeded once."""
    state = BudgetState()
    assert told(state, 5, 0) == []
    assert told(state, 6, 81) == [W]
    assert told(state, 7, 82, warn_at=90) == []
    assert told(state, 8, 91, warn_at=90) == [W]
    assert told(state, 9, 101, warn_at=90) == [E]
    assert told(state, 10, 70, warn_at=90) == []
    assert told(state, 11, 70, warn_at=85) == []
    assert told(state, 12, 101, warn_at=85) == []


@pytest.mark.parametrize(
    ("day", "first_day", "first", "end"),
    [
        ((2026, 11, 20), 1, (2026, 11, 1), (2026, 12, 1)),
        ((2026, 11, 14), 15, (2026, 10, 15), (2026, 11, 15)),
        ((2026, 11, 15), 15, (2026, 11, 15), (2026, 12, 15)),
        ((2026, 1, 3), 28, (2025, 12, 28), (2026, 1, 28)),
        ((2026, 12, 31), 1, (2026, 12, 1), (2027, 1, 1)),
        ((2028, 2, 29), 28, (2028, 2, 28), (2028, 3, 28)),
        ((2027, 2, 28), 28, (2027, 2, 28), (2027, 3, 28)),
    ],
)
def test_months_begin_on_their_own_day(
    day: tuple[int, int, int],
    first_day: int,
    first: tuple[int, int, int],
    end: tuple[int, int, int],
) -> None:
    span = span_of(Period.MONTH, date(*day), first_day)
    assert span == (date(*first), date(*end))
    later = span.days_after(date(*day))
    assert later == [
        date(*day) + timedelta(days=number)
        for number in range(1, (date(*end) - date(*day)).days)
    ]
