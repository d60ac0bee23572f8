"""The figures as tables in Markdown."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"

POLLS = {
    "floor": "One request and `orjson.loads`: the floor",
    "coordinator": "The same through Home Assistant's coordinator, no entity",
    "client": "This integration's client alone",
    "idle": "**This integration**, all 19 default entities, nothing new",
    "idle_six": "**This integration**, six sensors, nothing new",
    "rest_idle": "`rest:`, the same six sensors, nothing new",
    "trmnl": "`trmnl` of Home Assistant core, 7 entities, nothing new",
    "busy": "**This integration**, all 19 default entities, every number new",
    "busy_six": "**This integration**, six sensors, every number new",
    "rest_busy": "`rest:`, the same six sensors, every number new",
}

ACCOUNTS = {
    "unused": "unused for more than a week",
    "resting": "used last week, not today",
    "busy": "used between all polls",
}

SCENARIOS = {
    "start": "180 requests in 180 seconds",
    "restart": "the same, right after a restart of Home Assistant",
    "half": "half of that, because somebody else uses the rest",
}

POLLS_PER_DAY = 288

USAGE = {
    "added": "added, with a month behind it",
    "idle": "unused for a day",
    "busy": "used between all polls of a day",
    "year": "added, with a year of 12 models in every hour",
}

KEYS = {
    ("idle", "none"): "unused for a day, without keys",
    ("idle", "all"): "unused for a day, 20 keys and a plan",
    ("busy", "none"): "used between all polls of a day, without keys",
    ("busy", "all"): "used between all polls of a day, 20 keys in turn, and a plan",
}

SERVERS = {
    "new-api": "a hundred keys a page, and plans (new-api)",
    "one-api": "ten keys a page, no plans (one-api)",
}

RECORDS = {"hourly": "by hour and model", "daily": "sums"}

# For which the accounts at a gateway with a limit are looked at, in seconds.
WATCHED_FOR = 1200


def ratios(runs: list[Any], name: str, clock: str, to: str = "floor") -> list[float]:
    """Return how many times the cost of another poll a poll costs, in each process."""
    return [run[name][clock] / run[to][clock] for run in runs]


def start_ratios(start: dict[str, list[Any]], what: str) -> list[float]:
    """Return how many times the cost of `rest:` a start costs, run by run."""
    return [
        _first(ours[what]) / _first(rest[what])
        for ours, rest in zip(start["ours"], start["rest"], strict=True)
    ]


def _first(value: Any) -> float:
    return float(value[0] if isinstance(value, list) else value)


def spread(values: list[float]) -> str:
    """Return the median, and the least and most beside it."""
    return f"{median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Yield the lines of a table; all columns but the first are numbers."""
    head = list(head)
    yield f"| {' | '.join(head)} |"
    yield f"| --- |{' ---: |' * (len(head) - 1)}"
    for row in rows:
        yield f"| {' | '.join(map(str, row))} |"


def polls(figures: dict[str, Any]) -> Iterator[str]:
    """Yield what a poll costs."""
    runs = figures["polls"]
    yield from table(
        (
            "A poll",
            "States written",
            "CPU time of the process",
            "of the event loop's thread",
        ),
        (
            (
                label,
                runs[0][name]["states"],
                spread(ratios(runs, name, "process")),
                spread(ratios(runs, name, "loop")),
            )
            for name, label in POLLS.items()
        ),
    )


def recording(figures: dict[str, Any]) -> Iterator[str]:
    """Yield what the recorder writes."""
    lines = {
        (each["integration"], each["account"]): each for each in figures["recording"]
    }
    yield from table(
        (
            "An account",
            "Rows of states",
            "with `rest:`",
            "Rows of statistics",
            "with `rest:`",
            "KiB",
            "with `rest:`",
        ),
        (
            (
                label,
                *(
                    value(lines[integration, account])
                    for value in (_states, _statistics, _kib)
                    for integration in ("ours", "rest")
                ),
            )
            for account, label in ACCOUNTS.items()
        ),
    )


