"""The token goes to the address it was entered for, proved at a second gateway.

The second one listens on another port, and sees all that is sent to it.
"""

from collections.abc import AsyncGenerator, Callable

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.llm_gateway_account.const import CONF_USER_ID, DOMAIN
from custom_components.llm_gateway_account.gateway.client import (
    ACCOUNT_PATH,
    DAILY_USAGE_PATH,
    PLANS_PATH,
    SPENT_PATH,
    USAGE_PATH,
    USER_ID_HEADERS,
)
from custom_components.llm_gateway_account.polling import UPDATE_INTERVAL
from homeassistant.config_entries import SOURCE_USER
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant

from .gateway_server import (
    ACCESS_TOKEN,
    USER_ID,
    GatewayServer,
    Handler,
    answering,
)
from .helpers import pass_time, setup, user_input
from .watching import issues

DATA = {"id": USER_ID, "quota": 1}
ACCOUNT = {"success": True, "data": DATA}
HTML = {"Content-Type": "text/html"}


def _redirect(status: int) -> Callable[[str], Handler]:
    return lambda url: answering(status, b"", {"Location": f"{url}/api/user/self"})


def _header(name: str, value: str) -> Callable[[str], Handler]:
    """Return a good answer with a header that names the other gateway."""
    return lambda url: answering(
        200,
        ACCOUNT,
        {name: value.format(url=url, authority=url.removeprefix("http://"))},
    )


# Ways in which a gateway, or somebody in front of it, points to another server.
LURES: dict[str, Callable[[str], Handler]] = {
    **{str(status): _redirect(status) for status in (301, 302, 303, 307, 308)},
    "Location": _header("Location", "{url}/api/user/self"),
    "Content-Location": _header("Content-Location", "{url}/api/user/self"),
    "Refresh": _header("Refresh", "0; url={url}/api/user/self"),
    "Alt-Svc": _header("Alt-Svc", 'http/1.1="{authority}"; ma=86400; persist=1'),
    "Link": _header("Link", '<{url}/api/user/self>; rel="preload"'),
    "Set-Cookie": _header("Set-Cookie", "server={url}; Domain=127.0.0.1; Path=/"),
    "HTML": lambda url: answering(
        200,
        f'<meta http-equiv="refresh" content="0; url={url}/api/user/self">'
        f'<base href="{url}"><script>location = "{url}"</script>',
        HTML,
    ),
    "site": lambda url: answering(
        200,
        {"success": True, "data": {**DATA, "server_address": url}},
    ),
}
each_lure = pytest.mark.parametrize("lure", list(LURES.values()), ids=list(LURES))


@pytest.fixture
async def other() -> AsyncGenerator[GatewayServer]:
    """Run a second gateway, which would take the same token."""
    server = GatewayServer()
    await server.start()
    yield server
    await server.stop()


# The pages of the account; nobody else sees them.
ACCOUNT_PAGES = {
    f"/{path}"
    for path in (ACCOUNT_PATH, USAGE_PATH, SPENT_PATH, DAILY_USAGE_PATH, PLANS_PATH)
}
# Those that everybody sees.
PUBLIC_PAGES = {"/api/status", "/api/notice"}


def assert_token_at_the_pages_of_the_account_only(*gateways: GatewayServer) -> None:
    """Check every request that was ever made."""
    credentials = {"Authorization", *USER_ID_HEADERS}
    for gateway in gateways:
        for request in gateway.requests:
            given = {name for name in credentials if name in request.headers}
            is_account = request.path in ACCOUNT_PAGES
            assert is_account or request.path in PUBLIC_PAGES
            assert given == (credentials if is_account else set())
            assert (ACCESS_TOKEN in str(request.headers)) is is_account
            assert ACCESS_TOKEN not in request.raw_path


@pytest.mark.usefixtures("freezer")
@each_lure
async def test_running_account_is_not_lured_away(
    hass: HomeAssistant,
    gateway: GatewayServer,
    other: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    lure: Callable[[str], Handler],
) -> None:
    gateway.fault = gateway.status_fault = lure(other.url)
    gateway.requests.clear()
    await pass_time(hass, freezer, 2 * UPDATE_INTERVAL)
    await hass.config_entries.async_reload(loaded_entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    # A redirect becomes a repair, with which the entry is loaded anew.
    assert gateway.paths().count("/api/user/self") == 3 + len(issues(hass))
    assert other.requests == []
    assert_token_at_the_pages_of_the_account_only(gateway)


@pytest.mark.parametrize("page", ["fault", "status_fault"])
@each_lure
async def test_form_is_not_lured_away(
    hass: HomeAssistant,
    gateway: GatewayServer,
    other: GatewayServer,
    lure: Callable[[str], Handler],
    page: str,
) -> None:
    """Neither by the page of the account nor by what the gateway says of itself."""
    setattr(gateway, page, lure(other.url))
    flow = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    await hass.config_entries.flow.async_configure(flow["flow_id"], user_input(gateway))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert "/api/user/self" in gateway.paths()
    assert other.requests == []
    assert_token_at_the_pages_of_the_account_only(gateway)


async def test_account_goes_past_a_proxy_of_the_environment(
    hass: HomeAssistant,
    gateway: GatewayServer,
    other: GatewayServer,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, other.url)
        monkeypatch.setenv(name.lower(), other.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    await setup(hass, entry)
    assert set(gateway.paths()) == {*PUBLIC_PAGES, *ACCOUNT_PAGES}
    assert other.requests == []


async def test_stored_token_goes_to_no_other_host(
    hass: HomeAssistant,
    gateway: GatewayServer,
    other: GatewayServer,
    loaded_entry: MockConfigEntry,
) -> None:
    result = await loaded_entry.start_reconfigure_flow(hass)
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], {CONF_URL: other.url, CONF_USER_ID: str(USER_ID)}
    )
    assert result["errors"] == {CONF_ACCESS_TOKEN: "token_needed"}
    assert other.requests == []

    gateway.requests.clear()
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], user_input(other)
    )
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done(wait_background_tasks=True)
    await loaded_entry.runtime_data.account.async_refresh()
    assert {"/api/user/self", "/api/status"} <= set(other.paths())
    assert gateway.requests == []
    assert_token_at_the_pages_of_the_account_only(other)


async def test_stored_token_is_not_sent_without_encryption(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    entry.add_to_hass(hass)
    encrypted = gateway.url.replace("http://", "https://")
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_URL: encrypted}
    )
    result = await entry.start_reconfigure_flow(hass)
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], {CONF_URL: gateway.url, CONF_USER_ID: str(USER_ID)}
    )
    assert result["errors"] == {CONF_ACCESS_TOKEN: "token_needed"}
    assert gateway.requests == []
