"""Follows the plans of an account: when to ask for them, and what to show."""

from collections.abc import Mapping
from copy import replace
from datetime import datetime
from time import monotonic
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from .background import LOOK_INTERVAL, ListCoordinator
from .books import Book
from .const import LOGGER
from .events import AccountEvent
from .gateway import (
    AbsentError,
    BillingPreference,
    GatewayError,
    PaidBy,
    Plan,
    PlanListing,
)
from .plan_events import changes_of_plans
from .spending import BalanceLevel
from .spending.local_time import DAY, HOUR

if TYPE_CHECKING:
    from .coordinator import AccountCoordinator
    from .data import AccountConfigEntry

# For so long after a reset or an end is due, a gateway may be late with it.
LATEST = HOUR

# A gateway whose database fails says that there are no plans.
EMPTY_ANSWERS_UNTIL_BELIEVED = 2


class PlansData(NamedTuple):
    """What there is to show of plans."""

    is_available: bool = False
    """Whether the gateway answered lately."""
    is_settled: bool = False
    """Whether it is known if there are plans; else what was shown before may be true.
    """
    listing: PlanListing = PlanListing()
    """As the gateway last told."""
    plans: tuple[Plan, ...] = ()
    """Those that run; the one that pays first comes first."""
    labels: Mapping[int, str] = MappingProxyType({})
    """What they are called, by their IDs."""
    paid_by: PaidBy = PaidBy.BALANCE
    """What the next request is paid with."""
    may_use_balance: bool = True
    """Whether more balance would help, once the plans are used up."""
    balance_pays: bool = True
    """Whether the account's spending says how long its balance lasts."""

    is_gone: bool = False
    """Whether the gateway said for sure that there is none."""

    @property
    def first(self) -> Plan | None:
        """The plan that pays first; one that is used up if all are."""
        return self.plans[0] if self.plans else None


