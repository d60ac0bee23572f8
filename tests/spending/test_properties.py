"""Whatever an account and a clock do: no exception, and no figure that cannot be."""

from collections.abc import Iterator
from copy import replace
from datetime import UTC, datetime, timedelta, timezone
from math import isfinite
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings, strategies as st

from custom_components.llm_gateway_account.gaps import Interval, gap_after
from custom_components.llm_gateway_account.spending import (
    EventType,
    Ledger,
    Limits,
    Observation,
    Outcome,
)
from custom_components.llm_gateway_account.spending.local_time import Moment
from custom_components.llm_gateway_account.spending.samples import MAX_SAMPLES

from .watched import enter, reloaded

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
    st.just(timedelta(0)),
    st.timedeltas(timedelta(0), timedelta(hours=3)),
    st.timedeltas(timedelta(-2), timedelta(10)),
    st.timedeltas(timedelta(-500), timedelta(500)),
)
used_quotas = st.none() | st.integers(0, 500) | amounts
counts = st.none() | st.integers(0, 3) | st.integers()
stretches = st.tuples(
    steps,
    st.sampled_from(ZONES),
    amounts,
    used_quotas,
    st.none() | st.integers(0, 500) | amounts,
    counts,
    st.integers(1, 40),
    st.sampled_from([0, 0, 3, -2]),
)


def check(outcome: Outcome, ledger: Ledger) -> None:
    """Check what has to be true of everything that comes out."""
    spending = outcome.spending
    for figure in (spending.average_daily, spending.days_remaining):
        assert figure is None or (figure >= 0 and isfinite(figure))
    for figure in (spending.spent_today, spending.spent_this_month):
        assert figure is None or isfinite(figure)
    types = [event.type for event in outcome.events]
    assert len(set(types)) == len(types) <= 3
    for event in outcome.events:
        if event.type in {EventType.TOPPED_UP, EventType.UNUSUAL_SPENDING}:
            assert event.amount is not None
            assert event.amount >= 0
    assert types[1:].count(EventType.TOPPED_UP) == 0
    assert outcome.look_again_in is None or 0 < outcome.look_again_in <= 240
    assert len(ledger.as_dict()["samples"]["times"]) <= MAX_SAMPLES


@settings(deadline=None)
@given(
    st.lists(st.tuples(any_time, amounts, used_quotas, amounts, counts, limits)),
    st.lists(any_time),
    st.lists(st.tuples(any_time, any_time, amounts, st.booleans())),
)
def test_anything_in_any_order(
    answers: list[tuple[datetime, float, float | None, float, int | None, Limits]],
    midnights: list[datetime],
    books: list[tuple[datetime, datetime, float, bool]],
) -> None:
    ledger = Ledger()
    for time, quota, used_quota, bonus_quota, request_count, limits_ in answers:
        observation = Observation(
            time=time,
            quota=quota,
            used_quota=used_quota,
            bonus_quota=bonus_quota,
            request_count=request_count,
        )
        check(ledger.observe(observation, limits_), ledger)
        assert reloaded(ledger).as_dict() == ledger.as_dict()
        if midnights:
            ledger.recount(midnights.pop())
        if books:
            now, past, spent, by_day = books.pop()
            since = int(past.timestamp())
            interval = Interval(start=since, end=since + 3600, spent=spent)
            gap = gap_after(ledger, 0)
            enter(ledger, now, [interval], gap=gap, past=since, by_day=by_day)
            assert reloaded(ledger).as_dict() == ledger.as_dict()


def observations(
    life: list[
        tuple[
            timedelta,
            ZoneInfo,
            float,
            float | None,
            float | None,
            int | None,
            int,
            int,
        ]
    ],
) -> Iterator[Observation]:
    """Yield stretches of answers that spend, or get back, the same."""
    utc = START
    for step, zone, quota, used_quota, bonus, count, times, spent in life:
        for poll in range(times):
            utc += step
            yield Observation(
                time=utc.astimezone(zone),
                quota=quota - spent * poll,
                used_quota=None if used_quota is None else used_quota + spent * poll,
                bonus_quota=bonus,
                request_count=count,
            )


