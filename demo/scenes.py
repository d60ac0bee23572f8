"""The days of an account that the demo can show."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from copy import replace
from enum import StrEnum

from tests.gateway_past import give_past
from tests.gateway_server import ONE_HUB, GatewayServer, ServerAccount

from .instance import DOMAIN, Instance
from .simulation import TOP_UP, account_of, create_gateway, top_up

NEW_TOKEN = "0" * 32
KEY_LIMIT = 1
BUDGETS = {"budget_per_day": 2, "budget_per_month": 25}

# Home Assistant as it is, but that a refusal counts at once.
REFUSED_AT_ONCE = f"""
from datetime import timedelta
import sys
from homeassistant.__main__ import main
from custom_components.{DOMAIN} import failures, polling
from custom_components.{DOMAIN}.gateway import TokenRefusedError
polling.GRACE_PERIOD = timedelta(0)
failures.CERTAIN_AFTER[TokenRefusedError] = timedelta(0)
sys.exit(main())
"""


class Scene(StrEnum):
    """A day of an account."""

    FIRST_MINUTE = "first-minute"
    """At a gateway that keeps no records of single hours."""
    USUAL_MONTH = "usual-month"
    USED_UP = "used-up"
    TOKEN_REFUSED = "token-refused"  # noqa: S105
    THREE_ACCOUNTS = "three-accounts"
    """Two of them at one gateway, the third used up."""
    KEYS_AND_PLAN = "keys-and-plan"
    """Five keys, one of them nearly used up and one switched off; a plan pays first."""
    OVER_BUDGET = "over-budget"
    """This month costs more than it should."""


def program_of(scene: Scene) -> tuple[str, str]:
    """Return what Python is told to run for a scene."""
    if scene is Scene.TOKEN_REFUSED:
        return "-c", REFUSED_AT_ONCE
    return "-m", "homeassistant"


@asynccontextmanager
async def run_gateways(scene: Scene) -> AsyncGenerator[list[GatewayServer]]:
    """Run the gateways of a scene; the account to begin with is at the first one."""
    # Of which some is added later.
    gateways = [create_gateway(quota=ServerAccount.quota - TOP_UP)]
    if scene is Scene.FIRST_MINUTE:
        gateways = [GatewayServer(ONE_HUB, username="demo", display_name="Demo")]
    if scene is Scene.KEYS_AND_PLAN:
        gateways[0].plans.buy("Pro", days=19, total=10_000_000, used=6_400_000)
    if scene is Scene.THREE_ACCOUNTS:
        (second,) = gateways[0].more_accounts
        give_past(
            gateways[0].books_of(second),
            spent=700_000,
            requests=90,
            top_up=1_500_000,
            wild=0,
        )
        other = create_gateway(quota=400_000)
        other.fork = replace(
            other.fork, status=other.fork.status | {"system_name": "Second Gateway"}
        )
        gateways.append(other)
    async with AsyncExitStack() as stack:
        for gateway in gateways:
            await gateway.start()
            stack.push_async_callback(gateway.stop)
        yield gateways


async def play(scene: Scene, gateways: list[GatewayServer], instance: Instance) -> None:
    """Let happen what makes the scene, once the first account is there."""
    first = gateways[0]
    if scene is not Scene.FIRST_MINUTE:
        top_up(first)
        # A top-up is one when two answers show it.
        await instance.update()
        await instance.update()
    if scene is Scene.USED_UP:
        await _use_up(first, instance)
    if scene is Scene.TOKEN_REFUSED:
        await instance.wait_for_records()
        first.account.access_token = NEW_TOKEN
        await instance.update()
    if scene is Scene.KEYS_AND_PLAN:
        await instance.choose_all_keys(limit=KEY_LIMIT)
    if scene is Scene.OVER_BUDGET:
        await instance.change_options("budget", BUDGETS)
    if scene is Scene.THREE_ACCOUNTS:
        await instance.add_account(account_of(first, *first.more_accounts))
        await instance.add_account(account_of(gateways[1], gateways[1].account))
        await _use_up(gateways[1], instance)


async def _use_up(gateway: GatewayServer, instance: Instance) -> None:
    gateway.account.used_quota += gateway.account.quota
    gateway.account.request_count += 1
    gateway.account.quota = 0
    await instance.update()
