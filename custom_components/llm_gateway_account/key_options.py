"""Which API keys of an account are shown, and what of them is worth an event."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any, NamedTuple, Self

from .const import (
    CONF_CHOSEN_KEYS,
    CONF_KEY_EXPIRY_DAYS,
    CONF_KEY_LIMIT,
    CONF_KEY_LIMITS,
    CONF_NEW_KEYS,
    CONF_SHOWN_KEYS,
)
from .gateway import ApiKey
from .unit import Unit

MOST_KEYS = 25
"""Devices that one account gets at most."""

DEFAULT_EXPIRY_DAYS = 7


class ShownKeys(StrEnum):
    """Which keys get a device."""

    NONE = "none"
    ALL = "all"
    """As many as may be, the oldest first."""
    CHOSEN = "chosen"


class KeyOptions(NamedTuple):
    """What the options of an entry say of keys."""

    shown: ShownKeys
    chosen: frozenset[int]
    """IDs of the keys that were chosen."""
    reports_new: bool
    """Whether a key that was not there before is an event."""
    limit: float
    """Points of which a key with less is low; 0 if none is."""
    limits: Mapping[int, float]
    """The same for some keys of their own, by their IDs."""
    expiry: timedelta
    """How long before its end a key expires soon."""

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """Read the options; those of an older version do not speak of keys."""
        unit = Unit.from_options(options)
        limits = options.get(CONF_KEY_LIMITS, {})
        return cls(
            shown=ShownKeys(options.get(CONF_SHOWN_KEYS, ShownKeys.NONE)),
            chosen=frozenset(options.get(CONF_CHOSEN_KEYS, ())),
            reports_new=options.get(CONF_NEW_KEYS, False),
            limit=unit.points(options.get(CONF_KEY_LIMIT, 0)),
            limits={int(key): unit.points(each) for key, each in limits.items()},
            expiry=timedelta(
                days=options.get(CONF_KEY_EXPIRY_DAYS, DEFAULT_EXPIRY_DAYS)
            ),
        )

    @property
    def needs_list(self) -> bool:
        """Whether the gateway has to be asked for its list of keys at all."""
        return self.reports_new or self.shown is not ShownKeys.NONE

    def limit_of(self, key_id: int) -> float:
        """Return of how many points a key with less is low."""
        return self.limits.get(key_id, self.limit)

    def select(self, listed: Iterable[int], kept: Iterable[int]) -> frozenset[int]:
        """Return which of the listed keys are shown.

        `kept` have a device already, which those that are made later do not take away.
        """
        if self.shown is ShownKeys.NONE:
            return frozenset()
        if self.shown is ShownKeys.CHOSEN:
            return self.chosen.intersection(listed)
        listed, stay = frozenset(listed), frozenset(kept)
        free = max(MOST_KEYS - len(stay), 0)
        return (stay & listed).union(sorted(listed - stay)[:free])


def labels_of(keys: Iterable[ApiKey]) -> dict[int, str]:
    """Return what each key is called: by its name, and its ID if that is not enough."""
    names = {key.id: key.name.strip() for key in keys}
    several = {name for name in names.values() if [*names.values()].count(name) > 1}
    return {
        key: f"{name} (#{key})" if name and name in several else name or f"#{key}"
        for key, name in names.items()
    }
