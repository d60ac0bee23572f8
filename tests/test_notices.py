"""Notices of a gateway: each told once, as plain text, with one request a day."""

from datetime import timedelta
from operator import itemgetter
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_service,
)

from homeassistant.const import (
    EVENT_HOMEASSISTANT_STARTED,
    EVENT_STATE_CHANGED,
    STATE_UNKNOWN,
)
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component

from .faults import BOOK_FAULTS
from .gateway_notices import NOTICE
from .gateway_server import (
    FORKS,
    NEW_API,
    ONE_API,
    Fork,
    GatewayServer,
    answering,
)
from .helpers import balance, examples, jump, own_log, second_account, setup, state_of
from .keys import reload

EVENT = "event.example_gateway_notice"
STATUS = "/api/status"
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)

type Told = list[tuple[str, str]]


@pytest.fixture(autouse=True)
def noon(gateway: GatewayServer, freezer: FrozenDateTimeFactory) -> None:
    """Stop the clock."""
    freezer.move_to("2026-11-23T20:07:30Z")
    gateway.fork = NEW_API


@pytest.fixture
def told(hass: HomeAssistant) -> Told:
    """Collect entity and text of what is told; what is shown again is not."""
    told: Told = []
    seen: set[Any] = set()

    @callback
    def collect(event: Any) -> None:
        state = event.data["new_state"]
        if state and "text" in state.attributes:
            each = (state.entity_id, state.attributes["text"])
            if (state.state, each) not in seen:
                seen.add((state.state, each))
                told.append(each)

    hass.bus.async_listen(EVENT_STATE_CHANGED, collect)
    return told


def asked(gateway: GatewayServer, path: str = NOTICE) -> int:
    """Return how often a path was asked for, and forget it."""
    number = gateway.paths().count(path)
    gateway.requests.clear()
    return number


