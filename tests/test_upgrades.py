"""What every released version left in a home, in the hands of this one."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
import json
import os
from pathlib import Path
import re
import shutil
import sqlite3
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.typing import RecorderInstanceGenerator
import yaml

from custom_components.llm_gateway_account import REMOVED_ENTITIES
from custom_components.llm_gateway_account.const import CONF_SITE_UNIT, DOMAIN
from homeassistant.components.persistent_notification import (
    _async_get_or_create_notifications,
)
from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.statistics import get_last_short_term_statistics
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_URL
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.setup import async_setup_component

from . import ROOT
from .conftest import A_MONTH
from .gateway_server import GatewayServer
from .helpers import compile_statistics, jump, pass_time, state_of
from .home import home

pytestmark = pytest.mark.usefixtures("whole_past")

RELEASES = sorted((ROOT / "tests" / "fixtures" / "releases").iterdir())
POINTS = 500_000

# The ID that an entity had before somebody gave it another one.
RENAMED = "sensor.example_gateway_balance"

# Of which the state goes by the clock, too.
BY_THE_CLOCK = {"last_update", "days_remaining", "runs_out", "average_daily_spending"}


@pytest.fixture(params=RELEASES, ids=lambda path: path.name)
def release(request: pytest.FixtureRequest) -> Path:
    """Return what a version left behind."""
    path: Path = request.param
    return path


@pytest.fixture
def config_dir(tmp_path: Path, release: Path, gateway: GatewayServer) -> Path:
    """Return a folder of Home Assistant with that, and the gateway's port."""
    shutil.copytree(release, tmp_path, dirs_exist_ok=True)
    (tmp_path / "storage").rename(tmp_path / ".storage")
    for file in (tmp_path / ".storage").iterdir():
        text = file.read_text(encoding="utf-8")
        text = text.replace("127.0.0.1:3000", f"127.0.0.1:{gateway.port}")
        file.write_text(text, encoding="utf-8")
    with closing(sqlite3.connect(tmp_path / "history.db")) as database:
        database.executescript((tmp_path / "history.sql").read_text(encoding="utf-8"))
    return tmp_path


@pytest.fixture
def recorder_db_url(config_dir: Path) -> str:
    """Let the recorder go on with the database that was left."""
    return f"sqlite:///{config_dir / 'history.db'}"


@pytest.fixture
def expected_lingering_timers() -> bool:
    """Let accounts be loaded when Home Assistant stops, as outside of tests."""
    return True


@pytest.fixture
def last_states(config_dir: Path) -> dict[str, str]:
    """Return what the entities showed last, by their IDs."""
    return dict(
        rows(
            config_dir,
            "SELECT states_meta.entity_id, state FROM states JOIN states_meta"
            " USING (metadata_id) WHERE state NOT IN ('unavailable', 'unknown')"
            " ORDER BY state_id",
        )
    )


@pytest.fixture(autouse=True)
def account(
    release: Path,
    config_dir: Path,
    gateway: GatewayServer,
    last_states: dict[str, str],
    freezer: FrozenDateTimeFactory,
) -> None:
    """Let it be when the next poll would have been due, and nothing happened since."""
    ((latest,),) = rows(config_dir, "SELECT max(last_updated_ts) FROM states")
    freezer.move_to(datetime.fromtimestamp(latest, UTC) + timedelta(minutes=5))
    account = gateway.account
    account.access_token = "planted-access-token"
    account.quota = round(float(last_states[entity_id_of(release, "balance")]) * POINTS)
    used = last_states[entity_id_of(release, "used_quota")]
    account.used_quota = round(float(used) * POINTS)
    # Its records say the same of the day, and reach back to the month before.
    spent = round(
        float(last_states.get(entity_id_of(release, "spent_today"), "0")) * POINTS
    )
    account.quota, account.used_quota = (
        account.quota + spent,
        account.used_quota - spent,
    )
    gateway.books.spend("gpt-5", spent, at=int(latest))
    account.quota, account.used_quota = account.quota + 1, account.used_quota - 1
    gateway.books.spend("gpt-5", 1, at=int(latest) - A_MONTH)


