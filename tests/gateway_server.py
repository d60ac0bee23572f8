"""A gateway on loopback that plays every fork of the family and every fault.

The bodies, headers and refusals are those of `middleware/auth.go`,
`controller/user.go` and `controller/misc.go` of the forks, and of the API document
of the V-API gateway. The demo runs the same server.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
import json
import re
import ssl
from typing import Any, override

from aiohttp import web

from .gateway_books import Books, Keeping, now
from .gateway_keys import (
    DONE_HUB_KEYS,
    KEYS,
    NEW_API_2026_08_KEYS,
    NEW_API_KEYS,
    ONE_API_KEYS,
    ONE_HUB_KEYS,
    SHELL_API_KEYS,
    VELOERA_KEYS,
    KeyList,
    Keys,
)
from .gateway_notices import (
    CHECK_IN,
    OWN_GROUPS,
    PUBLIC_GROUPS,
    VELOERA_CHECK_IN,
    Board,
    Operator,
)
from .gateway_plans import PLAN_TITLES, PLANS, PlanList, Plans

ACCESS_TOKEN = "5b1f2c9e0d7a48e3a6c4f09b8d2e7a11"  # pragma: allowlist secret
USER_ID = 4711

NO_BOARD = Board()
HUB_BOARD = Board(groups=PUBLIC_GROUPS)
NEW_API_BOARD = Board(CHECK_IN, OWN_GROUPS, has_announcements=True)
VELOERA_BOARD = Board(VELOERA_CHECK_IN, OWN_GROUPS)

# Everything an answer may carry that must never leave this integration.
PLANTED_SECRETS = {
    "email": "planted-mail@example.invalid",
    "github_id": "planted-github",
    "wechat_id": "planted-wechat",
    "oidc_id": "planted-oidc",
    "google_id": "planted-google",
    "telegram_id": "planted-telegram",
    "linux_do_id": "planted-linuxdo",
    "stripe_customer": "planted-stripe",
    "aff_code": "planted-invite-code",
    "verification_code": "planted-verification",
    "password": "planted-password",
    "webhook_secret": "planted-webhook",
}
TELEGRAM_NUMBER = 8_100_000_001


@dataclass
class ServerAccount:
    """An account as the server keeps it."""

    id: int = USER_ID
    access_token: str = ACCESS_TOKEN
    username: str = "planted-username"
    display_name: str = "planted-display-name"
    role: int = 1
    status: int = 1
    quota: int = 6_172_500
    used_quota: int = 18_827_500
    request_count: int = 4242
    group: str = "default"
    aff_count: int = 3
    aff_quota: int = 250_000
    aff_history_quota: int = 1_250_000
    created_at: int = 1_735_689_600
    last_login_at: int = 1_763_800_000
    last_login_ip: str = "198.51.100.23"
    bonus_quota: int = 1_000_000
    group_ratio: float = 1

    def leave(self, quota: int) -> None:
        """Spend, or top up, until so much is left."""
        self.used_quota += max(self.quota - quota, 0)
        self.quota = quota

    def base(self) -> dict[str, Any]:
        """Return the fields that every fork answers."""
        return {
            "id": self.id,
            "username": self.username,
            "display_name": self.display_name,
            "role": self.role,
            "status": self.status,
            "email": PLANTED_SECRETS["email"],
            "github_id": PLANTED_SECRETS["github_id"],
            "wechat_id": PLANTED_SECRETS["wechat_id"],
            "quota": self.quota,
            "used_quota": self.used_quota,
            "request_count": self.request_count,
            "group": self.group,
            "aff_code": PLANTED_SECRETS["aff_code"],
            "inviter_id": 0,
        }


def _v_api(account: ServerAccount) -> dict[str, Any]:
    return account.base() | {
        "password": "",
        "oidc_id": PLANTED_SECRETS["oidc_id"],
        "google_id": PLANTED_SECRETS["google_id"],
        "verification_code": "",
        "access_token": None,
        "can_use_self_group": True,
        "aff_count": account.aff_count,
        "aff_quota": account.aff_quota,
        "aff_history_quota": account.aff_history_quota,
        "created_at": account.created_at,
        "last_login_at": account.last_login_at,
        "last_login_ip": account.last_login_ip,
        "deleted_at": None,
        "group_ratio": account.group_ratio,
        "topup_ratio": 1,
    }


def _one_api(account: ServerAccount) -> dict[str, Any]:
    return account.base() | {
        "password": "",
        "lark_id": "",
        "oidc_id": PLANTED_SECRETS["oidc_id"],
        "verification_code": "",
        "access_token": "",
    }


def _one_hub(account: ServerAccount) -> dict[str, Any]:
    return account.base() | {
        "password": "",
        "avatar_url": "",
        "oidc_id": PLANTED_SECRETS["oidc_id"],
        "github_id_new": 0,
        "telegram_id": TELEGRAM_NUMBER,
        "lark_id": "",
        "verification_code": "",
        "access_token": account.access_token,
        "aff_count": account.aff_count,
        "aff_quota": account.aff_quota,
        "aff_history_quota": account.aff_history_quota,
        "last_login_time": account.last_login_at,
        "last_login_ip": account.last_login_ip,
        "created_time": account.created_at,
    }


def _done_hub(account: ServerAccount) -> dict[str, Any]:
    return _one_hub(account) | {
        "linuxdo_id": 0,
        "linuxdo_username": "",
        "linuxdo_trust_level": 0,
        "invite_code": "",
        "agreed": False,
        "agreed_user_agreement_version": "",
        "agreed_privacy_policy_version": "",
        "need_agree_user_agreement": False,
        "need_agree_privacy_policy": False,
        "used_invite_code": "",
        "quota_remind_threshold": None,
        "quota_remind_enabled": None,
    }


def _setting(account: ServerAccount) -> dict[str, Any]:
    """Return what every new-api and Veloera has besides."""
    return account.base() | {
        "oidc_id": PLANTED_SECRETS["oidc_id"],
        "telegram_id": PLANTED_SECRETS["telegram_id"],
        "linux_do_id": PLANTED_SECRETS["linux_do_id"],
        "aff_count": account.aff_count,
        "aff_quota": account.aff_quota,
        "aff_history_quota": account.aff_history_quota,
        "setting": json.dumps(
            {
                "notify_type": "webhook",
                "webhook_secret": PLANTED_SECRETS["webhook_secret"],
                "notification_email": PLANTED_SECRETS["email"],
            }
        ),
    }


def _new_api(account: ServerAccount) -> dict[str, Any]:
    """Answer the fixed list of `GetSelf`."""
    return _setting(account) | {
        "discord_id": "",
        "stripe_customer": PLANTED_SECRETS["stripe_customer"],
        "permissions": {"sidebar_settings": True, "sidebar_modules": {"admin": False}},
        "sidebar_modules": json.dumps({"chat": {"enabled": True}}),
    }


def _veloera(account: ServerAccount) -> dict[str, Any]:
    return _setting(account) | {
        "password": "",
        "verification_code": "",
        "access_token": account.access_token,
        "DeletedAt": None,
        "last_check_in_time": "2026-11-22T08:00:00Z",
    }


def _rix_api(account: ServerAccount) -> dict[str, Any]:
    body = account.base() | {
        "access_token": account.access_token,
        "google_id": PLANTED_SECRETS["google_id"],
        "level": "Tier 0",
        "use_group": "default",
        "group_ratio": "{}",
        "bonus_quota": account.bonus_quota,
        "created_at": account.created_at,
        "last_login_at": account.last_login_at,
        "session_version": 1_770_000_000_000_000_000,
        "PushSettings": {"webhook_secret": PLANTED_SECRETS["webhook_secret"]},
        "DeletedAt": None,
    }
    del body["group"]
    return body


OLD_STATUS = {
    "version": "v0.6.10",
    "start_time": 1_763_000_000,
    "system_name": "Example Gateway",
    "logo": "",
    "server_address": "http://localhost:3000",
    "quota_per_unit": 500_000,
    "display_in_currency": True,
}
EXPORTING_STATUS = OLD_STATUS | {"enable_data_export": True}
NEW_STATUS = EXPORTING_STATUS | {
    "version": "v0.9.25",
    "price": 7.3,
    "quota_display_type": "CNY",
    "usd_exchange_rate": 7.3,
    "custom_currency_symbol": "¤",
    "custom_currency_exchange_rate": 1,
}

OLD_REFUSALS = {
    "no_token": (401, "无权进行此操作，未登录且未提供 access token"),
    "bad_token": (200, "无权进行此操作，access token 无效"),
    "no_user_id": (401, "无权进行此操作，未提供 {header}"),
    "bad_user_id": (401, "无权进行此操作，{header} 格式错误"),
    "other_user_id": (401, "无权进行此操作，{header} 与登录用户不匹配，请重新登录"),
    "banned": (200, "用户已被封禁"),
    "not_yours": (200, "无权进行此操作，权限不足"),
}
ENGLISH_REFUSALS = {
    "no_token": (401, "Unauthorized, not logged in and no access token provided"),
    "bad_token": (200, "Unauthorized, invalid access token"),
    "no_user_id": (401, "Unauthorized, {header} header not provided"),
    "bad_user_id": (401, "Unauthorized, {header} format error"),
    "other_user_id": (401, "Unauthorized, {header} does not match logged in user"),
    "banned": (200, "User has been banned"),
    "not_yours": (200, "Unauthorized, insufficient privileges"),
}
CODED_REFUSALS = {
    "no_token": (401, "Unauthorized, no access token provided"),
    "bad_token": (401, "Unauthorized, invalid access token"),
    "banned": (401, "User has been banned"),
    "not_yours": (403, "Unauthorized, insufficient privileges"),
}
CODES = {
    "no_token": "AUTH_UNAUTHORIZED",
    "bad_token": "AUTH_UNAUTHORIZED",
    "banned": "AUTH_USER_DISABLED",
    "not_yours": "AUTH_INSUFFICIENT_PRIVILEGE",
}


@dataclass(frozen=True)
class Fork:
    """What one software of the family demands and answers."""

    name: str
    body: Callable[[ServerAccount], dict[str, Any]]
    user_id_header: str | None = None
    status: dict[str, Any] = field(default_factory=lambda: OLD_STATUS)
    refusals: dict[str, tuple[int, str]] = field(default_factory=lambda: OLD_REFUSALS)
    codes: dict[str, str] = field(default_factory=dict)
    books: Keeping = field(default_factory=Keeping)
    keys: KeyList | None = None
    """None where nobody knows whether there is a list."""
    plans: PlanList | None = None
    """None where there are none."""
    board: Board = NO_BOARD
    """Its check-in, announcements and user groups."""
    retry_after: int | None = None
    """Seconds that an account is told to wait that asks too often."""


V_API = Fork(
    "V-API", _v_api, "X-Api-User", refusals=ENGLISH_REFUSALS, keys=NEW_API_KEYS
)
ONE_API = Fork("one-api", _one_api, books=Keeping(live_days=True), keys=ONE_API_KEYS)
ONE_HUB = Fork(
    "One Hub",
    _one_hub,
    books=Keeping(counted_days=True),
    keys=ONE_HUB_KEYS,
    board=HUB_BOARD,
)
DONE_HUB = Fork(
    "Done Hub",
    _done_hub,
    books=Keeping(counted_days=True),
    keys=DONE_HUB_KEYS,
    board=HUB_BOARD,
)
NEW_API = Fork(
    "New API before rc.22",
    _new_api,
    "New-Api-User",
    NEW_STATUS,
    books=Keeping(rates=True, hourly=True),
    keys=NEW_API_KEYS,
    plans=PlanList.APART,
    board=NEW_API_BOARD,
)
NEW_API_RC22 = Fork(
    "New API since rc.22",
    _new_api,
    status=NEW_STATUS | {"quota_display_type": "USD", "version": "v1.0.0-rc.22"},
    refusals=CODED_REFUSALS,
    codes=CODES,
    books=Keeping(rates=True, hourly=True),
    keys=NEW_API_KEYS,
    plans=PlanList.APART,
    board=NEW_API_BOARD,
)
NEW_API_2026_08 = replace(
    NEW_API_RC22,
    name="New API of August 2026",
    books=Keeping(rates=True, hourly=True, grouped=True, refunds_used_quota=True),
    keys=NEW_API_2026_08_KEYS,
    plans=PlanList.WITH_FALLBACK,
    retry_after=180,
)
VELOERA = Fork(
    "Veloera",
    _veloera,
    "Veloera-User",
    EXPORTING_STATUS,
    books=Keeping(rates=True, hourly=True),
    keys=VELOERA_KEYS,
    board=VELOERA_BOARD,
)
RIX_API = Fork(
    "Rix API",
    _rix_api,
    "Rix-Api-User",
    OLD_STATUS | {"currency_symbol": "USD", "enable_checkin": True},
    keys=SHELL_API_KEYS,
)
FORKS = (
    V_API,
    ONE_API,
    ONE_HUB,
    DONE_HUB,
    NEW_API,
    NEW_API_RC22,
    NEW_API_2026_08,
    VELOERA,
    RIX_API,
)

type Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class GatewayServer:
    """The server. Set `fork`, `account` or `fault` at any time."""

    def __init__(
        self,
        fork: Fork = V_API,
        *,
        clock: Callable[[], float] = now,
        **account: Any,
    ) -> None:
        """Play a fork with one account; nothing listens yet. `clock` is for books."""
        self.fork = fork
        self.account = ServerAccount(**account)
        self.more_accounts: list[ServerAccount] = []
        self.bearer = True
        """Whether the token is taken in the form `Bearer <token>`."""
        self.fault: Handler | None = None
        """Answers in place of the gateway, while it is set."""
        self.status_fault: Handler | None = None
        """The same, for the public self-description only."""
        self.books_fault: Handler | None = None
        """The same, for all but the account itself and the self-description."""
        self.keys_fault: Handler | None = None
        """The same, for the list of API keys only."""
        self.plans_fault: Handler | None = None
        """The same, for the plans only."""
        self.asked_too_often = False
        """Whether everybody is refused for that."""
        self.requests: list[web.BaseRequest] = []
        self.clock = clock
        self.operator = Operator(clock)
        """Sets check-in, notices and user groups."""
        self._books: dict[int, Books] = {}
        self._keys: dict[int, Keys] = {}
        self._plans: dict[int, Plans] = {}
        self.url = ""
        self.port = 0
        self._runner: web.ServerRunner | None = None

    async def start(self, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        """Listen on loopback; port 0 takes a free one."""
        server = web.Server(self.handle, access_log=None)
        self._runner = web.ServerRunner(server, handle_signals=False)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port, ssl_context=tls).start()
        self.port = self._runner.addresses[0][1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    async def stop(self) -> None:
        """Stop listening and drop every connection."""
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    @property
    def books(self) -> Books:
        """What the gateway recorded of its account."""
        return self.books_of(self.account)

    def books_of(self, account: ServerAccount) -> Books:
        """Return what it recorded of one of its accounts."""
        if id(account) not in self._books:
            self._books[id(account)] = Books(account, self.clock)
        return self._books[id(account)]

    @property
    def keys(self) -> Keys:
        """The API keys of its account."""
        return self.keys_of(self.account)

    def keys_of(self, account: ServerAccount) -> Keys:
        """Return the API keys of one of its accounts."""
        if id(account) not in self._keys:
            self._keys[id(account)] = Keys(self.books_of(account), self.clock)
        return self._keys[id(account)]

    @property
    def plans(self) -> Plans:
        """The plans of its account."""
        return self.plans_of(self.account)

    def plans_of(self, account: ServerAccount) -> Plans:
        """Return the plans of one of its accounts."""
        if id(account) not in self._plans:
            self._plans[id(account)] = Plans(self.books_of(account), self.clock)
        return self._plans[id(account)]

    def refund(self, quota: int) -> None:
        """Give back what a failed task had cost, in the way of the fork."""
        lowers = self.fork.books.refunds_used_quota
        self.books.refund(quota, lowers_used_quota=lowers)

    def paths(self) -> list[str]:
        """Return the paths asked for so far."""
        return [request.path for request in self.requests]

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request."""
        self.requests.append(request)
        if fault := self._fault_at(request.path):
            return await fault(request)
        if request.path == "/api/status":
            return self._json(request, {"success": True, "data": self._status()})
        if request.path == "/api/user/self":
            return self._self(request)
        if answer := self._public(request) or self._recorded(request):
            return answer
        if request.path.startswith(("/api", "/v1")):
            message = f"Invalid URL ({request.method} {request.path})"
            return self._json(
                request,
                {"error": {"message": message, "type": "invalid_request_error"}},
                404,
            )
        return web.Response(text=INDEX_HTML, content_type="text/html")

    def _fault_at(self, path: str) -> Handler | None:
        if self.asked_too_often:
            return self._refuse_for_now
        if path == "/api/status":
            return self.status_fault
        if path == "/api/user/self":
            return self.fault
        if path.startswith(KEYS) and self.keys_fault:
            return self.keys_fault
        if path in {PLANS, PLAN_TITLES} and self.plans_fault:
            return self.plans_fault
        return self.fault or self.books_fault

    async def _refuse_for_now(self, request: web.BaseRequest) -> web.StreamResponse:
        wait = self.fork.retry_after
        return web.Response(
            status=429, headers={"Retry-After": str(wait)} if wait else {}
        )

    def _status(self) -> dict[str, Any]:
        status = self.fork.status | self.operator.status(self.fork.board)
        if "enable_data_export" in status:
            status = status | {"enable_data_export": self.books.data_export}
        return status

    def _self(self, request: web.BaseRequest) -> web.StreamResponse:
        asking = self._asking(request)
        if isinstance(asking, str):
            return self._refuse(request, asking)
        self.plans_of(asking).run_tasks()
        return self._json(
            request, {"success": True, "message": "", "data": self.fork.body(asking)}
        )

    def _public(self, request: web.BaseRequest) -> web.StreamResponse | None:
        """Answer what everybody may see, whatever token is sent along."""
        answer = self.operator.public(self.fork.board, request.path)
        return self._json(request, answer) if answer else None

    def _recorded(self, request: web.BaseRequest) -> web.StreamResponse | None:
        """Answer from the books; None where the fork does not have the path."""
        asking = self._asking(request)
        account = self.account if isinstance(asking, str) else asking
        answer = (
            self.books_of(account).answer(self.fork.books, request.path, request.query)
            or self.keys_of(account).answer(self.fork.keys, request.path, request.query)
            or self.plans_of(account).answer(self.fork.plans, request.path)
            or self.operator.answer(
                self.fork.board, request.method, request.path, account
            )
        )
        # What stands here might be the ID of a user, whom only administrators see.
        if answer is None and not re.fullmatch(r"/api/user/[^/]+", request.path):
            return None
        if isinstance(asking, str):
            return self._refuse(request, asking)
        if answer is None:
            return self._refuse(request, "not_yours")
        return self._json(request, answer)

    def _asking(self, request: web.BaseRequest) -> ServerAccount | str:
        """Return the account that asks, or why none does.

        Checked in the order of the forks' own `authHelper`.
        """
        header = self.fork.user_id_header
        given = request.headers.get("Authorization", "")
        user_id = request.headers.get(header, "") if header else ""
        # The family removes exactly this, with exactly this capital letter.
        token = given.replace("Bearer ", "", 1) if self.bearer else given
        account = next(
            (
                each
                for each in (self.account, *self.more_accounts)
                if each.access_token == token
            ),
            None,
        )
        if account is None:
            return "bad_token" if given else "no_token"
        if header and not user_id:
            return "no_user_id"
        if header and not user_id.isdecimal():
            return "bad_user_id"
        if header and int(user_id) != account.id:
            return "other_user_id"
        return account if account.status == 1 else "banned"

    def _refuse(self, request: web.BaseRequest, kind: str) -> web.StreamResponse:
        return self._json(request, *self.refusal(kind))

    def refusal(self, kind: str) -> tuple[dict[str, Any], int]:
        """Return body and status of a refusal in the words of the fork."""
        status, message = self.fork.refusals[kind]
        body: dict[str, Any] = {
            "success": False,
            "message": message.format(header=self.fork.user_id_header),
        }
        if kind in self.fork.codes:
            body["code"] = self.fork.codes[kind]
        return body, status

    @staticmethod
    def _json(
        request: web.BaseRequest, body: Any, status: int = 200
    ) -> web.StreamResponse:
        response = web.json_response(
            body, status=status, headers={"X-Oneapi-Request-Id": "20261123"}
        )
        # As `gzip.Gzip` on /api does.
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            response.enable_compression(web.ContentCoding.gzip)
        return response


