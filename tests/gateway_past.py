"""A past for the books of the simulated gateway, and requests to go on with."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from itertools import accumulate, pairwise
from math import ceil
from random import Random
from typing import Any

from .gateway_books import DAY, HOUR, Books


@dataclass(frozen=True)
class Model:
    """A model, how often it is asked, and what it costs."""

    name: str
    weight: int
    """Of a hundred requests, how many it gets."""
    prompt: float
    """Points per token of a prompt."""
    completion: float
    """Points per token of an answer."""


# At half a point per dollar and million tokens, which is what 500000 points per dollar
# come to.
MODELS = (
    Model("claude-sonnet-4-5", 22, 1.5, 7.5),
    Model("gpt-5-mini", 20, 0.125, 1),
    Model("gpt-5", 14, 0.625, 5),
    Model("gemini-2.5-flash", 10, 0.15, 1.25),
    Model("gemini-2.5-pro", 8, 0.625, 5),
    Model("deepseek-chat", 8, 0.14, 0.21),
    Model("claude-opus-4-5", 6, 2.5, 12.5),
    Model("qwen3-max", 5, 0.6, 3),
    Model("glm-4.6", 4, 0.3, 1.1),
    Model("text-embedding-3-small", 3, 0.01, 0),
)
RUNAWAY = MODELS[6]
"""What a key that runs wild asks."""
_KEYS = ("laptop", "server", "agent")


def draw(random: Random, model: Model | None = None) -> dict[str, Any]:
    """Return what `spend` needs for a request like those of the past."""
    asked = model or random.choices(MODELS, [each.weight for each in MODELS])[0]
    prompt_tokens = 50 + int(random.expovariate(1 / 3000))
    completion_tokens = int(random.expovariate(1 / 400)) if asked.completion else 0
    points = prompt_tokens * asked.prompt + completion_tokens * asked.completion
    return {
        "model": asked.name,
        "key": _KEYS[-1] if model else random.choices(_KEYS, (6, 3, 1))[0],
        "quota": ceil(points),
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
    }


def give_past(
    books: Books,
    *,
    spent: int,
    requests: int,
    top_up: int = 0,
    wild: int = 10,
    days: int = 30,
    zone: tzinfo = UTC,
    seed: int = 2,
) -> None:
    """Fill in the days before now, which lead to what the account has now.

    `requests` were made for `spent` points: by day, on weekdays, hardly by night,
    and `wild` in a hundred by a key that ran wild after a third of the time. `top_up`
    points were added twice.
    """
    random = Random(seed)  # noqa: S311
    start = int(books.clock()) - days * DAY
    books.started = start
    books.account.quota += spent - 2 * top_up
    books.account.used_quota -= spent
    books.account.request_count -= requests
    runaway = start + days * DAY // 3
    top_ups = [start + days * DAY // 4, start + days * DAY * 2 // 3]

    hours = range(start, start + days * DAY, HOUR)
    weights = [_weight(datetime.fromtimestamp(hour, zone)) for hour in hours]
    of_wild = requests * wild // 100
    chosen = random.choices(hours, weights, k=requests - of_wild)
    moments = [hour + random.randrange(HOUR) for hour in chosen]
    moments += [runaway + random.randrange(2 * HOUR) for _ in range(of_wild)]
    moments.sort()
    drawn = [
        draw(random, RUNAWAY if runaway <= each < runaway + 2 * HOUR else None)
        for each in moments
    ]
    # What it all costs is shared out to the last point.
    whole = sum(request["quota"] for request in drawn)
    ends = [0] + [
        each * spent // whole
        for each in accumulate(request["quota"] for request in drawn)
    ]
    for moment, request, (before, after) in zip(
        moments, drawn, pairwise(ends), strict=True
    ):
        while top_ups and moment >= top_ups[0]:
            top_ups.pop(0)
            books.top_up(top_up)
        books.spend(at=moment, **(request | {"quota": after - before}))


def _weight(hour: datetime) -> float:
    """Return how much is asked in an hour of somebody's day."""
    by_day = 1 if 8 <= hour.hour < 20 else 0.05
    return by_day if hour.weekday() < 5 else by_day / 3
