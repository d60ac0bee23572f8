"""Forty days in the life of an account, of which the truth is known."""

from datetime import date, timedelta

from custom_components.llm_gateway_account.spending import (
    Activity,
    ActivityType,
    Limits,
)

from .watched import POLL, Watched

UNIT = 500_000
LIMITS = Limits(
    low=20 * UNIT,
    critical=5 * UNIT,
    unusual_factor=3,
    unusual_minimum=2 * UNIT,
    smallest_top_up=UNIT // 2,
)

# Over the night from 25 to 26 October clocks are put back: a day of 25 hours.
FIRST_DAY = date(2026, 9, 28)
DAYS = 40


def usual_spending(account: Watched) -> int:
    """Return what five minutes cost: office hours, from Monday to Friday."""
    now = account.now
    at_work = now.weekday() < 5 and 8 <= now.hour < 18
    return UNIT // 60 if at_work else 0


def recovered_from(*alerts: ActivityType) -> Activity:
    """Return what is told when the balance is sufficient after these."""
    return Activity(type=ActivityType.BALANCE_RECOVERED, alerts=alerts)


def test_forty_days() -> None:
    account = Watched(2026, 9, 28, quota=30 * UNIT)
    account.limits = LIMITS
    truth: dict[date, int] = {}
    shown: dict[date, float | None] = {}
    held_back = 0
    happened: list[tuple[int, Activity]] = []

    while (account.now + POLL).date() < FIRST_DAY + timedelta(days=DAYS):
        account.utc += POLL
        now = account.now
        day = (now.date() - FIRST_DAY).days
        clock = (now.hour, now.minute)

        spent = usual_spending(account)
        if day == 22 and (14, 0) < clock <= (17, 35):  # a runaway
            spent = UNIT
        account.spend(spent)
        truth[now.date()] = truth.get(now.date(), 0) + spent
        if (day, clock) in {(9, (10, 0)), (23, (9, 0))}:
            account.quota += 50 * UNIT
        if (day, clock) == (11, (20, 15)):  # a failed task is paid back
            account.quota += 3 * UNIT // 10
        if (day, clock) in {(3, (3, 0)), (17, (12, 0)), (30, (19, 30))}:
            account.restart()

        # Each hour a long request, paid in advance and settled after 20 minutes.
        if now.minute == 15:
            held_back = 2 * UNIT
        if now.minute == 35:
            held_back = 0
        if day == 15 and 9 <= now.hour < 14:  # Home Assistant is off
            continue
        account.quota -= held_back
        activities = account.poll()
        account.quota += held_back
        shown[now.date()] = account.spending.spent_today
        happened += [(day, activity) for activity in activities]

    assert len(truth) == DAYS
    assert shown == truth
    month = sum(spent for day, spent in truth.items() if day.month == 11)
    assert account.spending.spent_this_month == month
    topped_up = Activity(type=ActivityType.TOPPED_UP, amount=50 * UNIT)
    hour = 12 * (UNIT // 60)
    assert happened == [
        (7, Activity(type=ActivityType.BALANCE_LOW)),
        (9, topped_up),
        (9, recovered_from(ActivityType.BALANCE_LOW)),
        (
            22,
            Activity(
                type=ActivityType.UNUSUAL_SPENDING,
                # Two polls of the runaway, and ten before it.
                amount=2 * UNIT + 10 * (UNIT // 60),
                usual=hour,
            ),
        ),
        (22, Activity(type=ActivityType.BALANCE_LOW)),
        (22, Activity(type=ActivityType.BALANCE_CRITICAL)),
        (23, topped_up),
        (
            23,
            recovered_from(
                ActivityType.UNUSUAL_SPENDING,
                ActivityType.BALANCE_LOW,
                ActivityType.BALANCE_CRITICAL,
            ),
        ),
    ]
