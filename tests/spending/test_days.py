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
    start = datetime.fromtimestamp(start_of_day(now.date(), now.tzinfo), UTC)
    assert start.isoformat() == expected


@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        ("America/New_York", 6),
        ("Asia/Shanghai", 19),
        ("Pacific/Auckland", 0),
        ("Pacific/Kiritimati", 1),
        ("Pacific/Pago_Pago", 0),
        ("Asia/Kolkata", 16.5),
        ("Asia/Kathmandu", 16.75),
    ],
)
def test_home_moves_to_another_time_zone(zone: str, hours: float) -> None:
    """Noon in Berlin in winter; a point was spent every five minutes for days."""
    account = Watched(2026, 1, 3, 12)
    account.run(3 * DAY, spend=1)
    account.zone = ZoneInfo(zone)
    account.poll()
    assert account.now.hour == int(hours)
    # And what is noticed on the stroke of midnight.
    assert account.spending.spent_today == hours * 12 + 1
    assert account.spending.day_since == account.now.replace(hour=0, minute=0)
    account.zone = BERLIN
    account.poll()
    assert account.spending.spent_today == 12 * 12 + 1


def test_idle_account_moves_to_another_time_zone() -> None:
    """The day is another one at once, also where nothing else is new."""
    account = Watched(2026, 1, 3, 12)
    account.run(3 * DAY, spend=1)
    account.run(HOUR / 2)
    account.zone = ZoneInfo("Asia/Kolkata")
    account.poll()
    assert account.spending.spent_today == 16.5 * 12 + 1


def test_month_that_begins_at_half_past() -> None:
    """Also when it is long over, and every other hour is kept as a whole."""
    account = Watched(2026, 1, 25, zone=ZoneInfo("Asia/Kolkata"), quota=100_000)
    account.run(15 * DAY, spend=1)
    assert account.spending.spent_this_month == 8 * 24 * 12 + 1


def test_restart_changes_nothing() -> None:
    account = Watched(2026, 3, 20)
    account.run(30 * HOUR, spend=1)
    before = account.spending
    account.restart()
    account.poll()
    assert account.spending == before
    account.run(HOUR, spend=1)
    assert account.spending.spent_today == 7 * 12 + 1


