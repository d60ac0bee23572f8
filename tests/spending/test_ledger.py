"""What is kept, what is written, and what is refused."""

from collections.abc import Callable
from datetime import timedelta
import json
from math import inf, nan
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.llm_gateway_account.spending import Ledger
from custom_components.llm_gateway_account.spending.samples import MAX_SAMPLES

from .watched import POLL, Watched

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def written() -> dict[str, Any]:
    """Return what is written of an account in the middle of everything."""
    account = Watched(2026, 3, 2, quota=100_000)
    account.run(4 * DAY, spend=1)
    account.spend(500)
    account.quota -= 10
    account.wait(POLL)
    return account.ledger.as_dict()


WRITTEN = written()
REFUSED = r"^(not? |samples in no order|.* is not a valid (BalanceLevel|EventType))"
NEW = Ledger().as_dict()


def times_of(account: Watched) -> list[int]:
    times: list[int] = account.ledger.as_dict()["samples"]["times"]
    return times


def test_five_weeks_of_samples() -> None:
    account = Watched(2026, 3, 2, quota=100_000)
    account.run(37 * DAY, spend=1)
    times = times_of(account)
    assert 35 * 24 < len(times) < MAX_SAMPLES
    assert timedelta(seconds=times[-1] - times[1]) <= 35 * DAY
    assert timedelta(seconds=times[-1] - times[0]) >= 35 * DAY
    assert len(json.dumps(account.ledger.as_dict())) < 20_000


def test_idle_account_has_two_samples_and_is_written_once_a_day() -> None:
    account = Watched(2026, 3, 2)
    account.run(HOUR * 2)
    before = account.ledger.revision
    account.run(50 * DAY)
    assert len(times_of(account)) == 2
    assert account.ledger.revision == before + 50


def test_busy_account_is_written_once_an_hour() -> None:
    account = Watched(2026, 3, 2, 0, quota=100_000)
    account.run(HOUR * 2, spend=1)
    before = account.ledger.revision
    account.run(HOUR * 10, spend=1)
    assert account.ledger.revision == before + 10


def test_last_hour_of_the_day_is_written_always() -> None:
    account = Watched(2026, 3, 2, 22, quota=100_000)
    account.run(HOUR - POLL, spend=1)
    before = account.ledger.revision
    account.run(HOUR, spend=1)
    assert account.ledger.revision == before + 12


@pytest.mark.parametrize(
    ("quota", "expected"), [(1000, 1), (999, 1), (1006, 2), (150, 2), (-1, 2)]
)
def test_what_was_told_is_written_at_once(quota: float, expected: int) -> None:
    account = Watched(2026, 3, 2, 12)
    account.leave(quota)
    account.wait(POLL)
    account.wait(POLL)
    assert account.ledger.revision == expected


def test_restart_has_nothing_to_write() -> None:
    account = Watched(2026, 3, 2, 12)
    account.restart()
    account.wait(POLL)
    assert account.ledger.revision == 0


@pytest.mark.parametrize("state", [NEW, WRITTEN], ids=["new", "written"])
def test_what_is_written_is_read(state: dict[str, Any]) -> None:
    assert Ledger.from_dict(json.loads(json.dumps(state))).as_dict() == state


def test_what_an_earlier_version_wrote_is_read() -> None:
    state = json.loads(json.dumps(WRITTEN))
    del state["alerts"], state["lower_since"], state["lowest"]
    del state["top_ups"]["unpaid"], state["top_ups"]["unpaid_at"]
    state["top_ups"]["has_subscription"] = False
    read = Ledger.from_dict(state).as_dict()
    assert read == WRITTEN | {"alerts": []}


