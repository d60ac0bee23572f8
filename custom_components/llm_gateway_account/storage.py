"""What is known of an account over restarts and reloads, in a file of its own."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
import shutil
from typing import Any, Self, override

import voluptuous as vol

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.storage import Store
from homeassistant.util.hass_dict import HassKey

from .budgets import BudgetState, Period
from .const import CONF_ACCOUNT, CONF_USER_ID, DOMAIN, LOGGER
from .events import EVENT_TYPES, AccountEvent, PastEvent
from .migration import from_0_1
from .spending import Ledger, LedgerState
from .stored import read
from .stored_budgets import (
    STORED_BUDGETS_SCHEMA,
    budgets_as_stored,
    budgets_from_stored,
)
from .stored_check_in import STORED_CHECK_IN_SCHEMA, StoredCheckIn
from .stored_keys import STORED_KEYS_SCHEMA, StoredKeys
from .stored_notices import STORED_NOTICES_SCHEMA, StoredNotices
from .stored_plans import STORED_PLANS_SCHEMA, StoredPlans
from .stored_price import STORED_PRICE_SCHEMA, StoredPrice
from .stored_usage import STORED_USAGE_SCHEMA, StoredUsage
from .thresholds import FIGURES, STORED_CROSSING_SCHEMA, Crossing

STORAGE_VERSION = 1
STORAGE_MINOR_VERSION = 2

_EVENT = {
    "type": vol.In(EVENT_TYPES),
    "attributes": dict,
    vol.Optional("key_id", default=None): vol.Any(None, int),
}

# Entry IDs whose file could not be read since Home Assistant started: a set-up that
# fails is tried again and again.
UNREADABLE: HassKey[set[str]] = HassKey(f"{DOMAIN}_unreadable")

STORED_SCHEMA = vol.Schema(
    {
        vol.Optional("account", default=None): vol.Any(None, str),
        "ledger": dict,
        "group": vol.Any(None, str),
        "last_login_at": vol.Any(None, cv.datetime),
        "events": [vol.Schema(_EVENT, required=True, extra=vol.REMOVE_EXTRA)],
        # Not in the file of 0.1.0.
        vol.Optional("past_events", default=[]): [
            vol.Schema(
                {**_EVENT, "time": cv.datetime}, required=True, extra=vol.REMOVE_EXTRA
            )
        ],
        vol.Optional("full", default=None): vol.Any(None, vol.Coerce(float)),
        vol.Optional("usage", default={}): STORED_USAGE_SCHEMA,
        vol.Optional("keys", default={}): STORED_KEYS_SCHEMA,
        vol.Optional("plans", default={}): STORED_PLANS_SCHEMA,
        vol.Optional("check_in", default={}): STORED_CHECK_IN_SCHEMA,
        vol.Optional("notices", default={}): STORED_NOTICES_SCHEMA,
        vol.Optional("price", default={}): STORED_PRICE_SCHEMA,
        vol.Optional("budgets", default={}): STORED_BUDGETS_SCHEMA,
        vol.Optional("crossings", default=[]): [STORED_CROSSING_SCHEMA],
    },
    required=True,
    # A newer patch may know more.
    extra=vol.REMOVE_EXTRA,
)


@dataclass(kw_only=True, slots=True)
class StoredState:
    """What is known of an account from earlier answers."""

    ledger: Ledger = field(default_factory=Ledger)
    group: str | None = None
    last_login_at: datetime | None = None
    events: list[AccountEvent] = field(default_factory=list)
    """Those that were not fired yet."""
    past_events: list[PastEvent] = field(default_factory=list)
    """The latest, the newest first."""
    full: float | None = None
    """Points after the last top-up, or the most that was left since the beginning."""
    usage: StoredUsage = field(default_factory=StoredUsage)
    keys: StoredKeys = field(default_factory=StoredKeys)
    plans: StoredPlans = field(default_factory=StoredPlans)
    check_in: StoredCheckIn = field(default_factory=StoredCheckIn)
    notices: StoredNotices = field(default_factory=StoredNotices)
    price: StoredPrice = field(default_factory=StoredPrice)
    budgets: dict[Period, BudgetState] = field(
        default_factory=lambda: budgets_from_stored({})
    )
    crossings: list[Crossing] = field(default_factory=list)
    """Of the limits that automations brought along."""

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Read what `as_dict` returned. Raises vol.Invalid or ValueError."""
        data = STORED_SCHEMA(data)
        return cls(
            ledger=Ledger(read(LedgerState, data["ledger"])),
            group=data["group"],
            last_login_at=data["last_login_at"],
            events=[AccountEvent(**each) for each in data["events"]],
            past_events=[PastEvent(**each) for each in data["past_events"]],
            full=data["full"],
            usage=StoredUsage(**data["usage"]),
            keys=StoredKeys.from_dict(data["keys"]),
            plans=StoredPlans.from_dict(data["plans"]),
            check_in=StoredCheckIn(**data["check_in"]),
            notices=StoredNotices(**data["notices"]),
            price=StoredPrice(**data["price"]),
            budgets=budgets_from_stored(data["budgets"]),
            crossings=[
                Crossing(**each)
                for each in data["crossings"]
                if each["figure"] in FIGURES
            ],
        )

    def as_dict(self) -> dict[str, Any]:
        """Return what can be written as JSON."""
        return {
            "ledger": self.ledger.as_dict(),
            "group": self.group,
            "last_login_at": self.last_login_at and self.last_login_at.isoformat(),
            "events": [asdict(each) for each in self.events],
            "past_events": [each.as_dict() for each in self.past_events],
            "full": self.full,
            "usage": asdict(self.usage),
            "keys": self.keys.as_dict(),
            "plans": self.plans.as_dict(),
            "check_in": asdict(self.check_in),
            "notices": asdict(self.notices),
            "price": asdict(self.price),
            "budgets": budgets_as_stored(self.budgets),
            "crossings": [asdict(each) for each in self.crossings],
        }


