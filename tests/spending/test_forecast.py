"""What is spent on an average day, and how long the rest lasts."""

from datetime import timedelta

import pytest

from .watched import POLL, Watched

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def test_unknown_on_the_first_day() -> None:
    account = Watched(2026, 3, 2, quota=10_000)
    account.run(DAY - POLL, spend=1)
    assert account.spending.average_daily is None
    assert account.spending.days_remaining is None
    assert account.spending.runs_out_at is None
    account.run(2 * POLL, spend=1)
    assert account.spending.average_daily == 288
    assert account.spending.days_remaining == round((10_000 - 289) / 288, 1)


def test_average_of_seven_days() -> None:
    account = Watched(2026, 3, 2, quota=100_000)
    account.run(3 * DAY, spend=10)
    account.run(3 * DAY + POLL, spend=1)
    assert account.spending.average_daily == pytest.approx(5.5 * 288, rel=0.05)
    account.run(7 * DAY, spend=1)
    assert account.spending.average_daily == pytest.approx(288, rel=0.05)


def test_spending_noticed_after_three_weeks_is_spread_over_them() -> None:
    account = Watched(2026, 3, 2)
    account.run(DAY)
    account.spend(210)
    account.wait(21 * DAY)
    assert account.spending.average_daily == pytest.approx(10)
    assert account.spending.days_remaining == 79


def test_average_is_held_for_an_hour() -> None:
    account = Watched(2026, 3, 2, quota=10_000)
    account.run(2 * DAY + POLL, spend=1)
    before = account.spending
    account.run(HOUR - 2 * POLL, spend=5)
    assert account.spending.average_daily == before.average_daily
    assert account.spending.days_remaining != before.days_remaining
    account.run(POLL * 2)
    assert account.spending.average_daily != before.average_daily


def test_estimates_of_an_account_at_rest_are_seldom_news() -> None:
    account = Watched(2026, 3, 2, quota=20_000)
    account.run(8 * DAY, spend=1)
    forecasts = []
    for _ in range(8 * 24):
        account.run(HOUR)
        shown = account.spending
        forecasts.append((shown.average_daily, shown.days_remaining, shown.runs_out_at))
    average, days, end = zip(*forecasts, strict=True)
    assert set(average[:24]) == {288}
    assert len({*days[:24], *end[:24]}) == 2
    assert 4 < len(set(average)) < 20
    # Nobody can say when it ends.
    assert forecasts[-1] == (0, None, None)


def test_average_follows_what_is_spent() -> None:
    account = Watched(2026, 3, 2, quota=100_000)
    account.run(8 * DAY, spend=1)
    for spend, average in ((3, 11 / 7), (3, 15 / 7), (0.5, 14 / 7), (0.5, 11 / 7)):
        account.run(2 * DAY, spend=spend)
        assert account.spending.average_daily == pytest.approx(288 * average, rel=0.06)


def test_end_does_not_tremble() -> None:
    account = Watched(2026, 3, 2, quota=10_000)
    account.run(2 * DAY, spend=1)
    shown = {account.spending.runs_out_at}
    for _ in range(48):
        account.restart()
        account.run(HOUR, spend=1)
        shown.add(account.spending.runs_out_at)
    assert len(shown) == 1
    account.spend(1000)
    account.wait(POLL)
    shown.add(account.spending.runs_out_at)
    assert len(shown) == 2


def test_end_is_not_in_the_past_while_something_is_left() -> None:
    account = Watched(2026, 3, 2, quota=6000)
    account.run(2 * DAY, spend=10)
    while account.quota > 5:
        account.spend(min(10, account.quota / 2))
        account.wait(POLL)
        assert account.spending.runs_out_at
        assert account.spending.runs_out_at >= account.now
    account.spend(account.quota)
    account.wait(POLL)
    assert account.spending.days_remaining == 0
    assert account.spending.runs_out_at is None


def test_nothing_spent_or_next_to_nothing_lasts_for_ever() -> None:
    account = Watched(2026, 3, 2)
    account.run(2 * DAY)
    assert account.spending.average_daily == 0
    assert account.spending.days_remaining is None
    assert account.spending.runs_out_at is None
    account.spend(0.5)
    account.wait(HOUR)
    assert account.spending.average_daily
    assert account.spending.days_remaining is None
    account.leave(0)
    account.wait(POLL)
    assert account.spending.days_remaining == 0
