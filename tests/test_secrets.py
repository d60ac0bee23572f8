"""Nothing that leaves this integration tells the token or who the person is.

The title of the entry is the one exception: it is there to tell people their accounts
apart, is shown where only they look, and can be renamed.
"""

from datetime import timedelta
from inspect import iscoroutine
import json
import logging
from pathlib import Path
import sqlite3
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    get_system_health_info,
)
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.llm_gateway_account.const import CONF_USER_ID, DOMAIN
from custom_components.llm_gateway_account.coordinator import UPDATE_INTERVAL
from homeassistant.components.recorder.core import Recorder
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.setup import async_setup_component

from .faults import ENDED_BY_TIME, FAULTS
from .gateway_server import (
    ACCESS_TOKEN,
    FORKS,
    PLANTED_SECRETS,
    USER_ID,
    Fork,
    GatewayServer,
    Handler,
    answering,
    secrets_of,
)
from .test_init import jump

TITLE = "My gateway"


@pytest.fixture
def recorder_db_url(tmp_path: Path) -> str:
    """Record into a file, to be read as what it is."""
    return f"sqlite:///{tmp_path}/recorder.db"


@pytest.fixture
def every_logger(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Let everybody log all they can, asyncio's debug mode included."""
    caplog.set_level(logging.DEBUG)
    for name in (DOMAIN, "aiohttp", "aiohttp.client", "asyncio", "homeassistant"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    return caplog


def secrets(gateway: GatewayServer) -> list[str]:
    """Return what must not be told, the ID and the address included."""
    return [*secrets_of(gateway.account), f"{USER_ID}"]


def find(gateway: GatewayServer, text: str) -> list[str]:
    """Return the secrets that a text tells."""
    # Home Assistant's own entry IDs and times hold any digits.
    return [
        secret
        for secret in secrets(gateway)
        if secret in text and (not secret.isdecimal() or f'"{secret}"' in text)
    ]


def log_of(caplog: pytest.LogCaptureFixture) -> str:
    """Return all that was logged, with tracebacks and everything they drag along."""
    lines = []
    for record in caplog.records:
        # The test's own server, and the test's own use of the flow, are not ours.
        if record.name.startswith(("aiohttp.server", "aiohttp.access")):
            continue
        lines.append(caplog.handler.format(record))
        error = record.exc_info[1] if record.exc_info else None
        while error:
            lines.append(f"{error!r} {error.args!r} {vars(error)!r}")
            error = error.__cause__ or error.__context__
    return "\n".join(lines)


@pytest.mark.usefixtures("every_entity_enabled", "freezer", "little_time")
@pytest.mark.parametrize("fork", FORKS, ids=lambda fork: fork.name)
async def test_account_at_every_fork(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    hass_client: ClientSessionGenerator,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    every_logger: pytest.LogCaptureFixture,
    fork: Fork,
) -> None:
    """States, registries, recorder, diagnostics, system health, repairs and log."""
    gateway.fork = fork
    hass.loop.set_debug(enabled=True)
    for component in ("diagnostics", "system_health"):
        assert await async_setup_component(hass, component, {})
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, title=TITLE)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    # Everything that can happen to an account at once.
    gateway.account.leave(0)
    gateway.account.group = "vip"
    gateway.account.last_login_at += 60
    await jump(hass, freezer, UPDATE_INTERVAL)
    assert ir.async_get(hass).issues
    device = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)[0]
    answer = await hass.services.async_call(
        DOMAIN,
        "get_account",
        {"device_id": device.id},
        blocking=True,
        return_response=True,
    )
    gateway.fault = answering(502, "planted-mail@example.invalid")
    await jump(hass, freezer, UPDATE_INTERVAL)
    diagnostics = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    await jump(hass, freezer, timedelta(hours=1))
    await async_wait_recording_done(hass)

    ip = gateway.account.last_login_ip
    shown = {
        "states": [state.as_dict() for state in hass.states.async_all()],
        "entities": [
            each.as_partial_dict for each in er.async_get(hass).entities.values()
        ],
        "devices": [
            {"name": each.name, "model": each.model, "identifiers": each.identifiers}
            for each in dr.async_entries_for_config_entry(
                dr.async_get(hass), entry.entry_id
            )
        ],
        "issues": [issue.to_json() for issue in ir.async_get(hass).issues.values()],
        "diagnostics": diagnostics,
        "action": answer,
        "memory": hass_storage[f"{DOMAIN}.{entry.entry_id}"],
        "system_health": {
            key: await value if iscoroutine(value) else value
            for key, value in (await get_system_health_info(hass, DOMAIN)).items()
        },
    }
    for name, content in shown.items():
        # The address of the last sign-in is an entity, if somebody enables it.
        assert find(gateway, json.dumps(content, default=str).replace(ip, "")) == [], (
            name
        )
    assert find(gateway, log_of(every_logger).replace(ip, "")) == []

    database = sqlite3.connect(recorder_mock.db_url.removeprefix("sqlite:///"))
    with database:
        dump = "\n".join(database.iterdump())
    database.close()
    assert "Example Gateway Balance" in dump
    assert find(gateway, dump.replace(ip, "")) == []


