"""Client for the account API of LLM gateways of the one-api family."""

from .client import GatewayClient
from .errors import (
    AccountDisabledError,
    AuthenticationError,
    BlockedError,
    CertificateError,
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
from .models import DEFAULT_QUOTA_PER_UNIT, ENABLED, POINTS, Account, Site
from .pace import LONGEST_WAIT, Pace

__all__ = [
    "DEFAULT_QUOTA_PER_UNIT",
    "ENABLED",
    "LONGEST_WAIT",
    "POINTS",
    "Account",
    "AccountDisabledError",
    "AuthenticationError",
    "BlockedError",
    "CertificateError",
    "GatewayClient",
    "GatewayError",
    "InvalidAnswerError",
    "Pace",
    "RateLimitedError",
    "RedirectedError",
    "ServerError",
    "Site",
    "TokenRefusedError",
    "UnreachableError",
    "UserIdRefusedError",
    "WebPageError",
]
