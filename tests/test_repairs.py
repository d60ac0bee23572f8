"""What needs a person while an account runs: a repair, and a form that leads on."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from aiohttp.test_utils import TestClient
from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.llm_gateway_account.const import CONF_USER_ID, DOMAIN
from custom_components.llm_gateway_account.repairs import help_url
from homeassistant.components.repairs import DOMAIN as REPAIRS
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    ConfigEntryDisabler,
    ConfigEntryState,
)
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import ssl as ssl_util

from .gateway_server import ONE_API, GatewayServer, answering
from .helpers import balance, jump, pass_time, setup, user_input
from .tls import CertificateAuthority
from .watching import issues, loud

TEN_MINUTES = timedelta(minutes=11)

type Wrong = Callable[[GatewayServer], None]


def user_id_refused(gateway: GatewayServer) -> None:
    gateway.fault = answering(
        401, {"success": False, "message": "X-Api-User format error"}
    )


def other_account(gateway: GatewayServer) -> None:
    gateway.fork = ONE_API
    gateway.account.id = 12


def redirected(gateway: GatewayServer) -> None:
    gateway.fault = answering(
        301, b"", {"Location": "https://new.example/api/user/self"}
    )


def account_disabled(gateway: GatewayServer) -> None:
    gateway.account.status = 2


WRONG = [user_id_refused, other_account, redirected, account_disabled]
each_wrong = pytest.mark.parametrize("wrong", WRONG, ids=lambda each: each.__name__)


@pytest.fixture(autouse=True)
async def noon(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Stop the clock, and have repairs."""
    freezer.move_to("2026-11-23T20:00:00Z")
    await async_setup_component(hass, REPAIRS, {})


@each_wrong
async def test_account_that_needs_a_person(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    wrong: Wrong,
) -> None:
    """A repair, the reason on the page of the entry; both gone when it heals."""
    account, fork = gateway.account, gateway.fork
    wrong(gateway)
    await pass_time(hass, freezer, timedelta(minutes=6))
    assert issues(hass) == []
    await pass_time(hass, freezer, timedelta(minutes=5))
    assert issues(hass) == [wrong.__name__]
    (issue,) = ir.async_get(hass).issues.values()
    assert issue.is_fixable is (wrong is not account_disabled)
    assert (issue.translation_placeholders or {})["account"] == "Example Gateway"
    assert issue.learn_more_url == help_url(wrong.__name__, "en")
    assert loaded_entry.state is ConfigEntryState.SETUP_RETRY
    assert loaded_entry.error_reason_translation_key == wrong.__name__
    await pass_time(hass, freezer, timedelta(hours=3))
    assert issues(hass) == [wrong.__name__]

    gateway.fault, gateway.fork = None, fork
    account.id, account.status = int(loaded_entry.data[CONF_USER_ID]), 1
    await pass_time(hass, freezer, timedelta(minutes=10))
    assert issues(hass) == []
    assert balance(hass) == "12.345"


@each_wrong
async def test_account_that_is_wrong_from_the_start(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    wrong: Wrong,
) -> None:
    wrong(gateway)
    await setup(hass, entry)
    assert issues(hass) == []
    await pass_time(hass, freezer, timedelta(minutes=8))
    assert issues(hass) == [wrong.__name__]
    assert entry.state is ConfigEntryState.SETUP_RETRY


