"""The client against a real server: what it sends, and what each answer means."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
import gzip
from unittest.mock import patch

import aiohttp
from aiohttp import web
import pytest

from custom_components.llm_gateway_account.gateway import (
    AccountDisabledError,
    BlockedError,
    CertificateError,
    GatewayClient,
    GatewayError,
    InvalidAnswerError,
    RateLimitedError,
    RedirectedError,
    ServerError,
    Site,
    TokenRefusedError,
    UnreachableError,
    UserIdRefusedError,
    WebPageError,
    client as client_module,
)
from custom_components.llm_gateway_account.gateway.client import (
    MAX_BODY,
    REQUEST_TIMEOUT,
    USER_ID_HEADERS,
)
from tests.gateway_server import (
    ACCESS_TOKEN,
    ENGLISH_REFUSALS,
    FORKS,
    INDEX_HTML,
    NEW_API,
    NEW_API_RC22,
    OLD_REFUSALS,
    USER_ID,
    V_API,
    Fork,
    GatewayServer,
    Handler,
    answering,
    secrets_of,
)

from .conftest import ClientFactory

GOOD = {"success": True, "message": "", "data": {"quota": 7}}


@pytest.mark.parametrize("fork", FORKS, ids=lambda fork: fork.name)
async def test_account_of_every_fork(
    gateway: GatewayServer, client: GatewayClient, fork: Fork
) -> None:
    gateway.fork = fork
    account = await client.async_get_account()
    assert account.id == USER_ID
    assert account.quota == gateway.account.quota
    assert account.used_quota == gateway.account.used_quota
    assert account.request_count == gateway.account.request_count


async def test_request(gateway: GatewayServer, client: GatewayClient) -> None:
    await client.async_get_account()
    (request,) = gateway.requests
    assert (request.method, request.raw_path) == ("GET", "/api/user/self")
    assert request.headers["Authorization"] == f"Bearer {ACCESS_TOKEN}"
    assert request.headers["Accept"] == "application/json"
    assert request.headers["User-Agent"] == "test/1"
    assert {request.headers[name] for name in USER_ID_HEADERS} == {str(USER_ID)}
    assert "Cookie" not in request.headers


async def test_token_as_it_is(
    gateway: GatewayServer, create_client: ClientFactory
) -> None:
    gateway.bearer = False
    with pytest.raises(TokenRefusedError):
        await create_client().async_get_account()
    assert (await create_client(bearer=False).async_get_account()).id == USER_ID


async def test_own_user_id_header(
    gateway: GatewayServer, create_client: ClientFactory
) -> None:
    gateway.fork = Fork("own", V_API.body, "Acme-User", refusals=ENGLISH_REFUSALS)
    with pytest.raises(UserIdRefusedError):
        await create_client().async_get_account()
    client = create_client(user_id_header="Acme-User")
    assert (await client.async_get_account()).id == USER_ID


async def test_gateway_below_a_path(
    gateway: GatewayServer, create_client: ClientFactory
) -> None:
    gateway.fault = answering(body=GOOD)
    await create_client(url=f"{gateway.url}/one/two").async_get_account()
    assert gateway.paths() == ["/one/two/api/user/self"]


async def test_site_is_asked_without_credentials(
    gateway: GatewayServer, client: GatewayClient
) -> None:
    gateway.fork = NEW_API
    assert await client.async_get_site() == Site(
        system_name="Example Gateway", version="v0.9.25", currency="CNY", rate=7.3
    )
    (request,) = gateway.requests
    assert request.path == "/api/status"
    assert "Authorization" not in request.headers
    assert not set(USER_ID_HEADERS) & set(request.headers)
    assert ACCESS_TOKEN not in str(request.headers)


@pytest.mark.parametrize(
    "fault",
    [
        answering(404, {"error": {"message": "Invalid URL (GET /api/status)"}}),
        answering(403, "<html>Forbidden</html>", {"Content-Type": "text/html"}),
        answering(200, INDEX_HTML, {"Content-Type": "text/html"}),
        answering(200, {"success": False, "message": "无权进行此操作"}),
        answering(200, {"success": True, "data": []}),
        answering(301, b"", {"Location": "/login"}),
    ],
)
async def test_gateway_without_site_is_a_normal_gateway(
    gateway: GatewayServer,
    client: GatewayClient,
    fault: Handler,
) -> None:
    gateway.status_fault = fault
    site = await client.async_get_site()
    assert (site.currency, site.points_per_unit) == ("USD", 500_000)


@pytest.mark.parametrize(
    ("status", "error"), [(429, RateLimitedError), (502, ServerError)]
)
async def test_site_may_come_later(
    gateway: GatewayServer,
    client: GatewayClient,
    status: int,
    error: type[GatewayError],
) -> None:
    gateway.status_fault = answering(status)
    with pytest.raises(error):
        await client.async_get_site()


REFUSALS = {
    "no_token": TokenRefusedError,
    "bad_token": TokenRefusedError,
    "no_user_id": UserIdRefusedError,
    "bad_user_id": UserIdRefusedError,
    "other_user_id": UserIdRefusedError,
    "banned": AccountDisabledError,
}


@pytest.mark.parametrize("status", [None, 200, 401, 403])
@pytest.mark.parametrize(
    ("fork", "kind"),
    [
        (fork, kind)
        for fork in FORKS
        for kind in fork.refusals
        if fork.user_id_header or not kind.endswith("user_id")
    ],
    ids=lambda value: getattr(value, "name", value),
)
async def test_refusals_in_the_words_of_every_fork(
    gateway: GatewayServer,
    client: GatewayClient,
    fork: Fork,
    kind: str,
    status: int | None,
) -> None:
    """The words decide, whatever status a build sends with them."""
    gateway.fork = fork
    body, usual_status = gateway.refusal(kind)
    gateway.fault = answering(status or usual_status, body)
    with pytest.raises(REFUSALS[kind]):
        await client.async_get_account()


@pytest.mark.parametrize(
    ("fork", "changes", "error"),
    [
        (V_API, {"access_token": "0" * 32}, TokenRefusedError),
        (V_API, {"user_id": "12"}, UserIdRefusedError),
        (NEW_API, {"user_id": "12"}, UserIdRefusedError),
        (NEW_API, {"user_id": "x"}, UserIdRefusedError),
        (NEW_API_RC22, {"access_token": "0" * 32}, TokenRefusedError),
    ],
)
async def test_wrong_credentials(
    gateway: GatewayServer,
    create_client: ClientFactory,
    fork: Fork,
    changes: dict[str, str],
    error: type[GatewayError],
) -> None:
    gateway.fork = fork
    with pytest.raises(error):
        await create_client(**changes).async_get_account()


@pytest.mark.parametrize("fork", [V_API, NEW_API, NEW_API_RC22])
async def test_banned(
    gateway: GatewayServer, client: GatewayClient, fork: Fork
) -> None:
    gateway.fork = fork
    gateway.account.status = 2
    with pytest.raises(AccountDisabledError):
        await client.async_get_account()


def _json(message: str, **more: object) -> dict[str, object]:
    return {"success": False, "message": message, **more}


def _quota(number: str) -> str:
    return f'{{"success": true, "data": {{"quota": {number}}}}}'


HTML = {"Content-Type": "text/html"}

ANSWERS: dict[str, tuple[Handler, type[GatewayError]]] = {
    # Words that no fork of the test server speaks.
    "English mismatch": (
        answering(401, _json("Unauthorized, user id mismatch")),
        UserIdRefusedError,
    ),
    "English format": (
        answering(401, _json("Unauthorized, user id format error")),
        UserIdRefusedError,
    ),
    "laozhang": (answering(401, _json("Unauthorized")), TokenRefusedError),
    "buzzai": (
        answering(200, _json("Unauthorized: invalid system token")),
        TokenRefusedError,
    ),
    "done-hub session": (answering(200, _json("会话无效")), TokenRefusedError),
    "done-hub user": (answering(200, _json("用户校验失败")), TokenRefusedError),
    "role": (answering(200, _json("无权进行此操作，权限不足")), AccountDisabledError),
    "deleted": (
        answering(200, _json("无权进行此操作，用户信息无效")),
        AccountDisabledError,
    ),
    "expired": (
        answering(401, _json("x", code="AUTH_TOKEN_EXPIRED")),
        TokenRefusedError,
    ),
    "revoked": (
        answering(401, _json("x", code="AUTH_SESSION_REVOKED")),
        TokenRefusedError,
    ),
    "invalid user": (
        answering(401, _json("x", code="AUTH_USER_INVALID")),
        AccountDisabledError,
    ),
    "privilege": (
        answering(403, _json("x", code="AUTH_INSUFFICIENT_PRIVILEGE")),
        AccountDisabledError,
    ),
    "unknown code": (answering(401, _json("?", code="AUTH_NEW")), TokenRefusedError),
    "code inside": (
        answering(401, {"error": {"code": "AUTH_USER_DISABLED"}}),
        AccountDisabledError,
    ),
    "error text": (answering(401, {"error": "Unauthorized"}), TokenRefusedError),
    "forbidden": (answering(403, _json("?")), AccountDisabledError),
    "401 without JSON": (answering(401, "Unauthorized"), TokenRefusedError),
    "401 empty": (answering(401), TokenRefusedError),
    # The gateway's own trouble.
    "database": (answering(200, _json("record not found")), ServerError),
    "no message": (answering(200, {"success": False}), ServerError),
    "coded": (answering(500, _json("x", code="AUTH_INTERNAL_ERROR")), ServerError),
    "panic": (
        answering(
            500, {"error": {"message": "Panic detected", "type": "new_api_panic"}}
        ),
        ServerError,
    ),
    "limiter broken": (answering(500), ServerError),
    "origin down": (answering(521, "error code: 521"), ServerError),
    "bad gateway": (answering(502, "<html>502</html>", HTML), ServerError),
    # Something else answers.
    "index page": (answering(200, INDEX_HTML, HTML), WebPageError),
    "page as JSON": (answering(200, "\ufeff " + INDEX_HTML), WebPageError),
    "page not found": (answering(404, "<html>404</html>", HTML), WebPageError),
    "Cloudflare block": (answering(403, "<html>blocked</html>", HTML), BlockedError),
    "Cloudflare page": (
        answering(403, "<html>Attention Required! | Cloudflare</html>", HTML),
        BlockedError,
    ),
    "plain 403": (answering(403, "Forbidden"), BlockedError),
    "basic auth": (answering(401, "<html>401</html>", HTML), BlockedError),
    "JavaScript challenge": (
        answering(503, "<html>Just a moment...</html>", HTML),
        BlockedError,
    ),
    "challenge header": (
        answering(403, "", {"cf-mitigated": "challenge"}),
        BlockedError,
    ),
    "WAF challenge": (
        answering(200, "<html><script>var arg1='3E';</script></html>", HTML),
        BlockedError,
    ),
    # Not an account.
    "unknown path": (
        answering(404, {"error": {"message": "Invalid URL (GET /api/user/self)"}}),
        InvalidAnswerError,
    ),
    "empty": (answering(200), InvalidAnswerError),
    "text": (answering(200, "ok"), InvalidAnswerError),
    "list": (answering(200, []), InvalidAnswerError),
    "truncated": (
        answering(200, '{"success": true, "data": {"quo'),
        InvalidAnswerError,
    ),
    "not UTF-8": (
        answering(200, b'{"success": true, "message": "\xff\xfe"}'),
        InvalidAnswerError,
    ),
    "NaN": (answering(200, _quota("NaN")), InvalidAnswerError),
    "infinity": (answering(200, _quota("1e999")), InvalidAnswerError),
    "400 digits": (answering(200, _quota("9" * 400)), InvalidAnswerError),
    "5000 digits": (answering(200, _quota("9" * 5000)), InvalidAnswerError),
    "deep": (answering(200, '{"data":' + "[" * 200_000), InvalidAnswerError),
    "no data": (answering(200, {"success": True}), InvalidAnswerError),
    "data null": (answering(200, {"success": True, "data": None}), InvalidAnswerError),
    "success text": (
        answering(200, {"success": "true", "data": {"quota": 1}}),
        InvalidAnswerError,
    ),
    "no quota": (
        answering(200, {"success": True, "data": {"id": 1, "username": "x"}}),
        InvalidAnswerError,
    ),
    "304": (answering(304), InvalidAnswerError),
    "too large": (
        answering(200, b'{"x": "' + b"x" * MAX_BODY + b'"}'),
        InvalidAnswerError,
    ),
    "bomb": (
        answering(200, gzip.compress(b" " * 200_000_000), {"Content-Encoding": "gzip"}),
        InvalidAnswerError,
    ),
    "broken gzip": (
        answering(200, b"\x1f\x8b\x08nonsense", {"Content-Encoding": "gzip"}),
        InvalidAnswerError,
    ),
}


@pytest.mark.parametrize(
    ("fault", "error"),
    list(ANSWERS.values()),
    ids=list(ANSWERS),
)
async def test_answers(
    gateway: GatewayServer,
    client: GatewayClient,
    fault: Handler,
    error: type[GatewayError],
) -> None:
    gateway.fault = fault
    with pytest.raises(GatewayError) as caught:
        await client.async_get_account()
    assert type(caught.value) is error
    gateway.fault = None
    assert (await client.async_get_account()).id == USER_ID


async def test_good_answer_in_odd_clothes(
    gateway: GatewayServer, client: GatewayClient
) -> None:
    gateway.fault = answering(
        body=b'\xef\xbb\xbf {"success": true, "data": {"quota": 7}}\n',
        headers={"Content-Type": "text/plain"},
    )
    assert (await client.async_get_account()).quota == 7


LATER = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("120", 120),
        (LATER, 600),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wed, 21 Oct 2015 07:28:00", None),
        ("-5", None),
        ("soon", None),
        ("9" * 400, float("inf")),
    ],
)
async def test_rate_limit(
    gateway: GatewayServer,
    client: GatewayClient,
    value: str | None,
    seconds: float | None,
) -> None:
    gateway.fault = answering(429, b"", {"Retry-After": value} if value else {})
    with pytest.raises(RateLimitedError) as caught:
        await client.async_get_account()
    assert caught.value.retry_after == (
        seconds if seconds is None else pytest.approx(seconds, abs=60)
    )


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("https://new.example/api/user/self", "https://new.example"),
        ("https://new.example/sub/api/user/self/", "https://new.example/sub"),
        ("https://u:p@new.example/login?token=x#y", "https://new.example"),
        ("/api/user/self/", "{url}"),
        ("mailto:nobody", "{url}"),
    ],
)
async def test_redirect_is_not_followed(
    gateway: GatewayServer, client: GatewayClient, location: str, target: str
) -> None:
    gateway.fault = answering(301, b"", {"Location": location})
    with pytest.raises(RedirectedError) as caught:
        await client.async_get_account()
    assert caught.value.target == target.format(url=gateway.url)
    assert len(gateway.requests) == 1


async def test_nobody_listens(gateway: GatewayServer, client: GatewayClient) -> None:
    await gateway.stop()
    with pytest.raises(UnreachableError):
        await client.async_get_account()


async def test_unknown_name(create_client: ClientFactory) -> None:
    with pytest.raises(UnreachableError):
        await create_client(url="http://nowhere.invalid").async_get_account()


async def test_connection_lost(gateway: GatewayServer, client: GatewayClient) -> None:
    async def reset(request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport
        request.transport.abort()
        return web.Response()

    gateway.fault = reset
    with pytest.raises(UnreachableError):
        await client.async_get_account()


async def test_something_that_does_not_speak_http(
    create_client: ClientFactory,
) -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1")
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(InvalidAnswerError):
        await create_client(url=f"http://127.0.0.1:{port}").async_get_account()
    server.close()
    await server.wait_closed()


async def test_answer_that_never_ends(
    gateway: GatewayServer, client: GatewayClient
) -> None:
    async def drip(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.02)

    gateway.fault = drip
    assert REQUEST_TIMEOUT.total == 15
    with (
        patch.object(client_module, "REQUEST_TIMEOUT", aiohttp.ClientTimeout(0.3)),
        pytest.raises(UnreachableError),
    ):
        await client.async_get_account()


async def test_certificate(create_client: ClientFactory, self_signed_url: str) -> None:
    with pytest.raises(CertificateError):
        await create_client(url=self_signed_url).async_get_account()


@pytest.mark.parametrize(
    "fault",
    [
        answering(status, body, {"Location": "https://x.example/?email={email}"})
        for status in (200, 301, 401, 403, 404, 429, 500)
        for body in (
            _json(OLD_REFUSALS["bad_token"][1] + ACCESS_TOKEN),
            '{"data": "' + ACCESS_TOKEN,
            f"<html>{ACCESS_TOKEN}</html>",
        )
    ],
)
async def test_errors_tell_no_secret(
    gateway: GatewayServer, client: GatewayClient, fault: Handler
) -> None:
    """Neither the text of an error nor anything it drags along."""
    gateway.fault = fault
    with pytest.raises(GatewayError) as caught:
        await client.async_get_account()
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    told = f"{caught.value!r} {vars(caught.value)}"
    assert not [secret for secret in secrets_of(gateway.account) if secret in told]


async def test_lost_connection_tells_no_secret(
    gateway: GatewayServer, client: GatewayClient
) -> None:
    """An error of aiohttp may hold the headers of the request."""
    await gateway.stop()
    with pytest.raises(UnreachableError) as caught:
        await client.async_get_account()
    assert caught.value.__context__ is None
