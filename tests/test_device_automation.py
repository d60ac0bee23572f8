"""The alerts in the automation editor: triggers and conditions of an account."""

from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_get_device_automations,
    async_mock_service,
)

from custom_components.llm_gateway_account.condition import CONDITIONS
from custom_components.llm_gateway_account.const import DOMAIN
from custom_components.llm_gateway_account.events import EVENT_TYPES
from custom_components.llm_gateway_account.polling import UPDATE_INTERVAL
from homeassistant.components.device_automation import DeviceAutomationType
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component

from .gateway_server import GatewayServer, answering
from .helpers import jump, pass_time


@pytest.fixture
def device(
    loaded_entry: MockConfigEntry, device_registry: dr.DeviceRegistry
) -> dr.DeviceEntry:
    """Return the device of the account."""
    (device,) = dr.async_entries_for_config_entry(
        device_registry, loaded_entry.entry_id
    )
    return device


@pytest.fixture
def other_device(
    hass: HomeAssistant, device_registry: dr.DeviceRegistry
) -> dr.DeviceEntry:
    """Return a device that is no account."""
    entry = MockConfigEntry(domain="other")
    entry.add_to_hass(hass)
    return device_registry.async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={("other", "1")}
    )


def own(automations: list[dict[str, Any]]) -> list[str]:
    """Return the types of what this integration offers."""
    return [each["type"] for each in automations if each["domain"] == DOMAIN]


async def automate(hass: HomeAssistant, device_id: str) -> list[ServiceCall]:
    """Set up an automation for each event, and return what they call."""
    automations = [
        {
            "id": event_type,
            "triggers": {
                "trigger": "device",
                "domain": DOMAIN,
                "device_id": device_id,
                "type": event_type,
            },
            "actions": {
                "action": "test.automation",
                "data_template": {
                    "type": "{{ trigger.type }}",
                    "details": "{{ trigger.get('amount') }} {{ trigger.get('to') }}",
                },
            },
        }
        for event_type in EVENT_TYPES
    ]
    calls = async_mock_service(hass, "test", "automation")
    assert await async_setup_component(hass, "automation", {"automation": automations})
    await hass.async_block_till_done()
    return calls


async def test_what_the_editor_offers(
    hass: HomeAssistant, device: dr.DeviceEntry, other_device: dr.DeviceEntry
) -> None:
    for kind, types in (
        (DeviceAutomationType.TRIGGER, EVENT_TYPES),
        (DeviceAutomationType.CONDITION, list(CONDITIONS)),
    ):
        offered = await async_get_device_automations(hass, kind, device.id)
        assert own(offered) == types
        offered = await async_get_device_automations(hass, kind, other_device.id)
        assert own(offered) == []


async def test_triggers(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    device: dr.DeviceEntry,
) -> None:
    """Each runs once, with what there is to say."""
    calls = await automate(hass, device.id)
    gateway.account.group = "vip"
    gateway.account.quota += 2_500_000
    await pass_time(hass, freezer, timedelta(minutes=6))
    gateway.account.leave(0)
    await pass_time(hass, freezer, timedelta(hours=1))
    assert [call.data for call in calls] == [
        {"type": "group_changed", "details": "None vip"},
        {"type": "topped_up", "details": "5.0 None"},
        {"type": "balance_exhausted", "details": "None None"},
    ]


async def test_triggers_survive_a_reload(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    device: dr.DeviceEntry,
) -> None:
    calls = await automate(hass, device.id)
    await hass.config_entries.async_reload(loaded_entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    gateway.account.leave(0)
    await jump(hass, freezer, UPDATE_INTERVAL)
    assert [call.data["type"] for call in calls] == ["balance_exhausted"]


@pytest.mark.parametrize("quota", [0, 100_000, 600_000, 6_172_500])
async def test_conditions(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    device: dr.DeviceEntry,
    quota: int,
) -> None:
    """Exactly one of the levels holds; none while the account is not known."""
    gateway.account.leave(quota)
    await pass_time(hass, freezer, timedelta(minutes=9))
    calls = async_mock_service(hass, "test", "automation")
    automations = [
        {
            "id": condition_type,
            "triggers": {"trigger": "event", "event_type": "check"},
            "conditions": {
                "condition": "device",
                "domain": DOMAIN,
                "device_id": device.id,
                "type": condition_type,
            },
            "actions": {"action": "test.automation", "data": {"type": condition_type}},
        }
        for condition_type in CONDITIONS
    ]
    assert await async_setup_component(hass, "automation", {"automation": automations})
    await hass.async_block_till_done()

    async def holding() -> list[str]:
        calls.clear()
        hass.bus.async_fire("check")
        await hass.async_block_till_done()
        return [call.data["type"] for call in calls]

    expected = {
        0: "is_exhausted",
        100_000: "is_critical",
        600_000: "is_low",
        6_172_500: "is_ok",
    }
    assert await holding() == [expected[quota]]
    gateway.fault = answering(502)
    await pass_time(hass, freezer, timedelta(minutes=25))
    assert await holding() == []
    gateway.fault = None
    await pass_time(hass, freezer, UPDATE_INTERVAL)
    assert await holding() == [expected[quota]]
    await hass.config_entries.async_unload(loaded_entry.entry_id)
    assert await holding() == []
    await hass.config_entries.async_remove(loaded_entry.entry_id)
    assert await holding() == []


async def test_trigger_of_an_account_that_is_gone(
    hass: HomeAssistant,
    loaded_entry: MockConfigEntry,
    device: dr.DeviceEntry,
    other_device: dr.DeviceEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Home Assistant says so, instead of an automation that never runs."""
    await automate(hass, other_device.id)
    assert caplog.text.count("This device is not an account at an LLM gateway") == len(
        EVENT_TYPES
    )
