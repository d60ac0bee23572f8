"""What happened to an account, as a sentence in the language of the home."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from string import Formatter
from sys import float_info
from typing import Any, NamedTuple

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from .budgets import Alert, Period
from .const import DOMAIN
from .data import AccountConfigEntry
from .device import async_get_fresh
from .gateway import POINTS
from .spending import EventType
from .unit import Unit

_AMOUNTS = ("amount", "spent", "budget", "projected", "usual")
_TIMES = ("expires_at", "ends_at", "last_login_at")
_NAMES = ("key", "plan", "group")

_EVENT_OF_LEVEL = {
    "ok": EventType.BALANCE_RECOVERED,
    "low": EventType.BALANCE_LOW,
    "critical": EventType.BALANCE_CRITICAL,
    "exhausted": EventType.BALANCE_EXHAUSTED,
}


class Sentences(NamedTuple):
    """The texts of the integration in one language."""

    texts: Mapping[str, str]

    def get(self, key: str) -> str:
        """Return a text by its path, such as `selector.sentence.options.line`."""
        return self.texts[f"component.{DOMAIN}.{key}"]

    def sentence(self, key: str, **details: str) -> str:
        """Return a sentence with its details filled in."""
        return self.get(f"selector.sentence.options.{key}").format(**details)

    def line(self, name: str, value: str) -> str:
        """Return a name and its value, as the language separates them."""
        return self.sentence("line", name=name, value=value)

    def entity(self, key: str) -> str:
        """Return the name of an entity, such as `sensor.balance`."""
        return self.get(f"entity.{key}.name")

    def amount(self, amount: float, currency: str) -> str:
        """Return an amount with as many digits as its currency has, and its unit.

        Two more for what is less than its smallest coin.
        """
        digits = Unit(currency=currency, points_per_unit=1).digits
        if 0 < abs(amount) < 10.0**-digits:
            digits += 2
        number = f"{amount:.{digits}f}"
        if currency == POINTS:
            return self.sentence("points", amount=number)
        return f"{number} {currency}"

    def event(
        self, event_type: str, attributes: Mapping[str, Any], balance: str | None
    ) -> str:
        """Return what happened; `balance` is what is left now, if that is known."""
        details = dict(self._details(attributes))
        for key in (f"{event_type}_model", event_type):
            text = self.texts.get(f"component.{DOMAIN}.selector.sentence.options.{key}")
            if text and _placeholders(text) <= set(details):
                return text.format(**details)
        name = self.get(
            f"entity.event.activity.state_attributes.event_type.state.{event_type}"
        )
        spent = "projected" if event_type == Alert.FORECAST else "spent"
        if {spent, "budget", "period"} <= set(details):
            return self.sentence(
                "budget",
                event=name,
                period=details["period"],
                amount=details[spent],
                budget=details["budget"],
            )
        values = [
            details[each] for each in (*_NAMES, "amount", *_TIMES) if each in details
        ]
        if {"from", "to"} <= set(details):
            values.append(f"{details['from']} \u2192 {details['to']}")
        if not values and event_type in _EVENT_OF_LEVEL.values() and balance:
            values = [balance]
        return self.line(name, ", ".join(values)) if values else name

    def _details(self, attributes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Yield what is known of an event, as it is shown."""
        # Who calls the action may have written anything.
        currency = attributes.get("currency")
        currency = currency if isinstance(currency, str) else POINTS
        for key, value in attributes.items():
            if value is None:
                continue
            if key in _AMOUNTS and isinstance(value, int | float):
                if abs(value) <= float_info.max:
                    yield key, self.amount(value, currency)
            elif key in _TIMES:
                yield key, _time(str(value))
            elif key == "period" and value in list(Period):
                yield key, self.get(f"selector.period.options.{value}")
            elif key in {*_NAMES, "model", "from", "to"}:
                yield key, str(value)


async def async_get_sentences(hass: HomeAssistant) -> Sentences:
    """Return the texts in the language of the home; English where there is none."""
    texts: dict[str, str] = {}
    for category in ("entity", "selector"):
        texts |= await async_get_translations(
            hass, hass.config.language, category, {DOMAIN}
        )
    return Sentences(texts=texts)


async def async_describe(
    hass: HomeAssistant,
    entry: AccountConfigEntry,
    event_type: str | None,
    attributes: Mapping[str, Any],
) -> dict[str, str | None]:
    """Return what happened to an account, or without an event what is left now.

    That is its `event_type` (None if nothing is known), the `message`, and the
    `balance` with its unit (None if it is not known).
    """
    sentences = await async_get_sentences(hass)
    coordinator = async_get_fresh(entry)
    balance = None
    if coordinator:
        unit = coordinator.unit
        left = unit.amount(coordinator.data.account.left)
        balance = sentences.amount(left, unit.currency)
        event_type = event_type or _EVENT_OF_LEVEL[coordinator.data.spending.level]
    message = (
        sentences.event(event_type, attributes, balance)
        if event_type
        else sentences.sentence("unknown")
    )
    return {"event_type": event_type, "message": message, "balance": balance}


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def _time(text: str) -> str:
    """Return a moment (ISO 8601) as local date and time; anything else as it is."""
    with suppress(ValueError, OverflowError):
        if moment := dt_util.parse_datetime(text):
            return f"{dt_util.as_local(moment):%Y-%m-%d %H:%M}"
    return text
