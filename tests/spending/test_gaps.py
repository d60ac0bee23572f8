"""What the books say of a time in which nobody watched."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
import json
from random import Random

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.llm_gateway_account.gaps import (
    LOOKS_BACK,
    Interval,
    gap_after,
    seen_by_hour,
    watched_since,
)
from custom_components.llm_gateway_account.spending import (
    Event,
    Ledger,
    Limits,
    Observation,
)
from custom_components.llm_gateway_account.spending.samples import MAX_SAMPLES

from .watched import enter, ledger_from

HOUR = 3600
START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
T0 = int(START.timestamp())
LIMITS = Limits(
    low=1000,
    critical=100,
    unusual_factor=3,
    unusual_minimum=100,
    smallest_top_up=500_000,
)


def seen(ledger: Ledger, hours: float, used: float) -> tuple[Event, ...]:
    """Let the ledger see an answer, so many hours after the first one."""
    return ledger.observe(
        Observation(
            time=START + timedelta(hours=hours), quota=10**6 - used, used_quota=used
        ),
        LIMITS,
    ).events


def watched(*answers: tuple[float, float]) -> Ledger:
    """Return a ledger that saw answers: hours after the first, and used quota."""
    ledger = Ledger()
    for hours, used in answers:
        seen(ledger, hours, used)
    return ledger


def spent(hours: float, end: float, points: float) -> Interval:
    """Return an interval in hours after the first answer."""
    return Interval(
        start=T0 + int(hours * HOUR), end=T0 + int(end * HOUR), spent=points
    )


@pytest.mark.parametrize(
    ("answers", "gap"),
    [
        ([(0, 0)], None),
        ([(0, 0), (0.1, 5), (3, 50)], (0.1, 3)),
        ([(0, 0), (0.1, 5), (1, 50)], None),
        ([(0, 0), (5, 0)], None),
        ([(0, 0), (3, 7), (3.5, 8), (9, 20), (9.3, 21)], (3.5, 9)),
        # Older samples are thinner; that is no gap.
        ([(0, 0), (3, 7), *((3 + each, 7 + each) for each in range(1, 60))], None),
    ],
)
def test_gap(
    answers: list[tuple[float, float]], gap: tuple[float, float] | None
) -> None:
    """Only the last in which something was spent, and only of the last two days."""
    ledger = watched(*answers)
    expected = gap and tuple(T0 + int(each * HOUR) for each in gap)
    assert gap_after(ledger, 0) == expected
    assert gap_after(ledger, T0 + 10 * HOUR) is None


@pytest.mark.parametrize(
    ("intervals", "by_hour"),
    [
        ([], {5: 100}),
        ([spent(0, 1, 30)], {0: 20, 5: 80}),  # 10 of them were seen before
        ([spent(1, 2, 40), spent(3, 4, 60)], {1: 40, 3: 60}),
        # What they do not know of stays with the answer that found it.
        ([spent(1, 2, 40), spent(3, 4, 20)], {1: 40, 3: 20, 5: 40}),
        # The last hour also holds what was spent after.
        ([spent(1, 2, 40), spent(5, 6, 500)], {1: 40, 5: 60}),
        ([spent(1, 2, 400), spent(3, 4, 10)], {1: 100}),
        ([spent(-5, -4, 40), spent(8, 9, 40), spent(2, 3, 0)], {5: 100}),
        ([spent(3, 4, 60), spent(1, 2, 40)], {1: 40, 3: 60}),
    ],
)
def test_gap_is_spread_as_the_books_say(
    intervals: list[Interval], by_hour: dict[int, float]
) -> None:
    """Exactly in sum, whatever they say."""
    ledger = watched((0, 0), (0.1, 10), (5.5, 110))
    gap = gap_after(ledger, 0)
    enter(ledger, START + timedelta(hours=6), intervals, gap=gap)
    found = seen_by_hour(ledger, T0, T0 + 8 * HOUR)
    expected = {T0 + hour * HOUR: points for hour, points in by_hour.items()}
    expected[T0] = expected.get(T0, 0) + 10
    assert found == pytest.approx(expected)


def test_gap_that_is_gone() -> None:
    """The clock may have been set back since."""
    ledger = watched((0, 0), (5, 100))
    enter(ledger, START, [spent(1, 2, 40)], gap=(T0 + 1, T0 + 5 * HOUR))
    enter(ledger, START, [spent(1, 2, 40)], gap=(T0 + 5 * HOUR, T0 + 9 * HOUR))
    assert seen_by_hour(ledger, T0, T0 + 6 * HOUR) == {T0 + 5 * HOUR: 100}


@pytest.mark.parametrize("by_day", [False, True])
def test_past(by_day: bool) -> None:
    """Day, month, average, forecast and habit are known at once."""
    ledger = watched((0, 70_000))
    before = ledger.recount(START)
    assert before
    assert before.spent_today is before.spent_this_month is before.average_daily is None
    size = 24 if by_day else 1
    # 24 points an hour, until midnight and the first answer.
    starts = [*range(-12 - 30 * 24, -12, size)]
    intervals = [spent(each, each + size, 24 * size) for each in starts]
    intervals.append(spent(-12, 0, 12 * 24))
    intervals.append(spent(0, 1, 500))
    past, revision = T0 - LOOKS_BACK, ledger.revision
    after = enter(ledger, START, intervals, past=past, by_day=by_day)
    assert after.spent_today == 12 * 24
    assert after.spent_this_month == 19 * 24 * 24 + 12 * 24
    assert after.average_daily == pytest.approx(24 * 24, rel=0.01)
    assert after.days_remaining == pytest.approx((10**6 - 70_000) / 576, rel=0.01)
    assert after.unusual is False
    assert ledger.revision > revision
    assert watched_since(ledger) == past
    # Once more changes nothing.
    assert enter(ledger, START, intervals, past=past, by_day=by_day) == after


@pytest.mark.parametrize("by_day", [False, True])
def test_usual_hour_is_not_learnt_from_days(by_day: bool) -> None:
    """Whoever works by day spends more in an hour than a day does on average."""
    ledger, size = watched((0, 10**6)), 24 if by_day else 1
    intervals = [
        spent(each, each + size, 100 * size) for each in range(-180, -12, size)
    ]
    for _ in range(2):
        enter(ledger, START, intervals, past=T0 - LOOKS_BACK, by_day=by_day)
    assert bool(seen(ledger, 0.9, 10**6 + 400)) == (not by_day)
    for each in range(1, 80):
        assert not seen(ledger, each, 10**6 + 400 + each * 100)
    assert seen(ledger, 79.9, 10**6 + 9_600)


def test_usual_hour_of_the_past_stays_as_it_was() -> None:
    """It is not spread over the idle ones before it, also when it is days ago."""
    ledger = watched((0, 10**6))
    intervals = [spent(each, each + 1, 100) for each in (-90, -66, -42, -18)]
    enter(ledger, START, intervals, past=T0 - LOOKS_BACK)
    for each in range(84):
        assert not seen(ledger, each, 10**6 + each)
        assert not seen(ledger, each + 0.1, 10**6 + each + 130 * (each == 83))
    assert seen(ledger, 83.3, 10**6 + 83 + 320)


def test_busy_past_keeps_its_newest_days() -> None:
    """It has as many hours as there is room for, and grows on."""
    ledger = watched((0, 10**6))
    random = Random(4)  # noqa: S311
    intervals = [
        spent(each, each + 1, random.randrange(1, 9)) for each in range(-800, 0)
    ]
    enter(ledger, START, intervals, past=T0 - LOOKS_BACK)
    for each in range(1, 1200):
        seen(ledger, each / 4, 10**6 + each)
    found = seen_by_hour(ledger, T0 - 700 * HOUR, T0)
    expected = {each.start: each.spent for each in intervals[100:]}
    assert found == pytest.approx(expected)
    times = ledger.as_dict()["samples"]["times"]
    assert all(earlier < later for earlier, later in pairwise(times))
    assert ledger_from(ledger.as_dict()).as_dict() == ledger.as_dict()


def test_account_whose_gateway_counts_nothing() -> None:
    """Then there is nothing to enter anything into."""
    ledger = Ledger()
    ledger.observe(Observation(time=START, quota=5, used_quota=None), LIMITS)
    assert watched_since(ledger) is None
    assert gap_after(ledger, 0) is None
    assert seen_by_hour(ledger, T0, T0 + HOUR) == {}
    after = enter(ledger, START, [spent(0, 1, 4)], past=T0 - HOUR, by_day=True)
    assert after.spent_today is None


def samples_of(ledger: Ledger) -> dict[int, float]:
    """Return the sums by Unix time, after checking that they can be read again."""
    state = json.loads(json.dumps(ledger.as_dict()))
    assert ledger_from(state).as_dict() == state
    times, values = state["samples"]["times"], state["samples"]["values"]
    return dict(zip(times, values, strict=True))


moments = st.integers(-30 * HOUR, 30 * HOUR) | st.integers(-30, 30).map(
    lambda hour: hour * HOUR
)
intervals_of_any_kind = st.builds(
    lambda start, length, points: Interval(
        start=T0 + start, end=T0 + start + length, spent=points
    ),
    moments,
    st.sampled_from([1, 2, 1800, HOUR, 24 * HOUR]) | st.integers(1, 5 * HOUR),
    st.integers(-5, 100),
)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([1, 300, HOUR, 2 * HOUR + 1]) | st.integers(1, 9 * HOUR),
            st.integers(-20, 60),
        ),
        max_size=12,
    ),
    st.lists(intervals_of_any_kind, max_size=12),
    st.integers(0, 12),
    st.none() | moments.map(lambda moment: T0 + moment) | st.just(-5),
    st.booleans(),
)
def test_books_that_say_anything(
    life: list[tuple[int, int]],
    intervals: list[Interval],
    before_gap: int,
    past: int | None,
    by_day: bool,
) -> None:
    """No sample moves, all are in order, and only what a refund lowers gets less."""
    ledger = Ledger()
    hours = used = 0.0
    seen(ledger, 0, used)
    for step, change in life:
        hours, used = hours + step / HOUR, max(used + change, 0)
        seen(ledger, hours, used)
    now = START + timedelta(hours=hours)
    before = samples_of(ledger)
    edges = [*pairwise(before)]
    gap = edges[before_gap % len(edges)] if edges else None
    enter(ledger, now, intervals, gap=gap, past=past, by_day=by_day)
    after = samples_of(ledger)

    assert after.items() >= before.items()
    added = set(after) - set(before)
    first = min(before)
    since = first if past is None else min(first, max(past, 0))
    assert min(after) == since
    assert all(
        time < first or (gap is not None and gap[0] < time < gap[1]) for time in added
    )
    for (start, low), (end, high) in pairwise(after.items()):
        assert high >= low or {start, end} <= before.keys() or start < first
    told = sum(
        each.spent for each in intervals if since <= each.start and each.end <= first
    )
    if since < first:
        assert before[first] - after[since] == told
        no_less = pairwise(sum_ for time, sum_ in after.items() if time < first)
        assert all(low <= high for low, high in no_less)
    once = ledger.as_dict()
    enter(ledger, now, intervals, gap=gap, past=past, by_day=by_day)
    assert ledger.as_dict() == once


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(-50 * 60, 50 * 60), st.integers(1, 9)), max_size=60),
    st.lists(
        st.tuples(
            st.sampled_from([61, 120, 180, 660]) | st.integers(61, 600),
            st.sampled_from([0, 1, 60]) | st.integers(0, 75),
        ),
        min_size=1,
        max_size=9,
    ),
    st.integers(0, 200),
)
def test_every_hour_is_as_it_was(
    charges: list[tuple[int, int]], life: list[tuple[int, int]], told_at: int
) -> None:
    """Whether somebody watched or the books tell: the sum by each full hour is exact.

    There are minutes without an answer, then minutes with an answer each. Charges come
    on full minutes, answers a second before: none is seen in the hour after its own.
    """
    minutes = [(T0 + minute * 60, points) for minute, points in charges]

    def truth(until: int) -> int:
        return sum(points for time, points in minutes if time < until)

    def books(first: int) -> list[Interval]:
        hours = range(T0 - 60 * HOUR, T0 + 220 * HOUR, HOUR)
        rows = [(hour, hour + HOUR) for hour in hours if not hour < first < hour + HOUR]
        rows += [
            (first - first % HOUR, first),
            (first - first % HOUR, next_hour(first)),
        ]
        return [
            Interval(start=start, end=end, spent=truth(end) - truth(start))
            for start, end in rows
        ]

    def next_hour(time: int) -> int:
        return time - time % HOUR + HOUR

    ledger = Ledger()
    polls: list[int] = []
    gaps: list[tuple[int, int]] = []
    time, entered_until, past = T0 - 1, 0, None
    waits = [wait for gap, watched in life for wait in (gap, *[1] * watched)]
    for number, wait in enumerate([0, *waits]):
        time += wait * 60
        polls.append(time)
        seen(ledger, (time - T0) / HOUR, truth(time))
        gap = gap_after(ledger, entered_until)
        if number == told_at:
            past = polls[0] - 60 * HOUR
        if gap or number == told_at:
            entered_until = time
            gaps += [gap] if gap else []
            enter(
                ledger,
                datetime.fromtimestamp(time, UTC),
                books(polls[0]),
                gap=gap,
                past=past if number == told_at else None,
            )
    begin = T0 - 62 * HOUR
    unseen = truth(polls[0])
    for hour in range(T0 - 49 * HOUR, next_hour(time), HOUR):
        is_told = hour <= polls[0] or any(start < hour <= end for start, end in gaps)
        last = max((poll for poll in polls if poll < hour), default=polls[0])
        expected = truth(hour if is_told else last)
        found = sum(seen_by_hour(ledger, begin, hour).values())
        assert found == (expected if past else max(expected - unseen, 0))
    assert len(ledger.as_dict()["samples"]["times"]) <= MAX_SAMPLES


@pytest.mark.parametrize(
    ("intervals", "is_known_after"),
    [
        ([], 73),
        ([spent(-30, -29, 40)], 43),
        ([spent(-30, -29, 40), spent(-20, -19, 40)], 43),
        ([spent(-100, -99, 40)], 1),
    ],
)
def test_account_that_was_hardly_used_has_no_habit(
    intervals: list[Interval], is_known_after: int
) -> None:
    """What it spends first is not unusual; nor is it when the books tell it twice."""
    ledger = watched((0, 0))
    past = T0 - 30 * 24 * HOUR
    for _ in range(2):
        enter(ledger, START, intervals, past=past)
    used = 0.0
    for hour in range(1, 80):
        used += 1
        assert seen(ledger, hour, used) == ()
        spending = ledger.recount(START + timedelta(hours=hour))
        assert spending
        assert (spending.unusual is not None) is (hour >= is_known_after)


def test_gap_of_which_the_answer_before_is_gone() -> None:
    """As when the account was made anew while its books were read."""
    ledger = watched((0, 0), (0.1, 5), (5, 50))
    before = ledger.as_dict()["samples"]
    gap = T0 + 7, T0 + 5 * HOUR
    enter(ledger, START + timedelta(hours=5), [spent(1, 2, 40)], gap=gap)
    assert ledger.as_dict()["samples"] == before


def test_books_before_the_first_answer_after_a_restart() -> None:
    """The forecast waits for what is left."""
    ledger = watched(*((hour, 100 * hour) for hour in range(100)))
    now = START + timedelta(hours=99)
    spending = ledger.recount(now)
    again = ledger_from(ledger.as_dict())
    assert spending
    assert spending.days_remaining
    entered = enter(again, now, [], past=T0 - 24 * HOUR)
    assert entered.days_remaining == spending.days_remaining
