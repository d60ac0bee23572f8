"""Certificates, from the form to the recovery, at a gateway that speaks HTTPS."""

from collections.abc import AsyncGenerator

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    get_system_health_info,
)

from custom_components.llm_gateway_account.const import (
    CONF_ALLOW_UNENCRYPTED,
    DOMAIN,
    SECTION_ADVANCED,
)
from custom_components.llm_gateway_account.gateway import (
    CertificateError,
    GatewayError,
    UnreachableError,
)
from homeassistant.config_entries import SOURCE_USER
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_URL, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component
from homeassistant.util import ssl as ssl_util

from .gateway_server import ACCESS_TOKEN, GatewayServer, answering
from .helpers import user_input
from .tls import BAD_CERTIFICATES, NO_TLS, CertificateAuthority, TlsFault
from .watching import watch_failure, watch_recovery

pytestmark = pytest.mark.usefixtures("broken_handshakes")

each_fault = pytest.mark.parametrize(
    ("fault", "error"),
    [
        *((fault, CertificateError) for fault in BAD_CERTIFICATES.values()),
        *((fault, UnreachableError) for fault in NO_TLS.values()),
    ],
    ids=[*BAD_CERTIFICATES, *NO_TLS],
)


@pytest.fixture
async def gateway(
    authority: CertificateAuthority, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[GatewayServer]:
    """Run a gateway with a certificate that Home Assistant trusts."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.certificate))
    # Home Assistant made its own once, when it was imported.
    monkeypatch.setattr(ssl_util, "client_context", ssl_util.create_client_context)
    server = GatewayServer()
    await server.start(tls=authority.server_context())
    yield server
    await server.stop()


async def _restart(
    gateway: GatewayServer, authority: CertificateAuthority, fault: TlsFault
) -> None:
    await gateway.stop()
    await gateway.start(gateway.port, fault(authority))


async def _open_form(hass: HomeAssistant) -> str:
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    return result["flow_id"]


@each_fault
async def test_form(
    hass: HomeAssistant,
    gateway: GatewayServer,
    authority: CertificateAuthority,
    fault: TlsFault,
    error: type[GatewayError],
) -> None:
    typed = user_input(gateway)
    await _restart(gateway, authority, fault)
    flow_id = await _open_form(hass)
    result = await hass.config_entries.flow.async_configure(flow_id, typed)
    assert result["errors"] == {CONF_URL: error.key}
    assert gateway.requests == []

    await _restart(gateway, authority, CertificateAuthority.server_context)
    result = await hass.config_entries.flow.async_configure(flow_id, typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_URL] == f"https://127.0.0.1:{gateway.port}"
    assert result["data"][CONF_VERIFY_SSL] is True


async def test_new_token_for_a_gateway_without_certificate(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    authority: CertificateAuthority,
) -> None:
    """The form has no section to switch the verification off, and says where one is."""
    entry.add_to_hass(hass)
    await _restart(gateway, authority, BAD_CERTIFICATES["self-signed"])
    flow = await entry.start_reauth_flow(hass)
    result = await hass.config_entries.flow.async_configure(
        flow["flow_id"], {CONF_ACCESS_TOKEN: ACCESS_TOKEN}
    )
    assert result["errors"] == {"base": "reauth_certificate_error"}


async def test_form_is_not_sent_to_plain_http(
    hass: HomeAssistant, gateway: GatewayServer
) -> None:
    """At the same host either: the address is told, and would need a permission."""
    typed = user_input(gateway)
    plain = gateway.url.replace("https://", "http://")
    gateway.fault = answering(301, b"", {"Location": f"{plain}/api/user/self"})
    result = await hass.config_entries.flow.async_configure(
        await _open_form(hass), typed
    )
    assert result["errors"] == {CONF_URL: "redirected"}
    assert (result["description_placeholders"] or {})["target"] == plain
    assert gateway.paths() == ["/api/user/self"]


@pytest.mark.parametrize(
    "fault", list(BAD_CERTIFICATES.values()), ids=list(BAD_CERTIFICATES)
)
async def test_form_accepts_any_certificate_if_asked_to(
    hass: HomeAssistant,
    gateway: GatewayServer,
    authority: CertificateAuthority,
    fault: TlsFault,
) -> None:
    await _restart(gateway, authority, fault)
    advanced = {CONF_VERIFY_SSL: False, CONF_ALLOW_UNENCRYPTED: False}
    result = await hass.config_entries.flow.async_configure(
        await _open_form(hass), user_input(gateway, **{SECTION_ADVANCED: advanced})
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_VERIFY_SSL] is False
    await hass.async_block_till_done(wait_background_tasks=True)
    assert hass.states.get("sensor.example_gateway_balance")


@pytest.mark.usefixtures("freezer")
@each_fault
async def test_over_time(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    authority: CertificateAuthority,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    fault: TlsFault,
    error: type[GatewayError],
) -> None:
    """The certificate goes bad between two polls, and good again."""
    gateway.requests.clear()
    await _restart(gateway, authority, fault)
    await watch_failure(
        hass, gateway, loaded_entry, freezer, caplog, error, requests_per_poll=0
    )
    await _restart(gateway, authority, CertificateAuthority.server_context)
    await watch_recovery(hass, gateway, loaded_entry, freezer, caplog)


async def test_system_health_judges_a_certificate_as_the_polls_do(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    authority: CertificateAuthority,
) -> None:
    await _restart(gateway, authority, BAD_CERTIFICATES["self-signed"])
    assert await async_setup_component(hass, "system_health", {})
    await hass.async_block_till_done()
    info = await get_system_health_info(hass, DOMAIN)
    assert await info[gateway.url] == {"type": "failed", "error": "certificate_error"}

    hass.config_entries.async_update_entry(
        loaded_entry, data={**loaded_entry.data, CONF_VERIFY_SSL: False}
    )
    info = await get_system_health_info(hass, DOMAIN)
    assert await info[gateway.url] == "ok"
