"""A local day begins when the home's clock says so, also while no gateway answers."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant

from .gateway_server import GatewayServer, answering
from .helpers import jump, pass_time, setup, state_of

SPENT_TODAY = "sensor.example_gateway_spent_today"
UNIT = 500_000


@pytest.mark.usefixtures("whole_past")
@pytest.mark.parametrize(
    ("zone", "before"),
    [
        ("America/Los_Angeles", (2026, 11, 22, 23, 50)),
        ("Asia/Kolkata", (2026, 11, 22, 23, 50)),
        # Clocks go from midnight to one.
        ("America/Santiago", (2026, 9, 5, 23, 50)),
        ("Africa/Cairo", (2026, 4, 23, 23, 50)),
    ],
)
async def test_day_begins_while_the_gateway_is_down(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    zone: str,
    before: tuple[int, int, int, int, int],
) -> None:
    await hass.config.async_set_time_zone(zone)
    year, month, day, hour, minute = before
    local = datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone))
    freezer.move_to(local.astimezone(UTC))
    account = gateway.account
    account.quota, account.used_quota = account.quota + 1, account.used_quota - 1
    gateway.books.spend("gpt-5", 1, at=gateway.clock() - 30 * 86400)
    await setup(hass, entry)
    await hass.async_block_till_done(wait_background_tasks=True)
    gateway.account.used_quota += UNIT
    gateway.account.quota -= UNIT
    await jump(hass, freezer, timedelta(minutes=5))
    assert state_of(hass, SPENT_TODAY) == "1.0"
    gateway.fault = answering(502)
    await pass_time(hass, freezer, timedelta(minutes=6))
    assert state_of(hass, SPENT_TODAY) == "0.0"


@pytest.mark.usefixtures("recorded")
async def test_home_moves_to_another_time_zone(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """What was spent before the day that it is there, is of the day before."""
    freezer.move_to("2026-11-23T14:00:00Z")
    await setup(hass, entry)
    await hass.async_block_till_done(wait_background_tasks=True)
    gateway.account.used_quota += UNIT
    gateway.account.quota -= UNIT
    await jump(hass, freezer, timedelta(minutes=5))
    await jump(hass, freezer, timedelta(hours=5))
    assert state_of(hass, SPENT_TODAY) == "1.0"
    gateway.fault = answering(502)
    await hass.config.async_update(time_zone="Asia/Kolkata")
    await hass.async_block_till_done()
    assert state_of(hass, SPENT_TODAY) == "0.0"
