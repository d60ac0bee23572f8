"""A name that does not resolve, asked of a real name server on loopback."""

from collections.abc import AsyncGenerator
from unittest.mock import MagicMock

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.llm_gateway_account.const import DOMAIN
from custom_components.llm_gateway_account.gateway import UnreachableError
from custom_components.llm_gateway_account.polling import UPDATE_INTERVAL
from homeassistant.config_entries import SOURCE_USER
from homeassistant.const import CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import aiohttp_client

from .gateway_server import GatewayServer, answering
from .helpers import copy_of, jump, setup, user_input
from .name_server import NO_ERROR, NO_SUCH_NAME, REFUSED, SERVER_FAILURE, NameServer
from .watching import watch_failure, watch_recovery

each_fault = pytest.mark.parametrize(
    "code",
    [NO_SUCH_NAME, SERVER_FAILURE, REFUSED],
    ids=["no such name", "server failure", "refused"],
)


@pytest.fixture
async def name_server(
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncGenerator[NameServer]:
    """Let Home Assistant's own resolver ask a name server on loopback."""
    server = NameServer()
    await server.start()

    def make_resolver(_: HomeAssistant) -> aiohttp_client.HassAsyncDNSResolver:
        return aiohttp_client.HassAsyncDNSResolver(
            # Only names that end in .local are asked for with it.
            async_zeroconf=MagicMock(),
            nameservers=["127.0.0.1"],
            udp_port=server.port,
        )

    monkeypatch.setattr(aiohttp_client, "_async_make_resolver", make_resolver)
    yield server
    server.stop()


@pytest.fixture
async def gateway(gateway: GatewayServer, name_server: NameServer) -> GatewayServer:
    """Give the gateway a name."""
    gateway.url = f"http://gateway.lan:{gateway.port}"
    return gateway


@each_fault
async def test_form(
    hass: HomeAssistant,
    gateway: GatewayServer,
    name_server: NameServer,
    code: int,
) -> None:
    name_server.code = code
    flow = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    result = await hass.config_entries.flow.async_configure(
        flow["flow_id"], user_input(gateway)
    )
    assert result["errors"] == {CONF_URL: "cannot_connect"}
    assert name_server.questions

    name_server.code = NO_ERROR
    result = await hass.config_entries.flow.async_configure(
        flow["flow_id"], user_input(gateway)
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_URL] == f"http://gateway.lan:{gateway.port}"


@pytest.mark.usefixtures("freezer")
@each_fault
async def test_over_time(
    hass: HomeAssistant,
    gateway: GatewayServer,
    name_server: NameServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    code: int,
) -> None:
    gateway.requests.clear()
    name_server.code = code
    await watch_failure(
        hass,
        gateway,
        loaded_entry,
        freezer,
        caplog,
        UnreachableError,
        requests_per_poll=0,
    )
    name_server.code = NO_ERROR
    await watch_recovery(hass, gateway, loaded_entry, freezer, caplog)


@pytest.mark.usefixtures("freezer")
async def test_two_accounts_share_no_cookie(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A gateway trusts a session cookie more than the token.

    Tested at a name, because aiohttp takes no cookie from an IP address anyway.
    """
    body = {"success": True, "data": {"quota": 1}}
    gateway.fault = answering(200, body, {"Set-Cookie": "session=1; Path=/"})
    await setup(hass, entry)
    await setup(hass, copy_of(entry))
    for _ in range(3):
        await jump(hass, freezer, UPDATE_INTERVAL)
    assert len(gateway.requests) > 6
    assert not [each for each in gateway.requests if "Cookie" in each.headers]
