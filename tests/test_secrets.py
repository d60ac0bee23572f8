"""Nothing that leaves this integration tells the token or who the person is.

Names are the one exception: the title of an entry, and the device of a second account
at one gateway, tell people their accounts apart, and can be changed.
"""

from collections.abc import Hashable
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
from custom_components.llm_gateway_account.polling import UPDATE_INTERVAL
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

from .faults import FULL_OF_SECRETS
from .gateway_keys import KEYS, PLANTED_IN_KEYS
from .gateway_plans import PLANS, PLANTED_IN_PLANS, PLANTED_USER
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
from .helpers import device_of, get_account, jump
from .keys import show as show_keys

TITLE = "My gateway"
SECRET = "planted-here"

# An answer of each kind and each shape that repeats a secret: status and body.
REPEATED: dict[str, tuple[int, str]] = {
    **{
        f"{status} {name}": (status, body(SECRET))
        for status in (200, 403)
        for name, body in FULL_OF_SECRETS.items()
    },
    **{
        str(status): (status, FULL_OF_SECRETS["inside"](SECRET))
        for status in (301, 400, 401, 404, 429, 500)
    },
    "user ID refused": (
        401,
        json.dumps(
            {"success": False, "message": f"user id mismatch {SECRET}", "data": SECRET}
        ),
    ),
    "other account": (
        200,
        json.dumps(
            {
                "success": True,
                "data": {"id": 31_415_926, "quota": 1, "username": SECRET},
            }
        ),
    ),
}


@pytest.fixture
def recorder_db_url(tmp_path: Path) -> str:
    """Record into a file, to be read as what it is."""
    return f"sqlite:///{tmp_path}/recorder.db"