@pytest.fixture
def prepare(
    async_setup_recorder_instance: RecorderInstanceGenerator, config_dir: Path
) -> Callable[[HomeAssistant], Any]:
    """Return what sets up all that was there beside the integration."""

    async def prepare(hass: HomeAssistant) -> None:
        await hass.config.async_set_time_zone("UTC")
        await async_setup_recorder_instance(hass)
        text = (config_dir / "automations.yaml").read_text(encoding="utf-8")
        config = {"automation": yaml.safe_load(text)}
        for domain in ("homeassistant", "persistent_notification"):
            assert await async_setup_component(hass, domain, {})
        assert await async_setup_component(hass, "automation", config)

    return prepare


def rows(config_dir: Path, query: str, *values: str) -> list[Any]:
    """Return what the database that was left holds."""
    with closing(sqlite3.connect(config_dir / "history.db")) as database:
        return database.execute(query, values).fetchall()


def entity_id_of(release: Path, key: str) -> str:
    """Return the ID that an entity had in a version, by its key."""
    (entity_id,) = (
        each["entity_id"]
        for each in left_behind(release, "core.entity_registry", "entities")
        if each["unique_id"].partition("_")[2] == key
    )
    assert isinstance(entity_id, str)
    return entity_id


def left_behind(release: Path, name: str, kind: str) -> list[dict[str, Any]]:
    """Return what a file of Home Assistant held."""
    text = (release / "storage" / name).read_text(encoding="utf-8")
    found: list[dict[str, Any]] = json.loads(text)["data"][kind]
    return found


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the log says against the integration, or an automation."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelname in {"WARNING", "ERROR", "CRITICAL"}
        and (DOMAIN in record.getMessage() + record.name or "automation" in record.name)
        and "has not been tested by Home Assistant" not in record.getMessage()
    ]


