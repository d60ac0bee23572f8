"""How long the lives are, an account with all that can be on, and what is logged."""

from collections.abc import Callable
import logging
from pathlib import Path

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.components.recorder.core import Recorder
from homeassistant.core import HomeAssistant
from tests.gateway_books import DAY
from tests.gateway_past import give_past
from tests.gateway_server import NEW_API_2026_08, GatewayServer
from tests.helpers import own_log, setup
from tests.keys import NOON, show as show_keys
from tests.watching import loud

LENGTHS = {"polls": 20_000, "reloads": 1000, "rounds": 200, "days": 31}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a person try shorter lives."""
    for name, default in LENGTHS.items():
        parser.addoption(
            f"--{name}", type=int, default=default, help=f"({default} in full)"
        )


@pytest.fixture
def hass_config_dir(tmp_path: Path) -> str:
    """Write to a disk: the storage of the tests remembers every write."""
    return str(tmp_path)


@pytest.fixture
def hass_storage() -> None:
    """Be no storage of the tests."""


@pytest.fixture
def recorder_db_url(tmp_path: Path) -> str:
    """Keep the database on a disk too: what is recorded is meant to grow."""
    return f"sqlite:///{tmp_path / 'home-assistant.db'}"


class Log:
    """What is logged, kept only until somebody reads it."""

    def __init__(
        self, caplog: pytest.LogCaptureFixture, report: logging.Handler
    ) -> None:
        """Read what `caplog` gets; `report` is what pytest would show at the end."""
        self._caplog = caplog
        self._report = report

    def take(self) -> tuple[list[str], list[logging.LogRecord]]:
        """Return our own lines, and what anybody complained of, since the last time."""
        found = own_log(self._caplog), loud(self._caplog)
        self._caplog.clear()
        self._report.reset()  # type: ignore[attr-defined]
        return found


@pytest.fixture(autouse=True)
def log(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Log:
    """Return what is logged, as far as people see it without asking for more."""
    caplog.set_level(logging.WARNING)
    caplog.set_level(logging.INFO, "custom_components.llm_gateway_account")
    plugin = request.config.pluginmanager.get_plugin("logging-plugin")
    assert plugin
    return Log(caplog, plugin.report_handler)


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Return what prints a figure for the person at the terminal."""

    def show_line(text: str) -> None:
        with capsys.disabled():
            print(f"\n  {text}", end="", flush=True)  # noqa: T201

    return show_line


@pytest.fixture
async def everything_on(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    every_entity_enabled: None,
    freezer: FrozenDateTimeFactory,
) -> MockConfigEntry:
    """Return an account with a past, three API keys and a plan, set up."""
    hass.loop.set_debug(enabled=False)
    freezer.move_to(NOON)
    gateway.fork = NEW_API_2026_08
    give_past(gateway.books, spent=9_000_000, requests=300, top_up=2_000_000)
    for name in ("laptop", "server", "agent"):
        gateway.keys.create(name)
    # Used up after a part of each day; then the balance pays.
    gateway.plans.buy("Daily", days=1000, total=100_000, period=int(DAY))
    show_keys(entry)
    await setup(hass, entry)
    return entry