class PlansCoordinator(ListCoordinator[PlansData]):
    """Asks for the plans when something can have changed, and says what pays."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: AccountConfigEntry,
        account: AccountCoordinator,
    ) -> None:
        """Prepare to ask; nothing is asked yet."""
        super().__init__(hass, entry, account)
        self.data = PlansData()
        self._stored = account.storage.state.plans
        self.book = Book(was_there=bool(self._stored.told))
        self._titles_book = Book()
        # Monotonic seconds by the ID of a plan of which nobody told the title.
        self._titles_asked_at: dict[int, float] = {}
        self._use_of_answer = self._use()
        self._asked_at_time = 0.0
        self._empty_answers = 0
        self._is_doubtful = False
        self._seen: object = None

    @callback
    @override
    def async_start(self) -> None:
        """Ask at once, and follow the account."""
        for unsubscribe in (
            self.async_add_listener(self._async_tell_account),
            self.account.async_add_listener(self._async_look),
            async_track_time_interval(self.hass, self._async_look, LOOK_INTERVAL),
        ):
            self.config_entry.async_on_unload(unsubscribe)
        self._async_look()

    @callback
    def _async_look(self, _now: datetime | None = None) -> None:
        """Ask if it is time, and show what time alone changes."""
        if self._is_reading or self._shutdown_requested:
            return
        if self.account.has_answer and self._is_due:
            self._async_read_soon()
            return
        if not self.data.is_settled:
            return
        # Without plans, time changes nothing.
        seen = (
            self.account.has_answer,
            self.account.data.spending.level is BalanceLevel.EXHAUSTED,
            self._failures,
        )
        if seen == self._seen and not self.data.listing.plans:
            return
        self._seen = seen
        if (data := self._as_of_now(self.data)) != self.data:
            self.async_set_updated_data(data)
        self._async_report(data)

    @property
    @override
    def _has_changed(self) -> bool:
        """Whether a plan was used since the last answer, or may have come or gone."""
        (*use, group), (*use_before, group_before) = self._use(), self._use_of_answer
        return (
            group != group_before
            or (bool(self.data.plans) and use != use_before)
            or self._is_doubtful
            or self._is_overdue
        )

    @property
    def _is_overdue(self) -> bool:
        """Whether a reset or an end has come since the gateway was asked."""
        now = dt_util.utcnow().timestamp()
        moments = (
            each.timestamp()
            for plan in self.data.listing.plans
            if plan.id in self._stored.told
            for each in (plan.resets_at, plan.ends_at)
            if each
        )
        return any(
            self._asked_at_time < each <= now or 0 <= now - each < LATEST
            for each in moments
        )

    def _use(self) -> tuple[object, ...]:
        """Return what changes with the use of a plan, and last, with a plan itself."""
        account = self.account.data.account
        return account.used_quota, account.request_count, account.group_name

    @override
    async def _async_update_data(self) -> PlansData:
        """Return what there is to show; without an answer nothing changes at first."""
        if self._is_too_soon:
            return self.data
        self._asked_at = monotonic()
        self._asked_at_time = dt_util.utcnow().timestamp()
        client, use, data = self.account.client, self._use(), self.data
        try:
            listing = await self.book.async_ask(client.async_get_plans)
        except AbsentError:
            # Asked again later, unless the book says that this is useless.
            self._failures += 1
            self._empty_answers = EMPTY_ANSWERS_UNTIL_BELIEVED
            data = self._take(PlanListing())
        except GatewayError as err:
            LOGGER.debug("No plans of %s: %s", self.name, err)
            self._failures += 1
            if not self._stored.told and self._stored.balance_pays:
                # There never were any.
                data = replace(data, is_settled=True)
        else:
            self._failures, self._use_of_answer = 0, use
            await self._async_get_titles(listing)
            data = self._take(listing)
        data = self._as_of_now(data)
        if data.is_settled:
            self._async_report(data)
        return data

    async def _async_get_titles(self, listing: PlanListing) -> None:
        """Ask what plans are called, of which neither list nor memory tells."""
        now, known = monotonic(), self._stored.titles
        wanted = {
            each.plan_id
            for each in listing.active_at(dt_util.utcnow())
            if each.plan_id and not (each.title or each.plan_id in known)
        }
        asked = {k for k, at in self._titles_asked_at.items() if now - at < DAY}
        if not wanted - asked:
            return
        self._titles_asked_at = dict.fromkeys(wanted, now)
        try:
            titles = await self._titles_book.async_ask(
                self.account.client.async_get_plan_titles
            )
        except GatewayError as err:
            LOGGER.debug("No titles of the plans of %s: %s", self.name, err)
            return
        self._stored.titles |= {each: titles[each] for each in wanted & titles.keys()}

    @callback
    def _take(self, listing: PlanListing) -> PlansData:
        """Return what of an answer is shown; an empty one has to come twice."""
        active = listing.active_at(dt_util.utcnow())
        self._empty_answers = 0 if active else self._empty_answers + 1
        matters = (
            bool(self._stored.told)
            or not self._stored.balance_pays
            or listing.preference is BillingPreference.PLAN_ONLY
        )
        self._is_doubtful = (
            matters and 0 < self._empty_answers < EMPTY_ANSWERS_UNTIL_BELIEVED
        )
        if self._is_doubtful:
            return self.data
        stored, ids = self._stored, {each.id for each in active}
        plan_ids = {each.plan_id for each in active}
        stored.told = {key: told for key, told in stored.told.items() if key in ids}
        stored.titles = {k: v for k, v in stored.titles.items() if k in plan_ids}
        return replace(self.data, is_settled=True, is_gone=not active, listing=listing)

    @callback
    def _async_report(self, data: PlansData) -> None:
        """Add what happened to the plans, and note how they are now."""
        events: list[AccountEvent] = [
            *changes_of_plans(
                self._stored,
                data.plans,
                data.labels,
                self.account.unit,
                dt_util.utcnow(),
            )
        ]
        if events:
            self.account.events.async_add(events)
        self.account.storage.async_write_if_changed()

    def _as_of_now(self, data: PlansData) -> PlansData:
        """Return the same with what depends on time, and on the account."""
        now, level = dt_util.utcnow(), self.account.data.spending.level
        has_balance = level is not BalanceLevel.EXHAUSTED
        plans = tuple(data.listing.active_at(now))
        paid_by = data.listing.paid_by(now, has_balance=has_balance)
        return replace(
            data,
            is_available=self.account.has_answer and not self._is_failing,
            plans=plans,
            labels={each.id: self._label(each) for each in plans},
            paid_by=paid_by,
            may_use_balance=data.listing.may_use_balance(now),
            # Where nothing is left and nothing else pays, it lasts for no day indeed.
            balance_pays=paid_by is PaidBy.BALANCE
            or (paid_by is PaidBy.NOTHING and not has_balance),
        )

    def _label(self, plan: Plan) -> str:
        title = plan.title or self._stored.titles.get(plan.plan_id or 0)
        return title or f"#{plan.plan_id or plan.id}"

    @callback
    def _async_tell_account(self) -> None:
        if self.data.is_settled:
            self.account.async_set_balance_pays(balance_pays=self.data.balance_pays)
