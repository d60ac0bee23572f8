"""What happens to an account: an event each, fired once, over restarts and outages."""

import asyncio
from copy import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)

from custom_components.llm_gateway_account.const import (
    CONF_CRITICAL_BALANCE,
    CONF_CURRENCY,
    CONF_LOW_BALANCE,
    CONF_POINTS_PER_UNIT,
    DOMAIN,
)
from custom_components.llm_gateway_account.polling import UPDATE_INTERVAL
from custom_components.llm_gateway_account.repairs import help_url
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.const import (
    EVENT_HOMEASSISTANT_STARTED,
    EVENT_STATE_CHANGED,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import CoreState, Event, HomeAssistant
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.helpers.storage import Store

from .conftest import OPTIONS
from .gateway_server import NEW_API, ONE_API, Fork, GatewayServer, answering
from .helpers import device_of, jump, pass_time, setup, state_of

EVENTS = "event.example_gateway_account_event"
LEVEL = "sensor.example_gateway_balance_level"
LOW = "binary_sensor.example_gateway_low_balance"
UNIT = 500_000
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)

# Everything an answer may say is certain by then: it was seen at the next poll, and
# once more within four minutes.
SOON = UPDATE_INTERVAL + timedelta(minutes=4)

TOPPED_UP = {"event_type": "topped_up", "amount": 5.0, "currency": "USD"}
VIP = {"event_type": "group_changed", "from": "default", "to": "vip"}
SIGNED_IN = {"event_type": "signed_in", "last_login_at": "2025-11-23T12:13:20+00:00"}


@pytest.fixture(autouse=True)
def noon(freezer: FrozenDateTimeFactory) -> None:
    """Stop the clock at noon, long before the day ends."""
    freezer.move_to("2026-11-23T20:00:00Z")  # in the time zone of the tests


@pytest.fixture
def changes(hass: HomeAssistant) -> list[Event[Any]]:
    """Return every change of a state from now on."""
    return async_capture_events(hass, EVENT_STATE_CHANGED)


def fired(changes: list[Event[Any]]) -> list[dict[str, Any]]:
    """Return what the event entity showed, without what is said of every event."""
    result: list[dict[str, Any]] = []
    last = None
    for change in changes:
        state = change.data["new_state"]
        if change.data["entity_id"] != EVENTS or state is None:
            continue
        if state.state in {STATE_UNAVAILABLE, STATE_UNKNOWN}:
            continue
        # Shown again after an outage or a restart.
        if (state.state, state.attributes["event_type"]) == last:
            continue
        last = state.state, state.attributes["event_type"]
        result.append(
            {
                key: value
                for key, value in state.attributes.items()
                if key not in {"event_types", "friendly_name", "past_events"}
            }
        )
    return result


async def reload(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Reload an account, as a restart does."""
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)


async def crash(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """End an account without writing what is known of it."""
    with patch(f"custom_components.{DOMAIN}.storage.AccountStorage.async_save"):
        await hass.config_entries.async_unload(entry.entry_id)


async def start(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set an account up again."""
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"quota": 900_000, "used_quota": 24_100_000}, [{"event_type": "balance_low"}]),
        (
            {"quota": 200_000, "used_quota": 24_800_000},
            [{"event_type": "balance_critical"}],
        ),
        ({"quota": 0, "used_quota": 25_000_000}, [{"event_type": "balance_exhausted"}]),
        # Nobody spent it: an operator took it.
        ({"quota": 900_000}, [{"event_type": "balance_low"}]),
        ({"quota": 6_172_500 + 5 * UNIT}, [TOPPED_UP]),
        ({"group": "vip"}, [VIP]),
        ({"last_login_at": 1_763_900_000}, [SIGNED_IN]),
        (
            {
                "group": "vip",
                "last_login_at": 1_763_900_000,
                "quota": 0,
                "used_quota": 25_000_000,
            },
            [{"event_type": "balance_exhausted"}, VIP, SIGNED_IN],
        ),
        ({"quota": 6_172_400, "used_quota": 18_827_600, "request_count": 4243}, []),
        ({"last_login_at": 1_763_700_000}, []),
        ({"last_login_at": 0}, []),
        # A refund of today and one of yesterday's gateways.
        ({"quota": 6_272_500, "used_quota": 18_727_500}, []),
        ({"quota": 6_272_500}, []),
    ],
)
async def test_event(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    changes: list[Event[Any]],
    change: dict[str, Any],
    expected: list[dict[str, Any]],
) -> None:
    """Each is fired once, soon, and never again."""
    assert state_of(hass, EVENTS) == STATE_UNKNOWN
    for key, value in change.items():
        setattr(gateway.account, key, value)
    await pass_time(hass, freezer, SOON)
    assert fired(changes) == expected
    await pass_time(hass, freezer, timedelta(hours=1))
    await reload(hass, loaded_entry)
    await pass_time(hass, freezer, timedelta(hours=1))
    assert fired(changes) == expected


