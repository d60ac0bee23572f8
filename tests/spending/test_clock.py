"""Clocks that are wrong, and are put right."""

from copy import deepcopy
from datetime import timedelta
from functools import cache

import pytest

from .watched import POLL, Watched

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture(params=[0, 1])
def account(request: pytest.FixtureRequest) -> Watched:
    """Return an account of eight days, idle or not, in the early afternoon."""
    account = Watched(2026, 3, 2, quota=100_000).told()
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


@cache
def watched_for_27_days() -> Watched:
    account = Watched(2026, 3, 2, quota=100_000).told()
    account.run(27 * DAY + 6 * HOUR, spend=1)
    return account


@pytest.mark.parametrize(
    "jump", [-3 * HOUR / 2, -3 * DAY, -56 * 365 * DAY, 3 * HOUR / 2, 3 * DAY, 400 * DAY]
)
@pytest.mark.parametrize("lasts", [HOUR / 2, 3 * HOUR, 12 * HOUR])
@pytest.mark.parametrize("restarts", [False, True])
def test_clock_that_is_wrong_for_a_while(
    jump: timedelta, lasts: timedelta, restarts: bool
) -> None:
    """History and habit survive; what was spent meanwhile is counted, once."""
    account = deepcopy(watched_for_27_days())
    before, right = account.spending, account.utc
    assert before.spent_today is not None
    assert before.spent_this_month is not None
    for clock in (right + jump, right + lasts):
        account.utc = clock
        if restarts:
            account.restart()
        account.run(lasts, spend=1)
    account.run(2 * DAY, spend=1)
    # After a year without an answer nothing seems to be usual.
    assert account.happened == [] or jump > 30 * DAY
    spent = round((2 * lasts + 2 * DAY) / POLL)
    if account.now.month == 3:
        assert account.spending.spent_this_month == before.spent_this_month + spent
    assert account.spending.average_daily == pytest.approx(288, rel=0.1)
    assert len(account.ledger.as_dict()["samples"]["times"]) > 24 * 25


def test_day_goes_on_while_the_clock_is_in_1970(account: Watched) -> None:
    before, right = account.spending, account.utc
    assert before.spent_today is not None
    assert before.spent_this_month is not None
    account.set_clock(1970, 1, 1)
    spent = 0.0
    for change in [0.5] * 15 + [-2.0] + [1.0] * 4:
        spent += change
        account.refund(-change)
        account.request_count = (account.request_count or 0) + 1
        account.wait(POLL)
        account.restart()
        assert account.spending.spent_today == before.spent_today + spent
        assert account.spending.spent_this_month == before.spent_this_month + spent
    account.begin_day()
    assert account.spending.day_since == before.day_since
    account.utc = right + HOUR
    account.spend(1.5)
    account.poll()
    assert account.spending.spent_today == before.spent_today + 11
    assert account.spending.month_since == before.month_since


def test_unknown_day_stays_unknown_while_the_clock_is_in_1970() -> None:
    account = Watched(2026, 3, 2, 12)
    account.run(HOUR, spend=1)
    account.set_clock(1970, 1, 1)
    account.run(HOUR, spend=1)
    assert account.spending.spent_today is account.spending.spent_this_month is None


def test_books_are_read_while_the_clock_is_in_1970() -> None:
    """They tell nothing of the right month; when the clock is right again they do."""
    account = Watched(2026, 3, 2, 12)
    account.run(4 * DAY, spend=1)
    before = account.spending
    account.set_clock(1970, 1, 1)
    account.told(an_hour=1)
    assert account.spending == before
    assert account.spending.spent_this_month is None
    account.set_clock(2026, 3, 6, 12, 1)
    account.told()
    assert account.spending.spent_this_month == 4 * 288
    assert account.spending.unusual is False


def test_account_is_added_while_the_clock_is_in_1970() -> None:
    account = Watched(1970, 1, 1, 12, quota=100_000).told()
    account.restart()
    account.set_clock(2026, 3, 2, 12)
    account.run(DAY, spend=1)
    assert account.spending.spent_today == 145


def test_clock_that_was_wrong_from_the_first_answer_on() -> None:
    """Then nothing is known of this day and month; the next ones are right."""
    account = Watched(2031, 3, 1, quota=100_000)
    account.run(HOUR, spend=1)
    assert account.spending.spent_today == 12
    account.set_clock(2026, 3, 30, 12)
    account.run(4 * HOUR, spend=1)
    assert account.spending.spent_today is account.spending.spent_this_month is None
    assert account.spending.day_since is account.spending.month_since is None
    account.run(9 * HOUR, spend=1)
    assert account.spending.spent_today == 13
    assert account.spending.spent_this_month is None
    account.run(DAY, spend=1)
    assert account.spending.spent_this_month == 13
    assert account.spending.month_since
    assert account.spending.month_since.year == 2026


def test_clock_that_is_set_back_by_seconds_around_midnight() -> None:
    account = Watched(2026, 3, 2, 23, quota=100_000).told()
    account.run(HOUR, spend=1)
    account.wait(-timedelta(seconds=2))
    account.wait(timedelta(seconds=1))
    account.spend(3)
    account.wait(timedelta(seconds=2))
    assert account.spending.spent_today == 1 + 3
    assert account.spending.spent_this_month == 12 + 3


def test_clock_that_stands_still() -> None:
    account = Watched(2026, 3, 2, 12).told()
    for _ in range(50):
        account.spend(1)
        account.poll()
    assert account.spending.spent_today == 50


def test_wrong_clock_after_an_idle_time_moves_nothing_to_another_day() -> None:
    """An idle time is a long gap between samples too; nothing jumped there."""
    account = Watched(2026, 3, 20)
    account.run(22 * HOUR, spend=1)
    account.run(3 * HOUR)
    account.spend(10)
    account.wait(POLL)
    account.wait(-2 * HOUR)
    account.wait(2 * HOUR)
    assert account.spending.spent_today == 10
