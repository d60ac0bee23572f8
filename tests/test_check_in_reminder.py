"""The blueprint that reminds of the daily check-in, or does it."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant, ServiceCall

from .gateway_server import NEW_API, GatewayServer, answering
from .helpers import device_of, jump, setup
from .test_blueprints import Automate, Told, automate, phones, told
from .test_check_in import break_post, enable, posts

# Fixtures of the other blueprints.
__all__ = ["automate", "phones", "told"]

HOUR = timedelta(hours=1)
REMINDER = ("Example Gateway", "The daily check-in is open")


@pytest.fixture(autouse=True)
def morning(gateway: GatewayServer, freezer: FrozenDateTimeFactory) -> None:
    """Stop the clock at seven, in the time zone of the tests and of the server."""
    freezer.move_to("2026-11-23T15:00:30Z")
    gateway.fork, gateway.operator.check_in_enabled = NEW_API, True
    gateway.operator.utc_offset = -8 * HOUR


@pytest.fixture
async def account(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """Return the ID of the account's device, with the sensor enabled."""
    enable(hass, entry)
    await setup(hass, entry)
    return device_of(hass, entry)


async def pass_hours(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, hours: int
) -> None:
    """Let time pass, with the looks and the reminders in between."""
    for _ in range(2 * hours):
        await jump(hass, freezer, timedelta(minutes=30))


async def test_reminder(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    account: str,
    automate: Automate,
    told: Told,
    phones: dict[str, list[ServiceCall]],
) -> None:
    """Once a day, from the chosen time on; never once it is done."""
    await automate("check_in_reminder", account=account, phones=list(phones))
    await pass_hours(hass, freezer, 1)
    assert told == []
    await pass_hours(hass, freezer, 10)
    assert told == [REMINDER]
    for (call,) in phones.values():
        assert (call.data["title"], call.data["message"]) == REMINDER
    await pass_hours(hass, freezer, 24)
    assert told == [REMINDER, REMINDER]
    assert posts(gateway) == 0
    await pass_hours(hass, freezer, 10)
    gateway.operator.check_in(NEW_API.board, gateway.account)
    await pass_hours(hass, freezer, 12)
    assert len(told) == 2


async def test_opens_later(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    account: str,
    automate: Automate,
    told: Told,
) -> None:
    """Where the day of the server begins in the evening."""
    gateway.operator.utc_offset = timedelta(hours=2)
    gateway.operator.check_in(NEW_API.board, gateway.account)
    await hass.config_entries.async_reload(
        hass.config_entries.async_entries()[0].entry_id
    )
    await automate("check_in_reminder", account=account)
    await pass_hours(hass, freezer, 6)
    assert told == []
    await pass_hours(hass, freezer, 3)
    assert told == [REMINDER]


@pytest.mark.parametrize(
    ("award", "message"),
    [(50_000, "Checked in: 0.10 USD"), (1340, "Checked in: 0.0027 USD")],
)
async def test_by_itself(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    account: str,
    automate: Automate,
    told: Told,
    award: int,
    message: str,
) -> None:
    gateway.operator.award = award
    await automate("check_in_reminder", account=account, automatic=True)
    await pass_hours(hass, freezer, 12)
    assert told == [("Example Gateway", message)]
    assert posts(gateway) == 1


@pytest.mark.parametrize("case", ["browser", "unclear"])
async def test_failure_is_not_repeated(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    account: str,
    automate: Automate,
    told: Told,
    case: str,
) -> None:
    """Not on that day."""
    gateway.operator.turnstile = case == "browser"
    if case == "unclear":
        break_post(gateway, answering(504))
    await automate("check_in_reminder", account=account, automatic=True)
    await pass_hours(hass, freezer, 14)
    assert told == [("Example Gateway", "The daily check-in failed")]
    assert posts(gateway) == (case == "unclear")


@pytest.mark.parametrize(
    ("language", "automatic", "turnstile", "message"),
    [
        ("de", False, False, "Der tägliche Check-in ist offen"),
        ("zh-Hans", False, False, "今日尚未签到"),
        ("zh-Hans", True, False, "已签到：10.00 USD"),
        ("zh-Hans", True, True, "签到失败"),
    ],
)
async def test_language_of_the_home(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    account: str,
    automate: Automate,
    told: Told,
    language: str,
    automatic: bool,
    turnstile: bool,
    message: str,
) -> None:
    hass.config.language = language
    gateway.operator.award, gateway.operator.turnstile = 5_000_000, turnstile
    await automate("check_in_reminder", account=account, automatic=automatic)
    await pass_hours(hass, freezer, 3)
    assert told == [("Example Gateway", message)]


async def test_sensor_that_is_disabled(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    automate: Automate,
    told: Told,
) -> None:
    """Then nobody knows, and nobody is reminded."""
    await setup(hass, entry)
    account = device_of(hass, entry)
    await automate("check_in_reminder", account=account, automatic=True)
    await pass_hours(hass, freezer, 4)
    assert told == []
    assert posts(gateway) == 0
