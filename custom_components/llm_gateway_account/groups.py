"""Follows what user groups pay, and tells when that of the account changes."""

from collections.abc import Mapping
from copy import replace
from datetime import datetime, timedelta
from time import monotonic
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, override

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval

from .background import BackgroundCoordinator
from .books import Book
from .const import LOGGER
from .device import async_is_enabled
from .events import PRICE_CHANGED, AccountEvent
from .expected import async_is_expected
from .gateway import GatewayError, GroupsKind
from .sites import SITE_IS_GOOD_FOR, async_get_site
from .spending.local_time import HOUR

if TYPE_CHECKING:
    from .coordinator import AccountCoordinator
    from .data import AccountConfigEntry

GROUP_RATIO = "group_ratio"

# How often it is looked whether there is something to ask.
LOOK_INTERVAL = timedelta(minutes=15)

# Seconds between two lists, and after a failure.
PAUSE = 6 * HOUR
AFTER_A_FAILURE = HOUR


class GroupsData(NamedTuple):
    """What there is to show of user groups."""

    is_told: bool = False
    """Whether the gateway tells the ratio at all."""
    is_available: bool = False
    """Whether the gateway answered lately."""
    ratio: float | None = None
    """That of the account's group."""
    ratios: Mapping[str, float | None] = MappingProxyType({})
    """Those of the groups that may be used; None where that depends."""


class GroupsCoordinator(BackgroundCoordinator[GroupsData]):
    """Asks every six hours, if somebody looks at it or waits for a change."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: AccountConfigEntry,
        account: AccountCoordinator,
    ) -> None:
        """Prepare to ask, and show what the account itself tells."""
        super().__init__(hass, entry, account)
        self.book = Book()
        self._stored = account.storage.state.price
        self._kind: GroupsKind | None = None
        self._asked_at: float | None = None
        self._seen: object = None
        self.data = GroupsData()
        self.data = self._as_of_now(self.data)

    @callback
    @override
    def async_start(self) -> None:
        """Find out whether there are groups, and follow the account."""
        entry = self.config_entry
        entry.async_on_unload(self.account.async_add_listener(self._async_follow))
        entry.async_on_unload(
            async_track_time_interval(
                self.hass, self._async_look, LOOK_INTERVAL, cancel_on_shutdown=True
            )
        )
        self._note_price(self.data)
        self._async_read_soon()

    @callback
    def _async_look(self, _now: datetime) -> None:
        if self.account.has_answer:
            self._async_read_soon()

    @callback
    def _async_follow(self) -> None:
        account = self.account.data.account
        seen = (self.account.has_answer, account.group_name, account.group_ratio)
        if seen == self._seen:
            return
        self._seen = seen
        if (data := self._as_of_now(self.data)) != self.data:
            self._note_price(data)
            self.async_set_updated_data(data)

    @override
    async def _async_update_data(self) -> GroupsData:
        """Return what there is to show; without an answer nothing changes at first."""
        site = await async_get_site(self.hass, self.config_entry, SITE_IS_GOOD_FOR)
        if site is not None:
            self._kind = site.groups
        data = self.data
        if self._kind is not None and self._is_due:
            self._asked_at = monotonic()
            try:
                ratios = await self.book.async_ask(
                    self.account.client.async_get_groups, self._kind
                )
            except GatewayError as err:
                LOGGER.debug("No groups of %s: %s", self.name, err)
                self._failures += 1
            else:
                self._failures = 0
                data = replace(data, ratios=ratios)
        data = self._as_of_now(data)
        self._note_price(data)
        return data

    @property
    def _is_due(self) -> bool:
        if not self._is_wanted:
            return False
        pause = AFTER_A_FAILURE if self._failures else PAUSE
        return self._asked_at is None or monotonic() - self._asked_at >= pause

    @property
    def _is_wanted(self) -> bool:
        return async_is_expected(self.hass, PRICE_CHANGED) or async_is_enabled(
            self.hass, self.config_entry, Platform.SENSOR, GROUP_RATIO
        )

    def _note_price(self, data: GroupsData) -> None:
        """Tell if the same group pays something else than when it was looked at last.

        That the account is in another group is an event of its own.
        """
        stored, account = self._stored, self.account
        group, ratio = account.data.account.group_name, data.ratio
        is_own = account.data.account.group_ratio is not None
        if not is_own and account.events.can_fire and not self._is_wanted:
            # What changes before somebody wants to know is not new.
            stored.group = stored.ratio = None
            return
        if ratio is None or (group, ratio) == (stored.group, stored.ratio):
            return
        before = stored.ratio if stored.group == group else None
        stored.group, stored.ratio = group, ratio
        account.storage.async_write()
        if before is not None:
            account.events.async_add([price_changed(group, before, ratio)])

    def _as_of_now(self, data: GroupsData) -> GroupsData:
        """Return the same with what depends on the account."""
        account = self.account.data.account
        own, listed = account.group_ratio, data.ratios.get(account.group_name or "")
        is_known = own is not None or (bool(data.ratios) and not self._is_failing)
        return replace(
            data,
            is_told=own is not None or self._kind is not None,
            is_available=self.account.has_answer and is_known,
            ratio=listed if own is None else own,
        )


def price_changed(group: str | None, before: float, after: float) -> AccountEvent:
    """Return the event of a group that pays something else."""
    attributes = {"group": group, "from": before, "to": after}
    return AccountEvent(type=PRICE_CHANGED, attributes=attributes)
