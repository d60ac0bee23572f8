"""What gateways say of themselves, asked by one account for all at the same address."""

import asyncio
from datetime import datetime, timedelta
from math import inf
from time import monotonic
from typing import TYPE_CHECKING

from homeassistant.const import CONF_URL
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util.hass_dict import HassKey

from .books import Book
from .const import CONF_SITE_UNIT, DOMAIN
from .device import async_get_device
from .gateway import Gateway, GatewayError, Notice, Site
from .repairs import async_update_unit_issue
from .unit import Unit, unit_of_site

if TYPE_CHECKING:
    from .data import AccountConfigEntry

INTERVAL = timedelta(days=1)

# How long, in seconds, an answer is good for the next account, and how long that there
# was none.
ANSWER_IS_GOOD_FOR = 600
SILENCE_IS_GOOD_FOR = 60

# For whoever needs none that is newer, since one is asked for once a day anyway.
SITE_IS_GOOD_FOR = 25 * 3600

# A notice is asked for once a day at most, however many accounts want to know.
NOTICE_IS_GOOD_FOR = 23 * 3600


class SharedSite:
    """The last answer at one address."""

    def __init__(self) -> None:
        """Start without an answer."""
        self._site: Site | None = None
        self._asked_at = -inf
        self._asking = asyncio.Lock()
        self.notices = Book()
        self._notice: tuple[Notice, ...] | None = None
        self._notice_asked_at = -inf

    async def async_get(
        self, client: Gateway, good_for: float = ANSWER_IS_GOOD_FOR
    ) -> Site | None:
        """Return what the gateway says of itself; None if it does not answer.

        `good_for` is how many seconds old an answer may be.
        """
        async with self._asking:
            good_for = good_for if self._site else SILENCE_IS_GOOD_FOR
            if monotonic() - self._asked_at >= good_for:
                try:
                    self._site = await client.async_get_site()
                except GatewayError:
                    self._site = None
                self._asked_at = monotonic()
        return self._site

    async def async_get_notice(self, client: Gateway) -> tuple[Notice, ...] | None:
        """Return the notice, if there is one; None if the gateway does not tell."""
        async with self._asking:
            if monotonic() - self._notice_asked_at >= NOTICE_IS_GOOD_FOR:
                try:
                    notice = await self.notices.async_ask(client.async_get_notice)
                    self._notice = (notice,) if notice else ()
                except GatewayError:
                    self._notice = None
                self._notice_asked_at = monotonic()
        return self._notice


SITES: HassKey[dict[str, SharedSite]] = HassKey(f"{DOMAIN}_sites")


@callback
def async_get_shared(hass: HomeAssistant, entry: AccountConfigEntry) -> SharedSite:
    """Return what all accounts at the address of an entry share."""
    sites = hass.data.setdefault(SITES, {})
    return sites.setdefault(entry.data[CONF_URL], SharedSite())


async def async_get_site(
    hass: HomeAssistant,
    entry: AccountConfigEntry,
    good_for: float = ANSWER_IS_GOOD_FOR,
) -> Site | None:
    """Return what the gateway of an entry says of itself; None without an answer.

    `good_for` is how many seconds old it may be.
    """
    client = entry.runtime_data.account.client
    return await async_get_shared(hass, entry).async_get(client, good_for)


async def async_get_notice(
    hass: HomeAssistant, entry: AccountConfigEntry
) -> tuple[Notice, ...] | None:
    """Return the notice of the gateway of an entry, if there is one.

    None if the gateway does not tell.
    """
    client = entry.runtime_data.account.client
    return await async_get_shared(hass, entry).async_get_notice(client)


@callback
def async_follow_site(hass: HomeAssistant, entry: AccountConfigEntry) -> None:
    """Ask once a day for the version of the gateway, and for its unit."""

    @callback
    def ask(_now: datetime | None = None) -> None:
        # Beside the set-up, not before it: only the device page shows the version.
        entry.async_create_background_task(
            hass, _async_update(hass, entry), f"{DOMAIN} site"
        )

    ask()
    entry.async_on_unload(
        async_track_time_interval(hass, ask, INTERVAL, cancel_on_shutdown=True)
    )


async def _async_update(hass: HomeAssistant, entry: AccountConfigEntry) -> None:
    if (site := await async_get_site(hass, entry)) is None:
        return
    if site.version:
        device = async_get_device(hass, entry)
        if device and device.sw_version not in {None, site.version}:
            _ask_again(hass, entry)
        dr.async_get(hass).async_get_or_create(
            config_entry_id=entry.entry_id,
            identifiers={(DOMAIN, entry.entry_id)},
            sw_version=site.version,
        )
    if site == Site():
        # There is no such page, or not just now: nothing is said of a unit.
        return
    unit = unit_of_site(site)
    is_shown = Unit.from_options(unit).is_like(Unit.from_options(entry.options))
    if is_shown or entry.data.get(CONF_SITE_UNIT) is None:
        # Entered by a person who saw that it changed; or 0.1.0 did not store it.
        hass.config_entries.async_update_entry(
            entry, data={**entry.data, CONF_SITE_UNIT: unit}
        )
    async_update_unit_issue(hass, entry, unit)


def _ask_again(hass: HomeAssistant, entry: AccountConfigEntry) -> None:
    """Let everybody ask for what there was not; a new version may have it."""
    runtime = entry.runtime_data
    runtime.usage.async_gateway_was_updated()
    for book in (
        runtime.keys.book,
        runtime.keys.sums.book,
        runtime.plans.book,
        runtime.check_in.book,
        runtime.groups.book,
        async_get_shared(hass, entry).notices,
    ):
        book.ask_again()
