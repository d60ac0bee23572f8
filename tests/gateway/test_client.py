"""The client against a real server: what it sends, and what each answer means."""

import asyncio
from collections.abc import Callable
from copy import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from custom_components.llm_gateway_account.gateway import (
    AccountDisabledError,
    BlockedError,
    CertificateError,
    GatewayClient,
    GatewayError,
    GroupsKind,
    InvalidAnswerError,
    Limiter,
    OtherAccountError,
    Priority,
    RateLimitedError,
    RedirectedError,
    ServerError,
    Site,
    TokenRefusedError,
    UnreachableError,
    UserIdRefusedError,
    WebPageError,
)
from custom_components.llm_gateway_account.gateway.client import (
    MAX_ACCOUNT_BODY,
    MAX_SITE_BODY,
    USER_ID_HEADERS,
)
from custom_components.llm_gateway_account.gateway.limiter import BURST
from custom_components.llm_gateway_account.gateway.transport import REQUEST_TIMEOUT
from tests.faults import ENDED_BY_TIME, FAULTS, FULL_OF_SECRETS, GOOD, HTML, said
from tests.gateway_server import (
    ACCESS_TOKEN,
    ENGLISH_REFUSALS,
    FORKS,
    NEW_API,
    NEW_API_RC22,
    NEW_STATUS,
    ONE_API,
    PLANTED_SECRETS,
    USER_ID,
    V_API,
    Fork,
    GatewayServer,
    Handler,
    answering,
    secrets_of,
    told_by,
)
from tests.tls import BAD_CERTIFICATES, NO_TLS, CertificateAuthority, TlsFault

from .conftest import ClientFactory


@pytest.mark.parametrize("fork", FORKS, ids=lambda fork: fork.name)
async def test_account_of_every_fork(
    gateway: GatewayServer, client: GatewayClient, fork: Fork
) -> None:
    gateway.fork = fork
    account = await client.async_get_account()
    assert account.id == USER_ID
    assert account.quota == gateway.account.quota
    assert account.used_quota == gateway.account.used_quota
    assert account.request_count == gateway.account.request_count


async def test_request(gateway: GatewayServer, client: GatewayClient) -> None:
    await client.async_get_account()
    (request,) = gateway.requests
    assert (request.method, request.raw_path) == ("GET", "/api/user/self")
    assert request.headers["Authorization"] == f"Bearer {ACCESS_TOKEN}"
    assert request.headers["Accept"] == "application/json"
    assert request.headers["User-Agent"] == "test/1"
    assert {request.headers[name] for name in USER_ID_HEADERS} == {str(USER_ID)}
    assert "Cookie" not in request.headers


@pytest.mark.parametrize(
    "header",
    [
        "X-Api-User",
        "New-Api-User",
        "Veloera-User",
        "Rix-Api-User",
        "Dmx-Api-User",
        "Done-User",
        "Heqiuyu-Api-User",
        "neo-api-user",
        "NexusTok-User",
        "User-id",
        "voapi-user",
        "X-User-Id",
    ],
)
async def test_user_id_under_every_known_name(
    gateway: GatewayServer, client: GatewayClient, header: str
) -> None:
    gateway.fork = Fork("any", V_API.body, header, refusals=ENGLISH_REFUSALS)
    assert (await client.async_get_account()).id == USER_ID


async def test_token_as_it_is(
    gateway: GatewayServer, create_client: ClientFactory
) -> None:
    gateway.bearer = False
    with pytest.raises(TokenRefusedError):
        await create_client().async_get_account()
    assert (await create_client(bearer=False).async_get_account()).id == USER_ID


async def test_own_user_id_header(
    gateway: GatewayServer, create_client: ClientFactory
) -> None:
    gateway.fork = Fork("own", V_API.body, "Acme-User", refusals=ENGLISH_REFUSALS)
    with pytest.raises(UserIdRefusedError):
        await create_client().async_get_account()
    client = create_client(user_id_header="Acme-User")
    assert (await client.async_get_account()).id == USER_ID


