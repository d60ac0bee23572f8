"""What is spent today and this month, whatever day and clock it is."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.llm_gateway_account.spending import (
    BalanceLevel,
    Ledger,
    Spending,
)
from custom_components.llm_gateway_account.spending.local_time import start_of_day

from .watched import BERLIN, POLL, Watched

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def test_day_and_month_begin_with_the_first_look() -> None:
    account = Watched(2026, 3, 2, 12)
    assert account.spending.spent_today == account.spending.spent_this_month == 0
    account.run(2 * HOUR, spend=1)
    assert account.spending.spent_today == account.spending.spent_this_month == 24
    start = datetime(2026, 3, 2, 12, tzinfo=BERLIN)
    assert account.spending.day_since == account.spending.month_since == start


def test_midnight() -> None:
    account = Watched(2026, 3, 31, 22)
    account.run(timedelta(hours=1, minutes=55), spend=1)
    assert account.spending.spent_today == 23
    account.spend(7)
    account.wait(timedelta(minutes=7))  # 00:02
    assert account.spending.spent_today == 7
    assert account.spending.spent_this_month == 7
    assert account.spending.day_since == datetime(2026, 4, 1, tzinfo=BERLIN)
    account.run(DAY, spend=1)
    assert account.spending.spent_this_month == 7 + 288
    assert account.spending.spent_today == 1
    assert account.spending.month_since == datetime(2026, 4, 1, tzinfo=BERLIN)


def test_poll_in_the_first_second_of_a_day() -> None:
    """Statistics would miss what the days do not add up to."""
    account = Watched(2026, 3, 31, 22)
    account.run(timedelta(hours=1, minutes=55), spend=1)
    account.spend(7)
    account.wait(timedelta(minutes=5, milliseconds=300))  # 00:00:00.3
    assert account.spending.spent_today == account.spending.spent_this_month == 7


def test_what_was_spent_unseen_belongs_to_the_day_it_was_noticed() -> None:
    account = Watched(2026, 3, 20)
    account.run(3 * HOUR, spend=1)
    account.restart()
    account.spend(500)
    account.wait(timedelta(days=20))
    assert account.spending.spent_today == account.spending.spent_this_month == 500
    account.spend(1)
    account.wait(DAY)
    assert account.spending.spent_today == 1
    assert account.spending.spent_this_month == 501


@pytest.mark.parametrize(
    ("zone", "moment", "hours"),
    [
        ("Europe/Berlin", (2026, 3, 29), 23),
        ("Europe/Berlin", (2026, 10, 25), 25),
        ("America/Santiago", (2025, 9, 7, 1), 23),  # from 24:00 to 01:00
        ("America/Santiago", (2025, 4, 5), 25),  # 23:00 comes twice
        ("America/Havana", (2025, 11, 2), 25),  # 00:00 comes twice
        ("Asia/Beirut", (2025, 3, 30, 1), 23),
        ("Asia/Kathmandu", (2025, 3, 30), 24),
        ("Australia/Lord_Howe", (2025, 10, 5), 23.5),
    ],
)
def test_days_of_all_lengths(
    zone: str, moment: tuple[int, int, int], hours: float
) -> None:
    account = Watched(2025, 1, 1, zone=ZoneInfo(zone))
    account.set_clock(*moment)
    account.utc -= timedelta(minutes=3)
    account.poll()
    account.spend(2)
    account.wait(POLL)
    start = account.spending.day_since
    assert start
    assert start.astimezone(UTC) == account.utc - timedelta(minutes=2)
    assert account.spending.spent_today == 2
    account.run(timedelta(hours=hours) - POLL, spend=1)
    polls = hours * 12 - 1
    assert account.spending.spent_today == 2 + polls
    assert account.spending.day_since == start
    account.spend(3)
    account.wait(POLL)
    assert account.spending.spent_today == 3
    assert account.spending.day_since
    length = account.spending.day_since.astimezone(UTC) - start.astimezone(UTC)
    assert length == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("zone", "local", "expected"),
    [
        ("America/Havana", (2025, 11, 2, 0, 30), "2025-11-02T04:00:00+00:00"),
        ("America/Santiago", (2025, 9, 7, 1), "2025-09-07T04:00:00+00:00"),
    ],
)
@pytest.mark.parametrize("fold", [0, 1])
def test_midnight_that_comes_twice_or_not_at_all(
    zone: str, local: tuple[int, int, int, int, int], expected: str, fold: int
) -> None:
    now = datetime(*local, fold=fold, tzinfo=ZoneInfo(zone))
    start = datetime.fromtimestamp(start_of_day(now), UTC)
    assert start.isoformat() == expected


@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        ("America/New_York", 6),
        ("Asia/Shanghai", 19),
        ("Pacific/Auckland", 0),
        ("Pacific/Kiritimati", 1),
        ("Pacific/Pago_Pago", 0),
    ],
)
def test_home_moves_to_another_time_zone(zone: str, hours: int) -> None:
    """Noon in Berlin in winter; a point was spent every five minutes for days."""
    account = Watched(2026, 1, 3, 12)
    account.run(3 * DAY, spend=1)
    account.zone = ZoneInfo(zone)
    account.poll()
    assert account.now.hour == hours
    assert account.spending.spent_today == hours * 12
    assert account.spending.day_since == account.now.replace(hour=0)
    account.zone = BERLIN
    account.poll()
    assert account.spending.spent_today == 12 * 12


def test_restart_changes_nothing() -> None:
    account = Watched(2026, 3, 20)
    account.run(30 * HOUR, spend=1)
    before = account.spending
    account.restart()
    account.poll()
    assert account.spending == before
    account.run(HOUR, spend=1)
    assert account.spending.spent_today == 7 * 12


def test_other_account_at_the_same_place() -> None:
    """What was spent before stays counted."""
    account = Watched(2026, 3, 20)
    account.run(HOUR, spend=1)
    account.used_quota = 3
    account.wait(POLL)
    assert account.spending.spent_today == 12
    account.run(HOUR, spend=1)
    assert account.spending.spent_today == 24


@pytest.mark.parametrize(
    ("quota", "used_quota"),
    [(99_600, 0), (0, 0), (99_601, 5_399), (150, 5_300), (-10, 4_000)],
)
@pytest.mark.parametrize("times", [1, 12])
def test_answer_from_before_changes_nothing(
    quota: float, used_quota: float, times: int
) -> None:
    """A replica that lags behind, or a gateway that stumbles, for an hour at most."""
    account, untouched = (Watched(2026, 3, 2, quota=101_000) for _ in range(2))
    for each in (account, untouched):
        each.run(4 * DAY + 10 * HOUR, spend=1)
        each.leave(99_600)
        each.run(2 * HOUR)
    told = list(untouched.happened)
    right = account.quota, account.used_quota
    account.quota, account.used_quota = quota, used_quota
    for _ in range(times):
        account.wait(POLL)
        account.restart()
        untouched.wait(POLL)
        assert account.spending == untouched.spending
    account.quota, account.used_quota = right
    for each in (account, untouched):
        each.run(2 * HOUR, spend=1)
        assert each.happened == told
    assert account.spending == untouched.spending


def test_every_other_answer_from_before_changes_nothing() -> None:
    account = Watched(2026, 3, 2, quota=100_000)
    account.run(HOUR, spend=1)
    for _ in range(20):
        account.spend(-3)
        account.wait(POLL)
        account.spend(4)
        account.wait(POLL)
    assert account.happened == []
    assert account.spending.spent_today == 12 + 20


def test_less_is_believed_when_it_lasts_also_if_the_clock_is_put_back() -> None:
    account = Watched(2026, 3, 20)
    account.run(10 * HOUR)
    account.run(HOUR, spend=1)
    account.used_quota = 3
    account.wait(POLL)
    account.wait(-2 * HOUR)
    account.run(HOUR, spend=1)
    assert account.spending.spent_this_month == 24


def test_account_that_does_not_tell_what_was_spent() -> None:
    account = Watched(2026, 3, 20)
    account.run(2 * DAY, spend=1)
    before = account.spending
    known, account.used_quota = account.used_quota, None
    account.wait(DAY)
    assert account.spending == before
    account.restart()
    account.wait(POLL)
    assert account.spending == before
    account.used_quota = known
    account.spend(5)
    account.wait(POLL)
    assert account.spending.spent_today == 5


def test_account_that_never_told_what_was_spent() -> None:
    account = Watched(2026, 3, 20)
    account.ledger = Ledger()
    account.used_quota = None
    account.run(4 * DAY)
    assert account.spending == Spending(
        spent_today=None,
        day_since=None,
        spent_this_month=None,
        month_since=None,
        average_daily=None,
        days_remaining=None,
        runs_out_at=None,
        level=BalanceLevel.OK,
        unusual=None,
        has_subscription=False,
    )


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Asia/Kathmandu", "Europe/Berlin"])
def test_answer_at_midnight_itself_is_kept(zone: str) -> None:
    """What was spent by then is of the day before, however quiet the next hour is."""
    account = Watched(2026, 5, 4, 20, zone=ZoneInfo(zone))
    while account.now.day == 4:
        account.spend(10)
        account.wait(POLL)
    assert account.now.hour == account.now.minute == 0
    account.wait(POLL)
    account.wait(POLL)
    account.spend(1)
    account.wait(POLL)
    assert account.spending.spent_today == 1
