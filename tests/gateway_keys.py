"""The API keys at the simulated gateway: how they are used, and how forks list them.

Sources: `controller/token.go` and `model/token.go` of the forks, `common/page_info.go`
of new-api, `model/common.go` of one-hub, and answers of builds of all of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from typing import Any

from .gateway_books import Books, now

KEYS = "/api/token/"

# What a row may carry that must never leave this integration.
PLANTED_IN_KEYS = {
    "key": "planted-key",
    # What newer servers still show of it.
    "begin": "sKQz",
    "end": "WxYz",
    "address": "192.0.2.77",
    "model": "planted-model",
    "more": "planted-more-of-a-key",
}

ENABLED, DISABLED, EXPIRED, USED_UP = 1, 2, 3, 4
TOO_MANY_ROWS = "size 参数不能超过 100"


@dataclass
class ServerKey:
    """A key as the server keeps it. Edit it at any time."""

    id: int
    name: str
    created_time: int
    status: int = ENABLED
    remain_quota: int = 0
    unlimited_quota: bool = True
    used_quota: int = 0
    expired_time: int = -1
    accessed_time: int = 0
    group: str = ""

    @property
    def secret(self) -> str:
        """What makes it work."""
        planted = PLANTED_IN_KEYS
        return f"{planted['begin']}{planted['key']}{self.id:029}{planted['end']}"

    def base(self, key: str) -> dict[str, Any]:
        """Return the fields that every fork answers."""
        return {
            "id": self.id,
            "user_id": 3,
            "key": key,
            "status": self.status,
            "name": self.name,
            "created_time": self.created_time,
            "accessed_time": self.accessed_time,
            "expired_time": self.expired_time,
            "remain_quota": self.remain_quota,
            "unlimited_quota": self.unlimited_quota,
            "used_quota": self.used_quota,
        }


def _one_api(key: ServerKey) -> dict[str, Any]:
    return key.base(key.secret) | {
        "models": PLANTED_IN_KEYS["model"],
        "subnet": f"{PLANTED_IN_KEYS['address']}/32",
    }


def _hub(key: ServerKey) -> dict[str, Any]:
    limits = {
        "limit_model_setting": {"enabled": True, "models": [PLANTED_IN_KEYS["model"]]},
        "limits_ip_setting": {"enabled": True, "whitelist": PLANTED_IN_KEYS["address"]},
    }
    heartbeat = {"enabled": False, "timeout_seconds": 0}
    return key.base(key.secret) | {
        "group": key.group,
        "backup_group": "",
        "setting": {"heartbeat": heartbeat, "limits": limits},
    }


def _veloera(key: ServerKey) -> dict[str, Any]:
    return key.base(key.secret) | {
        "model_limits_enabled": True,
        "model_limits": PLANTED_IN_KEYS["model"],
        "allow_ips": PLANTED_IN_KEYS["address"],
        "group": key.group,
        "DeletedAt": None,
    }


def _new_api(key: ServerKey) -> dict[str, Any]:
    masked = f"{key.secret[:4]}**********{key.secret[-4:]}"
    return _veloera(key) | {"key": masked, "cross_group_retry": False}


def _new_api_2026_08(key: ServerKey) -> dict[str, Any]:
    return _new_api(key) | {"auto_groups": None}


def _shell_api(key: ServerKey) -> dict[str, Any]:
    """Return a row as the documents of the Shell-API line have it."""
    return _veloera(key) | {
        "billing_type": 1,
        "remark": PLANTED_IN_KEYS["more"],
        "ip_whitelist": PLANTED_IN_KEYS["address"],
        "is_initial_token": False,
    }


class Paging(StrEnum):
    """How a fork answers a part of the list."""

    LIST = "p from 0, a bare list"
    ITEMS = "p from 1, items and their total"
    DATA = "page from 1, data and their total"


@dataclass(frozen=True)
class KeyList:
    """What the list of one fork looks like from outside."""

    row: Callable[[ServerKey], dict[str, Any]]
    paging: Paging
    has_size: bool = True
    """Whether it minds how many rows are asked for."""
    counts_unlimited: bool = True
    """Whether it notes what keys without a limit spend, and when."""


ONE_API_KEYS = KeyList(_one_api, Paging.LIST, has_size=False, counts_unlimited=False)
ONE_HUB_KEYS = KeyList(_hub, Paging.DATA, counts_unlimited=False)
DONE_HUB_KEYS = KeyList(_hub, Paging.DATA)
VELOERA_KEYS = KeyList(_veloera, Paging.LIST)
"""Also those of new-api until July 2025."""
NEW_API_KEYS = KeyList(_new_api, Paging.ITEMS)
NEW_API_2026_08_KEYS = KeyList(_new_api_2026_08, Paging.ITEMS)
SHELL_API_KEYS = KeyList(_shell_api, Paging.LIST, has_size=False)


class Keys:
    """The keys of one account."""

    def __init__(self, books: Books, clock: Callable[[], float] = now) -> None:
        """Start without any; `clock` returns Unix seconds."""
        self.books = books
        self.clock = clock
        self.by_id: dict[int, ServerKey] = {}
        self._numbers = count(1)

    def create(self, name: str, **fields: Any) -> ServerKey:
        """Make a key; with a `remain_quota` it has a limit."""
        moment = int(self.clock())
        limit = {"unlimited_quota": False} if "remain_quota" in fields else {}
        key = ServerKey(
            next(self._numbers),
            name,
            **{"created_time": moment, "accessed_time": moment} | limit | fields,
        )
        self.by_id[key.id] = key
        return key

    def delete(self, key: ServerKey) -> None:
        """Delete a key for good."""
        del self.by_id[key.id]

    def use(
        self, key: ServerKey, keys: KeyList, quota: int, model: str = "gpt-5"
    ) -> None:
        """Let a key pay for a request that ends now, in the way of a fork."""
        self.books.spend(model, quota, key=key.name)
        if keys.counts_unlimited or not key.unlimited_quota:
            key.remain_quota -= quota
            key.used_quota += quota
            key.accessed_time = int(self.clock())

    def answer(
        self, keys: KeyList | None, path: str, query: Mapping[str, str]
    ) -> dict[str, Any] | None:
        """Return the body that a fork answers; None where it does not have the path."""
        if keys is None or path != KEYS:
            return None
        newest_first = sorted(self.by_id.values(), key=lambda key: -key.id)
        size = _number(query, "size") or 10
        page = _number(query, "page" if keys.paging is Paging.DATA else "p")
        if keys.paging is Paging.DATA and size > 100:
            return {"success": False, "message": TOO_MANY_ROWS}
        size = min(size, 100) if keys.has_size else 10
        if keys.paging is not Paging.LIST:
            page = max(page, 1) - 1
        rows = [keys.row(each) for each in newest_first[page * size :][:size]]
        data: Any = rows
        if keys.paging is Paging.ITEMS:
            data = {"page": page + 1, "page_size": size, "total": len(newest_first)}
            data["items"] = rows
        if keys.paging is Paging.DATA:
            data = {"data": rows, "page": page + 1, "size": size}
            data["total_count"] = len(newest_first)
        return {"success": True, "message": "", "data": data}


def _number(query: Mapping[str, str], name: str) -> int:
    return int(text) if (text := query.get(name, "")).isdecimal() else 0
