"""A Home Assistant without any test around it: `python -m tests.alone`.

Tells as JSON what an ordinary account imports of the package at a start (`start`),
what all that people do with it imports beyond (`use`), and the warnings of both.
"""

import asyncio
import json
import logging
import sys
from typing import override

from benchmarks.core import account_entry, home_assistant, run
from benchmarks.gateway import FIRST_ID, gateways, token
from custom_components.llm_gateway_account.const import CONF_BUDGET_PER_DAY, DOMAIN
from homeassistant import block_async_io
from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_integration
from homeassistant.setup import async_setup_component

PACKAGE = f"custom_components.{DOMAIN}."


class Warnings(logging.Handler):
    """Collects what is said at a warning's level, or above."""

    def __init__(self) -> None:
        """Listen from a warning on."""
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def imported() -> set[str]:
    """Return the names of the package's modules that are imported."""
    return {
        name.removeprefix(PACKAGE) for name in sys.modules if name.startswith(PACKAGE)
    }


async def use(hass: HomeAssistant, entry_id: str) -> None:
    """Call the actions, open the options, download diagnostics, set a budget."""
    entry = hass.config_entries.async_get_known_entry(entry_id)
    for action in ("get_account", "describe_event", "describe_account"):
        await hass.services.async_call(
            DOMAIN,
            action,
            {"config_entry_id": entry_id},
            blocking=True,
            return_response=True,
        )
    await hass.config_entries.options.async_init(entry_id)
    integration = await async_get_integration(hass, DOMAIN)
    diagnostics = await integration.async_get_platform("diagnostics")
    await diagnostics.async_get_config_entry_diagnostics(hass, entry)
    hass.config_entries.async_update_entry(
        entry, options={**entry.options, CONF_BUDGET_PER_DAY: 2, "shown_keys": "all"}
    )
    await hass.config_entries.async_reload(entry_id)
    await hass.async_block_till_done()


async def main() -> None:
    """Start, use, and tell of it."""
    warnings = Warnings()
    logging.getLogger().addHandler(warnings)
    async with gateways() as (url,), home_assistant() as hass:
        for domain in ("sensor", "binary_sensor", "event"):
            await async_setup_component(hass, domain, {})
        # What measures uses `unittest`, for which Home Assistant looks away.
        block_async_io._IN_TESTS = False
        block_async_io.enable()
        entry = account_entry(url, FIRST_ID, token(0))
        await hass.config_entries.async_add(entry)
        await asyncio.wait_for(hass.async_block_till_done(), 30)
        start = imported()
        await use(hass, entry.entry_id)
        found = {
            "state": entry.state.value,
            "start": sorted(start),
            "use": sorted(imported() - start),
            "warnings": [each for each in warnings.messages if "locking" in each],
        }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    run(main())
