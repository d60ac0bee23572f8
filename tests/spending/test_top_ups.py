"""Top-ups, and what only looks like one."""

from copy import replace
from datetime import timedelta
from random import Random

import pytest

from custom_components.llm_gateway_account.spending import Event, EventType

from .watched import POLL, Watched


@pytest.fixture
def account() -> Watched:
    """Return an account with 1000 points, of which none is low."""
    return Watched(2026, 3, 2, 12).told()


def topped_up(amount: float) -> Event:
    return Event(type=EventType.TOPPED_UP, amount=amount)


@pytest.mark.parametrize("refunded", [0, 1])
def test_amount_is_exact_while_money_is_spent(
    account: Watched, refunded: float
) -> None:
    account.spend(123)
    account.refund(refunded)
    account.quota += 500
    outcome = account.wait(POLL)
    assert outcome.events == ()
    assert outcome.look_again_in == 60
    account.restart()
    account.spend(2)
    account.wait(timedelta(minutes=1))
    assert account.happened == [topped_up(500)]
    account.run(timedelta(hours=3), spend=1)
    assert account.happened == [topped_up(500)]


def test_top_up_while_home_assistant_was_off(account: Watched) -> None:
    account.restart()
    account.spend(700)
    account.quota += 50
    account.wait(timedelta(days=20))
    account.settle()
    assert account.happened[0] == topped_up(50)


@pytest.mark.parametrize(("rise", "told"), [(5, False), (5.25, True)])
def test_refund_of_older_gateways_is_no_top_up(
    account: Watched, rise: float, told: bool
) -> None:
    """It raises the quota alone. Two of them are not one top-up."""
    account.quota += rise
    account.wait(POLL)
    account.settle()
    assert account.happened == [topped_up(rise)] * told
    account.quota += 4
    account.wait(POLL)
    account.settle()
    assert len(account.happened) == told


def test_refund_of_newer_gateways_is_no_top_up(account: Watched) -> None:
    """It lowers what was used, of an account that is watched since a minute, too."""
    account.refund(100)
    account.settle()
    account.run(timedelta(hours=1), spend=50)
    account.refund(500)
    account.settle()
    assert account.happened == []


def test_nothing_is_no_top_up_even_if_the_smallest_is_zero(account: Watched) -> None:
    account.limits = replace(account.limits, smallest_top_up=0)
    account.wait(POLL)
    assert account.happened == []


def test_advance_of_a_request_is_given_back(account: Watched) -> None:
    """Less for 55 minutes, also over a restart, and a little more or less of it."""
    for _ in range(3):
        account.quota -= 300
        account.wait(POLL)
        account.quota -= 9
        account.run(timedelta(minutes=30))
        account.restart()
        account.quota += 5
        account.run(timedelta(minutes=15))
        account.quota += 304
        account.wait(POLL)
        account.settle()
    assert account.happened == []


def test_top_up_during_an_advance(account: Watched) -> None:
    account.quota -= 300
    account.wait(POLL)
    account.quota += 100
    account.wait(POLL)
    assert account.happened == []
    account.quota += 300
    account.wait(POLL)
    account.settle()
    assert account.happened == [topped_up(100)]


@pytest.mark.parametrize(("minutes", "told"), [(50, []), (65, [60])])
def test_correction_by_the_operator(
    account: Watched, minutes: int, told: list[float]
) -> None:
    """After an hour the highest sum of it is what rises are counted from."""
    account.quota -= 300
    account.wait(POLL)
    account.quota -= 50
    account.run(timedelta(minutes=minutes))
    account.quota += 60
    account.wait(POLL)
    account.settle()
    assert [each.amount for each in account.happened] == told


def test_requests_that_overlap(account: Watched) -> None:
    """One to five units are held back always, but for ten minutes of an hour."""
    account.quota = 240
    random = Random(4)  # noqa: S311
    held_back = 0.0
    for poll in range(24 * 12):
        account.quota += held_back
        held_back = random.randint(5, 25) if poll % 12 < 10 else 0
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
    account.settle()
    assert account.happened == []


@pytest.mark.parametrize("in_the_gap", [(), (0,), (1,), (0, 2), (1, 3)])
def test_answers_from_between_two_writes(
    account: Watched, in_the_gap: tuple[int, ...]
) -> None:
    """What was used is written, what is left not yet: 6 points too many."""
    account.limits = replace(account.limits, low=-9000, critical=-9000)
    for poll in range(150):
        account.spend(6)
        is_in_the_gap = poll % 3 == 0
        account.quota += 6 * is_in_the_gap
        account.wait(POLL)
        account.quota -= 6 * is_in_the_gap
    account.wait(POLL)
    assert account.happened == []
    account.quota += 6000
    for look in range(6):
        cost = 6 + look / 8
        account.spend(cost)
        account.quota += cost * (look in in_the_gap)
        account.wait(timedelta(minutes=1))
        account.quota -= cost * (look in in_the_gap)
    assert account.happened == [topped_up(6000)]


def test_top_up_whose_answers_never_agree(account: Watched) -> None:
    """The second highest of four: one may be from between two writes."""
    account.quota += 500
    for dip in (30, 2, 20, 4):
        account.quota -= dip
        outcome = account.wait(timedelta(minutes=1))
        account.quota += dip
    assert outcome.look_again_in is None
    assert account.happened == [topped_up(496)]
    account.run(timedelta(hours=2))
    assert account.happened == [topped_up(496)]


def test_unknown_until_what_was_spent_is_known(account: Watched) -> None:
    known, account.used_quota = account.used_quota, None
    account.quota += 500
    account.wait(POLL)
    assert account.happened == []
    account.used_quota = known
    account.wait(POLL)
    account.settle()
    assert account.happened == [topped_up(500)]


def test_refill_to_the_same_amount_every_night(account: Watched) -> None:
    for night in range(7):
        account.run(timedelta(hours=20), spend=1)
        spent = 1000 - account.quota
        account.spend(9)
        account.quota = 1000
        account.wait(timedelta(hours=4) - POLL)
        account.settle()
        assert account.happened[night:] == [topped_up(spent + 9)]
        account.wait(POLL)
    assert account.spending.days_remaining == pytest.approx(4, abs=0.3)


@pytest.mark.parametrize("order", [("used_quota", "bonus_quota"), ("bonus_quota",)])
def test_bonus_is_no_top_up(account: Watched, order: tuple[str, ...]) -> None:
    """Neither when it is granted, nor when it pays, whatever is written first."""
    account.bonus_quota = 0
    account.wait(POLL)
    account.bonus_quota = 800
    account.wait(POLL)
    account.settle()
    for _ in range(5):
        changes = {"used_quota": 100, "bonus_quota": -100}
        for field in order:
            setattr(account, field, getattr(account, field) + changes.pop(field))
            account.wait(timedelta(minutes=1))
        for field, change in changes.items():
            setattr(account, field, getattr(account, field) + change)
        account.wait(POLL)
        account.settle()
    assert account.happened == []
    assert account.spending.spent_today == 500
