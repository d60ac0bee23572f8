"""What an answer of the gateway is for an account: figures, budgets, events."""

from copy import replace
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, override

from homeassistant.const import EVENT_CORE_CONFIG_UPDATE
from homeassistant.core import (
    CoreState,
    Event,
    HomeAssistant,
    callback,
)
from homeassistant.helpers.event import async_track_time_change
from homeassistant.util import dt as dt_util

from .budgeting import Budgets, Figures
from .event_queue import EventQueue
from .events import changes_of, from_spending
from .failures import async_note_answer, async_note_failure
from .gaps import Hindsight, enter_hindsight
from .gateway import Account, Gateway, GatewayError, Priority
from .plan_paid import expect_plan_paid
from .polling import UPDATE_INTERVAL, GatewayCoordinator
from .spending import EventType, Observation, Spending
from .spending.numbers import bounded
from .storage import AccountStorage
from .unit import Unit, limits_from_options
from .watching import async_judge

if TYPE_CHECKING:
    from .data import AccountConfigEntry

# Home Assistant waits for the set-ups when it starts.
SET_UP_TIMEOUT = 10

# In seconds; another poll may be answered by a replica that is up to date.
STALE_ANSWER_IS_SHOWN_FOR = 60


class AccountData(NamedTuple):
    """What there is to show: a good answer, and what follows from those before."""

    account: Account
    spending: Spending
    full: float
    """Points after the last top-up, or the most that was left since the beginning."""
    balance_pays: bool = True
    """Whether requests are paid from the balance; else it does not say when it ends."""
    budgets: Figures = MappingProxyType({})
    """Those that are set."""


