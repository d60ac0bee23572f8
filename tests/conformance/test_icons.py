"""The icons, as hassfest and the frontend want them."""

from collections.abc import Iterator
import json
from pathlib import Path
import re
from typing import Any

import hass_frontend
import pytest

from custom_components.llm_gateway_account.condition import async_get_conditions
from custom_components.llm_gateway_account.const import DOMAIN
from custom_components.llm_gateway_account.event import ACCOUNT_EVENT
from custom_components.llm_gateway_account.events import EVENT_TYPES
from custom_components.llm_gateway_account.trigger import TRIGGERS
from homeassistant.core import HomeAssistant
from tests import PACKAGE, ROOT

from . import ENTITIES, load

KNOWN = Path(hass_frontend.__file__).parent / "static" / "mdi" / "iconList.json"
ICONS = load(f"custom_components/{DOMAIN}/icons.json")
OF_ENTITIES = ICONS["entity"]


def names(tree: Any) -> Iterator[str]:
    """Yield every icon."""
    if isinstance(tree, str):
        yield tree
        return
    for value in tree.values():
        yield from names(value)


def test_every_entity_has_an_icon() -> None:
    assert {platform: set(icons) for platform, icons in OF_ENTITIES.items()} == ENTITIES
    attributes = OF_ENTITIES["event"][ACCOUNT_EVENT.key]["state_attributes"]
    assert set(attributes["event_type"]["state"]) == set(EVENT_TYPES)


async def test_every_trigger_and_condition_has_an_icon(hass: HomeAssistant) -> None:
    assert set(ICONS["triggers"]) == set(TRIGGERS)
    assert set(ICONS["conditions"]) == set(await async_get_conditions(hass))


def test_frontend_knows_every_icon() -> None:
    known = {icon["name"] for icon in json.loads(KNOWN.read_text(encoding="utf-8"))}
    assert len(known) > 7000
    for name in names(ICONS):
        assert name.startswith("mdi:")
        assert name.removeprefix("mdi:") in known
    for path in (
        PACKAGE / "frontend" / "account.js",
        PACKAGE / "frontend" / "cards.js",
        PACKAGE / "frontend" / "overview.js",
        PACKAGE / "frontend" / "strategy.js",
        ROOT / "docs" / "dashboard.yaml",
        *(ROOT / "blueprints").rglob("*.yaml"),
    ):
        shown = re.findall(r"mdi:([a-z0-9-]+)", path.read_text(encoding="utf-8"))
        assert shown, path
        assert set(shown) <= known, path


@pytest.mark.parametrize(
    "icons", [*OF_ENTITIES["sensor"].values(), *OF_ENTITIES["binary_sensor"].values()]
)
def test_icon_of_a_state_differs_from_the_usual_one(icons: dict[str, Any]) -> None:
    assert set(icons) <= {"default", "state", "range"}
    others = {**icons.get("state", {}), **icons.get("range", {})}.values()
    assert icons["default"] not in others
