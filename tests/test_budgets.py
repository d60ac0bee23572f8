"""Budgets: from the form to entities and events, over restarts and borders."""

from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_service,
)
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.llm_gateway_account.const import (
    CONF_BUDGET_FIRST_DAY,
    CONF_BUDGET_PER_DAY,
    CONF_BUDGET_PER_MONTH,
    CONF_BUDGET_WARN_AT,
    CONF_CURRENCY,
    DOMAIN,
)
from custom_components.llm_gateway_account.gateway import POINTS
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component

from .conftest import OPTIONS
from .gateway_server import NEW_API, GatewayServer, answering
from .helpers import device_of, fill, get_account, jump, open_form, state_of
from .test_events import crash, start

UNIT = 500_000
POLL = timedelta(minutes=5, seconds=1)
DAY = timedelta(days=1)
NAME = "example_gateway"
USED = f"sensor.{NAME}_monthly_budget_used"
LEFT = f"sensor.{NAME}_monthly_budget_left"
PROJECTED = f"sensor.{NAME}_projected_monthly_cost"
OVER = f"binary_sensor.{NAME}_over_monthly_budget"
USED_TODAY = f"sensor.{NAME}_daily_budget_used"
PROJECTED_TODAY = f"sensor.{NAME}_projected_daily_cost"
OVER_TODAY = f"binary_sensor.{NAME}_over_daily_budget"
EVENT = f"event.{NAME}_account_event"
BUDGET_EVENTS = ("budget_warning", "budget_exceeded", "budget_forecast")

FORM = {CONF_BUDGET_WARN_AT: 80, CONF_BUDGET_FIRST_DAY: 15}


@pytest.fixture(autouse=True)
def noon(freezer: FrozenDateTimeFactory) -> None:
    """Stop the clock at noon of Friday, 20 November, in the time zone of the tests."""
    freezer.move_to("2026-11-20T20:00:00Z")


@pytest.fixture
def habit(gateway: GatewayServer) -> None:
    """Let the account have spent a unit each morning at ten, for five weeks."""
    gateway.fork = NEW_API
    gateway.account.quota = 500 * UNIT
    for number in range(35, -1, -1):
        at = gateway.clock() - 7200 - number * 86_400
        gateway.books.spend("gpt-5", UNIT, at=at)


async def calls_of(hass: HomeAssistant, target: str, *more: Any) -> list[ServiceCall]:
    """Set up an automation for each event of budgets, by both kinds of triggers."""
    calls = async_mock_service(hass, "test", "automation")
    triggers = [
        *(
            {"trigger": f"{DOMAIN}.{key}", "target": {"device_id": target}}
            for key in BUDGET_EVENTS
        ),
        *(
            {"trigger": "device", "domain": DOMAIN, "device_id": target, "type": key}
            for key in BUDGET_EVENTS
        ),
        *more,
    ]
    automation = {
        "id": "budget",
        "alias": "budget",
        "mode": "parallel",
        "triggers": triggers,
        "actions": {
            "action": "test.automation",
            "data_template": {"details": "{{ trigger }}"},
        },
    }
    assert await async_setup_component(hass, "automation", {"automation": automation})
    await hass.async_block_till_done()
    return calls


def told(calls: list[ServiceCall]) -> list[str]:
    """Return which event triggered, in the words of each trigger."""
    kinds = []
    for call in calls:
        details = call.data["details"]
        kind = details.get("type") or details["platform"].partition(".")[2]
        kinds.append(f"{kind} {details.get('period', details.get('value'))}")
    calls.clear()
    return kinds


async def set_up(
    hass: HomeAssistant, entry: MockConfigEntry, budgets: dict[str, Any]
) -> None:
    """Set up an account with budgets."""
    entry.add_to_hass(hass)
    options = {**entry.options, **FORM, **budgets}
    hass.config_entries.async_update_entry(entry, options=options)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)


