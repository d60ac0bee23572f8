"""The simulated gateway, and the life of an account there."""

import asyncio
from datetime import UTC, datetime, timedelta
from random import Random
import time
from typing import Any

from custom_components.llm_gateway_account.spending import Ledger, Limits
from tests.gateway_server import GatewayServer, ServerAccount

SECONDS_BETWEEN_REQUESTS = 20
# On average, so that the past leads to the requests the account has now.
POINTS_PER_REQUEST = 4438
HOURS_SINCE_TOP_UP = 62
TOP_UP = 5_000_000
LAST_TOP_UP = 2_500_000

# What the set-up suggests for the balance of the account.
LIMITS = Limits(
    low=1_000_000,
    critical=250_000,
    unusual_factor=3,
    unusual_minimum=25_000,
    smallest_top_up=500_000,
)


def create_gateway() -> GatewayServer:
    """Return a gateway with an account to start with, and one to add by hand."""
    now = int(time.time())
    gateway = GatewayServer(
        username="demo", display_name="Demo", last_login_at=now - 3 * 3600
    )
    gateway.more_accounts.append(
        ServerAccount(
            id=gateway.account.id + 1,
            access_token=gateway.account.access_token[::-1],
            username="second",
            display_name="Second",
            quota=1_234_000,
            used_quota=766_000,
            request_count=98,
            group="vip",
            last_login_at=now - 3600,
        )
    )
    return gateway


def account_of(gateway: GatewayServer, account: ServerAccount) -> dict[str, str]:
    """Return what a person types to add an account of the gateway."""
    return {
        "url": gateway.url,
        "user_id": str(account.id),
        "access_token": account.access_token,
    }


def past_week(account: ServerAccount) -> list[tuple[datetime, int, int]]:
    """Return hour, quota and used_quota of the last seven days, oldest first.

    Spent by day, hardly by night; topped up once. It leads to what the account has
    now, but for a top-up in the last hour.
    """
    random = Random(2)  # noqa: S311
    quota, used_quota = account.quota - LAST_TOP_UP, account.used_quota
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    hours = []
    for hours_ago in range(1, 7 * 24):
        hour -= timedelta(hours=1)
        hours.append((hour, quota, used_quota))
        points = random.randint(0, 150_000 if 8 <= hour.hour < 20 else 8_000)
        quota += points
        used_quota -= points
        if hours_ago == HOURS_SINCE_TOP_UP:
            quota -= TOP_UP
    return hours[::-1]


def memory_of(
    account: ServerAccount, past: list[tuple[datetime, int, int]]
) -> dict[str, Any]:
    """Return what the integration had stored, if it had been there all the time."""
    ledger = Ledger()
    for hour, quota, used_quota in past:
        ledger.observe(hour, quota, used_quota, LIMITS)
    return {
        "ledger": ledger.as_dict(),
        "group": account.group,
        "last_login_at": None,
        "activities": [],
    }


async def spend(account: ServerAccount) -> None:
    """Let the account make requests of up to three cents each, until cancelled."""
    random = Random(1)  # noqa: S311
    while True:
        await asyncio.sleep(SECONDS_BETWEEN_REQUESTS)
        points = min(account.quota, random.randint(500, 15_000))
        account.quota -= points
        account.used_quota += points
        account.request_count += 1
