"""Client for the account API of LLM gateways of the one-api family."""

from .account import ENABLED, Account
from .client import GatewayClient
from .errors import (
    AccountDisabledError,
    BlockedError,
    CertificateError,
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
from .limiter import Limiter, Priority
from .site import DEFAULT_QUOTA_PER_UNIT, POINTS, Site

__all__ = [
    "DEFAULT_QUOTA_PER_UNIT",
    "ENABLED",
    "POINTS",
    "Account",
    "AccountDisabledError",
    "BlockedError",
    "CertificateError",
    "GatewayClient",
    "GatewayError",
    "InvalidAnswerError",
    "Limiter",
    "OtherAccountError",
    "Priority",
    "RateLimitedError",
    "RedirectedError",
    "ServerError",
    "Site",
    "TokenRefusedError",
    "UnreachableError",
    "UserIdRefusedError",
    "WebPageError",
]
