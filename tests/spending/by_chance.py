"""A gateway that does by chance what real ones do, and keeps books that are right."""

from dataclasses import dataclass
from random import Random

# What is written of an account: quota, bonus, used quota, requests, spent.
type Books = tuple[int, int | None, int, int, int]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer, and what is true of it. Points."""

    quota: int
    used_quota: int | None
    bonus_quota: int | None
    request_count: int | None
    spent: int
    """What was spent and refunded since the beginning, as far as it was written."""
    settled: int
    """What is left, with what is only held back for requests."""
    is_disturbed: bool
    """Whether it came during a request, or from between two writes."""


class Gateway:
    """An account at a gateway. Amounts are units of `unit` points."""

    def __init__(self, random: Random, unit: int) -> None:
        """Choose what kind of gateway it is."""
        self.random = random
        self.unit = unit
        self.quota = self.points(random.uniform(10, 60))
        self.used = 10_000 * self.points(random.uniform(0, 1000))
        self.requests = 1000
        self.spent = 0
        self.refunds_lower_used = random.random() < 0.6
        self.writes_used_first = random.random() < 0.6
        self.writes_late = random.random() < 0.3
        self.bonus = self.points(3) if random.random() < 0.2 else None
        self.counts_requests = random.random() < 0.9
        self.rate = random.choice([0.1, 0.5, 2])  # units an hour
        self.held_back: list[tuple[float, int, int]] = []
        self.rests_until = 0.0
        self.whole_answers = 0
        self.tasks: list[tuple[float, int]] = []
        self.small_rises: list[tuple[float, int]] = []

    def points(self, amount: float) -> int:
        """Return an amount in points."""
        return round(amount * self.unit)

    def charge(self, cost: int) -> None:
        """Take the cost of a request; from the bonus first."""
        self.used += cost
        self.spent += cost
        self.requests += 1
        self._pay(cost)

    def _pay(self, cost: int) -> None:
        paid = min(self.bonus or 0, cost)
        if self.bonus is not None:
            self.bonus -= paid
        self.quota -= cost - paid

    def go_on(self, before: float, now: float, *, is_busy: bool) -> None:
        """Do what is done between two moments (seconds)."""
        random = self.random
        for end, amount, cost in [each for each in self.held_back if each[0] <= now]:
            self.held_back.remove((end, amount, cost))
            self.quota += amount
            self.charge(cost)
        for end, back in [each for each in self.tasks if each[0] <= now]:
            self.tasks.remove((end, back))
            self.give_back(now, back)
        if is_busy and self.quota > 0:
            hours = (now - before) / 3600
            if cost := self.points(random.expovariate(1) * self.rate * hours):
                self.charge(cost)
            if random.random() < 0.02 * min(hours * 12, 1):
                self.start_task(now)
        if random.random() < 0.002:  # a gift: an invitation, a check-in
            gift = self.points(0.1)
            self.quota += gift
            self.small_rises.append((now, gift))

    def give_back(self, now: float, back: int) -> None:
        """Refund a part of a task."""
        self.quota += back
        if self.refunds_lower_used:
            self.used -= back
            self.spent -= back
        else:
            self.small_rises.append((now, back))

    def start_task(self, now: float) -> None:
        """Take the price of a video; a part of it is given back later."""
        back = self.points(1 if self.refunds_lower_used else 0.15)
        self.charge(self.points(2.26))
        self.tasks.append((now + 600, back))

    def hold_back(self, amount: float, now: float, seconds: float) -> None:
        """Take an advance for a request, if there is enough.

        Not for one request after another: then nobody can tell what is left.
        """
        points, until = self.points(amount), now + seconds
        if self.quota > points and now >= self.rests_until:
            self.quota -= points
            self.rests_until = until + 600
            self.held_back.append((until, points, points // 10))

    def set_used_anew(self) -> None:
        """Be an operator who sets the counter to nearly nothing."""
        self.used = self.points(0.5)

    def answer(self) -> Answer:
        """Return what `/api/user/self` says now, or between two writes.

        They are milliseconds apart: no two answers in a row hit that.
        """
        before, chance = self._books(), self.random.random()
        self.whole_answers += 1
        if self.whole_answers > 4 and chance < 0.1:
            self.whole_answers = 0
            return self._answer_between_writes(before, chance)
        return self._mixed(used_of=before, quota_of=before)

    def _answer_between_writes(self, before: Books, chance: float) -> Answer:
        if chance < 0.01 and self.writes_used_first and self.quota > 0:
            self.charge(self.points(self.random.uniform(0.01, 1.206)))
            return self._mixed(used_of=self._books(), quota_of=before)
        if chance < 0.05 and self.writes_late and self.quota > 0:
            self.charge(self.points(0.02))
            return self._mixed(used_of=before, quota_of=self._books())
        if self.refunds_lower_used and self.tasks:
            self.give_back(*self.tasks.pop(0))
            return self._mixed(used_of=before, quota_of=self._books())
        return self._mixed(used_of=before, quota_of=before)

    def _books(self) -> Books:
        return self.quota, self.bonus, self.used, self.requests, self.spent

    def _mixed(
        self,
        *,
        used_of: Books,
        quota_of: Books,
    ) -> Answer:
        quota, bonus, *_ = quota_of
        *_, used, requests, spent = used_of
        return Answer(
            quota=quota,
            used_quota=used,
            bonus_quota=bonus,
            request_count=requests if self.counts_requests else None,
            spent=spent,
            settled=quota + sum(each[1] for each in self.held_back) + (bonus or 0),
            is_disturbed=bool(self.held_back) or used_of != quota_of,
        )