@pytest.mark.usefixtures("loaded_entry")
@pytest.mark.parametrize(
    ("change", "later", "after"),
    [
        ({"quota": 900_000}, {}, timedelta(minutes=4)),
        ({"quota": 6_172_500 + 5 * UNIT}, {}, MINUTE),
        # Between two writes of the gateway, and while a request is paid in advance.
        ({"quota": 6_172_500 + 5 * UNIT}, {"quota": 6_172_400}, None),
        ({"quota": 900_000}, {"quota": 6_172_400}, None),
        ({"quota": 0}, {}, timedelta(0)),
    ],
)
async def test_what_is_not_clear_is_asked_once_more(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    changes: list[Event[Any]],
    change: dict[str, int],
    later: dict[str, int],
    after: timedelta | None,
) -> None:
    """One poll in between, at the time that settles it; then as often as before."""
    for key, value in change.items():
        setattr(gateway.account, key, value)
    gateway.requests.clear()
    await jump(hass, freezer, UPDATE_INTERVAL)
    for key, value in later.items():
        setattr(gateway.account, key, value)
    if after:
        await jump(hass, freezer, after - SECOND)
        assert fired(changes) == []
        assert len(gateway.requests) == 1
        await jump(hass, freezer, SECOND)
    else:
        await pass_time(hass, freezer, timedelta(minutes=4))
    assert len(fired(changes)) == (after is not None)
    assert len(gateway.requests) == 1 + (after != timedelta(0))
    gateway.requests.clear()
    await pass_time(hass, freezer, timedelta(minutes=20))
    assert len(gateway.requests) == 4


@pytest.mark.usefixtures("loaded_entry")
async def test_group_that_is_left_out_did_not_change(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    changes: list[Event[Any]],
) -> None:
    data = {"quota": 6_172_500, "used_quota": 18_827_500}
    gateway.fault = answering(200, {"success": True, "data": data})
    await jump(hass, freezer, UPDATE_INTERVAL)
    gateway.fault = None
    await jump(hass, freezer, UPDATE_INTERVAL)
    assert fired(changes) == []


@pytest.mark.usefixtures("loaded_entry")
async def test_replica_that_lags_shows_nothing_old(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    changes: list[Event[Any]],
) -> None:
    """Also not a group of before: the whole answer is passed over."""
    await jump(hass, freezer, timedelta(days=1))
    account = gateway.account
    before = account.quota, account.used_quota, account.request_count, "default"
    account.leave(UNIT * 3)
    after = account.quota, account.used_quota, account.request_count + 10, "vip"
    for answer in (after, before, before, after):
        account.quota, account.used_quota, account.request_count, account.group = answer
        await jump(hass, freezer, UPDATE_INTERVAL)
        assert state_of(hass, "sensor.example_gateway_balance") == "3.0"
        assert state_of(hass, "sensor.example_gateway_spent_today") == "9.345"
        assert state_of(hass, "sensor.example_gateway_user_group") == "vip"
    assert fired(changes) == [VIP]