class GatewaysBelowPaths(GatewayServer):
    """A host with a web page, and gateways below some of its paths."""

    def __init__(self, gateways: dict[str, GatewayServer]) -> None:
        """Take gateways by their paths (`/newapi`); they do not listen themselves."""
        super().__init__()
        self.gateways = gateways

    @override
    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        # The longest path first: one may be below another, or below none.
        for path, gateway in sorted(self.gateways.items(), reverse=True):
            if request.path.startswith(f"{path}/"):
                below = request.path.removeprefix(path)
                return await gateway.handle(request.clone(rel_url=below))
        return web.Response(text=INDEX_HTML, content_type="text/html")


INDEX_HTML = "<!doctype html><html><head><title>Gateway</title></head></html>"


def answering(
    status: int = 200,
    body: bytes | str | dict[str, Any] | list[Any] = b"",
    headers: dict[str, str] | None = None,
) -> Handler:
    """Return a fault that answers the same to everything."""
    if isinstance(body, dict | list):
        body = json.dumps(body)
    raw = body.encode() if isinstance(body, str) else body

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(
            status=status,
            body=raw,
            headers={"Content-Type": "application/json", **(headers or {})},
        )

    return handler


def secrets_of(account: ServerAccount) -> Iterator[str]:
    """Yield everything that must never be seen outside."""
    yield from PLANTED_SECRETS.values()
    yield str(TELEGRAM_NUMBER)
    yield account.access_token
    yield account.username
    yield account.display_name
    yield account.last_login_ip


def told_by(error: BaseException | None) -> str:
    """Return all that an error tells, with everything it drags along."""
    told = ""
    while error:
        told += f"{error!r} {error} {error.args!r} {vars(error)!r}\n"
        error = error.__cause__ or error.__context__
    return told
