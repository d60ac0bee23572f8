"""A Home Assistant with real files, such as a version left behind."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from pytest_homeassistant_custom_component.common import async_test_home_assistant

from custom_components.llm_gateway_account.const import DOMAIN
from homeassistant.bootstrap import DATA_REGISTRIES_LOADED
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    category_registry as cr,
    device_registry as dr,
    entity_registry as er,
    floor_registry as fr,
    issue_registry as ir,
    label_registry as lr,
    restore_state as rs,
)
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from homeassistant.setup import async_setup_component


@asynccontextmanager
async def home(
    config_dir: Path,
    prepare: Callable[[HomeAssistant], Awaitable[object]] | None = None,
) -> AsyncGenerator[HomeAssistant]:
    """Start Home Assistant with what is on the disk, and stop it at the end.

    `prepare` sets up what has to be there before the integration.
    """
    async with async_test_home_assistant(
        load_registries=False, config_dir=str(config_dir)
    ) as hass:
        del hass.data[DATA_CUSTOM_COMPONENTS]
        dr.async_setup(hass)
        for registry in (ar, cr, dr, er, fr, ir, lr, rs):
            await registry.async_load(hass)
        hass.data[DATA_REGISTRIES_LOADED] = None
        await hass.config_entries.async_initialize()
        try:
            if prepare:
                await prepare(hass)
            assert await async_setup_component(hass, DOMAIN, {})
            await hass.async_block_till_done(wait_background_tasks=True)
            yield hass
        finally:
            await hass.async_stop(force=True)
