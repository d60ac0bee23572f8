"""Follows the API keys of an account: when to ask for their list, and what to show."""

from collections.abc import Mapping
from copy import replace
from datetime import datetime
from time import monotonic
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import (
    async_track_time_change,
    async_track_time_interval,
)
from homeassistant.util import dt as dt_util

from .background import LOOK_INTERVAL, SHORTEST, ListCoordinator
from .books import Book
from .const import LOGGER
from .events import AccountEvent
from .gateway import ApiKey, GatewayError, KeyListing, KeyStatus
from .key_devices import (
    async_keep_key_devices,
    async_key_devices,
    async_name_key_devices,
)
from .key_events import changes_of_keys, new_keys
from .key_options import KeyOptions, ShownKeys, labels_of
from .key_sums import KeySums
from .spending.local_time import DAY

if TYPE_CHECKING:
    from .coordinator import AccountCoordinator
    from .data import AccountConfigEntry

# One request a minute on average, where a list has many pages.
SECONDS_PER_REQUEST = 60

# A key that is missing in so many complete lists in a row is gone.
MISSES_UNTIL_GONE = 2


class KeysData(NamedTuple):
    """What there is to show of keys."""

    is_available: bool = False
    """Whether the gateway answered lately."""
    keys: Mapping[int, ApiKey] = MappingProxyType({})
    """The shown keys that the last list had, by their IDs."""
    labels: Mapping[int, str] = MappingProxyType({})
    """What they are called."""
    statuses: Mapping[int, KeyStatus] = MappingProxyType({})
    account_group: str | None = None
    """The group of keys that have none of their own."""
    spent_today: Mapping[int, float] = MappingProxyType({})
    """Points since midnight, of keys whose sum somebody looks at."""
    without_sum: frozenset[int] = frozenset()
    """Keys that have no sum, because others have their name or they have none."""
    kept: frozenset[int] = frozenset()
    """Keys with a device, also those that the last list did not have."""
    complete: bool | None = None
    """Whether the last list had all keys; None before the first."""


