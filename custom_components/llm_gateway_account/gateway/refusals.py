"""The words with which gateways, and the proxies in front of them, say no.

Sources: `middleware/auth.go` of one-api, one-hub, done-hub, Veloera and new-api
(April 2025 and v1.0.0-rc.22), captured answers of public sites.
"""

from collections.abc import Mapping
import re
from typing import Any

from .errors import (
    AccountDisabledError,
    GatewayError,
    InvalidAnswerError,
    ServerError,
    TokenRefusedError,
    UserIdRefusedError,
)

# new-api since v1.0.0-rc.22 names the cause.
_CODES: dict[str, type[GatewayError]] = {
    "AUTH_UNAUTHORIZED": TokenRefusedError,
    "AUTH_TOKEN_EXPIRED": TokenRefusedError,
    "AUTH_SESSION_REVOKED": TokenRefusedError,
    "AUTH_USER_DISABLED": AccountDisabledError,
    "AUTH_USER_INVALID": AccountDisabledError,
    "AUTH_INSUFFICIENT_PRIVILEGE": AccountDisabledError,
}

# No refusal has more to say, and a search in a longer text would take its time.
_LONGEST_MESSAGE = 500

# All the others only have words, in the language of the build. First match wins:
# the text about a user ID may also speak of the token, and what a database says of
# itself may name a column such as `users.access_token`.
_WORDS: tuple[tuple[re.Pattern[str], type[GatewayError]], ...] = (
    (
        re.compile(
            r"\berror \d{4}\b|\bsqlstate\b|\bpq:|\bno such (?:column|table)\b"
            r"|\bunknown column\b|\b(?:column|relation|table)\b.*\bexist\b",
            re.IGNORECASE,
        ),
        ServerError,
    ),
    (
        re.compile(
            r"\w-user\b|\buser[ _-]?id\b|用户 ?id|与登录用户不匹配"
            r"|(?:mis|not )match.*\buser\b|\buser\b.*mismatch",
            re.IGNORECASE,
        ),
        UserIdRefusedError,
    ),
    (
        re.compile(
            r"封禁|禁用|注销|用户信息无效|权限不足|使用者資訊無效|權限不足"
            r"|\bbanned\b|\bdisabled\b|\bdeleted\b"
            r"|invalid user info|insufficient (?:privilege|permission)",
            re.IGNORECASE,
        ),
        AccountDisabledError,
    ),
    (
        re.compile(
            r"access[ _]?token|system token|无权进行此操作|未登录|令牌|会话无效"
            r"|用户校验失败|\bunauthorized\b|not logged in",
            re.IGNORECASE,
        ),
        TokenRefusedError,
    ),
)

# Pages that want to see a browser: Cloudflare's and Alibaba Cloud's challenges. The
# rest of Cloudflare's `challenge-platform` is a script in pages that it lets through.
_CHALLENGE = re.compile(
    rb"just a moment|challenge-platform/h/\w+/orchestrate|cf[-_]chl|attention required"
    rb"|acw_sc__v2|var arg1\s*=",
    re.IGNORECASE,
)


def is_page(body: bytes) -> bool:
    """Tell whether a body is a web page."""
    return start_of(body).startswith(b"<")


def start_of(body: bytes) -> bytes:
    """Return a body without a byte order mark or white space in front."""
    return body.lstrip(b"\xef\xbb\xbf \t\r\n")


def is_challenge(headers: Mapping[str, str], body: bytes) -> bool:
    """Tell whether an answer is a protection page that stands before the gateway."""
    return headers.get("cf-mitigated") == "challenge" or (
        is_page(body) and _CHALLENGE.search(body) is not None
    )


def error_from_envelope(status: int, envelope: Mapping[str, Any]) -> GatewayError:
    """Return the error that an answer without an account means.

    `status` is that of HTTP, `envelope` the parsed body. Status and words decide
    together: the same refusal comes with 200, 401 or 403.
    """
    inner = envelope.get("error")
    details = inner if isinstance(inner, Mapping) else {}
    code = envelope.get("code") or details.get("code")
    refused = f"the gateway refuses (HTTP {status})"
    if isinstance(code, str) and code in _CODES:
        return _CODES[code](refused)

    message = envelope.get("message") or details.get("message") or inner
    if isinstance(message, str):
        for pattern, kind in _WORDS:
            if pattern.search(message, 0, _LONGEST_MESSAGE):
                return ServerError(status) if kind is ServerError else kind(refused)

    if status == 401:
        return TokenRefusedError(refused)
    if status == 403:
        return AccountDisabledError(refused)
    if status == 200 and envelope.get("success") is False:
        # What is left is the text of a failure inside, such as a lost database.
        return ServerError(status)
    return InvalidAnswerError(f"the answer holds no account (HTTP {status})")
