"""Everything that can go wrong between an account and its holder, as one table.

Sources: `middleware/auth.go`, `middleware/rate-limit.go`, `router/web.go` and
`controller/user.go` of the forks, captured answers of public sites and of the proxies
in front of them, and what networks do.
"""

import asyncio
from collections.abc import Callable, Iterator
import gzip
import json
from typing import Any

from aiohttp import web

from custom_components.llm_gateway_account.gateway import (
    AccountDisabledError,
    BlockedError,
    GatewayError,
    InvalidAnswerError,
    RateLimitedError,
    RedirectedError,
    ServerError,
    TokenRefusedError,
    UnreachableError,
    UserIdRefusedError,
    WebPageError,
)
from custom_components.llm_gateway_account.gateway.client import MAX_BODY

from .gateway_server import (
    CODED_REFUSALS,
    CODES,
    ENGLISH_REFUSALS,
    FORKS,
    INDEX_HTML,
    OLD_REFUSALS,
    Handler,
    answering,
)

type FaultTable = dict[str, tuple[Handler, type[GatewayError]]]

HTML = {"Content-Type": "text/html"}

# Cloudflare puts this into pages that it lets through: its JavaScript detections.
DETECTIONS = (
    "<!doctype html><html><body><div id='root'></div><script>(function(){"
    "window.__CF$cv$params={r:'9a1',t:'MTc2'};var a=document.createElement('script');"
    "a.src='/cdn-cgi/challenge-platform/{path}';}())</script></body></html>"
)
DETECTION_SCRIPTS = ("scripts/jsd/main.js", "h/g/scripts/jsd/8a57887573f2/main.js")
GZIP = {"Content-Encoding": "gzip"}

REFUSALS: dict[str, type[GatewayError]] = {
    "no_token": TokenRefusedError,
    "bad_token": TokenRefusedError,
    "no_user_id": UserIdRefusedError,
    "bad_user_id": UserIdRefusedError,
    "other_user_id": UserIdRefusedError,
    "banned": AccountDisabledError,
}

# What no fork of the test server says, but somebody does.
OTHER_WORDS: dict[str, type[GatewayError]] = {
    "Unauthorized, user id mismatch": UserIdRefusedError,
    "Unauthorized, user id format error": UserIdRefusedError,
    "Unauthorized": TokenRefusedError,
    "access token 无效": TokenRefusedError,
    "Unauthorized: invalid system token": TokenRefusedError,
    "会话无效": TokenRefusedError,
    "用户校验失败": TokenRefusedError,
    "无权进行此操作，权限不足": AccountDisabledError,
    "无权进行此操作，用户信息无效": AccountDisabledError,
    # The translated builds of new-api.
    "Unauthorized, insufficient privileges": AccountDisabledError,
    "Unauthorized, invalid user info": AccountDisabledError,
    "使用者已被封禁": AccountDisabledError,
    "無權進行此操作，access token 無效": TokenRefusedError,
    "無權進行此操作，未登入且未提供 access token": TokenRefusedError,
    "無權進行此操作，權限不足": AccountDisabledError,
    "無權進行此操作，使用者資訊無效": AccountDisabledError,
}

# What a database says in the words of a refusal; `GetSelf` hands it on as it is.
DATABASE_ERRORS = (
    "Unknown column 'users.access_token' in 'field list'",
    "Error 1054 (42S22): Unknown column 'users.user_id' in 'field list'",
    "Error 1146 (42S02): Table 'oneapi.access_token' doesn't exist",
    "ERROR: column users.access_token does not exist (SQLSTATE 42703)",
    'pq: column "user_id" does not exist',
    "no such column: access_token",
    "SQL logic error: no such table: user_id (1)",
)

OTHER_CODES: dict[str, type[GatewayError]] = {
    "AUTH_UNAUTHORIZED": TokenRefusedError,
    "AUTH_USER_DISABLED": AccountDisabledError,
    "AUTH_TOKEN_EXPIRED": TokenRefusedError,
    "AUTH_SESSION_REVOKED": TokenRefusedError,
    "AUTH_USER_INVALID": AccountDisabledError,
    "AUTH_INSUFFICIENT_PRIVILEGE": AccountDisabledError,
}


