"""The codes and words with which gateways say no.

Sources: `middleware/auth.go` of one-api, one-hub, done-hub, Veloera and new-api
(April 2025 to August 2026), `i18n/locales` of new-api, captured answers of public
sites.
"""

from collections.abc import Mapping
import re
from typing import Any

from .errors import (
    AccountDisabledError,
    BlockedError,
    GatewayError,
    InvalidAnswerError,
    ServerError,
    TokenRefusedError,
    UserIdRefusedError,
)
from .protection import is_foreign

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

# What a database says of itself, and what a gateway says of its database in the
# languages of new-api. It may name a column such as `users.access_token`.
_DATABASE = (
    r"\berror \d{4}\b|\bsqlstate\b|\bpq:|\bno such (?:column|table)\b"
    r"|\bunknown column\b|\b(?:column|relation|table)\b.*\bexist\b|\bdatabase\b"
    r"|数据库|資料庫|データベース|데이터베이스|banco de dados|base de donn"
    r"|баз[аыеу] данных|cơ sở dữ liệu|پایگاه داده"
)

# The header's name stays as it is in every language.
_USER_ID = (
    r"[a-z]-user(?![a-z])|\buser[ _-]?id(?![a-z])|用户 ?id|与登录用户不匹配"
    r"|(?:mis|not )match.*\buser\b|\buser\b.*mismatch"
)

_PRIVILEGES = (
    r"权限不足|權限不足|insufficient (?:privilege|permission)"
    r"|privilégios insuficientes|권한이 부족|سطح دسترسی کافی نیست"
)

_ACCOUNT = (
    rf"{_PRIVILEGES}|封禁|禁用|注销|用户信息无效|使用者資訊無效"
    r"|\bbanned\b|\bdisabled\b|\bdeleted\b|invalid user info"
    r"|banido|desativad|informações de usuário inválidas"
    r"|banni|désactivé|supprimé"
    r"|заблокирован|отключ[её]н|пользователь удал"
    r"|ユーザーはban|無効化|ユーザー情報が無効"
    r"|bị cấm|vô hiệu hóa|thông tin người dùng không hợp lệ"
    r"|차단|비활성화|사용자 정보가 유효하지|مسدود|غیرفعال|اطلاعات کاربر نامعتبر"
)

_UNAUTHORIZED = (
    r"(?<![a-z])(?:access)?token(?![a-z])|令牌|jeton|токен|トークン|토큰|توکن"
    r"|无权进行此操作|無權進行此操作|未登录|未登入|会话无效|用户校验失败"
    r"|\bunauthorized\b|not logged in|não autorizado|non autorisé|не авторизован"
    r"|未認証|ログインしていません|chưa xác thực|chưa đăng nhập"
    r"|인증되지 않|احراز هویت نشده"
)

# First match wins: the text about a user ID may also speak of the token.
_WORDS: tuple[tuple[str, type[GatewayError]], ...] = (
    (_DATABASE, ServerError),
    (_USER_ID, UserIdRefusedError),
    (_ACCOUNT, AccountDisabledError),
    (_UNAUTHORIZED, TokenRefusedError),
)

# What a server says of a path that it does not have. Below `/api/user/` it takes the
# next word for the ID of a user, whom only administrators may see.
_ABSENT = rf"\binvalid url\b|{_PRIVILEGES}"

# What these mean where a gateway's words are unknown.
_STATUSES: dict[int, type[GatewayError]] = {
    401: TokenRefusedError,
    403: AccountDisabledError,
}


def error_from_envelope(status: int, envelope: Mapping[str, Any]) -> GatewayError:
    """Return the error that an answer without an account means.

    `status` is that of HTTP, `envelope` the parsed body. A code decides before words,
    words before the status: the same refusal comes with 200, 401 or 403.
    """
    kind = _kind_of(status, envelope)
    if kind is ServerError:
        return ServerError(status)
    return kind(f"the answer holds no account (HTTP {status})")


def is_absent(envelope: Mapping[str, Any]) -> bool:
    """Tell whether an answer says that the server does not have the path."""
    code, message = _said(envelope)
    return code == "AUTH_INSUFFICIENT_PRIVILEGE" or bool(re.search(_ABSENT, message))


def _kind_of(status: int, envelope: Mapping[str, Any]) -> type[GatewayError]:
    code, message = _said(envelope)
    if code in _CODES:
        return _CODES[code]
    for words, kind in _WORDS:
        if re.search(words, message):
            return kind

    if is_foreign(status, envelope):
        return BlockedError
    if status == 200 and envelope.get("success") is False:
        # What is left is the text of a failure inside, such as a lost database.
        return ServerError
    return _STATUSES.get(status, InvalidAnswerError)


def _said(envelope: Mapping[str, Any]) -> tuple[str, str]:
    """Return code and message of an answer, the latter in small letters."""
    inner = envelope.get("error")
    details = inner if isinstance(inner, Mapping) else {}
    code = envelope.get("code") or details.get("code")
    message = envelope.get("message") or details.get("message") or inner
    return (
        code if isinstance(code, str) else "",
        message[:_LONGEST_MESSAGE].lower() if isinstance(message, str) else "",
    )
