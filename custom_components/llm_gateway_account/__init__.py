"""The LLM Gateway Account integration."""

from asyncio import sleep
from contextlib import suppress
from functools import partial

import voluptuous as vol

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import (
    CONF_ACCESS_TOKEN,
    CONF_URL,
    CONF_VERIFY_SSL,
    EVENT_HOMEASSISTANT_STOP,
    Platform,
)
from homeassistant.core import Event, HassJob, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.start import async_at_started
from homeassistant.helpers.typing import ConfigType

from .const import (
    CONF_BEARER,
    CONF_CRITICAL_BALANCE,
    CONF_CURRENCY,
    CONF_LOW_BALANCE,
    CONF_POINTS_PER_UNIT,
    CONF_SITE_NAME,
    CONF_UNUSUAL_FACTOR,
    CONF_UNUSUAL_MINIMUM,
    CONF_USER_ID,
    CONF_USER_ID_HEADER,
    DOMAIN,
)
from .coordinator import (
    AccountConfigEntry,
    AccountCoordinator,
    async_forget_refusal,
)
from .dashboard import async_setup_dashboard
from .gateway.inputs import parse_url
from .issues import async_delete_issue, async_update_issue
from .services import async_setup_services
from .tracker import create_store

PLATFORMS = [Platform.BINARY_SENSOR, Platform.EVENT, Platform.SENSOR]

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)

# Automations attach themselves when Home Assistant has started, entities when their
# platform is set up. What happened in between has to wait for them.
TELL_AFTER = 10

POSITIVE = vol.All(vol.Any(int, float), vol.Range(min=0, min_included=False))

# What the flows store. Storage may be edited by hand, or be half of a backup.
ENTRY_SCHEMA = vol.Schema(
    {
        # No login and no query in it; the rest goes into headers.
        CONF_URL: vol.All(
            cv.matches_regex(r"[a-z]+://[^@?#\s/]+(/[^?#\s]*)?\Z"),
            partial(parse_url, allow_unencrypted=True),
        ),
        CONF_USER_ID: cv.matches_regex(r"[0-9]{1,20}\Z"),
        CONF_ACCESS_TOKEN: cv.matches_regex(r"[!-~]+\Z"),
        CONF_USER_ID_HEADER: vol.Any(None, cv.matches_regex(r"[!-9;-~]+\Z")),
        CONF_VERIFY_SSL: bool,
        CONF_BEARER: bool,
        CONF_SITE_NAME: str,
        CONF_CURRENCY: str,
        CONF_POINTS_PER_UNIT: POSITIVE,
        CONF_LOW_BALANCE: POSITIVE,
        CONF_CRITICAL_BALANCE: POSITIVE,
        CONF_UNUSUAL_FACTOR: POSITIVE,
        CONF_UNUSUAL_MINIMUM: POSITIVE,
    },
    required=True,
    extra=vol.ALLOW_EXTRA,
)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up what there is once for all accounts."""
    async_setup_services(hass)
    await async_setup_dashboard(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: AccountConfigEntry) -> bool:
    """Set up an account from a config entry."""
    if not is_whole(entry):
        raise ConfigEntryError(
            translation_domain=DOMAIN, translation_key="damaged_entry"
        )

    # Home Assistant starts all accounts in one step of its event loop.
    await sleep(0)

    coordinator = AccountCoordinator(hass, entry)
    await coordinator.async_config_entry_first_refresh()
    entry.runtime_data = coordinator

    @callback
    def update_issue() -> None:
        async_update_issue(hass, entry)

    update_issue()
    entry.async_on_unload(coordinator.async_add_listener(update_issue))

    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)

    @callback
    def tell_soon(hass: HomeAssistant) -> None:
        job = HassJob(coordinator.async_start_telling, cancel_on_shutdown=True)
        entry.async_on_unload(async_call_later(hass, TELL_AFTER, job))

    entry.async_on_unload(async_at_started(hass, tell_soon))

    @callback
    def write_at_stop(event: Event) -> None:
        coordinator.tracker.async_write_now()

    entry.async_on_unload(
        hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, write_at_stop)
    )

    # Beside the set-up, not before it: only the device page shows the version.
    entry.async_create_background_task(
        hass, coordinator.async_update_site(), f"{DOMAIN} site"
    )
    return True


async def async_unload_entry(hass: HomeAssistant, entry: AccountConfigEntry) -> bool:
    """Unload a config entry."""
    async_forget_refusal(hass, entry)
    # After a reload it is still there, or people would have to ignore it again.
    if entry.disabled_by:
        async_delete_issue(hass, entry)
    await entry.runtime_data.tracker.async_save()
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: AccountConfigEntry) -> None:
    """Remove what outlives the set-up of a config entry."""
    async_forget_refusal(hass, entry)
    async_delete_issue(hass, entry)
    await create_store(hass, entry).async_remove()


def is_whole(entry: ConfigEntry) -> bool:
    """Tell whether an entry holds what the flows store; no error, it would tell."""
    with suppress(vol.Invalid):
        ENTRY_SCHEMA({**entry.data, **entry.options})
        return True
    return False