def _states(line: dict[str, Any]) -> int:
    return int(line["states"])


def _statistics(line: dict[str, Any]) -> int:
    return int(line["statistics"] + line["statistics_short_term"])


def _kib(line: dict[str, Any]) -> int:
    return int(line["bytes"] // 1024)


def start(figures: dict[str, Any]) -> Iterator[str]:
    """Yield what a start costs."""
    runs = figures["start"]
    second = [
        each["set_up"][1] / _first(rest["set_up"])
        for each, rest in zip(runs["ours"], runs["rest"], strict=True)
    ]
    yield from table(
        ("A start", "CPU time, `rest:` is 1"),
        (
            ("To import the package", spread(start_ratios(runs, "import"))),
            (
                "To set up the first account, from its first answer on",
                spread(start_ratios(runs, "set_up")),
            ),
            ("To set up the next one", spread(second)),
        ),
    )


def scale(figures: dict[str, Any]) -> Iterator[str]:
    """Yield what many accounts cost."""
    lines = figures["scale"]
    yield from table(
        (
            "Accounts",
            "Gateways",
            "KiB of memory per account",
            "Set-up per account, ms",
            "Poll, ms",
            "Longest step at a start, ms",
            "at spread polls, ms",
            "at polls all at once, ms",
            "Longest garbage collection, ms",
        ),
        (
            (
                each["accounts"],
                each["gateways"],
                f"{each['memory'] / 1024:.0f}" if each["accounts"] > 1 else "-",
                f"{each['start']:.1f}" if each["accounts"] > 1 else "-",
                f"{each['poll']:.2f}",
                f"{each['start_longest']:.1f}" if each["accounts"] > 1 else "-",
                f"{each['spread_longest']:.1f}",
                f"{each['at_once_longest']:.1f}",
                f"{each['collection_longest']:.0f}",
            )
            for each in lines
        ),
    )


def memory(figures: dict[str, Any]) -> Iterator[str]:
    """Yield how much of the memory of an account is Home Assistant's."""
    bare = figures["bare"]
    (ours,) = (
        each["memory"]
        for each in figures["scale"]
        if (each["accounts"], each["gateways"]) == (bare["accounts"], 1)
    )
    rows = {
        "An account": ours,
        f"{bare['entities']} bare sensors of a coordinator": bare["memory"],
        "of which one": bare["memory"] / bare["entities"],
    }
    yield from table(
        (f"One of {bare['accounts']}", "KiB of memory"),
        ((label, f"{each / 1024:.1f}") for label, each in rows.items()),
    )


def limited(figures: dict[str, Any]) -> Iterator[str]:
    """Yield what becomes of many accounts at a gateway with a limit."""
    yield from table(
        (
            "The gateway takes",
            "Home Assistant waits at the start",
            "All accounts loaded after",
            "Oldest data in 20 minutes",
            "Refused requests",
            "of one account at most",
            "Lines in the log",
        ),
        (
            (
                SCENARIOS[each["scenario"]],
                f"{each['waited']:.0f} s",
                _loaded_after(each["slowest_start"]),
                f"{each['oldest']:.0f} s",
                each["refused"],
                each["refused_at_most"],
                each["lines"],
            )
            for each in figures["limited"]
            if each["scenario"] in SCENARIOS
        ),
    )


def _loaded_after(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < WATCHED_FOR else "not all yet"


def spread_out(figures: dict[str, Any]) -> Iterator[str]:
    """Yield how the polls of many accounts spread."""
    yield from table(
        (
            "200 accounts at 25 gateways",
            "Polls in five minutes",
            "in one second at most",
            "Seconds without",
        ),
        (
            (
                "later than 20 minutes after a start",
                each["polls"],
                each["most_in_a_second"],
                each["seconds_without"],
            )
            for each in figures["limited"]
            if each["scenario"] == "spread"
        ),
    )


def fairness(figures: dict[str, Any]) -> Iterator[str]:
    """Yield how alike the accounts at a gateway are polled."""
    yield from table(
        (
            "Accounts",
            "Gateways",
            "Between two polls of one account, median",
            "longest",
            "longest, median is 1",
        ),
        (
            (
                each["accounts"],
                each["gateways"],
                f"{each['median']:.0f} s",
                f"{each['longest']:.0f} s",
                f"{each['longest'] / each['median']:.2f}",
            )
            for each in figures["fairness"]
        ),
    )


def usage(figures: dict[str, Any]) -> Iterator[str]:
    """Yield what reading the usage costs."""
    lines = {(each["records"], each["account"]): each for each in figures["usage"]}
    yield from table(
        (
            "An account",
            "Its gateway's records",
            "Requests",
            "KiB",
            "Rows of statistics",
            "CPU time, without records it is 1",
        ),
        (
            (
                USAGE[account],
                RECORDS[records],
                each["requests"],
                each["bytes"] // 1024,
                each["rows"],
                _times(each, lines.get(("none", account))),
            )
            for (records, account), each in lines.items()
            if records != "none"
        ),
    )


def keys(figures: dict[str, Any]) -> Iterator[str]:
    """Yield what API keys cost."""
    alone = {
        (each["server"], each["account"]): each
        for each in figures["keys"]
        if each["shown"] == "none"
    }
    yield from table(
        (
            "An account",
            "Its gateway lists",
            "Requests",
            "KiB",
            "Rows of states",
            "CPU time, without keys it is 1",
        ),
        (
            (
                KEYS[each["account"], each["shown"]],
                SERVERS[each["server"]],
                each["requests"],
                each["bytes"] // 1024,
                each["states"],
                _times(each, alone[each["server"], each["account"]]),
            )
            for each in figures["keys"]
        ),
    )


def _times(each: dict[str, Any], alone: dict[str, Any] | None) -> str:
    if not alone or "cpu" not in each:
        return "-"
    return f"{each['cpu'] / alone['cpu']:.2f}"


def year(figures: dict[str, Any]) -> Iterator[str]:
    """Yield what a year of the past costs at once."""
    yield from table(
        ("A year of the past", "Seconds", "MiB of memory", "Longest step, ms"),
        (
            (
                "12 models in every hour",
                f"{each['seconds']:.0f}",
                each["memory"] // 1024**2,
                f"{each['longest']:.1f}",
            )
            for each in figures["usage"]
            if each["account"] == "year"
        ),
    )


def wire(figures: dict[str, Any]) -> Iterator[str]:
    """Yield what a poll costs at home, and what goes over the wire in a day."""
    ours, rest = (figures["wire"][who] for who in ("ours", "rest"))
    counts = (
        ("Connections", "connections", 1),
        ("TLS handshakes", "handshakes", 1),
        ("KiB sent", "sent", 1024),
        ("KiB received", "received", 1024),
    )
    yield from table(
        ("An account", "This integration", "`rest:`"),
        (
            (
                "CPU time of a poll, `rest:` is 1",
                f"{ours['process'] / rest['process']:.2f}",
                "1.00",
            ),
            *(
                (
                    f"{label} in a day",
                    *(each[what] * POLLS_PER_DAY // unit for each in (ours, rest)),
                )
                for label, what, unit in counts
            ),
        ),
    )


def aims(figures: dict[str, Any]) -> Iterator[str]:
    """Yield what is aimed at, and what is measured."""
    polls_, scale_ = figures["polls"], figures["scale"]
    rows = {
        each["account"]: each["states"]
        for each in figures["recording"]
        if each["integration"] == "ours"
    }
    ours, rest = (figures["wire"][who] for who in ("ours", "rest"))
    days = {(each["records"], each["account"]): each for each in figures["usage"]}
    of_keys = {(each["account"], each["shown"]): each for each in figures["keys"][:4]}
    begun = figures["start"]
    second = [
        each["set_up"][1] / _first(other["set_up"])
        for each, other in zip(begun["ours"], begun["rest"], strict=True)
    ]
    wired = [sum(each[way] for way in ("sent", "received")) for each in (ours, rest)]
    unfair = max(each["longest"] / each["median"] for each in figures["fairness"])
    largest = [each["memory"] / 1024 for each in scale_ if each["accounts"] > 1]
    yield from table(
        ("What", "Aim", "Measured"),
        (
            (label, aim, f"{measured:.{digits}f}")
            for label, aim, measured, digits in (
                (
                    "An idle poll, one request is 1",
                    "1.20",
                    median(ratios(polls_, "idle", "process")),
                    2,
                ),
                (
                    "A busy poll, one request is 1",
                    "2.40",
                    median(ratios(polls_, "busy", "process")),
                    2,
                ),
                (
                    "The same, `rest:` with six sensors is 1",
                    "below 1",
                    median(ratios(polls_, "busy", "process", "rest_busy")),
                    2,
                ),
                (
                    "CPU time of a poll at home, `rest:` is 1",
                    "below 1",
                    ours["process"] / rest["process"],
                    2,
                ),
                ("Bytes of it, `rest:` is 1", "below 1", wired[0] / wired[1], 2),
                ("Rows of states of an unused day", "0", rows["unused"], 0),
                ("and of one a week after", "0", rows["resting"], 0),
                ("and of a day in use", "900", rows["busy"], 0),
                (
                    "Requests for usage of an unused day",
                    "40",
                    days["hourly", "idle"]["requests"],
                    0,
                ),
                (
                    "CPU time of a day in use with usage, without is 1",
                    "2",
                    days["hourly", "busy"]["cpu"] / days["none", "busy"]["cpu"],
                    2,
                ),
                (
                    "Requests of an unused day with 20 keys and a plan",
                    "40",
                    of_keys["idle", "all"]["requests"],
                    0,
                ),
                (
                    "CPU time of a day in use with them, without is 1",
                    "2",
                    of_keys["busy", "all"]["cpu"] / of_keys["busy", "none"]["cpu"],
                    2,
                ),
                (
                    "Longest step while a year is read, ms",
                    "50",
                    days["hourly", "year"]["longest"],
                    1,
                ),
                (
                    "To import the package, `rest:` is 1",
                    "1.3",
                    median(start_ratios(begun, "import")),
                    2,
                ),
                (
                    "To set up the first account, `rest:` is 1",
                    "3.0",
                    median(start_ratios(begun, "set_up")),
                    2,
                ),
                ("and the next one", "1.2", median(second), 2),
                ("Longest gap of 1000 accounts, the median is 1", "2", unfair, 2),
                ("Memory of an account, KiB at most", "160", max(largest), 0),
            )
        ),
    )


TABLES = {
    "aims": aims,
    "polls": polls,
    "recording": recording,
    "start": start,
    "scale": scale,
    "memory": memory,
    "limited": limited,
    "spread": spread_out,
    "fairness": fairness,
    "wire": wire,
    "usage": usage,
    "year": year,
    "keys": keys,
}


def as_markdown(figures: dict[str, Any]) -> str:
    """Return all tables that there are figures for."""
    return "\n\n".join(
        "\n".join([f"## {name}", "", *make(figures)])
        for name, make in TABLES.items()
        if {
            "aims": "wire",
            "memory": "bare",
            "spread": "limited",
            "year": "usage",
        }.get(name, name)
        in figures
    )


def versions(figures: dict[str, Any]) -> Iterator[str]:
    """Yield what the figures were made with."""
    yield (
        f"Made on {figures['date']} with Home Assistant {figures['home_assistant']} and"
        f" Python {figures['python']}."
    )


def with_tables(page: str, figures: dict[str, Any]) -> str:
    """Return a page with the tables between their marks renewed."""
    for name, make in {**TABLES, "versions": versions}.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, _, rest = page.partition(begin)
        _, _, after = rest.partition(end)
        page = "".join(
            [before, begin, "\n", "\n".join(make(figures)), "\n\n", end, after]
        )
    return page