async def test_own_user_id_header_in_another_case(
    gateway: GatewayServer, create_client: ClientFactory
) -> None:
    await create_client(user_id_header="x-api-user").async_get_account()
    assert gateway.requests[0].headers.getall("X-Api-User") == [str(USER_ID)]


async def test_gateway_below_a_path(
    gateway: GatewayServer, create_client: ClientFactory
) -> None:
    gateway.fault = GOOD["no message"]
    await create_client(url=f"{gateway.url}/one/two").async_get_account()
    assert gateway.paths() == ["/one/two/api/user/self"]


async def test_site_is_asked_without_credentials(
    gateway: GatewayServer, client: GatewayClient
) -> None:
    gateway.fork = NEW_API
    assert await client.async_get_site() == Site(
        system_name="Example Gateway",
        version="v0.9.25",
        currency="CNY",
        rate=7.3,
        groups=GroupsKind.OWN,
        announcements=(),
    )
    (request,) = gateway.requests
    assert request.path == "/api/status"
    assert "Authorization" not in request.headers
    assert not set(USER_ID_HEADERS) & set(request.headers)
    assert ACCESS_TOKEN not in str(request.headers)


@pytest.mark.parametrize(
    "fault",
    [
        answering(404, {"error": {"message": "Invalid URL (GET /api/status)"}}),
        answering(404, "<html>404</html>", HTML),
        answering(405),
    ],
)
async def test_gateway_without_site_is_a_normal_gateway(
    gateway: GatewayServer, client: GatewayClient, fault: Handler
) -> None:
    gateway.status_fault = fault
    assert await client.async_get_site() == Site()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (FAULTS["502"][0], ServerError),
        (FAULTS["reset"][0], UnreachableError),
        (FAULTS["block page"][0], BlockedError),
        (FAULTS["index page"][0], WebPageError),
        (FAULTS["301 other host"][0], RedirectedError),
        (FAULTS["data list"][0], InvalidAnswerError),
        (answering(200, b" " * MAX_SITE_BODY + b"{}"), InvalidAnswerError),
        # Nobody was asked for a token or a user ID.
        (answering(401), InvalidAnswerError),
        (answering(200, said("无权进行此操作")), InvalidAnswerError),
        (answering(403, said("权限不足")), InvalidAnswerError),
    ],
)
async def test_site_that_cannot_be_read_is_not_guessed(
    gateway: GatewayServer,
    client: GatewayClient,
    fault: Handler,
    error: type[GatewayError],
) -> None:
    gateway.status_fault = fault
    with pytest.raises(GatewayError) as caught:
        await client.async_get_site()
    assert type(caught.value) is error
    assert caught.value.__context__ is None
    gateway.status_fault = None
    assert (await client.async_get_account()).id == USER_ID


async def test_site_with_a_large_logo(
    gateway: GatewayServer, client: GatewayClient
) -> None:
    status = NEW_STATUS | {"logo": "data:image/png;base64," + "A" * 1_500_000}
    gateway.fork = replace(NEW_API, status=status)
    assert (await client.async_get_site()).currency == "CNY"


@pytest.mark.parametrize(
    ("fork", "changes", "error"),
    [
        (V_API, {"access_token": "0" * 32}, TokenRefusedError),
        (V_API, {"user_id": "12"}, UserIdRefusedError),
        (NEW_API, {"user_id": "12"}, UserIdRefusedError),
        (NEW_API, {"user_id": "x"}, UserIdRefusedError),
        (NEW_API_RC22, {"access_token": "0" * 32}, TokenRefusedError),
        # These look only at the token.
        (ONE_API, {"user_id": "12"}, OtherAccountError),
        (NEW_API_RC22, {"user_id": "12"}, OtherAccountError),
    ],
)
async def test_wrong_credentials(
    gateway: GatewayServer,
    create_client: ClientFactory,
    fork: Fork,
    changes: dict[str, str],
    error: type[GatewayError],
) -> None:
    gateway.fork = fork
    with pytest.raises(error):
        await create_client(**changes).async_get_account()


@pytest.mark.parametrize("fork", [V_API, NEW_API, NEW_API_RC22])
async def test_banned(
    gateway: GatewayServer, client: GatewayClient, fork: Fork
) -> None:
    gateway.fork = fork
    gateway.account.status = 2
    with pytest.raises(AccountDisabledError):
        await client.async_get_account()


