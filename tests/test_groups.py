"""What user groups pay: the ratio, the others, and the event when it changes."""

from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_service,
)

from custom_components.llm_gateway_account.const import DOMAIN
from homeassistant.const import (
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    Platform,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component

from .faults import BOOK_FAULTS
from .gateway_notices import OWN_GROUPS, PUBLIC_GROUPS
from .gateway_server import (
    DONE_HUB,
    NEW_API,
    NEW_API_2026_08,
    ONE_API,
    ONE_HUB,
    RIX_API,
    V_API,
    VELOERA,
    Fork,
    GatewayServer,
    answering,
)
from .helpers import balance, collect_events, device_of, jump, own_log, setup, state_of
from .keys import reload, wait

RATIO = "sensor.example_gateway_group_ratio"
EVENTS = "event.example_gateway_account_event"
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
NEXT_LIST = 6 * HOUR + 20 * MINUTE

TELLING = (NEW_API, NEW_API_2026_08, VELOERA, ONE_HUB, DONE_HUB)

type Told = list[tuple[str, dict[str, Any]]]


@pytest.fixture(autouse=True)
def noon(gateway: GatewayServer, freezer: FrozenDateTimeFactory) -> None:
    """Stop the clock."""
    freezer.move_to("2026-11-23T20:07:30Z")
    gateway.fork = NEW_API


@pytest.fixture
def told(hass: HomeAssistant) -> Told:
    """Collect the details of changed prices, and that a group changed."""
    kinds = {"price_changed", "group_changed"}
    return collect_events(hass, kinds, {"group", "from", "to"})


def enable(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Enable the sensor, as somebody did before Home Assistant was started."""
    entry.add_to_hass(hass)
    er.async_get(hass).async_get_or_create(
        Platform.SENSOR,
        DOMAIN,
        f"{entry.entry_id}_group_ratio",
        config_entry=entry,
        suggested_object_id="example_gateway_group_ratio",
    )


async def begin(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """Set an account up, and let its events be fired."""
    await setup(hass, entry)
    await jump(hass, freezer, timedelta(seconds=11))


async def until_next_list(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Let six hours pass, and the next look."""
    await jump(hass, freezer, 6 * HOUR + 20 * MINUTE)


def asked(gateway: GatewayServer) -> int:
    """Return how often groups were asked for, and forget it."""
    number = sum(each in {OWN_GROUPS, PUBLIC_GROUPS} for each in gateway.paths())
    gateway.requests.clear()
    return number


def groups(hass: HomeAssistant) -> Any:
    """Return the groups of the attribute."""
    state = hass.states.get(RATIO)
    assert state
    return state.attributes.get("groups")


@pytest.mark.parametrize("fork", TELLING, ids=lambda fork: fork.name)
async def test_ratio_and_the_other_groups(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    fork: Fork,
) -> None:
    """Asked every six hours; one whose ratio depends has none."""
    gateway.fork, gateway.account.group = fork, "vip"
    enable(hass, entry)
    await begin(hass, entry, freezer)
    assert state_of(hass, RATIO) == "0.8"
    assert groups(hass) == {"default": 1, "vip": 0.8, "auto": None}
    assert asked(gateway) == 1
    gateway.operator.ratios["vip"] = 0.7
    await wait(hass, freezer, 5 * HOUR)
    assert asked(gateway) == 0
    await wait(hass, freezer, HOUR + 20 * MINUTE)
    assert asked(gateway) == 1
    assert state_of(hass, RATIO) == "0.7"


async def test_ratio_that_is_too_large_for_a_file(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    gateway.fork, gateway.account.group = NEW_API, "vip"
    gateway.operator.ratios["vip"] = 10**29
    enable(hass, entry)
    await begin(hass, entry, freezer)
    assert float(state_of(hass, RATIO)) == 1e29
    assert await hass.config_entries.async_unload(entry.entry_id)
    stored = hass_storage[f"{DOMAIN}.{entry.entry_id}"]["data"]["price"]
    assert isinstance(stored["ratio"], float)


@pytest.mark.parametrize("fork", [V_API, *TELLING], ids=lambda fork: fork.name)
async def test_off_by_default(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    fork: Fork,
) -> None:
    """And nothing is asked for it."""
    gateway.fork = fork
    await begin(hass, entry, freezer)
    entity = er.async_get(hass).async_get(RATIO)
    assert entity
    assert entity.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    await until_next_list(hass, freezer)
    assert asked(gateway) == 0


@pytest.mark.parametrize("fork", [ONE_API, RIX_API], ids=lambda fork: fork.name)
async def test_no_sensor_where_nobody_tells(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry, fork: Fork
) -> None:
    gateway.fork = fork
    await setup(hass, entry)
    assert er.async_get(hass).async_get(RATIO) is None


async def test_group_of_the_account(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    told: Told,
) -> None:
    """That it is in another one is one event, and needs no other list."""
    gateway.account.group = ""
    enable(hass, entry)
    await begin(hass, entry, freezer)
    assert state_of(hass, RATIO) == "1"
    gateway.requests.clear()
    gateway.account.group = "vip"
    await wait(hass, freezer, 6 * MINUTE)
    assert state_of(hass, RATIO) == "0.8"
    gateway.account.group = "private"
    await wait(hass, freezer, 6 * MINUTE)
    assert state_of(hass, RATIO) == STATE_UNKNOWN
    gateway.account.group = "auto"
    await wait(hass, freezer, 6 * MINUTE)
    assert state_of(hass, RATIO) == STATE_UNKNOWN
    assert asked(gateway) == 0
    assert [details["to"] for _, details in told] == ["vip", "private", "auto"]


async def test_many_groups(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """As many as attributes can hold; the account's own counts all the same."""
    gateway.operator.ratios = {"x" * 90 + str(each): each for each in range(150)}
    gateway.account.group = "x" * 90 + "149"
    enable(hass, entry)
    await begin(hass, entry, freezer)
    assert state_of(hass, RATIO) == "149"
    assert len(groups(hass)) == 20


async def test_price_that_changes(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    told: Told,
) -> None:
    """Once, also over restarts; the others' prices are nobody's event."""
    enable(hass, entry)
    await begin(hass, entry, freezer)
    gateway.operator.ratios |= {"default": 1.5, "vip": 1}
    await until_next_list(hass, freezer)
    change = ("price_changed", {"group": "default", "from": 1, "to": 1.5})
    assert told == [change]
    await reload(hass, entry)
    await until_next_list(hass, freezer)
    assert told == [change]
    await hass.config_entries.async_unload(entry.entry_id)
    gateway.operator.ratios["default"] = 2
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await wait(hass, freezer, 10 * MINUTE)
    again = ("price_changed", {"group": "default", "from": 1.5, "to": 2})
    assert told == [change, again]


async def test_price_that_the_account_tells(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    told: Told,
) -> None:
    """With each poll, whoever looks at it."""
    gateway.fork = V_API
    await begin(hass, entry, freezer)
    gateway.account.group_ratio = 1.2
    await wait(hass, freezer, 6 * MINUTE)
    change = {"group": "default", "from": 1, "to": 1.2}
    assert told == [("price_changed", change)]
    assert asked(gateway) == 0


@pytest.mark.parametrize("kind", ["own", "device"])
async def test_trigger_needs_no_sensor(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    kind: str,
) -> None:
    """The list is asked for as long as somebody waits for it."""
    await begin(hass, entry, freezer)
    device = device_of(hass, entry)
    trigger = {
        "own": {
            "trigger": f"{DOMAIN}.price_changed",
            "target": {"device_id": device},
        },
        "device": {
            "trigger": "device",
            "domain": DOMAIN,
            "device_id": device,
            "type": "price_changed",
        },
    }[kind]
    action = {"action": "test.run", "data": {"to": "{{ trigger.to }}"}}
    calls = async_mock_service(hass, "test", "run")
    config = {"id": "1", "alias": "a", "triggers": [trigger], "actions": [action]}
    assert await async_setup_component(hass, "automation", {"automation": config})
    await hass.async_block_till_done()
    await until_next_list(hass, freezer)
    gateway.operator.ratios["default"] = 3
    await until_next_list(hass, freezer)
    assert asked(gateway) == 2
    assert [each.data["to"] for each in calls] == [3]
    await hass.services.async_call(
        "automation", "turn_off", {"entity_id": "automation.a"}, blocking=True
    )
    gateway.operator.ratios["default"] = 4
    await until_next_list(hass, freezer)
    assert asked(gateway) == 0
    # What changed before somebody waits again is not new.
    await hass.services.async_call(
        "automation", "turn_on", {"entity_id": "automation.a"}, blocking=True
    )
    await until_next_list(hass, freezer)
    assert len(calls) == 1
    await hass.services.async_call(
        "automation", "turn_off", {"entity_id": "automation.a"}, blocking=True
    )


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
    """Only the sensor becomes unavailable, and nobody is asked for a token."""
    enable(hass, entry)
    await begin(hass, entry, freezer)
    gateway.books_fault = BOOK_FAULTS[fault]
    await until_next_list(hass, freezer)
    assert state_of(hass, RATIO) == "1"
    await jump(hass, freezer, HOUR)
    await jump(hass, freezer, HOUR)
    assert state_of(hass, RATIO) == STATE_UNAVAILABLE
    assert balance(hass) == "12.345"
    assert not hass.config_entries.flow.async_progress()
    assert own_log(caplog) == []
    gateway.books_fault = None
    await jump(hass, freezer, timedelta(days=8))
    await jump(hass, freezer, HOUR)
    assert state_of(hass, RATIO) == "1"
    assert told == []


async def test_sensor_goes_with_the_account(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    enable(hass, entry)
    await begin(hass, entry, freezer)
    gateway.fault = gateway.status_fault = answering(502)
    await wait(hass, freezer, 25 * MINUTE)
    assert state_of(hass, RATIO) == STATE_UNAVAILABLE
    asked(gateway)
    await until_next_list(hass, freezer)
    assert asked(gateway) == 0
    gateway.fault = gateway.status_fault = None
    await wait(hass, freezer, 20 * MINUTE)
    assert state_of(hass, RATIO) == "1"


async def test_gateway_that_does_not_show_its_page(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    gateway.status_fault = answering(502)
    enable(hass, entry)
    await begin(hass, entry, freezer)
    assert state_of(hass, RATIO) == STATE_UNAVAILABLE
    gateway.status_fault = None
    await wait(hass, freezer, 20 * MINUTE)
    assert state_of(hass, RATIO) == "1"
