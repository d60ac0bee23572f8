"""`python -m release.fixture`: what a version leaves in a home, for later versions.

With `--source`, of another checkout than this one.
"""

import argparse
import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
import secrets
import shutil
import sys
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import yaml

from demo.instance import DemoError, Instance, Settings, run_home_assistant
from tests.gateway_server import GatewayServer

from .archive import DOMAIN, ROOT, ReleaseError, version_of
from .installation import free_port
from .left_behind import collect

TOKEN = "planted-access-token"  # noqa: S105
ALERTS = {
    "low_balance": 5,
    "critical_balance": 1,
    "unusual_factor": 4,
    "unusual_minimum": 0.75,
}
# Quotas in points: what is left after each poll, the last of them low.
POLLS = (6_172_500, 5_000_000, 2_400_000)
HOURS = 72
LONGEST_WAIT = 480  # seconds


async def make_fixture(source: Path, target: Path) -> None:
    """Let the version in `source` run, and write what it left to `target`.

    Raises ReleaseError, or DemoError, if it could not be used as people use it.
    """
    with TemporaryDirectory(prefix=f"{DOMAIN}_") as folder:
        config = Path(folder)
        shutil.copytree(
            source / "custom_components",
            config / "custom_components",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        gateway = GatewayServer(access_token=TOKEN, quota=POLLS[0])
        await gateway.start()
        try:
            await _use(source, config, gateway)
        finally:
            await gateway.stop()
        # A real port would tell the next fixture from this one for no reason.
        collect(config, target, {f"127.0.0.1:{gateway.port}": "127.0.0.1:3000"})


async def _use(source: Path, config: Path, gateway: GatewayServer) -> None:
    settings = Settings(
        port=free_port(),
        language="en",
        name="Home",
        password=secrets.token_urlsafe(9),
        open_door=False,
    )
    async with (
        aiohttp.ClientSession() as session,
        run_home_assistant(config, settings) as process,
    ):
        # The instance brings the blueprints of today.
        shutil.rmtree(config / "blueprints")
        shutil.copytree(source / "blueprints", config / "blueprints")
        instance = Instance(session, settings)
        await instance.wait(process)
        await instance.create_owner()
        await _live(source, config, instance, gateway)


async def _live(
    source: Path, config: Path, instance: Instance, gateway: GatewayServer
) -> None:
    entry_id = await instance.add_account(
        {"url": gateway.url, "user_id": str(gateway.account.id), "access_token": TOKEN}
    )
    await instance.change_options("alerts", ALERTS)
    entities = await _entities(instance)
    device_id = entities["balance"]["device_id"]
    await _change(instance, "entity", entities["balance"], name="Credit")
    await _change(
        instance, "entity", entities["balance"], new_entity_id="sensor.my_credit"
    )
    await _change(instance, "entity", entities["request_count"], disabled_by="user")
    await instance.command(
        "config/device_registry/update", device_id=device_id, name_by_user="Work"
    )
    await _import_past(instance, await instance.entities(entry_id))
    automations = await _automations(source, instance, device_id)
    (config / "automations.yaml").write_text(
        yaml.safe_dump(automations, sort_keys=False), encoding="utf-8"
    )
    await instance.command("call_service", domain="automation", service="reload")
    await instance.show_dashboard()
    await instance.command(
        "lovelace/dashboards/create",
        url_path="in-yaml",
        title="In YAML",
        mode="storage",
    )
    twin = (source / "docs" / "dashboard.yaml").read_text(encoding="utf-8")
    await instance.command(
        "lovelace/config/save", url_path="in-yaml", config=yaml.safe_load(twin)
    )
    for quota in POLLS:
        gateway.account.leave(quota)
        # Two polls of one host are seconds apart.
        await asyncio.sleep(12)
        await instance.update()
    # It is low once it was so for longer than a request takes.
    for _ in range(LONGEST_WAIT // 15):
        await asyncio.sleep(15)
        if await _has_happened(instance):
            break
        await instance.update()
    await _check(instance, automations)


async def _entities(instance: Instance) -> dict[str, dict[str, Any]]:
    """Return the rows of the registry by the keys of the entities."""
    return {
        each["unique_id"].partition("_")[2]: each
        for each in await instance.command("config/entity_registry/list")
        if each["platform"] == DOMAIN
    }


async def _change(
    instance: Instance, kind: str, row: dict[str, Any], **changes: Any
) -> None:
    await instance.command(
        f"config/{kind}_registry/update", entity_id=row["entity_id"], **changes
    )


async def _import_past(instance: Instance, entities: dict[str, str]) -> None:
    """Give the sensors that have sums three days of statistics."""
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    for state in await instance.command("get_states"):
        attributes = state["attributes"]
        if (
            state["entity_id"] not in entities.values()
            or attributes.get("state_class") not in {"total", "total_increasing"}
            or not _is_number(state["state"])
        ):
            continue
        now = float(state["state"])
        await instance.command(
            "recorder/import_statistics",
            metadata={
                "mean_type": 0,
                "has_sum": True,
                "name": None,
                "source": "recorder",
                "statistic_id": state["entity_id"],
                "unit_class": None,
                "unit_of_measurement": attributes.get("unit_of_measurement"),
            },
            stats=[
                {
                    "start": (hour - timedelta(hours=ago)).isoformat(),
                    "state": now - ago / 8,
                    "sum": (HOURS - ago) / 8,
                }
                for ago in range(HOURS, 0, -1)
            ],
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


async def _automations(
    source: Path, instance: Instance, device_id: str
) -> list[dict[str, Any]]:
    """Return an automation for everything people can choose of the account."""
    asked = {"device_id": device_id}
    triggers = await instance.command("device_automation/trigger/list", **asked)
    conditions = await instance.command("device_automation/condition/list", **asked)
    activity = next(
        each["entity_id"]
        for key, each in (await _entities(instance)).items()
        if each["entity_id"].startswith("event.")
        and not each["disabled_by"]
        and key == "activity"
    )
    chosen = [
        {
            "id": "device_triggers",
            "alias": "Device triggers",
            "mode": "queued",
            "triggers": [_plain(each) for each in triggers if _is_ours(each)],
            "conditions": [],
            "actions": [_fire("trigger.type")],
        },
        *(
            {
                "id": each["type"],
                "alias": f"Condition {each['type']}",
                "triggers": [{"trigger": "event", "event_type": "asked"}],
                "conditions": [_plain(each)],
                "actions": [_fire(repr(each["type"]))],
            }
            for each in conditions
            if _is_ours(each)
        ),
        {
            "id": "event_entity",
            "alias": "Event entity",
            "mode": "queued",
            "triggers": [{"trigger": "state", "entity_id": activity}],
            "conditions": [],
            "actions": [_fire("trigger.to_state.attributes.event_type")],
        },
    ]
    for path in sorted((source / "blueprints").rglob("*.yaml")):
        # Triggers without a blueprint take a whole page; the inputs are few.
        inputs = _required_inputs(path, device_id)
        name = path.relative_to(source / "blueprints" / "automation").as_posix()
        chosen.append(
            {
                "id": path.stem,
                "alias": f"Blueprint {path.stem}",
                "use_blueprint": {"path": name, "input": inputs},
            }
        )
    return chosen


def _is_ours(each: dict[str, Any]) -> bool:
    return bool(each["domain"] == DOMAIN)


def _plain(each: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in each.items() if key != "metadata"}


def _fire(what: str) -> dict[str, Any]:
    return {"event": "seen", "event_data": {"what": f"{{{{ {what} }}}}"}}


class _Loader(yaml.SafeLoader):
    """Reads a blueprint, whose inputs are nothing here."""


_Loader.add_constructor("!input", lambda _loader, node: node.value)


def _required_inputs(path: Path, device_id: str) -> dict[str, Any]:
    """Return a value for each input of a blueprint that has no default.

    Raises ReleaseError for one that nothing here is known for.
    """
    content = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506
    required = {
        name: each["selector"]
        for name, each in content["blueprint"]["input"].items()
        if "input" not in each and "default" not in each
    }
    found: dict[str, Any] = {}
    for name, selector in required.items():
        if "device" in selector:
            is_list = selector["device"].get("multiple")
            found[name] = [device_id] if is_list else device_id
        elif "action" in selector:
            found[name] = [_fire(repr(path.stem))]
        else:
            raise ReleaseError(f"{path.name} asks for {name}, a {list(selector)}.")
    return found


async def _has_happened(instance: Instance) -> bool:
    """Return whether the event entity says that the balance is low."""
    return any(
        each["attributes"].get("event_type") == "balance_low"
        for each in await instance.command("get_states")
    )


async def _check(instance: Instance, automations: list[dict[str, Any]]) -> None:
    """Raise ReleaseError if an automation is not on, or nothing happened."""
    states = await instance.command("get_states")
    ours = [each for each in states if each["entity_id"].startswith("automation.")]
    if len(ours) != len(automations) or any(each["state"] != "on" for each in ours):
        raise ReleaseError(f"Automations: {[each['entity_id'] for each in ours]}")
    if not await _has_happened(instance):
        raise ReleaseError("Nothing happened to the account.")


def main() -> None:
    """Write the fixture. Raises ReleaseError, or DemoError, if it is of no use."""
    parser = argparse.ArgumentParser(prog="python -m release.fixture")
    parser.add_argument("--source", type=Path, default=ROOT, help="a checkout")
    source = parser.parse_args().source.resolve()
    target = ROOT / "tests" / "fixtures" / "releases" / version_of(source)
    asyncio.run(make_fixture(source, target))
    size = sum(each.stat().st_size for each in target.rglob("*") if each.is_file())
    print(f"fixture: {target.relative_to(ROOT)}, {size // 1024} KiB")


if __name__ == "__main__":
    try:
        main()
    except (ReleaseError, DemoError) as err:
        sys.exit(f"fixture: {err}")
