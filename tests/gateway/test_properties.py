"""Whatever comes in: a right answer or one of our own errors, and never a secret."""

from datetime import datetime
import json
from typing import Any

from hypothesis import HealthCheck, example, given, settings, strategies as st
import pytest
from yarl import URL

from custom_components.llm_gateway_account.gateway import (
    Account,
    GatewayError,
    InvalidAnswerError,
    Site,
)
from custom_components.llm_gateway_account.gateway.inputs import (
    InputError,
    candidates,
    parse_access_token,
    parse_header_name,
    parse_url,
    parse_user_id,
)
from custom_components.llm_gateway_account.gateway.refusals import error_from_envelope
from tests.gateway_server import GatewayServer, answering, told_by

from .conftest import ClientFactory

SECRET = "planted5b1f2c9e0d7a48e3"

# The server is the same for all examples, which each set their own answer.
against_a_server = settings(
    max_examples=150,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.function_scoped_fixture,
    ],
)

# Halves of surrogate pairs included, which JSON can carry.
any_text = st.text(st.characters(exclude_categories=()), max_size=20)
numbers = st.one_of(st.integers(), st.floats(), st.integers(-(10**40), 10**40))
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, any_text),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.text(max_size=10), inner, max_size=4),
    ),
    max_leaves=10,
)
FIELDS = (
    *Account.__dataclass_fields__,
    "created_time",
    "last_login_time",
    "access_token",
    "email",
)
accounts = st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=len(FIELDS))
sites = st.dictionaries(
    st.sampled_from(
        (
            "system_name",
            "version",
            "quota_per_unit",
            "display_in_currency",
            "quota_display_type",
            "usd_exchange_rate",
            "custom_currency_symbol",
            "custom_currency_exchange_rate",
            "currency_symbol",
        )
    ),
    st.one_of(
        json_values, st.sampled_from(("USD", "CNY", "TOKENS", "CUSTOM", "$", "€"))
    ),
)
statuses = st.sampled_from(
    (200, 201, 204, 301, 302, 307, 308, 400, 401, 403, 404, 418, 429, 500, 521)
)


