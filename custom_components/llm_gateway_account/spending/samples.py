"""How much had been spent at which time, for 35 days."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise

from .local_time import DAY, HOUR
from .numbers import Points, Time

_KEPT_FOR = 35 * DAY

# Local midnight is at a full quarter of an hour of UTC, in every zone there is.
_QUARTER = HOUR // 4

# Every quarter of an hour is kept for so long, then every hour.
_DENSE_FOR = 2 * DAY

# No zone is farther from UTC.
_FARTHEST_ZONE = 14 * HOUR

# Hours, and two in each quarter of two days and around the starts of two months.
MAX_SAMPLES = 2000

# A poll is due so often, by whatever clock.
_POLL = 300


@dataclass(slots=True)
class Samples:
    """A sum over Unix time, and questions to it. The sum may fall.

    Of each quarter of an hour (later of each hour, but around the start of a month),
    and of each local day, the last observation stays: midnight can be asked for
    exactly, also that of another time zone. The last sample is the newest observation.
    """

    times: list[Time] = field(default_factory=list)
    values: list[Points] = field(default_factory=list)
    doubts: Time = 0
    """How many observations in a row came with a clock that is behind the samples."""

    def __post_init__(self) -> None:
        """Raise ValueError for what `record` does not leave."""
        if not (
            len(self.times) == len(self.values) <= MAX_SAMPLES
            and all(earlier < later for earlier, later in pairwise(self.times))
        ):
            raise ValueError("samples in no order")

    def record(self, time: int, value: float, day: int) -> bool | None:
        """Take an observation of the local day that began at `day`.

        Returns whether an hour is over since the one before, by whatever clock; None
        if the clock cannot be believed.
        """
        was_mended = False
        times, values = self.times, self.values
        if times and time < times[-1]:
            if not self._is_mended(time):
                return None
            was_mended = True
        self.doubts = 0
        if self._takes_the_place_of_the_last(time, value, day):
            times[-1], values[-1] = time, value
            return was_mended
        # The first sample has to stay, even if the clock stands still after it.
        time = max(time, times[-1] + 1) if times else time
        is_next_hour = not times or _slot(times[-1], HOUR) != _slot(time, HOUR)
        times.append(time)
        values.append(value)
        if is_next_hour:
            self._thin_out()
        # Few at a time: a clock that is ahead for hours must not cost the history.
        while len(times) > MAX_SAMPLES:
            self._forget_oldest()
        for _ in range(2):
            if len(times) > 2 and times[1] <= time - _KEPT_FOR:
                self._forget_oldest()
        return is_next_hour or was_mended

    def repeat(self, time: int) -> bool:
        """Take the newest sum once more, if nothing else depends on the time.

        Returns whether it was taken; if not, it has to be recorded.
        """
        times, values = self.times, self.values
        if (
            len(times) < 2
            or values[-2] != values[-1]
            or time < times[-1]
            or _slot(times[-1], HOUR) != _slot(time, HOUR)
        ):
            return False
        times[-1] = time
        return True

    def noticed_before(self, time: int) -> float:
        """Return the sum at the last observation before a time."""
        return self.values[max(bisect_left(self.times, time) - 1, 0)]

    def spent_by(self, time: int) -> float:
        """Return the sum at a time, as if it had changed evenly between samples."""
        after = bisect_right(self.times, time)
        if after == 0:
            return self.values[0]
        start, before = self.times[after - 1], self.values[after - 1]
        if after == len(self.times):
            return before
        end, then = self.times[after], self.values[after]
        return before + (then - before) * ((time - start) / (end - start))

    def _takes_the_place_of_the_last(self, time: int, value: float, day: int) -> bool:
        if len(self.times) < 2:
            return False
        last = self.times[-1]
        # The end of a time in which nothing was spent stays, or it would seem that
        # what is spent now was spent all the time.
        if self.values[-2] == self.values[-1]:
            return value == self.values[-1]
        return _slot(last, _QUARTER) == _slot(time, _QUARTER) and not last < day <= time

    def _is_mended(self, time: int) -> bool:
        """Tell whether a clock that is behind the samples is right, not they.

        Then what is later is forgotten. It is right if nothing was spent since, or if
        the clock had jumped ahead from about where it is again. Otherwise whatever
        has lasted longer is right.
        """
        times, values = self.times, self.values
        kept = bisect_right(times, time)
        is_back_in_a_gap = (
            kept > 0
            and times[kept] - times[kept - 1] > HOUR
            and values[kept] != values[kept - 1]
        )
        self.doubts += 1
        if (
            not is_back_in_a_gap
            and not (kept and values[kept - 1] == values[-1])
            and self.doubts * _POLL <= 2 * (times[-1] - times[kept])
        ):
            return False
        if kept:
            del times[kept:], values[kept:]
        else:
            times[:], values[:] = [time], values[:1]
        return True

    def _forget_oldest(self) -> None:
        del self.times[0], self.values[0]

    def _thin_out(self) -> None:
        """Keep the last sample of each hour of the older ones."""
        times = self.times
        dense = bisect_right(times, times[-1] - _DENSE_FOR)
        dropped = [
            index
            for index in range(1, dense - 1)
            if _slot(times[index], HOUR) == _slot(times[index + 1], HOUR)
            and not _is_near_start_of_month(times[index])
        ]
        for index in reversed(dropped):
            del times[index], self.values[index]


def _slot(time: int, length: int) -> int:
    """Return the number of a quarter or an hour."""
    return time // length


def _is_near_start_of_month(time: int) -> bool:
    """Tell whether it is another month somewhere, or was or will be."""
    months = (
        datetime.fromtimestamp(time + offset, UTC).month
        for offset in (-_FARTHEST_ZONE, _FARTHEST_ZONE)
    )
    return len(set(months)) > 1
