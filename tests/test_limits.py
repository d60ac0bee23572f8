"""Limits a person would have chosen."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.llm_gateway_account.limits import suggest_limits

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("balance", "spent", "days", "expected"),
    [
        (25, None, None, (5, 1, 0.5)),  # 1 % is 0.25
        (12.345, 37.655, None, (2, 0.5, 0.2)),
        (2.47, None, None, (0.5, 0.1, 0.1)),  # a fifth, and no fraction of a cent
        (6, None, None, (1, 0.2, 0.1)),
        (9, None, None, (2, 0.5, 0.1)),
        (100, 0, 100, (20, 5, 1)),
        (100, 500, 100, (20, 5, 5)),  # 35 a week
        (100, 800, 100, (50, 10, 10)),  # 56 a week, but half is 50
        (1000, 5, 0.01, (200, 50, 10)),  # an account of today
        (1000, 200, 200, (200, 50, 10)),
        (0.1, None, None, (0.5, 0.1, 0.1)),
        (100, 800, -1, (20, 5, 1)),  # a clock that is wrong
        (100, None, 100, (20, 5, 1)),
        (0, None, None, (0.5, 0.1, 0.1)),
        (-3, 100, 100, (5, 1, 1)),
    ],
)
def test_suggestion(
    balance: float,
    spent: float | None,
    days: float | None,
    expected: tuple[float, float, float],
) -> None:
    assert (
        suggest_limits(
            balance * 500_000,
            None if spent is None else spent * 500_000,
            None if days is None else NOW - timedelta(days=days),
            NOW,
            500_000,
            0.5,
        )
        == expected
    )


amounts = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False))


@given(
    amounts,
    st.none() | amounts,
    st.none() | st.datetimes(timezones=st.just(UTC)),
    st.floats(1e-6, 1e18),
    st.sampled_from([0.05, 0.5, 50, 250_000]),
)
def test_any_account(
    quota: float,
    used_quota: float | None,
    created_at: datetime | None,
    points_per_unit: float,
    smallest: float,
) -> None:
    low, critical, unusual = suggest_limits(
        quota, used_quota, created_at, NOW, points_per_unit, smallest
    )
    assert low > critical > 0
    assert low >= smallest
    assert unusual >= smallest / 5
    assert unusual >= min(quota, 1e24) / points_per_unit / 100
    if quota >= 4 * smallest * points_per_unit:
        # Half of what is left, rounded.
        assert low <= quota / points_per_unit * 0.75
    assert f"{low:e}"[0] in "125"
    assert float(f"{low:.0e}") == low
    assert float(f"{critical:.0e}") == critical
    assert float(f"{unusual:.0e}") == unusual
