"""What a day of polls leaves in the recorder's database.

Run by pytest, whose Home Assistant lets a day pass at once. Each figure is a line of
JSON at the end of the file that the environment variable FIGURES names.
"""

from datetime import UTC, datetime, timedelta
import logging

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from sqlalchemy import text

from custom_components.llm_gateway_account.polling import UPDATE_INTERVAL
from custom_components.llm_gateway_account.storage import AccountStore
from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.util import session_scope
from homeassistant.core import HomeAssistant
from tests.gateway_server import ACCESS_TOKEN, USER_ID, GatewayServer, ServerAccount
from tests.helpers import compile_statistics

from .figures import write
from .past import memory_of, past_week
from .rest import Poll, rest_config, set_up_rest

# The day has a local midnight in it.
START = datetime(2026, 11, 17, 12, tzinfo=UTC)
POLLS = timedelta(days=1) // UPDATE_INTERVAL
A_MONTH = timedelta(days=32)
A_NIGHT_AND_A_MORNING = timedelta(hours=14)

TABLES = ("states", "state_attributes", "statistics_short_term", "statistics")

# Points of a request, of which there is one between two polls.
COST = 777


def unused(account: ServerAccount) -> list[tuple[datetime, int, int]]:
    """Return the last nine days of an account that nobody uses, hour by hour."""
    return [
        (START - timedelta(hours=hours), account.quota, account.used_quota)
        for hours in range(9 * 24, 0, -1)
    ]


def resting(account: ServerAccount) -> list[tuple[datetime, int, int]]:
    """Return a week hour by hour, in which the account was used until yesterday."""
    return [
        (hour - A_NIGHT_AND_A_MORNING, quota, used)
        for hour, quota, used in past_week(account)
    ]


async def ours(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    past: list[tuple[datetime, int, int]],
    account: ServerAccount,
) -> Poll:
    """Set up the account with its past; return its poll."""
    await AccountStore(hass, entry).async_save(memory_of(account, past))
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    poll: Poll = entry.runtime_data.account.async_refresh
    return poll


async def count(hass: HomeAssistant) -> dict[str, int]:
    """Return the rows of each table, and the bytes of all."""

    def count_in_executor() -> dict[str, int]:
        with session_scope(hass=hass, read_only=True) as session:
            counts = {
                table: session.scalar(text(f"SELECT count(*) FROM {table}"))  # noqa: S608
                for table in TABLES
            }
            pages = session.scalar(text("PRAGMA page_count"))
            free = session.scalar(text("PRAGMA freelist_count"))
            size = session.scalar(text("PRAGMA page_size"))
        return {**counts, "bytes": (pages - free) * size}

    return await get_instance(hass).async_add_executor_job(count_in_executor)


PASTS = {"unused": unused, "resting": resting, "busy": past_week}


@pytest.mark.usefixtures("whole_past")
@pytest.mark.parametrize("integration", ["ours", "rest"])
@pytest.mark.parametrize("account", ["unused", "resting", "busy"])
async def test_day(  # noqa: PLR0913, PLR0917
    recorder_mock: Recorder,
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    integration: str,
    account: str,
) -> None:
    """Let a day pass at a gateway, and count."""
    hass.loop.set_debug(enabled=False)
    caplog.set_level(logging.WARNING)
    await hass.config.async_set_time_zone("Europe/Berlin")
    freezer.move_to(START + timedelta(seconds=150))
    if integration == "ours":
        # The gateway knows of the month, and so what was spent in it.
        gateway.books.spend("gpt-5", 1, at=(START - A_MONTH).timestamp())
        past = PASTS[account](gateway.account)
        poll = await ours(hass, entry, past, gateway.account)
    else:
        config = rest_config(gateway.url, USER_ID, ACCESS_TOKEN)
        (poll,) = await set_up_rest(hass, config)
    await hass.async_block_till_done(wait_background_tasks=True)
    await compile_statistics(hass, START)
    before = await count(hass)
    for number in range(1, POLLS + 1):
        freezer.tick(UPDATE_INTERVAL)
        if account == "busy":
            gateway.account.quota -= COST
            gateway.account.used_quota += COST
            gateway.account.request_count += 1
        await poll()
        await compile_statistics(hass, START + number * UPDATE_INTERVAL)
    after = await count(hass)
    written = {name: after[name] - before[name] for name in after}
    write(integration=integration, account=account, **written)
