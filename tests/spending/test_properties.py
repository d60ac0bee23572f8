"""Whatever an account and a clock do: no exception, and no figure that cannot be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
import json
from math import isfinite
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st

from custom_components.llm_gateway_account.spending import (
    Event,
    EventType,
    Ledger,
    Limits,
    Spending,
)
from custom_components.llm_gateway_account.spending.local_time import (
    start_of_day,
    unix_time,
)
from custom_components.llm_gateway_account.spending.samples import MAX_SAMPLES

ZONES = [
    ZoneInfo(name)
    for name in (
        "UTC",
        "Europe/Berlin",
        "America/Santiago",
        "America/Havana",
        "Asia/Beirut",
        "Asia/Kathmandu",
        "Pacific/Kiritimati",
        "Pacific/Pago_Pago",
        "Australia/Lord_Howe",
    )
]
START = datetime(2026, 3, 20, 12, tzinfo=UTC)

amounts = st.one_of(
    st.integers(-50, 2000),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
)
any_time = st.datetimes(
    timezones=st.sampled_from([*ZONES, timezone(timedelta(hours=-23, seconds=7))])
)
moments = st.integers(946_684_800, 2_051_222_400).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC)
)
limits = st.builds(
    Limits,
    low=st.floats(0, 1e9) | amounts,
    critical=st.floats(0, 1e6) | amounts,
    unusual_factor=st.floats(-1, 100),
    unusual_minimum=amounts,
    smallest_top_up=amounts,
)
LIMITS = Limits(
    low=200, critical=40, unusual_factor=3, unusual_minimum=10, smallest_top_up=5
)

# What a clock does between two polls, from the likely to the absurd.
steps = st.one_of(
    st.just(timedelta(minutes=5)),
    st.timedeltas(timedelta(0), timedelta(hours=3)),
    st.timedeltas(timedelta(-2), timedelta(10)),
    st.timedeltas(timedelta(-500), timedelta(500)),
)
polls = st.tuples(
    steps,
    st.sampled_from(ZONES[:4]),
    amounts,
    st.none() | st.integers(0, 500) | amounts,
    st.integers(1, 40),
    st.booleans(),
)


def reloaded(ledger: Ledger) -> Ledger:
    return Ledger.from_dict(json.loads(json.dumps(ledger.as_dict(), allow_nan=False)))


def check(spending: Spending, activities: list[Event], ledger: Ledger) -> None:
    """Check what has to be true of everything that comes out."""
    for figure in (
        spending.spent_today,
        spending.spent_this_month,
        spending.average_daily,
        spending.days_remaining,
    ):
        assert figure is None or (figure >= 0 and isfinite(figure))
    types = [activity.type for activity in activities]
    assert len(set(types)) == len(types) <= 3
    for activity in activities:
        if activity.type in {EventType.TOPPED_UP, EventType.UNUSUAL_SPENDING}:
            assert activity.amount
            assert activity.amount > 0
    assert types[1:].count(EventType.TOPPED_UP) == 0
    assert len(ledger.as_dict()["samples"]["times"]) <= MAX_SAMPLES


@given(st.lists(st.tuples(any_time, amounts, st.none() | amounts, limits)))
def test_anything_in_any_order(
    observations: list[tuple[datetime, float, float | None, Limits]],
) -> None:
    ledger = Ledger()
    for observation in observations:
        spending, activities = ledger.observe(*observation)
        check(spending, activities, ledger)
        assert reloaded(ledger).as_dict() == ledger.as_dict()


@settings(deadline=None)
@given(st.lists(polls, max_size=25))
def test_restart_is_not_noticed(
    life: list[tuple[timedelta, ZoneInfo, float, float | None, int, bool]],
) -> None:
    """Each stretch is some polls that spend the same, and perhaps a restart."""
    steady, restarted = Ledger(), Ledger()
    utc = START
    for step, zone, quota, used_quota, times, restart in life:
        for poll in range(times):
            utc += step
            now = utc.astimezone(zone)
            used = None if used_quota is None else used_quota + 3 * poll
            result = steady.observe(now, quota, used, LIMITS)
            assert restarted.observe(now, quota, used, LIMITS) == result
            check(*result, steady)
        if restart:
            restarted = reloaded(restarted)
        assert restarted.as_dict() == steady.as_dict()


@settings(deadline=None)
@given(
    st.sampled_from(ZONES),
    moments,
    st.lists(
        st.tuples(st.integers(1, 40), st.integers(0, 100), st.booleans()),
        max_size=300,
    ),
)
def test_days_and_months_add_up(
    zone: ZoneInfo, start: datetime, life: list[tuple[int, int, bool]]
) -> None:
    """Each poll comes up to ten hours after the one before."""
    ledger = Ledger()
    utc = start
    used = 0
    days: dict[str, int] = {}
    ledger.observe(utc.astimezone(zone), 1000, used, LIMITS)
    for quarters, spent, restart in life:
        utc += timedelta(minutes=15 * quarters)
        now = utc.astimezone(zone)
        used += spent
        for period in (f"{now:%Y-%m-%d}", f"{now:%Y-%m}"):
            days[period] = days.get(period, 0) + spent
        spending, _ = ledger.observe(now, 1000, used, LIMITS)
        on_midnight = unix_time(now) == start_of_day(now)
        if not on_midnight:
            assert spending.spent_this_month == days[f"{now:%Y-%m}"]
            assert spending.spent_today == days[f"{now:%Y-%m-%d}"]
        else:
            # What is noticed on the stroke of midnight was spent the day before.
            assert spending.spent_today == 0
            days[f"{now:%Y-%m-%d}"] = 0
            if now.day == 1:
                days[f"{now:%Y-%m}"] = 0
        if restart:
            ledger = reloaded(ledger)


@given(st.sampled_from(ZONES), moments)
def test_day_begins_on_that_day(zone: ZoneInfo, moment: datetime) -> None:
    now = moment.astimezone(zone)
    start = start_of_day(now)
    assert 0 <= unix_time(now) - start < 25 * 3600
    assert datetime.fromtimestamp(start, zone).date() == now.date()
    assert datetime.fromtimestamp(start - 1, zone).date() < now.date()


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            steps,
            st.sampled_from(ZONES),
            amounts,
            st.none() | st.integers(0, 500) | amounts,
            st.integers(1, 300),
            st.booleans(),
            st.sampled_from([0, 0, 3]),
        ),
        max_size=10,
    )
)
def test_answer_that_brings_nothing_new_is_looked_at_as_well(
    life: list[tuple[timedelta, ZoneInfo, float, float | None, int, bool, int]],
) -> None:
    """Only the moment at which the money is gone may wait for the full hour."""
    quick, thorough = Ledger(), Ledger()
    utc = START
    for step, zone, quota, used_quota, times, restart, spent in life:
        for poll in range(times):
            utc += step
            now = utc.astimezone(zone)
            used = None if used_quota is None else used_quota + spent * poll
            thorough._known = None
            results = [
                ledger.observe(now, quota, used, LIMITS) for ledger in (quick, thorough)
            ]
            (shown, happened), (truth, really_happened) = results
            assert replace(shown, runs_out_at=truth.runs_out_at) == truth
            assert happened == really_happened
            assert quick.revision == thorough.revision
        if restart:
            quick, thorough = reloaded(quick), reloaded(thorough)
        books = [ledger.as_dict() for ledger in (quick, thorough)]
        for book in books:
            del book["figures"]["runs_out_at"]
        assert books[0] == books[1]
