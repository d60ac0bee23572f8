"""What the client reads of check-in, notices and groups, and how it checks in."""

from datetime import UTC, datetime
from typing import Any

from aiohttp import web
import pytest

from custom_components.llm_gateway_account.gateway import (
    AbsentError,
    CheckIn,
    CheckInKind,
    GatewayClient,
    GatewayError,
    GroupsKind,
    InvalidAnswerError,
    Notice,
    OtherShapeError,
    RedirectedError,
    ServerError,
    Site,
    TokenRefusedError,
)
from custom_components.llm_gateway_account.gateway.check_in import awarded
from custom_components.llm_gateway_account.gateway.groups import group_ratios
from custom_components.llm_gateway_account.gateway.notices import (
    LONGEST_NOTICE,
    announcements,
    notice_of,
    plain_text,
)
from tests.gateway_server import (
    DONE_HUB,
    FORKS,
    NEW_API,
    NEW_API_2026_08,
    ONE_HUB,
    VELOERA,
    Fork,
    GatewayServer,
    answering,
    told_by,
)

from .conftest import RECORDED
from .test_books import ask, shape

every_fork = pytest.mark.parametrize("fork", FORKS, ids=lambda fork: fork.name)
KINDS = {"checkin": CheckInKind.NEW_API, "check_in_status": CheckInKind.VELOERA}
SERVERS = {
    "one-hub": ONE_HUB,
    "done-hub": DONE_HUB,
    "veloera": VELOERA,
    "new-api-2026-04": NEW_API,
    "new-api-2026-06": NEW_API,
    "new-api-2026-08": NEW_API_2026_08,
}


@pytest.mark.parametrize("server", SERVERS)
async def test_simulated_gateway_answers_as_the_real_one(
    gateway: GatewayServer, client: GatewayClient, server: str
) -> None:
    gateway.fork, gateway.operator.check_in_enabled = SERVERS[server], True
    recorded = RECORDED[server]["board"]
    site = await client.async_get_site()
    if site.check_in:
        await client.async_check_in(site.check_in)
    # The list of groups depends on the operator.
    gateway.operator.ratios = {
        each: group["ratio"] for each, group in recorded["groups"]["data"].items()
    }
    for path, name in (
        ("/api/user/checkin", "checkin"),
        ("/api/user/check_in_status", "check_in_status"),
        ("/api/notice", "notice"),
        (f"/{site.groups}", "groups"),
    ):
        _, body = await ask(gateway, path)
        recorded[name].get("data", {})
        known = shape(recorded[name])
        answered = shape({**body})
        if known.get("success") and answered != known:
            # Newer hubs say more of a group; older check-ins have no message.
            for each in ({"message"} & answered.keys()) - known.keys():
                del answered[each]
            if name == "groups":
                answered, known = answered.keys(), known.keys()
        assert answered == known, name


@pytest.mark.parametrize("server", RECORDED)
async def test_recorded_answers(
    gateway: GatewayServer, client: GatewayClient, server: str
) -> None:
    """A path that a server lacks says that the account has no rights."""
    board, site = RECORDED[server]["board"], Site.from_payload(RECORDED[server]["site"])
    for name, kind in KINDS.items():
        gateway.books_fault = answering(200, board[name])
        if kind is not site.check_in:
            with pytest.raises(AbsentError):
                await client.async_get_check_in(kind)
            continue
        check_in = await client.async_get_check_in(kind)
        assert not check_in.is_open
        assert (check_in.awarded is None) is (kind is CheckInKind.VELOERA)
    gateway.books_fault = answering(200, board["notice"])
    assert await client.async_get_notice() == Notice(text="A notice with text")
    assert ("groups" in board) is (site.groups is not None)
    if site.groups:
        gateway.books_fault = answering(200, board["groups"])
        assert (await client.async_get_groups(site.groups))["default"] == 1
    has_list = server.startswith("new-api-2026")
    assert site.announcements == (() if has_list else None)


