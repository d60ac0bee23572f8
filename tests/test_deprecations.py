"""What Home Assistant says against the integration, whatever a person does: nothing."""

import logging
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_get_device_automations,
    get_system_health_info,
)
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.llm_gateway_account.const import (
    CONF_CRITICAL_BALANCE,
    CONF_CURRENCY,
    CONF_LOW_BALANCE,
    CONF_POINTS_PER_UNIT,
    CONF_UNUSUAL_FACTOR,
    CONF_UNUSUAL_MINIMUM,
    CONF_USER_ID,
    DOMAIN,
)
from homeassistant.components.device_automation import DeviceAutomationType
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.helpers import frame
from homeassistant.setup import async_setup_component

from .gateway_server import ACCESS_TOKEN, USER_ID, GatewayServer
from .helpers import device_of, fill, get_account, open_form, setup

# Home Assistant says it of every custom integration.
NOT_TESTED = f"We found a custom integration {DOMAIN} which has not been tested"

ALERTS = {
    CONF_LOW_BALANCE: 20,
    CONF_CRITICAL_BALANCE: 4,
    CONF_UNUSUAL_FACTOR: 2.5,
    CONF_UNUSUAL_MINIMUM: 0.1,
}
UNIT = {CONF_CURRENCY: "EUR", CONF_POINTS_PER_UNIT: 500_000}


@pytest.fixture
async def surroundings(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set up what the integration has something for."""
    for component in ("diagnostics", "homeassistant", "system_health"):
        assert await async_setup_component(hass, component, {})
    # What was reported once is not said again.
    monkeypatch.setattr(frame, "_REPORTED_INTEGRATIONS", set())


async def submit(
    hass: HomeAssistant, form: ConfigFlowResult, user_input: dict[str, Any]
) -> str | None:
    """Fill in a form, wait for what follows, and return how the flow ended."""
    result = await hass.config_entries.flow.async_configure(form["flow_id"], user_input)
    await hass.async_block_till_done(wait_background_tasks=True)
    return result.get("reason", result["type"])


async def automate(hass: HomeAssistant, device_id: str) -> None:
    """Set up an automation with all that the editor offers for a device."""
    triggers, conditions = [
        [
            {key: value for key, value in each.items() if key != "metadata"}
            for each in await async_get_device_automations(hass, kind, device_id)
            if each["domain"] == DOMAIN
        ]
        for kind in (DeviceAutomationType.TRIGGER, DeviceAutomationType.CONDITION)
    ]
    assert triggers
    assert conditions
    automation = {"triggers": triggers, "conditions": conditions, "actions": []}
    assert await async_setup_component(hass, "automation", {"automation": automation})
    await hass.async_block_till_done()
    (state,) = hass.states.async_all("automation")
    assert state.state == "on"


@pytest.mark.filterwarnings("error::DeprecationWarning", "error::FutureWarning")
@pytest.mark.usefixtures("surroundings")
async def test_nothing_is_deprecated(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An account from the first form to its removal."""
    account = {
        CONF_URL: gateway.url,
        CONF_USER_ID: str(USER_ID),
        CONF_ACCESS_TOKEN: ACCESS_TOKEN,
    }
    form = await hass.config_entries.flow.async_init(DOMAIN, context={"source": "user"})
    assert await submit(hass, form, account) == "create_entry"
    (added,) = hass.config_entries.async_entries(DOMAIN)
    await hass.config_entries.async_remove(added.entry_id)

    await setup(hass, entry)
    for name, values in (("alerts", ALERTS), ("unit", UNIT)):
        await fill(hass, await open_form(hass, entry, name), values)
    form = await entry.start_reauth_flow(hass)
    answer = {CONF_ACCESS_TOKEN: ACCESS_TOKEN}
    assert await submit(hass, form, answer) == "reauth_successful"
    form = await entry.start_reconfigure_flow(hass)
    assert await submit(hass, form, account) == "reconfigure_successful"

    device_id = device_of(hass, entry)
    await automate(hass, device_id)
    assert await get_account(hass, device_id)
    gateway.account.leave(0)
    await entry.runtime_data.account.async_refresh()
    assert await get_diagnostics_for_config_entry(hass, hass_client, entry)
    health = await get_system_health_info(hass, DOMAIN)
    assert await health[gateway.url] == "ok"

    assert await hass.config_entries.async_reload(entry.entry_id)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING
        # In its debug mode, asyncio only tells how slow the machine is.
        and record.name != "asyncio"
        and DOMAIN in f"{record.name} {record.getMessage()}"
        and NOT_TESTED not in record.getMessage()
    ] == []