def said(message: str, **more: Any) -> dict[str, Any]:
    """Return a refusal in the words of the family."""
    return {"success": False, "message": message, **more}


def quota(number: str) -> str:
    """Return a good answer around a number that is none."""
    return f'{{"success": true, "data": {{"quota": {number}}}}}'


def refusals() -> Iterator[tuple[str, tuple[Handler, type[GatewayError]]]]:
    """Yield every refusal of every fork, with each status some build sends."""
    headers = [fork.user_id_header for fork in FORKS if fork.user_id_header]
    for status in (200, 401, 403):
        for words in (OLD_REFUSALS, ENGLISH_REFUSALS):
            for kind, (_, message) in words.items():
                for header in headers if "{header}" in message else [""]:
                    text = message.format(header=header)
                    yield (
                        f"{status} {text}",
                        (answering(status, said(text)), REFUSALS[kind]),
                    )
        for kind, (_, message) in CODED_REFUSALS.items():
            answer = answering(status, said(message, code=CODES[kind]))
            yield f"{status} {CODES[kind]} {message}", (answer, REFUSALS[kind])
        for message, error in OTHER_WORDS.items():
            yield f"{status} {message}", (answering(status, said(message)), error)
        for code, error in OTHER_CODES.items():
            answer = answering(status, said("x", code=code))
            yield f"{status} {code}", (answer, error)
            answer = answering(status, {"error": {"message": "x", "code": code}})
            yield f"{status} {code} inside", (answer, error)


async def _reset(request: web.BaseRequest) -> web.StreamResponse:
    assert request.transport
    request.transport.abort()
    return web.Response()


async def _reset_in_the_middle(request: web.BaseRequest) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"success": true, "data": {')
    return await _reset(request)


async def _drip(request: web.BaseRequest) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.02)


async def _pour(request: web.BaseRequest) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" " * 65_536)


async def _headers_without_end(request: web.BaseRequest) -> web.StreamResponse:
    assert isinstance(request.transport, asyncio.Transport)
    request.transport.write(b"HTTP/1.1 200 OK\r\n")
    number = 0
    while not request.transport.is_closing():
        number += 1
        request.transport.write(b"X-%d: x\r\n" % number)
        await asyncio.sleep(0.02)
    return web.Response()