async def test_nothing_is_lost(
    release: Path,
    config_dir: Path,
    prepare: Callable[[HomeAssistant], Any],
    last_states: dict[str, str],
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Entities with their names and switches, settings, spending; nobody complains."""
    (before,) = left_behind(release, "core.config_entries", "entries")
    (device,) = left_behind(release, "core.device_registry", "devices")
    entities = left_behind(release, "core.entity_registry", "entities")
    removed = {f"{before['entry_id']}_{key}" for key in REMOVED_ENTITIES}
    async with home(config_dir, prepare) as hass:
        entry = hass.config_entries.async_get_known_entry(before["entry_id"])
        assert entry.state is ConfigEntryState.LOADED
        assert (entry.title, entry.options) == (before["title"], before["options"])
        kept_data = {k: v for k, v in before["data"].items() if k != CONF_URL}
        assert kept_data.items() <= entry.data.items()
        assert entry.data[CONF_SITE_UNIT] == {
            "currency": "USD",
            "points_per_unit": POINTS,
        }
        (same,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
        assert (same.id, same.name_by_user) == (device["id"], "Work")
        registry = er.async_get(hass)
        fates = {
            each.entity_id: (each.id, each.unique_id, each.name, each.disabled_by)
            for each in registry.entities.values()
        }
        assert removed.isdisjoint(each.unique_id for each in registry.entities.values())
        kept = [each for each in entities if each["unique_id"] not in removed]
        assert {"user", "integration", None} <= {each["disabled_by"] for each in kept}
        assert any(each["name"] for each in kept)
        for each in kept:
            assert fates[each["entity_id"]] == (
                each["id"],
                each["unique_id"],
                each["name"],
                each["disabled_by"],
            )
            is_shown = hass.states.get(each["entity_id"]) is not None
            assert is_shown == (each["disabled_by"] is None)
        shown = {
            each["entity_id"]
            for each in kept
            if not each["disabled_by"] and each["translation_key"] not in BY_THE_CLOCK
        }
        # What the cards show that the version offered in YAML.
        cards = (release / "storage" / "lovelace.in_yaml").read_text(encoding="utf-8")
        on_cards = {*re.findall(r"[a-z_]+\.example_gateway_\w+", cards)}
        assert on_cards - registry.entities.keys() == {RENAMED}
        # The account was added that day, so the rest of it is in the gateway's records.
        await pass_time(hass, freezer, timedelta(minutes=2))
        for entity_id in shown & last_states.keys():
            assert state_of(hass, entity_id) == last_states[entity_id], entity_id
        issues = ir.async_get(hass).issues.values()
        assert [each.issue_id for each in issues if each.domain == DOMAIN] == []
        assert complaints(caplog) == []


async def test_file_that_is_cut_off(
    release: Path,
    config_dir: Path,
    prepare: Callable[[HomeAssistant], Any],
    last_states: dict[str, str],
    freezer: FrozenDateTimeFactory,
) -> None:
    """As after a power cut: what it told is asked of the gateway anew."""
    (file,) = (config_dir / ".storage").glob(f"{DOMAIN}.*")
    os.truncate(file, file.stat().st_size // 2)
    (before,) = left_behind(release, "core.config_entries", "entries")
    async with home(config_dir, prepare) as hass:
        entry = hass.config_entries.async_get_known_entry(before["entry_id"])
        assert (entry.state, entry.options) == (
            ConfigEntryState.LOADED,
            before["options"],
        )
        await pass_time(hass, freezer, timedelta(minutes=2))
        today = entity_id_of(release, "spent_today")
        assert float(state_of(hass, today)) == float(last_states[today])
    assert len([*file.parent.glob(f"{file.name}.corrupt.*")]) == 1
    assert json.loads(file.read_text(encoding="utf-8"))


async def test_history_goes_on(
    release: Path,
    config_dir: Path,
    prepare: Callable[[HomeAssistant], Any],
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Under the same statistic ID, with the sum it had reached."""
    used = entity_id_of(release, "used_quota")
    ((state, total),) = rows(
        config_dir,
        "SELECT state, sum FROM statistics_short_term JOIN statistics_meta"
        " ON statistics_meta.id = metadata_id"
        " WHERE statistic_id = ? ORDER BY start_ts DESC LIMIT 1",
        used,
    )
    async with home(config_dir, prepare) as hass:
        gateway.account.leave(gateway.account.quota - POINTS)
        await pass_time(hass, freezer, timedelta(minutes=6))
        now = float(state_of(hass, used))
        start = datetime.now(UTC)
        await compile_statistics(
            hass, start.replace(minute=start.minute // 5 * 5, second=0, microsecond=0)
        )
        ((row,),) = (
            await get_instance(hass).async_add_executor_job(
                get_last_short_term_statistics,
                hass,
                1,
                used,
                True,  # noqa: FBT003
                {"sum"},
            )
        ).values()
        assert row["sum"] == pytest.approx(total + now - state)


async def test_automations_work(
    release: Path,
    config_dir: Path,
    prepare: Callable[[HomeAssistant], Any],
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Of the device, of the event entity and of blueprints as they were then."""
    seen: list[str] = []

    @callback
    def collect(event: Event) -> None:
        seen.append(event.data["what"])

    async with home(config_dir, prepare) as hass:
        automations = hass.states.async_all("automation")
        text = (release / "automations.yaml").read_text(encoding="utf-8")
        assert len(automations) == len(yaml.safe_load(text))
        assert {each.state for each in automations} == {"on"}
        hass.bus.async_listen("seen", collect)
        await pass_time(hass, freezer, timedelta(seconds=30))
        seen.clear()
        gateway.account.leave(POINTS // 2)
        await pass_time(hass, freezer, timedelta(minutes=20))
        assert seen.count("balance_critical") == 2
        hass.bus.async_fire("asked")
        await hass.async_block_till_done()
        assert "is_critical" in seen
        assert not {"is_ok", "is_exhausted"} & {*seen}
        gateway.account.leave(0)
        await pass_time(hass, freezer, timedelta(minutes=20))
        assert seen.count("balance_exhausted") == 2
        ran = {
            each.attributes["id"]
            for each in hass.states.async_all("automation")
            if each.attributes["last_triggered"]
        }
        assert {"device_triggers", "event_entity", "balance_alert", "guard"} <= ran
        assert "guard" in seen
        await jump(hass, freezer, timedelta(days=1))
        notifications = _async_get_or_create_notifications(hass).values()
        messages = "\n".join(each["message"] for each in notifications)
        assert re.search(
            r"Work\nSpent today: .*\nBalance: 0\.00 USD", messages, re.DOTALL
        )
        assert complaints(caplog) == []
