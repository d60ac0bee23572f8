"""What tests do with Home Assistant, and ask it."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
import logging
import re
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)
import yaml

from custom_components.llm_gateway_account.const import CONF_USER_ID, DOMAIN
from homeassistant.config_entries import SOURCE_USER, ConfigFlowResult
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_URL, EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr

from . import ROOT
from .gateway_server import ACCESS_TOKEN, USER_ID, GatewayServer, ServerAccount

BALANCE = "sensor.example_gateway_balance"

# The languages of the documents, and how their files end.
DOCUMENTED = {"en": ".md", "zh-Hans": ".zh-CN.md"}


def document(name: str, language: str) -> str:
    """Return a document in a language, such as `README` or `docs/alerts`."""
    return (ROOT / f"{name}{DOCUMENTED[language]}").read_text(encoding="utf-8")


def examples(name: str) -> list[Any]:
    """Return what people paste from a document, in all languages."""
    return [
        yaml.safe_load(text)
        for language in DOCUMENTED
        for text in re.findall(
            r"```yaml\n(.*?)```", document(name, language), re.DOTALL
        )
    ]


async def setup(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set up an entry and wait until everything it started is done."""
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)


def copy_of(entry: MockConfigEntry, **data: Any) -> MockConfigEntry:
    """Return an entry like another one, but for some of its data."""
    return MockConfigEntry(
        domain=DOMAIN,
        title="other",
        data={**entry.data, **data},
        options=dict(entry.options),
    )


def second_account(
    gateway: GatewayServer, entry: MockConfigEntry, **data: Any
) -> MockConfigEntry:
    """Open another account at the gateway, and return an entry for it."""
    account = ServerAccount(id=4712, access_token="2" * 32)
    gateway.more_accounts.append(account)
    credentials = {CONF_USER_ID: "4712", CONF_ACCESS_TOKEN: account.access_token}
    return copy_of(entry, **credentials, **data)


async def add(
    hass: HomeAssistant, gateway: GatewayServer, **entered: str
) -> ConfigFlowResult:
    """Fill in the form of an account, and wait for what follows."""
    flow = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    result = await hass.config_entries.flow.async_configure(
        flow["flow_id"], user_input(gateway, **entered)
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    return result


async def jump(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, duration: timedelta
) -> None:
    """Let time pass at once."""
    freezer.tick(duration)
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)


async def pass_time(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, duration: timedelta
) -> None:
    """Let time pass, with everything that is due in between."""
    while duration > timedelta(0):
        step = min(duration, timedelta(minutes=1))
        await jump(hass, freezer, step)
        duration -= step


def balance(hass: HomeAssistant) -> str:
    """Return the state of the balance."""
    return state_of(hass, BALANCE)


def state_of(hass: HomeAssistant, entity_id: str) -> str:
    """Return the state of an entity, which must be there."""
    state = hass.states.get(entity_id)
    assert state
    return state.state


def own_log(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the integration logged for everybody to see.

    That a set-up is tried again is Home Assistant's own line, in our name.
    """
    return [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith(f"custom_components.{DOMAIN}")
        and record.levelno >= logging.INFO
        and record.module != "config_entries"
    ]


def user_input(gateway: GatewayServer, **changes: Any) -> dict[str, Any]:
    """Return what a person types who gets everything right."""
    return {
        CONF_URL: gateway.url,
        CONF_USER_ID: str(USER_ID),
        CONF_ACCESS_TOKEN: ACCESS_TOKEN,
    } | changes


async def open_form(
    hass: HomeAssistant, entry: MockConfigEntry, form: str
) -> ConfigFlowResult:
    """Choose a form in the menu."""
    result = await hass.config_entries.options.async_init(entry.entry_id)
    assert result["type"] is FlowResultType.MENU
    assert form in result["menu_options"]
    return await hass.config_entries.options.async_configure(
        result["flow_id"], {"next_step_id": form}
    )


async def fill(
    hass: HomeAssistant, form: ConfigFlowResult, user_input: dict[str, Any]
) -> ConfigFlowResult:
    """Fill in a form, and wait for what follows."""
    result = await hass.config_entries.options.async_configure(
        form["flow_id"], user_input
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    return result


async def get_account(hass: HomeAssistant, device_id: str) -> Any:
    """Call the action."""
    return await hass.services.async_call(
        DOMAIN,
        "get_account",
        {"device_id": device_id},
        blocking=True,
        return_response=True,
    )


def device_of(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """Return the ID of an account's device."""
    (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return device.id


def attributes(hass: HomeAssistant, entity_id: str) -> Mapping[str, Any]:
    """Return the attributes of an entity, which must be there."""
    state = hass.states.get(entity_id)
    assert state
    return state.attributes


async def compile_statistics(hass: HomeAssistant, start: datetime) -> None:
    """Let the recorder compile five minutes, and the hour if they end it."""
    await async_wait_recording_done(hass)
    do_adhoc_statistics(hass, start=start)
    await async_wait_recording_done(hass)


def collect_events(
    hass: HomeAssistant, kinds: Collection[str], details: Collection[str]
) -> list[tuple[str, dict[str, Any]]]:
    """Return a list that gets the kind and some details of each event of an account."""
    events: list[tuple[str, dict[str, Any]]] = []
    seen: list[Any] = []

    @callback
    def collect(event: Event[EventStateChangedData]) -> None:
        state = event.data["new_state"]
        if state and (kind := state.attributes.get("event_type", "")) in kinds:
            told = kind, {k: v for k, v in state.attributes.items() if k in details}
            # After a reload, the last one is shown again.
            if (state.state, told) not in seen:
                seen.append((state.state, told))
                events.append(told)

    hass.bus.async_listen(EVENT_STATE_CHANGED, collect)
    return events
