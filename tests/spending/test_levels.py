"""Low, critical, exhausted: told once, and no flapping."""

from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.llm_gateway_account.spending import EventType, BalanceLevel

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
        seen.append(account.spending.level)
    names = (RECOVERED, LOW_NOW, CRITICAL_NOW, EXHAUSTED_NOW)
    assert tuple(seen) == levels
    assert account.types == [names[each] for each in happened]


def test_recovery_tells_what_was_told_before() -> None:
    account = watched(1000)
    for left in (150, 30, 150, 30, 1000, 0, 1000):
        account.leave(left)
        account.restart()
        account.wait(POLL)
    assert [each.alerts for each in account.happened if each.type is RECOVERED] == [
        (LOW_NOW, CRITICAL_NOW),
        (EXHAUSTED_NOW,),
    ]


def test_restart_tells_what_got_worse_meanwhile_and_nothing_twice() -> None:
    account = watched(1000)
    account.restart()
    account.leave(150)
    account.wait(timedelta(days=3))
    assert account.types == [LOW_NOW]
    account.restart()
    account.wait(POLL)
    assert account.types == [LOW_NOW]


@pytest.mark.parametrize("held_back", [12, 40, 60])
def test_what_is_held_back_for_a_request_is_still_there(held_back: float) -> None:
    """It looks as if nothing were held back; here near a limit, or all there is."""
    account, untouched = watched(60), watched(60)
    for each in (account, untouched):
        each.run(timedelta(days=1))
    for _ in range(10):
        account.quota -= held_back
        account.run(timedelta(minutes=20))
        account.restart()
        account.quota += held_back
        untouched.run(timedelta(minutes=20))
        assert account.spending == untouched.spending
        for each in (account, untouched):
            each.spend(1)
            each.run(timedelta(minutes=20))
        assert account.spending == untouched.spending
    assert account.happened == []
    assert account.spending.days_remaining


def test_what_is_not_given_back_within_an_hour_is_gone() -> None:
    account = watched(300)
    account.quota -= 270
    account.run(timedelta(minutes=60))
    assert account.happened == []
    account.run(POLL)
    assert account.types == [CRITICAL_NOW]


def test_top_up_needs_no_margin_and_is_told_first() -> None:
    account = watched(150)
    account.quota = 205
    account.wait(POLL)
    assert account.types == [EventType.TOPPED_UP, RECOVERED]
    assert account.spending.level is OK


def test_top_up_that_is_not_enough() -> None:
    account = watched(-10)
    account.quota = 1
    account.wait(POLL)
    assert account.types == [EventType.TOPPED_UP]
    assert account.spending.level is CRITICAL


@pytest.mark.parametrize(
    ("before", "spent", "happened"),
    [
        (150, 1000, [LOW_NOW, EventType.TOPPED_UP, LOW_NOW]),
        (10, 900, [CRITICAL_NOW, EventType.TOPPED_UP, LOW_NOW]),
        (150, 1120, [LOW_NOW, EventType.TOPPED_UP, CRITICAL_NOW]),
        (150, 900, [LOW_NOW, EventType.TOPPED_UP, RECOVERED]),
    ],
)
def test_top_up_that_is_used_up_when_it_is_seen(
    before: float, spent: float, happened: list[EventType]
) -> None:
    account = watched(1000)
    account.leave(before)
    account.wait(POLL)
    account.restart()
    account.quota += 1000
    account.spend(spent)
    account.wait(timedelta(days=5))
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
    assert [each.type for each in account.poll()] == [LOW_NOW]
    account.limits = replace(account.limits, low=205)
    account.restart()
    assert [each.type for each in account.poll()] == [RECOVERED]
