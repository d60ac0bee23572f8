"""Client for the account API: one method per thing, typed answers out."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import aiohttp
from multidict import CIMultiDict

from .account import Account
from .check_in import CheckIn, CheckInKind, awarded
from .envelope import book_of, data_of
from .errors import (
    AccountDisabledError,
    InvalidAnswerError,
    OtherAccountError,
    RedirectedError,
    TokenRefusedError,
    UserIdRefusedError,
)
from .groups import GroupsKind, group_ratios
from .keys import KeyListing, KeyPages
from .limiter import Limiter, Priority
from .notices import Notice, notice_of
from .plans import PlanListing, plan_listing, plan_titles
from .site import Site
from .transport import Answer, Transport
from .usage import (
    LONGEST_SPENT,
    LONGEST_USAGE,
    DailyUsage,
    ModelUsage,
    daily_usage,
    hourly_usage,
    spent,
)

ACCOUNT_PATH = "api/user/self"
STATUS_PATH = "api/status"
USAGE_PATH = "api/data/self"
SPENT_PATH = "api/log/self/stat"
DAILY_USAGE_PATH = "api/user/dashboard"
# Without the slash at its end, it is a redirect.
KEYS_PATH = "api/token/"
PLANS_PATH = "api/subscription/self"
PLAN_TITLES_PATH = "api/subscription/plans"
NOTICE_PATH = "api/notice"

MAX_ACCOUNT_BODY = 1024 * 1024
# The page of a site may hold its logo and its news.
MAX_SITE_BODY = 8 * 1024 * 1024
MAX_USAGE_BODY = 8 * 1024 * 1024

# A longer body takes more than a few milliseconds to read.
_LONGEST_READ_AT_ONCE = 65_536

# Shorter than this, a name or a number tells nobody, and is part of any address.
_SHORTEST_SECRET = 4

# Every fork that wants to know whose token it is has a name of its own for that
# header. None minds the others', so nobody has to know which software a site runs.
USER_ID_HEADERS = (
    "X-Api-User",  # V-API
    "New-Api-User",  # new-api before v1.0.0-rc.22
    "Veloera-User",
    "Rix-Api-User",
    "Dmx-Api-User",
    "Done-User",
    "Heqiuyu-Api-User",
    "neo-api-user",
    "NexusTok-User",
    "User-id",  # Super-API
    "voapi-user",
    "X-User-Id",
)


class GatewayClient:
    """Reads one account at one gateway. Follows no redirect.

    Writes nothing but a check-in.
    """

    def __init__(  # noqa: PLR0913
        self,
        session: aiohttp.ClientSession,
        url: str,
        user_id: str,
        access_token: str,
        *,
        limiter: Limiter,
        user_agent: str,
        bearer: bool = True,
        user_id_header: str | None = None,
    ) -> None:
        """Keep what a request needs; nothing is sent yet.

        `url` is the base address of the gateway, `limiter` that of all requests to its
        host. `bearer` tells whether the token goes out as `Bearer <token>` or as it
        is. `user_id_header` is one more name for the header with the user ID.
        """
        self._transport = Transport(session, url, limiter)
        self._headers = CIMultiDict(
            {"Accept": "application/json", "User-Agent": user_agent}
        )
        # No name goes out twice, in whatever case it was entered.
        self._account_headers = self._headers.copy()
        self._account_headers.update(dict.fromkeys(USER_ID_HEADERS, user_id))
        if user_id_header:
            self._account_headers[user_id_header] = user_id
        # The family removes exactly "Bearer ", so the capital matters.
        self._account_headers["Authorization"] = (
            f"Bearer {access_token}" if bearer else access_token
        )
        self._access_token = access_token
        self._user_id = user_id
        self._latest: tuple[Answer, Account] | None = None

    async def async_get_account(
        self,
        priority: Priority = Priority.POLL,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> Account:
        """Return the account.

        `timeout` is how many seconds it may wait for its turn at the host. While
        nothing changes, the account is the same object each time.

        Raises GatewayError of the kind that fits; OtherAccountError if the gateway
        looks only at the token and that is another account's; InvalidAnswerError if
        the ID is missing after it was there once, as the answer might be anybody's.
        """
        answer = await self._async_get(
            ACCOUNT_PATH, self._account_headers, MAX_ACCOUNT_BODY, priority, timeout
        )
        if self._latest and self._latest[0] == answer:
            return self._latest[1]
        account = Account.from_payload(data_of(answer))
        if account.id is None:
            if self._latest and self._latest[1].id is not None:
                raise InvalidAnswerError("the answer no longer holds an ID")
        elif str(account.id) != self._user_id:
            raise OtherAccountError("the answer is another account's")
        self._latest = answer, account
        return account

    async def async_get_site(
        self,
        priority: Priority = Priority.BACKGROUND,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> Site:
        """Return what the gateway says of itself; asked without any credentials.

        `Site()` where the gateway does not have this page. Raises GatewayError of the
        kind that fits where it could not be read; never one about credentials.
        """
        answer = await self._async_get(
            STATUS_PATH, self._headers, MAX_SITE_BODY, priority, timeout
        )
        if answer.status in {404, 405}:
            return Site()
        try:
            return await _async_read(answer, lambda: Site.from_payload(data_of(answer)))
        except TokenRefusedError, UserIdRefusedError, AccountDisabledError:
            pass
        raise InvalidAnswerError("the gateway does not show its page to everybody")

    async def async_get_usage(
        self, start: int, end: int, priority: Priority = Priority.BACKGROUND
    ) -> list[ModelUsage]:
        """Return what was used per hour and model (new-api, Veloera), sorted.

        `start` and `end` are Unix seconds, both included, at most LONGEST_USAGE apart
        (ValueError). An hour belongs to a window that its start belongs to. The gateway
        writes minutes late, and too little of an hour where it was restarted. Raises
        AbsentError where it keeps no such book, else GatewayError of the kind that
        fits.
        """
        window = _window(start, end, LONGEST_USAGE)
        answer = await self._async_get_book(USAGE_PATH, priority, window)
        return await _async_read(
            answer, lambda: hourly_usage(book_of(answer), start, end)
        )

    async def async_get_spent(
        self,
        start: int,
        end: int,
        priority: Priority = Priority.BACKGROUND,
        key_name: str | None = None,
    ) -> float:
        """Return the points spent, with all keys or those of one name (all forks).

        `start` and `end` are Unix seconds, both included, at most LONGEST_SPENT apart
        (ValueError). The gateway adds up the requests that it still remembers under
        the account's present name; refunds are not taken off. Raises AbsentError where
        it keeps no such book, else GatewayError of the kind that fits.
        """
        # The type of a request that was paid; the others are ignored.
        query = {"type": "2"} | _window(start, end, LONGEST_SPENT)
        if key_name is not None:
            query["token_name"] = key_name
        answer = await self._async_get_book(SPENT_PATH, priority, query)
        return spent(book_of(answer))

    async def async_get_daily_usage(
        self, priority: Priority = Priority.BACKGROUND
    ) -> list[DailyUsage]:
        """Return what was used per day and model for about a week, sorted.

        Only one-api, one-hub and done-hub have it; the latter two are up to ten minutes
        late. Raises AbsentError elsewhere, else GatewayError of the kind that fits.
        """
        answer = await self._async_get_book(DAILY_USAGE_PATH, priority)
        return await _async_read(answer, lambda: daily_usage(book_of(answer)))

    async def async_get_keys(
        self, priority: Priority = Priority.BACKGROUND
    ) -> KeyListing:
        """Return the API keys of the account, without what makes them work (all forks).

        One request for each page: of a hundred keys, ten at one-api. Raises AbsentError
        where there is no such list, else GatewayError of the kind that fits.
        """
        pages = KeyPages()
        while query := pages.query:
            answer = await self._async_get_book(KEYS_PATH, priority, query)
            await _async_read(answer, partial(_add_page, pages, answer))
        return pages.listing

    async def async_get_plans(
        self, priority: Priority = Priority.BACKGROUND
    ) -> PlanListing:
        """Return the plans of the account (new-api since February 2026).

        Without any, also while the gateway's database fails. Raises AbsentError where
        there are no plans at all, else GatewayError of the kind that fits.
        """
        answer = await self._async_get_book(PLANS_PATH, priority)
        return await _async_read(answer, lambda: plan_listing(book_of(answer)))

    async def async_get_plan_titles(
        self, priority: Priority = Priority.BACKGROUND
    ) -> dict[int, str]:
        """Return what the plans are called that the gateway sells, by their IDs.

        Raises AbsentError where there are none, else GatewayError of the kind that
        fits.
        """
        answer = await self._async_get_book(PLAN_TITLES_PATH, priority)
        return await _async_read(answer, lambda: plan_titles(book_of(answer)))

    async def async_get_check_in(
        self, kind: CheckInKind, priority: Priority = Priority.BACKGROUND
    ) -> CheckIn:
        """Return whether the account was checked in today (new-api, Veloera).

        Raises AbsentError elsewhere, else GatewayError of the kind that fits.
        """
        answer = await self._async_get_book(kind.status_path, priority)
        return CheckIn.from_payload(book_of(answer))

    async def async_check_in(self, kind: CheckInKind) -> float:
        """Check the account in, and return the points that it got. Asked once.

        Raises GatewayError of the kind that fits. An UnreachableError that is too much,
        an InvalidAnswerError and a ServerError of HTTP leave open whether it happened.
        """
        answer = await self._async_keep_secret(
            self._transport.async_post(
                kind.path,
                self._account_headers,
                limit=MAX_ACCOUNT_BODY,
                priority=Priority.POLL,
            )
        )
        return awarded(book_of(answer))

    async def async_get_groups(
        self, kind: GroupsKind, priority: Priority = Priority.BACKGROUND
    ) -> dict[str, float | None]:
        """Return the multiplier of the prices of each group that may be used.

        Raises AbsentError where there is no such list, else GatewayError of the kind
        that fits.
        """
        answer = await self._async_get_book(kind, priority)
        return group_ratios(book_of(answer))

    async def async_get_notice(
        self, priority: Priority = Priority.BACKGROUND
    ) -> Notice | None:
        """Return the notice of the gateway; None if it has none (all forks).

        Asked without any credentials. Raises GatewayError of the kind that fits.
        """
        answer = await self._async_get(
            NOTICE_PATH, self._headers, MAX_SITE_BODY, priority, None
        )
        return await _async_read(answer, lambda: notice_of(book_of(answer)))

    async def _async_get_book(
        self, path: str, priority: Priority, query: Mapping[str, str] | None = None
    ) -> Answer:
        return await self._async_get(
            path, self._account_headers, MAX_USAGE_BODY, priority, None, query=query
        )

    async def _async_get(  # noqa: PLR0913
        self,
        path: str,
        headers: CIMultiDict[str],
        limit: int,
        priority: Priority,
        timeout: float | None,  # noqa: ASYNC109
        *,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        return await self._async_keep_secret(
            self._transport.async_get(
                path,
                headers,
                limit=limit,
                priority=priority,
                timeout=timeout,
                query=query,
            )
        )

    async def _async_keep_secret(self, asking: Awaitable[Answer]) -> Answer:
        """Return the answer; no error of it names an address that tells who asked."""
        try:
            return await asking
        except RedirectedError as err:
            if not self._is_told_by(err.target):
                raise
        # Raised out here because the context of an exception would keep the target.
        raise InvalidAnswerError("the address of a redirect tells who asked")

    def _is_told_by(self, text: str) -> bool:
        """Tell whether a text holds the token, half of it, or what a person is called.

        Only letters and digits count, so that no dot in between hides anything.
        """
        text, token = _bare(text), _bare(self._access_token)
        middle = len(token) // 2
        names = [self._user_id]
        if self._latest:
            values = data_of(self._latest[0]).values()
            names += [str(each) for each in values if type(each) in {str, int}]
        secrets = [each for each in map(_bare, names) if len(each) >= _SHORTEST_SECRET]
        secrets += [token[:middle], token[middle:]]
        return any(secret in text for secret in secrets)


def _add_page(pages: KeyPages, answer: Answer) -> None:
    pages.add(book_of(answer))


def _bare(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


async def _async_read[Result](answer: Answer, read: Callable[[], Result]) -> Result:
    """Read an answer, beside the event loop if it is a long one."""
    if len(answer.body) <= _LONGEST_READ_AT_ONCE:
        return read()
    return await asyncio.get_running_loop().run_in_executor(None, read)


def _window(start: int, end: int, longest: int) -> dict[str, str]:
    if not 0 <= end - start <= longest:
        raise ValueError(f"a window of {end - start} seconds")
    return {"start_timestamp": str(start), "end_timestamp": str(end)}
