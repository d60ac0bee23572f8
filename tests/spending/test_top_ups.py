"""Top-ups, and what only looks like one."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from custom_components.llm_gateway_account.spending import Event, EventType

from .watched import POLL, Watched


@pytest.fixture
def account() -> Watched:
    """Return an account with 1000 points, of which none is low."""
    return Watched(2026, 3, 2, 12)


def topped_up(amount: float) -> Event:
    return Event(type=EventType.TOPPED_UP, amount=amount)


def test_amount_is_exact_while_money_is_spent(account: Watched) -> None:
    account.spend(123)
    account.quota += 500
    account.wait(POLL)
    assert account.happened == [topped_up(500)]
    account.run(timedelta(hours=3), spend=1)
    assert account.happened == [topped_up(500)]


def test_top_up_while_home_assistant_was_off(account: Watched) -> None:
    account.restart()
    account.spend(700)
    account.quota += 50
    account.wait(timedelta(days=20))
    assert account.happened[0] == topped_up(50)


@pytest.mark.parametrize(("rise", "told"), [(4.9, False), (5, True)])
def test_refund_is_no_top_up(account: Watched, rise: float, told: bool) -> None:
    account.quota += rise
    account.wait(POLL)
    assert account.happened == [topped_up(rise)] * told
    # Two refunds are not one top-up.
    account.quota += 4
    account.wait(POLL)
    assert len(account.happened) == told


def test_nothing_is_no_top_up_even_if_the_smallest_is_zero(account: Watched) -> None:
    account.limits = replace(account.limits, smallest_top_up=0)
    account.wait(POLL)
    assert account.happened == []


def test_advance_of_a_request_is_given_back(account: Watched) -> None:
    """Less for 55 minutes, also over a restart."""
    account.quota -= 300
    account.run(timedelta(minutes=30))
    account.restart()
    account.run(timedelta(minutes=25))
    account.quota += 300
    account.wait(POLL)
    assert account.happened == []


def test_top_up_during_an_advance(account: Watched) -> None:
    account.quota -= 300
    account.wait(POLL)
    account.quota += 100
    account.wait(POLL)
    assert account.happened == []
    account.quota += 300
    account.wait(POLL)
    assert account.happened == [topped_up(100)]


def test_correction_by_the_operator(account: Watched) -> None:
    """After three hours the highest sum of them is what rises are counted from."""
    account.quota -= 300
    account.wait(POLL)
    account.quota -= 50
    account.run(timedelta(hours=3))
    account.quota += 60
    account.wait(POLL)
    assert account.happened == [topped_up(10)]


def test_requests_that_overlap(account: Watched) -> None:
    """One to five units are held back always, but for a quarter of an hour."""
    account.quota = 240
    random = Random(4)  # noqa: S311
    held_back = 0.0
    for poll in range(24 * 12):
        account.quota += held_back
        held_back = random.randint(5, 25) if poll % 24 < 21 else 0
        account.quota -= held_back
        account.wait(POLL)
    assert account.happened == []


def test_advance_seen_by_a_clock_that_was_put_back(account: Watched) -> None:
    account.quota -= 300
    account.wait(POLL)
    account.wait(-timedelta(days=300))
    account.run(timedelta(minutes=50))
    account.quota += 300
    account.wait(POLL)
    assert account.happened == []


def test_other_account_at_the_same_place(account: Watched) -> None:
    account.used_quota = 100
    account.quota = 90_000
    account.run(timedelta(minutes=65))
    assert account.happened == []
    account.quota += 20
    account.wait(POLL)
    assert account.happened == [topped_up(20)]


def test_unknown_until_what_was_spent_is_known(account: Watched) -> None:
    account.used_quota = None
    account.quota += 500
    account.wait(POLL)
    assert account.happened == []
    account.used_quota = 5000
    account.wait(POLL)
    assert account.happened == [topped_up(500)]


@pytest.mark.parametrize(("times", "told"), [(2, True), (3, False)])
def test_as_much_spent_as_added(account: Watched, times: int, told: bool) -> None:
    """By chance, twice; the third time it is what a subscription looks like."""
    for _ in range(times):
        account.quota += 100
        account.spend(100)
        account.wait(POLL)
        account.restart()
    account.quota += 100
    account.spend(120)
    account.wait(POLL)
    assert account.happened == [topped_up(100)] * told


@pytest.mark.parametrize(("hours", "is_told"), [(1, False), (23, False), (24, True)])
def test_subscription_that_is_looked_at_now_and_then(
    account: Watched, hours: int, is_told: bool
) -> None:
    """After a day without a look it may as well be a top-up that is used up."""
    assert account.used_quota is not None
    for _ in range(3):
        account.used_quota += 100
        account.wait(timedelta(hours=hours))
    assert account.spending.has_subscription is not is_told
    assert account.happened == [topped_up(100)] * 3 * is_told


def test_top_up_beside_a_subscription(account: Watched) -> None:
    """How much of what was granted is the subscription's, nobody tells."""
    assert account.used_quota is not None
    for _ in range(3):
        account.used_quota += 100
        account.wait(POLL)
    account.restart()
    account.quota += 500
    account.used_quota += 40
    account.wait(POLL)
    assert account.happened == [topped_up(500)]
    account.quota += 4
    account.used_quota += 40
    account.wait(POLL)
    assert len(account.happened) == 1


def test_subscription_that_ends(account: Watched) -> None:
    """It is known for a month after it paid last; then all is as without one."""
    assert account.used_quota is not None
    account.leave(0)
    account.run(timedelta(days=2))
    assert account.spending.days_remaining == 0
    assert not account.spending.has_subscription
    for _ in range(3):
        account.used_quota += 100
        account.wait(POLL)
    account.quota += 700
    for _ in range(30):
        account.run(timedelta(days=1))
        account.restart()
        account.spend(10)
        account.wait(POLL)
        assert account.spending.has_subscription
        assert account.spending.days_remaining is account.spending.runs_out_at is None
    account.run(timedelta(days=1))
    assert not account.spending.has_subscription
    assert account.spending.days_remaining == pytest.approx(40, abs=1)
    assert account.spending.runs_out_at
    account.quota += 100
    account.spend(110)
    account.wait(POLL)
    assert topped_up(100) in account.happened


def test_what_a_subscription_pays_for_is_no_top_up(account: Watched) -> None:
    """It is spent, but not taken from the quota; a real top-up still shows."""
    assert account.used_quota is not None
    for _ in range(10):
        account.used_quota += 100
        account.wait(POLL)
    account.restart()
    account.spend(20)
    account.used_quota += 100
    account.wait(POLL)
    assert account.happened == []
    assert account.spending.spent_today == 1120
    account.quota += 500
    account.wait(POLL)
    assert account.happened == [topped_up(500)]
