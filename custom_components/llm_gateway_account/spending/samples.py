"""How much had been spent at which time, for 35 days."""

from bisect import bisect_right
from itertools import pairwise
from typing import Any, Self

from .checks import read_fields, read_integer, read_number
from .local_time import DAY, HOUR

_KEPT_FOR = 35 * DAY

# One an hour, and one more for each midnight within an hour. More come only from a
# clock or a time zone that goes mad.
MAX_SAMPLES = 35 * 24 + 40


class Samples:
    """A growing sum over Unix time, and questions to it.

    Of each hour, by the clock, and of each local day the last observation stays, so
    that midnight can be asked for exactly, also that of another time zone. The
    newest observation is always there besides.
    """

    def __init__(self) -> None:
        """Start with nothing."""
        self._times: list[int] = []
        self._values: list[float] = []
        self._latest: tuple[int, float] | None = None

    @classmethod
    def from_dict(cls, data: Any) -> Self:
        """Read what `as_dict` wrote. Raises ValueError for anything else."""
        samples = cls()
        times, values, latest = read_fields(data, "times", "values", "latest")
        if not (
            isinstance(times, list)
            and isinstance(values, list)
            and len(times) == len(values) <= MAX_SAMPLES
        ):
            raise ValueError("no lists of samples")
        samples._times = [read_integer(time) for time in times]
        samples._values = [read_number(value, 0) for value in values]
        if latest is None and not times:
            return samples
        if not times or not isinstance(latest, list) or len(latest) != 2:
            raise ValueError("no latest sample")
        samples._latest = read_integer(latest[0]), read_number(latest[1], 0)
        if not _is_rising(samples._times, samples._values, samples._latest):
            raise ValueError("samples in no order")
        return samples

    def as_dict(self) -> dict[str, Any]:
        """Return what can be written as JSON."""
        return {
            "times": list(self._times),
            "values": list(self._values),
            "latest": self._latest and list(self._latest),
        }

    @property
    def first_time(self) -> int:
        """Return the time of the oldest sample."""
        return self._times[0]

    @property
    def kept_time(self) -> int:
        """Return the time of the newest sample that is kept."""
        return self._times[-1]

    @property
    def latest_time(self) -> int | None:
        """Return the time of the newest observation; None if there is none."""
        return self._latest and self._latest[0]

    @property
    def kept_value(self) -> float | None:
        """Return the sum of the newest sample that is kept."""
        return self._values[-1] if self._values else None

    @property
    def latest_value(self) -> float:
        """Return the newest sum."""
        return self._latest[1] if self._latest else 0

    def record(self, time: int, value: float, day: int) -> bool:
        """Take an observation, not older than the newest, of the day begun at `day`.

        Returns whether a sample was kept: once an hour, and after `go_back`.
        """
        if self._latest is None:
            self._keep(time, value)
            self._latest = time, value
            return True
        latest_time, latest_value = self._latest
        is_last = _hour(latest_time) < _hour(time) or latest_time <= day < time
        if is_last:
            self._keep(latest_time, latest_value)
        self._latest = time, value
        return is_last

    def repeat(self, time: int) -> bool:
        """Take the newest sum once more, if that is within the same hour.

        Returns whether it was; if not, it has to be recorded.
        """
        latest = self._latest
        if not latest or time < latest[0] or _hour(latest[0]) != _hour(time):
            return False
        self._latest = time, latest[1]
        return True

    def _keep(self, time: int, value: float) -> None:
        if self._times and self._times[-1] == time:
            self._values[-1] = value
        elif self._values[-2:] == [value, value]:
            self._times[-1] = time
        else:
            self._times.append(time)
            self._values.append(value)
        # Not counted from the observation at hand, which may be of a clock that
        # jumped. One sample before the cut stays, to interpolate from.
        old = bisect_right(self._times, self._times[-1] - _KEPT_FOR) - 1
        if (excess := max(old, len(self._times) - MAX_SAMPLES)) > 0:
            del self._times[:excess], self._values[:excess]

    def go_back(self, time: int) -> bool:
        """Forget what is later than a time, if that is plausible; else do nothing.

        It is if there is a sample less than a day before, or if nothing was spent
        since. Has to be followed by an observation of that time.
        """
        kept = bisect_right(self._times, time)
        if not kept or (
            time - self._times[kept - 1] >= DAY
            and self._values[kept - 1] != self.latest_value
        ):
            return False
        del self._times[kept:], self._values[kept:]
        self._latest = None
        return True

    def noticed_by(self, time: int) -> float:
        """Return the sum at the last observation that is not later than a time."""
        if self._latest and self._latest[0] <= time:
            return self._latest[1]
        return self._values[max(bisect_right(self._times, time) - 1, 0)]

    def spent_by(self, time: int) -> float:
        """Return the sum at a time, as if it had grown evenly between samples."""
        after = bisect_right(self._times, time)
        if after == 0:
            return self._values[0]
        start, low = self._times[after - 1], self._values[after - 1]
        if after < len(self._times):
            end, high = self._times[after], self._values[after]
        else:
            end, high = self._latest or (start, low)
        if end <= time:
            return high
        return min(low + (high - low) * ((time - start) / (end - start)), high)


def _hour(time: int) -> int:
    """Return the number of an hour. The full hour is the last moment of the one before.

    So is midnight, whose sum is what was spent by then.
    """
    return (time - 1) // HOUR


def _is_rising(
    times: list[int], values: list[float], latest: tuple[int, float]
) -> bool:
    """Tell whether times and values are in an order that `record` leaves."""
    return (
        all(earlier < later for earlier, later in pairwise(times))
        and times[-1] <= latest[0]
        and [*values, latest[1]] == sorted([*values, latest[1]])
    )