def planted(texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Plant the secret in texts."""
    return st.builds("{}{}{}".format, texts, st.just(SECRET), texts)


secret_values = st.one_of(
    planted(any_text), st.just(SECRET), st.dictionaries(st.just(SECRET), json_values)
)
# Each of them holds the secret.
bodies = st.one_of(
    planted(st.text(max_size=50)).map(str.encode),
    st.binary().map(lambda body: body + SECRET.encode()),
    st.builds(
        lambda envelope, key, secret: json.dumps(envelope | {key: secret}).encode(),
        st.dictionaries(
            st.sampled_from(("success", "message", "code", "error", "data")),
            json_values,
        ),
        st.sampled_from(("message", "code", "error", "data", "x")),
        secret_values,
    ),
    st.builds(
        lambda success, data, key, secret: json.dumps(
            {"success": success, "data": data | {key: secret}}
        ).encode(),
        st.sampled_from((True, False, None, 1, "true")),
        accounts,
        st.sampled_from(FIELDS),
        secret_values,
    ),
)
header_values = st.text(
    st.characters(min_codepoint=32, max_codepoint=126), max_size=40
).map(str.strip)
locations = st.one_of(
    planted(header_values),
    st.builds(
        str.format,
        st.sampled_from(
            (
                "https://{0}.example/",
                "https://x.{0}{1}",
                "https://{0}@x.example",
                "https://x.example/{0}/api/user/self",
                "//x.example/api/user/self/{0}?{0}#{0}",
                "/{0}",
            )
        ),
        st.just(SECRET),
        header_values,
    ),
)


@given(accounts)
def test_account(payload: dict[str, Any]) -> None:
    try:
        account = Account.from_payload(payload)
    except InvalidAnswerError as err:
        assert str(err) in {
            "the answer holds no quota",
            "the answer holds no readable ID",
        }
        return
    assert isinstance(account.quota, int | float)
    assert abs(account.quota) < 10**30
    for name, sent in payload.items():
        read = getattr(account, name, None)
        if isinstance(read, str):
            assert read.encode().decode().splitlines() in ([], [read])
        elif not isinstance(read, datetime | None) and not isinstance(sent, str):
            assert (type(read) is bool, read) == (type(sent) is bool, sent)


@given(sites)
def test_site(payload: dict[str, Any]) -> None:
    site = Site.from_payload(payload)
    assert site.points_per_unit > 0
    assert site.currency == "points" or len(site.currency) == 3


@against_a_server
@given(
    status=statuses,
    body=bodies,
    content_type=st.sampled_from(("application/json", "text/html", "x", "")),
    retry_after=st.one_of(header_values, planted(header_values)),
    location=locations,
)
@example(
    status=301,
    body=SECRET.encode(),
    content_type="x",
    retry_after="",
    location=f"https://{SECRET}.example/",
)
async def test_answer(
    gateway: GatewayServer,
    create_client: ClientFactory,
    status: int,
    body: bytes,
    content_type: str,
    retry_after: str,
    location: str,
) -> None:
    headers = {
        "Content-Type": content_type,
        "Retry-After": retry_after,
        "Location": location,
        "X-Oneapi-Request-Id": SECRET,
    }
    gateway.fault = gateway.status_fault = answering(status, body, headers)
    # A new one each time: a host that was refused is left alone.
    client = create_client(access_token=SECRET)
    try:
        account = await client.async_get_account()
    except GatewayError as err:
        assert err.__cause__ is None
        assert err.__context__ is None
        assert f"{vars(err)}".isprintable()
        assert SECRET not in told_by(err)
    else:
        assert status == 200
        assert account.quota == float(json.loads(body)["data"]["quota"])
    try:
        site = await create_client(access_token=SECRET).async_get_site()
    except GatewayError as err:
        assert err.__context__ is None
        assert SECRET not in told_by(err)
    else:
        assert site.points_per_unit > 0


@given(
    st.integers(100, 599),
    st.dictionaries(
        st.sampled_from(("success", "message", "code", "error", "data")),
        st.one_of(json_values, st.text().map(lambda text: text + SECRET)),
    ),
)
def test_refusal(status: int, envelope: dict[str, Any]) -> None:
    error = error_from_envelope(status, envelope)
    assert isinstance(error, GatewayError)
    assert SECRET not in told_by(error)


urls = st.one_of(
    st.text(max_size=60),
    st.builds(
        "{}{}{}{}".format,
        st.sampled_from(("", "http://", "HTTPS://", "//", " https://", "ftp://")),
        st.one_of(
            st.text(max_size=15),
            st.ip_addresses().map(str),
            st.ip_addresses(v=6).map("[{}]".format),
            st.sampled_from(("api.iqqz.com", "localhost", "a.local", "例え.example")),
            st.text("xn-.zü", max_size=8).map("xn--{}".format),
            st.text("[]@:.%1v", max_size=8),
        ),
        st.one_of(st.just(""), st.integers(-1, 70_000).map(":{}".format)),
        st.one_of(
            st.sampled_from(("", "/", "/v1", "/console/x", "/a/api/user/self?x#y")),
            st.text(max_size=15).map("/{}".format),
        ),
    ),
)


@given(urls, st.booleans())
def test_url(text: str, allow_unencrypted: bool) -> None:
    try:
        url = parse_url(text, allow_unencrypted=allow_unencrypted)
    except InputError as err:
        assert err.__cause__ is None
        return
    parsed = URL(url)
    assert parsed.scheme in {"http", "https"}
    assert parsed.host
    assert parsed.user is None
    assert parsed.password is None
    assert not parsed.query_string
    assert not parsed.fragment
    assert not url.endswith("/")
    assert candidates(url)[0] == url
    assert candidates(url)[-1] == str(parsed.origin())
    # What was cleaned once needs no more cleaning, or an account could be set up
    # twice.
    assert parse_url(url, allow_unencrypted=allow_unencrypted) == url


@given(st.text(max_size=40))
def test_user_id(text: str) -> None:
    try:
        user_id = parse_user_id(text)
    except InputError:
        return
    assert user_id.isascii()
    assert user_id.isdecimal()
    assert parse_user_id(user_id) == user_id


@given(st.one_of(st.text(max_size=60), st.text(max_size=40).map("Bearer {}".format)))
def test_access_token(text: str) -> None:
    try:
        token = parse_access_token(text)
    except InputError as err:
        assert not text.strip() or text not in str(err)
        return
    assert token.isascii()
    assert token.isprintable()
    assert not any(char.isspace() for char in token)


@given(st.text(max_size=80))
def test_header_name(text: str) -> None:
    try:
        name = parse_header_name(text)
    except InputError:
        return
    assert name is None or (name.isascii() and name.isprintable() and ":" not in name)


@pytest.mark.parametrize("parse", [parse_url, parse_user_id, parse_access_token])
@given(st.text(st.characters(exclude_categories=("L", "N")), max_size=10))
def test_error_does_not_tell_the_input(parse: Any, text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(f"@ {SECRET} 令\n{text}")
    assert SECRET not in told_by(caught.value)
