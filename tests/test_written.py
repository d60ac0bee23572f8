"""Which states are written with a poll, and which may wait for a quarter of an hour."""

from datetime import UTC, datetime, timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.components.homeassistant import (
    DOMAIN as HOMEASSISTANT_DOMAIN,
    SERVICE_UPDATE_ENTITY,
)
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from .gateway_server import GatewayServer
from .helpers import setup, state_of

POLL = timedelta(minutes=5)

AT_ONCE = ("balance", "spent_today")
MAY_WAIT = ("total_spent", "spent_this_month", "requests")


@pytest.fixture(autouse=True)
async def account(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Watch an account since the month began, and go on at ten past noon of day 2."""
    await hass.config.async_set_time_zone("UTC")
    freezer.move_to(datetime(2026, 11, 30, 23, tzinfo=UTC))
    await setup(hass, entry)
    await written(hass, entry, gateway, freezer)
    freezer.move_to(datetime(2026, 12, 1, 12, tzinfo=UTC))
    await written(hass, entry, gateway, freezer, spend=100_000)
    freezer.move_to(datetime(2026, 12, 2, 12, 10, 30, tzinfo=UTC))
    await entry.runtime_data.account.async_refresh()


async def written(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    spend: int = 777,
) -> set[str]:
    """Use the gateway, poll it after five minutes, and return what is written."""
    names = AT_ONCE + MAY_WAIT
    before = {name: state_of(hass, f"sensor.example_gateway_{name}") for name in names}
    gateway.account.quota -= spend
    gateway.account.used_quota += spend
    gateway.account.request_count += spend > 0
    freezer.tick(POLL)
    await entry.runtime_data.account.async_refresh()
    await hass.async_block_till_done()
    return {
        name
        for name in names
        if state_of(hass, f"sensor.example_gateway_{name}") != before[name]
    }


async def test_an_hour_in_use(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The poll before the full hour is one of those that write everything."""
    everything = {*AT_ONCE, *MAY_WAIT}
    seen = {}
    for _ in range(14):
        seen[freezer().minute] = await written(hass, entry, gateway, freezer)
    whole = [minute for minute, names in seen.items() if names == everything]
    assert whole == [25, 40, 55, 10]
    assert all(names >= set(AT_ONCE) for names in seen.values())


async def test_a_month_never_shows_less_than_its_day(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
) -> None:
    for spend in (40_000, 50_000, 90_000, 90_000, 10, 10, 60_000, 60_000):
        await written(hass, entry, gateway, freezer, spend)
        today, month = (
            float(state_of(hass, f"sensor.example_gateway_{name}"))
            for name in ("spent_today", "spent_this_month")
        )
        assert today <= month


async def test_everything_is_written_once_the_account_is_at_rest(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
) -> None:
    await written(hass, entry, gateway, freezer)
    while await written(hass, entry, gateway, freezer) != set(AT_ONCE):
        pass
    assert await written(hass, entry, gateway, freezer, spend=0) == set(MAY_WAIT)
    used = gateway.account.used_quota / 500_000
    assert state_of(hass, "sensor.example_gateway_total_spent") == str(round(used, 6))
    assert await written(hass, entry, gateway, freezer, spend=0) == set()


async def test_whoever_asks_sees_the_answer_at_once(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
) -> None:
    await async_setup_component(hass, HOMEASSISTANT_DOMAIN, {})
    while await written(hass, entry, gateway, freezer) != set(AT_ONCE):
        pass
    gateway.account.request_count += 1
    await hass.services.async_call(
        HOMEASSISTANT_DOMAIN,
        SERVICE_UPDATE_ENTITY,
        {"entity_id": "sensor.example_gateway_requests"},
        blocking=True,
    )
    await hass.async_block_till_done()
    assert state_of(hass, "sensor.example_gateway_requests") == str(
        gateway.account.request_count
    )
