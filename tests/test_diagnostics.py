"""What a bug report carries, and what it must not."""

import json
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from syrupy.assertion import SnapshotAssertion

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from .gateway_server import FORKS, Fork, GatewayServer, answering, secrets_of
from .helpers import setup

pytestmark = pytest.mark.usefixtures("whole_past")


@pytest.fixture(autouse=True)
async def setup_diagnostics(hass: HomeAssistant) -> None:
    """Set up what serves the download."""
    assert await async_setup_component(hass, "diagnostics", {})


@pytest.mark.freeze_time("2026-11-23T12:00:00+00:00")
async def test_diagnostics(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    loaded_entry: MockConfigEntry,
    snapshot: SnapshotAssertion,
) -> None:
    assert (
        await get_diagnostics_for_config_entry(hass, hass_client, loaded_entry)
        == snapshot
    )


async def test_diagnostics_while_polls_fail(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
) -> None:
    gateway.fault = answering(502)
    await loaded_entry.runtime_data.account.async_refresh()
    diagnostics: Any = await get_diagnostics_for_config_entry(
        hass, hass_client, loaded_entry
    )
    assert diagnostics["coordinator"]["last_error"] == "server_error"


async def test_diagnostics_before_the_first_answer(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    gateway.fault = answering(502)
    await setup(hass, entry)
    diagnostics: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert set(diagnostics) == {"entry"}
    assert diagnostics["entry"]["state"] == "setup_retry"


@pytest.mark.parametrize("fork", FORKS, ids=lambda fork: fork.name)
async def test_diagnostics_tell_no_secret(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    fork: Fork,
) -> None:
    gateway.fork = fork
    await setup(hass, entry)
    told = json.dumps(await get_diagnostics_for_config_entry(hass, hass_client, entry))
    secrets = [*secrets_of(gateway.account), str(gateway.account.id), gateway.url]
    assert not [secret for secret in secrets if secret in told]