class AccountStore(Store[dict[str, Any]]):
    """The file of an account."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Name the file after the entry."""
        super().__init__(
            hass,
            STORAGE_VERSION,
            f"{DOMAIN}.{entry.entry_id}",
            private=True,
            atomic_writes=True,
            minor_version=STORAGE_MINOR_VERSION,
        )

    @property
    def path_of_copy(self) -> Path:
        """Where a file that could not be read is kept."""
        return Path(f"{self.path}.unreadable")

    @override
    async def _async_migrate_func(
        self, old_major_version: int, old_minor_version: int, old_data: dict[str, Any]
    ) -> dict[str, Any]:
        """Take over a file of 0.1.0. Raises one of _UNREADABLE_DATA."""
        data = from_0_1(old_data) if old_minor_version < 2 else old_data
        # What is returned is written at once, in the place of what was there.
        StoredState.from_dict(data)
        return data

    @override
    async def async_remove(self) -> None:
        """Remove the file, and the copy of one that could not be read."""
        await super().async_remove()
        await self.hass.async_add_executor_job(
            lambda: self.path_of_copy.unlink(missing_ok=True)
        )


# What may be raised where a file holds JSON that nobody wrote.
_UNREADABLE_DATA = (vol.Invalid, ValueError, LookupError, AttributeError, TypeError)


class AccountStorage:
    """Loads and writes what is known of an account."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Start with an account that was never asked for."""
        self.state = StoredState()
        self._hass = hass
        self._entry = entry
        self._store = AccountStore(hass, entry)
        self._account = account_mark(entry)
        self._written = self._worth_writing()

    async def async_load(self) -> None:
        """Load what is known, unless it is of another account.

        A file that cannot be read is kept beside as it was, and logged once.
        """
        try:
            data = await self._store.async_load()
            if data and data.get("account") in {None, self._account}:
                self.state = StoredState.from_dict(data)
                self._written = self._worth_writing()
        except HomeAssistantError as err:
            # Written by a newer version, or not readable by anybody now.
            self._store.make_read_only()
            self._log_unreadable(err)
        except _UNREADABLE_DATA as err:
            try:
                await self._hass.async_add_executor_job(self._keep_copy)
            except OSError:
                # Then this is the only one there is.
                self._store.make_read_only()
            self._log_unreadable(err)

    @callback
    def async_write_if_changed(self) -> None:
        """Write before a crash can lose what people saw, or fire an event twice."""
        if (written := self._worth_writing()) != self._written:
            self._written = written
            self.async_write()

    @callback
    def async_write(self) -> None:
        """Write soon."""
        self._store.async_delay_save(self._as_dict)

    @callback
    def async_take_crossings(self) -> list[tuple[Crossing, float]]:
        """Return what passed its limit, and the value with which it did, once."""
        crossings = self.state.crossings
        due = [(each, each.due) for each in crossings if each.due is not None]
        for crossing, _ in due:
            crossing.due = None
        self.async_write_if_changed()
        return due

    @callback
    def async_take_events(self) -> list[AccountEvent]:
        """Return the events that were not fired yet, which they are from now on."""
        events, self.state.events = self.state.events, []
        self.async_write_if_changed()
        return events

    async def async_save(self) -> None:
        """Write everything now, which has to be loaded."""
        await self._store.async_save(self._as_dict())

    def _as_dict(self) -> dict[str, Any]:
        return {"account": self._account, **self.state.as_dict()}

    def _worth_writing(self) -> tuple[object, ...]:
        state = self.state
        return (
            state.ledger.revision,
            state.group,
            state.last_login_at,
            len(state.events),
            state.plans.balance_pays,
            # What was told of a plan is replaced, and never changed.
            {**state.plans.told},
            {**state.plans.titles},
            [asdict(each) for each in state.crossings],
            [each.as_tuple() for each in state.budgets.values()],
        )

    def _keep_copy(self) -> None:
        copy = self._store.path_of_copy
        if not copy.exists():
            shutil.copy2(self._store.path, copy)

    def _log_unreadable(self, err: Exception) -> None:
        unreadable = self._hass.data.setdefault(UNREADABLE, set())
        if self._entry.entry_id not in unreadable:
            unreadable.add(self._entry.entry_id)
            LOGGER.warning(
                "What was known of the spending of %s cannot be read"
                " and starts anew (%s)",
                self._entry.title,
                type(err).__name__,
            )


def account_mark(entry: ConfigEntry) -> str:
    """Return what tells the account of an entry from another one it had before.

    Where the entry never had another one, it is made of the user ID, but is not it.
    """
    own: str | None = entry.data.get(CONF_ACCOUNT)
    return own or sha256(entry.data[CONF_USER_ID].encode()).hexdigest()[:8]