@pytest.mark.parametrize("name", list(FAULTS))
async def test_faults(
    request: pytest.FixtureRequest,
    gateway: GatewayServer,
    create_client: ClientFactory,
    name: str,
) -> None:
    if name in ENDED_BY_TIME:
        request.getfixturevalue("little_time")
    fault, error = FAULTS[name]
    client = create_client()
    gateway.fault = fault
    with pytest.raises(GatewayError) as caught:
        await client.async_get_account()
    assert type(caught.value) is error
    gateway.fault = None
    if error is RateLimitedError:  # which holds the host
        client = create_client()
    assert (await client.async_get_account()).id == USER_ID


@pytest.mark.parametrize("answer", list(GOOD.values()), ids=list(GOOD))
async def test_good_answer_in_odd_clothes(
    gateway: GatewayServer, client: GatewayClient, answer: Handler
) -> None:
    gateway.fault = answer
    assert (await client.async_get_account()).quota == 7


async def test_same_answer_is_the_same_account(
    gateway: GatewayServer, client: GatewayClient
) -> None:
    account = await client.async_get_account()
    assert await client.async_get_account() is account
    gateway.account.quota -= 1
    assert (await client.async_get_account()).quota == account.quota - 1


async def test_account_that_told_its_id_goes_on_telling_it(
    gateway: GatewayServer, client: GatewayClient
) -> None:
    """Else another person's data could come without it."""
    for sent, read in ((None, None), (USER_ID, USER_ID), (str(USER_ID), USER_ID)):
        gateway.fault = answering(
            200, {"success": True, "data": {"id": sent, "quota": 1}}
        )
        assert (await client.async_get_account()).id == read
    gateway.fault = answering(200, {"success": True, "data": {"quota": 2}})
    for _ in range(2):
        with pytest.raises(InvalidAnswerError):
            await client.async_get_account()
    gateway.fault = None
    assert (await client.async_get_account()).id == USER_ID


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("120", 120),
        ("in ten minutes", 600),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wed, 21 Oct 2015 07:28:00", None),
        ("-5", None),
        ("soon", None),
        ("9" * 400, float("inf")),
    ],
)
async def test_rate_limit(
    gateway: GatewayServer,
    client: GatewayClient,
    value: str | None,
    seconds: float | None,
) -> None:
    if value == "in ten minutes":
        value = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
    gateway.fault = answering(429, b"", {"Retry-After": value} if value else {})
    with pytest.raises(RateLimitedError) as caught:
        await client.async_get_account()
    assert caught.value.retry_after == (
        seconds if seconds is None else pytest.approx(seconds, abs=60)
    )


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("https://new.example/api/user/self", "https://new.example"),
        ("https://u:p@new.example/login?token=x#y", "https://new.example"),
        ("https://NEW.example:443/x", "https://new.example"),
        # A target is logged: it forges no line, and a path may tell who asked.
        ("https://new.example/sub/api/user/self/", "https://new.example"),
        ("https://new.example/x%0AERROR/api/user/self", "https://new.example"),
        (f"https://new.example/{ACCESS_TOKEN}/api/user/self", "https://new.example"),
        (f"https://new.example/api/user/self/{USER_ID}", "https://new.example"),
        (f"https://new.example{'/x' * 3000}/api/user/self", "https://new.example"),
    ],
)
async def test_redirect_is_not_followed(
    gateway: GatewayServer, client: GatewayClient, location: str, target: str
) -> None:
    gateway.fault = answering(301, b"", {"Location": location})
    with pytest.raises(RedirectedError) as caught:
        await client.async_get_account()
    assert caught.value.target == target
    assert len(gateway.requests) == 1


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/one/two/api/user/self", "https://new.example/one/two"),
        ("/one/two/api/user/self/", "https://new.example/one/two"),
        ("/three/api/user/self", "https://new.example"),
        ("/api/user/self", "https://new.example"),
    ],
)
async def test_redirect_of_a_gateway_below_a_path(
    gateway: GatewayServer, create_client: ClientFactory, path: str, target: str
) -> None:
    gateway.fault = answering(301, b"", {"Location": f"https://new.example{path}"})
    with pytest.raises(RedirectedError) as caught:
        await create_client(url=f"{gateway.url}/one/two").async_get_account()
    assert caught.value.target == target


