"""What a start of Home Assistant imports of the package, and where it does so."""

import json
import subprocess
import sys
from typing import Any

import pytest

from . import ROOT

# What only some accounts have, or only who asks for it needs.
OPTIONAL = {
    "actions",
    "budget_binary_sensor",
    "budget_entity",
    "budget_sensor",
    "history",
    "key_sensor",
    "reports",
    "sentences",
}


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """Return what a Home Assistant of its own tells."""
    process = subprocess.run(
        [sys.executable, "-m", "tests.alone"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(process.stdout)
    assert answer["state"] == "loaded"
    return answer


def test_start_imports_nothing_that_an_ordinary_account_has_not(
    told: dict[str, Any],
) -> None:
    assert OPTIONAL.isdisjoint(told["start"])


def test_it_is_imported_when_it_is_used(told: dict[str, Any]) -> None:
    assert set(told["use"]) >= OPTIONAL


def test_event_loop_waits_for_no_import(told: dict[str, Any]) -> None:
    assert told["warnings"] == []
