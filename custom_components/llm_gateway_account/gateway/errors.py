"""What can go wrong between us and a gateway.

No text of these errors holds anything the gateway or the user said: they are
logged, and an answer may carry the token or the person's name.
"""

from typing import ClassVar, override

# What a proxy says of a gateway that takes too long; the latter is Cloudflare's.
_TOO_SLOW = {504, 524}


class GatewayError(Exception):
    """Base of every error this package raises on purpose."""

    key: ClassVar[str]
    """Names the error wherever it is shown: in forms, logs, repairs, diagnostics."""

    def __init__(self, *args: object, is_too_much: bool = False) -> None:
        """Remember whether a question for less might have been answered."""
        super().__init__(*args)
        self.is_too_much = is_too_much

    @property
    def placeholders(self) -> dict[str, str]:
        """What the text for `key` needs besides."""
        return {}


class TokenRefusedError(GatewayError):
    """The access token is unknown, replaced or expired.

    Many gateways say the same of a deleted account, and while their database is
    down, so one such answer is weak evidence.
    """

    key = "invalid_auth"


class UserIdRefusedError(GatewayError):
    """The user ID is missing, malformed or not the one the token belongs to."""

    key = "user_id_refused"


class OtherAccountError(GatewayError):
    """The answer is the account of another user ID than the one asked for."""

    key = "other_account"


class AccountDisabledError(GatewayError):
    """The account is banned, deleted or not allowed to see itself."""

    key = "account_disabled"


class UnreachableError(GatewayError):
    """No answer: name not found, connection refused or lost, time is up."""

    key = "cannot_connect"


class CertificateError(UnreachableError):
    """The gateway's TLS certificate is expired, self-signed or another host's."""

    key = "certificate_error"


class WebPageError(GatewayError):
    """The address serves a web page where the API was expected."""

    key = "web_page"


class BlockedError(GatewayError):
    """Something in front of the gateway stopped the request."""

    key = "blocked"


class InvalidAnswerError(GatewayError):
    """The gateway answered, but not with what was asked for."""

    key = "invalid_answer"


class OtherShapeError(InvalidAnswerError):
    """The gateway answered well, but with something else than other forks do."""


class AbsentError(GatewayError):
    """The gateway does not have what was asked for; another fork might."""

    key = "absent"


class ServerError(GatewayError):
    """The gateway, or the proxy in front of it, has a problem of its own."""

    key = "server_error"

    def __init__(self, status: int) -> None:
        """Remember the HTTP status (200 where only the body tells)."""
        super().__init__(
            f"the gateway reports an error of its own (HTTP {status})",
            is_too_much=status in _TOO_SLOW,
        )
        self.status = status

    @property
    @override
    def placeholders(self) -> dict[str, str]:
        return {"status": str(self.status)}


class RateLimitedError(GatewayError):
    """Too many requests came from this network."""

    key = "rate_limited"

    def __init__(self, retry_after: float | None) -> None:
        """Remember the seconds to wait, None if nobody says how many."""
        super().__init__("the gateway asks for fewer requests")
        self.retry_after = retry_after


class RedirectedError(GatewayError):
    """The gateway sends requests elsewhere, which are never followed."""

    key = "redirected"

    def __init__(self, target: str) -> None:
        """Remember the address to enter instead, without path of the API or query."""
        super().__init__("the gateway redirects to another address")
        self.target = target

    @property
    @override
    def placeholders(self) -> dict[str, str]:
        return {"target": self.target}
