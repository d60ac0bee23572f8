"""Check-in, notices and user groups of the simulated gateway, as each fork has them.

Sources: `controller/checkin.go`, `model/checkin.go`, `controller/group.go` and
`controller/misc.go` of new-api, `controller/user.go` of Veloera, `controller/group.go`
of one-hub, and answers of builds of all of them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from .gateway_books import now

NOTICE = "/api/notice"
OWN_GROUPS = "/api/user/self/groups"
PUBLIC_GROUPS = "/api/user_group_map"
CHECK_IN = "/api/user/checkin"
VELOERA_CHECK_IN = "/api/user/check_in"
VELOERA_CHECK_IN_STATUS = "/api/user/check_in_status"

SWITCHED_OFF = "签到功能未启用"
DONE_ALREADY = "今日已签到"
WANTS_BROWSER = "Turnstile token 为空"


@dataclass(frozen=True)
class Board:
    """What one fork has of all that."""

    check_in: str | None = None
    """The path that checks in."""
    groups: str | None = None
    """The path of its list."""
    has_announcements: bool = False

    @property
    def check_in_status(self) -> str | None:
        """The path that tells whether it was done."""
        is_veloera = self.check_in == VELOERA_CHECK_IN
        return VELOERA_CHECK_IN_STATUS if is_veloera else self.check_in


class Purse(Protocol):
    """What is credited: the account as the server keeps it."""

    quota: int


@dataclass
class Operator:
    """What the operator of a gateway has set, the same for all accounts."""

    clock: Callable[[], float] = now
    check_in_enabled: bool = False
    turnstile: bool = False
    award: int = 1340
    """Points of the next check-in."""
    utc_offset: timedelta = timedelta(hours=8)
    """Of the server, in whose day new-api counts; that of Veloera is always UTC."""
    notice: str = ""
    announcements: list[dict[str, Any]] = field(default_factory=list)
    announcements_enabled: bool = True
    ratios: dict[str, Any] = field(
        default_factory=lambda: {"default": 1, "vip": 0.8, "auto": "自动"}
    )
    done: dict[int, dict[str, int]] = field(default_factory=dict)
    """The points that accounts got by day, by what tells the account."""

    def announce(self, content: str, **fields: Any) -> None:
        """Publish an announcement."""
        row = {
            "content": content,
            "publishDate": datetime.fromtimestamp(self.clock(), UTC).isoformat(),
            "type": "default",
            "extra": "",
        }
        self.announcements.insert(0, row | fields)

    def day(self, board: Board) -> str:
        """Return today, in the time zone that counts."""
        is_utc = board.check_in == VELOERA_CHECK_IN
        offset = timedelta(0) if is_utc else self.utc_offset
        moment = datetime.fromtimestamp(self.clock(), UTC) + offset
        return moment.date().isoformat()

    def status(self, board: Board) -> dict[str, Any]:
        """Return what the public page says of it."""
        said: dict[str, Any] = {"turnstile_check": self.turnstile}
        if board.check_in == CHECK_IN:
            said["checkin_enabled"] = self.check_in_enabled
        if board.check_in == VELOERA_CHECK_IN:
            said["check_in_enabled"] = self.check_in_enabled
        if board.groups == PUBLIC_GROUPS:
            said |= {"EnableSafe": False, "PaymentUSDRate": 7.3}
        if board.has_announcements:
            said["announcements_enabled"] = self.announcements_enabled
            if self.announcements_enabled:
                said["announcements"] = self.announcements
        return said

    def check_in(self, board: Board, purse: Purse) -> dict[str, Any]:
        """Check in, as the website or a client does."""
        day, done = self.day(board), self.done.setdefault(id(purse), {})
        if not self.check_in_enabled:
            return _no(SWITCHED_OFF)
        is_new_api = board.check_in == CHECK_IN
        if is_new_api and self.turnstile:
            return _no(WANTS_BROWSER)
        if day in done:
            return _no(DONE_ALREADY)
        done[day] = self.award
        purse.quota += self.award
        if is_new_api:
            return _yes({"quota_awarded": self.award, "checkin_date": day})
        return _yes({"quota": self.award})

    def check_in_status(self, board: Board, purse: Purse) -> dict[str, Any]:
        """Tell whether it was done today."""
        day, done = self.day(board), self.done.get(id(purse), {})
        if board.check_in == VELOERA_CHECK_IN:
            return _yes({"can_check_in": day not in done})
        if not self.check_in_enabled:
            return _no(SWITCHED_OFF)
        records = [
            {"checkin_date": each, "quota_awarded": done[each]}
            for each in sorted(done, reverse=True)
        ]
        stats = {
            "checked_in_today": day in done,
            "checkin_count": len(done),
            "records": records,
            "total_checkins": len(done),
            "total_quota": sum(done.values()),
        }
        limits = {"enabled": True, "max_quota": 2000, "min_quota": 1000}
        return _yes({**limits, "stats": stats})

    def groups(self, board: Board) -> dict[str, Any]:
        """List the groups."""
        if board.groups == OWN_GROUPS:
            return _yes(
                {
                    each: {"desc": f"{each}分组", "ratio": ratio}
                    for each, ratio in self.ratios.items()
                }
            )
        return _yes(
            {
                each: {
                    "id": number,
                    "symbol": each,
                    "name": f"{each}分组",
                    "ratio": ratio,
                    "api_rate": 600,
                    "public": True,
                    "enable": True,
                }
                for number, (each, ratio) in enumerate(self.ratios.items(), 1)
            }
        )

    def answer(
        self, board: Board, method: str, path: str, purse: Purse
    ) -> dict[str, Any] | None:
        """Return the body for an account; None where the fork has no such path."""
        if method == "POST":
            return self.check_in(board, purse) if path == board.check_in else None
        if path == board.check_in_status:
            return self.check_in_status(board, purse)
        return self.groups(board) if path == board.groups else None

    def public(self, board: Board, path: str) -> dict[str, Any] | None:
        """Return the body for anybody; None where it is not for everybody."""
        if path == NOTICE:
            return _yes(self.notice)
        is_public = path == board.groups == PUBLIC_GROUPS
        return self.groups(board) if is_public else None


def _yes(data: Any) -> dict[str, Any]:
    return {"success": True, "message": "", "data": data}


def _no(message: str) -> dict[str, Any]:
    return {"success": False, "message": message}
