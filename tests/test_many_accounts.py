"""Many accounts at one gateway: what they share, and what each has of its own."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from copy import replace
from datetime import timedelta
import logging
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.llm_gateway_account.connection import LIMITERS
from custom_components.llm_gateway_account.const import (
    CONF_BEARER,
    CONF_USER_ID,
    CONF_USER_ID_HEADER,
    DOMAIN,
)
from custom_components.llm_gateway_account.coordinator import SET_UP_TIMEOUT
from custom_components.llm_gateway_account.gateway import Priority
from custom_components.llm_gateway_account.gateway.limiter import BURST
from custom_components.llm_gateway_account.polling import (
    SHORTEST_FIRST_INTERVAL,
    UPDATE_INTERVAL,
)
from custom_components.llm_gateway_account.sites import (
    ANSWER_IS_GOOD_FOR,
    SILENCE_IS_GOOD_FOR,
)
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import (
    CONF_ACCESS_TOKEN,
    CONF_URL,
    CONF_VERIFY_SSL,
    EVENT_HOMEASSISTANT_STARTED,
)
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component

from .gateway_books import Keeping
from .gateway_server import V_API, GatewayServer, Handler, ServerAccount, answering
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
            domain=DOMAIN,
            title=f"Account {number}",
            data={**entry.data, **data},
            options=dict(entry.options),
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


@pytest.fixture
def no_books(gateway: GatewayServer) -> Iterator[None]:
    """Let there be little to ask for but the account itself, and that at once."""
    gateway.fork = replace(V_API, books=Keeping(spent=False))
    with patch(f"custom_components.{DOMAIN}.books.SPACING", 0):
        yield


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
    freezer.tick(timedelta(seconds=ANSWER_IS_GOOD_FOR))
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


async def test_every_account_has_a_line_of_its_own(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entries: list[MockConfigEntry],
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Named by the title of its entry; one when it fails, one when it recovers."""
    titles = [entry.title for entry in entries]
    with lines(caplog) as logged:
        gateway.fault = answering(502)
        for _ in range(3):
            await jump(hass, freezer, UPDATE_INTERVAL)
    text = "The gateway has a problem of its own (HTTP 502)"
    assert sorted(logged) == sorted(
        ("ERROR", f"Error fetching {title} data: {text}") for title in titles
    )
    with lines(caplog) as logged:
        gateway.fault = None
        for _ in range(3):
            await jump(hass, freezer, UPDATE_INTERVAL)
    assert sorted(logged) == sorted(
        ("INFO", f"Fetching {title} data recovered") for title in titles
    )


