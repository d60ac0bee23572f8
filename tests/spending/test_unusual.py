"""A runaway is told once; a habit, a gap and a little are not."""

from copy import replace
from datetime import timedelta

import pytest

from custom_components.llm_gateway_account.limits import suggest_limits
from custom_components.llm_gateway_account.spending import EventType

from .watched import POLL, Watched

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def with_a_habit(days: int = 8) -> Watched:
    """Return an account that spends a point at each poll, at midnight."""
    account = Watched(2026, 3, 2, quota=100_000)
    account.run(days * DAY, spend=1)
    return account


def assert_told(account: Watched, amount: float, usual: float) -> None:
    """Check that this is all that happened."""
    (event,) = account.happened
    assert event.type is EventType.UNUSUAL_SPENDING
    assert event.amount == pytest.approx(amount, rel=0.01)
    assert event.usual == pytest.approx(usual, rel=0.01)


def test_unknown_in_the_first_three_days() -> None:
    account = Watched(2026, 3, 2, quota=100_000)
    account.run(3 * DAY, spend=1)
    account.run(HOUR - POLL, spend=100)
    assert account.spending.unusual is None
    assert account.happened == []
    account.run(POLL, spend=1)
    assert account.spending.unusual is True


def test_busy_hour_is_told_once() -> None:
    account = with_a_habit()
    account.run(10 * HOUR, spend=1)
    assert account.spending.unusual is False
    account.spend(24)
    account.wait(POLL)
    assert account.happened == []
    account.spend(3)
    account.wait(POLL)
    assert_told(account, 10 + 24 + 3, 12)
    for _ in range(100):
        account.run(HOUR, spend=20)
        account.restart()
        assert account.spending.unusual is True
        if account.now.hour == 23:
            break
    assert len(account.happened) == 1
    account.run(HOUR * 3, spend=1)
    assert account.spending.unusual is False
    assert len(account.happened) == 1


def test_on_until_the_day_ends_even_if_it_was_short() -> None:
    account = with_a_habit()
    account.run(10 * HOUR, spend=1)
    account.spend(100)
    account.wait(POLL)
    account.run(13 * HOUR + 50 * timedelta(minutes=1))
    assert account.spending.unusual is True
    account.run(POLL)
    assert account.now.hour == 0
    assert account.spending.unusual is False


def test_limit_to_begin_with_lets_a_runaway_be_told() -> None:
    """A thousand on the account, and one a day of it spent so far."""
    account = Watched(2026, 3, 2, quota=1000)
    created = account.now - 200 * DAY
    _, _, unusual = suggest_limits(1000, 200, created, account.now, 1, 0.5)
    account.limits = replace(account.limits, unusual_minimum=unusual)
    account.run(8 * DAY, spend=1 / 288)
    assert account.happened == []
    account.run(HOUR * 2, spend=450 / 288)
    assert account.types == [EventType.UNUSUAL_SPENDING]


def test_busy_day_without_a_busy_hour() -> None:
    """Every hour is below three times the busiest, the day is above the average."""
    account = Watched(2026, 3, 2, quota=100_000)
    for _ in range(8):
        account.run(HOUR * 23)
        account.run(HOUR, spend=10)
    account.run(HOUR * 24, spend=2)
    assert_told(account, 360, 120)


def test_recovery_tells_of_it_while_it_lasts_and_once_after() -> None:
    account = with_a_habit()
    account.run(10 * HOUR, spend=1)
    account.spend(100)
    account.wait(POLL)
    low = [EventType.UNUSUAL_SPENDING, EventType.BALANCE_LOW]
    for wait, alerts in ((HOUR, low), (HOUR, low[::-1]), (DAY, low[1:])):
        account.wait(wait)
        for low_balance in (account.quota + 1, account.quota - 1):
            account.limits = replace(account.limits, low=low_balance)
            account.restart()
            account.settle()
        assert account.happened[-1].alerts == tuple(alerts)


def test_nothing_in_the_week_before() -> None:
    account = Watched(2026, 3, 2)
    account.run(8 * DAY)
    account.spend(9.9)
    account.wait(POLL)
    assert account.happened == []
    account.spend(0.1)
    account.wait(POLL)
    assert_told(account, 10, 0)


def test_nothing_spent_is_never_unusual() -> None:
    account = Watched(2026, 3, 2)
    account.limits = replace(account.limits, unusual_minimum=0)
    account.run(8 * DAY)
    assert account.spending.unusual is False


def test_gap_is_no_burst() -> None:
    account = with_a_habit()
    account.restart()
    account.spend(5 * 288)
    account.wait(5 * DAY)
    account.run(DAY, spend=1)
    assert account.happened == []


def test_growing_habit_is_no_runaway() -> None:
    account = with_a_habit()
    for spend in (2, 3, 4, 5):
        account.run(DAY, spend=spend)
    assert account.happened == []


def test_clock_that_was_ahead_does_not_make_it_last() -> None:
    account = with_a_habit()
    account.wait(300 * DAY)
    account.spend(10_000)
    account.wait(POLL)
    account.utc -= 300 * DAY
    account.poll()
    assert account.spending.unusual is True
    account.run(3 * DAY)
    assert account.spending.unusual is False


def test_refund_is_not_unusual_and_makes_nothing_unusual() -> None:
    """Of a habit of videos that fail: average, forecast and habit are as without."""
    account, untouched = with_a_habit(), with_a_habit()
    for _ in range(24):
        account.spend(20)
        account.wait(POLL)
        account.refund(20)
        account.run(HOUR - POLL, spend=1)
        untouched.wait(POLL)
        untouched.run(HOUR - POLL, spend=1)
    assert account.happened == []
    assert account.spending == untouched.spending


def test_day_on_which_more_is_refunded_than_spent() -> None:
    account = Watched(2026, 3, 2)
    account.run(DAY - POLL)
    account.spend(226)
    account.wait(POLL)
    account.begin_day()
    account.refund(226)
    account.run(4 * DAY)
    assert account.spending.average_daily == 0
    assert account.spending.days_remaining is None
    assert account.spending.unusual is False
