"""Power cuts at any minute of a busy day at the end of a month."""

from copy import deepcopy
from datetime import timedelta
from functools import cache
import json
from random import Random

import pytest

from .watched import Watched, ledger_from

MINUTE = timedelta(minutes=1)


def busy_minute(account: Watched, random: Random) -> None:
    """Spend something, and get some of it back now and then."""
    account.utc += MINUTE
    account.spend(random.randint(0, 3))
    if random.random() < 0.05:
        account.refund(random.randint(1, 20))


@cache
def busy_day(*, is_told: bool) -> list[tuple[Watched, str]]:
    """Return the account at each minute of 31 March, and what is on the disk then.

    It was looked at first on 29 March; the books may have told of the days before.
    """
    random = Random(1)  # noqa: S311
    account = Watched(2026, 3, 29, quota=100_000)
    if is_told:
        account.told(an_hour=90)
    account.run(timedelta(days=2), spend=3)
    day = []
    written, revision = "", -1
    for minute in range(24 * 60 + 1):
        if account.now.hour == account.now.minute == 0 and minute:
            account.begin_day()
        if minute % 5 == 2:
            account.poll()
        if account.ledger.revision != revision:
            revision = account.ledger.revision
            written = json.dumps(account.ledger.as_dict())
        day.append((deepcopy(account), written))
        busy_minute(account, random)
    return day


@pytest.mark.parametrize(("first", "lasts"), enumerate([1, 2, 7, 58, 133, 300]))
@pytest.mark.parametrize("is_told", [False, True])
def test_nothing_shown_is_lost_or_counted_twice(
    lasts: int, first: int, is_told: bool
) -> None:
    """With all of them, at each minute of the day."""
    random = Random(lasts)  # noqa: S311
    for before, written in busy_day(is_told=is_told)[first::6]:
        account = deepcopy(before)
        account.ledger = ledger_from(json.loads(written))
        shown = before.spending
        month, day = account.now.month, account.now.day
        for _ in range(lasts):
            busy_minute(account, random)
        seen = before.ledger.as_dict()["counters"]["used_quota"]
        missed = (account.used_quota or 0) - seen
        account.poll()
        is_same_day = (account.now.month, account.now.day) == (month, day)
        assert shown.spent_today is not None
        assert account.spending.spent_today == missed + is_same_day * shown.spent_today
        this_month = shown.spent_this_month if account.now.month == month else 0
        if account.now.month == 3 and not is_told:
            assert account.spending.spent_this_month is this_month is None
        else:
            assert this_month is not None
            assert account.spending.spent_this_month == missed + this_month
        assert account.happened == before.happened
