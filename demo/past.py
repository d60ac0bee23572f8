"""What Home Assistant would know, had the account been there for a week."""

from pathlib import Path

from tests.gateway_server import ServerAccount

from .instance import Instance
from .simulation import POINTS_PER_REQUEST, memory_of, past_week


async def give_past(
    instance: Instance, config: Path, entry_id: str, account: ServerAccount
) -> None:
    """Give an entry the statistics and the memory of the past week.

    `config` is the folder of Home Assistant.
    """
    past = past_week(account)
    entities = await instance.entities(entry_id)
    for key, values in (
        ("balance", [(hour, quota / 500_000) for hour, quota, _ in past]),
        ("used_quota", [(hour, used / 500_000) for hour, _, used in past]),
        (
            "request_count",
            [(hour, used // POINTS_PER_REQUEST) for hour, _, used in past],
        ),
    ):
        await instance.import_history(entities[key], values)
    await instance.give_memory(config, entry_id, memory_of(account, past))
