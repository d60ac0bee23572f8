"""The icons, as hassfest and the frontend want them."""

from collections.abc import Iterator
import json
from pathlib import Path
import re
from typing import Any

import hass_frontend
import pytest

from custom_components.llm_gateway_account.binary_sensor import BINARY_SENSORS
from custom_components.llm_gateway_account.const import DOMAIN
from custom_components.llm_gateway_account.event import ACCOUNT_EVENT
from custom_components.llm_gateway_account.events import EVENT_TYPES
from custom_components.llm_gateway_account.sensor import AMOUNTS, SENSORS
from tests import PACKAGE, ROOT

from . import load

KNOWN = Path(hass_frontend.__file__).parent / "static" / "mdi" / "iconList.json"
ICONS = load(f"custom_components/{DOMAIN}/icons.json")
ENTITIES = ICONS["entity"]
EVENTS = ENTITIES["event"][ACCOUNT_EVENT.key]["state_attributes"]["event_type"]


def names(tree: Any) -> Iterator[str]:
    """Yield every icon."""
    if isinstance(tree, str):
        yield tree
        return
    for value in tree.values():
        yield from names(value)


def test_everything_has_an_icon() -> None:
    assert set(ICONS) == {"entity", "services"}
    assert set(ENTITIES) == {"binary_sensor", "event", "sensor"}
    assert set(ENTITIES["event"]) == {ACCOUNT_EVENT.key}
    assert set(EVENTS["state"]) == set(EVENT_TYPES)
    assert set(ENTITIES["sensor"]) == {each.key for each in (*AMOUNTS, *SENSORS)}
    assert set(ENTITIES["binary_sensor"]) == {each.key for each in BINARY_SENSORS}
    assert all(set(icons) == {"service"} for icons in ICONS["services"].values())


def test_frontend_knows_every_icon() -> None:
    known = {icon["name"] for icon in json.loads(KNOWN.read_text(encoding="utf-8"))}
    assert len(known) > 7000
    for name in names(ICONS):
        assert name.startswith("mdi:")
        assert name.removeprefix("mdi:") in known
    for path in (
        PACKAGE / "frontend" / "strategy.js",
        ROOT / "docs" / "dashboard.yaml",
        *(ROOT / "blueprints").rglob("*.yaml"),
    ):
        shown = re.findall(r"mdi:([a-z0-9-]+)", path.read_text(encoding="utf-8"))
        assert shown, path
        assert set(shown) <= known, path


@pytest.mark.parametrize(
    "icons", [*ENTITIES["sensor"].values(), *ENTITIES["binary_sensor"].values()]
)
def test_icon_of_a_state_differs_from_the_usual_one(icons: dict[str, Any]) -> None:
    assert set(icons) <= {"default", "state", "range"}
    others = {**icons.get("state", {}), **icons.get("range", {})}.values()
    assert icons["default"] not in others


def test_no_icon_is_in_the_code() -> None:
    for path in PACKAGE.rglob("*.py"):
        assert "mdi:" not in path.read_text(encoding="utf-8"), path
