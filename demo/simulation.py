"""The simulated gateway, and the life of an account there."""

import asyncio
from collections import Counter
from datetime import UTC, tzinfo
from random import Random
import time

from tests.gateway_keys import DISABLED
from tests.gateway_past import draw, give_past
from tests.gateway_server import NEW_API_2026_08, GatewayServer, ServerAccount

# As in the daytime of the past.
SECONDS_BETWEEN_REQUESTS = 300

TOP_UP = 2_500_000


def create_gateway(
    time_zone: tzinfo = UTC, quota: int = ServerAccount.quota
) -> GatewayServer:
    """Return a gateway with an account to start with, and one to add by hand.

    The first has so many points left, and a month of days in a time zone behind it.
    """
    now = int(time.time())
    gateway = GatewayServer(
        NEW_API_2026_08,
        username="demo",
        display_name="Demo",
        quota=quota,
        last_login_at=now - 3 * 3600,
    )
    give_past(
        gateway.books,
        spent=16_700_000,
        requests=3770,
        top_up=7_500_000,
        wild=2,
        zone=time_zone,
    )
    create_keys(gateway)
    gateway.more_accounts.append(
        ServerAccount(
            id=gateway.account.id + 1,
            access_token=gateway.account.access_token[::-1],
            username="second",
            display_name="Second",
            quota=1_234_000,
            used_quota=0,
            request_count=0,
            group="vip",
            last_login_at=now - 3600,
        )
    )
    return gateway


def create_keys(gateway: GatewayServer) -> None:
    """Let an account have keys: three it spends with, one nearly used up, one off."""
    spent = Counter[str]()
    for request in gateway.books.requests:
        spent[request.key] += request.quota
    for name, limit in (("laptop", None), ("server", 50_000_000), ("agent", None)):
        used = spent[name]
        left = {} if limit is None else {"remain_quota": limit - used}
        gateway.keys.create(name, used_quota=used, **left)
    gateway.keys.create("intern", used_quota=980_000, remain_quota=20_000)
    gateway.keys.create("old phone", status=DISABLED)


def account_of(gateway: GatewayServer, account: ServerAccount) -> dict[str, str]:
    """Return what a person types to add an account of the gateway."""
    return {
        "url": gateway.url,
        "user_id": str(account.id),
        "access_token": account.access_token,
    }


def top_up(gateway: GatewayServer) -> None:
    """Let the person sign in to the website, and pay."""
    gateway.account.last_login_at = int(time.time())
    gateway.account.quota += TOP_UP


async def spend(gateway: GatewayServer) -> None:
    """Let the account go on as it did, until its money is gone, or cancelled."""
    random = Random(1)  # noqa: S311
    while gateway.account.quota > 0:
        await asyncio.sleep(random.expovariate(1 / SECONDS_BETWEEN_REQUESTS))
        gateway.books.spend(**draw(random))
