"""What API keys spent today: asked of those that were used, if somebody looks at it."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .books import Book
from .device import async_is_enabled
from .gateway import (
    AbsentError,
    ApiKey,
    GatewayError,
    KeyListing,
    OtherShapeError,
)

if TYPE_CHECKING:
    from .coordinator import AccountCoordinator
    from .data import AccountConfigEntry

SPENT_TODAY = "spent_today"


class _Sum(NamedTuple):
    day: str
    use: object
    """What changes whenever the key is used, as it was before the question."""
    points: float


class KeySums:
    """Sums of the local day, one request each; the gateway adds up by name."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: AccountConfigEntry,
        account: AccountCoordinator,
    ) -> None:
        """Start without any."""
        self.book = Book()
        self.without: frozenset[int] = frozenset()
        """Keys of a name that others have too, or of none: their sum is not known."""
        self._hass = hass
        self._entry = entry
        self._account = account
        self._sums: dict[int, _Sum] = {}

    def today(self) -> dict[int, float]:
        """Return the points of keys that have a sum. A key not used since has none."""
        day = _day(dt_util.now())
        return {
            key: each.points if each.day == day else 0
            for key, each in self._sums.items()
            if key not in self.without
        }

    async def async_read(
        self, keys: Mapping[int, ApiKey], listing: KeyListing, account_use: object
    ) -> bool:
        """Ask for the sums of shown keys that were used; tell whether to ask again.

        Without an answer they stay, but are not those of another day. `account_use`
        changes whenever any key is used, which is all there is where the gateway does
        not note what a key spends.
        """
        self._sums = {key: each for key, each in self._sums.items() if key in keys}
        # A database may take large letters for small ones, and not mind spaces.
        names = Counter(_plain(each.name) for each in listing.keys.values())
        self.without = frozenset(
            key
            for key, each in keys.items()
            if not _plain(each.name) or names[_plain(each.name)] > 1
        )
        failure: GatewayError | None = None
        for key in keys.values():
            use = (key.used_quota, key.last_used_at) if key.is_counted else account_use
            before = self._sums.get(key.id)
            if (before and before.use == use) or not self._is_wanted(key):
                continue
            now = dt_util.now()
            if failure is None:
                try:
                    points = await self._async_ask(key.name, now)
                except GatewayError as err:
                    failure = err
                else:
                    self._sums[key.id] = _Sum(day=_day(now), use=use, points=points)
            if failure and before and before.day != _day(now):
                del self._sums[key.id]
        return not isinstance(failure, AbsentError | OtherShapeError | None)

    async def _async_ask(self, name: str, now: datetime) -> float:
        start = dt_util.start_of_local_day(now)
        return await self.book.async_ask(
            self._account.client.async_get_spent,
            int(start.timestamp()),
            int(now.timestamp()),
            key_name=name,
        )

    def _is_wanted(self, key: ApiKey) -> bool:
        """Tell whether the sensor of the sum is enabled."""
        if key.id in self.without:
            return False
        return async_is_enabled(
            self._hass, self._entry, Platform.SENSOR, f"key_{key.id}_{SPENT_TODAY}"
        )


def _day(moment: datetime) -> str:
    return moment.date().isoformat()


def _plain(name: str) -> str:
    return name.strip().casefold()