@every_fork
async def test_every_fork(
    gateway: GatewayServer, client: GatewayClient, fork: Fork
) -> None:
    gateway.fork, gateway.operator.check_in_enabled = fork, True
    site = await client.async_get_site()
    for kind in CheckInKind:
        if kind is not site.check_in:
            with pytest.raises(AbsentError):
                await client.async_get_check_in(kind)
            continue
        assert await client.async_get_check_in(kind) == CheckIn(is_open=True)
        assert await client.async_check_in(kind) == 1340
        after = await client.async_get_check_in(kind)
        points = 1340 if kind is CheckInKind.NEW_API else None
        assert after == CheckIn(is_open=False, awarded=points)
        with pytest.raises(GatewayError):
            await client.async_check_in(kind)
    assert (site.check_in is None) is (fork.board.check_in is None)
    for groups in GroupsKind:
        if groups is site.groups:
            ratios = await client.async_get_groups(groups)
            assert ratios == {"default": 1, "vip": 0.8, "auto": None}
        else:
            with pytest.raises(AbsentError):
                await client.async_get_groups(groups)
    assert await client.async_get_notice() is None


@pytest.mark.parametrize("fork", [NEW_API, VELOERA], ids=lambda fork: fork.name)
async def test_switches_of_the_operator(
    gateway: GatewayServer, client: GatewayClient, fork: Fork
) -> None:
    """Veloera's check-in needs no browser, whatever the sign-in does."""
    gateway.fork = fork
    assert (await client.async_get_site()).check_in is None
    gateway.operator.check_in_enabled = gateway.operator.turnstile = True
    site = await client.async_get_site()
    assert site.check_in is not None
    assert site.wants_browser is (fork is NEW_API)
    gateway.operator.announcements_enabled = False
    assert (await client.async_get_site()).announcements is None


async def test_check_in_is_a_post_without_a_body(
    gateway: GatewayServer, client: GatewayClient
) -> None:
    """With the token, which no notice is asked with."""
    gateway.fork, gateway.operator.check_in_enabled = NEW_API, True
    await client.async_check_in(CheckInKind.NEW_API)
    await client.async_get_notice()
    posted, asked = gateway.requests
    assert (posted.method, posted.path) == ("POST", "/api/user/checkin")
    assert posted.headers["Authorization"].endswith(gateway.account.access_token)
    assert not posted.can_read_body
    assert (asked.method, asked.path) == ("GET", "/api/notice")
    assert gateway.account.access_token not in str(asked.headers)
    assert str(gateway.account.id) not in str(asked.headers)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, {"success": False, "message": "access token 无效"}, TokenRefusedError),
        (404, {"error": {"message": "Invalid URL"}}, AbsentError),
        (200, {"success": False, "message": "今日已签到"}, ServerError),
        (200, {"success": True, "message": "签到成功"}, InvalidAnswerError),
        (200, {"success": True, "data": None}, OtherShapeError),
        (200, {"success": True, "data": {"quota_awarded": -1}}, OtherShapeError),
        (200, "{", InvalidAnswerError),
        (502, "", ServerError),
    ],
)
async def test_check_in_that_fails(
    gateway: GatewayServer,
    client: GatewayClient,
    status: int,
    body: Any,
    error: type[GatewayError],
) -> None:
    """Once, however it fails; no error tells who asked."""
    gateway.books_fault = answering(status, body)
    with pytest.raises(error) as caught:
        await client.async_check_in(CheckInKind.NEW_API)
    assert len(gateway.requests) == 1
    assert gateway.account.access_token not in told_by(caught.value)


async def test_redirect_of_a_check_in_is_not_followed(
    gateway: GatewayServer, client: GatewayClient
) -> None:
    for target in ("https://other.example/x", f"https://{gateway.account.id}.example"):
        location = {"Location": target}
        gateway.books_fault = answering(302, b"", location)
        with pytest.raises((RedirectedError, InvalidAnswerError)) as caught:
            await client.async_check_in(CheckInKind.NEW_API)
        assert str(gateway.account.id) not in told_by(caught.value)
    assert len(gateway.requests) == 2


