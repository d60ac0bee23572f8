"""The action that returns what is known of an account."""

from datetime import UTC, datetime, timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.llm_gateway_account.const import CONF_CURRENCY
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError

from .conftest import OPTIONS
from .gateway_server import NEW_API_2026_08, GatewayServer, answering
from .helpers import device_of, get_account, jump, pass_time, setup


@pytest.mark.freeze_time("2026-11-23T20:00:00Z")
async def test_get_account(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """All that automations want to say, and nothing of who the person is."""
    await setup(hass, entry)
    assert await get_account(hass, device_of(hass, entry)) == {
        "currency": "USD",
        "balance": 12.345,
        "bonus_balance": None,
        "balance_level": "ok",
        "used_quota": 37.655,
        "spent_today": None,
        "spent_this_month": None,
        "average_daily_spending": None,
        "days_remaining": None,
        "runs_out_at": None,
        "unusual_spending": None,
        "request_count": 4242,
        "group": "default",
        "budgets": {},
        "plan": None,
    }
    for _ in range(30):
        gateway.account.quota -= 50_000
        gateway.account.used_quota += 50_000
        await jump(hass, freezer, timedelta(hours=1))
    answer = await get_account(hass, device_of(hass, entry))
    assert answer["balance"] == 9.345
    assert answer["spent_today"] == 1.9
    assert answer["average_daily_spending"] == pytest.approx(2.4)
    assert answer["days_remaining"] == 3.9
    assert answer["runs_out_at"].startswith("2026-11-28T")


async def test_get_account_with_a_plan(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    gateway.fork = NEW_API_2026_08
    bought = gateway.plans.buy("Pro", total=5_000_000, used=1_000_000)
    await setup(hass, entry)
    answer = await get_account(hass, device_of(hass, entry))
    assert answer["plan"] == {
        "title": "Pro",
        "paid_by": "plan",
        "remaining": 8,
        "unlimited": False,
        "ends_at": datetime.fromtimestamp(bought.end, UTC).isoformat(),
        "resets_at": None,
    }
    bought.total = 0
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    answer = await get_account(hass, device_of(hass, entry))
    assert answer["plan"]["unlimited"]
    assert answer["plan"]["remaining"] is None


async def test_get_account_in_points(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    gateway.fault = answering(200, {"success": True, "data": {"quota": 700}})
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(
        entry, options={**OPTIONS, CONF_CURRENCY: "points"}
    )
    await hass.config_entries.async_setup(entry.entry_id)
    answer = await get_account(hass, device_of(hass, entry))
    assert (answer["balance"], answer["currency"]) == (700, "points")
    assert answer["used_quota"] is None


async def test_account_that_does_not_answer(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    device_id = device_of(hass, loaded_entry)
    gateway.fault = answering(502)
    await pass_time(hass, freezer, timedelta(minutes=25))
    with pytest.raises(ServiceValidationError, match="does not answer at the moment"):
        await get_account(hass, device_id)
    await hass.config_entries.async_unload(loaded_entry.entry_id)
    with pytest.raises(ServiceValidationError, match="does not answer at the moment"):
        await get_account(hass, device_id)


async def test_device_that_is_no_account(
    hass: HomeAssistant, loaded_entry: MockConfigEntry
) -> None:
    with pytest.raises(ServiceValidationError, match="not an account"):
        await get_account(hass, "unknown")
