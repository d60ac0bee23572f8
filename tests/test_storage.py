"""What is on the disk: what 0.1.0 left there, what is damaged, what outlives a crash.

The files in fixtures/0.1.0 are those that version 0.1.0 wrote in Home Assistant
2026.3.4, after a week with one account that was nearly used up at the end, and a
stop before anybody could be told.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
import json
from pathlib import Path
import shutil
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.llm_gateway_account.const import DOMAIN
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, HomeAssistant

from . import ROOT
from .gateway_server import GatewayServer, answering
from .helpers import jump, own_log, pass_time, state_of
from .home import home

LEFT_BEHIND = ROOT / "tests" / "fixtures" / "0.1.0"
ENTRY_ID = "01M8CBBY1BM0ZG61HM4S72AR6B"
FILE = f"{DOMAIN}.{ENTRY_ID}"
TITLE = "planted-display-name @ Example Gateway"

SPENT_TODAY = "sensor.example_gateway_spent_today"
SPENT_THIS_MONTH = "sensor.example_gateway_spent_this_month"
EVENTS = "event.example_gateway_activity"
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def five_minutes_later(freezer: FrozenDateTimeFactory) -> None:
    """Stop the clock when the next poll would have been due."""
    freezer.move_to("2026-11-23T18:10:00Z")  # 10:10 in the time zone of the tests


@pytest.fixture
def expected_lingering_timers() -> bool:
    """Let accounts be loaded when Home Assistant stops, as outside of tests."""
    return True


@pytest.fixture(autouse=True)
def account(gateway: GatewayServer, recorded: None) -> None:
    """Let the account be as it was when version 0.1.0 looked last."""
    account = gateway.account
    account.access_token = "planted-access-token"
    account.quota, account.used_quota = 300_000, 24_700_000
    account.request_count = 4304
    account.group = "vip"
    account.last_login_at += 60


@pytest.fixture
def config_dir(tmp_path: Path, gateway: GatewayServer) -> Path:
    """Return the folder that version 0.1.0 left behind, with the gateway's port."""
    storage = tmp_path / ".storage"
    storage.mkdir()
    for file in LEFT_BEHIND.iterdir():
        text = file.read_text(encoding="utf-8")
        text = text.replace("127.0.0.1:3000", f"127.0.0.1:{gateway.port}")
        (storage / file.name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def file(config_dir: Path) -> Path:
    """Return the file of the account."""
    return config_dir / ".storage" / FILE


@pytest.fixture
def copy(file: Path) -> Path:
    """Return where a file is kept that could not be read."""
    return file.with_name(f"{file.name}.unreadable")


@pytest.fixture
def full_disk(config_dir: Path, copy: Path) -> None:
    """Let it be impossible to keep a copy."""
    copy.symlink_to(config_dir / "a folder that is not there" / "copy")


@asynccontextmanager
async def home_without_power(config_dir: Path) -> AsyncGenerator[HomeAssistant]:
    """Start Home Assistant, and leave what was on the disk when the power went."""
    storage, left = config_dir / ".storage", config_dir / "left"
    async with home(config_dir) as hass:
        yield hass
        shutil.copytree(storage, left)
    shutil.rmtree(storage)
    left.rename(storage)


def entry_of(hass: HomeAssistant) -> ConfigEntry[Any]:
    """Return the config entry of the account."""
    return hass.config_entries.async_get_known_entry(ENTRY_ID)


def stored(file: Path) -> dict[str, Any]:
    """Return what the file of the account holds."""
    data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["data"]
    return data


def content(file: Path) -> bytes | None:
    """Return what a file holds; None if there is none."""
    return file.read_bytes() if file.exists() else None


def damage(file: Path, data: Any) -> bytes:
    """Write something else into the file of the account, and return its content."""
    file.write_text(json.dumps(data), encoding="utf-8")
    return file.read_bytes()


def seen(events: list[Event[Any]]) -> list[dict[str, Any]]:
    """Return what the event entity showed, without what is said of every event."""
    return [
        {
            key: value
            for key, value in each.data["new_state"].attributes.items()
            if key not in {"event_types", "friendly_name", "past_events"}
        }
        for each in events
        if each.data["entity_id"] == EVENTS
    ]


def unreadable(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the lines about what could not be read."""
    return [each for each in own_log(caplog) if "cannot be read" in each]


# What 0.1.0 left


async def test_spending_goes_on(
    config_dir: Path, gateway: GatewayServer, freezer: FrozenDateTimeFactory
) -> None:
    """Sums, level, alerts and the habit, and the history they are made of."""
    async with home(config_dir) as hass:
        assert state_of(hass, "sensor.my_credit") == "0.6"
        assert state_of(hass, SPENT_TODAY) == "3.345"
        assert state_of(hass, SPENT_THIS_MONTH) == "11.745"
        assert state_of(hass, "sensor.example_gateway_balance_level") == "critical"
        unusual = "binary_sensor.example_gateway_unusual_spending"
        assert state_of(hass, unusual) == "on"
        gateway.account.leave(50_000)
        await pass_time(hass, freezer, timedelta(minutes=60))
        assert state_of(hass, SPENT_TODAY) == "3.845"
        assert state_of(hass, SPENT_THIS_MONTH) == "12.245"
        # Of all that was seen since 16 November, 12:00; a twentieth more is no news.
        average = float(state_of(hass, "sensor.example_gateway_average_daily_spending"))
        assert average == pytest.approx(12.245 / 6.965, rel=0.05)
        events = async_capture_events(hass, EVENT_STATE_CHANGED)
        gateway.account.quota += 10_000_000
        await pass_time(hass, freezer, timedelta(minutes=6))
        (recovered,) = (each["alerts"] for each in seen(events) if "alerts" in each)
        assert recovered == ["balance_low", "balance_critical", "unusual_spending"]


async def test_events_that_were_not_fired_are_fired_once(
    config_dir: Path, freezer: FrozenDateTimeFactory
) -> None:
    fired: list[dict[str, Any]] = []
    for _ in range(2):
        async with home(config_dir) as hass:
            state = hass.states.get(EVENTS)
            assert state
            assert state.attributes["event_type"] == "balance_low" or fired
            events = async_capture_events(hass, EVENT_STATE_CHANGED)
            await jump(hass, freezer, timedelta(seconds=11))
            fired += seen(events)
        freezer.tick(timedelta(minutes=5))
    assert fired == [
        {"event_type": "balance_critical"},
        {
            "event_type": "unusual_spending",
            "amount": 3.345,
            "usual": 0.14,
            "currency": "USD",
        },
        {"event_type": "group_changed", "from": "default", "to": "vip"},
        {"event_type": "signed_in", "last_login_at": "2025-11-22T08:27:40+00:00"},
    ]


# What outlives a restart and a crash


async def test_everything_is_written_when_home_assistant_stops(
    config_dir: Path, file: Path, gateway: GatewayServer
) -> None:
    async with home(config_dir) as hass:
        gateway.account.leave(gateway.account.quota - 1000)
        await entry_of(hass).runtime_data.account.async_refresh()
    assert stored(file)["ledger"]["spent"] == 5_872_500 + 1000
    assert stored(file)["group"] == "vip"


async def test_power_cut_before_midnight(
    config_dir: Path, gateway: GatewayServer, freezer: FrozenDateTimeFactory
) -> None:
    """What was shown on one day does not count on the next one too."""
    freezer.move_to("2026-11-24T07:30:00Z")
    async with home_without_power(config_dir) as hass:
        gateway.account.leave(50_000)
        await jump(hass, freezer, timedelta(minutes=26))
        assert state_of(hass, SPENT_TODAY) == "3.845"
        await jump(hass, freezer, SECOND)
    freezer.tick(timedelta(minutes=20))
    gateway.account.leave(25_000)
    async with home(config_dir) as hass:
        assert state_of(hass, SPENT_TODAY) == "0.05"
        assert state_of(hass, SPENT_THIS_MONTH) == "12.295"


# What cannot be read


@pytest.mark.parametrize(
    "data",
    [
        {"version": 1, "data": {"ledger": {}}},
        {"version": 1, "minor_version": 2, "data": {"ledger": {}}},
        {"version": 1, "minor_version": 2, "data": ["nonsense"]},
        {"version": 1, "data": ["nonsense"]},
        {"version": 1, "minor_version": 3, "data": {"ledger": None, "events": []}},
        {"version": 1},
        {"data": {}},
        {"version": "one", "data": {}},
        ["nonsense"],
        None,
    ],
)
async def test_file_that_cannot_be_read(
    config_dir: Path,
    file: Path,
    copy: Path,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    data: Any,
) -> None:
    """It is kept as it was, once; the account starts anew, with one line in the log."""
    before = damage(file, data)
    for _ in range(2):
        async with home(config_dir) as hass:
            assert entry_of(hass).state is ConfigEntryState.LOADED
            assert state_of(hass, SPENT_TODAY) == "0.0"
            await jump(hass, freezer, SECOND)
        assert content(copy) == before
        (line,) = unreadable(caplog)
        assert TITLE in line
        assert stored(file)["ledger"]["spent"] == 0
    damage(file, ["something else"])
    async with home(config_dir) as hass:
        assert content(copy) == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ledger", {"used_quota": "much"}),
        ("group", ["x"]),
        ("last_login_at", 1e300),
        ("last_login_at", "yesterday"),
        ("activities", [{"type": "x", "attributes": {}}]),
        ("activities", [{"type": "topped_up"}]),
        ("account", 1),
    ],
)
async def test_file_of_0_1_0_that_cannot_be_read(
    config_dir: Path,
    file: Path,
    copy: Path,
    caplog: pytest.LogCaptureFixture,
    field: str,
    value: Any,
) -> None:
    """As it was means: before anything in it got a new name."""
    data = stored(file)
    assert field in data
    before = damage(file, {"version": 1, "data": data | {field: value}})
    async with home(config_dir) as hass:
        assert state_of(hass, SPENT_TODAY) == "0.0"
    assert content(copy) == before
    assert len(unreadable(caplog)) == 1


@pytest.mark.parametrize(("version", "is_kept_beside"), [(1, True), (2, False)])
async def test_set_ups_that_fail_log_it_once(
    config_dir: Path,
    file: Path,
    copy: Path,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    version: int,
    is_kept_beside: bool,
) -> None:
    before = damage(file, {"version": version, "data": ["nonsense"]})
    gateway.fault = answering(502)
    async with home(config_dir) as hass:
        await pass_time(hass, freezer, timedelta(minutes=10))
        assert len(gateway.requests) > 3
        assert len(unreadable(caplog)) == 1
    assert content(copy if is_kept_beside else file) == before


async def test_file_of_a_newer_version(
    config_dir: Path,
    file: Path,
    copy: Path,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It stays as it is, whatever happens; whoever can read it may come back."""
    before = damage(file, {"version": 2, "data": {"what": "nobody knows yet"}})
    async with home(config_dir) as hass:
        gateway.account.leave(0)
        await pass_time(hass, freezer, timedelta(minutes=6))
        assert state_of(hass, SPENT_TODAY) == "0.6"
        await hass.config_entries.async_reload(ENTRY_ID)
        await hass.async_block_till_done(wait_background_tasks=True)
        (line,) = unreadable(caplog)
        assert TITLE in line
    assert content(file) == before
    assert content(copy) is None


@pytest.mark.usefixtures("full_disk")
async def test_file_that_can_neither_be_read_nor_copied(
    config_dir: Path, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = damage(file, ["nonsense"])
    async with home(config_dir) as hass:
        assert state_of(hass, SPENT_TODAY) == "0.0"
    assert content(file) == before
    assert len(unreadable(caplog)) == 1


def with_more(tree: Any) -> Any:
    """Return what a newer patch may write: one field more at each level."""
    if isinstance(tree, list):
        return [with_more(each) for each in tree]
    if not isinstance(tree, dict):
        return tree
    return {key: with_more(value) for key, value in tree.items()} | {"more": [1]}


@pytest.mark.parametrize("minor_version", [1, 2, 3])
async def test_file_with_more_in_it_loses_nothing_else(
    config_dir: Path,
    file: Path,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    minor_version: int,
) -> None:
    if minor_version > 1:
        async with home(config_dir):
            pass
    now = freezer()
    data = json.loads(content(file) or b"")
    left = []
    for each in (data, with_more(data) | {"minor_version": minor_version}):
        freezer.move_to(now)
        damage(file, each)
        async with home(config_dir) as hass:
            assert state_of(hass, SPENT_TODAY) == "3.345"
            # Something happens, or nothing would be written.
            await jump(hass, freezer, timedelta(seconds=11))
            await jump(hass, freezer, SECOND)
        left.append(stored(file))
    assert left[0] == left[1]
    assert left[0]["events"] == []
    assert own_log(caplog) == []


def inode(file: Path) -> int:
    """Return another number whenever a file was written."""
    return file.stat().st_ino


async def test_set_ups_that_fail_write_nothing(
    config_dir: Path,
    file: Path,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
) -> None:
    async with home(config_dir):
        pass
    before = inode(file)
    gateway.fault = answering(502)
    async with home(config_dir) as hass:
        await pass_time(hass, freezer, timedelta(minutes=10))
        assert len(gateway.requests) > 3
    assert inode(file) == before


async def test_set_up_that_ends_before_the_file_is_read_leaves_it(
    config_dir: Path, file: Path
) -> None:
    before = content(file)
    package = f"custom_components.{DOMAIN}.storage.AccountStore"
    with patch(f"{package}.async_load", side_effect=TimeoutError):
        async with home(config_dir) as hass:
            assert entry_of(hass).state is ConfigEntryState.SETUP_RETRY
    assert content(file) == before


async def test_removed_account_leaves_nothing(
    config_dir: Path, file: Path, copy: Path, freezer: FrozenDateTimeFactory
) -> None:
    damage(file, ["nonsense"])
    async with home(config_dir) as hass:
        await jump(hass, freezer, SECOND)
        assert content(file)
        assert content(copy)
        await hass.config_entries.async_remove(ENTRY_ID)
        await jump(hass, freezer, timedelta(minutes=10))
        assert hass.states.async_entity_ids() == []
    assert not list(file.parent.glob(f"{DOMAIN}*"))