def _set(*path: str, to: Any) -> Callable[[dict[str, Any]], None]:
    def damage(state: dict[str, Any]) -> None:
        for name in path[:-1]:
            state = state[name]
        state[path[-1]] = to

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        _set("spent", to=nan),
        _set("spent", to=inf),
        _set("spent", to=-1),
        _set("spent", to=0),  # less than the samples have
        _set("spent", to=True),
        _set("spent", to="1"),
        _set("spent", to=10**40),
        _set("used_quota", to=[]),
        _set("doubts", to=13),
        _set("doubts", to=1.0),
        _set("more", to=1),
        _set("samples", to=None),
        _set("samples", "times", to=None),
        _set("samples", "times", to=[]),
        _set("samples", "values", to={}),
        _set("samples", "latest", to=None),
        _set("samples", "latest", to=[1]),
        _set("samples", "latest", to=[1, 2]),
        _set("samples", to={"times": [], "values": [], "latest": [1, 2]}),
        _set("samples", to={"times": [1, 1], "values": [1, 2], "latest": [2, 2]}),
        _set("samples", to={"times": [1, 2], "values": [2, 1], "latest": [2, 2]}),
        _set("samples", to={"times": [1, 2], "values": [1, 1], "latest": [2, 0]}),
        _set(
            "samples",
            to={
                "times": list(range(MAX_SAMPLES + 1)),
                "values": [0] * (MAX_SAMPLES + 1),
                "latest": [MAX_SAMPLES, 0],
            },
        ),
        _set("figures", "day_since", to=10**12),
        _set("figures", "spent_today", to=-1),
        _set("figures", "average_daily", to=nan),
        _set("top_ups", "mark", to=None),
        _set("top_ups", "dip_since", to=None),
        _set("top_ups", "dip_highest", to=None),
        _set("top_ups", "dip_highest", to=10**9),
        _set("top_ups", "unpaid", to=4),
        _set("top_ups", "unpaid_at", to=None),
        _set("level", "current", to="fine"),
        _set("level", "current", to=[]),
        _set("level", "current", to=None),
        _set("level", "low", to=None),
        _set("unusual", "since", to="today"),
        _set("unusual", "busiest_hour", to=None),
        _set("lower_since", to=1),
        _set("lowest", to=1),
        _set("alerts", to=1),
        _set("alerts", to=[[]]),
    ],
)
def test_damaged_file_is_refused(damage: Callable[[dict[str, Any]], None]) -> None:
    state = json.loads(json.dumps(WRITTEN))
    damage(state)
    with pytest.raises(ValueError, match=REFUSED):
        Ledger.from_dict(state)


def test_sums_beyond_any_money_stay_writable() -> None:
    account = Watched(2026, 3, 7)
    account.used_quota = 10**400
    account.wait(POLL)
    assert account.spending.spent_today == 1e30
    account.restart()
    account.wait(POLL)
    assert account.spending.spent_today == 1e30


def test_habit_without_the_samples_it_was_learnt_from() -> None:
    """No ledger writes that, but each part of it is plausible."""
    account = Watched(2026, 3, 7)
    account.run(POLL)
    state = account.ledger.as_dict() | {"unusual": WRITTEN["unusual"]}
    account.ledger = Ledger.from_dict(state)
    account.wait(POLL)
    assert account.spending.unusual is False


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
places = [(name,) for name in WRITTEN] + [
    (name, inner)
    for name in ("samples", "figures", "top_ups", "level", "unusual")
    for inner in WRITTEN[name]
]


@given(json_values)
def test_any_file(state: Any) -> None:
    with pytest.raises(ValueError, match="not the expected fields"):
        Ledger.from_dict(state)


@given(st.sampled_from(places), json_values)
def test_any_damage(place: tuple[str, ...], value: Any) -> None:
    """Refused, or as good as what was written."""
    state = json.loads(json.dumps(WRITTEN))
    _set(*place, to=value)(state)
    try:
        ledger = Ledger.from_dict(state)
    except ValueError:
        return
    account = Watched(2026, 3, 7)
    account.ledger = ledger
    account.run(HOUR * 2, spend=1)
    account.restart()
