"""Fixtures: a gateway on loopback, and an account at it in Home Assistant."""

import asyncio
from collections.abc import AsyncGenerator, Generator
import gc
import logging
from typing import Any
from unittest.mock import patch

from aiohttp import ClientTimeout
from hypothesis import HealthCheck, settings
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion

# Imported early: the test package brings a `custom_components` of its own.
from custom_components.llm_gateway_account.books import EMPTY_DAYS
from custom_components.llm_gateway_account.const import (
    CONF_ALLOW_UNENCRYPTED,
    CONF_BEARER,
    CONF_CRITICAL_BALANCE,
    CONF_CURRENCY,
    CONF_LOW_BALANCE,
    CONF_POINTS_PER_UNIT,
    CONF_SITE_NAME,
    CONF_UNUSUAL_FACTOR,
    CONF_UNUSUAL_MINIMUM,
    CONF_USER_ID,
    CONF_USER_ID_HEADER,
    DOMAIN,
)
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_URL, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant

from .gateway_server import ACCESS_TOKEN, GatewayServer
from .helpers import setup
from .tls import CertificateAuthority

# How fast examples come tells about the machine, not about what is tested.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")

# Less often than by default: that was a tenth of the time. Between modules it is done.
gc.set_threshold(50_000)

# The test package lets every statement be logged, which is a part of the time of each
# test with a recorder, and nobody reads.
logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)

OPTIONS = {
    CONF_CURRENCY: "USD",
    CONF_POINTS_PER_UNIT: 500_000,
    CONF_LOW_BALANCE: 2,
    CONF_CRITICAL_BALANCE: 0.5,
    CONF_UNUSUAL_FACTOR: 3,
    CONF_UNUSUAL_MINIMUM: 0.5,
}

TITLE = "planted-display-name @ Example Gateway"

# What happens at each start.
UNREAD_EVENTS = [
    "call_service",
    "component_loaded",
    "core_config_updated",
    "device_registry_updated",
    "entity_registry_updated",
    "recorder_5min_statistics_generated",
    "service_registered",
    "service_removed",
]

# Seconds, longer than any month.
A_MONTH = 32 * 86_400


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer a run with one case of each test."""
    parser.addoption(
        "--first-cases",
        action="store_true",
        help="of each test that has several cases, run the first one",
    )


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave out all cases but the first, if asked to."""
    if not config.getoption("--first-cases"):
        return
    first: dict[str, pytest.Item] = {}
    for item in items:
        first.setdefault(item.nodeid.partition("[")[0], item)
    kept = set(first.values())
    config.hook.pytest_deselected(items=[each for each in items if each not in kept])
    items[:] = first.values()


@pytest.fixture(autouse=True)
async def enable_event_loop_debug() -> None:
    """Leave the debug mode of asyncio to the night: `--asyncio-debug`.

    The test package turns it on. Then the whole stack is kept for each future, which is
    half of the time of the tests.
    """
    # A clock that stands still at Unix time plus a nanosecond is the same float: what
    # is due just now would never run, and the loop would go round without a rest.
    vars(asyncio.get_running_loop())["_clock_resolution"] = 1e-6


@pytest.fixture(autouse=True)
def auto_enable(request: pytest.FixtureRequest, socket_enabled: None) -> None:
    """Let Home Assistant find the integration, and reach loopback."""
    if "hass" not in request.fixturenames or "config_dir" in request.fixturenames:
        return  # none, or one of the test's own, with real files
    # The recorder has to be there before Home Assistant is.
    if "recorder_mock" in request.fixturenames:
        request.getfixturevalue("recorder_mock")
    request.getfixturevalue("enable_custom_integrations")
    # What is stored stays in memory.
    request.getfixturevalue("hass_storage")


@pytest.fixture
def recorder_config() -> dict[str, Any]:
    """Record states alone: each event is a transaction, and nobody reads them."""
    return {"exclude": {"event_types": UNREAD_EVENTS}}


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Keep snapshots where Home Assistant keeps them."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


@pytest.fixture
async def gateway() -> AsyncGenerator[GatewayServer]:
    """Run a gateway: V-API with one account."""
    server = GatewayServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def whole_past() -> None:
    """Ask for each day of the past, however many were empty."""


@pytest.fixture
def recorded(gateway: GatewayServer, whole_past: None) -> None:
    """Let the gateway know of the time before: a point was spent, a month ago."""
    account = gateway.account
    account.quota, account.used_quota = account.quota + 1, account.used_quota - 1
    account.request_count -= 1
    gateway.books.spend("gpt-5", 1, at=gateway.clock() - A_MONTH)


@pytest.fixture
def entry(gateway: GatewayServer) -> MockConfigEntry:
    """Return the config entry of the account, as the flow creates it."""
    return MockConfigEntry(
        domain=DOMAIN,
        title=TITLE,
        unique_id=f"{gateway.url.partition('://')[2]}#{gateway.account.id}",
        data={
            CONF_URL: gateway.url,
            CONF_USER_ID: str(gateway.account.id),
            CONF_ACCESS_TOKEN: ACCESS_TOKEN,
            CONF_USER_ID_HEADER: None,
            CONF_VERIFY_SSL: True,
            CONF_ALLOW_UNENCRYPTED: False,
            CONF_BEARER: True,
            CONF_SITE_NAME: "Example Gateway",
        },
        options=OPTIONS,
    )


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    """Return a certificate authority that nobody trusts yet."""
    return CertificateAuthority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
async def broken_handshakes() -> None:
    """Let clients break off handshakes.

    Only the debug mode of asyncio takes that for a failure of the server.
    """
    asyncio.get_running_loop().set_debug(False)


@pytest.fixture
def little_time() -> Generator[None]:
    """Let the client wait for an answer only a moment."""
    with patch(
        "custom_components.llm_gateway_account.gateway.transport.REQUEST_TIMEOUT",
        ClientTimeout(total=0.3),
    ):
        yield


@pytest.fixture(autouse=True)
def unlimited(request: pytest.FixtureRequest) -> Generator[None]:
    """Let tests ask more often than a home, and poll exactly when they expect it."""
    if "limited" in request.fixturenames:
        yield
        return
    package = "custom_components.llm_gateway_account"
    # Where nothing was spent, a few of the requests for days that were empty will do.
    days = EMPTY_DAYS if "whole_past" in request.fixturenames else 2
    with (
        patch(f"{package}.gateway.limiter.SPACING", 0),
        patch(f"{package}.gateway.limiter.DEFAULT_HOLD", 0),
        patch(f"{package}.polling.SHORTEST_FIRST_INTERVAL", 1),
        patch(f"{package}.books.SPACING", 0),
        patch(f"{package}.books.EMPTY_DAYS", days),
    ):
        yield


@pytest.fixture
def limited() -> None:
    """Ask as often as outside of tests."""


@pytest.fixture
def every_entity_enabled() -> Generator[None]:
    """Enable the entities that are off by default."""
    with patch(
        "homeassistant.helpers.entity.Entity.entity_registry_enabled_default", new=True
    ):
        yield


@pytest.fixture
async def loaded_entry(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """Return the config entry, set up."""
    await setup(hass, entry)
    return entry