async def settle(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Wait until events are fired."""
    await jump(hass, freezer, timedelta(seconds=11))


async def test_form_brings_and_removes_entities(
    hass: HomeAssistant, recorded: None, loaded_entry: MockConfigEntry
) -> None:
    """Only those of the budgets that are set."""
    registry = er.async_get(hass)

    def present() -> set[str]:
        return {
            each.unique_id.removeprefix(f"{loaded_entry.entry_id}_")
            for each in er.async_entries_for_config_entry(
                registry, loaded_entry.entry_id
            )
            if "budget" in each.unique_id
        }

    def of(adjective: str) -> set[str]:
        return {
            f"over_{adjective}_budget",
            *(f"{adjective}_budget_{each}" for each in ("used", "left", "projected")),
        }

    assert present() == set()
    form = await open_form(hass, loaded_entry, "budget")
    result = await fill(hass, form, FORM | {CONF_BUDGET_PER_MONTH: 40})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert loaded_entry.options == OPTIONS | FORM | {CONF_BUDGET_PER_MONTH: 40}
    assert present() == of("monthly")
    form = await open_form(hass, loaded_entry, "budget")
    await fill(hass, form, FORM | {CONF_BUDGET_PER_DAY: 2, CONF_BUDGET_PER_MONTH: 40})
    assert present() == of("monthly") | of("daily")
    form = await open_form(hass, loaded_entry, "budget")
    await fill(hass, form, FORM | {CONF_BUDGET_PER_DAY: 2})
    assert loaded_entry.options == OPTIONS | FORM | {CONF_BUDGET_PER_DAY: 2}
    assert present() == of("daily")
    assert hass.states.get(USED) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {CONF_BUDGET_PER_DAY: 0},
        {CONF_BUDGET_PER_MONTH: -1},
        {CONF_BUDGET_PER_MONTH: 1e300},
        {CONF_BUDGET_PER_MONTH: "nan"},
        {CONF_BUDGET_WARN_AT: 0},
        {CONF_BUDGET_WARN_AT: 101},
        {CONF_BUDGET_FIRST_DAY: 0},
        {CONF_BUDGET_FIRST_DAY: 29},
    ],
)
async def test_form_takes_no_nonsense(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, wrong: dict[str, Any]
) -> None:
    form = await open_form(hass, loaded_entry, "budget")
    with pytest.raises(InvalidData):
        await fill(hass, form, FORM | wrong)


async def test_month_with_its_own_first_day(
    hass: HomeAssistant, habit: None, entry: MockConfigEntry
) -> None:
    """The records tell what was spent since the 15th, and what is usual."""
    await set_up(hass, entry, {CONF_BUDGET_PER_MONTH: 40, CONF_BUDGET_PER_DAY: 2})
    # The 15th to the 20th; then 24 more days.
    assert float(state_of(hass, USED)) == 15
    assert float(state_of(hass, LEFT)) == 34
    assert float(state_of(hass, PROJECTED)) == pytest.approx(30)
    assert state_of(hass, OVER) == STATE_OFF
    assert float(state_of(hass, USED_TODAY)) == 50
    assert float(state_of(hass, PROJECTED_TODAY)) == pytest.approx(1)
    answer = await get_account(hass, device_of(hass, entry))
    assert answer["budgets"]["month"] == {
        "budget": 40,
        "spent": 6,
        "used": 15,
        "left": 34,
        "projected": pytest.approx(30),
        "since": "2026-11-15T00:00:00-08:00",
    }


async def test_unknown_while_nothing_is_known_of_before(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """Until the next midnight, and for a projection until there is a habit."""
    await set_up(hass, entry, {CONF_BUDGET_PER_MONTH: 40, CONF_BUDGET_PER_DAY: 2})
    for entity_id in (USED, LEFT, PROJECTED, OVER, USED_TODAY, PROJECTED_TODAY):
        state = hass.states.get(entity_id)
        assert state
        assert state.state == STATE_UNKNOWN
        assert state.attributes["reason"] == "no_records_of_before"
    freezer.move_to("2026-11-21T08:00:00Z")
    await jump(hass, freezer, timedelta(seconds=1))
    assert float(state_of(hass, USED_TODAY)) == 0
    state = hass.states.get(PROJECTED_TODAY)
    assert state
    assert state.attributes["reason"] == "no_habit_yet"


async def test_each_event_once(
    hass: HomeAssistant,
    gateway: GatewayServer,
    habit: None,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Over restarts and reloads too; and anew in the next period."""
    await set_up(hass, entry, {CONF_BUDGET_PER_MONTH: 40, CONF_BUDGET_PER_DAY: 5})
    target = device_of(hass, entry)
    more = {
        "trigger": f"{DOMAIN}.daily_budget_used_above",
        "target": {"device_id": target},
        "options": {"limit": 50},
    }
    calls = await calls_of(hass, target, more)
    await settle(hass, freezer)
    assert told(calls) == []

    gateway.books.spend("gpt-5", 3 * UNIT)
    await jump(hass, freezer, POLL)
    assert sorted(told(calls)) == [
        *["budget_warning day"] * 2,
        "daily_budget_used_above 80.0",
    ]
    gateway.books.spend("gpt-5", 10 * UNIT)
    await jump(hass, freezer, POLL)
    assert sorted(told(calls)) == [
        *["budget_exceeded day"] * 2,
        *["budget_forecast month"] * 2,
    ]
    assert state_of(hass, OVER_TODAY) == STATE_ON
    assert float(state_of(hass, USED_TODAY)) == 280
    state = hass.states.get(EVENT)
    assert state
    assert state.attributes["event_type"] in BUDGET_EVENTS
    assert state.attributes["currency"] == "USD"

    for _ in range(2):
        await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        await settle(hass, freezer)
        await jump(hass, freezer, POLL)
    assert told(calls) == []

    freezer.move_to("2026-11-21T08:00:00Z")
    await jump(hass, freezer, timedelta(seconds=1))
    assert float(state_of(hass, USED_TODAY)) == 0
    assert state_of(hass, OVER_TODAY) == STATE_OFF
    gateway.books.spend("gpt-5", 22 * UNIT)
    await jump(hass, freezer, POLL)
    assert sorted(told(calls)) == [
        *["budget_exceeded day"] * 2,
        *["budget_exceeded month"] * 2,
        "daily_budget_used_above 440.0",
    ]
    assert state_of(hass, OVER) == STATE_ON
    assert float(state_of(hass, LEFT)) == -1

    freezer.move_to("2026-12-15T08:00:00Z")
    await jump(hass, freezer, timedelta(seconds=1))
    assert float(state_of(hass, USED)) == 0
    assert state_of(hass, OVER) == STATE_OFF


@pytest.mark.parametrize(
    ("before", "after", "later"),
    [
        # On the same day.
        ("2026-11-20T20:00:00Z", "2026-11-20T21:00:00Z", []),
        # Over midnight, and over the first day of a month of its own.
        ("2026-11-21T07:50:00Z", "2026-11-21T08:03:00Z", ["day"]),
        ("2026-12-15T07:50:00Z", "2026-12-15T08:03:00Z", ["day", "month"]),
    ],
)
async def test_crash_after_an_alert(
    hass: HomeAssistant,
    gateway: GatewayServer,
    habit: None,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    before: str,
    after: str,
    later: list[str],
) -> None:
    """It came once, and comes anew only in the next period."""
    freezer.move_to(before)
    await set_up(hass, entry, {CONF_BUDGET_PER_MONTH: 40, CONF_BUDGET_PER_DAY: 5})
    calls = await calls_of(hass, device_of(hass, entry))
    await settle(hass, freezer)
    gateway.books.spend("gpt-5", 50 * UNIT)
    await jump(hass, freezer, POLL)
    exceeded = {each: [f"budget_exceeded {each}"] * 2 for each in ("day", "month")}
    assert sorted(told(calls)) == exceeded["day"] + exceeded["month"]
    await jump(hass, freezer, timedelta(seconds=1))
    for _ in range(2):
        await crash(hass, entry)
        freezer.move_to(after)
        await start(hass, entry)
        await settle(hass, freezer)
        assert told(calls) == []
    gateway.books.spend("gpt-5", 50 * UNIT)
    await jump(hass, freezer, POLL)
    await jump(hass, freezer, timedelta(seconds=1))
    assert sorted(told(calls)) == [each for key in later for each in exceeded[key]]
    await crash(hass, entry)
    await start(hass, entry)
    await settle(hass, freezer)
    assert told(calls) == []


@pytest.mark.parametrize("midnight", ["2026-11-21T08:00:00Z", "2026-12-15T08:00:00Z"])
async def test_crash_while_a_period_ends(
    hass: HomeAssistant,
    gateway: GatewayServer,
    habit: None,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    midnight: str,
) -> None:
    """What was spent after the last poll is reported once, when it is known."""
    freezer.move_to(midnight)
    freezer.tick(timedelta(minutes=-3))
    await set_up(hass, entry, {CONF_BUDGET_PER_DAY: 5})
    calls = await calls_of(hass, device_of(hass, entry))
    await settle(hass, freezer)
    gateway.books.spend("gpt-5", 6 * UNIT)
    await crash(hass, entry)
    freezer.move_to(midnight)
    freezer.tick(timedelta(minutes=1))
    told_of = list[str]()
    for _ in range(2):
        await start(hass, entry)
        await settle(hass, freezer)
        await jump(hass, freezer, POLL)
        told_of += told(calls)
        await crash(hass, entry)
    assert told_of == ["budget_exceeded day"] * 2


@pytest.mark.parametrize("hours", [13, 72])
async def test_clock_that_is_behind_after_a_power_cut(
    hass: HomeAssistant,
    gateway: GatewayServer,
    habit: None,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    hours: int,
) -> None:
    """Of a home without one of its own; what was told is not told again."""
    await set_up(hass, entry, {CONF_BUDGET_PER_DAY: 5})
    calls = await calls_of(hass, device_of(hass, entry))
    await settle(hass, freezer)
    gateway.books.spend("gpt-5", 10 * UNIT)
    await jump(hass, freezer, POLL)
    assert told(calls) == ["budget_exceeded day"] * 2
    await jump(hass, freezer, timedelta(seconds=1))
    await crash(hass, entry)
    freezer.tick(timedelta(hours=-hours))
    await start(hass, entry)
    await settle(hass, freezer)
    assert state_of(hass, USED_TODAY) == STATE_UNKNOWN
    freezer.tick(timedelta(hours=hours))
    await jump(hass, freezer, POLL)
    assert float(state_of(hass, USED_TODAY)) == 220
    assert told(calls) == []


async def test_budget_that_is_set_again(
    hass: HomeAssistant,
    gateway: GatewayServer,
    habit: None,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """What was spent without it is shown, and not reported."""
    await set_up(hass, entry, {CONF_BUDGET_PER_DAY: 5})
    calls = await calls_of(hass, device_of(hass, entry))
    await settle(hass, freezer)
    with_budget = entry.options
    without = {k: v for k, v in with_budget.items() if k != CONF_BUDGET_PER_DAY}
    for options in (without, with_budget):
        hass.config_entries.async_update_entry(entry, options=options)
        await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        await settle(hass, freezer)
        gateway.books.spend("gpt-5", 5 * UNIT)
        await jump(hass, freezer, POLL)
        if options is without:
            freezer.move_to("2026-11-21T20:00:00Z")
            gateway.books.spend("gpt-5", 9 * UNIT)
            await jump(hass, freezer, POLL)
    assert state_of(hass, OVER_TODAY) == STATE_ON
    assert told(calls) == []


async def test_budget_beyond_all_money(
    hass: HomeAssistant, habit: None, entry: MockConfigEntry
) -> None:
    await set_up(
        hass, entry, {CONF_BUDGET_PER_DAY: 1e308, CONF_BUDGET_PER_MONTH: 1e308}
    )
    assert state_of(hass, USED_TODAY) == "0.0"
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert state_of(hass, USED_TODAY) == "0.0"


async def test_account_that_does_not_say_what_it_used(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    """In points, too, which are no money."""
    gateway.fault = answering(200, {"success": True, "data": {"quota": 700}})
    await set_up(hass, entry, {CONF_BUDGET_PER_MONTH: 40_000, CONF_CURRENCY: POINTS})
    state = hass.states.get(LEFT)
    assert state
    assert state.state == STATE_UNKNOWN
    assert state.attributes["unit_of_measurement"] == "points"
    assert "device_class" not in state.attributes
    assert state_of(hass, PROJECTED) == STATE_UNKNOWN


async def test_diagnostics_have_the_figures(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    habit: None,
    entry: MockConfigEntry,
) -> None:
    await set_up(hass, entry, {CONF_BUDGET_PER_MONTH: 40})
    assert await async_setup_component(hass, "diagnostics", {})
    diagnostics: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    month = diagnostics["budgets"]["month"]
    assert month["spent"] == 6 * UNIT
    assert month["projected"] == pytest.approx(30 * UNIT)
    assert month["budget"]["limit"] == 40 * UNIT
    options = diagnostics["entry"]["options"]
    assert options[CONF_BUDGET_FIRST_DAY] == 15
    assert options[CONF_BUDGET_PER_MONTH] == 40
