"""Clocks that are wrong, and are put right."""

from dataclasses import replace
from datetime import timedelta

import pytest

from .watched import POLL, Watched

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture(params=[0, 1])
def account(request: pytest.FixtureRequest) -> Watched:
    """Return an account of eight days, idle or not, in the early afternoon."""
    account = Watched(2026, 3, 2, quota=100_000)
    account.run(8 * DAY + 13 * HOUR + POLL, spend=request.param)
    return account


@pytest.mark.parametrize(
    "jump",
    [POLL, HOUR, 5 * HOUR, 20 * HOUR, 3 * DAY, 400 * DAY, 3000 * 365 * DAY],
)
@pytest.mark.parametrize("later", [POLL, timedelta(seconds=-1)])
def test_clock_that_was_ahead_for_one_poll(
    account: Watched, jump: timedelta, later: timedelta
) -> None:
    before, right = account.spending, account.utc
    account.utc += jump
    account.poll()
    account.restart()
    account.utc = right + later
    account.poll()
    assert account.spending.spent_this_month == before.spent_this_month
    assert account.spending.month_since == before.month_since
    assert account.spending.spent_today == before.spent_today
    assert account.spending.average_daily == pytest.approx(
        before.average_daily, rel=0.05
    )
    assert account.spending.unusual is False
    assert account.happened == []


def test_clock_that_was_ahead_for_hours(account: Watched) -> None:
    account.utc += 5 * HOUR
    account.run(3 * HOUR)
    before = account.spending
    account.utc -= 5 * HOUR
    account.poll()
    assert account.spending.spent_this_month == before.spent_this_month
    assert account.spending.average_daily == pytest.approx(
        before.average_daily, rel=0.05
    )


def test_clock_that_starts_in_1970(account: Watched) -> None:
    before = account.spending
    right = account.utc
    account.restart()
    account.set_clock(1970, 1, 1)
    for _ in range(11):
        account.spend(0.5)
        account.wait(POLL)
        account.restart()
    assert account.spending == before
    account.utc = right + HOUR
    account.limits = replace(account.limits, critical=account.quota)
    account.spend(1.5)
    account.poll()
    assert account.types == ["balance_critical"]
    assert before.spent_today is not None
    assert account.spending.spent_today == before.spent_today + 7
    assert account.spending.month_since == before.month_since


def test_clock_is_believed_after_an_hour(account: Watched) -> None:
    before = account.spending
    account.set_clock(2020, 1, 1, 10)
    for _ in range(12):
        assert account.now.year == 2026 or account.spending == before
        account.spend(1)
        account.wait(POLL)
    start = account.now
    assert account.spending.spent_today == 0
    assert account.spending.day_since == account.spending.month_since == start
    assert account.spending.average_daily is account.spending.unusual is None
    account.restart()
    account.run(30 * HOUR, spend=1)
    assert account.spending.spent_this_month == 360
    assert account.spending.average_daily == pytest.approx(288)


def test_doubts_are_forgotten(account: Watched) -> None:
    """Wrong for half an hour after each of three starts."""
    for _ in range(3):
        before, right = account.spending, account.utc
        account.set_clock(1970, 1, 1)
        account.run(HOUR / 2)
        account.utc = right
        account.wait(POLL)
        assert account.spending.month_since == before.month_since
