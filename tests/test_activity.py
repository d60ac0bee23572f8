"""What happened to an account: told once, in time, over restarts and outages."""

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
    CONF_ALLOW_UNENCRYPTED,
    CONF_CRITICAL_BALANCE,
    CONF_CURRENCY,
    CONF_LOW_BALANCE,
    CONF_POINTS_PER_UNIT,
    CONF_USER_ID,
    DOMAIN,
    SECTION_ADVANCED,
)
from custom_components.llm_gateway_account.coordinator import UPDATE_INTERVAL
from custom_components.llm_gateway_account.spending import Ledger
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.const import (
    CONF_ACCESS_TOKEN,
    CONF_URL,
    CONF_VERIFY_SSL,
    EVENT_HOMEASSISTANT_STARTED,
    EVENT_STATE_CHANGED,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import CoreState, Event, HomeAssistant
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.util import dt as dt_util

from .conftest import OPTIONS
from .gateway_server import NEW_API, ONE_API, GatewayServer, ServerAccount, answering
from .helpers import jump, own_log, pass_time, setup, state_of

ACTIVITY = "event.example_gateway_activity"
LEVEL = "sensor.example_gateway_balance_level"
LOW = "binary_sensor.example_gateway_low_balance"
UNIT = 500_000

# What is stored of an account that was never seen.
STORED: dict[str, Any] = {
    "ledger": Ledger().as_dict(),
    "group": None,
    "last_login_at": None,
    "activities": [],
}


@pytest.fixture(autouse=True)
def noon(freezer: FrozenDateTimeFactory) -> None:
    """Stop the clock at noon, long before the day ends."""
    freezer.move_to("2026-11-23T20:00:00Z")  # in the time zone of the tests


def told(events: list[Event[Any]]) -> list[dict[str, Any]]:
    """Return what the event entity told, without what is said of every event."""
    result: list[dict[str, Any]] = []
    last = None
    for event in events:
        state = event.data["new_state"]
        if event.data["entity_id"] != ACTIVITY or state is None:
            continue
        if state.state in {STATE_UNAVAILABLE, STATE_UNKNOWN}:
            continue
        # In older releases two events of one moment share a state.
        if (state.state, state.attributes["event_type"]) == last:
            continue
        last = state.state, state.attributes["event_type"]
        result.append(
            {
                key: value
                for key, value in state.attributes.items()
                if key not in {"event_types", "friendly_name"}
            }
        )
    return result


@pytest.mark.parametrize(
    ("change", "news"),
    [
        ({"quota": 900_000, "used_quota": 24_100_000}, [{"event_type": "balance_low"}]),
        (
            {"quota": 200_000, "used_quota": 24_800_000},
            [{"event_type": "balance_critical"}],
        ),
        ({"quota": 0, "used_quota": 25_000_000}, [{"event_type": "balance_exhausted"}]),
        (
            {"quota": 6_172_500 + 5 * UNIT},
            [{"event_type": "topped_up", "amount": 5.0, "currency": "USD"}],
        ),
        (
            {"group": "vip"},
            [{"event_type": "group_changed", "from": "default", "to": "vip"}],
        ),
        (
            {"last_login_at": 1_763_900_000},
            [
                {
                    "event_type": "signed_in",
                    "last_login_at": "2025-11-23T12:13:20+00:00",
                }
            ],
        ),
        (
            {
                "group": "vip",
                "last_login_at": 1_763_900_000,
                "quota": 100,
                "used_quota": 24_999_900,
            },
            [
                {"event_type": "balance_critical"},
                {"event_type": "group_changed", "from": "default", "to": "vip"},
                {
                    "event_type": "signed_in",
                    "last_login_at": "2025-11-23T12:13:20+00:00",
                },
            ],
        ),
        ({"quota": 6_172_400, "used_quota": 18_827_600, "request_count": 4243}, []),
        ({"last_login_at": 1_763_700_000}, []),
        ({"last_login_at": 0}, []),
    ],
)
async def test_activity(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    change: dict[str, Any],
    news: list[dict[str, Any]],
) -> None:
    """Each is told once, when it is seen, and never again."""
    assert state_of(hass, ACTIVITY) == STATE_UNKNOWN
    events = async_capture_events(hass, EVENT_STATE_CHANGED)
    for key, value in change.items():
        setattr(gateway.account, key, value)
    await jump(hass, freezer, UPDATE_INTERVAL)
    assert told(events) == news
    await pass_time(hass, freezer, timedelta(hours=1))
    await hass.config_entries.async_reload(loaded_entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await pass_time(hass, freezer, timedelta(hours=1))
    assert told(events) == news


async def test_group_that_is_left_out_did_not_change(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    events = async_capture_events(hass, EVENT_STATE_CHANGED)
    data = {"quota": 6_172_500, "used_quota": 18_827_500}
    gateway.fault = answering(200, {"success": True, "data": data})
    await jump(hass, freezer, UPDATE_INTERVAL)
    gateway.fault = None
    await jump(hass, freezer, UPDATE_INTERVAL)
    assert told(events) == []


async def test_level_falls_and_recovers(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A tenth above the limit, or a top-up, ends an alert; hovering gives none."""
    events = async_capture_events(hass, EVENT_STATE_CHANGED)
    seen = []
    for balance in (1.99, 2.1, 1.99, 2.3, 0.4, -0.1, 2.1, 1.9):
        gateway.account.leave(round(balance * UNIT))
        await jump(hass, freezer, UPDATE_INTERVAL)
        seen.append((state_of(hass, LEVEL), state_of(hass, LOW)))
    assert seen == [
        ("low", "on"),
        ("low", "on"),
        ("low", "on"),
        # A refund of a third of a unit, which is no top-up.
        ("ok", "off"),
        ("critical", "on"),
        ("exhausted", "on"),
        ("ok", "off"),
        ("low", "on"),
    ]
    assert [each["event_type"] for each in told(events)] == [
        "balance_low",
        "balance_recovered",
        "balance_critical",
        "balance_exhausted",
        "topped_up",
        "balance_recovered",
        "balance_low",
    ]


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
    currency: str,
    points_per_unit: float,
    rise: int,
    amount: float | None,
) -> None:
    entry.add_to_hass(hass)
    unit = {CONF_CURRENCY: currency, CONF_POINTS_PER_UNIT: points_per_unit}
    alerts = {CONF_LOW_BALANCE: 1e-6, CONF_CRITICAL_BALANCE: 1e-9}
    hass.config_entries.async_update_entry(entry, options=OPTIONS | unit | alerts)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    events = async_capture_events(hass, EVENT_STATE_CHANGED)
    gateway.account.quota += rise
    await jump(hass, freezer, UPDATE_INTERVAL)
    expected = {"event_type": "topped_up", "amount": amount, "currency": currency}
    assert told(events) == ([expected] if amount else [])


async def test_what_happened_while_home_assistant_was_off(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """It is told when Home Assistant has started and automations listen."""
    await setup(hass, entry)
    await hass.config_entries.async_unload(entry.entry_id)
    freezer.tick(timedelta(days=2))
    gateway.account.leave(100_000)

    events = async_capture_events(hass, EVENT_STATE_CHANGED)
    hass.set_state(CoreState.starting)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await pass_time(hass, freezer, timedelta(minutes=6))
    assert state_of(hass, LEVEL) == "critical"
    assert told(events) == []

    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await hass.async_block_till_done()
    assert told(events) == []
    await jump(hass, freezer, timedelta(seconds=11))
    assert told(events) == [{"event_type": "balance_critical"}]
    await pass_time(hass, freezer, timedelta(minutes=30))
    assert len(told(events)) == 1


async def test_crash_before_it_was_told_loses_nothing(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    hass.set_state(CoreState.starting)
    await setup(hass, entry)
    gateway.account.leave(100_000)
    await jump(hass, freezer, UPDATE_INTERVAL)
    await jump(hass, freezer, timedelta(seconds=1))
    (pending,) = hass_storage[f"{DOMAIN}.{entry.entry_id}"]["data"]["activities"]
    assert pending == {"type": "balance_critical", "attributes": {}}

    with patch(f"custom_components.{DOMAIN}.tracker.AccountTracker.async_save"):
        await hass.config_entries.async_unload(entry.entry_id)
    hass.set_state(CoreState.running)
    events = async_capture_events(hass, EVENT_STATE_CHANGED)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await jump(hass, freezer, timedelta(seconds=11))
    assert told(events) == [{"event_type": "balance_critical"}]


async def test_crash_after_it_was_told_does_not_tell_it_again(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    events = async_capture_events(hass, EVENT_STATE_CHANGED)
    gateway.account.leave(100_000)
    await jump(hass, freezer, UPDATE_INTERVAL)
    await jump(hass, freezer, timedelta(seconds=1))
    with patch(f"custom_components.{DOMAIN}.tracker.AccountTracker.async_save"):
        await hass.config_entries.async_unload(loaded_entry.entry_id)
    await hass.config_entries.async_setup(loaded_entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await jump(hass, freezer, timedelta(seconds=11))
    assert told(events) == [{"event_type": "balance_critical"}]


async def test_outage_raises_no_alert_and_hides_none(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    events = async_capture_events(hass, EVENT_STATE_CHANGED)
    gateway.fault = answering(502)
    await pass_time(hass, freezer, timedelta(hours=5))
    assert state_of(hass, LOW) == STATE_UNAVAILABLE
    gateway.fault = None
    await pass_time(hass, freezer, UPDATE_INTERVAL)
    assert told(events) == []
    gateway.fault = answering(502)
    await pass_time(hass, freezer, timedelta(hours=5))
    gateway.account.leave(0)
    gateway.fault = None
    await pass_time(hass, freezer, UPDATE_INTERVAL)
    assert told(events) == [{"event_type": "balance_exhausted"}]


async def test_account_that_is_low_from_the_start_gives_no_event(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Nothing happened to it; its state is seen all the same."""
    gateway.account.quota = 100_000
    await setup(hass, entry)
    await pass_time(hass, freezer, timedelta(minutes=6))
    assert state_of(hass, ACTIVITY) == STATE_UNKNOWN
    assert state_of(hass, LEVEL) == "critical"


@pytest.mark.usefixtures("every_entity_enabled")
async def test_forecast(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Nothing for a day; then what the average of that day leads to."""
    names = ("average_daily_spending", "days_remaining", "runs_out")
    for _ in range(23):
        gateway.account.quota -= 50_000
        gateway.account.used_quota += 50_000
        await jump(hass, freezer, timedelta(hours=1))
    for name in names:
        assert state_of(hass, f"sensor.example_gateway_{name}") == STATE_UNKNOWN
    for _ in range(2):
        gateway.account.quota -= 50_000
        gateway.account.used_quota += 50_000
        await jump(hass, freezer, timedelta(hours=1))
    average = float(state_of(hass, "sensor.example_gateway_average_daily_spending"))
    assert average == pytest.approx(2.4)
    days = float(state_of(hass, "sensor.example_gateway_days_remaining"))
    assert days == pytest.approx((12.345 - 2.5) / 2.4, abs=0.06)
    runs_out = dt_util.parse_datetime(state_of(hass, "sensor.example_gateway_runs_out"))
    assert runs_out
    assert abs(runs_out - dt_util.utcnow() - timedelta(days=days)) < timedelta(hours=3)
    assert state_of(hass, "sensor.example_gateway_spent_today") == "1.3"
    state = hass.states.get("sensor.example_gateway_spent_today")
    assert state
    assert state.attributes["last_reset"] == "2026-11-24T00:00:00-08:00"


async def test_issue_while_nothing_is_left(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    issue_registry: ir.IssueRegistry,
) -> None:
    key = (DOMAIN, f"balance_exhausted_{loaded_entry.entry_id}")
    gateway.account.leave(1)
    await jump(hass, freezer, UPDATE_INTERVAL)
    assert key not in issue_registry.issues
    gateway.account.leave(0)
    await jump(hass, freezer, UPDATE_INTERVAL)
    issue = issue_registry.issues[key]
    assert issue.severity is ir.IssueSeverity.ERROR
    assert issue.translation_placeholders == {"account": "Example Gateway"}
    assert issue.learn_more_url == gateway.url
    assert not issue.is_fixable

    gateway.account.leave(5 * UNIT)
    await jump(hass, freezer, UPDATE_INTERVAL)
    assert key not in issue_registry.issues

    (device,) = dr.async_entries_for_config_entry(
        dr.async_get(hass), loaded_entry.entry_id
    )
    dr.async_get(hass).async_update_device(device.id, name_by_user="Work")
    gateway.account.leave(0)
    await jump(hass, freezer, UPDATE_INTERVAL)
    assert issue_registry.issues[key].translation_placeholders == {"account": "Work"}
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
    entries = hass.config_entries
    for end in ("money", "disabled"):
        gateway.account.leave(0)
        await jump(hass, freezer, UPDATE_INTERVAL)
        issue_registry.async_ignore(DOMAIN, issue_id, ignore=True)
        for fault in (answering(502), None):
            gateway.fault = fault
            await entries.async_reload(loaded_entry.entry_id)
            await hass.async_block_till_done(wait_background_tasks=True)
            issue = issue_registry.async_get_issue(DOMAIN, issue_id)
            assert issue
            assert issue.active
            assert issue.dismissed_version
        if end == "money":
            gateway.account.leave(5 * UNIT)
            await jump(hass, freezer, UPDATE_INTERVAL)
        else:
            await entries.async_set_disabled_by(
                loaded_entry.entry_id, ConfigEntryDisabler.USER
            )
        assert issue_registry.async_get_issue(DOMAIN, issue_id) is None


async def test_no_issue_while_a_subscription_pays(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    issue_registry: ir.IssueRegistry,
) -> None:
    """Three times something was spent although nothing was left."""
    gateway.account.leave(0)
    await pass_time(hass, freezer, timedelta(hours=25))
    assert state_of(hass, "sensor.example_gateway_days_remaining") == "0"
    for _ in range(3):
        assert issue_registry.issues
        gateway.account.used_quota += UNIT
        await jump(hass, freezer, UPDATE_INTERVAL)
    assert not issue_registry.issues
    await hass.config_entries.async_reload(loaded_entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not issue_registry.issues
    assert state_of(hass, LEVEL) == "exhausted"
    assert state_of(hass, "sensor.example_gateway_days_remaining") == STATE_UNKNOWN


async def test_no_issue_where_nobody_can_top_up(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    issue_registry: ir.IssueRegistry,
) -> None:
    data = {"quota": 0, "status": 2}
    gateway.fault = answering(200, {"success": True, "data": data})
    await setup(hass, entry)
    assert state_of(hass, LEVEL) == "exhausted"
    assert not issue_registry.issues


async def test_history_is_written_and_read_again(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Written at once at first and once an hour, and when it is unloaded."""
    key = f"{DOMAIN}.{loaded_entry.entry_id}"
    await jump(hass, freezer, timedelta(seconds=1))
    first = hass_storage[key]["data"]["ledger"]["spent"]
    assert first == 0
    gateway.account.used_quota += 250_000
    gateway.account.quota -= 250_000
    await jump(hass, freezer, UPDATE_INTERVAL)
    assert state_of(hass, "sensor.example_gateway_spent_today") == "0.5"
    await hass.config_entries.async_unload(loaded_entry.entry_id)
    assert hass_storage[key]["data"]["ledger"]["spent"] == 250_000
    assert hass_storage[key]["data"]["group"] == "default"
    await hass.config_entries.async_setup(loaded_entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert state_of(hass, "sensor.example_gateway_spent_today") == "0.5"
    await hass.config_entries.async_remove(loaded_entry.entry_id)
    assert key not in hass_storage


async def test_power_cut_before_midnight(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """What was shown on one day does not count on the next one too."""
    await jump(hass, freezer, timedelta(hours=11, minutes=6))
    for _ in range(10):
        gateway.account.leave(gateway.account.quota - 50_000)
        await pass_time(hass, freezer, UPDATE_INTERVAL)
    assert dt_util.now().strftime("%H:%M") == "23:56"
    assert state_of(hass, "sensor.example_gateway_spent_today") == "1.0"
    await pass_time(hass, freezer, timedelta(minutes=3))
    with patch(f"custom_components.{DOMAIN}.tracker.AccountTracker.async_save"):
        await hass.config_entries.async_unload(loaded_entry.entry_id)
    freezer.tick(timedelta(minutes=20))
    gateway.account.leave(gateway.account.quota - 250_000)
    await hass.config_entries.async_setup(loaded_entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert state_of(hass, "sensor.example_gateway_spent_today") == "0.5"


async def test_history_is_written_when_home_assistant_stops(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    gateway.account.used_quota += 1000
    await loaded_entry.runtime_data.account.async_refresh()
    await hass.async_stop(force=True)
    data = hass_storage[f"{DOMAIN}.{loaded_entry.entry_id}"]["data"]
    assert data["ledger"]["spent"] == 1000


async def test_history_without_anything_can_be_read(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    key = f"{DOMAIN}.{entry.entry_id}"
    hass_storage[key] = {"key": key, "version": 1, "minor_version": 1, "data": STORED}
    await setup(hass, entry)
    assert own_log(caplog) == []


async def test_other_account_at_the_same_entry(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Nothing is compared with the one before; what was spent stays counted."""
    for _ in range(100):
        gateway.account.leave(gateway.account.quota - 10_000)
        await jump(hass, freezer, timedelta(hours=1))
    spent = state_of(hass, "sensor.example_gateway_spent_this_month")
    assert spent == "2.0"
    events = async_capture_events(hass, EVENT_STATE_CHANGED)
    other = ServerAccount(
        id=4712,
        access_token="other",
        quota=600_000,
        used_quota=90_000_000,
        group="vip",
        last_login_at=gateway.account.last_login_at + 60,
    )
    gateway.more_accounts.append(other)
    form = await loaded_entry.start_reconfigure_flow(hass)
    answer = {
        CONF_URL: gateway.url,
        CONF_USER_ID: "4712",
        CONF_ACCESS_TOKEN: "other",
        SECTION_ADVANCED: {CONF_VERIFY_SSL: True, CONF_ALLOW_UNENCRYPTED: False},
    }
    result = await hass.config_entries.flow.async_configure(form["flow_id"], answer)
    assert result["reason"] == "reconfigure_successful"
    await pass_time(hass, freezer, timedelta(minutes=6))
    assert state_of(hass, LEVEL) == "low"
    assert state_of(hass, "sensor.example_gateway_spent_this_month") == spent
    assert told(events) == []
    other.leave(100_000)
    await pass_time(hass, freezer, UPDATE_INTERVAL)
    assert state_of(hass, "sensor.example_gateway_spent_this_month") == "3.0"
    assert [each["event_type"] for each in told(events)] == [
        "balance_critical",
        "unusual_spending",
    ]


async def test_moved_gateway_is_the_same_account(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    gateway.account.leave(900_000)
    await jump(hass, freezer, UPDATE_INTERVAL)
    events = async_capture_events(hass, EVENT_STATE_CHANGED)
    hass.config_entries.async_update_entry(
        loaded_entry,
        data={**loaded_entry.data, CONF_URL: f"{gateway.url}/", CONF_ACCESS_TOKEN: "x"},
    )
    gateway.account.access_token = "x"
    gateway.account.leave(100_000)
    await hass.config_entries.async_reload(loaded_entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await jump(hass, freezer, timedelta(seconds=11))
    assert told(events)[-1] == {"event_type": "balance_critical"}
    assert state_of(hass, "sensor.example_gateway_spent_today") == "12.145"


@pytest.mark.parametrize(
    "stored",
    [
        {"version": 1, "data": {"ledger": {}}},
        {"version": 1, "data": {"ledger": None, "activities": []}},
        {"version": 1, "data": ["nonsense"]},
        {"version": 1, "data": {**STORED, "ledger": {"used_quota": "much"}}},
        {"version": 1, "data": {**STORED, "group": ["x"]}},
        {"version": 1, "data": {**STORED, "last_login_at": 1e300}},
        {"version": 1, "data": {**STORED, "last_login_at": "yesterday"}},
        {"version": 1, "data": {**STORED, "activities": [{"type": "x"}]}},
        {"version": 2, "data": {"what": "a newer version wrote"}},
    ],
)
async def test_history_that_cannot_be_read(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    stored: dict[str, Any],
) -> None:
    """One line in the log; the account works; a newer version's file is kept."""
    key = f"{DOMAIN}.{entry.entry_id}"
    hass_storage[key] = {"key": key, "minor_version": 1, **stored}
    await setup(hass, entry)
    assert state_of(hass, LEVEL) == "ok"
    assert len(own_log(caplog)) == 1
    assert "cannot be read and starts anew" in own_log(caplog)[0]
    await pass_time(hass, freezer, timedelta(minutes=10))
    await hass.config_entries.async_unload(entry.entry_id)
    is_newer = stored["version"] == 2
    assert (hass_storage[key]["data"] == stored["data"]) is is_newer


async def test_history_that_cannot_be_read_is_told_once(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not at each retry of a set-up that fails."""
    key = f"{DOMAIN}.{entry.entry_id}"
    hass_storage[key] = {"key": key, "version": 1, "minor_version": 1, "data": ["x"]}
    gateway.fault = answering(502)
    await setup(hass, entry)
    await pass_time(hass, freezer, timedelta(minutes=10))
    assert len(gateway.requests) > 3
    told = [each for each in own_log(caplog) if "cannot be read" in each]
    assert len(told) == 1


async def test_gateway_that_tells_nothing_of_the_spending(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """It has no sensors of spending, and its alerts work."""
    gateway.fault = answering(200, {"success": True, "data": {"quota": 6_000_000}})
    await setup(hass, entry)
    assert not entity_registry.async_get("sensor.example_gateway_spent_today")
    events = async_capture_events(hass, EVENT_STATE_CHANGED)
    gateway.fault = answering(200, {"success": True, "data": {"quota": 600_000}})
    await jump(hass, freezer, UPDATE_INTERVAL)
    assert told(events) == [{"event_type": "balance_low"}]


@pytest.mark.parametrize("fork", [ONE_API, NEW_API], ids=lambda fork: fork.name)
async def test_restart_leaves_every_entity_as_it_was(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    fork: Any,
) -> None:
    gateway.fork = fork
    await setup(hass, entry)
    for _ in range(30):
        gateway.account.quota -= 10_000
        gateway.account.used_quota += 10_000
        await jump(hass, freezer, timedelta(hours=1))
    before = {state.entity_id: state.state for state in hass.states.async_all()}
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert before == {state.entity_id: state.state for state in hass.states.async_all()}
    unknown = {entity_id for entity_id, state in before.items() if state == "unknown"}
    assert unknown == {ACTIVITY, "binary_sensor.example_gateway_unusual_spending"}
