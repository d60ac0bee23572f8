"""Client for the account API: one method per endpoint, typed answers out."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
import json
from typing import Any, NamedTuple, NoReturn

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from .errors import (
    BlockedError,
    CertificateError,
    GatewayError,
    InvalidAnswerError,
    RateLimitedError,
    RedirectedError,
    ServerError,
    TokenRefusedError,
    UnreachableError,
    WebPageError,
)
from .inputs import parse_url
from .models import Account, Site
from .pace import LONGEST_WAIT, Pace
from .refusals import error_from_envelope, is_challenge, is_page, start_of

ACCOUNT_PATH = "api/user/self"
STATUS_PATH = "api/status"

REQUEST_TIMEOUT = aiohttp.ClientTimeout(total=15)
MAX_BODY = 1024 * 1024

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
)


class Answer(NamedTuple):
    """An answer that comes from the gateway itself, and seems to be JSON."""

    status: int
    body: bytes


class GatewayClient:
    """Reads one account at one gateway. Writes nothing, follows no redirect."""

    def __init__(  # noqa: PLR0913
        self,
        session: aiohttp.ClientSession,
        url: str,
        user_id: str,
        access_token: str,
        *,
        pace: Pace,
        user_agent: str,
        bearer: bool = True,
        user_id_header: str | None = None,
    ) -> None:
        """Keep what a request needs; nothing is sent yet.

        `url` is the base address of the gateway, `pace` that of all requests to its
        host. `bearer` tells whether the token goes out as `Bearer <token>` or as it
        is. `user_id_header` is one more name for the header with the user ID.
        """
        self._session = session
        self._pace = pace
        self._account_url = URL(url).joinpath(ACCOUNT_PATH)
        self._status_url = URL(url).joinpath(STATUS_PATH)
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

    async def async_get_account(self, longest_wait: float = LONGEST_WAIT) -> Account:
        """Return the account. Raises GatewayError of the kind that fits.

        `longest_wait` is how many seconds it may wait for its turn. While nothing
        changes, the account is the same object each time. Once it told its ID, an
        answer without one is none: it might be anybody's.
        """
        await self._pace.async_take_turn(longest_wait)
        answer = await self._async_ask(self._account_url, self._account_headers)
        if self._latest is None or self._latest[0] != answer:
            account = Account.from_payload(_data_of(answer))
            if account.id is None and self._latest and self._latest[1].id is not None:
                raise InvalidAnswerError("the answer no longer holds an ID")
            self._latest = answer, account
        return self._latest[1]

    async def async_get_site(self) -> Site:
        """Return what the gateway says of itself; asked without any credentials.

        A gateway that does not have this page, or refuses it, is a normal gateway:
        the answer is then `Site()`. Raises UnreachableError, RateLimitedError and
        ServerError, as only these may pass.
        """
        try:
            await self._pace.async_take_turn()
            answer = await self._async_ask(self._status_url, self._headers)
            return Site.from_payload(_data_of(answer))
        except UnreachableError, RateLimitedError, ServerError:
            raise
        except GatewayError:
            return Site()

    async def _async_ask(self, url: URL, headers: CIMultiDict[str]) -> Answer:
        """Return the answer, or raise what another one means."""
        failure: GatewayError
        if self._session.closed:  # while waiting for the turn
            raise UnreachableError("the session has ended")
        try:
            async with self._session.get(
                url, headers=headers, timeout=REQUEST_TIMEOUT, allow_redirects=False
            ) as response:
                return _check(response, await _async_read(response))
        except RateLimitedError as err:
            self._pace.hold(err.retry_after)
            raise
        except RedirectedError as err:
            if not self._is_told_by(err.target):
                raise
            failure = InvalidAnswerError("the address of a redirect tells who asked")
        except aiohttp.ClientConnectorCertificateError:
            failure = CertificateError("the TLS certificate is not accepted")
        except aiohttp.ClientPayloadError, aiohttp.ClientResponseError:
            failure = InvalidAnswerError("the answer is broken")
        except TimeoutError:
            failure = UnreachableError("no complete answer in time")
        except (aiohttp.ClientError, OSError) as err:
            failure = UnreachableError(f"no answer ({type(err).__name__})")
        # Raised out here because aiohttp's own errors hold the request's headers,
        # and with them the token, which an exception's context would keep.
        raise failure

    def _is_told_by(self, text: str) -> bool:
        """Tell whether a text holds the token, half of it, or what a person is called.

        Only letters and digits count, so that no dot in between hides anything.
        """
        text, token = _bare(text), _bare(self._access_token)
        middle = len(token) // 2
        names = [self._user_id]
        if self._latest:
            values = _data_of(self._latest[0]).values()
            names += [str(each) for each in values if type(each) in {str, int}]
        secrets = [each for each in map(_bare, names) if len(each) >= _SHORTEST_SECRET]
        secrets += [token[:middle], token[middle:]]
        return any(secret in text for secret in secrets)


def _bare(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


async def _async_read(response: aiohttp.ClientResponse) -> bytes:
    """Return the body, unpacked. Raises InvalidAnswerError if it is too large."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_BODY:
            raise InvalidAnswerError("the answer is too large")
    return bytes(body)


