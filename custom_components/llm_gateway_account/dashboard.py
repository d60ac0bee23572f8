"""The dashboard of the accounts, which Home Assistant offers among others."""

from pathlib import Path

from homeassistant.components.frontend import DOMAIN as FRONTEND, add_extra_js_url
from homeassistant.components.http import StaticPathConfig
from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_integration

from .const import DOMAIN

MODULES = Path(__file__).parent / "frontend"
STRATEGY = "strategy.js"


async def async_setup_dashboard(hass: HomeAssistant) -> None:
    """Let every browser load the strategy, if there is a frontend at all."""
    if FRONTEND not in hass.config.components:
        return
    # Browsers keep files for a while; an update has to reach them at once.
    integration = await async_get_integration(hass, DOMAIN)
    url = f"/{DOMAIN}/{integration.version}"
    await hass.http.async_register_static_paths(
        [StaticPathConfig(url, str(MODULES), cache_headers=False)]
    )
    add_extra_js_url(hass, f"{url}/{STRATEGY}")
