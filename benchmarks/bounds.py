"""Which figures are far off the documented ones."""

from collections.abc import Iterator
from statistics import median
from typing import Any

from .report import ratios, start_ratios

# Ratios of one machine differ from another's. So much more is no chance.
FAR = 1.5

# What is counted, and not measured, is the same everywhere.
ROWS = ("states", "state_attributes", "statistics_short_term", "statistics")

TWO_INTERVALS = 600

# What reading a year of usage may take: bytes, and milliseconds of the event loop.
MOST_MEMORY = 64 * 1024 * 1024
LONGEST_STEP = 50


def far_off(figures: dict[str, Any], documented: dict[str, Any]) -> list[str]:
    """Return a line for each figure that is."""
    return [
        *_dear(figures, documented),
        *_written(figures, documented),
        *_refused(figures),
        *_heavy(figures, documented),
        *_asked(figures, documented),
        *_unfair(figures),
    ]


def _dear(figures: dict[str, Any], documented: dict[str, Any]) -> Iterator[str]:
    for name in ("idle", "idle_six", "busy", "busy_six"):
        now, then = (
            median(ratios(each["polls"], name, "process"))
            for each in (figures, documented)
        )
        if now > FAR * then:
            yield f"poll ({name}): {now:.2f} times the floor, documented is {then:.2f}"
    if median(ratios(figures["polls"], "busy_six", "process", "rest_busy")) > 1:
        yield "poll (busy_six): dearer than rest:"
    if "wire" in figures:
        ours, rest = (figures["wire"][who]["process"] for who in ("ours", "rest"))
        if ours > rest:
            yield "poll (at home): dearer than rest:"
    for what in ("import", "set_up"):
        now, then = (
            median(start_ratios(each["start"], what)) for each in (figures, documented)
        )
        if now > FAR * then:
            yield f"{what}: {now:.2f} times that of rest:, documented is {then:.2f}"


def _written(figures: dict[str, Any], documented: dict[str, Any]) -> Iterator[str]:
    for now, then in zip(figures["recording"], documented["recording"], strict=True):
        for table in ROWS:
            if now[table] > then[table] and now["integration"] == "ours":
                yield (
                    f"{table} of an account that is {now['account']}: {now[table]}"
                    f" rows, documented are {then[table]}"
                )


def _refused(figures: dict[str, Any]) -> Iterator[str]:
    for each in figures["limited"]:
        if each["scenario"] == "spread":
            continue
        name = f"limited ({each['scenario']})"
        if each["scenario"] == "half":
            continue  # so many accounts ask for more than that
        if each["lines"]:
            yield f"{name}: {each['lines']} lines in the log"
        if max(each["slowest_start"], each["oldest"]) > TWO_INTERVALS:
            yield f"{name}: data older than two polls"
        if each["refused_at_most"] > 2:
            yield f"{name}: {each['refused_at_most']} requests of an account refused"


def _heavy(figures: dict[str, Any], documented: dict[str, Any]) -> Iterator[str]:
    # Reading a year takes minutes, and is left out where there is none.
    then = {(each["records"], each["account"]): each for each in documented["usage"]}
    for each in figures.get("usage", ()):
        name = f"usage ({each['records']}, {each['account']})"
        requests = then[each["records"], each["account"]]["requests"]
        if each["requests"] > requests:
            yield f"{name}: {each['requests']} requests, documented are {requests}"
        if each.get("memory", 0) >= MOST_MEMORY:
            yield f"{name}: {each['memory'] // 1024**2} MiB of memory"
        if each.get("longest", 0) >= LONGEST_STEP:
            yield f"{name}: the event loop stands still for {each['longest']:.0f} ms"


def _asked(figures: dict[str, Any], documented: dict[str, Any]) -> Iterator[str]:
    for now, then in zip(figures.get("keys", ()), documented["keys"], strict=False):
        for what in ("requests", "states"):
            if now[what] > then[what]:
                yield (
                    f"keys ({now['server']}, {now['account']}, {now['shown']}):"
                    f" {now[what]} {what}, documented are {then[what]}"
                )


def _unfair(figures: dict[str, Any]) -> Iterator[str]:
    for each in figures.get("fairness", ()):
        if each["longest"] > 2 * each["median"]:
            yield (
                f"{each['accounts']} accounts at {each['gateways']}: one was not polled"
                f" for {each['longest']:.0f} s, most are each {each['median']:.0f} s"
            )
