"""A site that counts in another unit one day: a repair that offers to follow it."""

from collections.abc import Awaitable, Callable
from copy import replace
from datetime import timedelta
from http import HTTPStatus
import json
import re
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)

from custom_components.llm_gateway_account.const import (
    CONF_CRITICAL_BALANCE,
    CONF_CURRENCY,
    CONF_LOW_BALANCE,
    CONF_POINTS_PER_UNIT,
    CONF_SITE_UNIT,
    CONF_UNUSUAL_FACTOR,
    CONF_UNUSUAL_MINIMUM,
    DOMAIN,
)
from custom_components.llm_gateway_account.repairs import help_url
from homeassistant.components.repairs import DOMAIN as REPAIRS
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component

from . import PACKAGE
from .conftest import OPTIONS
from .gateway_server import NEW_STATUS, OLD_STATUS, GatewayServer, answering
from .helpers import balance, copy_of, fill, jump, open_form, setup
from .watching import issues

DAY = timedelta(days=1, minutes=1)
URL = "/api/repairs/issues/fix"

YUAN = NEW_STATUS
EURO = NEW_STATUS | {
    "quota_per_unit": 1_000_000,
    "quota_display_type": "CUSTOM",
    "custom_currency_symbol": "€",
    "custom_currency_exchange_rate": 1,
}
TOKENS = NEW_STATUS | {"quota_display_type": "TOKENS"}

TEXTS: dict[str, Any] = json.loads(
    (PACKAGE / "translations" / "en.json").read_text(encoding="utf-8")
)["issues"]["unit_changed"]

