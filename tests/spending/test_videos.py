"""Videos: paid in advance, with some of it given back when they are done."""

from copy import replace
from datetime import timedelta

import pytest

from .watched import POLL, Watched

UNIT = 500_000
ADVANCE, GIVEN_BACK = 1_130_000, 500_000


@pytest.fixture
def account() -> Watched:
    """Return an account with 100 units, in the morning, with a habit of half a unit."""
    account = Watched(2026, 3, 2, 8, quota=100 * UNIT)
    account.limits = replace(
        account.limits, unusual_minimum=50 * UNIT, smallest_top_up=UNIT
    )
    return account.told(an_hour=UNIT / 48)


@pytest.mark.parametrize(
    ("takes_it_back", "spent"), [(True, 6.30), (False, 11.30)], ids=["new", "old"]
)
@pytest.mark.parametrize("restarts", [False, True])
def test_five_a_day(
    account: Watched, takes_it_back: bool, spent: float, restarts: bool
) -> None:
    """What a gateway takes back from `used_quota` was not spent; what it does not, was.

    Neither is a top-up: what is given back is not more than the smallest one.
    """
    for _ in range(5):
        account.spend(ADVANCE)
        account.run(timedelta(minutes=10))
        if takes_it_back:
            account.refund(GIVEN_BACK)
        else:
            account.quota += GIVEN_BACK
        account.settle()
        if restarts:
            account.restart()
        account.run(timedelta(hours=2))
    assert account.spending.spent_today
    since_midnight = account.spending.spent_today - 8 * UNIT / 48
    assert since_midnight == pytest.approx(spent * UNIT)
    assert account.happened == []


def test_one_that_fails_was_never_paid(account: Watched) -> None:
    """Spent today and this month are as before, and so are average and forecast."""
    other = Watched(2026, 3, 2, 8, quota=100 * UNIT)
    other.limits = account.limits
    other.told(an_hour=UNIT / 48)
    before = account.spending
    account.spend(ADVANCE)
    account.wait(POLL)
    assert before.spent_today is not None
    assert before.spent_this_month is not None
    assert account.spending.spent_today == before.spent_today + ADVANCE
    assert account.spending.spent_this_month == before.spent_this_month + ADVANCE
    account.refund(ADVANCE)
    account.wait(POLL)
    other.run(2 * POLL)
    for each in (account, other):
        each.run(timedelta(days=2), spend=1000)
    assert account.spending.spent_today == other.spending.spent_today
    assert account.spending.spent_this_month == other.spending.spent_this_month
    assert account.spending.average_daily == other.spending.average_daily
    assert account.spending.days_remaining == other.spending.days_remaining
    assert account.happened == other.happened == []
