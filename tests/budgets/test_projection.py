"""What a month is projected to cost, by hand."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.llm_gateway_account.budgets import (
    Budget,
    BudgetState,
    Period,
    figures_of,
    habit_at,
)
from custom_components.llm_gateway_account.spending import LedgerState
from custom_components.llm_gateway_account.spending.samples import Samples

ZONE = ZoneInfo("Europe/Berlin")
MONTH = Budget(period=Period.MONTH, limit=100, warn_at=80)
WEEK = [10.0, 10, 10, 10, 10, 0, 0]
"""Monday first."""


def projected(
    now: datetime, days: Sequence[float], today: float = 0, budget: Budget = MONTH
) -> float | None:
    """Return the projection after days, each spent from ten to eleven o'clock."""
    midnight = now.replace(hour=0, minute=0)
    times, values, total = list[int](), list[float](), 0.0
    for number, cost in zip(range(len(days), 0, -1), days, strict=True):
        ten = (midnight - timedelta(days=number)).replace(hour=10)
        times += [int(ten.timestamp()), int((ten + timedelta(hours=1)).timestamp())]
        values += [total, total + cost]
        total += cost
    times.insert(0, int((midnight - timedelta(days=len(days))).timestamp()))
    values.insert(0, 0)
    # The end of an idle time stays.
    times += [int(midnight.timestamp()) - 60, int(now.timestamp())]
    values += [total, total + today]
    known = LedgerState(spent=total + today, samples=Samples(times, values))
    habit = habit_at(known, now, None)
    return figures_of(budget, BudgetState(), known, now, habit).projected


def at(day: int, hour: int = 0, month: int = 11) -> datetime:
    """Return a time of 2026; November begins with a Sunday."""
    return datetime(2026, month, day, hour, 30, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([1, 1], None),
        ([1, 1, 1], 3 + 27),
        # Three times the median at most: of 3, 1 and 1 the mean is 5 / 3.
        ([30, 1, 1], 32 + 27 * 5 / 3),
        ([0, 0, 0], 0),
    ],
)
def test_first_days_of_an_account(days: list[float], expected: float | None) -> None:
    result = projected(at(4), [0] * (3 - len(days)) + days if len(days) > 2 else days)
    assert result == (expected if expected is None else pytest.approx(expected))


def test_month_that_begins_with_a_quiet_holiday() -> None:
    """The weeks before say what is usual: Mondays to Fridays of three weeks."""
    before = [1.0] * 23
    assert projected(at(6), [*before, 0, 0, 0, 0, 0]) == pytest.approx(25)


def test_month_that_begins_with_a_runaway() -> None:
    """It is in it once, and counts three times the usual for one weekday."""
    result = projected(at(4), [1.0] * 25 + [50, 1, 1])
    # Four Sundays are left, each (3 + 3 x 1) / 4.
    assert result == pytest.approx(52 + 23 + 4 * 1.5)


def test_weekdays_are_told_apart() -> None:
    """From Monday, 9 November: fifteen working days of 22 are left."""
    assert projected(at(9), WEEK * 4) == pytest.approx(50 + 160)


@pytest.mark.parametrize(
    ("hour", "today", "expected"),
    [
        (8, 0, 10),  # all of it comes yet
        (10, 0, 10),  # in this hour
        (10, 4, 10),
        (10, 13, 13),  # more than usual is not expected again
        (11, 0, 0),  # it did not come
        (11, 7, 7),
        (23, 25, 25),  # never less than was spent
    ],
)
def test_share_of_the_day(hour: int, today: float, expected: float) -> None:
    """In this hour as much counts as usual, until more is spent."""
    budget = Budget(period=Period.DAY, limit=5, warn_at=80)
    result = projected(at(11, hour, month=12), [10.0] * 28, today, budget)
    assert result == pytest.approx(expected)


def test_hour_that_comes_twice() -> None:
    """The day has 25 hours; the last is like the one before."""
    budget = Budget(period=Period.DAY, limit=5, warn_at=80)
    result = projected(at(25, 23, month=10), [10.0] * 28, 3, budget)
    assert result == pytest.approx(3)
