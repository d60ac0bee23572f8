"""What a start costs: `python -m benchmarks.start ours` (or `rest`) tells of one."""

import importlib
import json
import sys
import time
from typing import Any
from unittest.mock import patch

import aiohttp

from homeassistant.setup import async_setup_component

# In every Home Assistant that people look at.
COMMON = (
    "components.binary_sensor",
    "components.event",
    "components.frontend",
    "components.http",
    "components.recorder",
    "components.recorder.statistics",
    "components.repairs",
    "components.sensor",
    "components.system_health",
    "helpers.automation",
    "helpers.condition",
    "helpers.trigger",
    "helpers.update_coordinator",
)

OURS = "custom_components.llm_gateway_account"
REST = "homeassistant.components.rest"
# Home Assistant imports them with an integration at each start, if it has them
# (`BASE_PRELOAD_PLATFORMS` of its loader). `rest:` has none.
PRELOADED = (
    "condition",
    "config_flow",
    "diagnostics",
    "repairs",
    "system_health",
    "trigger",
)
MODULES = {
    "ours": [
        OURS,
        *(f"{OURS}.{name}" for name in PRELOADED),
        f"{OURS}.binary_sensor",
        f"{OURS}.event",
        f"{OURS}.sensor",
    ],
    "rest": [REST, f"{REST}.sensor"],
}


def import_all(modules: list[str]) -> float:
    """Import modules; return the milliseconds of CPU time."""
    started = time.process_time_ns()
    for module in modules:
        importlib.import_module(module)
    return (time.process_time_ns() - started) / 1e6


async def set_up(integration: str) -> list[float]:
    """Set up an account, and a second one of ours.

    Returns the milliseconds of CPU time of each, from the first answer until all states
    are written.
    """
    # Imports are measured before.
    from .core import account_entry, home_assistant  # noqa: PLC0415
    from .gateway import FIRST_ID, gateways, token  # noqa: PLC0415
    from .rest import rest_config  # noqa: PLC0415

    request = aiohttp.ClientSession._request
    answered = [0]

    async def noted(session: aiohttp.ClientSession, *args: Any, **options: Any) -> Any:
        response = await request(session, *args, **options)
        if response.url.path == "/api/user/self":
            answered[0] = time.process_time_ns()
        return response

    times = []
    async with gateways(accounts=2) as (url,), home_assistant() as hass:
        for domain in ("sensor", "binary_sensor", "event"):
            await async_setup_component(hass, domain, {})
        with patch.object(aiohttp.ClientSession, "_request", noted):
            for number in range(2 if integration == "ours" else 1):
                if integration == "rest":
                    config = [rest_config(url, FIRST_ID, token(0))]
                    await async_setup_component(hass, "rest", {"rest": config})
                else:
                    entry = account_entry(url, FIRST_ID + number, token(number))
                    await hass.config_entries.async_add(entry)
                await hass.async_block_till_done()
                times.append((time.process_time_ns() - answered[0]) / 1e6)
    return times


def main(integration: str) -> None:
    """Measure one start of one integration."""
    import_all([f"homeassistant.{name}" for name in COMMON])
    imported = import_all(MODULES[integration])

    from .core import run  # noqa: PLC0415

    json.dump({"import": imported, "set_up": run(set_up(integration))}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