async def next_day(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Let a day pass, and the hour with the next look."""
    await jump(hass, freezer, 25 * HOUR)


@pytest.mark.parametrize("fork", FORKS, ids=lambda fork: fork.name)
async def test_notice_of_every_fork(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    told: Told,
    fork: Fork,
) -> None:
    """The first look is silent, and nothing is told twice."""
    gateway.fork, gateway.operator.notice = fork, "# Old"
    await setup(hass, entry)
    await next_day(hass, freezer)
    assert state_of(hass, EVENT) == STATE_UNKNOWN
    gateway.operator.notice = "<p>We <b>move</b> tonight</p>"
    await next_day(hass, freezer)
    await next_day(hass, freezer)
    assert told == [(EVENT, "We move tonight")]
    state = hass.states.get(EVENT)
    assert state
    assert state.attributes["event_type"] == "published"
    assert state.attributes["published_at"] is None
    gateway.operator.notice = ""
    await next_day(hass, freezer)
    gateway.operator.notice = "We move tonight"
    await next_day(hass, freezer)
    assert len(told) == 1


async def test_announcements(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    told: Told,
) -> None:
    """In the order of their publication; the latest five of many."""
    gateway.operator.announce("old")
    await setup(hass, entry)
    gateway.operator.announce("**one**", publishDate="2026-11-24T08:00:00+08:00")
    gateway.operator.announce("two")
    await next_day(hass, freezer)
    assert told == [(EVENT, "one"), (EVENT, "two")]
    del gateway.operator.announcements[0]
    for each in range(9):
        gateway.operator.announce(f"more {each}")
    gateway.operator.announcements_enabled = False
    await next_day(hass, freezer)
    gateway.operator.announcements_enabled = True
    await next_day(hass, freezer)
    await next_day(hass, freezer)
    assert [text for _, text in told[2:]] == [f"more {each}" for each in range(4, 9)]


async def test_time_of_publication(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    await setup(hass, entry)
    gateway.operator.announce("one", publishDate="2026-11-24T08:00:00+08:00")
    await next_day(hass, freezer)
    state = hass.states.get(EVENT)
    assert state
    assert state.attributes["published_at"] == "2026-11-24T08:00:00+08:00"


async def test_same_text_in_both_places(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    told: Told,
) -> None:
    await setup(hass, entry)
    gateway.operator.announce("We move")
    gateway.operator.notice = "<i>We move</i>"
    await next_day(hass, freezer)
    assert told == [(EVENT, "We move")]


async def test_restart(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    hass_storage: dict[str, Any],
    told: Told,
) -> None:
    """Nothing twice; what was published meanwhile a minute after the start."""
    gateway.operator.notice = "secret old words"
    await setup(hass, entry)
    gateway.operator.announce("one")
    await next_day(hass, freezer)
    for _ in range(2):
        await reload(hass, entry)
        await jump(hass, freezer, 2 * MINUTE)
    assert told == [(EVENT, "one")]
    gateway.operator.announce("two")
    await hass.config_entries.async_unload(entry.entry_id)
    await jump(hass, freezer, HOUR)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert told == [(EVENT, "one")]
    await jump(hass, freezer, 2 * MINUTE)
    assert told == [(EVENT, "one"), (EVENT, "two")]
    assert "secret old words" not in str(hass_storage)


@pytest.mark.parametrize("example", examples("docs/check-in"), ids=itemgetter("alias"))
async def test_automations_are_there_before(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    example: dict[str, Any],
) -> None:
    """What was published while Home Assistant was off runs them when it starts."""
    await setup(hass, entry)
    await hass.config_entries.async_unload(entry.entry_id)
    gateway.operator.notice = "We move"
    await jump(hass, freezer, DAY)
    hass.set_state(CoreState.starting)
    await hass.config_entries.async_setup(entry.entry_id)
    await jump(hass, freezer, 10 * MINUTE)
    calls = async_mock_service(hass, "persistent_notification", "create")
    assert await async_setup_component(hass, "automation", {"automation": example})
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await hass.async_block_till_done()
    await jump(hass, freezer, 2 * MINUTE)
    assert [each.data["message"] for each in calls] == ["We move"]


async def test_one_request_a_day_for_all_accounts(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    told: Told,
) -> None:
    """Each tells it on its own; reloads ask no more, nor is the page asked more."""
    gateway.fork = ONE_API
    second = second_account(gateway, entry)
    await setup(hass, entry)
    await setup(hass, second)
    await reload(hass, second)
    await jump(hass, freezer, 2 * MINUTE)
    assert gateway.paths().count(STATUS) == 1
    assert asked(gateway) == 1
    gateway.operator.notice = "We move"
    days = 4
    for _ in range(24 * days):
        await jump(hass, freezer, HOUR)
    assert gateway.paths().count(STATUS) <= days
    assert asked(gateway) <= days
    assert sorted(text for _, text in told) == ["We move"] * 2
    assert len({entity_id for entity_id, _ in told}) == 2


async def test_nobody_who_wants_to_know(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    told: Told,
) -> None:
    """Nothing is asked; what was published until somebody does is not new."""
    await setup(hass, entry)
    registry = er.async_get(hass)
    registry.async_update_entity(EVENT, disabled_by=er.RegistryEntryDisabler.USER)
    await reload(hass, entry)
    gateway.requests.clear()
    gateway.operator.notice = "between"
    await next_day(hass, freezer)
    assert asked(gateway) == 0
    registry.async_update_entity(EVENT, disabled_by=None)
    await reload(hass, entry)
    await next_day(hass, freezer)
    assert told == []
    gateway.operator.notice = "after"
    await next_day(hass, freezer)
    assert told == [(EVENT, "after")]


@pytest.mark.parametrize("fault", ["refused", "absent", "502", "lost"])
async def test_fault_of_the_book(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    told: Told,
    fault: str,
) -> None:
    """The announcements are told all the same, and nothing is new afterwards."""
    gateway.fork, gateway.operator.notice = NEW_API, "old"
    gateway.books_fault = BOOK_FAULTS[fault]
    await setup(hass, entry)
    gateway.operator.announce("one")
    await next_day(hass, freezer)
    assert told == [(EVENT, "one")]
    assert balance(hass) == "12.345"
    assert not hass.config_entries.flow.async_progress()
    assert own_log(caplog) == []
    gateway.books_fault = None
    # What is absent is asked for again after a week.
    await jump(hass, freezer, 8 * DAY)
    await next_day(hass, freezer)
    assert told == [(EVENT, "one")]
    gateway.operator.notice = "new"
    await next_day(hass, freezer)
    assert told == [(EVENT, "one"), (EVENT, "new")]


async def test_gateway_that_is_down(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    told: Told,
) -> None:
    """It is looked for again soon, and the notice is not asked for in between."""
    gateway.fork = ONE_API
    await setup(hass, entry)
    gateway.operator.notice = "We were away"
    gateway.status_fault = answering(502)
    gateway.requests.clear()
    await next_day(hass, freezer)
    await jump(hass, freezer, HOUR)
    assert asked(gateway) == 0
    gateway.status_fault = None
    await jump(hass, freezer, HOUR)
    assert told == [(EVENT, "We were away")]
