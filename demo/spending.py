"""Life at the simulated gateway: the account is used, so there is something to see."""

import asyncio
from random import Random

from tests.gateway_server import ServerAccount

SECONDS_BETWEEN_REQUESTS = 20


async def spend(account: ServerAccount) -> None:
    """Let the account make requests of a few cents each, until cancelled."""
    random = Random(1)  # noqa: S311
    while True:
        await asyncio.sleep(SECONDS_BETWEEN_REQUESTS)
        points = min(account.quota, random.randint(500, 15_000))
        account.quota -= points
        account.used_quota += points
        account.request_count += 1