HALF = len(ACCESS_TOKEN) // 2


@pytest.mark.parametrize(
    "host",
    [
        f"{ACCESS_TOKEN}.example",
        f"{ACCESS_TOKEN.upper()}.example",
        f"x-{ACCESS_TOKEN}-y.example",
        f"{ACCESS_TOKEN[:HALF]}.{ACCESS_TOKEN[HALF:]}.example",
        f"{ACCESS_TOKEN[:HALF]}.example",
        f"{ACCESS_TOKEN[HALF:]}.example",
        f"{'.'.join(ACCESS_TOKEN)}.example",
        f"user-{USER_ID}.example",
        f"new.example:{USER_ID}",
        # No name of a host.
        f"{'x' * 64}.example",
        "a%0Ab.example",
        "a..example",
    ],
)
async def test_target_of_a_redirect_that_tells_who_asked_is_not_told(
    gateway: GatewayServer, client: GatewayClient, host: str
) -> None:
    gateway.fault = answering(301, b"", {"Location": f"https://{host}/"})
    with pytest.raises(InvalidAnswerError) as caught:
        await client.async_get_account()
    assert caught.value.__context__ is None
    assert len(gateway.requests) == 1


async def test_target_of_a_redirect_tells_nothing_that_was_answered_before(
    gateway: GatewayServer, client: GatewayClient
) -> None:
    await client.async_get_account()
    told = gateway.fork.body(gateway.account).values()
    secrets = [each for each in secrets_of(gateway.account) if each in told]
    for secret in secrets[1:]:  # no host is called as a mail address
        gateway.fault = answering(301, b"", {"Location": f"https://{secret}.example/"})
        with pytest.raises(InvalidAnswerError):
            await client.async_get_account()
    gateway.fault = answering(301, b"", {"Location": "https://new.example/"})
    with pytest.raises(RedirectedError):
        await client.async_get_account()


@pytest.mark.parametrize("location", ["/api/user/self/", "{url}/?x#y", "mailto:nobody"])
async def test_redirect_to_itself_is_no_other_address(
    gateway: GatewayServer, client: GatewayClient, location: str
) -> None:
    location = location.format(url=gateway.url)
    gateway.fault = answering(301, b"", {"Location": location})
    with pytest.raises(InvalidAnswerError):
        await client.async_get_account()
    assert len(gateway.requests) == 1


async def test_nobody_listens(gateway: GatewayServer, client: GatewayClient) -> None:
    await gateway.stop()
    with pytest.raises(UnreachableError) as caught:
        await client.async_get_account()
    # An error of aiohttp may hold the headers of the request.
    assert caught.value.__context__ is None


async def test_account_that_is_gone_asks_nobody(
    gateway: GatewayServer, client: GatewayClient
) -> None:
    await client._transport._session.close()
    with pytest.raises(UnreachableError):
        await client.async_get_account()
    assert not gateway.requests


async def test_request_without_a_turn_is_not_sent(
    gateway: GatewayServer, create_client: ClientFactory
) -> None:
    limiter = Limiter()
    client = create_client(limiter=limiter)
    for _ in range(BURST):
        await limiter.async_acquire(Priority.POLL)
    waiting = asyncio.create_task(client.async_get_account())
    with pytest.raises(RateLimitedError):
        await client.async_get_account(timeout=0.01)
    with pytest.raises(RateLimitedError):
        await client.async_get_site(timeout=0.01)
    assert not gateway.requests
    await client.async_get_site(Priority.SET_UP)
    assert not waiting.done()
    assert (await waiting).id == USER_ID
    assert gateway.paths() == ["/api/status", "/api/user/self"]


