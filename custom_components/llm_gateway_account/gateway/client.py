"""Client for the account API of the one-api family."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import override

from multidict import CIMultiDict

from .account import Account
from .check_in import CheckIn, CheckInKind, awarded
from .contract import Access, Gateway
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
from .limiter import Priority
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


class GatewayClient(Gateway):
    """Reads one account at one gateway. Follows no redirect.

    Writes nothing but a check-in.
    """

    def __init__(self, access: Access) -> None:
        """Keep what a request needs; nothing is sent yet."""
        self._transport = Transport(access.session, access.url, access.limiter)
        self._headers = CIMultiDict(
            {"Accept": "application/json", "User-Agent": access.user_agent}
        )
        # No name goes out twice, in whatever case it was entered.
        self._account_headers = self._headers.copy()
        self._account_headers.update(dict.fromkeys(USER_ID_HEADERS, access.user_id))
        if access.user_id_header:
            self._account_headers[access.user_id_header] = access.user_id
        # The family removes exactly "Bearer ", so the capital matters.
        self._account_headers["Authorization"] = (
            f"Bearer {access.access_token}" if access.bearer else access.access_token
        )
        self._access_token = access.access_token
        self._user_id = access.user_id
        self._latest: tuple[Answer, Account] | None = None

    @override
    async def async_get_account(
        self, priority: Priority = Priority.POLL, timeout: float | None = None
    ) -> Account:
        answer = await self._async_get(
            ACCOUNT_PATH, self._account_headers, MAX_ACCOUNT_BODY, priority, timeout
        )
        if self._latest and self._latest[0] == answer:
            return self._latest[1]
        account = Account.from_payload(data_of(answer))
        if account.id is None:
            # Without the ID that was there once, the answer might be anybody's.
            if self._latest and self._latest[1].id is not None:
                raise InvalidAnswerError("the answer no longer holds an ID")
        elif str(account.id) != self._user_id:
            raise OtherAccountError("the answer is another account's")
        self._latest = answer, account
        return account

    @override
    async def async_get_site(
        self, priority: Priority = Priority.BACKGROUND, timeout: float | None = None
    ) -> Site:
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

    @override
    async def async_get_usage(self, start: int, end: int) -> list[ModelUsage]:
        window = _window(start, end, LONGEST_USAGE)
        answer = await self._async_get_book(USAGE_PATH, window)
        return await _async_read(
            answer, lambda: hourly_usage(book_of(answer), start, end)
        )

    @override
    async def async_get_spent(
        self, start: int, end: int, key_name: str | None = None
    ) -> float:
        # The type of a request that was paid; the others are ignored.
        query = {"type": "2"} | _window(start, end, LONGEST_SPENT)
        if key_name is not None:
            query["token_name"] = key_name
        return spent(book_of(await self._async_get_book(SPENT_PATH, query)))

    @override
    async def async_get_daily_usage(self) -> list[DailyUsage]:
        answer = await self._async_get_book(DAILY_USAGE_PATH)
        return await _async_read(answer, lambda: daily_usage(book_of(answer)))

    @override
    async def async_get_keys(
        self, priority: Priority = Priority.BACKGROUND
    ) -> KeyListing:
        pages = KeyPages()
        while query := pages.query:
            answer = await self._async_get_book(KEYS_PATH, query, priority)
            await _async_read(answer, partial(_add_page, pages, answer))
        return pages.listing

    @override
    async def async_get_plans(self) -> PlanListing:
        answer = await self._async_get_book(PLANS_PATH)
        return await _async_read(answer, lambda: plan_listing(book_of(answer)))

    @override
    async def async_get_plan_titles(self) -> dict[int, str]:
        answer = await self._async_get_book(PLAN_TITLES_PATH)
        return await _async_read(answer, lambda: plan_titles(book_of(answer)))

    @override
    async def async_get_check_in(self, kind: CheckInKind) -> CheckIn:
        answer = await self._async_get_book(kind.status_path)
        return CheckIn.from_payload(book_of(answer))

    @override
    async def async_check_in(self, kind: CheckInKind) -> float:
        answer = await self._async_keep_secret(
            self._transport.async_post(
                kind.path,
                self._account_headers,
                limit=MAX_ACCOUNT_BODY,
                priority=Priority.POLL,
            )
        )
        return awarded(book_of(answer))

    @override
    async def async_get_groups(self, kind: GroupsKind) -> dict[str, float | None]:
        return group_ratios(book_of(await self._async_get_book(kind)))

    @override
    async def async_get_notice(self) -> Notice | None:
        answer = await self._async_get(
            NOTICE_PATH, self._headers, MAX_SITE_BODY, Priority.BACKGROUND, None
        )
        return await _async_read(answer, lambda: notice_of(book_of(answer)))

    async def _async_get_book(
        self,
        path: str,
        query: Mapping[str, str] | None = None,
        priority: Priority = Priority.BACKGROUND,
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
