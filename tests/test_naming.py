"""Accounts told apart wherever there is more than one: titles, devices, entities."""

from collections.abc import AsyncGenerator
from copy import replace
from typing import Any

import pytest

from custom_components.llm_gateway_account.const import CONF_USER_ID, DOMAIN
from homeassistant.config_entries import SOURCE_USER
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr, entity_registry as er

from .gateway_server import (
    OLD_STATUS,
    V_API,
    GatewaysBelowPaths,
    GatewayServer,
    ServerAccount,
)
from .helpers import user_input

NEW_API = replace(V_API, status=OLD_STATUS | {"system_name": "New API"})
SECOND_TOKEN = "b" * 32


@pytest.fixture
async def other_gateway() -> AsyncGenerator[GatewayServer]:
    """Run a gateway of the same name as the first, with an account of the same one."""
    server = GatewayServer(NEW_API)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def gateway(gateway: GatewayServer) -> GatewayServer:
    """Run a gateway that nobody gave a name."""
    gateway.fork = NEW_API
    gateway.account.display_name = "Ann"
    return gateway


async def add(
    hass: HomeAssistant, gateway: GatewayServer, **changes: Any
) -> tuple[str, str, str]:
    """Add an account; return its title, its device's name, its balance's entity ID."""
    flow = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    result = await hass.config_entries.flow.async_configure(
        flow["flow_id"], user_input(gateway, **changes)
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)
    entry = result["result"]
    (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    balance = er.async_get(hass).async_get_entity_id(
        "sensor", DOMAIN, f"{entry.entry_id}_balance"
    )
    assert balance
    assert hass.states.get(balance)
    return entry.title, device.name or "", balance


async def test_two_gateways_of_one_name(
    hass: HomeAssistant, gateway: GatewayServer, other_gateway: GatewayServer
) -> None:
    """The second one has its host beside its name."""
    other_gateway.account.display_name = "Ann"
    assert await add(hass, gateway) == (
        "Ann @ New API",
        "New API",
        "sensor.new_api_balance",
    )
    host = f"127.0.0.1:{other_gateway.port}"
    assert await add(hass, other_gateway) == (
        f"Ann @ New API ({host})",
        f"New API ({host})",
        f"sensor.new_api_127_0_0_1_{other_gateway.port}_balance",
    )


@pytest.mark.parametrize(
    ("name", "title", "device"),
    [
        ("Bob", "Bob @ New API", "New API (Bob)"),
        ("Ann", "Ann @ New API (Ann)", "New API (Ann)"),
        ("", "New API (2)", "New API (2)"),
    ],
)
async def test_two_accounts_at_one_gateway(
    hass: HomeAssistant, gateway: GatewayServer, name: str, title: str, device: str
) -> None:
    """The second one has its name beside the gateway's, if it has one."""
    second = ServerAccount(
        id=12, access_token=SECOND_TOKEN, username=name, display_name=name
    )
    gateway.more_accounts = [second]
    await add(hass, gateway)
    added = await add(
        hass, gateway, **{CONF_USER_ID: "12", CONF_ACCESS_TOKEN: SECOND_TOKEN}
    )
    assert added[:2] == (title, device)


async def test_three_accounts_of_one_name_at_one_gateway(
    hass: HomeAssistant, gateway: GatewayServer
) -> None:
    gateway.more_accounts = [
        ServerAccount(id=number, access_token=token * 32, display_name="Ann")
        for number, token in ((12, "b"), (13, "c"))
    ]
    added = [
        await add(
            hass,
            gateway,
            **{CONF_USER_ID: str(each.id), CONF_ACCESS_TOKEN: each.access_token},
        )
        for each in (gateway.account, *gateway.more_accounts)
    ]
    for names in zip(*added, strict=True):
        assert len({*names}) == 3


@pytest.mark.parametrize("paths", [("/one", "/two"), ("", "/two"), ("/two", "")])
async def test_two_gateways_at_one_host(
    hass: HomeAssistant, paths: tuple[str, str]
) -> None:
    """Also where they have one name, and both their first users are called root."""
    gateways = {
        path: GatewayServer(NEW_API, id=1, display_name="Root User") for path in paths
    }
    host = GatewaysBelowPaths(gateways)
    await host.start()
    added = [
        await add(hass, host, **{CONF_URL: f"{host.url}{path}", CONF_USER_ID: "1"})
        for path in gateways
    ]
    await host.stop()
    for names in zip(*added, strict=True):
        assert len({*names}) == 2