async def _header_too_long(request: web.BaseRequest) -> web.StreamResponse:
    assert isinstance(request.transport, asyncio.Transport)
    request.transport.write(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n")
    return web.Response()


async def _silence(request: web.BaseRequest) -> web.StreamResponse:
    while request.transport:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    return web.Response()


FAULTS: FaultTable = {
    **dict(refusals()),
    "401 unknown code": (answering(401, said("?", code="AUTH_X")), TokenRefusedError),
    "401 error text": (answering(401, {"error": "Unauthorized"}), TokenRefusedError),
    "401 text": (answering(401, "Unauthorized"), TokenRefusedError),
    "401 empty": (answering(401), TokenRefusedError),
    "200 words inside": (
        answering(200, {"error": {"message": "invalid access token"}}),
        TokenRefusedError,
    ),
    "403 error text": (
        answering(403, {"error": "未提供 New-Api-User"}),
        UserIdRefusedError,
    ),
    "404 unknown words": (answering(404, said("?")), InvalidAnswerError),
    "403 unknown words": (answering(403, said("?")), AccountDisabledError),
    # Too many requests; what the header means is tested apart.
    "429 empty": (answering(429), RateLimitedError),
    "429 page": (answering(429, "<html>1015</html>", HTML), RateLimitedError),
    "429 words": (answering(429, said("请求过于频繁")), RateLimitedError),
    # The gateway's own trouble.
    "database lost": (answering(200, said("record not found")), ServerError),
    **{
        f"database: {words}": (answering(200, said(words)), ServerError)
        for words in DATABASE_ERRORS
    },
    "no words": (answering(200, {"success": False}), ServerError),
    # A search for words that starts anew at each of these takes minutes.
    "endless words": (answering(200, said("user " * 200_000)), ServerError),
    "message null": (answering(200, said(None)), ServerError),  # type: ignore[arg-type]
    "500 coded": (answering(500, said("x", code="AUTH_INTERNAL_ERROR")), ServerError),
    "500 words of a refusal": (answering(500, said("access token 无效")), ServerError),
    "500 panic": (
        answering(500, {"error": {"message": "Panic", "type": "new_api_panic"}}),
        ServerError,
    ),
    "500 empty": (answering(500), ServerError),
    "502": (answering(502, "<html>502 Bad Gateway</html>", HTML), ServerError),
    "503": (answering(503, "no healthy upstream"), ServerError),
    "521": (answering(521, "error code: 521"), ServerError),
    "525": (answering(525, "<html>525</html>", HTML), ServerError),
    "530": (answering(530, "<html>Error 1033</html>", HTML), ServerError),
    # Something else answers.
    "index page": (answering(200, INDEX_HTML, HTML), WebPageError),
    "index page as JSON": (answering(200, "\ufeff " + INDEX_HTML), WebPageError),
    **{
        f"{status} page with {path}": (
            answering(status, DETECTIONS.replace("{path}", path), HTML),
            error,
        )
        for path in DETECTION_SCRIPTS
        for status, error in (
            (200, WebPageError),
            (404, WebPageError),
            (502, ServerError),
        )
    },
    "page not found": (answering(404, "<html>404</html>", HTML), WebPageError),
    "Cloudflare block": (answering(403, "<html>Sorry</html>", HTML), BlockedError),
    "Cloudflare page": (
        answering(403, "<html>Attention Required! | Cloudflare</html>", HTML),
        BlockedError,
    ),
    "403 text": (answering(403, "Forbidden"), BlockedError),
    "403 empty": (answering(403), BlockedError),
    "password prompt": (answering(401, "<html>401</html>", HTML), BlockedError),
    "JavaScript challenge": (
        answering(503, "<html><title>Just a moment...</title></html>", HTML),
        BlockedError,
    ),
    "challenge script": (
        answering(
            200,
            "\ufeff<html><script>a.src = '/cdn-cgi/challenge-platform/h/g/orchestrate"
            "/chl_page/v1?ray=9a1';</script></html>",
            HTML,
        ),
        BlockedError,
    ),
    "challenge options": (
        answering(503, "\ufeff\n<html><script>window._cf_chl_opt={}</script>", HTML),
        BlockedError,
    ),
    "challenge header": (
        answering(503, "", {"cf-mitigated": "challenge"}),
        BlockedError,
    ),
    "WAF challenge": (
        answering(200, " \n<html><script>var arg1='3E';</script></html>", HTML),
        BlockedError,
    ),
    # Elsewhere. Where it leads is tested apart.
    "301 slash": (
        answering(301, b"", {"Location": "/api/user/self/"}),
        InvalidAnswerError,
    ),
    "301 loop": (
        answering(301, b"", {"Location": "/api/user/self"}),
        InvalidAnswerError,
    ),
    "301 other host": (
        answering(301, b"", {"Location": "https://new.example/api/user/self"}),
        RedirectedError,
    ),
    "302 login": (answering(302, b"", {"Location": "/login"}), InvalidAnswerError),
    "308 http": (
        answering(308, b"", {"Location": "http://x.example/api/user/self"}),
        RedirectedError,
    ),
    "301 nonsense": (
        answering(301, b"", {"Location": "http://["}),
        InvalidAnswerError,
    ),
    "301 brackets around nothing": (
        answering(301, b"", {"Location": "http://[]@/"}),
        InvalidAnswerError,
    ),
    "301 script": (
        answering(301, b"", {"Location": "javascript://x/%0aalert(1)"}),
        InvalidAnswerError,
    ),
    "301 endless host": (
        answering(301, b"", {"Location": f"https://{'a' * 7000}.example/"}),
        InvalidAnswerError,
    ),
    "304": (answering(304), InvalidAnswerError),
    # Not an account.
    "unknown path": (
        answering(404, {"error": {"message": "Invalid URL (GET /api/user/self)"}}),
        InvalidAnswerError,
    ),
    "404 empty": (answering(404), InvalidAnswerError),
    "empty": (answering(200), InvalidAnswerError),
    "text": (answering(200, "ok"), InvalidAnswerError),
    "list": (answering(200, []), InvalidAnswerError),
    "string": (answering(200, '"x"'), InvalidAnswerError),
    "truncated": (answering(200, '{"success": true, "da'), InvalidAnswerError),
    "not UTF-8": (answering(200, b'{"success": "\xff\xfe"}'), InvalidAnswerError),
    "NaN": (answering(200, quota("NaN")), InvalidAnswerError),
    "Infinity": (answering(200, quota("-Infinity")), InvalidAnswerError),
    "infinite": (answering(200, quota("1e999")), InvalidAnswerError),
    "400 digits": (answering(200, quota("9" * 400)), InvalidAnswerError),
    "5000 digits": (answering(200, quota("9" * 5000)), InvalidAnswerError),
    "deep": (answering(200, '{"data":' + "[" * 200_000), InvalidAnswerError),
    "no data": (answering(200, {"success": True}), InvalidAnswerError),
    "data null": (answering(200, {"success": True, "data": None}), InvalidAnswerError),
    "data list": (answering(200, {"success": True, "data": []}), InvalidAnswerError),
    "success text": (
        answering(200, {"success": "true", "data": {"quota": 1}}),
        InvalidAnswerError,
    ),
    "no quota": (
        answering(200, {"success": True, "data": {"id": 4711, "username": "x"}}),
        InvalidAnswerError,
    ),
    "quota text": (answering(200, quota('"much"')), InvalidAnswerError),
    "201": (answering(201, quota("1")), InvalidAnswerError),
    "too large": (answering(200, b" " * MAX_BODY + b"{}"), InvalidAnswerError),
    "broken gzip": (answering(200, b"\x1f\x8b\x08nonsense", GZIP), InvalidAnswerError),
    "gzip bomb": (
        answering(200, gzip.compress(b" " * 100_000_000), GZIP),
        InvalidAnswerError,
    ),
    "body without end": (_pour, InvalidAnswerError),
    "header too long": (_header_too_long, InvalidAnswerError),
    "reset in the middle": (_reset_in_the_middle, InvalidAnswerError),
    # No answer.
    "reset": (_reset, UnreachableError),
    "drip": (_drip, UnreachableError),
    "silence": (_silence, UnreachableError),
    "headers without end": (_headers_without_end, UnreachableError),
}

# What repeats a secret, in every shape a body may have. None is an account.
FULL_OF_SECRETS: dict[str, Callable[[str], str]] = {
    "text": lambda secret: secret,
    "words": lambda secret: json.dumps(said(f"access token 无效 {secret}")),
    "other words": lambda secret: json.dumps(said(secret, code=secret)),
    "inside": lambda secret: json.dumps({"error": {"message": secret}, secret: secret}),
    "data": lambda secret: json.dumps({"success": True, "data": {"id": secret}}),
    "quota": lambda secret: quota(f'"{secret} "'),
    "truncated": lambda secret: '{"success": true, "data": {"email": "' + secret,
    "page": lambda secret: f"<html>{secret}</html>",
    "challenge": lambda secret: f"<html>Just a moment {secret}</html>",
}

# What nothing but time ends; a test that stops the clock leaves these out.
ENDED_BY_TIME = {"drip", "silence", "headers without end"}

# Good answers in odd clothes: these must work.
GOOD = {
    "BOM": answering(200, b'\xef\xbb\xbf {"success": true, "data": {"quota": 7}}\n'),
    "wrong content type": answering(200, quota("7"), {"Content-Type": "text/html"}),
    "keys twice": answering(
        200, '{"success": false, "success": true, "data": {"quota": 1, "quota": 7}}'
    ),
    "words of a challenge": answering(
        200, {"success": True, "data": {"quota": 7, "group": "Just a moment"}}
    ),
    "Location": answering(200, quota("7"), {"Location": "https://x.example/"}),
    "no message": answering(200, {"success": True, "data": {"quota": 7}}),
    "gzip": answering(200, gzip.compress(quota("7").encode()), GZIP),
}
