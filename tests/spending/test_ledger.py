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

from .watched import POLL, Watched, ledger_from

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
REFUSED = r"^(not |samples in no order)"
NEW = Ledger().as_dict()


def times_of(account: Watched) -> list[int]:
    times: list[int] = account.ledger.as_dict()["samples"]["times"]
    return times


def test_five_weeks_of_samples() -> None:
    account = Watched(2026, 1, 2, quota=100_000)
    account.run(80 * DAY, spend=1)
    times = times_of(account)
    assert len(times) <= MAX_SAMPLES
    assert timedelta(seconds=times[-1] - times[0]) >= 35 * DAY
    assert len(json.dumps(account.ledger.as_dict())) < 35_000


def test_idle_account_has_two_samples_and_is_never_written() -> None:
    account = Watched(2026, 3, 1)
    before = account.ledger.revision
    account.run(50 * DAY)
    account.begin_day()
    assert len(times_of(account)) == 2
    assert account.ledger.revision == before == 1


def test_busy_account_is_written_once_a_poll() -> None:
    account = Watched(2026, 3, 2, quota=100_000)
    account.run(DAY, spend=1)
    assert account.ledger.revision == 1 + 288


def test_what_waits_for_another_answer_is_written() -> None:
    account = Watched(2026, 3, 2, 12)
    for quota in (1500, 1500, 150):
        account.quota = quota
        before = account.ledger.revision
        account.wait(POLL)
        assert account.ledger.revision == before + 1


def test_restart_has_nothing_to_write() -> None:
    account = Watched(2026, 3, 2, 12)
    account.restart()
    account.wait(POLL)
    assert account.ledger.revision == 0


@pytest.mark.parametrize("state", [NEW, WRITTEN], ids=["new", "written"])
def test_what_is_written_is_read(state: dict[str, Any]) -> None:
    assert ledger_from(json.loads(json.dumps(state))).as_dict() == state


def test_fields_of_a_newer_version_are_ignored() -> None:
    state = json.loads(json.dumps(WRITTEN)) | {"more": 1}
    for part in ("counters", "samples", "figures", "top_ups", "level", "unusual"):
        state[part]["more"] = [{}]
    state["top_ups"]["marks"][0]["more"] = None
    assert ledger_from(state).as_dict() == WRITTEN


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
        _set("spent", to=None),
        _set("spent", to=True),
        _set("spent", to="1"),
        _set("spent", to=10**40),
        _set("counters", "used_quota", to=[]),
        _set("counters", "request_count", to=1.0),
        _set("counters", "request_count", to=2**60),
        _set("counters", to=None),
        _set("counters", to=[]),
        _set("samples", "doubts", to=-1),
        _set("samples", "times", to=None),
        _set("samples", "times", to=[]),
        _set("samples", "values", to={}),
        _set("samples", to={"times": [1, 1], "values": [1, 2], "doubts": 0}),
        _set("samples", to={"times": [2, 1], "values": [1, 2], "doubts": 0}),
        _set("samples", to={"times": [1.0], "values": [1], "doubts": 0}),
        _set(
            "samples",
            to={
                "times": list(range(MAX_SAMPLES + 1)),
                "values": [0] * (MAX_SAMPLES + 1),
                "doubts": 0,
            },
        ),
        _set("figures", "day_since", to=10**12),
        _set("figures", "spent_today", to="1"),
        _set("figures", "average_daily", to=-1),
        _set("top_ups", "marks", to=None),
        _set("top_ups", "marks", to=[1]),
        _set("level", "current", to="fine"),
        _set("level", "current", to=[]),
        _set("level", "low", to=None),
        _set("level", "worse_since", to="today"),
        _set("unusual", "since", to="today"),
        _set("alerts", to=1),
        _set("alerts", to=[[]]),
        _set("alerts", to={}),
    ],
)
def test_damaged_file_is_refused(damage: Callable[[dict[str, Any]], None]) -> None:
    state = json.loads(json.dumps(WRITTEN))
    damage(state)
    with pytest.raises(ValueError, match=REFUSED):
        ledger_from(state)


@pytest.mark.parametrize("place", [(each,) for each in WRITTEN])
def test_file_that_lacks_something_is_refused(place: tuple[str]) -> None:
    state = json.loads(json.dumps(WRITTEN))
    del state[place[0]]
    with pytest.raises(ValueError, match="not all fields of LedgerState"):
        ledger_from(state)


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
    account.ledger = ledger_from(state)
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
    for name in ("counters", "samples", "figures", "top_ups", "level", "unusual")
    for inner in WRITTEN[name]
]


@given(json_values)
def test_any_file(state: Any) -> None:
    with pytest.raises(ValueError, match="not all fields of LedgerState"):
        ledger_from(state)


@given(st.sampled_from(places), json_values)
def test_any_damage(place: tuple[str, ...], value: Any) -> None:
    """Refused, or as good as what was written."""
    state = json.loads(json.dumps(WRITTEN))
    _set(*place, to=value)(state)
    try:
        ledger = ledger_from(state)
    except ValueError:
        return
    account = Watched(2026, 3, 7)
    account.ledger = ledger
    account.run(HOUR * 2, spend=1)
    account.restart()