type Ask = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture(autouse=True)
async def noon(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Stop the clock, and have repairs."""
    freezer.move_to("2026-11-23T20:00:00Z")
    assert await async_setup_component(hass, REPAIRS, {})


@pytest.fixture
def ask(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, hass_admin_user: MockUser
) -> Ask:
    """Return what asks Home Assistant as the frontend does."""

    async def ask_it(type_: str, **message: Any) -> dict[str, Any]:
        client = await hass_ws_client(hass, fresh_token(hass, hass_admin_user))
        await client.send_json_auto_id({"type": f"repairs/{type_}", **message})
        answer: dict[str, Any] = await client.receive_json()
        assert answer["success"]
        return answer["result"] or {}

    return ask_it


def fresh_token(hass: HomeAssistant, user: MockUser) -> str:
    """Return an access token that is not a day old."""
    (refresh_token,) = user.refresh_tokens.values()
    return hass.auth.async_create_access_token(refresh_token)


async def site_says(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    status: dict[str, Any],
) -> None:
    """Let the site count in a unit, and a day pass."""
    gateway.fork = replace(gateway.fork, status=status)
    await jump(hass, freezer, DAY)


@pytest.mark.parametrize(
    ("status", "options", "shown", "state"),
    [
        (
            YUAN,
            {CONF_CURRENCY: "CNY", CONF_LOW_BALANCE: 14.6, CONF_UNUSUAL_MINIMUM: 3.65},
            ("USD", "500000", "CNY", "68493.15068"),
            "90.1185",
        ),
        (
            EURO,
            {CONF_CURRENCY: "EUR", CONF_LOW_BALANCE: 1, CONF_UNUSUAL_MINIMUM: 0.25},
            ("USD", "500000", "EUR", "1000000"),
            "6.1725",
        ),
        (
            OLD_STATUS | {"quota_per_unit": 250_000},
            {CONF_CURRENCY: "USD", CONF_LOW_BALANCE: 4, CONF_UNUSUAL_MINIMUM: 1},
            ("USD", "500000", "USD", "250000"),
            "24.69",
        ),
        (
            TOKENS,
            {
                CONF_CURRENCY: "points",
                CONF_LOW_BALANCE: 1_000_000,
                CONF_UNUSUAL_MINIMUM: 250_000,
            },
            ("USD", "500000", "points", "1"),
            "6172500",
        ),
    ],
    ids=["CNY", "EUR", "other points", "points"],
)
async def test_new_unit_is_taken_over(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    hass_admin_user: MockUser,
    ask: Ask,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    status: dict[str, Any],
    options: dict[str, Any],
    shown: tuple[str, ...],
    state: str,
) -> None:
    """Nothing changes before; then limits are worth what they were."""
    await site_says(hass, gateway, freezer, status)
    assert balance(hass) == "12.345"
    (issue,) = (await ask("list_issues"))["issues"]
    assert issue["translation_key"] == "unit_changed"
    assert issue["is_fixable"]
    assert issue["translation_placeholders"] == {
        "account": "Example Gateway",
        "help_url": help_url("unit_changed", "en"),
        **dict(
            zip(
                ("old_currency", "old_points", "new_currency", "new_points"),
                shown,
                strict=True,
            )
        ),
    }

    client = await hass_client(fresh_token(hass, hass_admin_user))
    response = await client.post(
        URL, json={"handler": DOMAIN, "issue_id": issue["issue_id"]}
    )
    form = await response.json()
    text = TEXTS["fix_flow"]["step"][form["step_id"]]["description"]
    read = text.format(**form["description_placeholders"])
    assert all(part in read for part in shown)
    assert re.search("limits are converted.*long-term statistics", read)
    response = await client.post(f"{URL}/{form['flow_id']}", json={})
    assert response.status == HTTPStatus.OK
    assert (await response.json())["type"] == "create_entry"
    await hass.async_block_till_done(wait_background_tasks=True)

    low = options[CONF_LOW_BALANCE]
    for key, value in {**options, CONF_CRITICAL_BALANCE: low / 4}.items():
        assert loaded_entry.options[key] == (
            value if isinstance(value, str) else pytest.approx(value)
        )
    assert loaded_entry.options[CONF_UNUSUAL_FACTOR] == OPTIONS[CONF_UNUSUAL_FACTOR]
    assert balance(hass) == state
    await jump(hass, freezer, DAY)
    assert issues(hass) == []


async def test_ignored_for_good(
    hass: HomeAssistant,
    ask: Ask,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Over days with other rates, a reload and a restart; but not another unit."""
    await site_says(hass, gateway, freezer, YUAN)
    (issue,) = (await ask("list_issues"))["issues"]
    await ask("ignore_issue", domain=DOMAIN, issue_id=issue["issue_id"], ignore=True)

    await jump(hass, freezer, DAY)
    await hass.config_entries.async_reload(loaded_entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    registry = ir.async_get(hass)
    await registry._store.async_save(registry._data_to_save())
    await hass.config_entries.async_unload(loaded_entry.entry_id)
    await registry._async_load()
    assert (await ask("list_issues"))["issues"] == []
    await hass.config_entries.async_setup(loaded_entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    (issue,) = (await ask("list_issues"))["issues"]
    assert issue["ignored"]
    assert loaded_entry.options == OPTIONS
    assert balance(hass) == "12.345"

    for rate in (7.2, 7.35, 7.4, 7.5):
        await site_says(hass, gateway, freezer, YUAN | {"usd_exchange_rate": rate})
        (issue,) = (await ask("list_issues"))["issues"]
        assert issue["ignored"]

    for other in (YUAN | {"quota_per_unit": 50_000}, EURO):
        await site_says(hass, gateway, freezer, other)
        (issue,) = (await ask("list_issues"))["issues"]
        assert not issue["ignored"]
    assert issue["translation_placeholders"]["new_currency"] == "EUR"


async def test_unit_that_comes_back(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    await site_says(hass, gateway, freezer, YUAN)
    assert issues(hass) == ["unit_changed"]
    await site_says(hass, gateway, freezer, OLD_STATUS)
    assert issues(hass) == []


@pytest.mark.parametrize(
    "fault",
    [
        answering(502),
        answering(429),
        answering(200, "<html>", {"Content-Type": "text/html"}),
        answering(404),
    ],
    ids=["502", "429", "page", "404"],
)
async def test_site_that_does_not_tell_has_not_changed(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    fault: Any,
) -> None:
    gateway.fork = replace(gateway.fork, status=YUAN)
    await setup(hass, entry)
    gateway.status_fault = fault
    await jump(hass, freezer, DAY)
    assert issues(hass) == []


async def test_unit_that_a_person_chose_is_no_change(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """What counts is what the site said before, not what is shown."""
    form = await open_form(hass, loaded_entry, "unit")
    await fill(hass, form, {CONF_CURRENCY: "CNY", CONF_POINTS_PER_UNIT: 500_000})
    await jump(hass, freezer, DAY)
    assert issues(hass) == []
    await site_says(hass, gateway, freezer, EURO)
    assert issues(hass) == ["unit_changed"]


async def test_unit_that_a_person_entered_after_the_site(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """There is nothing left to repair, until the site changes it once more."""
    await site_says(hass, gateway, freezer, YUAN)
    assert issues(hass) == ["unit_changed"]
    form = await open_form(hass, loaded_entry, "unit")
    await fill(hass, form, {CONF_CURRENCY: "CNY", CONF_POINTS_PER_UNIT: 68493.15})
    assert issues(hass) == []
    await site_says(hass, gateway, freezer, OLD_STATUS)
    assert issues(hass) == ["unit_changed"]


async def test_each_account_at_the_site_is_asked_for(
    hass: HomeAssistant,
    ask: Ask,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    other = copy_of(loaded_entry, site_name="Second")
    await setup(hass, other)
    await site_says(hass, gateway, freezer, YUAN)
    assert {
        each["translation_placeholders"]["account"]
        for each in (await ask("list_issues"))["issues"]
    } == {"Example Gateway", "Second"}
    await hass.config_entries.async_remove(other.entry_id)
    (issue,) = (await ask("list_issues"))["issues"]
    assert issue["translation_placeholders"]["account"] == "Example Gateway"
    assert loaded_entry.data[CONF_SITE_UNIT] == {
        CONF_CURRENCY: "USD",
        CONF_POINTS_PER_UNIT: 500_000,
    }
