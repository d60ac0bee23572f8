"""What a month will cost, by the formula of docs/budgets.md and nothing but answers."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from statistics import fmean, median
from typing import NamedTuple
from zoneinfo import ZoneInfo

_HOURS = 24


class Day(NamedTuple):
    """What a day cost, and which part of it came by each full hour."""

    date: date
    cost: float
    parts: list[float]


class Usual:
    """What is usual, by the four weeks before a day. Points, Unix seconds."""

    def __init__(self, answers: Sequence[tuple[float, float]], zone: ZoneInfo) -> None:
        """Take over answers in the order of time: when, and what had been used."""
        self._times = [time for time, _ in answers]
        self._used = [used for _, used in answers]
        self._zone = zone
        self._days: dict[date, Day] = {}
        self._habits: dict[date, tuple[list[float], list[float]]] = {}

    def rest(self, now: float, used: float, later: Sequence[date]) -> float:
        """Return what is still to come, of today and of the days after it."""
        today = datetime.fromtimestamp(now, self._zone).date()
        midnight = self._midnight(today)
        of_weekday, parts = self._habits.get(today) or self._learn(today)
        hour = int(now - midnight) // 3600
        before, after = (parts[min(each, _HOURS)] for each in (hour, hour + 1))
        usual = of_weekday[today.weekday()]
        in_hour = used - self._seen_before(midnight + hour * 3600)
        return (
            max(usual * (after - before) - max(in_hour, 0), 0)
            + usual * (1 - after)
            + sum(of_weekday[each.weekday()] for each in later)
        )

    def _learn(self, today: date) -> tuple[list[float], list[float]]:
        """Return what each weekday costs, and the part of a day that each hour ends."""
        days = [self._day(today - timedelta(days=each)) for each in range(1, 29)]
        most = 3 * median([each.cost for each in days if each.cost > 0])
        costs = {each.date: min(each.cost, most) for each in days}
        of_weekday = []
        for weekday in range(7):
            _, *three = sorted(c for d, c in costs.items() if d.weekday() == weekday)
            of_weekday.append(fmean([three[0], *three]))
        total = sum(costs.values())
        parts = [
            sum(costs[each.date] * each.parts[hour] for each in days) / total
            for hour in range(_HOURS)
        ]
        self._habits[today] = of_weekday, [*parts, 1]
        return self._habits[today]

    def _day(self, day: date) -> Day:
        if day not in self._days:
            start, end = (
                self._midnight(day + timedelta(days=each)) for each in range(2)
            )
            begun, cost = self._seen_before(start), 0.0
            cost = max(self._seen_before(end) - begun, 0)
            by_hour = (self._used_by(start + each * 3600) for each in range(_HOURS))
            parts = [min(max(each - begun, 0) / cost, 1) for each in by_hour if cost]
            self._days[day] = Day(day, cost, parts or [0] * _HOURS)
        return self._days[day]

    def _midnight(self, day: date) -> float:
        return datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp()

    def _seen_before(self, time: float) -> float:
        return self._used[bisect_left(self._times, time) - 1]

    def _used_by(self, time: float) -> float:
        """Return what had been used, as if evenly between two answers."""
        after = bisect_left(self._times, time)
        (start, end), (less, more) = (
            each[after - 1 : after + 1] for each in (self._times, self._used)
        )
        return less + (more - less) * (time - start) / (end - start)
