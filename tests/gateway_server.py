"""A gateway on loopback that plays every fork of the family and every fault.

The bodies, headers and refusals are those of `middleware/auth.go`,
`controller/user.go` and `controller/misc.go` of the forks, and of the API document
of the V-API gateway. The demo runs the same server.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
import json
import ssl
from typing import Any, override

from aiohttp import web

ACCESS_TOKEN = "5b1f2c9e0d7a48e3a6c4f09b8d2e7a11"  # pragma: allowlist secret
USER_ID = 4711

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
        "group_ratio": 1,
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


def _new_api(account: ServerAccount) -> dict[str, Any]:
    return account.base() | {
        "password": "",
        "original_password": "",
        "oidc_id": PLANTED_SECRETS["oidc_id"],
        "telegram_id": PLANTED_SECRETS["telegram_id"],
        "linux_do_id": PLANTED_SECRETS["linux_do_id"],
        "verification_code": "",
        "access_token": account.access_token,
        "aff_count": account.aff_count,
        "aff_quota": account.aff_quota,
        "aff_history_quota": account.aff_history_quota,
        "DeletedAt": None,
        "setting": json.dumps(
            {
                "notify_type": "webhook",
                "webhook_secret": PLANTED_SECRETS["webhook_secret"],
                "notification_email": PLANTED_SECRETS["email"],
            }
        ),
        "stripe_customer": PLANTED_SECRETS["stripe_customer"],
    }


def _new_api_rc22(account: ServerAccount) -> dict[str, Any]:
    """Answer the fixed list of `buildSelfUserData`."""
    body = _new_api(account) | {"permissions": {"sidebar_settings": True}}
    for key in ("password", "original_password", "access_token", "DeletedAt"):
        del body[key]
    return body


def _veloera(account: ServerAccount) -> dict[str, Any]:
    return _new_api(account) | {
        "last_check_in_time": "2026-11-22T08:00:00Z",
        "subscription_quota": 0,
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
NEW_STATUS = OLD_STATUS | {
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
}
ENGLISH_REFUSALS = {
    "no_token": (401, "Unauthorized, not logged in and no access token provided"),
    "bad_token": (200, "Unauthorized, invalid access token"),
    "no_user_id": (401, "Unauthorized, {header} header not provided"),
    "bad_user_id": (401, "Unauthorized, {header} format error"),
    "other_user_id": (401, "Unauthorized, {header} does not match logged in user"),
    "banned": (200, "User has been banned"),
}
CODED_REFUSALS = {
    "no_token": (401, "Unauthorized, no access token provided"),
    "bad_token": (401, "Unauthorized, invalid access token"),
    "banned": (401, "User is disabled"),
}
CODES = {
    "no_token": "AUTH_UNAUTHORIZED",
    "bad_token": "AUTH_UNAUTHORIZED",
    "banned": "AUTH_USER_DISABLED",
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


V_API = Fork("V-API", _v_api, "X-Api-User", refusals=ENGLISH_REFUSALS)
ONE_API = Fork("one-api", _one_api)
ONE_HUB = Fork("One Hub", _one_hub)
NEW_API = Fork("New API before rc.22", _new_api, "New-Api-User", NEW_STATUS)
NEW_API_RC22 = Fork(
    "New API since rc.22",
    _new_api_rc22,
    status=NEW_STATUS | {"quota_display_type": "USD", "version": "v1.0.0-rc.22"},
    refusals=CODED_REFUSALS,
    codes=CODES,
)
VELOERA = Fork("Veloera", _veloera, "Veloera-User")
RIX_API = Fork(
    "Rix API",
    _rix_api,
    "Rix-Api-User",
    OLD_STATUS | {"currency_symbol": "USD", "enable_checkin": True},
)
FORKS = (V_API, ONE_API, ONE_HUB, NEW_API, NEW_API_RC22, VELOERA, RIX_API)

type Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class GatewayServer:
    """The server. Set `fork`, `account` or `fault` at any time."""

    def __init__(self, fork: Fork = V_API, **account: Any) -> None:
        """Play a fork with one account; nothing listens yet."""
        self.fork = fork
        self.account = ServerAccount(**account)
        self.more_accounts: list[ServerAccount] = []
        self.bearer = True
        """Whether the token is taken in the form `Bearer <token>`."""
        self.fault: Handler | None = None
        """Answers in place of the gateway, while it is set."""
        self.status_fault: Handler | None = None
        """The same, for the public self-description only."""
        self.requests: list[web.BaseRequest] = []
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

    def paths(self) -> list[str]:
        """Return the paths asked for so far."""
        return [request.path for request in self.requests]

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request."""
        self.requests.append(request)
        if request.path == "/api/status":
            if self.status_fault:
                return await self.status_fault(request)
            return self._json(request, {"success": True, "data": self.fork.status})
        if self.fault:
            return await self.fault(request)
        if request.path == "/api/user/self":
            return self._self(request)
        if request.path.startswith(("/api", "/v1")):
            message = f"Invalid URL ({request.method} {request.path})"
            return self._json(
                request,
                {"error": {"message": message, "type": "invalid_request_error"}},
                404,
            )
        return web.Response(text=INDEX_HTML, content_type="text/html")

    def _self(self, request: web.BaseRequest) -> web.StreamResponse:
        """Check in the order of the forks' own `authHelper`."""
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
            return self._refuse(request, "bad_token" if given else "no_token")
        if header and not user_id:
            return self._refuse(request, "no_user_id")
        if header and not user_id.isdecimal():
            return self._refuse(request, "bad_user_id")
        if header and int(user_id) != account.id:
            return self._refuse(request, "other_user_id")
        if account.status != 1:
            return self._refuse(request, "banned")
        return self._json(
            request, {"success": True, "message": "", "data": self.fork.body(account)}
        )

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
        for path, gateway in self.gateways.items():
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
