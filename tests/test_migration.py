"""What version 0.1.0 stored of an account, in the layout of today."""

from copy import replace
from datetime import timedelta
import json
from typing import Any

import pytest

from custom_components.llm_gateway_account.migration import from_0_1
from custom_components.llm_gateway_account.spending import Event, EventType, Ledger

from .spending.watched import POLL, Watched, ledger_from

DAY = timedelta(days=1)

NEW = Ledger().as_dict()


def of_0_1(**changes: Any) -> dict[str, Any]:
    """Return what version 0.1.0 wrote on a busy day."""
    account = Watched(2026, 3, 1, quota=100_000)
    account.run(4 * DAY, spend=1)
    now = account.ledger.as_dict()
    times, values = now["samples"]["times"], now["samples"]["values"]
    return {
        "used_quota": now["counters"]["used_quota"],
        "spent": now["spent"],
        "doubts": 0,
        "samples": {
            "times": times[:-1],
            "values": values[:-1],
            "latest": [times[-1], values[-1]],
        },
        "figures": now["figures"],
        "top_ups": {
            "mark": 105_000,
            "dip_since": None,
            "dip_highest": None,
            "quota": account.quota,
            "unpaid": 2,
            "unpaid_at": times[0],
        },
        "level": {"current": "low", "low": 200_000, "critical": 4},
        "unusual": now["unusual"],
        "alerts": ["balance_low"],
        "lower_since": None,
        "lowest": None,
        "day": times[0],
        **changes,
    }


def taken_over(ledger: dict[str, Any]) -> Ledger:
    """Return a ledger of 0.1.0 as today's."""
    file = json.loads(json.dumps({"ledger": ledger, "activities": []}))
    return ledger_from(from_0_1(file)["ledger"])


def test_what_version_0_1_wrote_is_taken_over() -> None:
    account = Watched(2026, 3, 1, quota=100_000)
    account.run(4 * DAY, spend=1)
    account.limits = replace(account.limits, low=200_000, critical=4)
    account.ledger = taken_over(of_0_1())
    before = account.spending
    account.spend(1)
    account.wait(POLL)
    assert account.spending.spent_today == (before.spent_today or 0) + 1
    assert account.spending.spent_this_month == (before.spent_this_month or 0) + 1
    assert account.spending.average_daily == before.average_daily
    assert account.spending.unusual is False
    assert account.types == []
    account.quota += 200_000
    account.wait(POLL)
    account.settle()
    assert account.happened == [
        Event(type=EventType.BALANCE_RECOVERED, alerts=(EventType.BALANCE_LOW,)),
        Event(type=EventType.TOPPED_UP, amount=200_000),
    ]


EMPTY_0_1 = of_0_1(
    used_quota=None,
    spent=0,
    samples={"times": [], "values": [], "latest": None},
    figures=NEW["figures"],
    top_ups={"mark": None, "quota": None},
    level={"current": None, "low": None, "critical": None},
)


def test_empty_file_of_version_0_1_is_an_empty_one_of_today() -> None:
    state = EMPTY_0_1 | {"unusual": NEW["unusual"], "alerts": []}
    assert taken_over(state).as_dict() == NEW
    del state["alerts"]
    assert taken_over(state).as_dict() == NEW


@pytest.mark.parametrize(
    "changes",
    [
        {"samples": None},
        {"samples": {"times": [1], "values": [], "latest": [1, 1]}},
        {"samples": {"times": [1], "values": [1], "latest": [1]}},
        {"samples": {"times": [2], "values": [1], "latest": [1, 1]}},
        {"level": {"current": "low", "low": None, "critical": None}},
        {"figures": {}},
        {"top_ups": {}},
        {"unusual": 1},
        {"spent": "1"},
    ],
)
def test_damaged_file_of_version_0_1_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises((ValueError, LookupError, TypeError)):
        taken_over(of_0_1(**changes))
