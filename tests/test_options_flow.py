"""The options: the unit of amounts, and what is worth an alert."""

from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.llm_gateway_account.const import (
    CONF_CRITICAL_BALANCE,
    CONF_CURRENCY,
    CONF_HISTORY_DAYS,
    CONF_LOW_BALANCE,
    CONF_MORE_SERIES,
    CONF_POINTS_PER_UNIT,
    CONF_UNUSUAL_FACTOR,
    CONF_UNUSUAL_MINIMUM,
)
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.generated.currencies import ACTIVE_CURRENCIES

from .conftest import OPTIONS
from .helpers import balance, fill, jump, open_form, state_of

ALERTS = {
    CONF_LOW_BALANCE: 20,
    CONF_CRITICAL_BALANCE: 4,
    CONF_UNUSUAL_FACTOR: 2.5,
    CONF_UNUSUAL_MINIMUM: 0.1,
}


def suggested(form: ConfigFlowResult) -> dict[str, Any]:
    """Return what stands in a form."""
    assert form["data_schema"]
    return {
        str(marker): (marker.description or {}).get("suggested_value")
        for marker in form["data_schema"].schema
    }


async def test_unit(hass: HomeAssistant, loaded_entry: MockConfigEntry) -> None:
    """Amounts are shown in it at once, and the alerts stay worth the same points."""
    form = await open_form(hass, loaded_entry, "unit")
    assert suggested(form) == {CONF_CURRENCY: "USD", CONF_POINTS_PER_UNIT: 500_000}
    assert form["data_schema"]
    (currencies, _) = form["data_schema"].schema.values()
    assert set(currencies.config["options"]) == {"points", *ACTIVE_CURRENCIES}

    result = await fill(
        hass, form, {CONF_CURRENCY: "EUR", CONF_POINTS_PER_UNIT: 1_000_000.0}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert loaded_entry.options == {
        CONF_CURRENCY: "EUR",
        CONF_POINTS_PER_UNIT: 1_000_000,
        CONF_LOW_BALANCE: 1,
        CONF_CRITICAL_BALANCE: 0.25,
        CONF_UNUSUAL_FACTOR: 3,
        CONF_UNUSUAL_MINIMUM: 0.25,
    }
    assert balance(hass) == "6.1725"

    form = await open_form(hass, loaded_entry, "unit")
    await fill(hass, form, {CONF_CURRENCY: "points", CONF_POINTS_PER_UNIT: 1_000_000})
    assert loaded_entry.options[CONF_LOW_BALANCE] == 1_000_000
    assert balance(hass) == "6172500"


async def test_currency_that_is_typed(
    hass: HomeAssistant, loaded_entry: MockConfigEntry
) -> None:
    """The list can be searched, so anything can be typed."""
    form = await open_form(hass, loaded_entry, "unit")
    form = await fill(hass, form, {CONF_CURRENCY: "Euro", CONF_POINTS_PER_UNIT: 1})
    assert form["errors"] == {CONF_CURRENCY: "invalid_currency"}
    result = await fill(hass, form, {CONF_CURRENCY: " eur ", CONF_POINTS_PER_UNIT: 1})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert loaded_entry.options[CONF_CURRENCY] == "EUR"


@pytest.mark.usefixtures("freezer")
async def test_alerts(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """A level gets worse by them as by a balance: once two answers say so.

    The unit stays.
    """
    assert state_of(hass, "sensor.example_gateway_balance_level") == "ok"
    form = await open_form(hass, loaded_entry, "alerts")
    assert suggested(form) == {key: OPTIONS[key] for key in ALERTS}
    assert form["data_schema"]
    units = [
        selector.config.get("unit_of_measurement")
        for selector in form["data_schema"].schema.values()
    ]
    assert units == ["USD", "USD", None, "USD"]

    result = await fill(hass, form, ALERTS)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert loaded_entry.options == {**OPTIONS, **ALERTS}
    assert state_of(hass, "sensor.example_gateway_balance_level") == "ok"
    await jump(hass, freezer, timedelta(minutes=4, seconds=1))
    assert state_of(hass, "sensor.example_gateway_balance_level") == "low"


@pytest.mark.parametrize("critical", [20, 21])
async def test_critical_has_to_be_below_low(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, critical: float
) -> None:
    form = await open_form(hass, loaded_entry, "alerts")
    wrong = {**ALERTS, CONF_CRITICAL_BALANCE: critical}
    form = await fill(hass, form, wrong)
    assert form["errors"] == {CONF_CRITICAL_BALANCE: "critical_not_below_low"}
    assert suggested(form) == wrong
    result = await fill(hass, form, ALERTS)
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("name", "chosen"),
    [
        ("unit", {CONF_CURRENCY: "EUR", CONF_POINTS_PER_UNIT: 0}),
        ("unit", {CONF_CURRENCY: "EUR", CONF_POINTS_PER_UNIT: -1}),
        ("alerts", {**ALERTS, CONF_LOW_BALANCE: 0}),
        ("alerts", {**ALERTS, CONF_CRITICAL_BALANCE: -1}),
        ("alerts", {**ALERTS, CONF_UNUSUAL_FACTOR: 1}),
        ("alerts", {**ALERTS, CONF_UNUSUAL_MINIMUM: 0}),
    ],
)
async def test_out_of_range(
    hass: HomeAssistant,
    loaded_entry: MockConfigEntry,
    name: str,
    chosen: dict[str, Any],
) -> None:
    form = await open_form(hass, loaded_entry, name)
    with pytest.raises(InvalidData):
        await fill(hass, form, chosen)


async def test_usage(hass: HomeAssistant, loaded_entry: MockConfigEntry) -> None:
    """How much history is kept, and of what; other options stay."""
    form = await open_form(hass, loaded_entry, "usage")
    assert suggested(form) == {CONF_HISTORY_DAYS: "30", CONF_MORE_SERIES: None}
    result = await fill(hass, form, {CONF_HISTORY_DAYS: "90", CONF_MORE_SERIES: True})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    chosen = {CONF_HISTORY_DAYS: 90, CONF_MORE_SERIES: True}
    assert loaded_entry.options == {**OPTIONS, **chosen}
    form = await open_form(hass, loaded_entry, "usage")
    assert suggested(form) == {CONF_HISTORY_DAYS: "90", CONF_MORE_SERIES: True}
    for days in ("31", "", "all"):
        with pytest.raises(InvalidData):
            await fill(hass, form, {CONF_HISTORY_DAYS: days, CONF_MORE_SERIES: True})
