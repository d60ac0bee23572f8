"""An account that was watched for a week before anything is measured."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from custom_components.llm_gateway_account.spending import Ledger, Limits, Observation
from tests.gateway_server import ServerAccount

# What the set-up suggests for the balance of the account.
LIMITS = Limits(
    low=1_000_000,
    critical=250_000,
    unusual_factor=3,
    unusual_minimum=25_000,
    smallest_top_up=500_000,
)


def past_week(account: ServerAccount) -> list[tuple[datetime, int, int]]:
    """Return hour, quota and used_quota of the last seven days, oldest first.

    Spent by day, hardly by night. It leads to what the account has now.
    """
    random = Random(2)  # noqa: S311
    quota, used_quota = account.quota, account.used_quota
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    hours = [(hour, quota, used_quota)]
    for _ in range(7 * 24 - 1):
        hour -= timedelta(hours=1)
        points = random.randint(0, 75_000 if 8 <= hour.hour < 20 else 4_000)
        quota += points
        used_quota -= points
        hours.append((hour, quota, used_quota))
    return hours[::-1]


def memory_of(
    account: ServerAccount, past: list[tuple[datetime, int, int]]
) -> dict[str, Any]:
    """Return what the integration had stored, if it had been there all the time."""
    ledger = Ledger()
    for hour, quota, used_quota in past:
        ledger.observe(
            Observation(time=hour, quota=quota, used_quota=used_quota), LIMITS
        )
    return {
        "account": None,
        "ledger": ledger.as_dict(),
        "group": account.group,
        "last_login_at": None,
        "events": [],
    }
