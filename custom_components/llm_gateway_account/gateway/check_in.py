"""The daily check-in, for which some gateways give a little credit.

Sources: `controller/checkin.go` and `model/checkin.go` of new-api, `controller/user.go`
and `model/user.go` of Veloera, and answers of builds of both.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple, Self

from .errors import OtherShapeError
from .values import storable


class CheckInKind(StrEnum):
    """Whose check-in a gateway has."""

    NEW_API = "new_api"
    """The day is that of the server, in a time zone that it does not tell."""
    VELOERA = "veloera"
    """The day is that of UTC."""

    @property
    def status_path(self) -> str:
        """Where it tells whether somebody checked in today."""
        is_veloera = self is CheckInKind.VELOERA
        return "api/user/check_in_status" if is_veloera else "api/user/checkin"

    @property
    def path(self) -> str:
        """Where to check in."""
        is_veloera = self is CheckInKind.VELOERA
        return "api/user/check_in" if is_veloera else "api/user/checkin"


class CheckIn(NamedTuple):
    """Whether an account was checked in today, on the day of the server."""

    is_open: bool
    awarded: float | None = None
    """Points of today's check-in; None before it, and where a gateway does not tell."""

    @classmethod
    def from_payload(cls, data: Any) -> Self:
        """Read the `data` of an answer. Raises OtherShapeError if it does not tell."""
        if isinstance(data, Mapping):
            if isinstance(can := data.get("can_check_in"), bool):
                return cls(is_open=can)
            stats = data.get("stats")
            done = isinstance(stats, Mapping) and stats.get("checked_in_today")
            if isinstance(stats, Mapping) and isinstance(done, bool):
                return cls(is_open=not done, awarded=_latest(stats) if done else None)
        raise OtherShapeError("the answer does not tell of a check-in")


def awarded(data: Any) -> float:
    """Return the points of a check-in from the `data` of the answer to it.

    Raises OtherShapeError if it does not tell.
    """
    if isinstance(data, Mapping):
        points = storable(data.get("quota_awarded", data.get("quota")))
        if points is not None and points >= 0:
            return points
    raise OtherShapeError("the answer does not tell what was awarded")


def _latest(stats: Mapping[str, Any]) -> float | None:
    """Return the points of the latest check-in of the month."""
    records = stats.get("records")
    days = {
        str(row.get("checkin_date")): storable(row.get("quota_awarded"))
        for row in (records if isinstance(records, list) else ())
        if isinstance(row, Mapping)
    }
    points = days[max(days)] if days else None
    return points if points is not None and points >= 0 else None
