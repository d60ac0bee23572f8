"""The LLM Gateway Account integration."""

import asyncio

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
)
from homeassistant.const import Platform
from homeassistant.core import HassJob, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryError
from homeassistant.helpers import config_validation as cv, entity_registry as er
from homeassistant.helpers.device_registry import ChildDeviceEntry, DeviceEntry
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.start import async_at_started
from homeassistant.helpers.typing import ConfigType

from .check_in import CheckInCoordinator
from .connection import async_create_client
from .const import DOMAIN
from .coordinator import AccountCoordinator
from .dashboard import async_setup_dashboard
from .data import AccountConfigEntry, AccountRuntime
from .failures import async_forget_failures
from .groups import GroupsCoordinator
from .key_devices import async_key_devices
from .keys import KeysCoordinator
from .notices import NoticesCoordinator
from .parts import async_load
from .plans import PlansCoordinator
from .repairs import async_delete_issues, async_update_balance_issue
from .services import async_setup_services
from .sites import async_follow_site
from .statistic_ids import has_recorder
from .storage import AccountStore
from .stored_entry import is_complete
from .usage import UsageCoordinator

PLATFORMS = [Platform.BINARY_SENSOR, Platform.EVENT, Platform.SENSOR]

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)

# Automations attach themselves when Home Assistant has started, entities when their
# platform is set up. Events from before have to wait for them.
EVENTS_AFTER = 10

# Entities of 0.1.0 that showed fields of the API nobody has a use for.
REMOVED_ENTITIES = {
    "created_at",
    "invitation_count",
    "invitation_reward",
    "invitation_reward_total",
    "last_login_ip",
    "last_success",
    "self_group",
    "topup_ratio",
}


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up what there is once for all accounts."""
    if has_recorder(hass):
        # Where it is needed later, a file is no longer read by the event loop.
        await async_load(hass, "statistics")
    async_setup_services(hass)
    await async_setup_dashboard(hass)

    @callback
    def forget_if_disabled(change: ConfigEntryChange, entry: ConfigEntry) -> None:
        # Not at each unload: after a reload people would have to ignore issues again.
        if entry.domain == DOMAIN and entry.disabled_by:
            async_forget_failures(hass, entry)
            async_delete_issues(hass, entry)

    async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, forget_if_disabled)
    return True


async def async_migrate_entry(hass: HomeAssistant, entry: AccountConfigEntry) -> bool:
    """Remove the entities of 0.1.0 (version 1.1) that are gone.

    What a newer version left (1.3 and above) stays as it is.
    """
    if entry.minor_version < 2:
        registry = er.async_get(hass)
        for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
            if entity.unique_id.removeprefix(f"{entry.entry_id}_") in REMOVED_ENTITIES:
                registry.async_remove(entity.entity_id)
        hass.config_entries.async_update_entry(entry, minor_version=2)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: AccountConfigEntry) -> bool:
    """Set up an account from a config entry."""
    # Home Assistant starts all of them in one step of the event loop.
    await asyncio.sleep(0)
    if not is_complete(entry):
        raise ConfigEntryError(
            translation_domain=DOMAIN, translation_key="damaged_entry"
        )

    coordinator = AccountCoordinator(hass, entry, async_create_client(hass, entry.data))
    await coordinator.async_config_entry_first_refresh()
    if entry.disabled_by:
        # Home Assistant would pass over its platforms, and fail to unload them.
        return False
    usage = UsageCoordinator(hass, entry, coordinator)
    keys = KeysCoordinator(hass, entry, coordinator)
    plans = PlansCoordinator(hass, entry, coordinator)
    entry.runtime_data = AccountRuntime(
        account=coordinator,
        usage=usage,
        keys=keys,
        plans=plans,
        check_in=CheckInCoordinator(hass, entry, coordinator),
        notices=NoticesCoordinator(hass, entry, coordinator),
        groups=GroupsCoordinator(hass, entry, coordinator),
    )

    @callback
    def update_issue() -> None:
        async_update_balance_issue(hass, entry)

    update_issue()
    entry.async_on_unload(coordinator.async_add_listener(update_issue))
    entry.async_on_unload(plans.async_add_listener(update_issue))

    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)

    @callback
    def start_events(hass: HomeAssistant) -> None:
        job = HassJob(coordinator.events.async_start, cancel_on_shutdown=True)
        entry.async_on_unload(async_call_later(hass, EVENTS_AFTER, job))

    entry.async_on_unload(async_at_started(hass, start_events))
    async_follow_site(hass, entry)
    usage.async_start()
    keys.async_start()
    entry.runtime_data.check_in.async_start()
    entry.runtime_data.notices.async_start()
    entry.runtime_data.groups.async_start()
    plans.async_start()
    return True


async def async_unload_entry(hass: HomeAssistant, entry: AccountConfigEntry) -> bool:
    """Unload a config entry."""
    # First of all, so that no answer that is on its way changes anything any more: the
    # account writes what is known, of usage, keys and plans too.
    runtime = entry.runtime_data
    runtime.account.events.async_stop()
    for coordinator in (*runtime[1:], runtime.account):
        await coordinator.async_shutdown()
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: AccountConfigEntry) -> None:
    """Remove what outlives the set-up of a config entry."""
    async_forget_failures(hass, entry)
    async_delete_issues(hass, entry)
    await AccountStore(hass, entry).async_remove()


async def async_remove_config_entry_device(
    hass: HomeAssistant,
    entry: AccountConfigEntry,
    device: DeviceEntry | ChildDeviceEntry,
) -> bool:
    """Let people delete the device of a key that the last list did not have."""
    devices = async_key_devices(hass, entry)
    shown = entry.runtime_data.keys.data.keys
    return any(
        each.id == device.id and key_id not in shown for key_id, each in devices.items()
    )
