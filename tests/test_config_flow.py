"""The flows, against a real gateway: every answer leads to one message."""

from collections.abc import Generator
from typing import Any
from unittest.mock import patch

import aiohttp
from aiohttp.web import BaseRequest, StreamResponse
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.llm_gateway_account import config_flow, validation
from custom_components.llm_gateway_account.const import (
    CONF_ALLOW_UNENCRYPTED,
    CONF_BEARER,
    CONF_CRITICAL_BALANCE,
    CONF_CURRENCY,
    CONF_LOW_BALANCE,
    CONF_POINTS_PER_UNIT,
    CONF_PROTOCOL,
    CONF_SITE_NAME,
    CONF_SITE_UNIT,
    CONF_UNUSUAL_FACTOR,
    CONF_UNUSUAL_MINIMUM,
    CONF_USER_ID,
    CONF_USER_ID_HEADER,
    DOMAIN,
    SECTION_ADVANCED,
)
from homeassistant.config_entries import (
    SOURCE_USER,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_URL, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from .conftest import TITLE
from .faults import FAULTS as SLOW
from .gateway_server import (
    ACCESS_TOKEN,
    ENGLISH_REFUSALS,
    FORKS,
    INDEX_HTML,
    NEW_API,
    NEW_STATUS,
    OLD_STATUS,
    ONE_API,
    USER_ID,
    V_API,
    Fork,
    GatewayServer,
    Handler,
    answering,
)
from .helpers import user_input

NEW_TOKEN = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"  # pragma: allowlist secret
HTML = {"Content-Type": "text/html"}

# What a gateway may answer, the field the message belongs to, and the message.
FAULTS: dict[str, tuple[Handler, str, str]] = {
    "disabled": (
        answering(200, {"success": False, "message": "用户已被封禁"}),
        "base",
        "account_disabled",
    ),
    "blocked": (answering(403, "<html></html>", HTML), "base", "blocked"),
    "rate limited": (answering(429), "base", "rate_limited"),
    "server error": (answering(502), "base", "server_error"),
    "token": (
        answering(200, {"success": False, "message": "access token 无效"}),
        CONF_ACCESS_TOKEN,
        "invalid_auth",
    ),
    "user ID": (
        answering(401, {"success": False, "message": "未提供 Acme-User"}),
        CONF_USER_ID,
        "user_id_refused",
    ),
    "other account": (
        answering(200, {"success": True, "data": {"id": 1, "quota": 1}}),
        CONF_USER_ID,
        "other_account",
    ),
    "not an account": (answering(200, {}), CONF_URL, "invalid_answer"),
    "moved": (
        answering(301, b"", {"Location": "https://new.example/api/user/self"}),
        CONF_URL,
        "redirected",
    ),
    "web page": (answering(200, INDEX_HTML, HTML), CONF_URL, "web_page"),
}
each_fault = pytest.mark.parametrize(
    ("fault", "field", "error"), list(FAULTS.values()), ids=list(FAULTS)
)


@pytest.fixture(autouse=True)
def mock_setup_entry() -> Generator[None]:
    """Do not set up what a flow creates; other tests do."""
    with patch(
        "custom_components.llm_gateway_account.async_setup_entry", return_value=True
    ):
        yield


async def start_user_flow(hass: HomeAssistant) -> str:
    """Open the form and return the ID of the flow."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "user"
    assert result["errors"] == {}
    return result["flow_id"]


@pytest.mark.parametrize("fork", FORKS, ids=lambda fork: fork.name)
async def test_add_account_of_every_fork(
    hass: HomeAssistant, gateway: GatewayServer, fork: Fork
) -> None:
    gateway.fork = fork
    result = await hass.config_entries.flow.async_configure(
        await start_user_flow(hass), user_input(gateway)
    )
    currency, points = ("CNY", 500_000 / 7.3) if fork is NEW_API else ("USD", 500_000)
    unit = {CONF_CURRENCY: currency, CONF_POINTS_PER_UNIT: points}
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == TITLE
    assert result["data"] == {
        CONF_URL: gateway.url,
        CONF_USER_ID: str(USER_ID),
        CONF_ACCESS_TOKEN: ACCESS_TOKEN,
        CONF_USER_ID_HEADER: None,
        CONF_VERIFY_SSL: True,
        CONF_ALLOW_UNENCRYPTED: False,
        CONF_BEARER: True,
        CONF_PROTOCOL: "one_api",
        CONF_SITE_NAME: "Example Gateway",
        CONF_SITE_UNIT: unit,
    }
    assert unit.items() <= result["options"].items()
    address = gateway.url.removeprefix("http://")
    assert result["result"].unique_id == f"{address}#{USER_ID}"


async def test_everything_pasted_carelessly(
    hass: HomeAssistant, gateway: GatewayServer
) -> None:
    result = await hass.config_entries.flow.async_configure(
        await start_user_flow(hass),
        {
            CONF_URL: f" {gateway.url.removeprefix('http://')}/console/ ",
            CONF_USER_ID: f" {USER_ID} ",
            CONF_ACCESS_TOKEN: f" Bearer {ACCESS_TOKEN}\n",
            SECTION_ADVANCED: {
                CONF_USER_ID_HEADER: " Acme-User ",
                CONF_VERIFY_SSL: False,
                CONF_ALLOW_UNENCRYPTED: True,
            },
        },
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == {
        CONF_URL: gateway.url,
        CONF_USER_ID: str(USER_ID),
        CONF_ACCESS_TOKEN: ACCESS_TOKEN,
        CONF_USER_ID_HEADER: "Acme-User",
        CONF_VERIFY_SSL: False,
        CONF_ALLOW_UNENCRYPTED: True,
        CONF_BEARER: True,
        CONF_PROTOCOL: "one_api",
        CONF_SITE_NAME: "Example Gateway",
        CONF_SITE_UNIT: {CONF_CURRENCY: "USD", CONF_POINTS_PER_UNIT: 500_000},
    }


async def test_gateway_with_a_header_of_its_own(
    hass: HomeAssistant, gateway: GatewayServer
) -> None:
    gateway.fork = Fork("own", V_API.body, "Acme-User", refusals=ENGLISH_REFUSALS)
    flow_id = await start_user_flow(hass)
    typed = user_input(gateway)
    result = await hass.config_entries.flow.async_configure(flow_id, typed)
    assert result["errors"] == {CONF_USER_ID: "user_id_refused"}
    advanced = {
        CONF_USER_ID_HEADER: "Acme-User",
        CONF_VERIFY_SSL: True,
        CONF_ALLOW_UNENCRYPTED: False,
    }
    result = await hass.config_entries.flow.async_configure(
        flow_id, typed | {SECTION_ADVANCED: advanced}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY


@each_fault
async def test_each_answer_has_its_message(
    hass: HomeAssistant,
    gateway: GatewayServer,
    fault: Handler,
    field: str,
    error: str,
) -> None:
    """And the token stays in its field, unless it is at fault itself."""
    gateway.fault = fault
    flow_id = await start_user_flow(hass)
    result = await hass.config_entries.flow.async_configure(
        flow_id, user_input(gateway)
    )
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {field: error}
    shown = _suggested_values(result["data_schema"])
    assert (CONF_ACCESS_TOKEN in shown) is (field != CONF_ACCESS_TOKEN)

    gateway.fault = None
    typed = user_input(gateway) | shown
    result = await hass.config_entries.flow.async_configure(flow_id, typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_messages_name_what_the_gateway_said(
    hass: HomeAssistant, gateway: GatewayServer
) -> None:
    flow_id = await start_user_flow(hass)
    gateway.fault = FAULTS["moved"][0]
    result = await hass.config_entries.flow.async_configure(
        flow_id, user_input(gateway)
    )
    assert ("target", "https://new.example") in _placeholders(result)
    gateway.fault = FAULTS["server error"][0]
    result = await hass.config_entries.flow.async_configure(
        flow_id, user_input(gateway)
    )
    assert ("status", "502") in _placeholders(result)


async def test_error_that_nobody_thought_of(
    hass: HomeAssistant, gateway: GatewayServer
) -> None:
    flow_id = await start_user_flow(hass)
    with patch.object(
        config_flow.Account,  # type: ignore[attr-defined]
        "from_payload",
        side_effect=ZeroDivisionError,
    ):
        result = await hass.config_entries.flow.async_configure(
            flow_id, user_input(gateway)
        )
    assert result["errors"] == {"base": "unknown"}
    result = await hass.config_entries.flow.async_configure(
        flow_id, user_input(gateway)
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({CONF_URL: "not an address"}, {CONF_URL: "invalid_url"}),
        ({CONF_URL: "ftp://x.example"}, {CONF_URL: "invalid_url"}),
        ({CONF_URL: "https://xn--zzzzz-.example"}, {CONF_URL: "invalid_url"}),
        ({CONF_URL: "https:/api.iqqz.com"}, {CONF_URL: "invalid_url"}),
        (
            {CONF_URL: "https://me:pw@x.example"},  # pragma: allowlist secret
            {CONF_URL: "url_with_login"},
        ),
        ({CONF_URL: "http://api.iqqz.com"}, {CONF_URL: "unencrypted"}),
        ({CONF_URL: "http://127.0.0.1:9"}, {CONF_URL: "cannot_connect"}),
        ({CONF_USER_ID: "me"}, {CONF_USER_ID: "invalid_user_id"}),
        ({CONF_USER_ID: "12"}, {CONF_USER_ID: "user_id_refused"}),
        (
            {CONF_USER_ID: ACCESS_TOKEN, CONF_ACCESS_TOKEN: str(USER_ID)},
            {CONF_USER_ID: "swapped"},
        ),
        ({CONF_ACCESS_TOKEN: "0" * 32}, {CONF_ACCESS_TOKEN: "invalid_auth"}),
        ({CONF_ACCESS_TOKEN: "sk-" + "0" * 48}, {CONF_ACCESS_TOKEN: "api_key"}),
        ({CONF_ACCESS_TOKEN: "令牌"}, {CONF_ACCESS_TOKEN: "invalid_access_token"}),
        ({CONF_ACCESS_TOKEN: ""}, {CONF_ACCESS_TOKEN: "token_needed"}),
        (
            {
                SECTION_ADVANCED: {
                    CONF_USER_ID_HEADER: "Authorization",
                    CONF_VERIFY_SSL: True,
                    CONF_ALLOW_UNENCRYPTED: False,
                }
            },
            {SECTION_ADVANCED: "invalid_header"},
        ),
        (
            {CONF_URL: "", CONF_USER_ID: "", CONF_ACCESS_TOKEN: " "},
            {
                CONF_URL: "invalid_url",
                CONF_USER_ID: "invalid_user_id",
                CONF_ACCESS_TOKEN: "invalid_access_token",
            },
        ),
    ],
)
async def test_typed_wrong(
    hass: HomeAssistant,
    gateway: GatewayServer,
    changes: dict[str, Any],
    errors: dict[str, str],
) -> None:
    flow_id = await start_user_flow(hass)
    result = await hass.config_entries.flow.async_configure(
        flow_id, user_input(gateway, **changes)
    )
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == errors

    result = await hass.config_entries.flow.async_configure(
        flow_id, user_input(gateway)
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_gateway_that_wants_the_token_as_it_is(
    hass: HomeAssistant, gateway: GatewayServer
) -> None:
    gateway.bearer = False
    result = await hass.config_entries.flow.async_configure(
        await start_user_flow(hass), user_input(gateway)
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_BEARER] is False


@pytest.mark.parametrize(
    ("second", "errors"),
    [
        (answering(429), {CONF_ACCESS_TOKEN: "invalid_auth"}),
        (answering(502), {CONF_ACCESS_TOKEN: "invalid_auth"}),
        (
            answering(200, {"success": False, "message": "用户已被封禁"}),
            {"base": "account_disabled"},
        ),
        (
            answering(401, {"success": False, "message": "X-Api-User format error"}),
            {CONF_USER_ID: "user_id_refused"},
        ),
    ],
)
async def test_second_try_hides_no_refusal(
    hass: HomeAssistant,
    gateway: GatewayServer,
    second: Handler,
    errors: dict[str, str],
) -> None:
    """Only an answer that knows the token says more than the first one did."""
    first = answering(200, {"success": False, "message": "access token 无效"})

    async def fault(request: BaseRequest) -> StreamResponse:
        bearer = request.headers["Authorization"].startswith("Bearer ")
        return await (first if bearer else second)(request)

    gateway.fault = fault
    result = await hass.config_entries.flow.async_configure(
        await start_user_flow(hass), user_input(gateway)
    )
    assert result["errors"] == errors
    assert len(gateway.requests) == 2


async def test_api_key_that_opens_the_account(
    hass: HomeAssistant, gateway: GatewayServer
) -> None:
    """Some gateways take an API key as well; the answer decides, not the form."""
    gateway.account.access_token = "sk-accepted"
    result = await hass.config_entries.flow.async_configure(
        await start_user_flow(hass),
        user_input(gateway, **{CONF_ACCESS_TOKEN: "sk-accepted"}),
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("status", "currency", "points_per_unit", "title"),
    [
        (OLD_STATUS, "USD", 500_000, TITLE),
        (NEW_STATUS, "CNY", 500_000 / 7.3, TITLE),
        (NEW_STATUS | {"quota_display_type": "TOKENS"}, "points", 500_000, TITLE),
        (OLD_STATUS | {"currency_symbol": "QQQ"}, "points", 500_000, TITLE),
        ({}, "USD", 500_000, "planted-display-name @ {address}"),
    ],
)
async def test_unit_and_name_come_from_the_site(
    hass: HomeAssistant,
    gateway: GatewayServer,
    status: dict[str, Any],
    currency: str,
    points_per_unit: float,
    title: str,
) -> None:
    gateway.fork = Fork("site", V_API.body, status=status)
    result = await hass.config_entries.flow.async_configure(
        await start_user_flow(hass), user_input(gateway)
    )
    options = result["options"]
    assert options[CONF_CURRENCY] == currency
    assert options[CONF_POINTS_PER_UNIT] == points_per_unit
    address = gateway.url.removeprefix("http://")
    assert result["title"] == title.format(address=address)


@pytest.mark.parametrize(
    ("status", "quota", "used_quota", "low", "critical", "unusual"),
    [
        # A fifth of the balance of 12.345; of 90.12 in yuan; and in points.
        (OLD_STATUS, 6_172_500, 18_827_500, 2, 0.5, 0.2),
        (NEW_STATUS, 6_172_500, 18_827_500, 20, 5, 1),
        (NEW_STATUS | {"quota_display_type": "TOKENS"}, 6_172_500, 0, 1e6, 2e5, 1e5),
        # A week of nearly 100 a day, where that is more; nothing to take a part of.
        (OLD_STATUS, 1_000_000_000, 34_600_000_000, 500, 100, 100),
        (OLD_STATUS, 0, 0, 0.5, 0.1, 0.1),
    ],
)
@pytest.mark.freeze_time("2026-11-27T00:00:00Z")  # 695 days after it was made
async def test_alerts_to_begin_with_come_from_the_account(
    hass: HomeAssistant,
    gateway: GatewayServer,
    status: dict[str, Any],
    quota: int,
    used_quota: int,
    low: float,
    critical: float,
    unusual: float,
) -> None:
    gateway.fork = Fork("site", V_API.body, status=status)
    gateway.account.quota = quota
    gateway.account.used_quota = used_quota
    result = await hass.config_entries.flow.async_configure(
        await start_user_flow(hass), user_input(gateway)
    )
    options = result["options"]
    assert options[CONF_LOW_BALANCE] == low
    assert options[CONF_CRITICAL_BALANCE] == critical
    assert options[CONF_UNUSUAL_FACTOR] == 3
    assert options[CONF_UNUSUAL_MINIMUM] == unusual


@pytest.mark.parametrize(
    ("display_name", "username", "title"),
    [
        ("", "planted-username", "planted-username @ Example Gateway"),
        (" ", "", "Example Gateway"),
    ],
)
async def test_title_without_names(
    hass: HomeAssistant,
    gateway: GatewayServer,
    display_name: str,
    username: str,
    title: str,
) -> None:
    gateway.account.display_name = display_name
    gateway.account.username = username
    result = await hass.config_entries.flow.async_configure(
        await start_user_flow(hass), user_input(gateway)
    )
    assert result["title"] == title


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (answering(503), "server_error"),
        (answering(429), "rate_limited"),
        (answering(403, "<html></html>", HTML), "blocked"),
        (answering(200, INDEX_HTML, HTML), "web_page"),
        (answering(200, {"success": False}), "server_error"),
        (answering(200, b"{"), "invalid_answer"),
    ],
)
async def test_unit_is_asked_for_where_the_site_does_not_tell_it(
    hass: HomeAssistant, gateway: GatewayServer, fault: Handler, error: str
) -> None:
    """Nothing is guessed, and the form says why it asks."""
    gateway.fork = NEW_API
    gateway.status_fault = fault
    form = await hass.config_entries.flow.async_configure(
        await start_user_flow(hass), user_input(gateway)
    )
    assert form["step_id"] == "unit"
    assert form["errors"] == {"base": error}
    wrong = {CONF_CURRENCY: "dollars", CONF_POINTS_PER_UNIT: 1000}
    form = await hass.config_entries.flow.async_configure(form["flow_id"], wrong)
    assert form["errors"] == {CONF_CURRENCY: "invalid_currency"}
    unit = {CONF_CURRENCY: "EUR", CONF_POINTS_PER_UNIT: 1000}
    result = await hass.config_entries.flow.async_configure(form["flow_id"], unit)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert unit.items() <= result["options"].items()
    assert CONF_SITE_UNIT not in result["data"]


@pytest.mark.parametrize(("page", "is_asked"), [("", False), ("/console", True)])
async def test_same_account_once(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    page: str,
    is_asked: bool,
) -> None:
    """What is below another path may be another gateway, until it is asked."""
    entry.add_to_hass(hass)
    result = await hass.config_entries.flow.async_configure(
        await start_user_flow(hass),
        user_input(gateway, **{CONF_URL: f"{gateway.url}{page}"}),
    )
    assert result["errors"] == {"base": "already_configured"}
    assert ("existing", entry.title) in _placeholders(result)
    assert bool(gateway.requests) is is_asked
    # The ID was wrong; everything else still stands there.
    gateway.account.id = 12
    typed = {**_suggested_values(result["data_schema"]), CONF_USER_ID: "12"}
    result = await hass.config_entries.flow.async_configure(result["flow_id"], typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_same_account_in_two_windows(
    hass: HomeAssistant, gateway: GatewayServer
) -> None:
    first = await start_user_flow(hass)
    gateway.fault = FAULTS["blocked"][0]
    await hass.config_entries.flow.async_configure(first, user_input(gateway))
    gateway.fault = None
    result = await hass.config_entries.flow.async_configure(
        await start_user_flow(hass), user_input(gateway)
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    result = await hass.config_entries.flow.async_configure(first, user_input(gateway))
    assert result["errors"] == {"base": "already_configured"}


async def test_two_accounts_at_one_gateway(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    entry.add_to_hass(hass)
    gateway.account.id = 12
    result = await hass.config_entries.flow.async_configure(
        await start_user_flow(hass), user_input(gateway, **{CONF_USER_ID: "12"})
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY


def _placeholders(result: ConfigFlowResult) -> set[tuple[str, str]]:
    return set((result["description_placeholders"] or {}).items())


def _defaults(result: ConfigFlowResult) -> dict[str, Any]:
    """Return what the frontend fills in; a folded section as a whole."""
    assert result["data_schema"]
    return {
        str(marker): marker.default()
        for marker in result["data_schema"].schema
        if not isinstance(marker.default, vol.Undefined)
    }


def _suggested_values(schema: Any) -> dict[str, Any]:
    return {
        str(marker): marker.description["suggested_value"]
        for marker in schema.schema
        if marker.description
    }


async def test_token_is_typed_unseen(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    entry.add_to_hass(hass)
    for result in (
        await hass.config_entries.flow.async_init(
            DOMAIN, context={"source": SOURCE_USER}
        ),
        await entry.start_reauth_flow(hass),
        await entry.start_reconfigure_flow(hass),
    ):
        assert result["data_schema"]
        selector = result["data_schema"].schema[CONF_ACCESS_TOKEN]
        assert selector.config["type"] == "password"
        assert selector.config["autocomplete"] == "off"


async def test_address_of_no_gateway_is_suggested(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Or the token of another one would go there, if somebody overlooks it."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert CONF_URL not in _defaults(result)
    assert CONF_URL not in _suggested_values(result["data_schema"])


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ({CONF_USER_ID: "12"}, {CONF_ACCESS_TOKEN: ACCESS_TOKEN}),
        ({CONF_URL: "http://127.0.0.1:9"}, {CONF_ACCESS_TOKEN: ACCESS_TOKEN}),
        ({CONF_ACCESS_TOKEN: NEW_TOKEN}, {}),
        ({CONF_ACCESS_TOKEN: "令牌"}, {}),
        # They are offered swapped.
        (
            {CONF_USER_ID: ACCESS_TOKEN, CONF_ACCESS_TOKEN: str(USER_ID)},
            {CONF_USER_ID: str(USER_ID), CONF_ACCESS_TOKEN: ACCESS_TOKEN},
        ),
    ],
)
async def test_form_keeps_what_was_typed(
    hass: HomeAssistant,
    gateway: GatewayServer,
    typed: dict[str, Any],
    kept: dict[str, Any],
) -> None:
    """The gateway shows a token once, so it stays unless it is itself at fault."""
    advanced = {
        CONF_USER_ID_HEADER: "Acme-User",
        CONF_VERIFY_SSL: False,
        CONF_ALLOW_UNENCRYPTED: True,
    }
    result = await hass.config_entries.flow.async_configure(
        await start_user_flow(hass),
        user_input(gateway, **typed, **{SECTION_ADVANCED: advanced}),
    )
    assert result["errors"]
    expected = {CONF_URL: gateway.url, CONF_USER_ID: str(USER_ID)} | typed
    expected.pop(CONF_ACCESS_TOKEN, None)
    assert _suggested_values(result["data_schema"]) == expected | kept
    assert _defaults(result)[SECTION_ADVANCED] == advanced


async def test_token_stays_when_there_is_no_answer_in_time(
    hass: HomeAssistant, gateway: GatewayServer
) -> None:
    gateway.fault, _ = SLOW["silence"]
    with patch.object(validation, "SET_UP_TIMEOUT", 0.1):
        result = await hass.config_entries.flow.async_configure(
            await start_user_flow(hass), user_input(gateway)
        )
    assert result["errors"] == {CONF_URL: "cannot_connect"}
    assert _suggested_values(result["data_schema"])[CONF_ACCESS_TOKEN] == ACCESS_TOKEN


async def test_section_with_an_error_is_open(
    hass: HomeAssistant, gateway: GatewayServer
) -> None:
    advanced = {
        CONF_USER_ID_HEADER: "Authorization",
        CONF_VERIFY_SSL: True,
        CONF_ALLOW_UNENCRYPTED: False,
    }
    flow_id = await start_user_flow(hass)
    for changes, is_open in (
        ({CONF_URL: "not an address"}, False),
        ({CONF_ACCESS_TOKEN: "0" * 32}, False),
        ({SECTION_ADVANCED: advanced}, True),
        # Their messages name the section.
        ({CONF_USER_ID: "12"}, True),
        ({CONF_URL: "http://api.iqqz.com"}, True),
    ):
        result = await hass.config_entries.flow.async_configure(
            flow_id, user_input(gateway, **changes)
        )
        assert result["data_schema"]
        section = result["data_schema"].schema[SECTION_ADVANCED]
        assert section.options["collapsed"] is not is_open


async def test_forms_say_which_account_they_are_about(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    entry.add_to_hass(hass)
    for result in (
        await entry.start_reauth_flow(hass),
        await entry.start_reconfigure_flow(hass),
    ):
        assert _placeholders(result) >= {
            ("account", entry.title),
            (CONF_URL, entry.data[CONF_URL]),
        }
        assert CONF_ACCESS_TOKEN not in _suggested_values(result["data_schema"])


async def test_flows_leave_no_session_open(
    hass: HomeAssistant, gateway: GatewayServer
) -> None:
    sessions: list[aiohttp.ClientSession] = []
    create = aiohttp.ClientSession.__init__

    def remember(self: aiohttp.ClientSession, *args: Any, **kwargs: Any) -> None:
        create(self, *args, **kwargs)
        sessions.append(self)

    flow_id = await start_user_flow(hass)
    with patch.object(aiohttp.ClientSession, "__init__", remember):
        gateway.fault = answering(500)
        await hass.config_entries.flow.async_configure(flow_id, user_input(gateway))
        # The first try also made the connector that all sessions share.
        listeners = hass.bus.async_listeners()
        await hass.config_entries.flow.async_configure(flow_id, user_input(gateway))
        assert hass.bus.async_listeners() == listeners
        gateway.fault = None
        await hass.config_entries.flow.async_configure(flow_id, user_input(gateway))
    assert sessions
    assert all(session.closed for session in sessions)


# Reauth


async def test_reauth(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    entry.add_to_hass(hass)
    gateway.account.access_token = NEW_TOKEN
    result = await entry.start_reauth_flow(hass)
    assert result["step_id"] == "reauth_confirm"
    assert (CONF_URL, gateway.url) in _placeholders(result)
    assert _suggested_values(result["data_schema"]) == {}

    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], {CONF_ACCESS_TOKEN: f"Bearer {NEW_TOKEN}"}
    )
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reauth_successful"
    assert entry.data[CONF_ACCESS_TOKEN] == NEW_TOKEN
    await hass.async_block_till_done()


@each_fault
async def test_reauth_errors(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    fault: Handler,
    field: str,
    error: str,
) -> None:
    """The form has only the token; a message of another field goes on top."""
    entry.add_to_hass(hass)
    result = await entry.start_reauth_flow(hass)
    gateway.fault = fault
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], {CONF_ACCESS_TOKEN: NEW_TOKEN}
    )
    # That is settled in the section of another form.
    if error == "user_id_refused":
        error = "reauth_user_id_refused"
    assert result["errors"] == {
        CONF_ACCESS_TOKEN if field == CONF_ACCESS_TOKEN else "base": error
    }
    kept = {} if field == CONF_ACCESS_TOKEN else {CONF_ACCESS_TOKEN: NEW_TOKEN}
    assert _suggested_values(result["data_schema"]) == kept
    assert entry.data[CONF_ACCESS_TOKEN] == ACCESS_TOKEN

    gateway.fault = None
    gateway.account.access_token = NEW_TOKEN
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], {CONF_ACCESS_TOKEN: NEW_TOKEN}
    )
    assert result["reason"] == "reauth_successful"
    await hass.async_block_till_done()


async def test_reauth_refuses_another_account(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    """One-api does not check the ID, so the answer has to tell."""
    entry.add_to_hass(hass)
    gateway.fork = ONE_API
    gateway.account.id = 12
    gateway.account.access_token = NEW_TOKEN
    result = await entry.start_reauth_flow(hass)
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], {CONF_ACCESS_TOKEN: NEW_TOKEN}
    )
    assert result["errors"] == {"base": "other_account"}
    assert entry.data[CONF_ACCESS_TOKEN] == ACCESS_TOKEN


@pytest.mark.parametrize(
    ("token", "error"),
    [("", "invalid_access_token"), ("sk-1", "api_key")],
)
async def test_reauth_typed_wrong(
    hass: HomeAssistant, entry: MockConfigEntry, token: str, error: str
) -> None:
    entry.add_to_hass(hass)
    result = await entry.start_reauth_flow(hass)
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], {CONF_ACCESS_TOKEN: token}
    )
    assert result["errors"] == {CONF_ACCESS_TOKEN: error}
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], {CONF_ACCESS_TOKEN: ACCESS_TOKEN}
    )
    assert result["reason"] == "reauth_successful"
    await hass.async_block_till_done()


# Reconfigure


async def test_reconfigure_shows_what_is_stored_but_not_the_token(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_USER_ID_HEADER: "Acme-User"}
    )
    result = await entry.start_reconfigure_flow(hass)
    assert result["step_id"] == "reconfigure"
    schema = result["data_schema"]
    assert schema
    assert _suggested_values(schema) == {
        CONF_URL: gateway.url,
        CONF_USER_ID: str(USER_ID),
    }
    assert _suggested_values(schema.schema[SECTION_ADVANCED].schema) == {
        CONF_USER_ID_HEADER: "Acme-User",
        CONF_VERIFY_SSL: True,
        CONF_ALLOW_UNENCRYPTED: False,
    }


async def test_folded_section_goes_back_as_it_is(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_VERIFY_SSL: False}
    )
    for result, verify_ssl in (
        (
            await hass.config_entries.flow.async_init(
                DOMAIN, context={"source": SOURCE_USER}
            ),
            True,
        ),
        (await entry.start_reconfigure_flow(hass), False),
    ):
        assert _defaults(result)[SECTION_ADVANCED] == {
            CONF_VERIFY_SSL: verify_ssl,
            CONF_ALLOW_UNENCRYPTED: False,
        }


async def test_reconfigure_keeps_the_stored_token(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    entry.add_to_hass(hass)
    result = await entry.start_reconfigure_flow(hass)
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"],
        {
            CONF_URL: gateway.url,
            CONF_USER_ID: str(USER_ID),
            SECTION_ADVANCED: {CONF_VERIFY_SSL: False, CONF_ALLOW_UNENCRYPTED: False},
        },
    )
    assert result["reason"] == "reconfigure_successful"
    assert entry.data[CONF_ACCESS_TOKEN] == ACCESS_TOKEN
    assert entry.data[CONF_VERIFY_SSL] is False
    await hass.async_block_till_done()


async def test_reconfigure_to_an_account_that_is_there(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    entry.add_to_hass(hass)
    other = MockConfigEntry(
        domain=DOMAIN,
        title="Bob @ Example Gateway",
        unique_id=f"{gateway.url.removeprefix('http://')}#12",
        data={**entry.data, CONF_USER_ID: "12"},
    )
    other.add_to_hass(hass)
    gateway.account.id = 12
    result = await entry.start_reconfigure_flow(hass)
    typed = user_input(gateway, **{CONF_USER_ID: "12"})
    result = await hass.config_entries.flow.async_configure(result["flow_id"], typed)
    assert result["errors"] == {"base": "already_configured"}
    assert _placeholders(result) >= {
        ("account", entry.title),
        ("existing", other.title),
    }
    assert _suggested_values(result["data_schema"]) == {
        key: typed[key] for key in (CONF_URL, CONF_USER_ID, CONF_ACCESS_TOKEN)
    }
    gateway.account.id = USER_ID
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], typed | {CONF_USER_ID: str(USER_ID)}
    )
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()


async def test_reconfigure_typed_wrong(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    """The new token stays, and so does the name of the account."""
    entry.add_to_hass(hass)
    result = await entry.start_reconfigure_flow(hass)
    typed = {CONF_URL: "not an address", CONF_ACCESS_TOKEN: NEW_TOKEN}
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], user_input(gateway, **typed)
    )
    assert result["errors"] == {CONF_URL: "invalid_url"}
    assert typed.items() <= _suggested_values(result["data_schema"]).items()
    assert ("account", entry.title) in _placeholders(result)


@each_fault
async def test_reconfigure_errors(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    fault: Handler,
    field: str,
    error: str,
) -> None:
    entry.add_to_hass(hass)
    result = await entry.start_reconfigure_flow(hass)
    gateway.fault = fault
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], user_input(gateway)
    )
    assert result["errors"] == {field: error}
    shown = _suggested_values(result["data_schema"])
    assert (CONF_ACCESS_TOKEN in shown) is (field != CONF_ACCESS_TOKEN)
    gateway.fault = None
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], user_input(gateway)
    )
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()


# Options


async def _load(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.LOADED
