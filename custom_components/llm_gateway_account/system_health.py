"""System health of the integration."""

from typing import Any

from homeassistant.components import system_health
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_URL
from homeassistant.core import HomeAssistant, callback

from .connection import async_borrow_client
from .const import DOMAIN
from .data import AccountConfigEntry
from .gateway import GatewayError


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
        last_success
        for entry in entries
        if (last_success := entry.runtime_data.account.last_success)
    ]
    # One question per gateway, however many accounts there are at it. A damaged
    # entry, which is in neither state, may have no address at all.
    gateways = {
        entry.data[CONF_URL]: entry
        for entry in hass.config_entries.async_entries(DOMAIN)
        if entry.state in {ConfigEntryState.LOADED, ConfigEntryState.SETUP_RETRY}
    }
    return {
        "loaded_accounts": len(entries),
        "oldest_answer": min(answers, default=None),
        **{url: _async_can_reach(hass, gateways[url]) for url in sorted(gateways)},
    }


async def _async_can_reach(
    hass: HomeAssistant, entry: AccountConfigEntry
) -> str | dict[str, str]:
    """Ask as the polls do, but without the token; a certificate may be one's own."""
    with async_borrow_client(hass, entry.data) as client:
        try:
            await client.async_get_site()
        except GatewayError as err:
            return {"type": "failed", "error": err.key}
    return "ok"
