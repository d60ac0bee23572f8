"""Numbers within bounds: those that come in, and those read back from a file."""

from collections.abc import Mapping
from typing import Any

# As in `gateway/models.py`: far beyond any money.
_LARGEST_AMOUNT = 1e30

# Rates may come out a little higher.
_LARGEST_READ = 10 * _LARGEST_AMOUNT

# Beyond this JSON and its readers keep no digit of an integer.
_LARGEST_INTEGER = 2**53

# 9999-01-01, so that every time zone can show it.
_LAST_TIME = 253_370_764_800


def bounded(amount: float) -> float:
    """Return a finite number as one that can be summed up and written to a file."""
    if abs(amount) <= _LARGEST_INTEGER:
        return amount
    return float(min(max(amount, -_LARGEST_AMOUNT), _LARGEST_AMOUNT))


def read_fields(data: Any, *names: str, new: tuple[str, ...] = ()) -> list[Any]:
    """Return the values of an object that has these fields and no other.

    The new ones, which earlier versions did not write, come last; None if missing.
    """
    if not isinstance(data, Mapping) or set(data) | set(new) != {*names, *new}:
        raise ValueError("not the expected fields")
    return [data.get(name) for name in (*names, *new)]


def read_number(value: Any, low: float = -_LARGEST_READ) -> float:
    """Return a finite number, of at least `low`. Raises ValueError otherwise."""
    # NaN is not between anything.
    if type(value) in {int, float} and low <= value <= _LARGEST_READ:
        return value if abs(value) <= _LARGEST_INTEGER else float(value)
    raise ValueError("not an expected number")


def read_integer(value: Any, high: int = _LAST_TIME) -> int:
    """Return a count, or a time in seconds. Raises ValueError otherwise."""
    if type(value) is int and 0 <= value <= high:
        return value
    raise ValueError("not an expected integer")