@pytest.mark.usefixtures("loaded_entry")
async def test_replica_that_lags_does_not_hide_a_top_up(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    changes: list[Event[Any]],
) -> None:
    """It answers when a second answer is to tell how much it was."""
    account, lagging = gateway.account, replace(gateway.account)
    account.request_count += 10
    await jump(hass, freezer, UPDATE_INTERVAL)
    account.quota += UNIT * 5
    await jump(hass, freezer, UPDATE_INTERVAL)
    gateway.account = lagging
    await jump(hass, freezer, timedelta(seconds=61))
    assert fired(changes) == []
    gateway.account = account
    await jump(hass, freezer, timedelta(seconds=61))
    assert [each["event_type"] for each in fired(changes)] == ["topped_up"]


async def test_replica_that_lags_after_a_restart_fires_nothing(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    changes: list[Event[Any]],
) -> None:
    """There is no better answer to show for a minute; what it says is no change."""
    account, lagging = gateway.account, replace(gateway.account)
    account.request_count += 10
    account.group, account.last_login_at = "vip", 1_763_900_000
    await jump(hass, freezer, UPDATE_INTERVAL)
    gateway.account = lagging
    await reload(hass, loaded_entry)
    assert state_of(hass, "sensor.example_gateway_user_group") == "default"
    gateway.account = account
    await pass_time(hass, freezer, timedelta(seconds=61))
    assert state_of(hass, "sensor.example_gateway_user_group") == "vip"
    assert fired(changes) == [VIP, SIGNED_IN]


@pytest.mark.parametrize(
    ("currency", "points_per_unit", "rise", "amount"),
    [
        ("CNY", 100_000, 750_000, 7.5),
        # Refunds of less than a dollar, whatever they are in yuan, yen or points.
        ("CNY", 68_493, 499_999, None),
        ("JPY", 3_333, 100_000, None),
        ("points", 3_333, 100_000, None),
        # A gateway with points of its own.
        ("USD", 100, 150, 1.5),
        ("USD", 1_000_000, 750_000, None),
    ],
)
async def test_top_up_in_the_unit_of_the_account(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    changes: list[Event[Any]],
    currency: str,
    points_per_unit: float,
    rise: int,
    amount: float | None,
) -> None:
    entry.add_to_hass(hass)
    unit = {CONF_CURRENCY: currency, CONF_POINTS_PER_UNIT: points_per_unit}
    alerts = {CONF_LOW_BALANCE: 1e-6, CONF_CRITICAL_BALANCE: 1e-9}
    hass.config_entries.async_update_entry(entry, options=OPTIONS | unit | alerts)
    await start(hass, entry)
    gateway.account.quota += rise
    await pass_time(hass, freezer, SOON)
    expected = {"event_type": "topped_up", "amount": amount, "currency": currency}
    assert fired(changes) == ([expected] if amount else [])


async def test_what_happened_while_home_assistant_was_off(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    changes: list[Event[Any]],
) -> None:
    """It is fired when Home Assistant has started and automations listen."""
    await hass.config_entries.async_unload(loaded_entry.entry_id)
    freezer.tick(timedelta(days=2))
    gateway.account.leave(100_000)

    hass.set_state(CoreState.starting)
    await start(hass, loaded_entry)
    await pass_time(hass, freezer, timedelta(minutes=6))
    assert state_of(hass, LEVEL) == "critical"
    assert fired(changes) == []

    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await jump(hass, freezer, timedelta(seconds=9))
    assert fired(changes) == []
    await jump(hass, freezer, timedelta(seconds=2))
    assert fired(changes) == [{"event_type": "balance_critical"}]
    await pass_time(hass, freezer, timedelta(minutes=30))
    assert len(fired(changes)) == 1


