"""An account that moves to another address, or gives way to another account."""

from copy import replace
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.llm_gateway_account.const import (
    CONF_ACCOUNT,
    CONF_CURRENCY,
    CONF_POINTS_PER_UNIT,
    CONF_SITE_NAME,
    CONF_USER_ID,
)
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from .conftest import OPTIONS
from .gateway_server import (
    NEW_API,
    NEW_STATUS,
    USER_ID,
    V_API,
    Fork,
    GatewaysBelowPaths,
    GatewayServer,
    answering,
)
from .helpers import setup, state_of, user_input

NEW_TOKEN = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"  # pragma: allowlist secret


async def reconfigure_to(
    hass: HomeAssistant, entry: MockConfigEntry, server: GatewayServer, **changes: Any
) -> ConfigFlowResult:
    """Enter another gateway, and return what follows."""
    form = await entry.start_reconfigure_flow(hass)
    typed = user_input(
        server, **{CONF_ACCESS_TOKEN: server.account.access_token, **changes}
    )
    return await hass.config_entries.flow.async_configure(form["flow_id"], typed)


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize("is_loaded", [True, False])
async def test_reconfigure_to_a_moved_gateway(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    is_loaded: bool,
) -> None:
    """Everything goes on; where nobody can know that it is the same, the form asks."""
    if is_loaded:
        await setup(hass, entry)
        gateway.account.used_quota += 500_000
        await entry.runtime_data.account.async_refresh()
    else:
        entry.add_to_hass(hass)
    used_quota = gateway.account.used_quota + 250_000
    moved = GatewayServer(access_token=NEW_TOKEN, used_quota=used_quota)
    await moved.start()
    result = await reconfigure_to(hass, entry, moved)
    if not is_loaded:
        assert result["step_id"] == "moved"
        result = await hass.config_entries.flow.async_configure(
            result["flow_id"], {"next_step_id": "same_account"}
        )
    await hass.async_block_till_done(wait_background_tasks=True)
    await moved.stop()
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reconfigure_successful"
    assert entry.data[CONF_URL] == moved.url
    assert entry.data[CONF_ACCESS_TOKEN] == NEW_TOKEN
    assert entry.data[CONF_SITE_NAME] == "Example Gateway"
    assert entry.unique_id == f"{moved.url.removeprefix('http://')}#{USER_ID}"
    assert entry.options == OPTIONS
    assert CONF_ACCOUNT not in entry.data
    if is_loaded:
        assert state_of(hass, "sensor.example_gateway_spent_today") == "1.5"


@pytest.mark.usefixtures("recorded", "every_entity_enabled")
@pytest.mark.parametrize(
    ("fork", "account"),
    [
        (NEW_API, {"username": "root"}),  # which does not tell when it was created
        (V_API, {"created_at": 1_700_000_000}),
        (V_API, {"username": "somebody else"}),
        (V_API, {"id": 12}),
    ],
)
async def test_reconfigure_to_another_account(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    fork: Fork,
    account: dict[str, Any],
) -> None:
    """A new baseline, with its own name and unit; the entities stay."""
    gateway.account.used_quota += 500_000
    await loaded_entry.runtime_data.account.async_refresh()
    assert state_of(hass, "sensor.example_gateway_spent_today") == "1.0"
    other = GatewayServer(NEW_API, display_name="Another", used_quota=10**9, **account)
    other.fork = replace(
        fork, status=NEW_STATUS | {"system_name": "Other"}, user_id_header=None
    )
    await other.start()
    result = await reconfigure_to(
        hass, loaded_entry, other, **{CONF_USER_ID: str(other.account.id)}
    )
    if fork is NEW_API:
        assert result["step_id"] == "moved"
        result = await hass.config_entries.flow.async_configure(
            result["flow_id"], {"next_step_id": "new_account"}
        )
    await hass.async_block_till_done(wait_background_tasks=True)
    await other.stop()
    assert result["reason"] == "reconfigure_successful"
    assert loaded_entry.title == "Another @ Other"
    assert loaded_entry.data[CONF_SITE_NAME] == "Other"
    assert loaded_entry.options[CONF_CURRENCY] == "CNY"
    assert state_of(hass, "sensor.example_gateway_spent_today") == "unknown"
    spent = hass.states.get("sensor.example_gateway_spent_today")
    assert spent
    assert spent.attributes["unit_of_measurement"] == "CNY"


async def test_reconfigure_to_another_gateway_at_the_same_host(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """A host may have several gateways below paths, each with a user of that number."""
    host = GatewaysBelowPaths({"/a": GatewayServer(NEW_API), "/b": GatewayServer()})
    host.gateways["/b"].account.username = "root"
    await host.start()
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_URL: f"{host.url}/a"}
    )
    await setup(hass, entry)
    form = await reconfigure_to(hass, entry, host, **{CONF_URL: f"{host.url}/b"})
    await host.stop()
    assert form.get("step_id") == "moved"


async def test_reconfigure_asks_for_a_unit_that_nobody_tells(
    hass: HomeAssistant, loaded_entry: MockConfigEntry
) -> None:
    other = GatewayServer(id=12)
    other.status_fault = answering(503)
    await other.start()
    form = await reconfigure_to(hass, loaded_entry, other, **{CONF_USER_ID: "12"})
    assert form["step_id"] == "unit"
    unit = {CONF_CURRENCY: "EUR", CONF_POINTS_PER_UNIT: 1000}
    result = await hass.config_entries.flow.async_configure(form["flow_id"], unit)
    await hass.async_block_till_done(wait_background_tasks=True)
    await other.stop()
    assert result["reason"] == "reconfigure_successful"
    assert unit.items() <= loaded_entry.options.items()
