"""System health of the integration."""

from typing import Any

from yarl import URL

from homeassistant.components import system_health
from homeassistant.const import CONF_URL
from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN
from .coordinator import AccountConfigEntry


@callback
def async_register(
    hass: HomeAssistant, register: system_health.SystemHealthRegistration
) -> None:
    """Register what the system information page shows."""
    register.async_register_info(async_system_health_info)


async def async_system_health_info(hass: HomeAssistant) -> dict[str, Any]:
    """Return the age of the answers, and whether each gateway can be reached."""
    entries: list[AccountConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    answers = [
        entry.runtime_data.last_success
        for entry in entries
        if entry.runtime_data.last_success
    ]
    urls = {
        entry.data[CONF_URL]
        for entry in hass.config_entries.async_entries(DOMAIN, include_disabled=False)
    }
    return {
        "loaded_accounts": len(entries),
        "oldest_answer": min(answers, default=None),
        **{
            URL(url).authority: system_health.async_check_can_reach_url(hass, url)
            for url in sorted(urls)
        },
    }
