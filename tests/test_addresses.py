"""What people paste for an address, and headers some sites want: works at once."""

from copy import replace

import pytest

from custom_components.llm_gateway_account.const import CONF_USER_ID_HEADER
from homeassistant.const import CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from .gateway_server import ONE_API, V_API, Fork, GatewaysBelowPaths, GatewayServer
from .helpers import add, balance


@pytest.mark.parametrize(
    "pasted",
    [
        "{url}/wallet",
        "{url}/keys",
        "{url}/sign-in?redirect=/wallet",
        "{url}/zh/pricing#models",
        "{url}/api/user/self",
        "<{url}/wallet>",
        '"{url}"',
        "`{url}/v1/chat/completions`",
        "[网关]({url}/console)",
        "{url}，欢迎使用",
        "地址是 {url}/wallet 。",
        "Sign in at {url}/sign-in, please.",
    ],
)
async def test_pasted_page_of_a_gateway(
    hass: HomeAssistant, gateway: GatewayServer, pasted: str
) -> None:
    result = await add(hass, gateway, url=pasted.format(url=gateway.url))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_URL] == gateway.url
    assert balance(hass) == "12.345"


@pytest.mark.parametrize("path", ["/api/newapi", "/v1/gateway", "/token/api"])
@pytest.mark.parametrize("page", ["", "/", "/wallet", "/zh/pricing"])
async def test_gateway_below_a_path(hass: HomeAssistant, path: str, page: str) -> None:
    host = GatewaysBelowPaths({path: GatewayServer()})
    await host.start()
    result = await add(hass, host, url=f"{host.url}{path}{page}")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_URL] == f"{host.url}{path}"
    assert balance(hass) == "12.345"
    await host.stop()


async def test_two_addresses_are_none(
    hass: HomeAssistant, gateway: GatewayServer
) -> None:
    """Nobody can know which one is meant, and the token must not go to both."""
    form = await add(hass, gateway, url=f"{gateway.url} or https://api.iqqz.com")
    assert form["errors"] == {CONF_URL: "invalid_url"}
    assert gateway.requests == []


@pytest.mark.parametrize(
    "fork",
    [replace(fork, user_id_header="X-User-Id") for fork in (V_API, ONE_API)],
    ids=lambda fork: fork.name,
)
async def test_site_that_wants_x_user_id(
    hass: HomeAssistant, gateway: GatewayServer, fork: Fork
) -> None:
    """Without a word about it in the form."""
    gateway.fork = fork
    result = await add(hass, gateway, url=gateway.url)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_USER_ID_HEADER] is None
    assert balance(hass) == "12.345"
