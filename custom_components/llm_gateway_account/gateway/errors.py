"""What can go wrong between us and a gateway.

No text of these errors holds anything the gateway or the user said: they are
logged, and an answer may carry the token or the person's name.
"""


class GatewayError(Exception):
    """Base of every error this package raises on purpose."""


class AuthenticationError(GatewayError):
    """The gateway does not accept the user ID or the access token."""


class TokenRefusedError(AuthenticationError):
    """The access token is unknown, replaced or expired.

    A gateway whose database is down says the same words, so one such answer is
    weak evidence.
    """


class UserIdRefusedError(AuthenticationError):
    """The user ID is missing, malformed or not the one the token belongs to."""


class AccountDisabledError(GatewayError):
    """The account is banned, deleted or not allowed to see itself."""


class UnreachableError(GatewayError):
    """No answer: name not found, connection refused or lost, time is up."""


class CertificateError(UnreachableError):
    """The gateway's TLS certificate is expired, self-signed or another host's."""


class WebPageError(GatewayError):
    """The address serves a web page where the API was expected."""


class BlockedError(GatewayError):
    """A protection page in front of the gateway stopped the request."""


class InvalidAnswerError(GatewayError):
    """The gateway answered, but not with the data of an account."""


class ServerError(GatewayError):
    """The gateway, or the proxy in front of it, has a problem of its own."""

    def __init__(self, status: int) -> None:
        """Remember the HTTP status (200 where only the body tells)."""
        super().__init__(f"the gateway reports an error of its own (HTTP {status})")
        self.status = status


class RateLimitedError(GatewayError):
    """Too many requests came from this network."""

    def __init__(self, retry_after: float | None) -> None:
        """Remember the seconds the gateway asks to wait, None if it does not say."""
        super().__init__("the gateway asks for fewer requests")
        self.retry_after = retry_after


class RedirectedError(GatewayError):
    """The gateway sends requests elsewhere, which are never followed."""

    def __init__(self, target: str) -> None:
        """Remember the address to enter instead, without path of the API or query."""
        super().__init__("the gateway redirects to another address")
        self.target = target
