"""The LLM Gateway Account integration."""

from contextlib import suppress

import voluptuous as vol

from homeassistant.const import (
    CONF_ACCESS_TOKEN,
    CONF_URL,
    CONF_VERIFY_SSL,
    Platform,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryError
from homeassistant.helpers import config_validation as cv

from .const import (
    CONF_BEARER,
    CONF_CURRENCY,
    CONF_POINTS_PER_UNIT,
    CONF_SITE_NAME,
    CONF_USER_ID,
    CONF_USER_ID_HEADER,
    DOMAIN,
)
from .coordinator import (
    AccountConfigEntry,
    AccountCoordinator,
    async_forget_refusal,
)

PLATFORMS = [Platform.BINARY_SENSOR, Platform.SENSOR]

# What the flows store. Storage may be edited by hand, or be half of a backup.
ENTRY_SCHEMA = vol.Schema(
    {
        # No login and no query in it; the rest goes into headers.
        CONF_URL: vol.All(
            cv.url, cv.matches_regex(r"[a-z]+://[^@?#\s/]+(/[^?#\s]*)?\Z")
        ),
        CONF_USER_ID: cv.matches_regex(r"[0-9]{1,20}\Z"),
        CONF_ACCESS_TOKEN: cv.matches_regex(r"[!-~]+\Z"),
        CONF_USER_ID_HEADER: vol.Any(None, cv.matches_regex(r"[!-9;-~]+\Z")),
        CONF_VERIFY_SSL: bool,
        CONF_BEARER: bool,
        CONF_SITE_NAME: str,
        CONF_CURRENCY: str,
        CONF_POINTS_PER_UNIT: vol.All(
            vol.Any(int, float), vol.Range(min=0, min_included=False)
        ),
    },
    required=True,
    extra=vol.ALLOW_EXTRA,
)


async def async_setup_entry(hass: HomeAssistant, entry: AccountConfigEntry) -> bool:
    """Set up an account from a config entry."""
    if not _is_whole(entry):
        raise ConfigEntryError(
            translation_domain=DOMAIN, translation_key="damaged_entry"
        )

    coordinator = AccountCoordinator(hass, entry)
    await coordinator.async_config_entry_first_refresh()
    entry.runtime_data = coordinator

    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)

    # Beside the set-up, not before it: only the device page shows the version.
    entry.async_create_background_task(
        hass, coordinator.async_update_site(), f"{DOMAIN} site"
    )
    return True


async def async_unload_entry(hass: HomeAssistant, entry: AccountConfigEntry) -> bool:
    """Unload a config entry."""
    async_forget_refusal(hass, entry)
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: AccountConfigEntry) -> None:
    """Remove what outlives the set-up of a config entry."""
    async_forget_refusal(hass, entry)


def _is_whole(entry: AccountConfigEntry) -> bool:
    """Tell whether an entry holds what the flows store; no error, it would tell."""
    with suppress(vol.Invalid):
        ENTRY_SCHEMA({**entry.data, **entry.options})
        return True
    return False