async def test_account_that_is_refused_holds_back_the_others(
    gateway: GatewayServer, create_client: ClientFactory
) -> None:
    limiter = Limiter()
    gateway.fault = answering(429, headers={"Retry-After": "3000"})
    with pytest.raises(RateLimitedError):
        await create_client(limiter=limiter).async_get_account()
    gateway.fault = None
    gateway.requests.clear()
    other = create_client(limiter=limiter)
    for ask in (other.async_get_account, other.async_get_site):
        with pytest.raises(RateLimitedError) as caught:
            await ask()
        assert caught.value.retry_after == pytest.approx(3000, abs=10)
    assert not gateway.requests


async def test_something_that_does_not_speak_http(
    create_client: ClientFactory,
) -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1")
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(InvalidAnswerError):
        await create_client(url=f"http://127.0.0.1:{port}").async_get_account()
    server.close()
    await server.wait_closed()


def test_time_and_size_are_limited() -> None:
    assert REQUEST_TIMEOUT.total == 15
    assert MAX_ACCOUNT_BODY == 1024 * 1024
    assert MAX_SITE_BODY == 8 * 1024 * 1024


@pytest.mark.usefixtures("broken_handshakes")
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        *((fault, CertificateError) for fault in BAD_CERTIFICATES.values()),
        *((fault, UnreachableError) for fault in NO_TLS.values()),
    ],
    ids=[*BAD_CERTIFICATES, *NO_TLS],
)
async def test_tls(
    gateway: GatewayServer,
    create_client: ClientFactory,
    authority: CertificateAuthority,
    fault: TlsFault,
    error: type[GatewayError],
) -> None:
    await gateway.stop()
    await gateway.start(gateway.port, fault(authority))
    client = create_client(url=f"https://127.0.0.1:{gateway.port}")
    with pytest.raises(GatewayError) as caught:
        await client.async_get_account()
    assert type(caught.value) is error
    assert caught.value.__context__ is None
    assert gateway.requests == []

    await gateway.stop()
    await gateway.start(gateway.port, authority.server_context())
    assert (await client.async_get_account()).id == USER_ID


@pytest.mark.parametrize("body", [*FULL_OF_SECRETS.values()], ids=[*FULL_OF_SECRETS])
async def test_errors_tell_no_secret(
    gateway: GatewayServer, create_client: ClientFactory, body: Callable[[str], str]
) -> None:
    """Neither the text of an error nor anything it drags along."""
    for status in (200, 301, 401, 403, 404, 429, 500):
        for secret in (ACCESS_TOKEN, str(USER_ID), PLANTED_SECRETS["email"]):
            location = f"https://{secret}/{secret}/api/user/self?{secret}"
            headers = {"Location": location, "Retry-After": f"{secret} s"}
            gateway.fault = answering(status, body(secret), headers)
            with pytest.raises(GatewayError) as caught:
                await create_client().async_get_account()
            assert caught.value.__cause__ is None
            assert caught.value.__context__ is None
            assert secret not in told_by(caught.value)


KEYS: dict[type[GatewayError], str] = {
    TokenRefusedError: "invalid_auth",
    UserIdRefusedError: "user_id_refused",
    OtherAccountError: "other_account",
    AccountDisabledError: "account_disabled",
    UnreachableError: "cannot_connect",
    CertificateError: "certificate_error",
    WebPageError: "web_page",
    BlockedError: "blocked",
    InvalidAnswerError: "invalid_answer",
    ServerError: "server_error",
    RateLimitedError: "rate_limited",
    RedirectedError: "redirected",
}


def test_errors_are_named() -> None:
    """One key each; the rows of the fault table are all of these."""
    assert len(set(KEYS.values())) == len(KEYS)
    assert {error.key for error in KEYS} == set(KEYS.values())
    assert {error for _, error in FAULTS.values()} == {*KEYS} - {CertificateError}


@pytest.mark.parametrize(
    ("error", "placeholders"),
    [
        (BlockedError(), {}),
        (RateLimitedError(5), {}),
        (ServerError(502), {"status": "502"}),
        (RedirectedError("https://new.example"), {"target": "https://new.example"}),
    ],
)
def test_what_the_text_of_an_error_needs(
    error: GatewayError, placeholders: dict[str, str]
) -> None:
    assert error.placeholders == placeholders
