"""What Home Assistant would know, had the account been there for a month."""

import asyncio
from contextlib import closing
from datetime import UTC, datetime, timedelta, tzinfo
import json
from pathlib import Path
import sqlite3

from homeassistant.util import slugify
from tests.gateway_server import OLD_STATUS, ServerAccount

from .instance import DOMAIN, ROOT, Instance, store
from .simulation import (
    HOURS_SINCE_TOP_UPS,
    POINTS_PER_REQUEST,
    TOP_UP,
    memory_of,
    past_month,
)


def remember_top_up(config: Path, language: str) -> None:
    """Let the last top-up be what last happened.

    Only at its start Home Assistant reads the last states of entities, so this comes
    first. `config` is its folder.
    """
    now = datetime.now(UTC)
    event = {
        "last_event_type": "topped_up",
        "last_event_attributes": {"amount": TOP_UP / 500_000, "currency": "USD"},
    }
    state = (now - timedelta(hours=min(HOURS_SINCE_TOP_UPS))).isoformat(
        timespec="milliseconds"
    )
    store(
        config,
        "core.restore_state",
        1,
        [
            {
                "state": {"entity_id": entity_id, "state": state, "attributes": {}},
                "extra_data": event,
                "last_seen": now.isoformat(),
            }
            # Some languages have entity IDs of their own, the others English ones.
            for entity_id in sorted({_activity(language), _activity("en")})
        ],
    )


def _activity(language: str) -> str:
    file = ROOT / "custom_components" / DOMAIN / "translations" / f"{language}.json"
    if not file.exists():
        return _activity("en")
    texts = json.loads(file.read_text(encoding="utf-8"))
    name = texts["entity"]["event"]["activity"]["name"]
    return f"event.{slugify(f'{OLD_STATUS["system_name"]} {name}')}"


async def give_past(
    instance: Instance,
    config: Path,
    entry_id: str,
    account: ServerAccount,
    time_zone: tzinfo = UTC,
) -> None:
    """Give an entry the statistics, the last states and the memory of the past month.

    `config` is the folder of Home Assistant.
    """
    past = past_month(account, time_zone)
    entities = await instance.entities(entry_id)
    balance = [(hour, quota / 500_000) for hour, quota, _ in past]
    for key, values in (
        ("balance", balance),
        ("used_quota", [(hour, used / 500_000) for hour, _, used in past]),
        (
            "request_count",
            [(hour, used // POINTS_PER_REQUEST) for hour, _, used in past],
        ),
    ):
        await instance.import_history(entities[key], values)
    await instance.give_memory(config, entry_id, memory_of(account, past))
    await _record(config, entities["balance"], balance[-25:])


async def _record(
    config: Path, entity_id: str, values: list[tuple[datetime, float]]
) -> None:
    """Write earlier states of a sensor, which no command of Home Assistant does."""
    sensor = "(SELECT metadata_id FROM states_meta WHERE entity_id = ?)"
    with closing(sqlite3.connect(config / "home-assistant_v2.db")) as database:
        # For a moment it was away, to be given a memory; a second later that is there.
        for _ in range(60):
            with database:
                away = database.execute(
                    "UPDATE states SET state = ? WHERE metadata_id = "  # noqa: S608
                    f"{sensor} AND (state IS NULL OR state = 'unavailable')",
                    (str(values[-1][1]), entity_id),
                ).rowcount
            if away:
                break
            await asyncio.sleep(0.5)
        with database:
            database.executemany(
                "INSERT INTO states (state, last_updated_ts, origin_idx, metadata_id)"  # noqa: S608
                f" VALUES (?, ?, 0, {sensor})",
                [(str(value), hour.timestamp(), entity_id) for hour, value in values],
            )
