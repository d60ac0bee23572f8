"""The documented figures are those that were measured."""

import json
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from benchmarks.bounds import far_off
from benchmarks.report import PAGE, ratios, with_tables
from tests import ROOT


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    """Return the documented figures."""
    text = (ROOT / "docs" / "performance.json").read_text(encoding="utf-8")
    documented: dict[str, Any] = json.loads(text)
    return documented


def test_page_shows_what_was_measured(figures: dict[str, Any]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert with_tables(page, figures) == page


@pytest.mark.parametrize("name", ["docs/data.md", "docs/data.zh-CN.md"])
def test_page_of_the_data_says_what_was_measured(
    name: str, figures: dict[str, Any]
) -> None:
    page = Path(ROOT, name).read_text(encoding="utf-8")
    runs = figures["polls"]
    times = {"docs/data.md": "times the CPU", "docs/data.zh-CN.md": "倍的 CPU"}
    ratio = median(ratios(runs, "idle", "process"))
    assert f" {ratio:.1f} {times[name]}" in page
    two_thirds = {
        "docs/data.md": "less than\ntwo thirds of what it costs with `rest:`",
        "docs/data.zh-CN.md": "不到 `rest:` 的三分之二",
    }
    assert two_thirds[name] in page
    assert median(ratios(runs, "idle", "process", "rest_idle")) < 2 / 3


def test_what_was_promised_is_kept(figures: dict[str, Any]) -> None:
    def ratio(poll: str) -> float:
        return median(ratios(figures["polls"], poll, "process"))

    assert ratio("idle") <= 1.25
    assert ratio("busy") <= 2.4
    assert ratio("busy") < ratio("rest_busy")
    rows = {
        each["account"]: each["states"]
        for each in figures["recording"]
        if each["integration"] == "ours"
    }
    assert rows["unused"] == rows["resting"] == 0
    assert rows["busy"] <= 900
    for each in figures["scale"]:
        for step in ("start_longest", "spread_longest", "at_once_longest"):
            assert each[step] < 50
    (year,) = (each for each in figures["usage"] if each["account"] == "year")
    assert year["memory"] < 64 * 1024 * 1024
    assert year["longest"] < 50
    idle = [each["requests"] for each in figures["usage"] if each["account"] == "idle"]
    assert idle == [0, 0, 0]
    assert figures["wire"]["ours"]["process"] < figures["wire"]["rest"]["process"]
    for each in figures["fairness"]:
        assert each["longest"] <= 2 * each["median"]
    assert not far_off(figures, figures)


def test_figures_far_off_are_found(figures: dict[str, Any]) -> None:
    worse = json.loads(json.dumps(figures))
    for run in worse["polls"]:
        run["idle"]["process"] *= 2
        run["busy_six"]["process"] = 2 * run["rest_busy"]["process"]
    for run in worse["start"]["ours"]:
        run["import"] *= 2
    worse["recording"][0]["states"] += 1
    worse["limited"][0] |= {"slowest_start": 700, "lines": 2, "refused_at_most": 3}
    for run in worse["usage"]:
        if run["account"] == "year":
            run |= {"memory": 64 * 1024**2, "longest": 50.0}
        run["requests"] += run["account"] == "idle" and run["records"] == "hourly"
    worse["wire"]["ours"]["process"] *= 2
    worse["fairness"][0]["longest"] *= 2
    assert [problem.partition(":")[0] for problem in far_off(worse, figures)] == [
        "poll (idle)",
        "poll (busy_six)",
        "poll (busy_six)",
        "poll (at home)",
        "import",
        "states of an account that is unused",
        "limited (start)",
        "limited (start)",
        "limited (start)",
        "usage (hourly, idle)",
        "usage (hourly, year)",
        "usage (hourly, year)",
        "1000 accounts at 1",
    ]


def test_what_was_not_measured_is_left_out(figures: dict[str, Any]) -> None:
    left_out = {"usage", "wire", "fairness"}
    quick = {name: each for name, each in figures.items() if name not in left_out}
    assert not far_off(quick, figures)