@pytest.mark.usefixtures("broken_handshakes")
async def test_two_accounts_at_one_host_with_settings_of_their_own(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    """They share how often the host is asked, and nothing else."""
    first, second = add_accounts(hass, gateway, entry, accounts=2)
    hass.config_entries.async_update_entry(
        second,
        data={
            **second.data,
            CONF_URL: f"{gateway.url}/second",
            CONF_BEARER: False,
            CONF_VERIFY_SSL: False,
            CONF_USER_ID_HEADER: "Acme-User",
        },
    )
    versions = {"/api/status": "v1", "/second/api/status": "v2"}
    account = gateway.more_accounts[1]

    async def answer(request: Any) -> Any:
        if request.path in versions:
            data: Any = {"version": versions[request.path]}
        elif request.path == "/second/api/user/self":
            assert request.headers["Authorization"] == account.access_token
            assert request.headers["Acme-User"] == str(account.id)
            data = {"id": account.id, "quota": 1_000_000}
        else:
            assert "Acme-User" not in request.headers
            return gateway._self(request)
        return await answering(200, {"success": True, "data": data})(request)

    gateway.fault = gateway.status_fault = answer
    await set_up(hass)
    assert first.runtime_data.account.data.account.quota == 6_172_500
    assert second.runtime_data.account.data.account.quota == 1_000_000
    registry = dr.async_get(hass)
    assert [
        device.sw_version
        for each in (first, second)
        for device in dr.async_entries_for_config_entry(registry, each.entry_id)
    ] == ["v1", "v2"]
    assert len(hass.data[LIMITERS]) == 1


async def seconds_pass(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: int
) -> None:
    """Let time pass while some wait for their turn."""
    for _ in range(seconds):
        freezer.tick(1)
        async_fire_time_changed(hass)
        for _ in range(20):
            await asyncio.sleep(0)


async def all_usage_is_read(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> timedelta:
    """Let time pass until what is read besides the accounts is there."""
    await seconds_pass(hass, freezer, 45)
    await hass.async_block_till_done(wait_background_tasks=True)
    return timedelta(seconds=45)


@pytest.mark.usefixtures("limited")
async def test_start_does_not_wait_for_many_accounts(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Those without a turn say why; all get theirs before any is polled twice."""
    caplog.set_level(logging.WARNING)
    entries = add_accounts(hass, gateway, entry, accounts=200)
    hass.set_state(CoreState.starting)
    start = asyncio.create_task(async_setup_component(hass, DOMAIN, {}))
    while not gateway.requests:  # noqa: ASYNC110
        await asyncio.sleep(0)
    await seconds_pass(hass, freezer, SET_UP_TIMEOUT + 1)
    assert start.done()
    states = Counter(each.state for each in entries)
    assert BURST < states[ConfigEntryState.LOADED] < 25
    waiting = next(
        each for each in entries if each.state is ConfigEntryState.SETUP_RETRY
    )
    assert waiting.error_reason_translation_key == "rate_limited"
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    for _ in range(240):
        if {each.state for each in entries} == {ConfigEntryState.LOADED}:
            break
        await seconds_pass(hass, freezer, 1)
    else:
        pytest.fail("four minutes are enough for two hundred accounts")
    asked = Counter(
        request.headers["Authorization"]
        for request in gateway.requests
        if request.path == "/api/user/self"
    )
    assert set(asked.values()) == {1}
    assert not own_log(caplog)


@pytest.mark.usefixtures("limited", "no_books")
async def test_accounts_do_not_poll_all_at_once(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    first, *_ = add_accounts(hass, gateway, entry, accounts=8)
    assert await hass.config_entries.async_setup(first.entry_id)
    begun = await all_usage_is_read(hass, freezer)
    for start, earliest in (
        (begun, UPDATE_INTERVAL * SHORTEST_FIRST_INTERVAL),
        (timedelta(0), timedelta(0)),
    ):
        times, passed = [], start
        while passed < UPDATE_INTERVAL:
            gateway.requests.clear()
            await jump(hass, freezer, STEP)
            passed += STEP
            times += [passed] * len(gateway.requests)
        assert len(times) == 8
        assert min(times) >= earliest
        assert len(set(times)) > 3


@pytest.mark.usefixtures("limited", "no_books")
async def test_account_that_goes_while_it_waits_for_its_turn(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await all_usage_is_read(hass, freezer)
    coordinator = entry.runtime_data.account
    (limiter,) = hass.data[LIMITERS].values()
    others = asyncio.gather(
        *(limiter.async_acquire(Priority.SET_UP) for _ in range(BURST))
    )
    gateway.requests.clear()
    with lines(caplog) as logged:
        refresh = asyncio.create_task(coordinator.async_refresh())
        await asyncio.sleep(0)
        assert not gateway.requests
        assert await hass.config_entries.async_unload(entry.entry_id)
        await seconds_pass(hass, freezer, 20)
        await refresh
    await others
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


@pytest.mark.usefixtures("limited", "no_books")
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
    freezer.tick(timedelta(minutes=51))
    await all_usage_is_read(hass, freezer)
    assert balance(hass) == "12.345"
    assert gateway.paths().count("/api/user/self") == 2
