"""What people type and paste, and what becomes of it."""

import pytest

from custom_components.llm_gateway_account.gateway.inputs import (
    InputError,
    InputProblem,
    candidates,
    check_not_swapped,
    parse_access_token,
    parse_header_name,
    parse_url,
    parse_user_id,
)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://api.iqqz.com", "https://api.iqqz.com"),
        ("  https://api.iqqz.com/ \n", "https://api.iqqz.com"),
        ("api.iqqz.com", "https://api.iqqz.com"),
        ("//api.iqqz.com/", "https://api.iqqz.com"),
        ("API.iqqz.COM.", "https://api.iqqz.com"),
        ("HTTPS://Api.Iqqz.Com:443/", "https://api.iqqz.com"),
        ("https://api.iqqz.com:8443", "https://api.iqqz.com:8443"),
        ("https://api.iqqz.com/console", "https://api.iqqz.com/console"),
        ("https://host.example/a/b?tab=1#x", "https://host.example/a/b"),
        ("https://host.example/gate/way/", "https://host.example/gate/way"),
        ("https://host.example//gate/./v1//", "https://host.example/gate/v1"),
        ("https://host.example/a/%2e%2e/b", "https://host.example/b"),
        ("https://host.example/a)/?x", "https://host.example/a"),
        ("https://host.example/a%2Fb", "https://host.example/a%2Fb"),
        ("https://host.example/?a=b", "https://host.example"),
        # As a Chinese keyboard types it.
        ("ｈｔｔｐｓ：／／api.iqqz.com", "https://api.iqqz.com"),
        ("https://例え.example", "https://xn--r8jz45g.example"),
        ("https://xn--r8jz45g.example", "https://xn--r8jz45g.example"),
        ("192.168.1.5:3000", "http://192.168.1.5:3000"),
        ("http://10.0.0.1", "http://10.0.0.1"),
        ("http://100.64.0.1:3000", "http://100.64.0.1:3000"),
        ("localhost:3000/console", "http://localhost:3000/console"),
        ("new-api:3000", "http://new-api:3000"),
        ("gateway.local", "http://gateway.local"),
        ("https://gateway.local", "https://gateway.local"),
        ("gateway.local:443", "https://gateway.local"),
        ("192.168.1.5:443/console", "https://192.168.1.5/console"),
        ("gateway.local:8443", "http://gateway.local:8443"),
        ("http://gateway.local:443", "http://gateway.local:443"),
        ("http://3x:3000", "http://3x:3000"),
        ("http://gateway.home.arpa", "http://gateway.home.arpa"),
        ("[::1]:3000", "http://[::1]:3000"),
        ("http://[fd00::1]/v1", "http://[fd00::1]/v1"),
        ("https://[2606:4700::1111]", "https://[2606:4700::1111]"),
        ("https://1.1.1.1", "https://1.1.1.1"),
        ("http://[0:0:0:0:0:0:0:1]", "http://[::1]"),
    ],
)
def test_url(text: str, url: str) -> None:
    assert parse_url(text) == url
    assert parse_url(url) == url


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("<https://api.iqqz.com>", "https://api.iqqz.com"),
        ("(https://api.iqqz.com/console)", "https://api.iqqz.com/console"),
        ('"https://api.iqqz.com/"', "https://api.iqqz.com"),
        ("'api.iqqz.com'", "https://api.iqqz.com"),
        ("“https://api.iqqz.com”", "https://api.iqqz.com"),
        ("„https://api.iqqz.com“", "https://api.iqqz.com"),
        ("‘api.iqqz.com’", "https://api.iqqz.com"),
        ("«https://api.iqqz.com»", "https://api.iqqz.com"),
        ("「https://api.iqqz.com/v1」", "https://api.iqqz.com/v1"),
        ("《https://api.iqqz.com》", "https://api.iqqz.com"),
        ("`https://api.iqqz.com`", "https://api.iqqz.com"),
        ("```\napi.iqqz.com\n```", "https://api.iqqz.com"),
        ("**https://api.iqqz.com**", "https://api.iqqz.com"),
        ("[Gateway](https://api.iqqz.com/wallet)", "https://api.iqqz.com/wallet"),
        ("[api.iqqz.com](https://api.iqqz.com)", "https://api.iqqz.com"),
        ("[https://api.iqqz.com](https://api.iqqz.com/)", "https://api.iqqz.com"),
        ("https://api.iqqz.com，谢谢", "https://api.iqqz.com"),
        ("https://api.iqqz.com。", "https://api.iqqz.com"),
        ("地址：https://api.iqqz.com，请查收", "https://api.iqqz.com"),
        ("地址是https://api.iqqz.com请用", "https://api.iqqz.com"),
        ("用https://api.iqqz.com:3000吧", "https://api.iqqz.com:3000"),
        ("网址：api.iqqz.com，谢谢", "https://api.iqqz.com"),
        ("地址api.iqqz.com谢谢", "https://api.iqqz.com"),
        ("Please use https://api.iqqz.com, it is new.", "https://api.iqqz.com"),
        ("It is api.iqqz.com.", "https://api.iqqz.com"),
        ("mail a.b@c.example, or see api.iqqz.com", "https://api.iqqz.com"),
        ("version 0.9.25 at 192.168.1.5:3000", "http://192.168.1.5:3000"),
        ("<192.168.1.5:3000>", "http://192.168.1.5:3000"),
        ('"localhost:3000"', "http://localhost:3000"),
        ("(http://[::1]:3000)", "http://[::1]:3000"),
        ("see http://[::1]:3000/v1 !", "http://[::1]:3000/v1"),
        ("https://bücher.example，", "https://xn--bcher-kva.example"),
        ("https://host.example/网关", "https://host.example/%E7%BD%91%E5%85%B3"),
    ],
)
def test_url_out_of_a_chat(text: str, url: str) -> None:
    assert parse_url(text) == url


