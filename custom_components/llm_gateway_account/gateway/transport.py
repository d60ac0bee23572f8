"""One request to one host: how long it takes, how much it answers, and who does."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import aiohttp
from yarl import URL

from .addresses import base_of, read_address
from .errors import (
    BlockedError,
    CertificateError,
    GatewayError,
    InvalidAnswerError,
    RateLimitedError,
    RedirectedError,
    ServerError,
    UnreachableError,
)
from .limiter import Limiter, Priority
from .protection import is_page, is_protection, is_stopped, start_of

REQUEST_TIMEOUT = aiohttp.ClientTimeout(total=15)


class Answer(NamedTuple):
    """An answer that seems to come from the gateway itself."""

    status: int
    body: bytes


class Transport:
    """Asks one gateway, through the limiter of its host. Follows no redirect."""

    def __init__(
        self, session: aiohttp.ClientSession, url: str, limiter: Limiter
    ) -> None:
        """Keep what every request needs; `url` is the gateway's base address."""
        self._session = session
        self._base = URL(url)
        # An address that was asked before is worked out already, in all its parts.
        self._addresses: dict[str, URL] = {}
        self._limiter = limiter

    async def async_get(  # noqa: PLR0913
        self,
        path: str,
        headers: Mapping[str, str],
        *,
        limit: int,
        priority: Priority,
        timeout: float | None,  # noqa: ASYNC109
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """Return the answer to a GET of a path below the base address.

        `limit` is how many bytes of a body are read at most, `timeout` how many
        seconds the request may wait for its turn. Raises GatewayError of the kind that
        fits where there is no answer, or something else than the gateway answered.
        """
        await self._limiter.async_acquire(priority, timeout)
        return await self._async_ask("GET", path, headers, limit, query)

    async def async_post(
        self, path: str, headers: Mapping[str, str], *, limit: int, priority: Priority
    ) -> Answer:
        """Return the answer to a POST without a body, which is sent once.

        The rest is as for a GET.
        """
        await self._limiter.async_acquire(priority)
        return await self._async_ask("POST", path, headers, limit)

    async def _async_ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        limit: int,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        failure: GatewayError
        if self._session.closed:  # while waiting for the turn
            raise UnreachableError("the session has ended")
        try:
            async with self._session.request(
                method,
                self._address_of(path),
                params=query,
                headers=headers,
                timeout=REQUEST_TIMEOUT,
                allow_redirects=False,
            ) as response:
                body = await _async_read(response, limit)
                self._check(response, body, path)
                return Answer(response.status, body)
        except RateLimitedError as err:
            self._limiter.hold(err.retry_after)
            raise
        except aiohttp.ClientConnectorCertificateError:
            failure = CertificateError("the TLS certificate is not accepted")
        except aiohttp.ClientPayloadError, aiohttp.ClientResponseError:
            failure = InvalidAnswerError("the answer is broken", is_too_much=True)
        except TimeoutError:
            failure = UnreachableError("no complete answer in time", is_too_much=True)
        except (aiohttp.ClientError, OSError) as err:
            failure = UnreachableError(
                f"no answer ({type(err).__name__})",
                # Nothing was asked where no connection came about.
                is_too_much=not isinstance(err, aiohttp.ClientConnectorError),
            )
        # Raised out here because aiohttp's own errors hold the request's headers,
        # and with them the token, which an exception's context would keep.
        raise failure

    def _address_of(self, path: str) -> URL:
        if path not in self._addresses:
            self._addresses[path] = self._base.joinpath(path)
        return self._addresses[path]

    def _check(self, response: aiohttp.ClientResponse, body: bytes, path: str) -> None:
        """Raise what an answer means that does not come from the gateway itself."""
        status = response.status
        if is_stopped(response.headers):
            raise BlockedError("a protection answers in place of the gateway")
        if status == 429:
            raise RateLimitedError(_retry_after(response))
        if 300 <= status < 400 and "Location" in response.headers:
            if target := self._redirect_target(response, path):
                raise RedirectedError(target)
            raise InvalidAnswerError(f"the gateway redirects to itself ({status})")
        if is_protection(status, body):
            raise BlockedError("a protection page asks for a browser")
        if status >= 500:
            raise ServerError(status)
        is_json = start_of(body).startswith(b"{")
        if (status == 403 and not is_json) or (status == 401 and is_page(body)):
            raise BlockedError(f"something in front of the gateway refuses ({status})")

    def _redirect_target(
        self, response: aiohttp.ClientResponse, path: str
    ) -> str | None:
        """Return the address to enter instead; None if that is the one entered."""
        asked = response.url
        entered = asked.raw_path.removesuffix(f"/{path}")
        try:
            target = asked.join(URL(response.headers["Location"]))
            # Anything else in a path, and all of a query, might tell who asked.
            kept = entered if target.raw_path.startswith(asked.raw_path) else ""
            address = read_address(f"{target.origin()}{kept}")
        except ValueError, IndexError:  # the latter for brackets around nothing
            return None
        if address is None or base_of(address) == base_of(self._base):
            return None
        return base_of(address)


async def _async_read(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """Return the body, unpacked. Raises InvalidAnswerError if it is too large."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise InvalidAnswerError("the answer is too large", is_too_much=True)
    return bytes(body)


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