async def test_reload_in_the_moment_of_an_event(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    changes: list[Event[Any]],
) -> None:
    """Who sees the answer reloads: the event waits for that, and is fired once."""
    await jump(hass, freezer, timedelta(seconds=11))
    save = Store.async_save

    async def take_time(store: Store[Any], data: Any) -> None:
        await save(store, data)
        await asyncio.sleep(0)

    def reload_once() -> None:
        remove()
        hass.config_entries.async_schedule_reload(loaded_entry.entry_id)

    remove = loaded_entry.runtime_data.account.async_add_listener(reload_once)
    gateway.account.leave(0)
    with patch.object(Store, "async_save", take_time):
        await jump(hass, freezer, UPDATE_INTERVAL)
    assert fired(changes) == []
    await jump(hass, freezer, timedelta(seconds=11))
    assert fired(changes) == [{"event_type": "balance_exhausted"}]


async def test_crash_before_an_event_is_fired_loses_nothing(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    changes: list[Event[Any]],
) -> None:
    hass.set_state(CoreState.starting)
    await setup(hass, entry)
    gateway.account.leave(0)
    await jump(hass, freezer, UPDATE_INTERVAL)
    await jump(hass, freezer, SECOND)
    stored = hass_storage[f"{DOMAIN}.{entry.entry_id}"]["data"]
    event: dict[str, Any] = {"type": "balance_exhausted", "attributes": {}}
    assert stored["events"] == [event | {"key_id": None}]

    await crash(hass, entry)
    hass.set_state(CoreState.running)
    await start(hass, entry)
    await jump(hass, freezer, timedelta(seconds=11))
    assert fired(changes) == [{"event_type": "balance_exhausted"}]


async def test_crash_after_an_event_was_fired_does_not_fire_it_again(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    changes: list[Event[Any]],
) -> None:
    gateway.account.leave(0)
    await jump(hass, freezer, UPDATE_INTERVAL)
    await jump(hass, freezer, SECOND)
    await crash(hass, loaded_entry)
    await start(hass, loaded_entry)
    await jump(hass, freezer, timedelta(seconds=11))
    assert fired(changes) == [{"event_type": "balance_exhausted"}]


async def test_crash_between_two_answers_that_raise_an_alert(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    changes: list[Event[Any]],
) -> None:
    """The first one still counts."""
    gateway.account.leave(100_000)
    await jump(hass, freezer, UPDATE_INTERVAL)
    await jump(hass, freezer, SECOND)
    await crash(hass, loaded_entry)
    freezer.tick(timedelta(minutes=4))
    await start(hass, loaded_entry)
    await jump(hass, freezer, timedelta(seconds=11))
    assert fired(changes) == [{"event_type": "balance_critical"}]


@pytest.mark.usefixtures("loaded_entry")
async def test_outage_raises_no_alert_and_hides_none(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    changes: list[Event[Any]],
) -> None:
    gateway.fault = answering(502)
    await pass_time(hass, freezer, timedelta(hours=5))
    assert state_of(hass, LOW) == STATE_UNAVAILABLE
    gateway.fault = None
    await pass_time(hass, freezer, UPDATE_INTERVAL)
    assert fired(changes) == []
    gateway.fault = answering(502)
    await pass_time(hass, freezer, timedelta(hours=5))
    gateway.account.leave(0)
    gateway.fault = None
    await pass_time(hass, freezer, UPDATE_INTERVAL)
    assert fired(changes) == [{"event_type": "balance_exhausted"}]