@pytest.mark.usefixtures("freezer")
@pytest.mark.parametrize(
    "fault",
    [fault for name, (fault, _) in FAULTS.items() if name not in ENDED_BY_TIME],
)
async def test_log_of_every_fault(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    every_logger: pytest.LogCaptureFixture,
    fault: Handler,
) -> None:
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, title=TITLE)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    gateway.fault = fault
    await jump(hass, freezer, UPDATE_INTERVAL)
    await jump(hass, freezer, UPDATE_INTERVAL)
    assert find(gateway, log_of(every_logger)) == []


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 404, 429, 500])
@pytest.mark.parametrize("secret", [*PLANTED_SECRETS.values(), ACCESS_TOKEN])
async def test_answer_full_of_secrets(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    every_logger: pytest.LogCaptureFixture,
    secret: str,
    status: int,
) -> None:
    """What a gateway says is never repeated, wherever it says it."""
    gateway.fault = answering(
        status,
        {"success": False, "message": secret, "error": {"message": secret}},
        {
            "Location": f"https://new.example/{secret}?{secret}#{secret}",
            "Retry-After": secret,
            "Set-Cookie": f"session={secret}",
            "X-Oneapi-Request-Id": secret,
        },
    )
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, title=TITLE)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert secret not in f"{entry.reason} {log_of(every_logger)}"


@pytest.mark.parametrize("fork", FORKS, ids=lambda fork: fork.name)
async def test_forms(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    every_logger: pytest.LogCaptureFixture,
    fork: Fork,
) -> None:
    """No form gives a token back, not even the one just typed; no log has it."""
    gateway.fork = fork
    gateway.fault = answering(403, {"success": False, "message": ACCESS_TOKEN})
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, title=TITLE)
    assert await async_setup_component(hass, "config", {})
    client = await hass_client()
    flows = "/api/config/config_entries/flow"
    shown = []
    for start in (
        {"handler": DOMAIN},
        {"handler": DOMAIN, "entry_id": entry.entry_id},
    ):
        response = await client.post(flows, json=start)
        shown.append(await response.text())
        flow = await response.json()
        response = await client.post(
            f"{flows}/{flow['flow_id']}",
            json={
                CONF_URL: f"{gateway.url}/sub",
                CONF_USER_ID: str(USER_ID),
                CONF_ACCESS_TOKEN: ACCESS_TOKEN,
            },
        )
        shown.append(await response.text())
        assert (await response.json())["errors"] == {"base": "account_disabled"}
    result = await entry.start_reauth_flow(hass)
    for token in ("", ACCESS_TOKEN):
        response = await client.post(
            f"{flows}/{result['flow_id']}", json={CONF_ACCESS_TOKEN: token}
        )
        shown.append(await response.text())
        assert response.ok
    assert len(shown) == 6
    for text in shown:
        assert '"form"' in text
        assert not [each for each in secrets_of(gateway.account) if each in text]
    assert not [
        each for each in secrets_of(gateway.account) if each in log_of(every_logger)
    ]
