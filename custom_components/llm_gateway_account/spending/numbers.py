"""Numbers that stay finite, whatever a gateway answers."""

from dataclasses import dataclass
from typing import Annotated

# Far beyond any money.
_LARGEST_AMOUNT = 1e30

# Beyond this JSON and its readers keep no digit of an integer.
LARGEST_INTEGER = 2**53

# 9999-01-01, so that every time zone can show it.
_LAST_TIME = 253_370_764_800


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the largest number that a stored field may hold."""

    low: float
    high: float


# Sums and rates may come out higher than the amounts they are made of.
Points = Annotated[float, Bounds(-10 * _LARGEST_AMOUNT, 10 * _LARGEST_AMOUNT)]
Rate = Annotated[float, Bounds(0, 10 * _LARGEST_AMOUNT)]
Time = Annotated[int, Bounds(0, _LAST_TIME)]
Count = Annotated[int, Bounds(0, LARGEST_INTEGER)]


def bounded(amount: float) -> float:
    """Return a finite number as one that can be summed up and written to a file."""
    if abs(amount) <= LARGEST_INTEGER:
        return amount
    return float(min(max(amount, -_LARGEST_AMOUNT), _LARGEST_AMOUNT))


def bounded_count(count: int) -> int:
    """Return a count as one that can be written to a file."""
    return min(max(count, 0), LARGEST_INTEGER)
