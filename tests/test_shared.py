"""Several accounts at one gateway: what one does for all."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
import logging
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.llm_gateway_account.const import CONF_USER_ID, DOMAIN
from custom_components.llm_gateway_account.coordinator import (
    SET_UP_WAIT,
    SHORTEST_FIRST_INTERVAL,
    UPDATE_INTERVAL,
)
from custom_components.llm_gateway_account.gateway.pace import BURST
from custom_components.llm_gateway_account.shared import (
    SILENCE_IS_GOOD_FOR,
    SITE_IS_GOOD_FOR,
)
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component

from .gateway_server import GatewayServer, Handler, ServerAccount, answering
from .helpers import BALANCE, balance, jump, own_log, pass_time, setup

ACCOUNTS = 12
STEP = timedelta(seconds=5)


@pytest.fixture(autouse=True)
def frozen_time(freezer: FrozenDateTimeFactory) -> None:
    """Stop the clock before anything is scheduled by it."""


def add_accounts(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    accounts: int = ACCOUNTS,
) -> list[MockConfigEntry]:
    """Open accounts at a gateway, and add them to Home Assistant."""
    entries = []
    for number in range(accounts):
        account = ServerAccount(id=100 + number, access_token=f"token-{number}")
        gateway.more_accounts.append(account)
        data = {
            CONF_URL: gateway.url,
            CONF_USER_ID: str(account.id),
            CONF_ACCESS_TOKEN: account.access_token,
        }
        added = MockConfigEntry(
            domain=DOMAIN, data={**entry.data, **data}, options=dict(entry.options)
        )
        added.add_to_hass(hass)
        entries.append(added)
    return entries


@pytest.fixture
async def entries(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> list[MockConfigEntry]:
    """Return many accounts at one gateway, set up."""
    entries = add_accounts(hass, gateway, entry)
    await set_up(hass)
    return entries


async def set_up(hass: HomeAssistant) -> None:
    """Set up all accounts at once, as Home Assistant does when it starts."""
    (first, *_) = hass.config_entries.async_entries(DOMAIN)
    assert await hass.config_entries.async_setup(first.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)


@contextmanager
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[list[tuple[str, str]]]:
    """Yield a list that gets what is logged of the polls meanwhile."""
    caplog.clear()
    logged: list[tuple[str, str]] = []
    with caplog.at_level(logging.INFO):
        yield logged
    logged += [
        (record.levelname, record.getMessage())
        for record in caplog.records
        if record.name.startswith(f"custom_components.{DOMAIN}")
    ]


def answering_after(event: asyncio.Event) -> Handler:
    """Return a fault that answers only when something has happened."""

    async def handler(request: Any) -> Any:
        await event.wait()
        return await answering(502)(request)

    return handler


async def test_gateway_is_asked_once_what_it_is(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entries: list[MockConfigEntry],
    device_registry: dr.DeviceRegistry,
    freezer: FrozenDateTimeFactory,
) -> None:
    assert {entry.state for entry in entries} == {ConfigEntryState.LOADED}
    assert gateway.paths().count("/api/status") == 1
    versions = {
        device.sw_version
        for entry in entries
        for device in dr.async_entries_for_config_entry(device_registry, entry.entry_id)
    }
    assert versions == {gateway.fork.status["version"]}

    gateway.requests.clear()
    await hass.config_entries.async_reload(entries[0].entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert gateway.paths().count("/api/status") == 0
    freezer.tick(timedelta(seconds=SITE_IS_GOOD_FOR))
    await hass.config_entries.async_reload(entries[0].entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert gateway.paths().count("/api/status") == 1


async def test_gateway_that_does_not_tell_is_not_asked_by_each(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    gateway.status_fault = answering(502)
    entries = add_accounts(hass, gateway, entry)
    await set_up(hass)
    assert gateway.paths().count("/api/status") == 1
    gateway.status_fault = None
    freezer.tick(SILENCE_IS_GOOD_FOR)
    await hass.config_entries.async_reload(entries[0].entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert gateway.paths().count("/api/status") == 2


async def test_set_up_waits_for_one_answer_only(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    answer = asyncio.Event()

    gateway.status_fault = answering_after(answer)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert gateway.paths()[0] == "/api/user/self"
    assert gateway.paths().count("/api/user/self") == 1
    assert hass.states.get(BALANCE)
    answer.set()
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.parametrize(
    "fault",
    [
        answering(429),
        answering(502),
        answering(403, "<html>Attention Required! | Cloudflare</html>"),
        answering(200, "<!doctype html>"),
        answering(301, headers={"Location": "https://new.example/api/user/self"}),
    ],
)
@pytest.mark.usefixtures("entries")
async def test_trouble_of_a_gateway_is_one_line_for_all(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    fault: Handler,
) -> None:
    with lines(caplog) as logged:
        gateway.fault = fault
        for _ in range(3):
            await jump(hass, freezer, UPDATE_INTERVAL)
    assert [level for level, _ in logged] == ["ERROR"]
    with lines(caplog) as logged:
        gateway.fault = None
        for _ in range(3):
            await jump(hass, freezer, UPDATE_INTERVAL)
    assert logged == [("INFO", f"Fetching {DOMAIN} data recovered")]


async def test_trouble_of_each_account_is_a_line_each(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entries: list[MockConfigEntry],
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with lines(caplog) as logged:
        for account in gateway.more_accounts:
            account.status = 2
        await jump(hass, freezer, UPDATE_INTERVAL)
    assert [level for level, _ in logged] == ["ERROR"] * len(entries)
    with lines(caplog) as logged:
        for account in gateway.more_accounts:
            account.status = 1
        await jump(hass, freezer, UPDATE_INTERVAL)
    assert [level for level, _ in logged] == ["INFO"] * len(entries)


async def test_every_gateway_has_its_line(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    other = GatewayServer()
    await other.start()
    for each in (gateway, other):
        add_accounts(hass, each, entry)
    await set_up(hass)
    with lines(caplog) as logged:
        gateway.fault = other.fault = answering(503)
        await jump(hass, freezer, UPDATE_INTERVAL)
    assert [level for level, _ in logged] == ["ERROR", "ERROR"]
    await other.stop()


async def test_account_that_is_gone_is_no_longer_in_trouble(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entries: list[MockConfigEntry],
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    first_token = gateway.more_accounts[0].access_token

    async def refuse_the_first(request: Any) -> Any:
        if first_token in request.headers["Authorization"]:
            return await answering(502)(request)
        return gateway._self(request)

    gateway.fault = answering(502)
    await jump(hass, freezer, UPDATE_INTERVAL)
    gateway.fault = refuse_the_first
    with lines(caplog) as logged:
        await jump(hass, freezer, UPDATE_INTERVAL)
    # One is still in trouble.
    assert logged == []
    await hass.config_entries.async_unload(entries[0].entry_id)
    with lines(caplog) as logged:
        gateway.fault = answering(502)
        await jump(hass, freezer, UPDATE_INTERVAL)
    assert [level for level, _ in logged] == ["ERROR"]


async def test_account_with_a_trouble_of_its_own_hides_no_other(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entries: list[MockConfigEntry],
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert entries
    gateway.fault = answering(502)
    await jump(hass, freezer, UPDATE_INTERVAL)
    gateway.fault = None
    gateway.more_accounts[0].status = 2
    with lines(caplog) as logged:
        await jump(hass, freezer, UPDATE_INTERVAL)
    # Its own; the recovery of the others is told if it was not the last to be polled.
    assert [level for level, _ in logged if level != "INFO"] == ["ERROR"]
    with lines(caplog) as logged:
        gateway.fault = answering(502)
        await jump(hass, freezer, UPDATE_INTERVAL)
    assert [level for level, _ in logged] == ["ERROR"]


async def seconds_pass(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: int
) -> None:
    """Let time pass while some wait for their turn."""
    for _ in range(seconds):
        freezer.tick(1)
        async_fire_time_changed(hass)
        for _ in range(20):
            await asyncio.sleep(0)


@pytest.mark.usefixtures("limited")
async def test_start_does_not_wait_for_all_of_many_accounts(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    entries = add_accounts(hass, gateway, entry, accounts=150)
    start = asyncio.create_task(async_setup_component(hass, DOMAIN, {}))
    while not gateway.requests:  # noqa: ASYNC110
        await asyncio.sleep(0)
    await seconds_pass(hass, freezer, SET_UP_WAIT + 2)
    assert start.done()
    loaded = [each for each in entries if each.state is ConfigEntryState.LOADED]
    assert BURST < len(loaded) < 60
    await seconds_pass(hass, freezer, 130)
    assert {each.state for each in entries} == {ConfigEntryState.LOADED}
    assert not own_log(caplog)


@pytest.mark.usefixtures("limited")
async def test_account_that_goes_while_it_waits_for_its_turn(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    coordinator = loaded_entry.runtime_data.account
    coordinator.gateway.pace.hold(10)
    gateway.requests.clear()
    with lines(caplog) as logged:
        refresh = asyncio.create_task(coordinator.async_refresh())
        await asyncio.sleep(0)
        assert not gateway.requests
        assert await hass.config_entries.async_unload(loaded_entry.entry_id)
        await seconds_pass(hass, freezer, 20)
        await refresh
    assert not gateway.requests
    assert logged == []


async def test_refresh_that_is_cancelled_changes_nothing(
    hass: HomeAssistant, gateway: GatewayServer, loaded_entry: MockConfigEntry
) -> None:
    answer = asyncio.Event()

    gateway.fault = answering_after(answer)
    coordinator = loaded_entry.runtime_data.account
    gateway.requests.clear()
    refresh = asyncio.create_task(coordinator.async_refresh())
    while not gateway.requests:  # noqa: ASYNC110
        await asyncio.sleep(0)
    refresh.cancel()
    await asyncio.wait([refresh])
    assert coordinator.has_answer
    assert balance(hass) == "12.345"
    answer.set()


@pytest.mark.usefixtures("limited")
async def test_accounts_do_not_poll_all_at_once(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    add_accounts(hass, gateway, entry, accounts=8)
    await set_up(hass)
    for earliest in (UPDATE_INTERVAL * SHORTEST_FIRST_INTERVAL, timedelta(0)):
        times = []
        passed = timedelta(0)
        while passed < UPDATE_INTERVAL:
            gateway.requests.clear()
            await jump(hass, freezer, STEP)
            passed += STEP
            times += [passed] * len(gateway.requests)
        assert len(times) == 8
        assert min(times) >= earliest
        assert len(set(times)) > 3


@pytest.mark.usefixtures("limited")
async def test_set_up_leaves_a_gateway_alone_that_asks_for_patience(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """However often Home Assistant tries it again."""
    gateway.fault = answering(429, b"", {"Retry-After": "3600"})
    await setup(hass, entry)
    await pass_time(hass, freezer, timedelta(minutes=10))
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.reason == "The gateway gets too many requests from this network"
    assert gateway.paths() == ["/api/user/self"]
    gateway.fault = None
    await jump(hass, freezer, timedelta(minutes=51))
    assert balance(hass) == "12.345"
    assert gateway.paths().count("/api/user/self") == 2
