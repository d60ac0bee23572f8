"""Years of budgets: the projection against the truth, and each alert in its time."""

from collections import Counter
from datetime import datetime, timedelta
from random import Random
from statistics import median

import pytest

from custom_components.llm_gateway_account.budgets import (
    Alert,
    BudgetState,
    Period,
    judge,
)
from custom_components.llm_gateway_account.budgets.periods import span_of

from .life import Life
from .oracle import alerts_of, dips_of, known_of
from .year import Year

FIRST_DAYS = (1, 15, 28)


def test_projection_in_the_middle_of_months() -> None:
    """Within a quarter of the truth nine times of ten; better than the plain mean."""
    errors, of_mean = list[float](), list[float]()
    for seed in range(50):
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


@pytest.fixture(scope="module", params=[(3, 1), (4, 15)])
def life(request: pytest.FixtureRequest) -> Life:
    """Return an account that lived through a year."""
    seed, first_day = request.param
    random = Random(seed)  # noqa: S311
    life = Life(Year(random=random, first_day=first_day), random)
    life.live()
    return life


def test_each_alert_once_and_in_time(life: Life) -> None:
    """At the first poll at which it could be known, and never for a dip."""
    dips = Counter[str]()
    for period, budget in life.year.budgets.items():
        months = known_of(life, period)
        expected = {each: alerts_of(budget, known) for each, known in months.items()}
        told = {
            first: [
                (each.now, Alert(event.type))
                for each in life.looks
                for event in each.told
                if event.attributes["period"] == period
                and span_of(period, each.now.date(), life.year.first_day).first == first
            ]
            for first in months
        }
        assert told == expected
        for known in months.values():
            dips += dips_of(budget, known)
    # Two of three times something is refunded, so that it passes once more.
    assert dips["spent"] >= 3


def test_forecast_that_comes_and_goes(life: Life) -> None:
    """With budgets around which the projections of a month go up and down."""
    dips = Counter[str]()
    for first, known in known_of(life, Period.MONTH).items():
        budget = life.year.budgets[Period.MONTH]
        budget = budget._replace(limit=median(each.projected for each in known))
        state, told = BudgetState(), list[tuple[datetime, Alert]]()
        for look in life.looks:
            figures = look.figures[Period.MONTH]
            if figures.since.date() == first:
                alerts = judge(state, figures._replace(budget=budget))
                told += [(look.now, each) for each in alerts]
        assert told == alerts_of(budget, known)
        dips += dips_of(budget, known)
    assert dips["projected"] >= 3
