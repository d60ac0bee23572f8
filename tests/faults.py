"""Everything that can go wrong between an account and its holder, as one table.

Sources: `middleware/auth.go`, `middleware/rate-limit.go`, `router/web.go` and
`controller/user.go` of the forks, `i18n/locales` of new-api, captured answers of public
sites and of the proxies and protections in front of them, and what networks do.
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
    OtherAccountError,
    RateLimitedError,
    RedirectedError,
    ServerError,
    TokenRefusedError,
    UnreachableError,
    UserIdRefusedError,
    WebPageError,
)
from custom_components.llm_gateway_account.gateway.client import MAX_ACCOUNT_BODY

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

# Pages that are let through: Cloudflare puts its JavaScript detections into them, and
# Imperva a script that counts visitors.
LET_THROUGH = (
    "a.src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'",
    "a.src='/cdn-cgi/challenge-platform/h/g/scripts/jsd/8a57887573f2/main.js'",
    "a.src='/_Incapsula_Resource?SWJIYLWA=719d34d31c8e3a6e&ns=2&cb=375067816'",
)
NO_SCRIPT = "<noscript>You need to enable JavaScript to run this app.</noscript>"

# What protections put in place of an answer: the status, and what tells them apart.
PROTECTIONS: dict[str, tuple[int, str]] = {
    "Cloudflare": (503, "<title>Just a moment...</title>"),
    "Cloudflare, orchestrated": (
        200,
        "<script>a.src = '/cdn-cgi/challenge-platform/h/g/orchestrate/chl_page/v1'",
    ),
    "Cloudflare, options": (503, "<script>window._cf_chl_opt={}</script>"),
    "Cloudflare, block": (403, "<title>Attention Required! | Cloudflare</title>"),
    "Alibaba Cloud": (200, "<script>var arg1='3E';</script>"),
    "Alibaba Cloud, cookie": (200, "<script>setCookie('acw_sc__v2', x)</script>"),
    "Alibaba Cloud, new": (200, '<meta name="aliyun_waf_aa" content="9a1">'),
    "Alibaba Cloud, script": (200, "<script>window.aliyun_waf_oo='x'</script>"),
    "Alibaba Cloud, block": (405, "<a href='https://errors.aliyun.com/error'>405</a>"),
    "Tencent EdgeOne": (200, "<script>document.cookie='EO_Bot_Ssid=1'</script>"),
    "Knownsec": (200, "<script>document.cookie='__jsl_clearance_s=1'</script>"),
    "SafeLine": (200, "<script src='/.safeline/static/challenge.js'></script>"),
    "DataDome": (
        200,
        "<script src='https://ct.captcha-delivery.com/c.js'></script>",
    ),
    "HUMAN": (200, "<div id='px-captcha'></div>"),
    "Imperva": (200, "<iframe src='/_Incapsula_Resource?SWUDNSAI=31&edet=12'>"),
    "Imperva, block": (200, "Request unsuccessful. Incapsula incident ID: 1-2"),
    "Akamai": (200, "Reference&#32;&#35;18 https&#58;//errors&#46;edgesuite&#46;net"),
    "Akamai, challenge": (200, "<div id='sec-if-cpt-container'></div>"),
    "Sucuri": (200, "<title>Sucuri WebSite Firewall - Access Denied</title>"),
    "Sucuri, challenge": (200, "<script>sucuri_cloudproxy_js=''</script>"),
    "AWS": (200, "<script>window.awsWafCookieDomainList = [];</script>"),
    "DDoS-Guard": (200, "<title>DDoS-Guard</title>"),
    "Vercel": (200, "<title>Vercel Security Checkpoint</title>"),
    "Anubis": (200, '<script id="anubis_challenge" type="application/json">'),
    "any, JavaScript": (200, "<p>Please enable JS and disable any ad blocker</p>"),
    "any": (200, "<p>Enable JavaScript and cookies to continue</p>"),
    "any, browser": (200, "<h1>Checking your browser before accessing</h1>"),
    "any, human": (200, "<p>Verifying you are human.</p>"),
    "any, in Chinese": (200, "<title>滑动验证页面</title>"),
}

GZIP = {"Content-Encoding": "gzip"}

REFUSALS: dict[str, type[GatewayError]] = {
    "no_token": TokenRefusedError,
    "bad_token": TokenRefusedError,
    "no_user_id": UserIdRefusedError,
    "bad_user_id": UserIdRefusedError,
    "other_user_id": UserIdRefusedError,
    "banned": AccountDisabledError,
    "not_yours": AccountDisabledError,
}

# The beginning of every refusal in Korean.
NOT_ALLOWED = "이 작업을 수행할 권한이 없습니다."

# What no fork of the test server says, but somebody does: mostly new-api, which speaks
# the language of its builds.
OTHER_WORDS: dict[type[GatewayError], tuple[str, ...]] = {
    UserIdRefusedError: (
        "Unauthorized, user id mismatch",
        "Unauthorized, user id format error",
        "Unauthorized, user mismatch",
        "Acme-Uid does not match logged in user",
        "用户 ID 格式错误",
        "与登录用户不匹配",
        "無權進行此操作，New-Api-User 與登入使用者不匹配",
        "Não autorizado, New-Api-User não corresponde ao usuário da sessão",
        f"{NOT_ALLOWED} New-Api-User가 로그인한 사용자와 일치하지 않습니다.",
        "دسترسی غیرمجاز؛ هدر New-Api-User ارائه نشده است",
    ),
    TokenRefusedError: (
        "Unauthorized",
        "access token 无效",
        "access_token无效",
        "Unauthorized: invalid system token",
        "Not logged in",
        "无权进行此操作",
        "未登录",
        "无效的令牌",
        "会话无效",
        "用户校验失败",
        "無權進行此操作，access token 無效",
        "無權進行此操作，未登入且未提供 access token",
        "無權進行此操作",
        "未登入",
        "Não autorizado",
        "Não autorizado: token de acesso inválido",
        "Non autorisé",
        "Jeton invalide",
        "Не авторизован",
        "Недопустимый токен",
        "未認証",
        "無効なトークン",
        "ログインしていません",
        "Chưa xác thực",
        "Chưa đăng nhập",
        "Token không hợp lệ",
        "인증되지 않음",
        f"{NOT_ALLOWED} 액세스 토큰이 유효하지 않습니다.",
        "احراز هویت نشده",
        "توکن نامعتبر است",
        "دسترسی غیرمجاز؛ توکن دسترسی نامعتبر است",
    ),
    AccountDisabledError: (
        "无权进行此操作，权限不足",
        "无权进行此操作，用户信息无效",
        "Unauthorized, insufficient privileges",
        "Unauthorized, invalid user info",
        "User is disabled",
        "User has been deleted",
        "该用户已被禁用",
        "用户已注销",
        "使用者已被封禁",
        "無權進行此操作，權限不足",
        "無權進行此操作，使用者資訊無效",
        "Não autorizado, informações de usuário inválidas",
        "Não autorizado, privilégios insuficientes",
        "O usuário foi banido",
        "Este usuário foi desativado",
        "L'utilisateur a été banni",
        "Cet utilisateur a été désactivé",
        "L'utilisateur a été supprimé",
        "Пользователь заблокирован",
        "Этот пользователь отключён",
        "Пользователь удалён",
        "ユーザーはBANされています",
        "このユーザーは無効化されています",
        "ユーザー情報が無効です",
        "Người dùng đã bị cấm",
        "Người dùng này đã bị vô hiệu hóa",
        "Thông tin người dùng không hợp lệ",
        f"{NOT_ALLOWED} 사용자 정보가 유효하지 않습니다.",
        f"{NOT_ALLOWED} 권한이 부족합니다.",
        "사용자가 차단되었습니다.",
        "이 사용자는 비활성화되었습니다.",
        "دسترسی غیرمجاز؛ اطلاعات کاربر نامعتبر است",
        "دسترسی غیرمجاز؛ سطح دسترسی کافی نیست",
        "کاربر مسدود شده است",
        "این کاربر غیرفعال شده است",
    ),
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
    "Error 1142 (42000): SELECT command denied for access_token",
    "ERROR: permission denied for access_token (SQLSTATE 42501)",
    "pq: permission denied for access_token",
    'relation "access_token" does not exist',
    # What new-api says of its database in its languages.
    "無效的令牌，資料庫查詢出錯",
    "Database error, please contact the administrator",
    "无效的令牌，数据库查询出错，请联系管理员",
    "Token inválido, erro de consulta ao banco de dados",
    "Jeton invalide, erreur de requête en base de données",
    "Недопустимый токен, ошибка запроса к базе данных",
    "無効なトークン、データベースクエリエラー",
    "Token không hợp lệ, lỗi truy vấn cơ sở dữ liệu",
    "유효하지 않은 토큰입니다. 데이터베이스 조회 오류가 발생했습니다.",
    "توکن نامعتبر است؛ خطا در پرسوجوی پایگاه داده",
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
    """Yield every sentence and every code once, each status, and each header's name."""
    for words in (OLD_REFUSALS, ENGLISH_REFUSALS):
        for kind, (status, message) in words.items():
            text = message.format(header="New-Api-User")
            yield f"{status} {text}", (answering(status, said(text)), REFUSALS[kind])
    for fork in FORKS:
        if header := fork.user_id_header:
            text = OLD_REFUSALS["no_user_id"][1].format(header=header)
            yield f"200 {text}", (answering(200, said(text)), UserIdRefusedError)
    for error, sentences in OTHER_WORDS.items():
        for text in sentences:
            yield f"200 {text}", (answering(200, said(text)), error)
        for status in (401, 403):
            text = sentences[0]
            yield f"{status} {text}", (answering(status, said(text)), error)
    for kind, (status, message) in CODED_REFUSALS.items():
        answer = answering(status, said(message, code=CODES[kind]))
        yield f"{status} {CODES[kind]} {message}", (answer, REFUSALS[kind])
    for code, error in OTHER_CODES.items():
        yield f"401 {code}", (answering(401, said("x", code=code)), error)
    # Wherever it stands, a code says more than the words beside it.
    text, code = "access token, user id", "AUTH_USER_INVALID"
    answer = answering(200, said(text, code=code))
    yield f"200 {code}", (answer, AccountDisabledError)
    answer = answering(403, {"error": {"message": text, "code": code}})
    yield f"403 {code} inside", (answer, AccountDisabledError)


