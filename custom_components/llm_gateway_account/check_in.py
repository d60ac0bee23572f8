"""Follows the daily check-in of an account, and does it when somebody asks for that."""

import asyncio
from copy import replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, override

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.event import async_track_utc_time_change
from homeassistant.util import dt as dt_util

from .background import BackgroundCoordinator
from .books import Book
from .const import DOMAIN, LOGGER
from .device import async_is_enabled
from .events import CHECKED_IN, AccountEvent
from .gateway import (
    CheckIn,
    CheckInKind,
    GatewayError,
    InvalidAnswerError,
    ServerError,
    UnreachableError,
)
from .sites import ANSWER_IS_GOOD_FOR, SITE_IS_GOOD_FOR, async_get_site
from .spending import EventType
from .spending.local_time import HOUR

if TYPE_CHECKING:
    from .coordinator import AccountCoordinator
    from .data import AccountConfigEntry
    from .unit import Unit

CHECK_IN_OPEN = "check_in_open"

# Minutes after each full hour, with which the days of nearly all servers begin.
MINUTE = 1

# How long it is tried to find out what became of a check-in that was not answered.
LOOKED_FOR = HOUR


class CheckInData(NamedTuple):
    """What there is to show of the check-in."""

    is_offered: bool = False
    """Whether the gateway has one."""
    is_available: bool = False
    """Whether the gateway answered lately."""
    is_open: bool | None = None
    """Whether today's is still to be done; None before that was asked."""


