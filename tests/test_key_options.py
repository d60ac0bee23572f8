"""The options of API keys: which are shown, and what of them is worth an alert."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.llm_gateway_account.const import (
    CONF_CHOSEN_KEYS,
    CONF_CURRENCY,
    CONF_KEY,
    CONF_KEY_EXPIRY_DAYS,
    CONF_KEY_LIMIT,
    CONF_KEY_LIMITS,
    CONF_NEW_KEYS,
    CONF_POINTS_PER_UNIT,
    CONF_SHOWN_KEYS,
)
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from .conftest import OPTIONS
from .gateway_server import NEW_API, GatewayServer, answering
from .helpers import fill, open_form, setup
from .keys import asked, devices, show

FORM = {CONF_SHOWN_KEYS: "all", CONF_NEW_KEYS: False, CONF_KEY_EXPIRY_DAYS: 7}


@pytest.fixture(autouse=True)
def some_keys(gateway: GatewayServer) -> None:
    """Make keys with and without a limit, two of one name."""
    gateway.fork = NEW_API
    gateway.keys.create("laptop", remain_quota=1_000_000)
    gateway.keys.create("agent")
    gateway.keys.create("agent", remain_quota=500_000)


def choices(form: ConfigFlowResult, field: str) -> dict[str, str]:
    """Return what a form lets choose, with what people see."""
    assert form["data_schema"]
    selector = form["data_schema"].schema[field]
    return {each["value"]: each["label"] for each in selector.config["options"]}


def suggested(form: ConfigFlowResult) -> dict[str, Any]:
    """Return what stands in a form."""
    assert form["data_schema"]
    return {
        str(marker): (marker.description or {}).get("suggested_value")
        for marker in form["data_schema"].schema
    }


async def menu(hass: HomeAssistant, entry: MockConfigEntry) -> Any:
    result = await hass.config_entries.options.async_init(entry.entry_id)
    hass.config_entries.options.async_abort(result["flow_id"])
    return result["menu_options"]


async def test_all_keys(
    hass: HomeAssistant, gateway: GatewayServer, loaded_entry: MockConfigEntry
) -> None:
    form = await open_form(hass, loaded_entry, "keys")
    assert asked(gateway) == 0
    result = await fill(hass, form, FORM | {CONF_KEY_LIMIT: 2.5})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert loaded_entry.options == OPTIONS | FORM | {CONF_KEY_LIMIT: 2.5}
    assert len(devices(hass, loaded_entry)) == 3

    # A limit that is emptied is none.
    form = await open_form(hass, loaded_entry, "keys")
    assert suggested(form) == FORM | {CONF_KEY_LIMIT: 2.5}
    await fill(hass, form, FORM | {CONF_SHOWN_KEYS: "none", CONF_NEW_KEYS: True})
    assert loaded_entry.options == OPTIONS | FORM | {
        CONF_SHOWN_KEYS: "none",
        CONF_NEW_KEYS: True,
    }
    assert devices(hass, loaded_entry) == {}


async def test_chosen_keys(
    hass: HomeAssistant, gateway: GatewayServer, loaded_entry: MockConfigEntry
) -> None:
    """By their names; those of one name are told apart."""
    form = await open_form(hass, loaded_entry, "keys")
    form = await fill(hass, form, FORM | {CONF_SHOWN_KEYS: "chosen"})
    assert form["step_id"] == "chosen_keys"
    assert choices(form, CONF_CHOSEN_KEYS) == {
        "1": "laptop",
        "2": "agent (#2)",
        "3": "agent (#3)",
    }
    result = await fill(hass, form, {CONF_CHOSEN_KEYS: ["3", "1"]})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert loaded_entry.options[CONF_CHOSEN_KEYS] == [3, 1]
    assert sorted(devices(hass, loaded_entry)) == [1, 3]

    # Those that are gone are not offered again.
    del gateway.keys.by_id[1]
    form = await open_form(hass, loaded_entry, "keys")
    form = await fill(hass, form, FORM | {CONF_SHOWN_KEYS: "chosen"})
    assert suggested(form) == {CONF_CHOSEN_KEYS: ["3"]}


async def test_more_keys_than_devices(
    hass: HomeAssistant, gateway: GatewayServer, loaded_entry: MockConfigEntry
) -> None:
    """Then people choose."""
    for number in range(23):
        gateway.keys.create(f"key {number}")
    form = await open_form(hass, loaded_entry, "keys")
    form = await fill(hass, form, FORM)
    assert form["step_id"] == "chosen_keys"
    every = [*choices(form, CONF_CHOSEN_KEYS)]
    assert len(every) == 26
    form = await fill(hass, form, {CONF_CHOSEN_KEYS: every})
    assert form["errors"] == {CONF_CHOSEN_KEYS: "too_many_keys"}
    assert suggested(form) == {CONF_CHOSEN_KEYS: every}
    await fill(hass, form, {CONF_CHOSEN_KEYS: every[1:]})
    assert loaded_entry.options[CONF_SHOWN_KEYS] == "chosen"
    assert len(devices(hass, loaded_entry)) == 25


async def test_gateway_that_lists_no_keys(
    hass: HomeAssistant, gateway: GatewayServer, loaded_entry: MockConfigEntry
) -> None:
    """What was chosen still stands in the form; no keys can be chosen all the same."""
    gateway.keys_fault = answering(502)
    form = await open_form(hass, loaded_entry, "keys")
    form = await fill(hass, form, FORM)
    assert form["errors"] == {"base": "keys_not_listed"}
    assert suggested(form) == FORM | {CONF_KEY_LIMIT: None}
    result = await fill(hass, form, FORM | {CONF_SHOWN_KEYS: "none"})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_account_that_is_not_loaded(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    gateway.fault = answering(502)
    await setup(hass, entry)
    assert "key_limit" not in await menu(hass, entry)
    form = await open_form(hass, entry, "keys")
    form = await fill(hass, form, FORM)
    assert form["errors"] == {"base": "keys_not_listed"}


async def test_limit_of_one_key(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    """Of those that have something to run out of, while they are known."""
    await setup(hass, entry)
    assert "key_limit" not in await menu(hass, entry)
    show(entry)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)

    form = await open_form(hass, entry, "key_limit")
    assert choices(form, CONF_KEY) == {"1": "laptop", "3": "agent (#3)"}
    await fill(hass, form, {CONF_KEY: "1", CONF_KEY_LIMIT: 0.5})
    form = await open_form(hass, entry, "key_limit")
    assert choices(form, CONF_KEY) == {"1": "laptop (< 0.5)", "3": "agent (#3)"}
    await fill(hass, form, {CONF_KEY: "3", CONF_KEY_LIMIT: 1})
    assert entry.options[CONF_KEY_LIMITS] == {"1": 0.5, "3": 1}
    assert entry.runtime_data.keys.options.limit_of(1) == 250_000

    # Worth the same in another unit.
    form = await open_form(hass, entry, "unit")
    await fill(hass, form, {CONF_CURRENCY: "EUR", CONF_POINTS_PER_UNIT: 1_000_000.0})
    assert entry.options[CONF_KEY_LIMITS] == {"1": 0.25, "3": 0.5}
    assert entry.runtime_data.keys.options.limit_of(1) == 250_000

    form = await open_form(hass, entry, "key_limit")
    await fill(hass, form, {CONF_KEY: "1"})
    assert entry.options[CONF_KEY_LIMITS] == {"3": 0.5}


@pytest.mark.parametrize(
    "options",
    [
        {CONF_SHOWN_KEYS: "some"},
        {CONF_CHOSEN_KEYS: ["1"]},
        {CONF_KEY_LIMITS: {"laptop": 1}},
        {CONF_KEY_LIMIT: -1},
        {CONF_KEY_EXPIRY_DAYS: "7"},
    ],
)
async def test_options_that_somebody_edited(
    hass: HomeAssistant, entry: MockConfigEntry, options: dict[str, Any]
) -> None:
    """They are called damaged, like those of the account."""
    show(entry, **{CONF_SHOWN_KEYS: "all"} | options)
    await setup(hass, entry)
    assert entry.error_reason_translation_key == "damaged_entry"


@pytest.mark.usefixtures("freezer")
async def test_limit_of_all_keys_in_another_unit(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    show(entry, key_limit=2)
    await setup(hass, entry)
    form = await open_form(hass, entry, "unit")
    await fill(hass, form, {CONF_CURRENCY: "points", CONF_POINTS_PER_UNIT: 500_000})
    assert entry.options[CONF_KEY_LIMIT] == 1_000_000
    assert CONF_KEY_LIMITS not in entry.options
