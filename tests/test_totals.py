"""Totals over several accounts, as the documentation tells."""

from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.llm_gateway_account.const import (
    CONF_CURRENCY,
    CONF_SITE_NAME,
    CONF_USER_ID,
    DOMAIN,
)
from homeassistant.const import CONF_ACCESS_TOKEN, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component

from .gateway_server import GatewayServer, ServerAccount
from .helpers import examples, jump, setup, state_of

POLL = timedelta(minutes=5, seconds=5)
# When totals have been written again.
QUARTER = timedelta(minutes=15, seconds=5)
BALANCES = ["sensor.example_gateway_balance", "sensor.second_gateway_balance"]
TOTALS, TOTALS_OF_THE_CHINESE_PAGE = examples("docs/accounts")


@pytest.fixture(autouse=True)
def frozen_time(freezer: FrozenDateTimeFactory) -> None:
    """Stop the clock before anything is scheduled by it."""
    freezer.move_to("2026-10-31T20:00:00-07:00")  # Home Assistant of tests: Pacific


@pytest.fixture
def expected_lingering_timers() -> bool:
    """Let the utility meter wait for the next month when a test ends."""
    return True


@pytest.fixture
def second(gateway: GatewayServer) -> ServerAccount:
    """Return a second account at the gateway, with 10 units left."""
    account = ServerAccount(
        id=4712, access_token="2" * 32, quota=5_000_000, used_quota=500_000
    )
    gateway.more_accounts.append(account)
    return account


def test_pages_tell_the_same() -> None:
    assert TOTALS_OF_THE_CHINESE_PAGE == TOTALS


async def set_up_both(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    second: ServerAccount,
    currency: str = "USD",
) -> None:
    """Set up both accounts, the second in a currency."""
    names = {
        CONF_SITE_NAME: "Second Gateway",
        CONF_USER_ID: str(second.id),
        CONF_ACCESS_TOKEN: second.access_token,
    }
    second_entry = MockConfigEntry(
        domain=DOMAIN,
        data={**entry.data, **names},
        options={**entry.options, CONF_CURRENCY: currency},
    )
    await setup(hass, entry)
    await setup(hass, second_entry)


async def paste(hass: HomeAssistant, **more: Any) -> None:
    """Start with the example, and with something more in each group."""
    groups = [{**group, **more} for group in TOTALS["sensor"]]
    config = {**TOTALS, "sensor": groups}
    for component in config:
        assert await async_setup_component(hass, component, config)
    await hass.async_block_till_done()


async def disconnect(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, account: ServerAccount
) -> None:
    """Let an account be disabled until its entities are unavailable."""
    account.status = 2
    for _ in range(4):
        await jump(hass, freezer, POLL)
    assert state_of(hass, BALANCES[1]) == "unavailable"


async def test_totals(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    second: ServerAccount,
    freezer: FrozenDateTimeFactory,
    issue_registry: ir.IssueRegistry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Both accounts count, also what was spent while one was not to be seen."""
    await paste(hass)
    await set_up_both(hass, entry, second)
    for entity_id, value in (
        ("sensor.llm_balance", "22.345"),
        ("sensor.llm_total_spent", "38.655"),
    ):
        state = hass.states.get(entity_id)
        assert state
        assert state.state == value
        kinds = ("unit_of_measurement", "device_class", "state_class")
        assert [state.attributes[kind] for kind in kinds] == [
            "USD",
            "monetary",
            "total",
        ]

    for account in (gateway.account, second):
        account.quota -= 500_000
        account.used_quota += 500_000
    await jump(hass, freezer, QUARTER)
    assert state_of(hass, "sensor.llm_balance") == "20.345"
    assert float(state_of(hass, "sensor.llm_spent_this_month")) == 2
    assert "Entity sensor.llm_balance" not in caplog.text
    assert "Entity sensor.llm_total_spent" not in caplog.text

    await disconnect(hass, freezer, second)
    for total in ("balance", "total_spent"):
        state = hass.states.get(f"sensor.llm_{total}")
        assert state
        assert state.state == STATE_UNKNOWN
        assert state.attributes["unit_of_measurement"] == "USD"
    second.status = 1
    second.quota -= 500_000
    second.used_quota += 500_000
    await jump(hass, freezer, QUARTER)
    assert state_of(hass, "sensor.llm_balance") == "19.345"
    assert float(state_of(hass, "sensor.llm_spent_this_month")) == 3
    assert not issue_registry.issues

    await jump(hass, freezer, timedelta(hours=4))  # a month begins
    second.used_quota += 250_000
    await jump(hass, freezer, QUARTER)
    assert float(state_of(hass, "sensor.llm_spent_this_month")) == 0.5


async def test_total_of_what_is_available(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    second: ServerAccount,
    freezer: FrozenDateTimeFactory,
) -> None:
    await paste(hass, ignore_non_numeric=True)
    await set_up_both(hass, entry, second)
    await disconnect(hass, freezer, second)
    assert state_of(hass, "sensor.llm_balance") == "12.345"


@pytest.mark.parametrize(
    ("currency", "total", "unit"),
    [("USD", "22.345", "USD"), ("EUR", STATE_UNKNOWN, "ERR")],
)
async def test_helper_that_combines(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    second: ServerAccount,
    issue_registry: ir.IssueRegistry,
    currency: str,
    total: str,
    unit: str,
) -> None:
    """It finds the unit, and refuses two currencies."""
    await set_up_both(hass, entry, second, currency)
    options = {
        "name": "LLM balance",
        "entity_ids": BALANCES,
        "type": "sum",
        "round_digits": 3,
    }
    helper = MockConfigEntry(domain="min_max", title="LLM balance", options=options)
    await setup(hass, helper)
    state = hass.states.get("sensor.llm_balance")
    assert state
    assert state.state == total
    assert state.attributes["unit_of_measurement"] == unit
    assert not issue_registry.issues


async def test_helper_that_groups(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    second: ServerAccount,
    issue_registry: ir.IssueRegistry,
) -> None:
    """Why the page says not to take it. When this fails, it has learned money."""
    await set_up_both(hass, entry, second)
    options = {
        "group_type": "sensor",
        "name": "LLM balance",
        "entities": BALANCES,
        "type": "sum",
        "ignore_non_numeric": False,
        "hide_members": False,
    }
    helper = MockConfigEntry(domain="group", title="LLM balance", options=options)
    await setup(hass, helper)
    state = hass.states.get("sensor.llm_balance")
    assert state
    assert state.state == "22.345"
    assert "unit_of_measurement" not in state.attributes
    (issue,) = issue_registry.issues.values()
    assert issue.translation_key == "uoms_not_matching_device_class"