async def lose(request: web.BaseRequest) -> web.StreamResponse:
    assert request.transport
    request.transport.abort()
    return web.Response()


async def _reset_in_the_middle(request: web.BaseRequest) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"success": true, "data": {')
    return await lose(request)


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
    "index page without scripts": (
        answering(200, INDEX_HTML + NO_SCRIPT, HTML),
        WebPageError,
    ),
    **{
        f"{status} page with {script}": (
            answering(status, f"<!doctype html><script>{script}</script>", HTML),
            error,
        )
        for status, script, error in (
            *((200, script, WebPageError) for script in LET_THROUGH),
            (404, LET_THROUGH[0], WebPageError),
            (502, LET_THROUGH[0], ServerError),
        )
    },
    "page not found": (answering(404, "<html>404</html>", HTML), WebPageError),
    # Something in front stops the request.
    "block page": (answering(403, "<html>Sorry</html>", HTML), BlockedError),
    "403 text": (answering(403, "error code: 1020"), BlockedError),
    "403 empty": (answering(403), BlockedError),
    "password prompt": (answering(401, "<html>401</html>", HTML), BlockedError),
    **{
        f"protection: {maker}": (
            answering(status, f"\ufeff \n<html>{mark}", HTML),
            BlockedError,
        )
        for maker, (status, mark) in PROTECTIONS.items()
    },
    **{
        f"protection: {status}": (answering(status, "<html>"), BlockedError)
        for status in (468, 566, 567)
    },
    **{
        f"protection: {header}": (answering(status, "", {header: value}), BlockedError)
        for status, header, value in (
            (503, "cf-mitigated", "challenge"),
            (429, "x-vercel-mitigated", "challenge"),
            (202, "x-amzn-waf-action", "captcha"),
        )
    },
    **{
        f"{status} of Cloudflare as JSON": (
            answering(
                status,
                {
                    "status": status,
                    "error_code": 1010,
                    "error_name": "bad_browser",
                    "cloudflare_error": True,
                },
            ),
            error,
        )
        for status, error in (
            (200, BlockedError),
            (401, BlockedError),
            (403, BlockedError),
            (429, RateLimitedError),
            (530, ServerError),
        )
    },
    "403 captcha as JSON": (
        answering(403, {"url": "https://geo.captcha-delivery.com/captcha/?cid=x"}),
        BlockedError,
    ),
    "403 of a proxy as JSON": (answering(403, {"message": "Forbidden"}), BlockedError),
    "403 of another proxy as JSON": (
        answering(403, {"status": 403, "error": "Forbidden", "path": "/"}),
        BlockedError,
    ),
    "401 of a proxy as JSON": (
        answering(401, {"title": "Sign in", "status": 401}),
        BlockedError,
    ),
    "403 unknown code": (
        answering(403, {"code": 403, "message": "?"}),
        AccountDisabledError,
    ),
    "403 unknown words inside": (
        answering(403, {"error": {"message": "?", "type": "x"}}),
        AccountDisabledError,
    ),
    "401 sentence": (answering(401, {"message": "?"}), TokenRefusedError),
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
    "other account": (
        answering(200, {"success": True, "data": {"id": 12, "quota": 1}}),
        OtherAccountError,
    ),
    "quota text": (answering(200, quota('"much"')), InvalidAnswerError),
    "201": (answering(201, quota("1")), InvalidAnswerError),
    "too large": (answering(200, b" " * MAX_ACCOUNT_BODY + b"{}"), InvalidAnswerError),
    "broken gzip": (answering(200, b"\x1f\x8b\x08nonsense", GZIP), InvalidAnswerError),
    "gzip bomb": (
        answering(200, gzip.compress(b" " * 100_000_000), GZIP),
        InvalidAnswerError,
    ),
    "body without end": (_pour, InvalidAnswerError),
    "header too long": (_header_too_long, InvalidAnswerError),
    "reset in the middle": (_reset_in_the_middle, InvalidAnswerError),
    # No answer.
    "reset": (lose, UnreachableError),
    "drip": (_drip, UnreachableError),
    "silence": (_silence, UnreachableError),
    "headers without end": (_headers_without_end, UnreachableError),
}

# One of each kind, without what only time ends: the clock of most tests stands still.
ENDED_BY_TIME = {"drip", "silence", "headers without end"}
ONE_OF_EACH_KIND: dict[type[GatewayError], Handler] = {
    error: fault
    for name, (fault, error) in reversed(FAULTS.items())
    if name not in ENDED_BY_TIME
}

# One for each thing that a book of a gateway does then.
BOOK_FAULTS: dict[str, Handler] = {
    "refused": answering(200, said("access token 无效")),
    "refused with 401": answering(401, {"code": "AUTH_UNAUTHORIZED"}),
    "banned": answering(403, said("用户已被封禁")),
    "absent": answering(404, {"error": {"message": "Invalid URL"}}),
    "page": answering(200, INDEX_HTML),
    "too often": answering(429),
    "502": answering(502),
    "other shape": answering(200, {"success": True, "data": [1]}),
    "lost": lose,
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
    "number as text": answering(200, quota('"7.0"')),
    "gzip": answering(200, gzip.compress(quota("7").encode()), GZIP),
}