# A count that no gateway has, for longer than a replica lags.
NEGATIVE_COUNT = [
    (timedelta(minutes=5), ZONES[0], 0, 0, None, -1, 20, 0),
]

# What was given back over days in which nobody watched, less than an hour ago.
LATE_REFUND = [
    (timedelta(minutes=5), ZONES[0], -112649, 113382.0, None, None, 3, 0),
    (timedelta(days=1), ZONES[0], 0, None, None, None, 6, 0),
    (timedelta(minutes=5), ZONES[0], 0, 0, None, None, 11, 0),
    (timedelta(minutes=5), ZONES[0], 0, 141, None, None, 3, 0),
]


@settings(deadline=None)
@given(st.lists(stretches, max_size=25), st.integers(1, 30))
@example(NEGATIVE_COUNT, 1)
@example(LATE_REFUND, 1)
def test_restart_is_not_noticed(life: list[Any], every: int) -> None:
    steady, restarted = Ledger(), Ledger()
    for number, observation in enumerate(observations(life)):
        outcome = steady.observe(observation, LIMITS)
        again = restarted.observe(observation, LIMITS)
        # The moment at which the money is gone may wait for the full hour.
        runs_out_at = outcome.spending.runs_out_at
        assert replace(
            again, spending=replace(again.spending, runs_out_at=runs_out_at)
        ) == (outcome)
        check(outcome, steady)
        if number % every == 0:
            restarted = reloaded(restarted)


@settings(deadline=None)
@given(
    st.sampled_from(ZONES),
    moments,
    st.lists(
        st.tuples(st.integers(1, 40), st.integers(-20, 100), st.booleans()),
        max_size=300,
    ),
    st.booleans(),
)
def test_days_and_months_add_up(
    zone: ZoneInfo, start: datetime, life: list[tuple[int, int, bool]], is_told: bool
) -> None:
    """Each poll comes up to ten hours after the one before; some bring a refund.

    Of the day and the month of the first one the sum is not known, unless the books
    tell that nothing was spent before it, or it comes in their first second.
    """
    ledger = Ledger()
    utc = start
    used = lowest = 0
    days: dict[str, int | None] = {}
    ledger.observe(
        Observation(time=utc.astimezone(zone), quota=9, used_quota=0), LIMITS
    )
    if is_told:
        past = int(utc.timestamp()) - 32 * 86400
        enter(ledger, utc.astimezone(zone), [], past=past)
    for form in ("%Y-%m-%d", "%Y-%m"):
        second_before = (utc - timedelta(seconds=1)).astimezone(zone)
        has_begun = f"{second_before:{form}}" == f"{utc.astimezone(zone):{form}}"
        is_unknown = has_begun and not is_told
        days[f"{utc.astimezone(zone):{form}}"] = None if is_unknown else 0
    for quarters, spent, restart in life:
        utc += timedelta(minutes=15 * quarters)
        now = utc.astimezone(zone)
        change = max(spent, lowest - used)
        used += change
        for period in (f"{now:%Y-%m-%d}", f"{now:%Y-%m}"):
            sum_before = days.setdefault(period, 0)
            days[period] = None if sum_before is None else sum_before + change
        observation = Observation(time=now, quota=9 - used, used_quota=used)
        spending = ledger.observe(observation, LIMITS).spending
        assert spending.spent_this_month == days[f"{now:%Y-%m}"]
        assert spending.spent_today == days[f"{now:%Y-%m-%d}"]
        if restart:
            ledger = reloaded(ledger)


@given(st.sampled_from(ZONES), moments)
def test_day_begins_on_that_day(zone: ZoneInfo, moment: datetime) -> None:
    now = moment.astimezone(zone)
    time, start, month, _ = Moment.of(now)
    assert month <= start <= time < start + 25 * 3600
    assert datetime.fromtimestamp(start, zone).date() == now.date()
    assert datetime.fromtimestamp(start - 1, zone).date() < now.date()
