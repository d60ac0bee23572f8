"""The description of the actions, as hassfest wants it."""

from typing import Any

import pytest
import yaml

from custom_components.llm_gateway_account.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import validate_selector
from homeassistant.setup import async_setup_component

from . import load, read

ACTIONS: dict[str, Any] = yaml.safe_load(
    read(f"custom_components/{DOMAIN}/services.yaml")
)


@pytest.mark.parametrize("action", list(ACTIONS))
def test_action_is_described(action: str) -> None:
    texts = load(f"custom_components/{DOMAIN}/translations/en.json")["services"]
    assert set(texts[action]) == {"name", "description", "fields"}
    assert set(texts[action]["fields"]) == set(ACTIONS[action]["fields"])
    for name, field in ACTIONS[action]["fields"].items():
        assert validate_selector(field["selector"])
        assert set(texts[action]["fields"][name]) == {"name", "description"}


async def test_every_action_is_there(hass: HomeAssistant) -> None:
    """Registered before there is an account, described, and with an icon."""
    assert await async_setup_component(hass, DOMAIN, {})
    assert set(hass.services.async_services_for_domain(DOMAIN)) == set(ACTIONS)
    assert set(load(f"custom_components/{DOMAIN}/icons.json")["services"]) == set(
        ACTIONS
    )
