"""What happened to an account: found in its answers, fired once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send

from .budgets import Alert
from .const import DOMAIN
from .gateway import Account
from .spending import Event, EventType
from .unit import Unit

if TYPE_CHECKING:
    from .data import AccountConfigEntry
    from .storage import StoredState

GROUP_CHANGED = "group_changed"
SIGNED_IN = "signed_in"

PRICE_CHANGED = "price_changed"
CHECKED_IN = "checked_in"

KEY_CREATED = "key_created"
KEY_EXPIRES_SOON = "key_expires_soon"
KEY_LOW = "key_low"
KEY_SWITCHED_OFF = "key_switched_off"
KEY_SWITCHED_ON = "key_switched_on"
KEY_USED_UP = "key_used_up"

PLAN_ENDS_SOON = "plan_ends_soon"
PLAN_LOW = "plan_low"
PLAN_RESET = "plan_reset"
PLAN_USED_UP = "plan_used_up"

KEY_EVENT_TYPES = [
    KEY_LOW,
    KEY_USED_UP,
    KEY_EXPIRES_SOON,
    KEY_SWITCHED_OFF,
    KEY_SWITCHED_ON,
    KEY_CREATED,
]
PLAN_EVENT_TYPES = [PLAN_LOW, PLAN_USED_UP, PLAN_ENDS_SOON, PLAN_RESET]
EVENT_TYPES = [
    *EventType,
    *Alert,
    GROUP_CHANGED,
    SIGNED_IN,
    PRICE_CHANGED,
    CHECKED_IN,
    *KEY_EVENT_TYPES,
    *PLAN_EVENT_TYPES,
]

# Goes with the entry and the AccountEvent, for the triggers of the integration.
SIGNAL_TRIGGER = f"{DOMAIN}_trigger"

MOST_REMEMBERED = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountEvent:
    """Something that happened to an account."""

    type: str
    """One of EVENT_TYPES."""
    attributes: dict[str, Any]
    """Amounts in the account's unit, names, times."""
    key_id: int | None = None
    """The API key that it happened to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PastEvent(AccountEvent):
    """An event, and when an answer showed it."""

    time: datetime

    def as_dict(self) -> dict[str, Any]:
        """Return what can be written as JSON."""
        return {
            "time": self.time.isoformat(),
            "type": self.type,
            "attributes": self.attributes,
        }


def remember(
    past: list[PastEvent], events: Iterable[AccountEvent], time: datetime
) -> list[PastEvent]:
    """Return the latest events, the newest first, after some that happened now.

    Without the name of an API key: anything may be in it, and this is stored.
    """
    new = [
        PastEvent(
            type=each.type,
            attributes={k: v for k, v in each.attributes.items() if k != "key"},
            time=time,
        )
        for each in events
    ]
    return [*reversed(new), *past][:MOST_REMEMBERED]


def from_spending(
    event: Event, unit: Unit, main_model: str | None = None
) -> AccountEvent:
    """Return an event of the spending with its quota points as amounts.

    `main_model` makes more than half of today's cost.
    """
    amounts = {"amount": event.amount, "usual": event.usual}
    attributes: dict[str, Any] = {
        key: unit.amount(points)
        for key, points in amounts.items()
        if points is not None
    }
    if attributes:
        attributes["currency"] = unit.currency
    if event.alerts is not None:
        attributes["alerts"] = [each.value for each in event.alerts]
    if main_model and event.type is EventType.UNUSUAL_SPENDING:
        attributes["model"] = main_model
    return AccountEvent(type=event.type, attributes=attributes)


def changes_of(stored: StoredState, account: Account) -> Iterator[AccountEvent]:
    """Yield what else changed since the stored answer, and store the new one.

    A group or time that is missing once is no change.
    """
    if (group := account.group_name) is not None:
        if stored.group not in {None, group}:
            attributes = {"from": stored.group, "to": group}
            yield AccountEvent(type=GROUP_CHANGED, attributes=attributes)
        stored.group = group
    if (signed_in := account.last_login_at) is not None:
        if stored.last_login_at and signed_in > stored.last_login_at:
            attributes = {"last_login_at": signed_in.isoformat()}
            yield AccountEvent(type=SIGNED_IN, attributes=attributes)
        stored.last_login_at = signed_in


@callback
def async_fire(
    hass: HomeAssistant, entry: AccountConfigEntry, event: AccountEvent
) -> None:
    """Hand an event to the event entity and all triggers of an account."""
    async_dispatcher_send(hass, signal_event(entry.entry_id), event)
    async_trigger(hass, entry, event)


@callback
def async_trigger(
    hass: HomeAssistant, entry: AccountConfigEntry, event: AccountEvent
) -> None:
    """Hand an event to the triggers of the integration only."""
    async_dispatcher_send(hass, SIGNAL_TRIGGER, entry, event)


def signal_event(entry_id: str) -> str:
    """Return the name of the signal that goes with each AccountEvent."""
    return f"{DOMAIN}_event_{entry_id}"
