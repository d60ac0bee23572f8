"""The dashboard that the frontend offers, and its twin to edit."""

import asyncio
from collections.abc import Iterator
from copy import replace
from http import HTTPStatus
import json
import re
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
import yaml

from custom_components.llm_gateway_account.const import DOMAIN
from homeassistant.components.onboarding import STEPS
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.loader import async_get_integration
from homeassistant.setup import async_set_domains_to_be_loaded, async_setup_component

from . import PACKAGE, ROOT
from .conftest import OPTIONS, TITLE
from .gateway_server import NEW_API_2026_08, GatewayServer
from .helpers import setup

FRONTEND = PACKAGE / "frontend"
STRATEGY = FRONTEND / "strategy.js"
ENGLISH = PACKAGE / "translations" / "en.json"
TWIN = yaml.safe_load((ROOT / "docs" / "dashboard.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def another_entry(entry: MockConfigEntry) -> MockConfigEntry:
    """Return the config entry of a second account."""
    return MockConfigEntry(
        domain=DOMAIN, title=TITLE, unique_id="2", data=entry.data, options=OPTIONS
    )


@pytest.fixture(autouse=True)
def onboarded(hass_storage: dict[str, Any]) -> None:
    """Let the frontend show itself, not the first steps with Home Assistant."""
    hass_storage["onboarding"] = {"version": 4, "data": {"done": [*STEPS]}}


async def modules(hass_client_no_auth: ClientSessionGenerator) -> list[str]:
    """Return the addresses of what a browser loads because of the integration."""
    client = await hass_client_no_auth()
    async with client.get("/") as response:
        assert response.status == HTTPStatus.OK
        return re.findall(rf'import\("(/{DOMAIN}/[^"]+)"\)', await response.text())


async def test_browsers_get_the_strategy(
    hass: HomeAssistant,
    hass_client_no_auth: ClientSessionGenerator,
    entry: MockConfigEntry,
) -> None:
    assert await async_setup_component(hass, "frontend", {})
    await setup(hass, entry)
    (module,) = await modules(hass_client_no_auth)
    # Another version is another address, so that no browser shows an old dashboard.
    version = (await async_get_integration(hass, DOMAIN)).version
    assert module == f"/{DOMAIN}/{version}/{STRATEGY.name}"
    client = await hass_client_no_auth()
    wanted, loaded = {STRATEGY.name}, set[str]()
    while wanted - loaded:
        name = min(wanted - loaded)
        async with client.get(module.replace(STRATEGY.name, name)) as response:
            assert response.status == HTTPStatus.OK
            assert response.content_type == "text/javascript"
            text = await response.text()
        assert text == (FRONTEND / name).read_text(encoding="utf-8")
        loaded.add(name)
        wanted |= {*re.findall(r'from "\./(\w+\.js)";', text)}
    assert loaded == {path.name for path in FRONTEND.iterdir()}


async def test_strategy_is_loaded_once(
    hass: HomeAssistant,
    hass_client_no_auth: ClientSessionGenerator,
    entry: MockConfigEntry,
    another_entry: MockConfigEntry,
) -> None:
    assert await async_setup_component(hass, "frontend", {})
    await setup(hass, entry)
    await setup(hass, another_entry)
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert await hass.config_entries.async_remove(another_entry.entry_id)
    assert len(await modules(hass_client_no_auth)) == 1


async def test_frontend_that_is_still_being_set_up(
    hass: HomeAssistant,
    hass_client_no_auth: ClientSessionGenerator,
    entry: MockConfigEntry,
) -> None:
    async_set_domains_to_be_loaded(hass, {"frontend", DOMAIN})
    await asyncio.gather(
        setup(hass, entry), async_setup_component(hass, "frontend", {})
    )
    assert entry.state is ConfigEntryState.LOADED
    assert len(await modules(hass_client_no_auth)) == 1


async def test_home_assistant_without_frontend(
    hass: HomeAssistant, loaded_entry: MockConfigEntry
) -> None:
    assert loaded_entry.state is ConfigEntryState.LOADED
    assert not hass.config.components & {"frontend", "http"}


def entity_ids(cards: Any) -> Iterator[str]:
    """Yield every entity of a dashboard, however deep."""
    if isinstance(cards, list):
        cards = dict(enumerate(cards))
    if isinstance(cards, dict):
        for key, value in cards.items():
            if key == "entity":
                yield value if isinstance(value, str) else value["entity"]
            elif key == "content":
                yield from re.findall(r'"(\w+\.\w+)"', value)
            else:
                yield from entity_ids(value)


async def test_twin_shows_the_account(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    """Each card has its entity, as long as the account is called like the demo's."""
    gateway.fork = NEW_API_2026_08
    await setup(hass, entry)
    registry = er.async_get(hass)
    shown = {each for each in entity_ids(TWIN) if not each.startswith(f"{DOMAIN}:")}
    # What the balance level says already.
    shown.add("binary_sensor.example_gateway_low_balance")
    assert shown == {
        each.entity_id for each in registry.entities.values() if not each.disabled
    }


@pytest.mark.usefixtures("every_entity_enabled")
async def test_strategy_knows_the_entities(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    """What the strategy puts in a place of its own is an entity of the account."""
    own = NEW_API_2026_08.body
    gateway.fork = replace(
        NEW_API_2026_08, body=lambda account: own(account) | {"bonus_quota": 1}
    )
    gateway.plans.buy("Pro", total=5_000_000)
    await setup(hass, entry)
    modules = {
        path.stem: path.read_text(encoding="utf-8") for path in FRONTEND.iterdir()
    }
    account, everything = modules["account"], "".join(modules.values())

    def block(name: str, text: str) -> str:
        (found,) = re.findall(
            rf"^const {name} = [{{\[](.*?)[}}\]];$", text, re.DOTALL | re.MULTILINE
        )
        return str(found)

    keys = [
        *re.findall(r"\b(\w+): {", block("TOTALS", account)),
        *re.findall(r"\b(\w+): {", block("TOP_MODEL", account)),
        *re.findall(r'"(\w+)"', block("SAID", account)),
        *re.findall(r'"(\w+)"', block("AMOUNTS", modules["overview"])),
        *re.findall(r"\bids\.(\w+)", everything),
        *re.findall(
            r'^export const (?:LEVEL|RECORDS|CONNECTION) = "(.*?)";',
            everything,
            re.MULTILINE,
        ),
    ]
    assert len(set(keys)) == 19
    (graphs,) = re.findall(
        r"^const GRAPHS = {(.*?)^};", account, re.DOTALL | re.MULTILINE
    )
    titles = json.loads(ENGLISH.read_text(encoding="utf-8"))["selector"]["graph"]
    drawn = re.findall(r"^  (\w+): ", graphs, re.MULTILINE)
    named = re.findall(r'\b(?:name|word)\("(\w+)"', everything)
    others = {"overview", "history", "details", "graph", "unusual_spending"}
    assert {*drawn, *named} | others == {*titles["options"]} | others
    assert set(drawn) <= set(keys)
    assert set(keys) <= {
        each.translation_key for each in er.async_get(hass).entities.values()
    }
