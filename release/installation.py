"""An installation of the zip in an empty Home Assistant, and what came of it."""

import json
from pathlib import Path
import re
import secrets
import socket
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

import aiohttp

from demo.instance import Instance, Settings, run_home_assistant
from tests.gateway_server import ACCESS_TOKEN, USER_ID, GatewayServer

from .archive import DOMAIN, ReleaseError

# Home Assistant says it of every custom integration.
_NOT_TESTED = f"We found a custom integration {DOMAIN} which has not been tested"

# States of the entities, by their keys, that the gateway's account leads to.
_STATES = {
    "balance": "12.345",
    "used_quota": "37.655",
    "request_count": "4242",
    "balance_level": "ok",
    "low_balance": "off",
}


async def check_installation(archive: Path) -> None:
    """Install a zip, add an account, stop, and read the log.

    Raises ReleaseError, or DemoError, if anything is not as it should be.
    """
    with TemporaryDirectory(prefix=f"{DOMAIN}_") as folder:
        config = Path(folder)
        install(archive, config)
        await _use(config)
        log = (config / "home-assistant.log").read_text(encoding="utf-8")
    if found := complaints(log):
        raise ReleaseError("\n".join(["The log complains:", *found]))
    if _NOT_TESTED not in log:
        raise ReleaseError("The log does not hold what every log holds.")


def install(archive: Path, config: Path) -> None:
    """Unpack a zip where the Marketplace does, which goes by its manifest."""
    with ZipFile(archive) as content:
        domain: str = json.loads(content.read("manifest.json"))["domain"]
        content.extractall(config / "custom_components" / domain)


def complaints(log: str) -> list[str]:
    """Return the records of a log that speak against the integration."""
    records = re.split(r"^(?=\d{4}-\d\d-\d\d \d\d:)", log, flags=re.MULTILINE)
    return [
        record.strip()
        for record in records
        if re.match(r"\S+ \S+ (WARNING|ERROR|CRITICAL) ", record)
        and re.search(
            rf"{DOMAIN}|deprecat|stop working|will be removed", record, re.IGNORECASE
        )
        and _NOT_TESTED not in record
    ]


async def _use(config: Path) -> None:
    settings = Settings(
        port=free_port(),
        language="zh-Hans",
        name=f"Release {secrets.token_hex(4)}",
        password=secrets.token_urlsafe(9),
        open_door=False,
    )
    gateway = GatewayServer()
    await gateway.start()
    try:
        async with (
            aiohttp.ClientSession() as session,
            run_home_assistant(config, settings) as process,
        ):
            instance = Instance(session, settings)
            await instance.wait(process)
            await instance.create_owner()
            await instance.check_identity()
            await _check(instance, gateway)
    finally:
        await gateway.stop()


async def _check(instance: Instance, gateway: GatewayServer) -> None:
    entry_id = await instance.add_account(
        {"url": gateway.url, "user_id": str(USER_ID), "access_token": ACCESS_TOKEN}
    )
    entities = await instance.entities(entry_id)
    states = await _states(instance, entities)
    _expect("states", {key: states.get(key) for key in _STATES}, _STATES)
    for category, part, text in (
        ("title", "title", "大模型网关账户"),
        ("entity", "entity.sensor.balance.name", "剩余额度"),
    ):
        texts = await instance.command(
            "frontend/get_translations",
            category=category,
            language="zh-Hans",
            integration=[DOMAIN],
        )
        _expect("text", texts["resources"].get(f"component.{DOMAIN}.{part}"), text)
    icons = await instance.command("frontend/get_icons", category="entity")
    _expect("icons", DOMAIN in icons["resources"], expected=True)
    # Off, as for an update, and on again.
    for disabled_by, state in (("user", "not_loaded"), (None, "loaded")):
        await instance.command(
            "config_entries/disable", entry_id=entry_id, disabled_by=disabled_by
        )
        (entry,) = await instance.command("config_entries/get", domain=DOMAIN)
        _expect("entry", entry["state"], state)
    _expect("states after it", await _states(instance, entities), states)


async def _states(instance: Instance, entities: dict[str, str]) -> dict[str, str]:
    """Return the states of entities by their keys."""
    keys = {entity_id: key for key, entity_id in entities.items()}
    return {
        keys[state["entity_id"]]: state["state"]
        for state in await instance.command("get_states")
        if state["entity_id"] in keys
    }


def _expect(what: str, found: Any, expected: Any) -> None:
    if found != expected:
        raise ReleaseError(f"{what}: {found} in place of {expected}")


def free_port() -> int:
    """Return a port of loopback that nothing listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
