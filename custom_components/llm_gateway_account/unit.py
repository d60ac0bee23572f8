"""The unit in which an account's amounts are shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from .const import CONF_CURRENCY, CONF_POINTS_PER_UNIT
from .gateway import POINTS


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """A currency and its worth in quota points; or the points themselves."""

    currency: str
    """Code of a currency (ISO 4217), or POINTS."""
    points_per_unit: float

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """Return the unit that the options of a config entry settle."""
        currency = options[CONF_CURRENCY]
        return cls(
            currency=currency,
            points_per_unit=1 if currency == POINTS else options[CONF_POINTS_PER_UNIT],
        )

    @property
    def is_money(self) -> bool:
        """Whether amounts are money."""
        return self.currency != POINTS

    def amount(self, points: float) -> float:
        """Return points as an amount, to a millionth.

        That is half a point where 500000 make a unit.
        """
        if self.points_per_unit == 1:
            return points
        return round(points / self.points_per_unit, 6)

    def points(self, amount: float) -> float:
        """Return an amount as points."""
        return amount * self.points_per_unit