async def test_account_that_is_low_from_the_start_gives_no_event(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Nothing happened to it; its state is seen all the same."""
    gateway.account.quota = 100_000
    await setup(hass, entry)
    await pass_time(hass, freezer, SOON)
    assert state_of(hass, EVENTS) == STATE_UNKNOWN
    assert state_of(hass, LEVEL) == "critical"


async def test_gateway_that_does_not_say_what_was_spent(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    changes: list[Event[Any]],
) -> None:
    """It has no sensors of spending, and its alerts work."""
    gateway.fault = answering(200, {"success": True, "data": {"quota": 6_000_000}})
    await setup(hass, entry)
    assert not hass.states.get("sensor.example_gateway_spent_today")
    gateway.fault = answering(200, {"success": True, "data": {"quota": 600_000}})
    await pass_time(hass, freezer, SOON)
    assert fired(changes) == [{"event_type": "balance_low"}]


async def test_issue_while_nothing_is_left(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    issue_registry: ir.IssueRegistry,
) -> None:
    key = (DOMAIN, f"balance_exhausted_{loaded_entry.entry_id}")
    gateway.account.leave(1)
    await pass_time(hass, freezer, SOON)
    assert state_of(hass, LEVEL) == "critical"
    assert key not in issue_registry.issues
    gateway.account.leave(0)
    await jump(hass, freezer, UPDATE_INTERVAL)
    issue = issue_registry.issues[key]
    assert issue.severity is ir.IssueSeverity.ERROR
    assert issue.translation_placeholders == {
        "account": "Example Gateway",
        "help_url": help_url("balance_exhausted", "en"),
    }
    assert issue.learn_more_url == gateway.url
    assert not issue.is_fixable

    gateway.account.leave(5 * UNIT)
    await jump(hass, freezer, UPDATE_INTERVAL)
    assert key not in issue_registry.issues

    device = device_of(hass, loaded_entry)
    dr.async_get(hass).async_update_device(device, name_by_user="Work")
    gateway.account.leave(0)
    await jump(hass, freezer, UPDATE_INTERVAL)
    issue = issue_registry.issues[key]
    assert (issue.translation_placeholders or {})["account"] == "Work"
    await hass.config_entries.async_remove(loaded_entry.entry_id)
    assert key not in issue_registry.issues


async def test_issue_that_is_ignored(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    issue_registry: ir.IssueRegistry,
) -> None:
    """It stays ignored over a reload, until there is money, or somebody disables it."""
    issue_id = f"balance_exhausted_{loaded_entry.entry_id}"
    for end in ("money", "disabled"):
        gateway.account.leave(0)
        await jump(hass, freezer, UPDATE_INTERVAL)
        issue_registry.async_ignore(DOMAIN, issue_id, ignore=True)
        for fault in (answering(502), None):
            gateway.fault = fault
            await reload(hass, loaded_entry)
            issue = issue_registry.async_get_issue(DOMAIN, issue_id)
            assert issue
            assert issue.active
            assert issue.dismissed_version
        if end == "money":
            gateway.account.leave(5 * UNIT)
            await jump(hass, freezer, UPDATE_INTERVAL)
        else:
            await hass.config_entries.async_set_disabled_by(
                loaded_entry.entry_id, ConfigEntryDisabler.USER
            )
        assert issue_registry.async_get_issue(DOMAIN, issue_id) is None


@pytest.mark.parametrize(
    "data", [{"status": 2}, {"bonus_quota": 5_000_000}], ids=["disabled", "bonus"]
)
async def test_no_issue_where_a_top_up_is_not_needed_or_helps_nobody(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    issue_registry: ir.IssueRegistry,
    data: dict[str, int],
) -> None:
    gateway.fault = answering(200, {"success": True, "data": {"quota": 0} | data})
    await setup(hass, entry)
    assert state_of(hass, LEVEL) == ("exhausted" if "status" in data else "ok")
    assert not issue_registry.issues


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize("fork", [ONE_API, NEW_API], ids=lambda fork: fork.name)
async def test_restart_leaves_every_entity_as_it_was(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    fork: Fork,
) -> None:
    gateway.fork = fork
    await setup(hass, entry)
    for _ in range(30):
        gateway.account.leave(gateway.account.quota - 10_000)
        await jump(hass, freezer, timedelta(hours=1))
    before = {state.entity_id: state.state for state in hass.states.async_all()}
    await reload(hass, entry)
    assert before == {state.entity_id: state.state for state in hass.states.async_all()}
    unknown = {entity_id for entity_id, state in before.items() if state == "unknown"}
    assert unknown == {
        EVENTS,
        "event.example_gateway_notice",
        "sensor.example_gateway_top_model_today",
    }
