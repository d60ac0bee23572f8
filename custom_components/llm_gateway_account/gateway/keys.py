"""The API keys of an account: what each may spend, and never the key itself.

Sources: `controller/token.go` and `model/token.go` of one-api, one-hub, done-hub,
new-api and Veloera, `common/page_info.go` of new-api, the API document of the Shell-API
line, and answers of builds of all but the last.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, Self

from .errors import InvalidAnswerError
from .values import integer, label, moment, number, text

PAGE_SIZE = 100
"""Rows to ask for at once: one-hub and done-hub refuse one more."""

MOST_PAGES = 100
"""What one listing asks at most: a thousand keys at one-api, which lists ten at once.
"""

# Every page size of the family is a multiple of it, so a page that is none is the last.
_SMALLEST_PAGE = 10

# The numbers of `common/constants.go` of one-api, the same in every fork.
_ENABLED = 1
_EXPIRED = 3
_USED_UP = 4

# Gateways take 30 or 50 characters, counted in their own way.
_LONGEST_NAME = 100

_LARGEST_ID = 2**63


class KeyStatus(StrEnum):
    """Whether a key may be used, and why not."""

    ACTIVE = "active"
    DISABLED = "disabled"
    EXPIRED = "expired"
    USED_UP = "used_up"


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiKey:
    """An API key, as its owner sees it in the list of the gateway.

    Quotas are points, times are aware; None where a gateway does not tell.
    """

    id: int
    """Stays when the key is edited; the gateway gives no number twice."""
    name: str = field(repr=False)
    """What its owner called it. May be empty, and that of several keys."""
    status: int | None = None
    """As the gateway stored it: see `status_at`."""
    remaining_quota: float | None = None
    """Points it may still spend if the account has them; None if it has no limit."""
    used_quota: float | None = None
    """Points it spent. Falls when the gateway gives some back."""
    is_unlimited: bool = False
    expires_at: datetime | None = None
    """None if never."""
    last_used_at: datetime | None = None
    """None if never."""
    group: str | None = None
    """Name of its user group; empty for that of the account."""
    created_at: datetime | None = None

    @classmethod
    def from_row(cls, row: Any) -> Self | None:
        """Read a row of the list; None if it is no key.

        What else is in a row, such as the secret and the addresses it may be used
        from, is not taken over.
        """
        number_of_key = integer(row.get("id")) if isinstance(row, Mapping) else None
        if number_of_key is None or not 0 < number_of_key < _LARGEST_ID:
            return None
        is_unlimited = row.get("unlimited_quota") is True
        created_at, used_at = moment(row.get("created_time")), row.get("accessed_time")
        last_used_at = moment(used_at)
        return cls(
            id=number_of_key,
            name=(text(row.get("name")) or "")[:_LONGEST_NAME],
            status=integer(row.get("status")),
            # What stands there for a key without a limit means nothing.
            remaining_quota=None if is_unlimited else number(row.get("remain_quota")),
            used_quota=number(row.get("used_quota")),
            is_unlimited=is_unlimited,
            expires_at=moment(row.get("expired_time")),
            # A key is made with the time of its making in it.
            last_used_at=None if last_used_at == created_at else last_used_at,
            group=label(row.get("group")),
            created_at=created_at,
        )

    @property
    def is_counted(self) -> bool:
        """Whether the gateway notes what it spends.

        one-api and one-hub do not for keys without a limit, which a row does not tell.
        """
        return not self.is_unlimited or bool(self.used_quota)

    def status_at(self, now: datetime) -> KeyStatus:
        """Return whether the gateway lets it through.

        Gateways write down that a key is expired or used up when somebody tries to use
        it, and some never do. Once written, it holds until the owner switches it on.
        """
        if self.status not in {None, _ENABLED, _EXPIRED, _USED_UP}:
            return KeyStatus.DISABLED
        if self.status == _EXPIRED or (self.expires_at and self.expires_at <= now):
            return KeyStatus.EXPIRED
        is_empty = self.remaining_quota is not None and self.remaining_quota <= 0
        if self.status == _USED_UP or is_empty:
            return KeyStatus.USED_UP
        return KeyStatus.ACTIVE


class KeyListing(NamedTuple):
    """The keys of an account, at one time."""

    keys: dict[int, ApiKey]
    """By their IDs."""
    is_complete: bool
    """Whether a key that is not among them is none of the account's."""
    requests: int


class KeyPages:
    """Puts the pages of a listing together, and knows which one to ask for next.

    Three ways to page are in use: `p` from 0 with a bare list as the answer (one-api,
    Veloera, new-api until July 2025), `p` from 1 with `items` and `total` (new-api),
    `page` from 1 with `data` and `total_count` (one-hub, done-hub). Nobody minds the
    names of the others.
    """

    def __init__(self) -> None:
        """Start with the first page, which all call 0 or 1."""
        self._keys: dict[int, ApiKey] = {}
        self._unreadable = 0
        self._page: int | None = 0
        self._requests = 0
        self._is_complete = False
        self._came_twice = False

    @property
    def query(self) -> dict[str, str] | None:
        """The query of the next request; None after the last."""
        if self._page is None or self._requests >= MOST_PAGES:
            return None
        pages = {"p": str(self._page), "page": str(max(self._page, 1))}
        return {**pages, "size": str(PAGE_SIZE)}

    @property
    def listing(self) -> KeyListing:
        """What the pages so far come to."""
        return KeyListing(
            keys=self._keys,
            is_complete=self._is_complete and not self._unreadable,
            requests=self._requests,
        )

    def add(self, data: Any) -> None:
        """Read the `data` of the page that was asked for.

        Raises InvalidAnswerError if it holds no list.
        """
        asked, self._page = self._page or 0, None
        self._requests += 1
        rows, total, answered = _read(data, asked)
        known = len(self._keys)
        for row in rows:
            if (key := ApiKey.from_row(row)) is None:
                self._unreadable += 1
            else:
                self._keys[key.id] = key
        brings_more = len(self._keys) > known
        if total is not None:
            self._is_complete = len(self._keys) + self._unreadable >= total
            is_last = self._is_complete or not brings_more
        else:
            is_last = self._is_complete = (
                not rows or len(rows) % _SMALLEST_PAGE > 0 or len(rows) > PAGE_SIZE
            )
        if is_last:
            return
        if not brings_more:
            # Some count from 1 and take 0 for it; others answer whatever they like.
            if self._came_twice:
                return
            self._came_twice = True
        self._page = answered + 1


def _read(data: Any, asked: int) -> tuple[list[Any], int | None, int]:
    """Return the rows of a page, how many there are in all, and its number."""
    if isinstance(data, list):
        return data, None, asked
    if isinstance(data, Mapping):
        rows = next((data[key] for key in ("items", "data") if key in data), None)
        total = integer(data.get("total", data.get("total_count")))
        # An empty list of Go may be null.
        rows = [] if rows is None and total == 0 else rows
        if isinstance(rows, list):
            answered = integer(data.get("page"))
            return rows, total, max(asked, 1) if answered is None else answered
    raise InvalidAnswerError("the answer holds no list")
