"""Low, critical, exhausted: told once, and no flapping."""

from copy import replace
from datetime import timedelta

import pytest

from custom_components.llm_gateway_account.spending import (
    BalanceLevel,
    EventType,
    Ledger,
)

from .watched import POLL, Watched

OK, LOW, CRITICAL, EXHAUSTED = BalanceLevel
LOW_NOW = EventType.BALANCE_LOW
CRITICAL_NOW = EventType.BALANCE_CRITICAL
EXHAUSTED_NOW = EventType.BALANCE_EXHAUSTED
RECOVERED = EventType.BALANCE_RECOVERED


def watched(quota: float) -> Watched:
    return Watched(2026, 3, 2, quota=quota)


@pytest.mark.parametrize(
    ("quota", "level"),
    [
        (1000, OK),
        (200, OK),
        (199.9, LOW),
        (40, LOW),
        (39.9, CRITICAL),
        (0.1, CRITICAL),
        (0, EXHAUSTED),
        (-5, EXHAUSTED),
    ],
)
def test_first_look_has_a_level_and_tells_nothing(
    quota: float, level: BalanceLevel
) -> None:
    account = watched(quota)
    assert account.spending.level is level
    assert account.happened == []


@pytest.mark.parametrize(
    ("quotas", "levels", "happened"),
    [
        ((1000, 199, 39, 0), (OK, LOW, CRITICAL, EXHAUSTED), [1, 2, 3]),
        ((1000, 39), (OK, CRITICAL), [2]),
        ((1000, -1), (OK, EXHAUSTED), [3]),
        # Around a threshold: told once.
        ((1000, 199, 201, 199, 219.9, 150), (OK, LOW, LOW, LOW, LOW, LOW), [1]),
        ((1000, 199, 220, 199), (OK, LOW, OK, LOW), [1, 0, 1]),
        ((150, 39, 43.9, 39), (LOW, CRITICAL, CRITICAL, CRITICAL), [2]),
        # Better, not well: nothing to tell, but the next time is.
        ((150, 39, 44, 39), (LOW, CRITICAL, LOW, CRITICAL), [2, 2]),
        ((20, 0, 4, -1), (CRITICAL, EXHAUSTED, EXHAUSTED, EXHAUSTED), [3]),
        ((20, 0, 4.1, -1), (CRITICAL, EXHAUSTED, CRITICAL, EXHAUSTED), [3, 3]),
        # Well enough for one level better, not for two.
        ((20, 210, 1000), (CRITICAL, LOW, OK), [0]),
        ((0, 41, 44), (EXHAUSTED, CRITICAL, LOW), []),
    ],
)
@pytest.mark.parametrize("restarts", [False, True])
def test_levels(
    quotas: tuple[float, ...],
    levels: tuple[BalanceLevel, ...],
    happened: list[int],
    restarts: bool,
) -> None:
    """Seen without a count of what is spent, so that no rise is a top-up."""
    account = watched(quotas[0])
    account.used_quota = None
    seen = [account.spending.level]
    for quota in quotas[1:]:
        if restarts:
            account.restart()
        account.quota = quota
        account.wait(POLL)
        account.settle()
        seen.append(account.spending.level)
    names = (RECOVERED, LOW_NOW, CRITICAL_NOW, EXHAUSTED_NOW)
    assert tuple(seen) == levels
    assert account.types == [names[each] for each in happened]


def test_recovery_tells_what_was_told_before() -> None:
    account = watched(1000)
    for left in (150, 30, 150, 30, 1000, 0, 1000):
        account.leave(left)
        account.restart()
        account.settle()
    assert [each.alerts for each in account.happened if each.type is RECOVERED] == [
        (LOW_NOW, CRITICAL_NOW),
        (EXHAUSTED_NOW,),
    ]


def test_restart_tells_what_got_worse_meanwhile_and_nothing_twice() -> None:
    account = watched(1000)
    account.restart()
    account.leave(150)
    assert account.wait(timedelta(days=3)).look_again_in == 240
    assert account.types == []
    assert account.spending.level is OK
    account.restart()
    account.wait(timedelta(seconds=239))
    assert account.types == []
    account.wait(timedelta(seconds=1))
    assert account.types == [LOW_NOW]
    account.restart()
    account.wait(POLL)
    assert account.types == [LOW_NOW]


@pytest.mark.parametrize("missing", [None, "used_quota", "request_count"])
@pytest.mark.parametrize("settled_after", [60, 240])
def test_request_that_is_paid_in_advance(
    missing: str | None, settled_after: int
) -> None:
    """For four minutes a part is missing, and so may be a part of the answer."""
    account = watched(300)
    account.run(timedelta(days=1))
    account.quota -= 250
    known = account.used_quota, account.request_count
    if missing:
        setattr(account, missing, None)
    before = account.spending
    outcome = account.wait(POLL)
    assert outcome.look_again_in == 240
    assert account.spending.level is before.level
    assert account.spending.spent_today == before.spent_today
    account.used_quota, account.request_count = known
    account.utc += timedelta(seconds=settled_after)
    account.quota += 250
    account.spend(10)
    account.settle()
    account.run(timedelta(hours=2))
    assert account.happened == []
    assert account.spending.spent_today == 10