@pytest.fixture
def recorder_config() -> None:
    """Record every event there is."""


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


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set up an account whose title tells nothing."""
    hass.loop.set_debug(enabled=True)
    for component in ("diagnostics", "repairs", "system_health"):
        assert await async_setup_component(hass, component, {})
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, title=TITLE)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)


async def shown(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    hass_storage: dict[str, Any],
    entry: MockConfigEntry,
) -> dict[str, Any]:
    """Return all that anybody can look at, by where it stands."""
    return {
        "states": [state.as_dict() for state in hass.states.async_all()],
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
        "reason": [entry.reason, entry.error_reason_translation_placeholders],
        "diagnostics": await get_diagnostics_for_config_entry(hass, hass_client, entry),
        "storage": hass_storage[f"{DOMAIN}.{entry.entry_id}"],
        "system health": {
            key: await value if iscoroutine(value) else value
            for key, value in (await get_system_health_info(hass, DOMAIN)).items()
        },
    }


async def recorded(hass: HomeAssistant, recorder: Recorder) -> str:
    """Return all that the recorder keeps."""
    await async_wait_recording_done(hass)
    database = sqlite3.connect(recorder.db_url.removeprefix("sqlite:///"))
    dump = "\n".join(database.iterdump())
    database.close()
    return dump


@pytest.mark.usefixtures("every_entity_enabled", "freezer")
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
    """Whatever can happen to an account at once, and what the recorder keeps of it."""
    gateway.fork = full_of_secrets(fork)
    answered = json.dumps(gateway.fork.body(gateway.account))
    assert set(find(gateway, answered)) >= {
        *PLANTED_SECRETS.values(),
        ACCESS_TOKEN,
        str(gateway.account.id),
    }
    await set_up(hass, entry)
    gateway.account.leave(0)
    gateway.account.bonus_quota = 0
    gateway.account.group = "vip"
    gateway.account.last_login_at += 60
    await jump(hass, freezer, UPDATE_INTERVAL)
    assert ir.async_get(hass).issues
    answer = await get_account(hass, device_of(hass, entry))
    gateway.fault = answering(502, "planted-mail@example.invalid")
    await jump(hass, freezer, UPDATE_INTERVAL)
    everything = await shown(hass, hass_client, hass_storage, entry)
    for name, content in {**everything, "action": answer}.items():
        assert content, name
        assert find(gateway, json.dumps(content, default=str)) == [], name
    await jump(hass, freezer, timedelta(hours=1))
    assert find(gateway, log_of(every_logger)) == []

    dump = await recorded(hass, recorder_mock)
    assert "Example Gateway Balance" in dump
    assert find(gateway, dump) == []


@pytest.mark.usefixtures("every_entity_enabled", "freezer")
@pytest.mark.parametrize("fork", FORKS, ids=lambda fork: fork.name)
async def test_keys_at_every_fork(
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
    """What makes a key work is nowhere; its name is in no log and no diagnostics."""
    name = "planted-name-of-a-key"
    gateway.fork = fork
    key = gateway.keys.create(name, remain_quota=1_000_000, group="vip")
    gateway.keys.create("planted-name-of-another")
    show_keys(entry, new_keys=True, key_limit=1, key_limits={"1": 1.5})
    await set_up(hass, entry)
    await jump(hass, freezer, timedelta(seconds=20))
    key.remain_quota = 500_000
    gateway.books.spend("gpt-5", 1, key=name)
    gateway.keys.create("planted-name-of-a-third")
    for minutes in (6, 10):
        await jump(hass, freezer, timedelta(minutes=minutes))
    broken = json.dumps(gateway.keys.answer(fork.keys, KEYS, {}))[:-1]
    assert all(PLANTED_IN_KEYS[each] in broken for each in ("begin", "end", "address"))
    for body in (broken, json.dumps({"success": False, "message": broken})):
        gateway.keys_fault = answering(200, body)
        await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
    everything = await shown(hass, hass_client, hass_storage, entry)
    assert name in json.dumps(everything["states"], default=str)
    assert "key_low" in json.dumps(everything["states"], default=str)
    log = log_of(every_logger)
    assert "No list of the keys" in log
    for content in (*everything.values(), log):
        told = content if isinstance(content, str) else json.dumps(content, default=str)
        assert not [each for each in PLANTED_IN_KEYS.values() if each in told]
    # Home Assistant itself logs the names of entities; those of keys are in none.
    own = [line for line in log.splitlines() if "llm_gateway_account" in line]
    told = "".join(own) + json.dumps(everything["diagnostics"])
    assert "planted-name" not in told

    dump = await recorded(hass, recorder_mock)
    assert not [each for each in PLANTED_IN_KEYS.values() if each in dump]


@pytest.mark.usefixtures("every_entity_enabled", "freezer")
@pytest.mark.parametrize(
    "fork", [each for each in FORKS if each.plans], ids=lambda fork: fork.name
)
async def test_plans_and_check_in_at_every_fork(
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
    """What a plan costs whom is nowhere, also after answers that are broken."""
    gateway.fork = fork
    gateway.operator.check_in_enabled = True
    gateway.plans.buy("Pro", total=5_000_000, used=4_900_000)
    await set_up(hass, entry)
    await hass.services.async_call(
        DOMAIN,
        "check_in",
        {"device_id": device_of(hass, entry)},
        blocking=True,
        return_response=True,
    )
    plan = hass.states.get("sensor.example_gateway_plan")
    assert plan
    assert plan.state == "Pro"
    broken = json.dumps(gateway.plans.answer(fork.plans, PLANS))[:-1]
    secrets = [*PLANTED_IN_PLANS.values(), str(PLANTED_USER)]
    assert any(each in broken for each in secrets)
    for body in (broken, json.dumps({"success": False, "message": broken})):
        gateway.plans_fault = answering(200, body)
        await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        await jump(hass, freezer, timedelta(minutes=10))
    everything = await shown(hass, hass_client, hass_storage, entry)
    dump = await recorded(hass, recorder_mock)
    for content in (*everything.values(), log_of(every_logger), dump):
        told = content if isinstance(content, str) else json.dumps(content, default=str)
        assert find(gateway, told) == []
        assert not [each for each in secrets if each in told]


@pytest.mark.usefixtures("freezer")
@pytest.mark.parametrize(("status", "body"), list(REPEATED.values()), ids=[*REPEATED])
async def test_gateway_that_repeats_secrets(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    hass_client: ClientSessionGenerator,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    every_logger: pytest.LogCaptureFixture,
    status: int,
    body: str,
) -> None:
    """While the account runs, when it is a repair or a question, and at set-up."""
    await set_up(hass, entry)
    every_secret = "-".join([*secrets_of(gateway.account), str(gateway.account.id)])
    gateway.fault = gateway.status_fault = answering(
        status,
        body.replace(SECRET, every_secret),
        {
            "Location": f"https://new.example/{every_secret}?{every_secret}#x",
            "Retry-After": f"{every_secret} seconds",
            "Set-Cookie": f"session={every_secret}",
            "X-Oneapi-Request-Id": every_secret,
        },
    )
    await jump(hass, freezer, UPDATE_INTERVAL)
    coordinator = entry.runtime_data.account
    assert not coordinator.last_update_success
    assert find(gateway, told_by(coordinator.last_exception)) == []
    await jump(hass, freezer, UPDATE_INTERVAL)
    everything = await shown(hass, hass_client, hass_storage, entry)
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    everything |= {"reason at set-up": entry.reason}
    for name, content in everything.items():
        assert find(gateway, json.dumps(content, default=str)) == [], name
    assert find(gateway, log_of(every_logger)) == []


@pytest.mark.usefixtures("freezer")
async def test_redirect_full_of_secrets(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    every_logger: pytest.LogCaptureFixture,
) -> None:
    """The address to enter instead is shown, but not one that tells who asked."""
    gateway.fork = full_of_secrets(V_API)
    await set_up(hass, entry)
    half = len(ACCESS_TOKEN) // 2
    targets = set()
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
            await jump(hass, freezer, UPDATE_INTERVAL)
            targets |= {
                (issue.translation_placeholders or {})["target"]
                for issue in ir.async_get(hass).issues.values()
            }
            # Else only the first of the failures is logged.
            gateway.fault = None
            await hass.config_entries.async_reload(entry.entry_id)
            await hass.async_block_till_done(wait_background_tasks=True)
            assert entry.runtime_data.account.last_update_success
    told = log_of(every_logger) + "".join(targets)
    assert "https://new.example" in targets
    assert "https://new.example" in log_of(every_logger)
    assert find(gateway, told) == []
    assert not [
        part for part in (ACCESS_TOKEN[:half], ACCESS_TOKEN[half:]) if part in told
    ]


@pytest.mark.parametrize(
    "fault",
    [
        answering(403, {"success": False, "message": ACCESS_TOKEN}),
        answering(301, b"", {"Location": f"https://{ACCESS_TOKEN}.example/"}),
    ],
)
async def test_forms(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    every_logger: pytest.LogCaptureFixture,
    fault: Handler,
) -> None:
    """No form gives back a token that was not just typed; no log has it."""
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, title=TITLE)
    assert await async_setup_component(hass, "config", {})
    client = await hass_client()
    shown = []

    async def post(path: str, data: dict[str, Any]) -> dict[str, Any]:
        response = await client.post(
            f"/api/config/config_entries/flow{path}", json=data
        )
        answer: dict[str, Any] = await response.json()
        assert answer["type"] == "form"
        for field in answer["data_schema"]:
            if field["name"] == CONF_ACCESS_TOKEN:
                typed_before = field.get("description", {}).pop("suggested_value", None)
                assert typed_before in {None, data.get(CONF_ACCESS_TOKEN)}
        shown.append(json.dumps(answer))
        return answer

    typed = {
        CONF_URL: f"{gateway.url}/sub",
        CONF_USER_ID: str(gateway.account.id),
        CONF_ACCESS_TOKEN: ACCESS_TOKEN,
    }
    gateway.fault = gateway.status_fault = fault
    for start in ({"handler": DOMAIN}, {"handler": DOMAIN, "entry_id": entry.entry_id}):
        flow_id = (await post("", start))["flow_id"]
        assert (await post(f"/{flow_id}", typed))["errors"]
    flow_id = (await entry.start_reauth_flow(hass))["flow_id"]
    for token in ("", ACCESS_TOKEN):
        assert (await post(f"/{flow_id}", {CONF_ACCESS_TOKEN: token}))["errors"]
    # The gateway knows the account, but does not tell its unit.
    gateway.fault = None
    await hass.config_entries.async_remove(entry.entry_id)
    flow_id = (await post("", {"handler": DOMAIN}))["flow_id"]
    assert (await post(f"/{flow_id}", typed))["step_id"] == "unit"
    for text in [*shown, log_of(every_logger)]:
        assert not [each for each in secrets_of(gateway.account) if each in text]
