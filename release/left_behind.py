"""What a home holds of the integration, without what is nobody else's business."""

from collections.abc import Callable
from contextlib import closing
import json
from pathlib import Path
import re
import shutil
import sqlite3
from typing import Any

from .archive import DOMAIN, ReleaseError

LARGEST = 200 * 1024
_RANDOM_ID = re.compile(r"\b[0-9a-f]{32}\b")

# By file of Home Assistant: where in it there are rows, and what tells ours.
_ROWS: dict[str, tuple[str, Callable[[dict[str, Any]], bool]]] = {
    "core.config_entries": ("entries", lambda row: row["domain"] == DOMAIN),
    "core.device_registry": ("devices", lambda row: DOMAIN in str(row["identifiers"])),
    "core.entity_registry": ("entities", lambda row: row["platform"] == DOMAIN),
    "lovelace_dashboards": ("items", lambda row: row["id"] != "map"),
}
_AS_THEY_ARE = (f"{DOMAIN}.", "lovelace.llm", "lovelace.in_yaml")
# Nobody reads it without the rows it belongs to.
_EMPTIED = ("deleted_devices", "deleted_entities")
# Of the entities of a fixture only ours have such IDs.
_OTHERS = (
    "metadata_id IN (SELECT metadata_id FROM states_meta WHERE"
    " entity_id NOT LIKE '%.example_gateway_%' AND entity_id != 'sensor.my_credit')"
)
_ONLY_OURS = (
    "PRAGMA foreign_keys = OFF",
    "DELETE FROM events",
    "DELETE FROM event_data",
    "DELETE FROM event_types",
    (
        "UPDATE states SET context_id_bin = NULL, context_parent_id_bin = NULL,"
        " context_user_id_bin = NULL"
    ),
    f"DELETE FROM states WHERE {_OTHERS}",  # noqa: S608
    f"DELETE FROM states_meta WHERE {_OTHERS}",  # noqa: S608
    (
        "DELETE FROM state_attributes WHERE attributes_id NOT IN"
        " (SELECT attributes_id FROM states WHERE attributes_id IS NOT NULL)"
    ),
    # The last five minutes of each hour, which the hour is made of.
    (
        "INSERT INTO statistics_short_term"
        " (created_ts, metadata_id, start_ts, state, sum)"
        " SELECT created_ts, metadata_id, start_ts + 3300, state, sum FROM statistics"
        " WHERE start_ts = (SELECT max(start_ts) FROM statistics)"
    ),
)


def collect(config: Path, target: Path, replaced: dict[str, str]) -> None:
    """Write what a folder of Home Assistant holds of the integration to `target`.

    Its `storage`, `automations.yaml`, `blueprints` and `history.sql`. `replaced` says
    which texts become which. Raises ReleaseError if it is more than a repository
    should hold.
    """
    shutil.rmtree(target, ignore_errors=True)
    storage = target / "storage"
    storage.mkdir(parents=True)
    for path in sorted((config / ".storage").iterdir()):
        if (content := _part_of(path)) is not None:
            _write(storage / path.name, _as_text(content), replaced)
    automations = (config / "automations.yaml").read_text(encoding="utf-8")
    _write(target / "automations.yaml", automations, replaced)
    blueprints = Path("blueprints") / "automation" / DOMAIN
    shutil.copytree(config / blueprints, target / blueprints)
    _write(target / "history.sql", _history(config), replaced)
    _name_ids(target)
    if (size := sum(p.stat().st_size for p in target.rglob("*"))) > LARGEST:
        raise ReleaseError(f"{target.name} is {size // 1024} KiB.")


def _name_ids(target: Path) -> None:
    """Let random IDs, which look like secrets, be names that a person can follow."""
    names: dict[str, str] = {}
    for path in sorted(target.rglob("*")):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            text = _RANDOM_ID.sub(
                lambda found: names.setdefault(found[0], f"id-{len(names) + 1}"), text
            )
            path.write_text(text, encoding="utf-8")


def _part_of(path: Path) -> dict[str, Any] | None:
    """Return what is kept of a file of `.storage`; None if it is none of ours."""
    name = path.name
    if name.startswith(_AS_THEY_ARE):
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return content
    if name in _ROWS:
        content = json.loads(path.read_text(encoding="utf-8"))
        rows, is_ours = _ROWS[name]
        content["data"][rows] = [*filter(is_ours, content["data"][rows])]
        for key in _EMPTIED:
            if key in content["data"]:
                content["data"][key] = []
        return content
    if name == "core.restore_state":
        content = json.loads(path.read_text(encoding="utf-8"))
        content["data"] = [
            each
            for each in content["data"]
            if each["state"]["entity_id"].startswith("event.")
        ]
        return content
    return None


def _as_text(content: dict[str, Any]) -> str:
    """Return JSON with a line for each row, which a person can compare."""
    data = content["data"]
    if isinstance(data, list):
        inner = ",\n".join(json.dumps(each, ensure_ascii=False) for each in data)
        body = f"[\n{inner}\n]"
    else:
        rows = []
        for key, value in data.items():
            if isinstance(value, list) and value and isinstance(value[0], dict):
                inner = ",\n".join(json.dumps(v, ensure_ascii=False) for v in value)
                rows.append(f"{json.dumps(key)}: [\n{inner}\n]")
            else:
                rows.append(
                    f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}"
                )
        body = "{\n" + ",\n".join(rows) + "\n}"
    head = {key: value for key, value in content.items() if key != "data"}
    return json.dumps(head)[:-1] + f', "data": {body}}}\n'


def _write(path: Path, text: str, replaced: dict[str, str]) -> None:
    for old, new in replaced.items():
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def _history(config: Path) -> str:
    """Return the database as SQL, without what other parts of the home wrote."""
    with closing(sqlite3.connect(config / "home-assistant_v2.db")) as database:
        with database:
            for statement in _ONLY_OURS:
                database.execute(statement)
        return "\n".join(database.iterdump()) + "\n"