async def test_short_trouble_is_no_repair(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A good answer in between ends the evidence."""
    for _ in range(3):
        user_id_refused(gateway)
        await pass_time(hass, freezer, timedelta(minutes=5))
        gateway.fault = None
        await pass_time(hass, freezer, timedelta(minutes=5))
        assert issues(hass) == []
    assert loaded_entry.state is ConfigEntryState.LOADED


async def act_disable(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await hass.config_entries.async_set_disabled_by(
        entry.entry_id, ConfigEntryDisabler.USER
    )


async def act_remove(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await hass.config_entries.async_remove(entry.entry_id)


@pytest.mark.parametrize("act", [act_disable, act_remove])
async def test_repair_goes_with_its_account(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    act: Callable[[HomeAssistant, MockConfigEntry], Awaitable[None]],
) -> None:
    gateway.account.leave(0)
    await loaded_entry.runtime_data.account.async_refresh()
    user_id_refused(gateway)
    await pass_time(hass, freezer, TEN_MINUTES)
    assert sorted(issues(hass)) == ["balance_exhausted", "user_id_refused"]
    await act(hass, loaded_entry)
    assert issues(hass) == []


async def test_ignored_repair_stays_ignored_over_a_reload(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    user_id_refused(gateway)
    await pass_time(hass, freezer, TEN_MINUTES)
    (issue,) = ir.async_get(hass).issues.values()
    ir.async_ignore_issue(hass, DOMAIN, issue.issue_id, ignore=True)
    await hass.config_entries.async_reload(loaded_entry.entry_id)
    await pass_time(hass, freezer, TEN_MINUTES)
    (issue,) = ir.async_get(hass).issues.values()
    assert issue.dismissed_version


FIX = "/api/repairs/issues/fix"


async def open_repair(client: TestClient[Any, Any], issue: ir.IssueEntry) -> str:
    """Open a repair as the frontend does, and return where it is confirmed."""
    data = {"handler": DOMAIN, "issue_id": issue.issue_id}
    response = await client.post(FIX, json=data)
    assert response.status == HTTPStatus.OK
    form = await response.json()
    assert form["step_id"] == "confirm"
    assert form["description_placeholders"] == issue.translation_placeholders
    return f"{FIX}/{form['flow_id']}"


async def confirm(client: TestClient[Any, Any], url: str) -> dict[str, Any]:
    """Confirm a repair, and return where it leads."""
    response = await client.post(url, json={})
    assert response.status == HTTPStatus.OK
    result: dict[str, Any] = await response.json()
    return result


async def test_repair_leads_to_the_form_that_solves_it(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    other_account(gateway)
    await pass_time(hass, freezer, TEN_MINUTES)
    (issue,) = ir.async_get(hass).issues.values()
    client = await hass_client()
    result = await confirm(client, await open_repair(client, issue))
    assert result["reason"] == "reconfigure"
    kind, flow_id = result["next_flow"]
    assert kind == "config_flow"
    form = hass.config_entries.flow.async_get(flow_id)
    assert form["step_id"] == "reconfigure"
    # It is still there, until the gateway accepts what is entered.
    assert issues(hass) == ["other_account"]
    await hass.config_entries.flow.async_configure(
        flow_id, user_input(gateway, **{CONF_USER_ID: "12"})
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    assert issues(hass) == []
    assert loaded_entry.state is ConfigEntryState.LOADED
    assert loaded_entry.data[CONF_USER_ID] == "12"


async def test_repair_of_an_account_that_is_removed_meanwhile(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The dialog is open in a browser while somebody removes the account."""
    other_account(gateway)
    await pass_time(hass, freezer, TEN_MINUTES)
    (issue,) = ir.async_get(hass).issues.values()
    client = await hass_client()
    url = await open_repair(client, issue)
    await hass.config_entries.async_remove(loaded_entry.entry_id)
    assert (await confirm(client, url))["type"] == "create_entry"
    assert not ir.async_get(hass).issues


@pytest.mark.parametrize("back", [False, True])
async def test_one_question_at_a_time(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    *,
    back: bool,
) -> None:
    """What is wrong changes: the account is asked for what is wrong now."""
    token = gateway.account.access_token
    account_disabled(gateway)
    await pass_time(hass, freezer, TEN_MINUTES)
    assert issues(hass) == ["account_disabled"]
    gateway.account.status, gateway.account.access_token = 1, "0" * 32
    await pass_time(hass, freezer, TEN_MINUTES)
    assert issues(hass) == []
    (flow,) = loaded_entry.async_get_active_flows(hass, {SOURCE_REAUTH})
    assert flow["step_id"] == "reauth_confirm"
    if not back:
        return
    gateway.account.access_token = token
    user_id_refused(gateway)
    # Set-ups are tried again ever more rarely.
    await pass_time(hass, freezer, 3 * TEN_MINUTES)
    assert issues(hass) == ["user_id_refused"]
    assert not list(loaded_entry.async_get_active_flows(hass, {SOURCE_REAUTH}))


@pytest.mark.usefixtures("broken_handshakes")
async def test_certificate_that_is_not_renewed_for_a_day(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    authority: CertificateAuthority,
    monkeypatch: pytest.MonkeyPatch,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Any hour may bring the new one; after a day a person has to look."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.certificate))
    # Home Assistant made its own once, when it was imported.
    monkeypatch.setattr(ssl_util, "client_context", ssl_util.create_client_context)
    # OpenSSL looks at a clock that does not stand still.
    good = authority.server_context(valid_for=timedelta(days=36500))
    gateway = GatewayServer()
    await gateway.start(tls=good)
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_URL: gateway.url}
    )
    await setup(hass, entry)
    await gateway.stop()
    await gateway.start(gateway.port, authority.server_context(self_signed=True))
    for hours, kinds in ((23, []), (2, ["certificate_error"])):
        for _ in range(hours * 6):
            await jump(hass, freezer, timedelta(minutes=10))
        assert issues(hass) == kinds
    await gateway.stop()
    await gateway.start(gateway.port, good)
    await pass_time(hass, freezer, timedelta(minutes=3))
    assert issues(hass) == []
    await gateway.stop()


@pytest.mark.parametrize("order", ["reconfigure first", "reauth first"])
async def test_two_forms_at_the_same_time(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    order: str,
) -> None:
    """The one that ends last wins; nothing breaks, nothing is lost."""
    gateway.account.access_token = "0" * 32
    reauth = await loaded_entry.start_reauth_flow(hass)
    reconfigure = await loaded_entry.start_reconfigure_flow(hass)
    forms = {
        reauth["flow_id"]: {CONF_ACCESS_TOKEN: "0" * 32},
        reconfigure["flow_id"]: user_input(gateway, **{CONF_ACCESS_TOKEN: "0" * 32}),
    }
    ids = list(forms) if order == "reauth first" else list(forms)[::-1]
    for flow_id in ids:
        if flow_id in {
            flow["flow_id"] for flow in hass.config_entries.flow.async_progress()
        }:
            await hass.config_entries.flow.async_configure(flow_id, forms[flow_id])
    await hass.async_block_till_done(wait_background_tasks=True)
    assert loaded_entry.state is ConfigEntryState.LOADED
    assert loaded_entry.data[CONF_ACCESS_TOKEN] == "0" * 32
    assert loaded_entry.data[CONF_URL] == gateway.url
    assert balance(hass) == "12.345"
    assert not [each for each in loud(caplog) if each.exc_info]


async def test_reconfigured_in_the_middle_of_a_reload(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    form = await loaded_entry.start_reconfigure_flow(hass)
    reload = hass.async_create_task(
        hass.config_entries.async_reload(loaded_entry.entry_id)
    )
    await hass.config_entries.flow.async_configure(form["flow_id"], user_input(gateway))
    await reload
    await hass.async_block_till_done(wait_background_tasks=True)
    assert loaded_entry.state is ConfigEntryState.LOADED
    assert balance(hass) == "12.345"
    assert not [each for each in loud(caplog) if each.exc_info]