def _check(response: aiohttp.ClientResponse, body: bytes) -> Answer:
    """Return an answer of the gateway; raise what another one means.

    Proxies and protections answer in its place.
    """
    status = response.status
    if status == 429:
        raise RateLimitedError(_retry_after(response))
    if 300 <= status < 400 and "Location" in response.headers:
        if target := _redirect_target(response):
            raise RedirectedError(target)
        raise InvalidAnswerError(f"the gateway redirects to itself (HTTP {status})")
    if is_challenge(response.headers, body):
        raise BlockedError("a protection page asks for a browser")
    if status >= 500:
        raise ServerError(status)
    if not start_of(body).startswith(b"{"):
        _raise_not_json(status, body)
    return Answer(status, body)


def _data_of(answer: Answer) -> dict[str, Any]:
    """Return the `data` object, or raise what status and body mean together.

    The family answers a bad token with HTTP 200.
    """
    envelope = _parse(answer.body)
    data = envelope.get("data")
    if (
        answer.status == 200
        and envelope.get("success") is True
        and isinstance(data, dict)
    ):
        return data
    raise error_from_envelope(answer.status, envelope)


def _raise_not_json(status: int, body: bytes) -> NoReturn:
    if status == 403 or (status == 401 and is_page(body)):
        raise BlockedError(f"something in front of the gateway refuses (HTTP {status})")
    if status == 401:
        raise TokenRefusedError("the access token is refused (HTTP 401)")
    if is_page(body):
        raise WebPageError(f"a web page instead of the API (HTTP {status})")
    raise InvalidAnswerError(f"the answer is not JSON (HTTP {status})")


def _parse(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except ValueError, RecursionError:
        answer = None
    # Raised out here because a decoder's error holds the whole body.
    if not isinstance(answer, dict):
        raise InvalidAnswerError("the answer is not valid JSON")
    return answer


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _retry_after(response: aiohttp.ClientResponse) -> float | None:
    """Return the seconds of `Retry-After`, which may also be a date."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _redirect_target(response: aiohttp.ClientResponse) -> str | None:
    """Return the address to enter instead; None if that is the one entered."""
    asked = response.url
    entered = asked.raw_path.removesuffix(f"/{ACCOUNT_PATH}")
    try:
        target = asked.join(URL(response.headers["Location"]))
        # Anything else in a path, and all of a query, might tell who asked.
        path = entered if target.raw_path.startswith(asked.raw_path) else ""
        address = parse_url(f"{target.origin()}{path}", allow_unencrypted=True)
    except ValueError, IndexError:  # the latter for brackets around nothing
        return None
    return None if address == f"{asked.origin()}{entered}" else address
