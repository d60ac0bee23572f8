"""An account, and the payload keys in which a gateway sends it.

Sources of the keys and their traps: the API document of the V-API gateway
(https://doc.iqqz.com/vapi/account-info), `model/user.go` of one-api, one-hub,
done-hub, new-api and Veloera, and answers of public sites.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from .errors import InvalidAnswerError
from .values import integer, label, moment, name, number, storable

ENABLED = 1
"""Status of an account that may be used (`UserStatusEnabled`)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """An account at a gateway, as `GET /api/user/self` shows it to its owner.

    Quotas are points, times are aware. Everything but the quota is None where a
    gateway does not have it or, the ID apart, sends something of another type.
    """

    quota: float
    """Points left to spend. May be negative."""
    used_quota: float | None = None
    """Points ever spent, less what was refunded since (new-api from August 2026)."""
    bonus_quota: float | None = None
    """Points of a separate gift balance (Rix API); not part of the quota."""
    request_count: int | None = None
    group: str | None = None
    """Name of the user group; empty for the gateway's default group."""
    group_ratio: float | None = None
    role: int | None = None
    """0 guest, 1 user, 3 reliable user (one-hub, done-hub), 10 administrator, 100 root.
    """
    status: int | None = None
    """ENABLED, 2 disabled, 3 deleted."""
    created_at: datetime | None = None
    last_login_at: datetime | None = None

    # Who the person is: never printed by accident.
    id: int | None = field(default=None, repr=False)
    username: str | None = field(default=None, repr=False)
    display_name: str | None = field(default=None, repr=False)

    @property
    def group_name(self) -> str | None:
        """Name of the user group, which the gateway leaves empty for its default."""
        return "default" if self.group == "" else self.group

    @property
    def left(self) -> float:
        """Return the points that can be spent: quota, and bonus where there is one."""
        return self.quota + (self.bonus_quota or 0)

    @classmethod
    def from_payload(cls, data: Mapping[str, Any]) -> Self:
        """Read the `data` object of an answer.

        Raises InvalidAnswerError if it has no numeric `quota`, as an account without
        a balance is not an account with an empty one, or an `id` that is none.
        """
        return cls(
            quota=_quota(data.get("quota")),
            used_quota=number(data.get("used_quota")),
            bonus_quota=number(data.get("bonus_quota")),
            request_count=integer(data.get("request_count")),
            group=label(data.get("group")),
            group_ratio=storable(data.get("group_ratio")),
            role=integer(data.get("role")),
            status=integer(data.get("status")),
            # one-hub and done-hub call them *_time.
            created_at=moment(data.get("created_at"), data.get("created_time")),
            last_login_at=moment(
                data.get("last_login_at"), data.get("last_login_time")
            ),
            id=_id(data.get("id")),
            username=name(data.get("username")),
            display_name=name(data.get("display_name")),
        )


def _quota(value: Any) -> float:
    """Return the one number no account can do without."""
    if (quota := number(value)) is None:
        raise InvalidAnswerError("the answer holds no quota")
    return quota


def _id(value: Any) -> int | None:
    """Return whose account it is; None where the gateway does not tell.

    One that cannot be read might be anybody's, so it is no answer.
    """
    if value is not None and integer(value) is None:
        raise InvalidAnswerError("the answer holds no readable ID")
    return integer(value)
