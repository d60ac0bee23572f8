"""Parts of the code that not every account needs, imported when one does."""

from types import ModuleType
from typing import Literal

from homeassistant.core import HomeAssistant
from homeassistant.helpers.importlib import async_import_module

type Part = Literal[
    "actions", "budget_binary_sensor", "budget_sensor", "key_sensor", "statistics"
]


async def async_load(hass: HomeAssistant, part: Part) -> ModuleType:
    """Return a module; its file is not read by the event loop."""
    return await async_import_module(hass, f"{__package__}.{part}")
