"""Nothing that leaves this integration tells the token or who the person is.

The title of the entry is the one exception: it is there to tell people their accounts
apart, is shown where only they look, and can be renamed.
"""

from collections.abc import Callable, Hashable
from dataclasses import asdict, replace
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
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.setup import async_setup_component

from .faults import ENDED_BY_TIME, FAULTS, FULL_OF_SECRETS
from .gateway_server import (
    ACCESS_TOKEN,
    FORKS,
    PLANTED_SECRETS,
    TELEGRAM_NUMBER,
    V_API,
    Fork,
    GatewayServer,
    Handler,
    ServerAccount,
    answering,
    secrets_of,
    told_by,
)
from .helpers import jump

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


@pytest.fixture
def gateway(gateway: GatewayServer) -> GatewayServer:
    """Run a gateway where the number of the account is found anywhere."""
    gateway.account.id = 907_161_218_334
    return gateway


def full_of_secrets(fork: Fork) -> Fork:
    """Return a fork that answers everything that any of them may answer."""

    def body(account: ServerAccount) -> dict[str, Any]:
        answered = fork.body(account)
        return (
            PLANTED_SECRETS
            | {
                # Most forks blank these; one that does not must not matter.
                key: PLANTED_SECRETS.get(key, account.access_token)
                if value in {"", None}
                else value
                for key, value in answered.items()
                if isinstance(value, Hashable)
            }
            | {
                "access_token": account.access_token,
                "telegram_number": TELEGRAM_NUMBER,
                "settings": {"list": [PLANTED_SECRETS]},
                account.display_name: account.username,
            }
        )

    return replace(fork, body=body)


def find(gateway: GatewayServer, text: str) -> list[str]:
    """Return the secrets that a text tells."""
    secrets = [*secrets_of(gateway.account), str(gateway.account.id)]
    return [secret for secret in secrets if secret in text]


def log_of(caplog: pytest.LogCaptureFixture) -> str:
    """Return all that was logged, with tracebacks and everything they drag along."""
    lines = []
    for record in caplog.records:
        # The test's own server is not ours. What the recorder writes is looked at in
        # its database, where the entity is known that it belongs to.
        if record.name.startswith(("aiohttp.server", "aiohttp.access", "sqlalchemy")):
            continue
        lines.append(caplog.handler.format(record))
        lines.append(told_by(record.exc_info[1] if record.exc_info else None))
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
    gateway.fork = full_of_secrets(fork)
    answered = json.dumps(gateway.fork.body(gateway.account))
    assert set(find(gateway, answered)) >= {
        *PLANTED_SECRETS.values(),
        ACCESS_TOKEN,
        str(gateway.account.id),
    }
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

    # The address of the last sign-in is an entity, if somebody enables it.
    own = er.async_get(hass).async_get_entity_id(
        "sensor", DOMAIN, f"{entry.entry_id}_last_login_ip"
    )
    assert bool(own) is ("last_login_ip" in fork.body(gateway.account))
    shown = {
        "states": [
            state.as_dict()
            for state in hass.states.async_all()
            if state.entity_id != own
        ],
        "entities": [
            each.extended_dict for each in er.async_get(hass).entities.values()
        ],
        "devices": [
            each.dict_repr
            for each in dr.async_entries_for_config_entry(
                dr.async_get(hass), entry.entry_id
            )
        ],
        "issues": [asdict(issue) for issue in ir.async_get(hass).issues.values()],
        "diagnostics": diagnostics,
        "action": answer,
        "memory": hass_storage[f"{DOMAIN}.{entry.entry_id}"],
        "system_health": {
            key: await value if iscoroutine(value) else value
            for key, value in (await get_system_health_info(hass, DOMAIN)).items()
        },
    }
    for name, content in shown.items():
        assert content, name
        assert find(gateway, json.dumps(content, default=str)) == [], name
    log = [line for line in log_of(every_logger).splitlines() if f"{own}" not in line]
    assert find(gateway, "\n".join(log)) == []

    database = sqlite3.connect(recorder_mock.db_url.removeprefix("sqlite:///"))
    with database:
        database.execute(
            "DELETE FROM states WHERE metadata_id IN"
            " (SELECT metadata_id FROM states_meta WHERE entity_id = ?)",
            (own,),
        )
        dump = "\n".join(database.iterdump())
        database.rollback()
    database.close()
    assert "Example Gateway Balance" in dump
    assert find(gateway, dump) == []


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


@pytest.mark.usefixtures("freezer")
@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 404, 429, 500])
@pytest.mark.parametrize("body", [*FULL_OF_SECRETS.values()], ids=[*FULL_OF_SECRETS])
async def test_answer_full_of_secrets(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    every_logger: pytest.LogCaptureFixture,
    body: Callable[[str], str],
    status: int,
) -> None:
    """What a gateway says is never repeated, wherever it says it."""
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, title=TITLE)
    told = ""
    for secret in [*secrets_of(gateway.account), str(gateway.account.id)]:
        gateway.fault = answering(
            status,
            body(secret),
            {
                "Location": f"https://new.example/{secret}?{secret}#{secret}",
                "Retry-After": f"{secret} seconds",
                "Set-Cookie": f"session={secret}",
                "X-Oneapi-Request-Id": secret,
            },
        )
        await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert entry.state is ConfigEntryState.SETUP_RETRY
        told += f"{entry.reason}\n"
        assert await hass.config_entries.async_unload(entry.entry_id)
        # A host that refused is left alone for a while.
        freezer.tick(timedelta(hours=2))
    assert find(gateway, told + log_of(every_logger)) == []


@pytest.mark.usefixtures("freezer")
async def test_redirect_full_of_secrets(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    every_logger: pytest.LogCaptureFixture,
) -> None:
    """The address to enter instead is logged, but not one that tells who asked."""
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, title=TITLE)
    gateway.fork = full_of_secrets(V_API)
    await hass.config_entries.async_setup(entry.entry_id)
    half = len(ACCESS_TOKEN) // 2
    for secret in (
        *secrets_of(gateway.account),
        str(gateway.account.id),
        f"{ACCESS_TOKEN[:half]}/{ACCESS_TOKEN[half:]}",
        f"{ACCESS_TOKEN[:half]}.{ACCESS_TOKEN[half:]}",
    ):
        for target in (
            f"https://{secret}.example/api/user/self",
            f"https://new.example/{secret}/api/user/self",
        ):
            gateway.fault = answering(301, b"", {"Location": target})
            await jump(hass, freezer, UPDATE_INTERVAL)
            assert not entry.runtime_data.account.last_update_success
            # Else only the first of the failures is logged.
            gateway.fault = None
            await jump(hass, freezer, UPDATE_INTERVAL)
            assert entry.runtime_data.account.last_update_success
    log = log_of(every_logger)
    assert "https://new.example" in log
    assert find(gateway, log) == []
    assert not [
        part for part in (ACCESS_TOKEN[:half], ACCESS_TOKEN[half:]) if part in log
    ]


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
                CONF_USER_ID: str(gateway.account.id),
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
