"""What is asked of a gateway, whatever protocol it speaks."""

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Protocol

import aiohttp

from .account import Account
from .check_in import CheckIn, CheckInKind
from .errors import AbsentError
from .groups import GroupsKind
from .keys import KeyListing
from .limiter import Limiter, Priority
from .notices import Notice
from .plans import PlanListing
from .site import Site
from .usage import DailyUsage, ModelUsage


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """What a request to a gateway needs."""

    session: aiohttp.ClientSession
    url: str
    """Base address of the gateway."""
    limiter: Limiter
    """That of all requests to its host."""
    user_agent: str
    user_id: str = field(repr=False)
    access_token: str = field(repr=False)
    bearer: bool = True
    """Whether the token goes out as `Bearer <token>` or as it is."""
    user_id_header: str | None = None
    """One more name for the header with the user ID."""


class Gateway(Protocol):
    """One account at one gateway: one method per thing, typed answers out.

    Each raises GatewayError of the kind that fits. What a protocol leaves as it is here
    is absent there: nothing is shown of it.
    """

    @abstractmethod
    async def async_get_account(
        self,
        priority: Priority = Priority.POLL,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> Account:
        """Return the account.

        `timeout` is how many seconds it may wait for its turn at the host. While
        nothing changes, the account may be the same object each time, which spares
        work. OtherAccountError means that the token is another account's.
        """

    async def async_get_site(
        self,
        priority: Priority = Priority.BACKGROUND,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> Site:
        """Return what the gateway says of itself; asked without any credentials.

        `Site()` where it says nothing. No error is one about credentials.
        """
        return Site()

    async def async_get_usage(self, start: int, end: int) -> list[ModelUsage]:
        """Return what was used per hour and model (new-api, Veloera), sorted.

        `start` and `end` are Unix seconds, both included, at most LONGEST_USAGE apart
        (ValueError). An hour belongs to a window that its start belongs to. The gateway
        writes minutes late, and too little of an hour where it was restarted.
        """
        raise _absent()

    async def async_get_spent(
        self, start: int, end: int, key_name: str | None = None
    ) -> float:
        """Return the points spent, with all keys or those of one name (all forks).

        `start` and `end` are Unix seconds, both included, at most LONGEST_SPENT apart
        (ValueError). The gateway adds up the requests that it still remembers under
        the account's present name; refunds are not taken off.
        """
        raise _absent()

    async def async_get_daily_usage(self) -> list[DailyUsage]:
        """Return what was used per day and model for about a week, sorted.

        Only one-api, one-hub and done-hub have it; the latter two are up to ten minutes
        late.
        """
        raise _absent()

    async def async_get_keys(
        self, priority: Priority = Priority.BACKGROUND
    ) -> KeyListing:
        """Return the API keys of the account, without what makes them work (all forks).

        One request for each page: of a hundred keys, ten at one-api.
        """
        raise _absent()

    async def async_get_plans(self) -> PlanListing:
        """Return the plans of the account (new-api since February 2026).

        Without any, also while the gateway's database fails.
        """
        raise _absent()

    async def async_get_plan_titles(self) -> dict[int, str]:
        """Return what the plans are called that the gateway sells, by their IDs."""
        raise _absent()

    async def async_get_check_in(self, kind: CheckInKind) -> CheckIn:
        """Return whether the account was checked in today (new-api, Veloera)."""
        raise _absent()

    async def async_check_in(self, kind: CheckInKind) -> float:
        """Check the account in, and return the points that it got. Asked once.

        An UnreachableError that is too much, an InvalidAnswerError and a ServerError of
        HTTP leave open whether it happened.
        """
        raise _absent()

    async def async_get_groups(self, kind: GroupsKind) -> dict[str, float | None]:
        """Return the multiplier of the prices of each group that may be used."""
        raise _absent()

    async def async_get_notice(self) -> Notice | None:
        """Return the notice of the gateway; None if it has none (all forks).

        Asked without any credentials.
        """
        raise _absent()


def _absent() -> AbsentError:
    return AbsentError("this protocol has no such thing")