@pytest.mark.parametrize(
    ("url", "addresses"),
    [
        ("https://host.example", []),
        ("https://host.example/wallet", ["https://host.example"]),
        (
            "http://[::1]:3000/zh/pricing",
            ["http://[::1]:3000/zh", "http://[::1]:3000"],
        ),
        (
            "https://host.example/api/newapi/keys",
            [
                "https://host.example/api/newapi",
                "https://host.example/api",
                "https://host.example",
            ],
        ),
    ],
)
def test_where_the_gateway_of_a_page_may_be(url: str, addresses: list[str]) -> None:
    """Any page, and any path a gateway may live below."""
    assert candidates(url) == [url, *addresses]


@pytest.mark.parametrize(
    "domain", ["local", "localhost", "internal", "home.arpa", "lan"]
)
def test_local_name_needs_no_encryption(domain: str) -> None:
    assert parse_url(f"gateway.{domain}") == f"http://gateway.{domain}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "https://",
        "ftp://api.iqqz.com",
        "javascript://api.iqqz.com",
        "https://api.iqqz.com:99999",
        "https://api.iqqz.com:0",
        "https://api.iqqz.com:port",
        "not an address",
        "https://-.example",
        "https://a..example",
        "https://[::1",
        "https://" + "a" * 64 + ".example",
        "https://" + ".".join(["a" * 60] * 5),
        "https://\u2024",
        # 8.8.8.8 in disguise, and what else a resolver may take for an address.
        "http://134744072:3000",
        "134744072",
        "http://0x8080808",
        "http://0X08080808",
        "http://010.8.8.8",
        "http://8.8.2056",
        "http://8.0x80808",
        "http://0x",
        # What yarl itself stumbles over.
        "https://xn--zzzzz-.example",
        "https://xn--",
        "https://[]@x",
        # A slip, and the token would go to a host called https, unencrypted.
        "https:/api.iqqz.com",
        "http//api.iqqz.com",
        "https://https://api.iqqz.com",
        # Which one?
        "https://a.example or https://b.example",
        "a.example, b.example",
        "[https://a.example](https://b.example)",
        "https://a.example/v1 https://a.example/v2",
        # None.
        "write to me@api.iqqz.com",
        "«»",
    ],
)
def test_no_url(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_url(text)
    assert caught.value.problem is InputProblem.INVALID_URL


@pytest.mark.parametrize(
    "text",
    [
        "https://me:pw@api.iqqz.com",  # pragma: allowlist secret
        "https://:pw@api.iqqz.com",  # pragma: allowlist secret
        "me@api.iqqz.com",
        "use https://me:pw@api.iqqz.com now",  # pragma: allowlist secret
    ],
)
def test_url_with_login(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_url(text)
    assert caught.value.problem is InputProblem.URL_WITH_LOGIN


@pytest.mark.parametrize(
    "url",
    [
        "http://api.iqqz.com",
        "http://8.8.8.8:3000",
        "http://[2606:4700::1111]",
        "http://local.example",
    ],
)
def test_unencrypted_url_needs_permission(url: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_url(url)
    assert caught.value.problem is InputProblem.UNENCRYPTED
    assert parse_url(url, allow_unencrypted=True) == url
    with pytest.raises(InputError) as caught:
        parse_url(f"<{url}>")
    assert caught.value.problem is InputProblem.UNENCRYPTED


@pytest.mark.parametrize(
    ("text", "user_id"),
    [("42", "42"), (" 42 ", "42"), ("#42", "42"), ("0042", "42"), ("４２", "42")],
)
def test_user_id(text: str, user_id: str) -> None:
    assert parse_user_id(text) == user_id


@pytest.mark.parametrize("text", ["", "me", "4 2", "-1", "4.2", "1" * 21, "0x1f", "٤٢"])
def test_no_user_id(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_user_id(text)
    assert caught.value.problem is InputProblem.INVALID_USER_ID


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("0123abcd", "0123abcd"),
        (" 01\u200b23\nabcd\n", "0123abcd"),
        ("Bearer 0123abcd", "0123abcd"),
        ("bearer  0123abcd", "0123abcd"),
        ("Authorization: Bearer 0123abcd", "0123abcd"),
        ("Bearer: 0123abcd", "0123abcd"),
        # As a page or a file may hold it, and as a Chinese keyboard types it.
        ("\u200bBearer 0123abcd", "0123abcd"),
        ("\ufeffBearer\u30000123abcd", "0123abcd"),
        ("Authorization：Bearer 0123abcd", "0123abcd"),
        ("bearer123", "bearer123"),
        ("a+b/c=", "a+b/c="),
        ("sk-abc", "sk-abc"),
    ],
)
def test_access_token(text: str, token: str) -> None:
    assert parse_access_token(text) == token


@pytest.mark.parametrize("text", ["", "  ", "Bearer ", "令牌", "tökén"])
def test_no_access_token(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_access_token(text)
    assert caught.value.problem is InputProblem.INVALID_ACCESS_TOKEN


def test_user_id_and_token_in_each_others_place() -> None:
    with pytest.raises(InputError) as caught:
        check_not_swapped("0123abcd", "4711")
    assert caught.value.problem is InputProblem.SWAPPED
    for user_id, access_token in (("4711", "0123abcd"), ("1", "2"), ("a", "b")):
        check_not_swapped(user_id, access_token)


@pytest.mark.parametrize(
    ("text", "name"), [("", None), (" ", None), (" Acme-User ", "Acme-User")]
)
def test_header_name(text: str, name: str | None) -> None:
    assert parse_header_name(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "a:b",
        "用户",
        "x" * 65,
        "Accept",
        "Accept-Encoding",
        "Authorization",
        "Connection",
        "Content-Length",
        "Content-Type",
        "Cookie",
        "Expect",
        "HOST",
        "TE",
        "Transfer-Encoding",
        "Upgrade",
        "User-Agent",
    ],
)
def test_no_header_name(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_header_name(text)
    assert caught.value.problem is InputProblem.INVALID_HEADER


def test_error_does_not_tell_the_input() -> None:
    with pytest.raises(InputError) as caught:
        parse_access_token("sécret")
    assert "cret" not in repr(caught.value)
    assert caught.value.__cause__ is None
