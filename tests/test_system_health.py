"""The system information page."""

from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    get_system_health_info,
)

from custom_components.llm_gateway_account.const import DOMAIN
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from .gateway_server import GatewayServer, answering
from .helpers import setup


async def test_system_health(
    hass: HomeAssistant, gateway: GatewayServer, loaded_entry: MockConfigEntry
) -> None:
    assert await async_setup_component(hass, "system_health", {})
    await hass.async_block_till_done()
    info = await get_system_health_info(hass, DOMAIN)
    assert info["loaded_accounts"] == 1
    assert info["oldest_answer"] == loaded_entry.runtime_data.account.last_success
    gateway.requests.clear()
    assert await info[gateway.url] == "ok"
    (request,) = gateway.requests
    assert "Authorization" not in request.headers


async def test_system_health_while_the_gateway_is_gone(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    gateway.fault = answering(502)
    await setup(hass, entry)
    await gateway.stop()
    assert await async_setup_component(hass, "system_health", {})
    await hass.async_block_till_done()
    info = await get_system_health_info(hass, DOMAIN)
    assert info["loaded_accounts"] == 0
    assert info["oldest_answer"] is None
    assert await info[gateway.url] == {"type": "failed", "error": "cannot_connect"}


async def test_system_health_of_two_accounts_at_one_gateway_and_a_damaged_one(
    hass: HomeAssistant, gateway: GatewayServer, loaded_entry: MockConfigEntry
) -> None:
    """One line and one question per gateway."""
    for data in (dict(loaded_entry.data), {}):
        other = MockConfigEntry(
            domain=DOMAIN,
            unique_id=str(len(data)),
            data=data,
            options=loaded_entry.options,
        )
        await setup(hass, other)
    assert await async_setup_component(hass, "system_health", {})
    await hass.async_block_till_done()
    gateway.requests.clear()
    info = await get_system_health_info(hass, DOMAIN)
    assert set(info) == {"loaded_accounts", "oldest_answer", gateway.url}
    assert await info[gateway.url] == "ok"
    assert gateway.paths() == ["/api/status"]


async def test_system_health_leaves_a_disabled_account_alone(
    hass: HomeAssistant, gateway: GatewayServer, loaded_entry: MockConfigEntry
) -> None:
    await hass.config_entries.async_set_disabled_by(
        loaded_entry.entry_id, ConfigEntryDisabler.USER
    )
    assert await async_setup_component(hass, "system_health", {})
    await hass.async_block_till_done()
    info = await get_system_health_info(hass, DOMAIN)
    assert set(info) == {"loaded_accounts", "oldest_answer"}
