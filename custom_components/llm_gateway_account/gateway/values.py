"""What JSON carries, as values that can be shown, stored and calculated with.

Each function returns None for what is not of its kind.
"""

from datetime import UTC, datetime
from math import isfinite
import re
from typing import Any

# Far beyond any money; a larger number is a broken answer, and would overflow.
_LARGEST_NUMBER = 10**30

# What fits in 64 bits, as JSON in a file has to.
_LARGEST_INTEGER = 2**63 - 1

# Some gateways send numbers as text. Python itself would also read `1e5`, `1_000`,
# ` 1`, `nan` and the digits of other scripts.
_DECIMAL = re.compile(r"(-?[0-9]{1,30})(?:\.([0-9]{1,30}))?")

# Names are shown to people; a longer text is none.
_LONGEST_NAME = 100

# What no storage takes, or what would forge a line of a log: control characters,
# separators of lines, halves of surrogate pairs.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

# 9999-12-31, the last day a datetime can hold.
_LAST_TIMESTAMP = 253_402_214_400


def number(value: Any) -> float | None:
    """Return a finite number; an integral one as int, so that none loses digits."""
    if isinstance(value, str) and (match := _DECIMAL.fullmatch(value)):
        whole, fraction = match.groups("")
        value = float(value) if fraction.strip("0") else int(whole)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if abs(value) >= _LARGEST_NUMBER or not isfinite(value):
        return None
    return int(value) if value == int(value) else value


def storable(value: Any) -> float | None:
    """Return a number that can be written to a file as it is; see `number`."""
    result = number(value)
    if isinstance(result, int) and abs(result) > _LARGEST_INTEGER:
        return float(result)
    return result


def integer(value: Any) -> int | None:
    """Return a whole number."""
    result = number(value)
    return result if isinstance(result, int) else None


def text(value: Any) -> str | None:
    """Return a text of one line that can be stored."""
    return _UNPRINTABLE.sub("", value) if isinstance(value, str) else None


def label(value: Any) -> str | None:
    """Return a text that is short and stripped."""
    told = text(value)
    return None if told is None else told.strip()[:_LONGEST_NAME]


def name(value: Any) -> str | None:
    """Return a text that is short, stripped and not empty."""
    return label(value) or None


def moment(*values: Any) -> datetime | None:
    """Return the first Unix timestamp in seconds; 0 means that none is known."""
    for value in values:
        seconds = number(value)
        if seconds is not None and 0 < seconds < _LAST_TIMESTAMP:
            return datetime.fromtimestamp(seconds, UTC)
    return None