async def test_post_is_not_sent_again_where_the_connection_ends(
    gateway: GatewayServer, client: GatewayClient
) -> None:
    """As aiohttp does with what only asks."""
    gateway.fork = NEW_API
    await client.async_get_account()

    async def lose(request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport
        request.transport.abort()
        return web.Response()

    gateway.books_fault = lose
    gateway.requests.clear()
    with pytest.raises(GatewayError):
        await client.async_check_in(CheckInKind.NEW_API)
    assert [each.method for each in gateway.requests] == ["POST"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"can_check_in": True}, CheckIn(is_open=True)),
        ({"stats": {"checked_in_today": False}}, CheckIn(is_open=True)),
        ({"stats": {"checked_in_today": True}}, CheckIn(is_open=False)),
        (
            {
                "stats": {
                    "checked_in_today": True,
                    "records": [
                        {"checkin_date": "2026-11-25", "quota_awarded": 7},
                        {"checkin_date": "2026-11-26", "quota_awarded": "8"},
                        None,
                    ],
                }
            },
            CheckIn(is_open=False, awarded=8),
        ),
        ({"stats": {"checked_in_today": True, "records": {}}}, CheckIn(is_open=False)),
        (
            {"stats": {"checked_in_today": True, "records": [{"checkin_date": "a"}]}},
            CheckIn(is_open=False),
        ),
    ],
)
def test_check_in(data: Any, expected: CheckIn) -> None:
    assert CheckIn.from_payload(data) == expected


@pytest.mark.parametrize("data", [None, [], "", {}, {"stats": {}}, {"stats": []}])
def test_no_check_in(data: Any) -> None:
    for read in (CheckIn.from_payload, awarded):
        with pytest.raises(OtherShapeError):
            read(data)


def test_groups_that_are_none() -> None:
    many = {str(each): {"ratio": each} for each in range(1000)}
    assert len(group_ratios(many | {"": {"ratio": 1}})) == 200
    assert group_ratios({"a": "desc=x 2倍", "b": {}}) == {"b": None}
    others: list[Any] = [None, [], "default"]
    for data in others:
        with pytest.raises(OtherShapeError):
            group_ratios(data)


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("# A notice\nwith text", "A notice with text"),
        ("<p>Hello <b>wor</b>ld</p><script>alert('x')</script>bye", "Hello world bye"),
        ("<style>p{}</style>a<br/>b &lt;c&gt; &amp; d", "a b <c> & d"),
        ("**bold**, _soft_, ~~gone~~, `code`", "bold, soft, gone, code"),
        ("a_name_of_a_model stays", "a_name_of_a_model stays"),
        ("[here](https://x.example/a) ![logo](b.png)", "here logo"),
        ("- one\n- two\n\n---\n> said", "one two said"),
        ("5 < 6 and 7 > 2", "5 < 6 and 7 > 2"),
        ("<div style='x'>公告：<br>今晚维护</div>", "公告： 今晚维护"),
        ("\x00a\u2028b\ud800", "a b"),
        ("<!-- hidden -->  \n", ""),
        ("", ""),
        (None, ""),
        ({"a": 1}, ""),
    ],
)
def test_plain_text(markup: Any, expected: str) -> None:
    assert plain_text(markup) == expected


def test_long_text_is_cut() -> None:
    assert plain_text("x" * LONGEST_NOTICE) == "x" * LONGEST_NOTICE
    assert plain_text("x" * 9_000_000) == "x" * (LONGEST_NOTICE - 1) + "…"


@pytest.mark.parametrize("part", ["[", "<a ", "<script", "<!--", "*", "_", "&#", " \n"])
def test_endless_markup(part: str) -> None:
    """Which a pattern that tries everything would never be done with."""
    assert len(plain_text(part * 1_000_000)) <= LONGEST_NOTICE


def test_announcements() -> None:
    published = datetime(2026, 11, 20, 8, tzinfo=UTC)
    row = {"content": "<b>New</b>", "publishDate": "2026-11-20T08:00:00Z", "id": 3}
    rows = [row, {"content": ""}, None, {"content": "old", "publishDate": "x"}, {}]
    rows += [{"content": "older", "publishDate": "2026-11-20 08:00:00"}]
    assert announcements({"announcements": rows}) == (
        Notice(text="New", published_at=published),
        Notice(text="old"),
        Notice(text="older"),
    )
    assert len(announcements({"announcements": [row] * 500}) or ()) == 100
    nothing: list[dict[str, Any]] = [{}, {"announcements": None}]
    for data in (*nothing, {"announcements": "x"}):
        assert announcements(data) is None


def test_same_text_on_another_day_is_another_notice() -> None:
    first = Notice(text="a", published_at=datetime(2026, 11, 20, tzinfo=UTC))
    later = Notice(text="a", published_at=datetime(2026, 11, 21, tzinfo=UTC))
    assert first.mark != later.mark != Notice(text="a").mark
    assert len(first.mark) == 16


def test_notice_that_is_none() -> None:
    assert notice_of(None) is None
    with pytest.raises(OtherShapeError):
        notice_of({"a": 1})
