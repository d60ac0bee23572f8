"""Years of budgets: the projection against the truth, and each alert in its time."""

from collections import Counter
from datetime import timedelta
from random import Random

import pytest

from custom_components.llm_gateway_account.budgets import Alert, Period
from custom_components.llm_gateway_account.budgets.periods import span_of

from .year import FIRST_MONTH, POLL, Year

FIRST_DAYS = (1, 15, 28)


def test_projection_in_the_middle_of_months() -> None:
    """Within a quarter of the truth nine times of ten; better than the plain mean."""
    errors, of_mean = list[float](), list[float]()
    for seed in range(30):
        year = Year(random=Random(seed), first_day=FIRST_DAYS[seed % 3])  # noqa: S311
        for first, truth in year.months().items():
            middle = first + timedelta(days=14)
            errors.append(abs(year.projected_at(middle) / truth - 1))
            of_mean.append(abs(year.mean_at(middle) / truth - 1))
    close, close_of_mean = (
        sum(error <= 0.25 for error in each) / len(each) for each in (errors, of_mean)
    )
    assert close >= 0.9
    assert close > close_of_mean
    assert sum(errors) < 0.9 * sum(of_mean)


@pytest.mark.parametrize(("seed", "first_day"), [(1, 1), (2, 15), (3, 28)])
def test_each_alert_once_and_in_time(seed: int, first_day: int) -> None:
    """In every day and month that broke its budget, and in no other."""
    year = Year(random=Random(seed), first_day=first_day)  # noqa: S311
    year.live()
    told = [
        ((period, span_of(period, now.date(), first_day).first), alert, now)
        for now, period, alert in year.alerts
        if now.date() >= FIRST_MONTH
    ]
    counts = Counter((key, alert) for key, alert, _ in told)
    assert {
        count for (_, alert), count in counts.items() if alert is not Alert.FORECAST
    } == {1}
    assert {key[0] for key, *_ in told} == set(Period)
    for (period, first), alert, now in told:
        budget = year.budgets[period]
        if alert is Alert.FORECAST:
            assert period is Period.MONTH
            assert (now.date() - first).days >= 3
            continue
        part = 1 if alert is Alert.EXCEEDED else budget.warn_at / 100
        # What was spent just before midnight may be noticed after it.
        assert year.truth[now][period] > 0.95 * part * budget.limit
    times = {(key, alert): now for key, alert, now in told}
    passed = set()
    for now, truth in year.truth.items():
        for period, spent in truth.items():
            first = span_of(period, now.date(), first_day).first
            key = ((period, first), Alert.EXCEEDED)
            if first < FIRST_MONTH or spent <= year.budgets[period].limit:
                continue
            if key not in passed:
                passed.add(key)
                assert times[key] - now <= POLL
    assert len(passed) > 5