class KeysCoordinator(ListCoordinator[KeysData]):
    """Asks for the list when something can have changed, and hands on what it says."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: AccountConfigEntry,
        account: AccountCoordinator,
    ) -> None:
        """Prepare to ask; nothing is asked yet."""
        super().__init__(hass, entry, account)
        self.options = KeyOptions.from_options(entry.options)
        self.data = KeysData()
        self._stored = account.storage.state.keys
        self.book = Book(was_there=self._stored.newest_id is not None)
        self.sums = KeySums(hass, entry, account)
        self._use_of_list: object = None
        self._misses: dict[int, int] = {}

    @callback
    @override
    def async_start(self) -> None:
        """Remove the devices that are not wanted any more, and follow the account."""
        entry, options = self.config_entry, self.options
        if options.shown is not ShownKeys.ALL:
            is_chosen = options.shown is ShownKeys.CHOSEN
            async_keep_key_devices(
                self.hass, entry, options.chosen if is_chosen else ()
            )
        self.data = replace(
            self.data, kept=frozenset(async_key_devices(self.hass, entry))
        )
        if not options.needs_list:
            # What is made before somebody wants to know is not new.
            self._stored.newest_id = None
            return
        for unsubscribe in (
            self.account.async_add_listener(self._async_look),
            async_track_time_interval(self.hass, self._async_look, LOOK_INTERVAL),
            async_track_time_change(
                self.hass, self._async_look, hour=[0, 1], minute=0, second=0
            ),
        ):
            entry.async_on_unload(unsubscribe)
        self._async_look()

    @callback
    def _async_look(self, _now: datetime | None = None) -> None:
        """Ask if it is time, and show what time alone changes."""
        if self._is_reading:
            return
        if self.account.has_answer and self._is_due:
            self._async_read_soon()
            return
        if self.data.complete is None:
            return
        if (data := self._as_of_now(self.data)) != self.data:
            self.async_set_updated_data(data)
        self._add_events(self._changes_of(data))

    @property
    @override
    def _is_due(self) -> bool:
        if self.options.shown is ShownKeys.NONE and not self._failures:
            return dt_util.utcnow().timestamp() - self._stored.asked_at >= DAY
        return super()._is_due

    @property
    @override
    def _has_changed(self) -> bool:
        """Whether a key was used since the last list, or may be gone."""
        return self._use_of_list != self._use() or any(self._misses.values())

    def _use(self) -> object:
        """Return what changes whenever a key is used."""
        account = self.account.data.account
        return account.used_quota, account.request_count

    @override
    async def _async_update_data(self) -> KeysData:
        """Return what there is to show; without an answer nothing changes at first."""
        if self._is_too_soon:
            return self.data
        use, self._asked_at = self._use(), monotonic()
        data = self.data
        try:
            listing = await self.book.async_ask(self.account.client.async_get_keys)
        except GatewayError as err:
            LOGGER.debug("No list of the keys of %s: %s", self.name, err)
            self._failures += 1
        else:
            self._failures, self._use_of_list = 0, use
            self._pause = max(SHORTEST, listing.requests * SECONDS_PER_REQUEST)
            self._stored.asked_at = int(dt_util.utcnow().timestamp())
            data = self._take(listing)
            if await self.sums.async_read(data.keys, listing, use):
                self._use_of_list = None
        self.account.storage.async_write()
        return self._as_of_now(data)

    @callback
    def _take(self, listing: KeyListing) -> KeysData:
        """Return what of a list is shown; the devices of keys that are gone go too."""
        entry, before = self.config_entry, self.data
        kept = set(async_key_devices(self.hass, entry))
        self._misses = {
            each: self._misses.get(each, 0) + listing.is_complete
            for each in kept - listing.keys.keys()
        }
        gone = {k for k, misses in self._misses.items() if misses >= MISSES_UNTIL_GONE}
        if gone:
            async_keep_key_devices(self.hass, entry, kept := kept - gone)
            self._misses = {k: n for k, n in self._misses.items() if k not in gone}
        shown = self.options.select(listing.keys, kept)
        # Nothing is known of a key that half a list does not have.
        keys = {
            each: key
            for each, key in before.keys.items()
            if each in kept and not listing.is_complete
        } | {each: listing.keys[each] for each in sorted(shown)}
        labels = labels_of(listing.keys.values())
        names = {each: labels.get(each, before.labels.get(each, "")) for each in keys}
        async_name_key_devices(self.hass, entry, names)
        data = replace(
            before,
            keys=keys,
            labels=names,
            kept=frozenset(kept | keys.keys()),
            complete=listing.is_complete,
        )
        created = [*new_keys(self._stored, listing.keys, labels)]
        changes = self._changes_of(data)
        self._add_events([*(created if self.options.reports_new else ()), *changes])
        return data

    def _changes_of(self, data: KeysData) -> list[AccountEvent]:
        """Return what happened to the shown keys, and note how they are now."""
        told = self._stored.told
        for key_id in told.keys() - data.kept:
            del told[key_id]
        return [
            *changes_of_keys(
                self._stored,
                data.keys,
                data.labels,
                self.options,
                self.account.unit,
                dt_util.utcnow(),
            )
        ]

    @callback
    def _add_events(self, events: list[AccountEvent]) -> None:
        if events:
            self.account.events.async_add(events)

    def _as_of_now(self, data: KeysData) -> KeysData:
        """Return the same with what depends on time, and on the account."""
        now = dt_util.utcnow()
        return replace(
            data,
            is_available=self.account.has_answer and not self._is_failing,
            statuses={each: key.status_at(now) for each, key in data.keys.items()},
            account_group=self.account.data.account.group_name,
            spent_today=self.sums.today(),
            without_sum=self.sums.without,
        )
