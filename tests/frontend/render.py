"""Renders templates as Home Assistant does: a line of JSON in, a line of JSON out."""

import asyncio
from datetime import datetime
import json
import sys
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from homeassistant.core import HomeAssistant
from homeassistant.helpers.template import Template


def render(hass: HomeAssistant, content: str, now: str, states: dict[str, Any]) -> str:
    """Return what a markdown card shows at a moment, of states in JSON."""
    for entity_id in hass.states.async_entity_ids():
        hass.states.async_remove(entity_id)
    for entity_id, each in states.items():
        hass.states.async_set(entity_id, each["state"], each["attributes"])
    with patch("homeassistant.util.dt.now", return_value=datetime.fromisoformat(now)):
        return str(Template(content, hass).async_render(parse_result=False))


async def main(folder: str) -> None:
    """Answer every line; where the clock shows UTC."""
    hass = HomeAssistant(folder)
    for line in sys.stdin:
        sys.stdout.write(f"{json.dumps(render(hass, **json.loads(line)))}\n")
        sys.stdout.flush()
    await hass.async_stop(force=True)


if __name__ == "__main__":
    with TemporaryDirectory() as config:
        asyncio.run(main(config))
