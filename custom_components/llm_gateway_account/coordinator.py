"""Polls an account."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import uniform
from time import monotonic
from typing import override

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry
from homeassistant.const import CONF_URL
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .connection import async_create_client
from .const import CONF_USER_ID, DOMAIN, LOGGER
from .gateway import (
    LONGEST_WAIT,
    Account,
    AccountDisabledError,
    BlockedError,
    CertificateError,
    GatewayError,
    InvalidAnswerError,
    RateLimitedError,
    RedirectedError,
    ServerError,
    TokenRefusedError,
    UnreachableError,
    UserIdRefusedError,
    WebPageError,
)
from .shared import async_get_gateway
from .spending import Spending
from .tracker import AccountTracker
from .unit import Unit

UPDATE_INTERVAL = timedelta(minutes=5)

# All accounts are set up at once, when Home Assistant starts. From this share of the
# interval on, their second poll comes when chance wants it, so that they spread.
SHORTEST_FIRST_INTERVAL = 0.2

# How long, in seconds, an account that is set up waits for its turn at a gateway with
# many: Home Assistant waits too when it starts. It does not when it tries again.
SET_UP_WAIT = 50

# How long entities stay on the last good answer while new polls fail: fifteen
# minutes, and a little for the poll that is due just then to come back.
GRACE_PERIOD = timedelta(minutes=15, seconds=45)

# A gateway that asks for more patience than this is asked again all the same.
MAX_RETRY_AFTER = timedelta(hours=1)

# A gateway whose database is down refuses every token, so a refusal counts only
# when it is still there after this time: at the next poll, which Home Assistant may
# start up to a second early. A failed set-up is tried again much sooner.
CONFIRM_REFUSAL_AFTER = UPDATE_INTERVAL - timedelta(seconds=5)

# A refusal from before a longer pause, such as of a disabled entry, does not count.
LONGEST_PAUSE = timedelta(hours=2)

# When the token of an entry was refused first and last, in monotonic seconds. Outlives
# the coordinator, because every retry of a failed set-up makes a new one.
REFUSALS: HassKey[dict[str, tuple[float, float]]] = HassKey(f"{DOMAIN}_refusals")

TRANSLATION_KEYS: dict[type[GatewayError], str] = {
    UserIdRefusedError: "user_id_refused",
    AccountDisabledError: "account_disabled",
    RateLimitedError: "rate_limited",
    CertificateError: "certificate_error",
    UnreachableError: "unreachable",
    ServerError: "server_error",
    WebPageError: "web_page",
    BlockedError: "blocked",
    RedirectedError: "redirected",
    InvalidAnswerError: "invalid_answer",
}

# What all accounts at a gateway have at the same time. The log has one line for it.
SHARED_ERRORS = (
    RateLimitedError,
    UnreachableError,
    ServerError,
    WebPageError,
    BlockedError,
    RedirectedError,
    InvalidAnswerError,
)

type AccountConfigEntry = ConfigEntry[AccountCoordinator]


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountData:
    """What there is to show: a good answer, and what follows from those before."""

    account: Account
    spending: Spending


class AccountCoordinator(DataUpdateCoordinator[AccountData]):
    """Asks for one account, and keeps its last good answer for a while."""

    config_entry: AccountConfigEntry

    def __init__(self, hass: HomeAssistant, config_entry: AccountConfigEntry) -> None:
        """Prepare the polls of an entry that is being set up."""
        self.last_success: datetime | None = None
        self._good_until = 0.0
        """When the grace period ends, in monotonic seconds."""
        self._cancel_grace_period: CALLBACK_TYPE | None = None
        self._is_heard = False
        super().__init__(
            hass,
            LOGGER,
            config_entry=config_entry,
            name=DOMAIN,
            update_interval=UPDATE_INTERVAL * uniform(SHORTEST_FIRST_INTERVAL, 1),  # noqa: S311
            always_update=False,
        )
        self.gateway = async_get_gateway(hass, config_entry.data[CONF_URL])
        self.client = async_create_client(hass, config_entry.data, self.gateway.pace)
        self.tracker = AccountTracker(hass, config_entry)
        self.unit = Unit.from_options(config_entry.options)

    @property
    def has_answer(self) -> bool:
        """Whether there is an answer fresh enough to be shown."""
        return self.last_update_success or monotonic() < self._good_until

    @override
    async def _async_setup(self) -> None:
        """Remember what was before the first poll."""
        await self.tracker.async_load()

    @override
    async def _async_update_data(self) -> AccountData:
        """Return the account, or raise what the failure means for Home Assistant."""
        turned_away = self.gateway.turned_away
        entry_id = self.config_entry.entry_id
        if self.data:
            self.update_interval = UPDATE_INTERVAL
        is_first_try = not self.data and entry_id not in turned_away
        try:
            account = await self.client.async_get_account(
                SET_UP_WAIT if is_first_try else LONGEST_WAIT
            )
        except TokenRefusedError as err:
            # Not ConfigEntryAuthFailed, which would end the polls: what heals by
            # itself has to be noticed.
            self._async_share_failure(None)
            raise UpdateFailed(
                translation_domain=DOMAIN,
                translation_key=(
                    "token_refused" if self._async_refused() else "token_refused_once"
                ),
            ) from err
        except GatewayError as err:
            async_forget_refusal(self.hass, self.config_entry)
            if isinstance(err, RateLimitedError):
                turned_away.add(entry_id)
            self._async_share_failure(
                str(err) if isinstance(err, SHARED_ERRORS) else None
            )
            raise UpdateFailed(
                translation_domain=DOMAIN,
                translation_key=TRANSLATION_KEYS[type(err)],
                translation_placeholders=translation_placeholders(err),
                retry_after=_retry_after(err),
            ) from err
        self._async_accepted()
        if account.id not in {None, int(self.config_entry.data[CONF_USER_ID])}:
            self._async_share_failure(None)
            raise UpdateFailed(
                translation_domain=DOMAIN, translation_key="other_account"
            )
        self._async_share_recovery()
        turned_away.discard(entry_id)
        return AccountData(
            account=account, spending=self.tracker.async_observe(account)
        )

    @callback
    def _async_share_failure(self, failure: str | None) -> None:
        """Let Home Assistant log a failure only if no other account has it already.

        It does where the last update was good, and logs the recovery where it was not.
        `failure` is None if it is this account's alone.
        """
        entry_id = self.config_entry.entry_id
        if self._shutdown_requested:
            self.last_update_success = False
        elif failure is None:
            if self.gateway.is_failing(entry_id):
                self.gateway.recover(entry_id)
                self.last_update_success = True
        elif self.data:
            is_news = self.gateway.fail(entry_id, failure)
            self.last_update_success = self.last_update_success and is_news

    @callback
    def _async_share_recovery(self) -> None:
        """Let Home Assistant log the recovery only of the last account."""
        if not self.last_update_success:
            entry_id = self.config_entry.entry_id
            self.last_update_success = not self.gateway.recover(entry_id)

    @callback
    def _async_refused(self) -> bool:
        """Ask for a new token, if the refusal is an old one. Tell whether it is."""
        now = monotonic()
        refusals = self.hass.data.setdefault(REFUSALS, {})
        first, last = refusals.get(self.config_entry.entry_id, (now, now))
        if now - last > LONGEST_PAUSE.total_seconds():
            first = now
        refusals[self.config_entry.entry_id] = first, now
        if now - first < CONFIRM_REFUSAL_AFTER.total_seconds():
            return False
        self.config_entry.async_start_reauth(self.hass)
        return True

    @callback
    def _async_accepted(self) -> None:
        """Ask for a new token no longer: the one there is works."""
        async_forget_refusal(self.hass, self.config_entry)
        for flow in list(
            self.config_entry.async_get_active_flows(self.hass, {SOURCE_REAUTH})
        ):
            self.hass.config_entries.flow.async_abort(flow["flow_id"])

    @callback
    @override
    def _async_refresh_finished(self) -> None:
        """Start the grace period when polls begin to fail."""
        if self.last_update_success:
            self.last_success = dt_util.utcnow()
            self._good_until = monotonic() + GRACE_PERIOD.total_seconds()
            self._async_end_grace_period()
            # Unchanged data is news only to entities that asked for every answer.
            self.always_update = any(self.async_contexts())
        elif (
            not self._cancel_grace_period
            and (left := self._good_until - monotonic()) > 0
        ):
            self._cancel_grace_period = async_call_later(
                self.hass,
                left,
                HassJob(self._async_grace_period_over, cancel_on_shutdown=True),
            )

    @callback
    @override
    def async_update_listeners(self) -> None:
        """Tell the entities first: who hears of an activity may look at them."""
        super().async_update_listeners()
        if self._is_heard:
            self._async_tell_activities()

    @callback
    def async_start_telling(self, _now: datetime | None = None) -> None:
        """Tell what happened to the account, from now on, when somebody hears it."""
        self._is_heard = True
        self._async_tell_activities()

    @callback
    def _async_tell_activities(self) -> None:
        for activity in self.tracker.async_take_activities():
            async_dispatcher_send(
                self.hass, signal_activity(self.config_entry.entry_id), activity
            )

    @callback
    def _async_grace_period_over(self, _now: datetime) -> None:
        self._cancel_grace_period = None
        self._good_until = 0.0
        self.async_update_listeners()

    @callback
    def _async_end_grace_period(self) -> None:
        if self._cancel_grace_period is not None:
            self._cancel_grace_period()
            self._cancel_grace_period = None

    @override
    async def async_shutdown(self) -> None:
        """End the polls and the grace period."""
        self._async_end_grace_period()
        self.gateway.recover(self.config_entry.entry_id)
        await super().async_shutdown()

    async def async_update_site(self) -> None:
        """Show the version of the gateway's software on the device page."""
        site = await self.gateway.async_get_site(self.client)
        if site.version:
            dr.async_get(self.hass).async_get_or_create(
                config_entry_id=self.config_entry.entry_id,
                identifiers={(DOMAIN, self.config_entry.entry_id)},
                sw_version=site.version,
            )


def signal_activity(entry_id: str) -> str:
    """Return the name of the signal that goes with each AccountActivity."""
    return f"{DOMAIN}_activity_{entry_id}"


@callback
def async_forget_refusal(hass: HomeAssistant, entry: AccountConfigEntry) -> None:
    """Let no refusal count any more, because the entry is unloaded or gone."""
    hass.data.get(REFUSALS, {}).pop(entry.entry_id, None)


def translation_placeholders(err: GatewayError) -> dict[str, str]:
    """Return what the translated text of an error has to fill in."""
    match err:
        case ServerError(status=status):
            return {"status": str(status)}
        case RedirectedError(target=target):
            return {"target": target}
    return {}


def _retry_after(err: GatewayError) -> float | None:
    """Return the seconds to the next poll where the gateway asks for patience."""
    if not isinstance(err, RateLimitedError) or err.retry_after is None:
        return None
    return min(
        max(err.retry_after, UPDATE_INTERVAL.total_seconds()),
        MAX_RETRY_AFTER.total_seconds(),
    )
