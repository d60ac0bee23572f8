"""The simulated gateway, and the life of an account there."""

import asyncio
from datetime import UTC, datetime, timedelta, tzinfo
from random import Random
import time
from typing import Any

from custom_components.llm_gateway_account.spending import Ledger, Limits, Observation
from tests.gateway_server import GatewayServer, ServerAccount

SECONDS_BETWEEN_REQUESTS = 20
# On average, so that the past leads to the requests the account has now.
POINTS_PER_REQUEST = 4438
HOURS_SINCE_TOP_UPS = (5 * 24 + 3, 19 * 24 + 6)
TOP_UP = 7_500_000
HOURS_SINCE_RUNAWAY = range(20 * 24, 20 * 24 + 5)
RUNAWAY = 500_000

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


def past_month(
    account: ServerAccount, time_zone: tzinfo = UTC
) -> list[tuple[datetime, int, int]]:
    """Return hour, quota and used_quota of the last thirty days, oldest first.

    Spent by day, hardly by night, and far too much by a key that runs wild; topped up
    twice. It leads to what the account has now.
    """
    random = Random(2)  # noqa: S311
    quota, used_quota = account.quota, account.used_quota
    hour = datetime.now(time_zone).replace(minute=0, second=0, microsecond=0)
    hours = [(hour, quota, used_quota)]
    for hours_ago in range(1, 30 * 24 + 1):
        hour -= timedelta(hours=1)
        points = random.randint(0, 75_000 if 8 <= hour.hour < 20 else 4_000)
        if hours_ago in HOURS_SINCE_RUNAWAY:
            points += RUNAWAY
        quota += points
        used_quota -= points
        if hours_ago in HOURS_SINCE_TOP_UPS:
            quota -= TOP_UP
        hours.append((hour, quota, used_quota))
    return hours[::-1]


def past_week(account: ServerAccount) -> list[tuple[datetime, int, int]]:
    """Return the end of the past month, which is enough for some."""
    return past_month(account)[-7 * 24 :]


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


async def spend(account: ServerAccount) -> None:
    """Let the account make requests of up to three cents each, until cancelled."""
    random = Random(1)  # noqa: S311
    while True:
        await asyncio.sleep(SECONDS_BETWEEN_REQUESTS)
        points = min(account.quota, random.randint(500, 15_000))
        account.quota -= points
        account.used_quota += points
        account.request_count += 1
