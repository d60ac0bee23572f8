"""What is spent today and this month, whatever day and clock it is."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.llm_gateway_account.gaps import Interval, gap_after
from custom_components.llm_gateway_account.spending import (
    BalanceLevel,
    Ledger,
    Spending,
)
from custom_components.llm_gateway_account.spending.local_time import start_of_day

from .watched import BERLIN, POLL, Watched, enter

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.mark.parametrize("has_answer", [False, True])
def test_day_and_month_of_the_first_look_are_unknown(has_answer: bool) -> None:
    """Some of it may have been spent before; the next ones are known at once."""
    account = Watched(2026, 3, 30, 12)
    for hours in (2, 10):
        account.run(hours * HOUR - POLL, spend=1)
        assert account.spending.spent_today is account.spending.spent_this_month is None
        assert account.spending.day_since is account.spending.month_since is None
        account.utc += POLL
        if has_answer:
            account.poll()
    account.begin_day()
    assert account.spending.spent_today == 0
    assert account.spending.day_since == datetime(2026, 3, 31, tzinfo=BERLIN)
    assert account.spending.spent_this_month is None
    assert account.spending.month_since is None
    account.restart()
    account.run(DAY - POLL, spend=1)
    assert account.spending.spent_today == 287
    assert account.spending.spent_this_month is None
    assert account.spending.month_since is None
    account.utc += POLL
    account.begin_day()
    assert account.spending.spent_today == account.spending.spent_this_month == 0
    month = datetime(2026, 4, 1, tzinfo=BERLIN)
    assert account.spending.day_since == account.spending.month_since == month
    account.run(2 * HOUR, spend=1)
    assert account.spending.spent_today == account.spending.spent_this_month == 24


@pytest.mark.parametrize("seconds", [-1, 0, 0.9, 1])
def test_first_look_around_midnight(seconds: float) -> None:
    """Whoever looks in its first second sees the whole day."""
    account = Watched(2026, 4, 1)
    account.ledger = Ledger()
    account.utc += timedelta(seconds=seconds)
    account.poll()
    assert account.spending.spent_today == (0 if 0 <= seconds < 1 else None)
    account.spend(3)
    account.wait(POLL)
    assert account.spending.spent_today == (3 if seconds < 1 else None)
    assert account.spending.spent_this_month == (3 if seconds < 1 else None)


def test_everything_else_is_told_of_an_account_whose_day_is_unknown() -> None:
    """Its level, top-ups, refunds, and soon an average: none of them needs a day."""
    account = Watched(2026, 3, 2, 12)
    account.spend(850)
    account.wait(POLL)
    account.settle()
    account.refund(5)
    account.wait(POLL)
    account.quota += 500
    account.wait(POLL)
    account.settle()
    assert account.types == ["balance_low", "balance_recovered", "topped_up"]
    account.run(11 * HOUR, spend=0.1)
    assert account.spending.spent_today is None
    account.run(13 * HOUR, spend=0.1)
    assert account.spending.average_daily == pytest.approx(845 + 28.8, rel=0.01)
    assert account.spending.days_remaining == pytest.approx(0.7, abs=0.1)
    assert account.spending.spent_this_month is None


def test_day_of_the_first_look_in_another_time_zone() -> None:
    """There it may have begun after it."""
    account = Watched(2026, 3, 2, 12)
    account.run(8 * HOUR, spend=1)
    for zone, spent in (("Asia/Shanghai", 3 * 12 + 1), ("Europe/Berlin", None)):
        account.zone = ZoneInfo(zone)
        account.poll()
        assert account.spending.spent_today == spent
        assert (account.spending.day_since is None) == (spent is None)
        assert account.spending.spent_this_month is None


def test_books_tell_the_day_and_month_of_the_first_look() -> None:
    account = Watched(2026, 3, 2, 12).told()
    assert account.spending.spent_today == account.spending.spent_this_month == 0
    account.run(2 * HOUR, spend=1)
    assert account.spending.spent_today == account.spending.spent_this_month == 24
    assert account.spending.day_since == datetime(2026, 3, 2, tzinfo=BERLIN)
    assert account.spending.month_since == datetime(2026, 3, 1, tzinfo=BERLIN)


@pytest.mark.parametrize("refunded", [0, 35])
@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", (2026, 10, 31), 3),
        ("Europe/Berlin", (2026, 10, 24), 4),  # 02:00 comes twice
        ("Europe/Berlin", (2026, 3, 28), 2),  # 02:00 does not come
        # The hour that midnight divides belongs to the day in which it ends.
        ("Asia/Kolkata", (2026, 10, 31), 4),
        ("America/New_York", (2026, 12, 31), 3),
    ],
)
def test_night_that_nobody_watched(
    zone: str, day: tuple[int, int, int], hours: int, refunded: float
) -> None:
    """Ten points an hour; what is refunded in it is taken off at its end."""
    account = Watched(*day, 20, zone=ZoneInfo(zone)).told()
    account.spend(1)
    account.wait(POLL)
    start = int(account.utc.timestamp())
    local = account.now.replace(hour=3, minute=0) + DAY
    end = int(local.timestamp())
    rows = range(start - start % 3600, end, 3600)
    account.spend(10 * len(rows))
    account.refund(refunded)
    account.wait(timedelta(seconds=end + 60 - start))
    total = 10 * len(rows) - refunded
    assert account.spending.spent_today == total
    gap = gap_after(account.ledger, start)
    assert gap == (start, end + 60)
    intervals = [
        Interval(start=hour, end=hour + 3600, spent=10 + (hour < start))
        for hour in rows
    ]
    account.spending = enter(account.ledger, account.now, intervals, gap=gap)
    expected = max(10 * hours - refunded, 0)
    assert account.spending.spent_today == expected
    is_new_month = account.now.day == 1
    assert account.spending.spent_this_month == (
        expected if is_new_month else 1 + total
    )
    assert gap_after(account.ledger, end + 60) is None


def test_midnight() -> None:
    account = Watched(2026, 3, 31, 22).told()
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
    account = Watched(2026, 3, 2, 8, quota=100_000).told()
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
    """Nothing of the old one counts, nor does what was used before it was seen."""
    account = Watched(2026, 3, 2, 8).told()
    account.run(5 * HOUR, spend=1)
    assert account.spending.spent_today == account.spending.spent_this_month == 60
    account.quota, account.used_quota, account.request_count = quota, used, requests
    account.wait(POLL)
    account.settle()
    assert account.spending.spent_today == account.spending.spent_this_month == 0
    account.spend(5)
    account.wait(POLL)
    assert account.spending.spent_today == 5
    account.run(HOUR)
    assert account.types == types


def test_account_of_an_hour_is_not_made_anew_by_a_replica() -> None:
    account = Watched(2026, 3, 2, 8)
    account.used_quota, account.request_count = 0, 0
    account.ledger = Ledger()
    account.poll()
    account.told()
    account.run(HOUR / 2, spend=100)
    quota, used, requests = account.quota, account.used_quota, account.request_count
    account.used_quota, account.request_count = 0, 0
    assert account.wait(POLL).is_stale
    account.quota, account.used_quota, account.request_count = quota, used, requests
    account.wait(POLL)
    assert account.spending.spent_today == 600


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
    assert Ledger().recount(datetime(2026, 3, 2, tzinfo=UTC)) is None


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Europe/Berlin"])
def test_what_is_noticed_on_the_stroke_of_midnight_is_of_the_new_day(zone: str) -> None:
    """The bar of the day before is drawn already."""
    account = Watched(2026, 5, 4, 20, zone=ZoneInfo(zone))
    account.run(4 * HOUR, spend=10)
    account.begin_day()
    assert account.spending.spent_today == 10
    account.wait(POLL)
    assert account.spending.spent_today == 10


@pytest.mark.parametrize(
    "pattern", ["NNO", "NNON", "NNONONON", "NNOOOON", "NONN", "NOONN", "NONONO"]
)
@pytest.mark.parametrize("balance", [0, 30])
@pytest.mark.parametrize("count", [None, 100])
def test_replica_from_before_a_top_up_of_an_idle_account(
    balance: int, pattern: str, count: int | None
) -> None:
    """It counts as many requests: an account that is used up can make none.

    Whether or not a second answer has shown the top-up yet.
    """
    account = Watched(2026, 3, 2, 8, quota=100_000)
    account.request_count = count
    account.ledger = Ledger()
    account.poll()
    account.told()
    account.run(2 * HOUR, spend=1)
    account.leave(balance)
    account.settle()
    account.run(HOUR)
    account.happened.clear()
    old = account.quota
    for answer in pattern + "NN":
        account.quota = old + 10_000 * (answer == "N")
        outcome = account.wait(POLL)
        assert outcome.is_stale is (answer == "O")
    assert sorted(account.types) == ["balance_recovered", "topped_up"]
    account.quota = old
    account.run(2 * HOUR)
    account.settle()
    assert account.types[2:] == [
        "balance_exhausted" if balance == 0 else "balance_critical"
    ]


@pytest.mark.parametrize("pattern", ["NO", "NNOO", "NONONO"])
def test_replica_from_before_a_refund(pattern: str) -> None:
    """A task that failed: no request counts it, and what was given back stays so."""
    account = Watched(2026, 3, 2, 8, quota=100_000).told()
    account.run(2 * HOUR, spend=1)
    account.spend(226)
    account.wait(POLL)
    old = account.quota, account.used_quota
    account.refund(226)
    new = account.quota, account.used_quota
    for answer in pattern:
        account.quota, account.used_quota = new if answer == "N" else old
        assert account.wait(POLL).is_stale is (answer == "O")
        assert account.spending.spent_today == 24
    account.quota, account.used_quota = new
    account.run(HOUR, spend=1)
    assert account.spending.spent_today == 36
    assert account.happened == []


@pytest.mark.parametrize("rise", [5, 20, 300])
def test_counter_begins_anew_while_money_is_added(rise: int) -> None:
    account = Watched(2026, 3, 2, quota=100_000).told()
    account.used_quota = 0
    account.ledger = Ledger()
    account.poll()
    account.told()
    account.run(3 * DAY, spend=1)
    before = account.spending.spent_today
    account.used_quota = 0
    account.quota += rise
    account.wait(POLL)
    assert account.spending.spent_today == before
    account.quota += 3000
    account.wait(POLL)
    account.settle()
    assert account.types[-1] == "topped_up"
