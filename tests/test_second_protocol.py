"""A second protocol, as docs/contributing.md shows how to add one."""

from collections.abc import AsyncGenerator, Callable, Coroutine
from datetime import timedelta
import re
from textwrap import dedent
from typing import Any, override
from unittest.mock import patch

from aiohttp import web
from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.llm_gateway_account.connection import PROTOCOLS
from custom_components.llm_gateway_account.gateway import (
    AbsentError,
    Access,
    CheckInKind,
    Gateway,
    GroupsKind,
    Limiter,
)
from homeassistant.const import CONF_ACCESS_TOKEN
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from . import ROOT
from .credits import CreditsClient
from .gateway_server import ACCESS_TOKEN, GatewayServer
from .helpers import add, collect_events, document, pass_time, state_of

DOLLAR = 500_000
GATEWAY = "custom_components.llm_gateway_account.gateway"


class CreditsServer(GatewayServer):
    """A gateway of which nothing else is as in the family."""

    @override
    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path != "/v1/credits":
            self.requests.append(request)
            return web.json_response({"error": "not found"}, status=404)
        if request.headers["Authorization"] != f"Bearer {ACCESS_TOKEN}":
            return web.json_response({"error": "no"}, status=401)
        left, used = self.account.quota, self.account.used_quota
        return web.json_response({"credits": left / DOLLAR, "used": used / DOLLAR})


@pytest.fixture
async def server() -> AsyncGenerator[CreditsServer]:
    """Run such a gateway."""
    server = CreditsServer()
    await server.start()
    with patch.dict(PROTOCOLS, credits=CreditsClient):
        yield server
    await server.stop()


async def test_account_of_another_protocol(
    hass: HomeAssistant, server: CreditsServer, freezer: FrozenDateTimeFactory
) -> None:
    """Found by the form, polled, with its events; of what it lacks there is nothing."""
    refused = await add(hass, server, access_token="wrong")
    assert refused["errors"] == {CONF_ACCESS_TOKEN: "invalid_auth"}
    result = await add(hass, server, access_token=ACCESS_TOKEN)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    balance = f"sensor.127_0_0_1_{server.port}_balance"
    assert state_of(hass, balance) == "12.345"
    # It is loaded as it was found, and nobody looks for another protocol.
    server.requests.clear()
    assert await hass.config_entries.async_reload(result["result"].entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await pass_time(hass, freezer, timedelta(seconds=30))
    events = collect_events(hass, {"topped_up", "balance_exhausted"}, {"amount"})
    server.account.leave(0)
    await pass_time(hass, freezer, timedelta(minutes=20))
    server.account.quota = 30 * DOLLAR
    await pass_time(hass, freezer, timedelta(minutes=20))
    assert state_of(hass, balance) == "30.0"
    assert events == [("balance_exhausted", {}), ("topped_up", {"amount": 30})]
    assert server.requests == []


@pytest.mark.parametrize(
    "ask",
    [
        lambda gateway: gateway.async_get_usage(0, 0),
        lambda gateway: gateway.async_get_spent(0, 0),
        lambda gateway: gateway.async_get_daily_usage(),
        lambda gateway: gateway.async_get_keys(),
        lambda gateway: gateway.async_get_plans(),
        lambda gateway: gateway.async_get_plan_titles(),
        lambda gateway: gateway.async_get_check_in(CheckInKind.NEW_API),
        lambda gateway: gateway.async_check_in(CheckInKind.NEW_API),
        lambda gateway: gateway.async_get_groups(GroupsKind.OWN),
        lambda gateway: gateway.async_get_notice(),
    ],
)
async def test_what_a_protocol_lacks_is_absent(
    hass: HomeAssistant,
    server: CreditsServer,
    ask: Callable[[Gateway], Coroutine[Any, Any, object]],
) -> None:
    access = Access(
        session=async_get_clientsession(hass),
        url=server.url,
        limiter=Limiter(),
        user_agent="test/1",
        user_id="1",
        access_token=ACCESS_TOKEN,
    )
    assert ACCESS_TOKEN not in repr(access)
    with pytest.raises(AbsentError):
        await ask(CreditsClient(access))
    assert server.requests == []


def test_the_class_is_shown_as_it_is() -> None:
    page = document("docs/contributing", "en")
    blocks = re.findall(r"```python\n(.*?)\n *```", page, re.DOTALL)
    (shown,) = (each for each in map(dedent, blocks) if "(Gateway)" in each)
    code = (ROOT / "tests" / "credits.py").read_text(encoding="utf-8")
    assert f"{shown}\n" == code.replace(f"{GATEWAY}.", ".")