def test_balance_that_is_taken_by_an_operator() -> None:
    """Half a unit first, and nearly all five minutes later."""
    account = watched(1000)
    account.quota -= 50
    account.wait(POLL)
    account.quota = 10
    account.wait(POLL)
    assert account.types == []
    account.wait(POLL)
    assert account.types == [CRITICAL_NOW]


def test_level_that_gets_worse_and_worse() -> None:
    """Low is certain before critical is."""
    account = watched(1000)
    for quota, types in ((150, []), (30, [LOW_NOW]), (30, [LOW_NOW, CRITICAL_NOW])):
        account.quota = quota
        account.wait(POLL)
        assert account.types == types


def test_good_answer_in_between_begins_the_wait_anew() -> None:
    account = watched(1000)
    for quota in (150, 1000, 30, 1000, 150, 1000):
        account.quota = quota
        account.wait(timedelta(minutes=3))
    account.quota = 150
    account.wait(POLL)
    assert account.types == []
    account.wait(-timedelta(hours=5))
    account.wait(timedelta(seconds=239))
    assert account.types == []
    account.wait(timedelta(seconds=1))
    assert account.types == [LOW_NOW]


def test_levels_follow_the_balance_when_the_counter_is_set_to_less() -> None:
    account = watched(1000)
    account.used_quota = 0
    account.run(timedelta(hours=1), spend=70)
    account.run(2 * POLL, spend=65)
    assert account.types == [LOW_NOW]
    account.wait(POLL)
    assert account.types == [LOW_NOW, CRITICAL_NOW]
    account.spend(30)
    account.wait(POLL)
    assert account.types == [LOW_NOW, CRITICAL_NOW, EXHAUSTED_NOW]


def test_bonus_counts() -> None:
    """A Rix API keeps a bonus beside the quota, and an answer may miss it."""
    account = watched(0)
    account.bonus_quota = 500
    account.ledger = Ledger()
    account.run(timedelta(hours=2))
    assert account.spending.level is OK
    account.bonus_quota = None
    account.run(timedelta(minutes=50))
    assert account.spending.level is OK
    account.bonus_quota = 150
    account.run(2 * POLL)
    assert account.types == [LOW_NOW]
    account.bonus_quota = None
    account.run(timedelta(hours=1) + POLL)
    assert account.types == [LOW_NOW, EXHAUSTED_NOW]


def test_top_up_needs_no_margin_and_is_told_first() -> None:
    account = watched(150)
    account.quota = 205
    account.settle()
    assert account.types == [EventType.TOPPED_UP, RECOVERED]
    assert account.spending.level is OK


def test_top_up_that_is_not_enough() -> None:
    account = watched(-10)
    account.quota = 1
    account.settle()
    assert account.types == [EventType.TOPPED_UP]
    assert account.spending.level is CRITICAL


@pytest.mark.parametrize(
    ("before", "spent", "happened"),
    [
        (150, 1000, [LOW_NOW, EventType.TOPPED_UP, LOW_NOW]),
        (10, 900, [CRITICAL_NOW, EventType.TOPPED_UP, LOW_NOW]),
        (150, 1120, [LOW_NOW, EventType.TOPPED_UP, LOW_NOW, CRITICAL_NOW]),
        (150, 900, [LOW_NOW, RECOVERED, EventType.TOPPED_UP]),
    ],
)
def test_top_up_that_is_used_up_when_it_is_seen(
    before: float, spent: float, happened: list[EventType]
) -> None:
    account = watched(1000)
    account.leave(before)
    account.settle()
    account.restart()
    account.quota += 1000
    account.spend(spent)
    account.wait(timedelta(days=5))
    account.settle()
    assert account.types == happened
    account.run(timedelta(hours=1))
    assert account.types == happened


@pytest.mark.parametrize(
    ("before", "change", "left", "level"),
    [
        (150, {"critical": 30}, 219, LOW),
        (150, {"critical": 30}, 220, OK),
        (150, {"low": 201}, 210, OK),
        (30, {"low": 190}, 43, CRITICAL),
        (30, {"low": 190}, 44, LOW),
        (30, {"critical": 41}, 43, LOW),
        (0, {"low": 190}, 4, EXHAUSTED),
        (0, {"critical": 41}, 4, CRITICAL),
        # As they come back from another unit.
        (150, {"low": 200.0000001, "critical": 39.99999999}, 219, LOW),
        (30, {"low": 200.0000001, "critical": 39.99999999}, 43, CRITICAL),
    ],
)
def test_each_threshold_has_a_margin_of_its_own(
    before: float, change: dict[str, float], left: float, level: BalanceLevel
) -> None:
    account = watched(before)
    account.used_quota = None
    account.limits = replace(account.limits, **change)
    account.quota = left
    account.restart()
    account.wait(POLL)
    assert account.spending.level is level
    assert account.types == [RECOVERED] * (level is OK)


def test_changed_thresholds_need_no_margin() -> None:
    account = watched(205)
    account.limits = replace(account.limits, low=206)
    account.settle()
    assert account.types == [LOW_NOW]
    account.limits = replace(account.limits, low=205)
    account.restart()
    assert [each.type for each in account.poll().events] == [RECOVERED]
