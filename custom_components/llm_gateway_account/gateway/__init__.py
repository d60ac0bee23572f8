"""What is asked of LLM gateways, and the client for those of the one-api family."""

from .account import ENABLED, Account
from .check_in import CheckIn, CheckInKind
from .client import GatewayClient
from .contract import Access, Gateway
from .errors import (
    AbsentError,
    AccountDisabledError,
    BlockedError,
    CertificateError,
    GatewayError,
    InvalidAnswerError,
    OtherAccountError,
    OtherShapeError,
    RateLimitedError,
    RedirectedError,
    ServerError,
    TokenRefusedError,
    UnreachableError,
    UserIdRefusedError,
    WebPageError,
)
from .groups import GroupsKind
from .keys import ApiKey, KeyListing, KeyStatus
from .limiter import Limiter, Priority
from .notices import Notice
from .plans import BillingPreference, PaidBy, Plan, PlanListing
from .site import DEFAULT_QUOTA_PER_UNIT, POINTS, Site
from .usage import LONGEST_SPENT, DailyUsage, ModelUsage

__all__ = [
    "DEFAULT_QUOTA_PER_UNIT",
    "ENABLED",
    "LONGEST_SPENT",
    "POINTS",
    "AbsentError",
    "Access",
    "Account",
    "AccountDisabledError",
    "ApiKey",
    "BillingPreference",
    "BlockedError",
    "CertificateError",
    "CheckIn",
    "CheckInKind",
    "DailyUsage",
    "Gateway",
    "GatewayClient",
    "GatewayError",
    "GroupsKind",
    "InvalidAnswerError",
    "KeyListing",
    "KeyStatus",
    "Limiter",
    "ModelUsage",
    "Notice",
    "OtherAccountError",
    "OtherShapeError",
    "PaidBy",
    "Plan",
    "PlanListing",
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