class AccountCoordinator(GatewayCoordinator[Account, AccountData]):
    """Asks for the account itself, and knows what it spends."""

    def __init__(
        self, hass: HomeAssistant, entry: AccountConfigEntry, client: Gateway
    ) -> None:
        """Prepare the polls of an entry that is being set up."""
        super().__init__(hass, entry, client, UPDATE_INTERVAL)
        self.unit = Unit.from_options(entry.options)
        self.limits = limits_from_options(entry.options)
        self.budgets = Budgets(entry.options)
        self.storage = AccountStorage(hass, entry)
        self.events = EventQueue(hass, entry, self.storage, self.unit)
        self.is_at_rest = False
        """Whether the last answer changed nothing."""
        self.is_waited_for = False
        """Whether an entity waits to be written until then."""
        self._data_before: AccountData | None = None

    @property
    def main_model(self) -> str | None:
        """The model that makes more than half of today's cost, as far as is known."""
        return self.storage.state.usage.main_model(dt_util.now().date().isoformat())

    @override
    async def _async_setup(self) -> None:
        """Load what is known from earlier polls, and follow the days."""
        await self.storage.async_load()
        self.budgets.begin(self.storage.state, dt_util.now())
        self.config_entry.async_on_unload(
            # Where clocks are put forward at midnight, a day begins at one.
            async_track_time_change(
                self.hass, self._async_recount, hour=[0, 1], minute=0, second=0
            )
        )
        self.config_entry.async_on_unload(
            self.hass.bus.async_listen(
                EVENT_CORE_CONFIG_UPDATE, self._async_zone_may_have_changed
            )
        )

    @override
    async def _async_ask(self) -> Account:
        if self.data:
            return await self.client.async_get_account()
        # A set-up that is tried again holds nobody up and keeps its place in the queue.
        is_retry = self.hass.state is CoreState.running
        return await self.client.async_get_account(
            Priority.SET_UP, None if is_retry else SET_UP_TIMEOUT
        )

    @callback
    @override
    def _async_handle_failure(self, err: GatewayError) -> None:
        async_note_failure(self.hass, self.config_entry, err)
        # Home Assistant calls them at the first failure only.
        self.async_update_listeners()

    @callback
    @override
    def _async_take(self, answer: Account) -> AccountData:
        """Take in an account, unless the answer is older than the one before."""
        stored, now, data = self.storage.state, dt_util.now(), self.data
        if self._is_repeated(answer, now):
            async_judge(self.hass, self, data, now)
            if stored.crossings:
                self.events.async_add([])
            return data
        async_note_answer(self.hass, self.config_entry)
        # While there is a plan, it may pay at any time, whatever was known last.
        if stored.plans.told or not stored.plans.balance_pays:
            expect_plan_paid(stored.ledger, answer)
        outcome = stored.ledger.observe(
            Observation(
                time=now,
                quota=answer.quota,
                used_quota=answer.used_quota,
                bonus_quota=answer.bonus_quota,
                request_count=answer.request_count,
            ),
            self.limits,
        )
        if outcome.is_stale and not self.data:
            # After a restart there is nothing better to show; but nothing happened.
            self._async_look_again_in(STALE_ANSWER_IS_SHOWN_FOR)
            return self._shown(answer, outcome.spending)
        self._async_look_again_in(outcome.look_again_in)
        if outcome.is_stale:
            return self.data
        spending = (
            from_spending(event, self.unit, self.main_model) for event in outcome.events
        )
        for event in outcome.events:
            stored.full = event.left or stored.full
        data = self._shown(answer, outcome.spending)
        async_judge(
            self.hass,
            self,
            data,
            now,
            is_topped_up=any(
                each.type is EventType.TOPPED_UP for each in outcome.events
            ),
        )
        of_budgets = self.budgets.changes(stored, data.budgets)
        self.events.async_add([*spending, *of_budgets, *changes_of(stored, answer)])
        return self.data if data == self.data else data

    def _is_repeated(self, answer: Account, now: datetime) -> bool:
        """Take the last answer once more, if nothing can have changed by that.

        Budgets may follow the time of the day.
        """
        return (
            self.data is not None
            and answer is self.data.account
            and self.last_update_success
            and not self.budgets.by_period
            and self.storage.state.ledger.repeat(now)
        )

    @callback
    @override
    def _async_refresh_finished(self) -> None:
        """Let entities write what may wait while the account is in use, once it isn't.

        Home Assistant updates none when nothing has changed.
        """
        self.is_at_rest = self.data is self._data_before
        self._data_before = self.data
        super()._async_refresh_finished()
        if self.is_at_rest and self.is_waited_for:
            self.is_waited_for = False
            self.async_update_listeners()

    def _shown(self, account: Account, spending: Spending) -> AccountData:
        stored = self.storage.state
        left = bounded(account.left)
        stored.full = left if stored.full is None else max(left, stored.full)
        return AccountData(
            account=account,
            spending=self._forecast(spending),
            full=stored.full,
            balance_pays=stored.plans.balance_pays,
            budgets=self._budgets_now(),
        )

    def _budgets_now(self) -> Figures:
        before = self.data.budgets if self.data else {}
        return self.budgets.figures(self.storage.state, dt_util.now(), before)

    def _forecast(self, spending: Spending) -> Spending:
        """Return the figures without how long a balance lasts that does not pay."""
        if self.storage.state.plans.balance_pays:
            return spending
        return replace(spending, days_remaining=None, runs_out_at=None)

    @callback
    def async_set_balance_pays(self, *, balance_pays: bool) -> None:
        """Show how long the balance lasts only while requests are paid from it."""
        plans = self.storage.state.plans
        if plans.balance_pays is not balance_pays:
            plans.balance_pays = balance_pays
            self._async_recount(dt_util.utcnow())

    @callback
    def async_enter(self, hindsight: Hindsight) -> None:
        """Show what follows from what the gateway's books say."""
        now = dt_util.now()
        enter_hindsight(self.storage.state.ledger, now, hindsight)
        self.budgets.forget_habit()
        self._async_recount(now)

    @callback
    def _async_recount(self, _now: datetime) -> None:
        """Show a new day at once, which the next poll may be far from."""
        spending = self.storage.state.ledger.recount(dt_util.now())
        if self.data and spending:
            budgets = self._budgets_now()
            self.data = replace(
                self.data,
                spending=self._forecast(spending),
                balance_pays=self.storage.state.plans.balance_pays,
                budgets=budgets,
            )
            self.async_update_listeners()
            self.events.async_add(self.budgets.changes(self.storage.state, budgets))

    @callback
    def _async_zone_may_have_changed(self, _event: Event) -> None:
        self._async_recount(dt_util.utcnow())

    @override
    async def async_shutdown(self) -> None:
        """End the polls, and write everything that is known, if there is an answer.

        Home Assistant calls it after each set-up that failed, and once more after an
        unload.
        """
        is_over = self._shutdown_requested
        self.events.async_stop()
        await super().async_shutdown()
        if self.data and not is_over:
            await self.storage.async_save()