class CheckInCoordinator(BackgroundCoordinator[CheckInData]):
    """Asks once an hour, if somebody looks at it, and checks in only if called."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: AccountConfigEntry,
        account: AccountCoordinator,
    ) -> None:
        """Prepare to ask; nothing is asked yet."""
        super().__init__(hass, entry, account)
        self.book = Book()
        self.data = CheckInData()
        self._stored = account.storage.state.check_in
        self._had_answer: bool | None = None
        self._asked_on: str | None = None
        self._checking_in = asyncio.Lock()

    @callback
    @override
    def async_start(self) -> None:
        """Find out whether there is one, and follow the hours and the account."""
        entry = self.config_entry
        # Accounts of one home do not all ask in the same moment.
        spread = sum(entry.entry_id.encode())
        entry.async_on_unload(
            async_track_utc_time_change(
                self.hass,
                self._async_look,
                minute=MINUTE + spread % 5,
                second=spread % 60,
            )
        )
        entry.async_on_unload(self.account.async_add_listener(self._async_follow))
        self._async_read_soon()

    async def async_check_in(self) -> float:
        """Check in once, and return the points that were given.

        Raises ServiceValidationError if there is nothing to do, or only a browser can;
        HomeAssistantError if the gateway refuses, or whether it did it is not known.
        """
        async with self._checking_in:
            await self._async_stop_reading()
            kind = await self._async_prepare()
            self._note_try(int(dt_util.utcnow().timestamp()))
            try:
                points = await self.account.client.async_check_in(kind)
            except GatewayError as err:
                if _may_have_happened(err):
                    raise HomeAssistantError(
                        translation_domain=DOMAIN, translation_key="check_in_unknown"
                    ) from err
                self._note_try(0)
                raise HomeAssistantError(
                    translation_domain=DOMAIN, translation_key="check_in_refused"
                ) from err
            if not self._shutdown_requested:
                self._asked_on = _utc_day()
                self._take_award(points)
                self.async_set_updated_data(self._as_of_now(is_open=False))
            return points

    async def _async_prepare(self) -> CheckInKind:
        """Return the kind of the check-in that is open. Raises HomeAssistantError."""
        site = await async_get_site(self.hass, self.config_entry)
        if site is None:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="no_answer"
            )
        if site.check_in is None:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="no_check_in"
            )
        if site.wants_browser:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="check_in_wants_browser"
            )
        try:
            check_in = await self._async_ask(site.check_in)
        except GatewayError as err:
            raise HomeAssistantError(
                translation_domain=DOMAIN, translation_key="no_answer"
            ) from err
        if self._shutdown_requested:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="no_answer"
            )
        if not check_in.is_open:
            self.async_set_updated_data(self._as_of_now(is_open=False))
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="checked_in_already"
            )
        return site.check_in

    @callback
    def _async_look(self, _now: datetime) -> None:
        if self.account.has_answer:
            self._async_read_soon()

    @callback
    def _async_follow(self) -> None:
        """Go with the account, and look for what became of a check-in."""
        if self._is_looking:
            self._async_read_soon()
        elif (has_answer := self.account.has_answer) is not self._had_answer:
            self._had_answer = has_answer
            if (data := self._as_of_now()) != self.data:
                self.async_set_updated_data(data)

    @callback
    @override
    def _async_read_soon(self) -> None:
        if not self._checking_in.locked():
            super()._async_read_soon()

    @override
    async def _async_update_data(self) -> CheckInData:
        """Return what there is to show; without an answer nothing changes at first."""
        is_failing = self._failures or self._is_looking
        site = await async_get_site(
            self.hass,
            self.config_entry,
            ANSWER_IS_GOOD_FOR if is_failing else SITE_IS_GOOD_FOR,
        )
        if site is None:
            return self._as_of_now()
        if site.check_in is None:
            self._failures = 0
            return CheckInData(is_available=self.account.has_answer)
        data = replace(self.data, is_offered=True)
        is_wanted = async_is_enabled(
            self.hass, self.config_entry, Platform.BINARY_SENSOR, CHECK_IN_OPEN
        )
        if not (is_wanted or self._is_looking):
            return replace(data, is_available=False, is_open=None)
        is_utc = site.check_in is CheckInKind.VELOERA
        if is_utc and data.is_open is False and self._asked_on == _utc_day():
            return self._as_of_now(data)
        try:
            check_in = await self._async_ask(site.check_in)
        except GatewayError as err:
            LOGGER.debug("No answer about the check-in of %s: %s", self.name, err)
            self._failures += 1
            return self._as_of_now(data)
        if self._is_looking and not check_in.is_open:
            self._take_award(check_in.awarded)
        return self._as_of_now(data, is_open=check_in.is_open)

    async def _async_ask(self, kind: CheckInKind) -> CheckIn:
        day = _utc_day()
        answer = await self.book.async_ask(self.account.client.async_get_check_in, kind)
        self._failures, self._asked_on = 0, day
        return answer

    @property
    def _is_looking(self) -> bool:
        """Whether it is not known what became of a check-in."""
        if not (tried_at := self._stored.tried_at):
            return False
        # Not if the clock was put back since.
        return 0 <= int(dt_util.utcnow().timestamp()) - tried_at < LOOKED_FOR

    def _note_try(self, time: int) -> None:
        if not self._shutdown_requested:
            self._stored.tried_at = time
            self.account.storage.async_write()

    def _take_award(self, points: float | None) -> None:
        """Tell of a check-in, and let nobody take the points for a top-up.

        Where they are unknown, or were told as a top-up already, it stays that.
        """
        stored, tried_at = self.account.storage.state, self._stored.tried_at
        self._note_try(0)
        is_told = any(
            each.type == EventType.TOPPED_UP and each.time.timestamp() > tried_at
            for each in stored.past_events
        )
        if points is None or is_told:
            return
        # What was granted is expected to be higher, as by a bonus.
        stored.ledger.state.top_ups.raise_by(points)
        self.account.events.async_add([checked_in(points, self.account.unit)])

    def _as_of_now(
        self, data: CheckInData | None = None, *, is_open: bool | None = None
    ) -> CheckInData:
        """Return data with what depends on the account, and what an answer said."""
        data = data or self.data
        is_open = data.is_open if is_open is None else is_open
        is_known = is_open is not None or not data.is_offered
        return replace(
            data,
            is_open=is_open,
            is_available=self.account.has_answer and is_known and not self._is_failing,
        )


def checked_in(points: float, unit: Unit) -> AccountEvent:
    """Return the event of a check-in that brought some points."""
    attributes = {"amount": unit.amount(points), "currency": unit.currency}
    return AccountEvent(type=CHECKED_IN, attributes=attributes)


def _may_have_happened(err: GatewayError) -> bool:
    """Tell whether a request to check in may have reached the gateway."""
    if isinstance(err, UnreachableError):
        return err.is_too_much
    if isinstance(err, ServerError):
        return err.status >= 500
    return isinstance(err, InvalidAnswerError)


def _utc_day() -> str:
    return dt_util.utcnow().date().isoformat()
