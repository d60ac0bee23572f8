"""How much had been spent at which time, for 35 days and more."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise

from .local_time import DAY, HOUR
from .numbers import Points, Time

# Local midnight is at a full quarter of an hour of UTC, in every zone there is.
_QUARTER = HOUR // 4

# Every quarter of an hour is kept for so long, then every hour.
_DENSE_FOR = 2 * DAY

# Enough for 35 days that are busy by day and night. Not counted in days: a clock that
# is ahead for a while must not cost the history.
MAX_SAMPLES = 1500

# A poll is due so often, by whatever clock.
_POLL = 300


@dataclass(slots=True)
class Samples:
    """A sum over Unix time, and questions to it. The sum may fall.

    Of each quarter of an hour, later of each hour, the last observation stays:
    midnight can be asked for exactly, also that of another time zone. The last sample
    is the newest observation.
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
        times, values = self.times, self.values
        is_hour_over = not times or times[-1] // HOUR != time // HOUR
        if times and times[-1] - _QUARTER <= time < times[-1]:
            # A clock that is set right a little.
            time = times[-1]
        if times and time < times[-1]:
            if not self._is_mended(time):
                return None
            is_hour_over = True
        self.doubts = 0
        if self._takes_the_place_of_the_last(time, value, day):
            times[-1], values[-1] = time, value
            return is_hour_over
        # The first sample has to stay, even if the clock stands still after it.
        times.append(max(time, times[-1] + 1) if times else time)
        values.append(value)
        if is_hour_over:
            self._thin_out()
        del times[:-MAX_SAMPLES], values[:-MAX_SAMPLES]
        return is_hour_over

    def repeat(self, time: int) -> bool:
        """Take the newest sum once more, if nothing else depends on the time.

        Returns whether it was taken; if not, it has to be recorded.
        """
        times, values = self.times, self.values
        if (
            len(times) < 2
            or values[-2] != values[-1]
            or time < times[-1]
            or times[-1] // HOUR != time // HOUR
        ):
            return False
        times[-1] = time
        return True

    def has_fallen_since(self, time: int) -> bool:
        """Tell whether something was given back later than at a time."""
        values = self.values[max(bisect_right(self.times, time) - 1, 0) :]
        return any(later < earlier for earlier, later in pairwise(values))

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
        return last // _QUARTER == time // _QUARTER and not last < day <= time

    def _is_mended(self, time: int) -> bool:
        """Tell whether a clock that is behind the samples is right, not they.

        Then what is later is forgotten. It is right if nothing was spent since, or if
        the clock had jumped ahead from about where it is again. Otherwise whatever
        has lasted longer is right.
        """
        times, values = self.times, self.values
        later = bisect_right(times, time + _QUARTER)
        # An idle time is as long, but the sum does not change at its end.
        was_ahead = later > 0 and (
            values[later - 1] == values[-1]
            or (
                times[later] - HOUR > times[later - 1]
                and values[later] != values[later - 1]
            )
        )
        self.doubts += 1
        if not was_ahead and self.doubts * _POLL <= 2 * (times[-1] - times[later]):
            return False
        if kept := bisect_right(times, time):
            del times[kept:], values[kept:]
        else:
            times[:], values[:] = [time], values[:1]
        return True

    def _thin_out(self) -> None:
        """Keep the last sample of each hour of those that are old by now."""
        times = self.times
        start = bisect_right(times, times[-1] - 2 * _DENSE_FOR)
        end = bisect_right(times, times[-1] - _DENSE_FOR)
        dropped = [
            index
            for index in range(max(start, 1), end - 1)
            if times[index] // HOUR == times[index + 1] // HOUR
            and not _is_near_start_of_month(times[index])
        ]
        for index in reversed(dropped):
            del times[index], self.values[index]


def _is_near_start_of_month(time: int) -> bool:
    """Tell whether a month begins somewhere on the same day by UTC."""
    days = (datetime.fromtimestamp(each, UTC).day for each in (time, time + DAY))
    return 1 in days
