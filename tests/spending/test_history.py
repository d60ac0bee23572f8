"""What the books say of a time in which nobody watched."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest

from custom_components.llm_gateway_account.spending import (
    LOOKS_BACK,
    Interval,
    Ledger,
    Limits,
    Observation,
)

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


def seen(ledger: Ledger, hours: float, used: float) -> None:
    """Let the ledger see an answer, so many hours after the first one."""
    ledger.observe(
        Observation(
            time=START + timedelta(hours=hours), quota=10**6 - used, used_quota=used
        ),
        LIMITS,
    )


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
    assert ledger.gap_after(0) == expected
    assert ledger.gap_after(T0 + 10 * HOUR) is None


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
    gap = ledger.gap_after(0)
    ledger.enter_books(START + timedelta(hours=6), intervals, gap=gap)
    found = ledger.seen_by_hour(T0, T0 + 8 * HOUR)
    expected = {T0 + hour * HOUR: points for hour, points in by_hour.items()}
    expected[T0] = expected.get(T0, 0) + 10
    assert found == pytest.approx(expected)


def test_gap_that_is_gone() -> None:
    """The clock may have been set back since."""
    ledger = watched((0, 0), (5, 100))
    ledger.enter_books(START, [spent(1, 2, 40)], gap=(T0 + 1, T0 + 5 * HOUR))
    ledger.enter_books(START, [spent(1, 2, 40)], gap=(T0 + 5 * HOUR, T0 + 9 * HOUR))
    assert ledger.seen_by_hour(T0, T0 + 6 * HOUR) == {T0 + 5 * HOUR: 100}


@pytest.mark.parametrize("by_day", [False, True])
def test_past(by_day: bool) -> None:
    """Day, month, average, forecast and habit are known at once."""
    ledger = watched((0, 70_000))
    before = ledger.begin_day(START)
    assert before
    assert before.spent_today is before.spent_this_month is before.average_daily is None
    size = 24 if by_day else 1
    # 24 points an hour, until midnight and the first answer.
    starts = [*range(-12 - 30 * 24, -12, size)]
    intervals = [spent(each, each + size, 24 * size) for each in starts]
    intervals.append(spent(-12, 0, 12 * 24))
    intervals.append(spent(0, 1, 500))
    past = T0 - LOOKS_BACK
    after = ledger.enter_books(START, intervals, past=past, by_day=by_day)
    assert after.spent_today == 12 * 24
    assert after.spent_this_month == 19 * 24 * 24 + 12 * 24
    assert after.average_daily == pytest.approx(24 * 24, rel=0.01)
    assert after.days_remaining == pytest.approx((10**6 - 70_000) / 576, rel=0.01)
    assert after.unusual is False
    assert ledger.watched_since == past
    # Once more changes nothing.
    assert ledger.enter_books(START, intervals, past=past, by_day=by_day) == after


def test_busy_past_keeps_its_newest_days() -> None:
    """It has as many hours as there is room for, and grows on."""
    ledger = watched((0, 10**6))
    random = Random(4)  # noqa: S311
    intervals = [
        spent(each, each + 1, random.randrange(1, 9)) for each in range(-800, 0)
    ]
    ledger.enter_books(START, intervals, past=T0 - LOOKS_BACK)
    for each in range(1, 1200):
        seen(ledger, each / 4, 10**6 + each)
    found = ledger.seen_by_hour(T0 - 700 * HOUR, T0)
    expected = {each.start: each.spent for each in intervals[100:]}
    assert found == pytest.approx(expected)
    times = ledger.as_dict()["samples"]["times"]
    assert all(earlier < later for earlier, later in pairwise(times))
    assert Ledger.from_dict(ledger.as_dict()).as_dict() == ledger.as_dict()


def test_account_whose_gateway_counts_nothing() -> None:
    """Then there is nothing to enter anything into."""
    ledger = Ledger()
    ledger.observe(Observation(time=START, quota=5, used_quota=None), LIMITS)
    assert ledger.watched_since is None
    assert ledger.gap_after(0) is None
    assert ledger.seen_by_hour(T0, T0 + HOUR) == {}
    after = ledger.enter_books(START, [spent(0, 1, 4)], past=T0 - HOUR, by_day=True)
    assert after.spent_today is None