@pytest.mark.parametrize("minutes", [5, 55])
@pytest.mark.parametrize("every", [1, 2])
def test_answer_of_a_replica_that_lags_changes_nothing(
    minutes: int, every: int
) -> None:
    """Every answer, or every other, is an hour old, before or after a top-up."""
    account = Watched(2026, 3, 2, 8, quota=100_000)
    account.run(2 * HOUR, spend=1)
    old = account.quota, account.used_quota, account.request_count
    account.leave(150)
    account.run(HOUR, spend=1)
    account.settle()
    before, told, revision = account.spending, account.types, account.ledger.revision
    for poll in range(minutes // 5):
        new = account.quota, account.used_quota, account.request_count
        if poll % every == 0:
            account.quota, account.used_quota, account.request_count = old
            outcome = account.wait(POLL)
            assert outcome.is_stale
            account.restart()
        account.quota, account.used_quota, account.request_count = new
    assert account.spending == before
    assert account.types == told == ["balance_low"]
    assert account.ledger.revision <= revision + 2
    account.spend(1)
    account.wait(POLL)
    assert account.spending.spent_today == (before.spent_today or 0) + 1


@pytest.mark.parametrize("hours", [1, 3, 24])
def test_replica_that_lags_answers_two_rare_polls(hours: int) -> None:
    """Updates by hand: two answers in a row say nothing of the time between them."""
    account = Watched(2026, 3, 2, 8, quota=100_000)
    account.run(4 * HOUR, spend=1)
    new = account.quota, account.used_quota, account.request_count
    before = account.spending.spent_this_month
    account.quota, account.used_quota, account.request_count = 100_020, 5030, 130
    for _ in range(2):
        assert account.wait(hours * HOUR).is_stale
    account.quota, account.used_quota, account.request_count = new
    account.wait(hours * HOUR)
    assert account.spending.spent_this_month == before


def test_answer_that_stays_behind_is_believed_after_an_hour() -> None:
    """As after a backup was restored: history and figures stay."""
    account = Watched(2026, 3, 2, 8, quota=1000)
    account.run(5 * DAY, spend=0.1)
    before = account.spending
    account.quota, account.used_quota, account.request_count = 150, 5010, 110
    account.run(HOUR)
    assert account.types == []
    account.wait(-HOUR / 2)
    account.run(2 * HOUR)
    assert account.types == ["balance_low"]
    assert account.spending.spent_today == before.spent_today
    account.spend(2)
    account.wait(POLL)
    assert account.spending.spent_today == (before.spent_today or 0) + 2
    assert account.spending.unusual is False


@pytest.mark.parametrize(
    ("quota", "used", "requests", "types"),
    [(1000, 0, 0, []), (30, 0, 0, ["balance_critical"]), (100, 1, 1, ["balance_low"])],
)
def test_account_made_anew(
    quota: float, used: float, requests: int, types: list[str]
) -> None:
    account = Watched(2026, 3, 2, 8)
    account.run(5 * HOUR, spend=1)
    account.quota, account.used_quota, account.request_count = quota, used, requests
    account.wait(POLL)
    account.settle()
    assert account.spending.spent_today == account.spending.spent_this_month == 0
    assert account.spending.day_since == account.now
    assert account.types == types
    account.spend(5)
    account.wait(POLL)
    assert account.spending.spent_today == 5
    account.run(HOUR)
    assert account.types == types


def test_account_of_an_hour_is_not_made_anew_by_a_replica() -> None:
    account = Watched(2026, 3, 2, 8)
    account.used_quota, account.request_count = 0, 0
    account.ledger = Ledger()
    account.run(HOUR / 2, spend=100)
    quota, used, requests = account.quota, account.used_quota, account.request_count
    account.used_quota, account.request_count = 0, 0
    assert account.wait(POLL).is_stale
    account.quota, account.used_quota, account.request_count = quota, used, requests
    account.wait(POLL)
    assert account.spending.spent_today == 500


def test_counter_that_is_set_to_less() -> None:
    """Nobody can be refunded what was not spent: it says nothing of the spending."""
    account = Watched(2026, 3, 20)
    account.run(HOUR, spend=1)
    account.used_quota = 3
    account.wait(POLL)
    assert account.spending.spent_today == 12
    account.run(HOUR, spend=1)
    assert account.spending.spent_today == 24
    account.quota += 50
    account.wait(POLL)
    account.settle()
    assert [each.amount for each in account.happened] == [50]


@pytest.mark.parametrize("left", [0, 2])
def test_counter_begins_anew_within_what_was_spent_here(left: int) -> None:
    """All of it was seen, and could be given back; but the quota does not rise."""
    account = Watched(2026, 3, 2, quota=100_000)
    account.used_quota = 0
    account.ledger = Ledger()
    account.run(3 * DAY, spend=1)
    before = account.spending
    account.used_quota = left
    account.wait(POLL)
    assert account.spending.spent_today == before.spent_today
    account.spend(60)
    account.wait(POLL)
    account.refund(40)
    account.wait(POLL)
    assert account.spending.spent_today == (before.spent_today or 0) + 20
    assert account.types == []


def test_account_that_does_not_tell_what_was_spent() -> None:
    account = Watched(2026, 3, 20)
    account.run(2 * DAY, spend=1)
    before = account.spending
    known, account.used_quota = account.used_quota, None
    account.wait(HOUR)
    assert account.spending == before
    account.restart()
    account.wait(POLL)
    assert account.spending == before
    account.used_quota = known
    account.spend(5)
    account.wait(POLL)
    assert account.spending.spent_today == 1 + 5


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
    )


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Asia/Kathmandu", "Europe/Berlin"])
def test_day_that_begins_without_an_answer(zone: str) -> None:
    account = Watched(2026, 3, 31, 20, zone=ZoneInfo(zone))
    account.run(4 * HOUR - POLL, spend=10)
    account.utc += POLL
    revision = account.ledger.revision
    for _ in range(3):
        account.begin_day()
        assert account.ledger.revision == revision + 1
        assert account.spending.spent_today == account.spending.spent_this_month == 0
        midnight = account.now.replace(hour=0, minute=0)
        assert account.spending.day_since == account.spending.month_since == midnight
        account.restart()
        revision = -1
        account.utc += HOUR
    account.used_quota, used = None, account.used_quota
    account.poll()
    assert account.spending.spent_today == 0
    account.used_quota = used
    account.spend(7)
    account.poll()
    assert account.spending.spent_today == account.spending.spent_this_month == 7


def test_nothing_is_known_of_a_day_before_the_first_answer() -> None:
    assert Ledger().begin_day(datetime(2026, 3, 2, tzinfo=UTC)) is None


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Europe/Berlin"])
def test_what_is_noticed_on_the_stroke_of_midnight_is_of_the_new_day(zone: str) -> None:
    """The bar of the day before is drawn already."""
    account = Watched(2026, 5, 4, 20, zone=ZoneInfo(zone))
    account.run(4 * HOUR, spend=10)
    account.begin_day()
    assert account.spending.spent_today == 10
    account.wait(POLL)
    assert account.spending.spent_today == 10
