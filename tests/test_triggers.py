"""The triggers of the integration: events of accounts, and limits of one's own."""

from collections.abc import Callable
from copy import replace
from datetime import timedelta
from math import inf, nan
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_service,
)
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.llm_gateway_account.budgets import Alert
from custom_components.llm_gateway_account.const import (
    CONF_CURRENCY,
    DOMAIN,
)
from custom_components.llm_gateway_account.events import (
    EVENT_TYPES,
    KEY_EVENT_TYPES,
    PLAN_EVENT_TYPES,
)
from custom_components.llm_gateway_account.polling import UPDATE_INTERVAL
from custom_components.llm_gateway_account.trigger import TRIGGERS
from homeassistant.const import (
    EVENT_HOMEASSISTANT_STARTED,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import CoreState, HomeAssistant, ServiceCall
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    label_registry as lr,
)
from homeassistant.helpers.trigger import async_get_all_descriptions
from homeassistant.setup import async_setup_component

from .gateway_server import (
    NEW_API_BOARD,
    RIX_API,
    GatewayServer,
    answering,
)
from .helpers import (
    BALANCE,
    device_of,
    jump,
    pass_time,
    second_account,
    setup,
    state_of,
)

SPENT_TODAY = "sensor.example_gateway_spent_today"
EVENTS = "event.example_gateway_account_event"
UNIT = 500_000
# Keys, plans and budgets have tests of their own.
OF_OTHERS = {*KEY_EVENT_TYPES, *PLAN_EVENT_TYPES, *Alert}
OF_ACCOUNTS = [each for each in EVENT_TYPES if each not in OF_OTHERS]
TWO_POLLS = 2 * UPDATE_INTERVAL
OUTAGE = timedelta(minutes=25)


@pytest.fixture(autouse=True)
def noon(freezer: FrozenDateTimeFactory) -> None:
    """Stop the clock at noon, long before the day ends."""
    freezer.move_to("2026-11-23T20:00:00Z")  # in the time zone of the tests


def trigger(key: str, target: dict[str, Any], limit: float | None = None) -> Any:
    """Return a trigger as the editor writes it."""
    config: dict[str, Any] = {"trigger": f"{DOMAIN}.{key}", "target": target}
    if limit is not None:
        config["options"] = {"limit": limit}
    return config


async def automate(hass: HomeAssistant, *triggers: Any) -> list[ServiceCall]:
    """Set up an automation for each trigger, and return what they call."""
    calls = async_mock_service(hass, "test", "automation")
    automations = [
        {
            "id": str(number),
            "alias": f"number {number}",
            "triggers": each,
            "actions": {
                "action": "test.automation",
                "data_template": {
                    "key": "{{ trigger.platform.partition('.')[2] }}",
                    "details": "{{ trigger }}",
                },
            },
        }
        for number, each in enumerate(triggers)
    ]
    assert await async_setup_component(hass, "automation", {"automation": automations})
    await hass.async_block_till_done()
    return calls


def keys(calls: list[ServiceCall]) -> list[str]:
    """Return the keys of the triggers that ran."""
    return [call.data["key"] for call in calls]


def details(call: ServiceCall) -> dict[str, Any]:
    """Return what a trigger has to say of its own."""
    common = {"id", "idx", "alias", "platform", "description", "device_id"}
    every: dict[str, Any] = call.data["details"]
    return {key: value for key, value in every.items() if key not in common}


@pytest.fixture
def target(hass: HomeAssistant, loaded_entry: MockConfigEntry) -> dict[str, Any]:
    """Return the account as a target."""
    return {"device_id": device_of(hass, loaded_entry)}


async def crash(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """End an account without writing what is known of it."""
    with patch(f"custom_components.{DOMAIN}.storage.AccountStorage.async_save"):
        await hass.config_entries.async_unload(entry.entry_id)


async def start(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set an account up again."""
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.parametrize(
    ("target_fn", "missing"),
    [
        (lambda device: {"device_id": device}, set()),
        (lambda _: {"entity_id": EVENTS}, set()),
        (lambda _: {"entity_id": BALANCE}, set(TRIGGERS)),
    ],
)
async def test_what_the_editor_offers(
    hass: HomeAssistant,
    loaded_entry: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
    target_fn: Callable[[str], Any],
    missing: set[str],
) -> None:
    """For an account, and the entity that stands for it."""
    await async_setup_component(hass, "automation", {})
    described = await async_get_all_descriptions(hass)
    own = {key: each for key, each in described.items() if key.startswith(DOMAIN)}
    assert {key.partition(".")[2] for key in own} == set(TRIGGERS)
    assert all(each and each["target"] for each in own.values())
    client = await hass_ws_client(hass)
    await client.send_json_auto_id(
        {
            "type": "get_triggers_for_target",
            "target": target_fn(device_of(hass, loaded_entry)),
        }
    )
    offered = (await client.receive_json())["result"]
    assert {key for key in offered if key.startswith(DOMAIN)} == {
        f"{DOMAIN}.{key}" for key in TRIGGERS if key not in missing
    }


@pytest.mark.usefixtures("recorded")
async def test_every_event_has_a_trigger(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    target: dict[str, Any],
) -> None:
    """It runs once, with what there is to say."""
    calls = await automate(hass, *(trigger(each, target) for each in OF_ACCOUNTS))
    account = gateway.account
    for quota in (900_000, 200_000, 0):
        account.leave(quota)
        await pass_time(hass, freezer, TWO_POLLS)
    account.quota += 20 * UNIT
    account.group, account.last_login_at = "vip", 1_763_900_000
    await pass_time(hass, freezer, TWO_POLLS)
    await pass_time(hass, freezer, timedelta(hours=1))
    account.group_ratio = 2
    await pass_time(hass, freezer, TWO_POLLS)
    gateway.fork = replace(gateway.fork, board=NEW_API_BOARD)
    gateway.operator.check_in_enabled = True
    device = {"device_id": calls[0].data["details"]["device_id"]}
    await hass.services.async_call(DOMAIN, "check_in", device, blocking=True)
    await hass.async_block_till_done()
    assert sorted(keys(calls)) == sorted(OF_ACCOUNTS)
    found = {call.data["key"]: details(call) for call in calls}
    assert found["topped_up"] == {"amount": 20.0, "currency": "USD"}
    assert found["checked_in"] == {"amount": 0.00268, "currency": "USD"}
    assert found["price_changed"] == {"group": "vip", "from": 1, "to": 2}
    assert found["group_changed"] == {"from": "default", "to": "vip"}
    assert found["unusual_spending"]["currency"] == "USD"
    assert found["balance_low"] == {}
    for call in calls:
        assert call.data["details"]["device_id"] == target["device_id"]


async def test_targets(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
    area_registry: ar.AreaRegistry,
    label_registry: lr.LabelRegistry,
) -> None:
    """Whatever holds an account or one of its entities, from when on it holds it."""
    study = area_registry.async_create("Study")
    work, event, nobody = map(label_registry.async_create, ("Work", "Event", "Nobody"))
    device = device_of(hass, loaded_entry)
    device_registry.async_update_device(device, area_id=study.id)
    entity_registry.async_update_entity(EVENTS, labels={event.label_id})
    calls = await automate(
        hass,
        *(
            trigger("group_changed", each)
            for each in (
                {"device_id": device, "entity_id": BALANCE},
                {"entity_id": EVENTS},
                {"area_id": study.id},
                {"label_id": work.label_id},
                {"label_id": event.label_id},
                {"label_id": nobody.label_id},
                {"entity_id": "sensor.gone"},
                {"device_id": "gone"},
            )
        ),
    )
    device_registry.async_update_device(device, labels={work.label_id})
    gateway.account.group = "vip"
    await jump(hass, freezer, UPDATE_INTERVAL)
    assert sorted(call.data["details"]["idx"] for call in calls) == ["0"] * 5
    ran = sorted(call.data["details"]["alias"] or "" for call in calls)
    assert len(ran) == 5


async def test_each_account_has_its_own_events(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    target: dict[str, Any],
) -> None:
    """One trigger may be for several; each has its own side of a limit."""
    entry = second_account(gateway, loaded_entry)
    (other,) = gateway.more_accounts
    await setup(hass, entry)
    both = [target["device_id"], device_of(hass, entry)]
    calls = await automate(
        hass,
        trigger("balance_below", {"device_id": both}, 5),
        trigger("balance_below", target, 5),
        trigger("topped_up", {"device_id": both}),
    )
    other.leave(2 * UNIT)
    await pass_time(hass, freezer, TWO_POLLS)
    assert [call.data["details"]["device_id"] for call in calls] == [both[1]]
    gateway.account.leave(2 * UNIT)
    await pass_time(hass, freezer, TWO_POLLS)
    assert [call.data["details"]["device_id"] for call in calls] == [
        both[1],
        *both[:1] * 2,
    ]
    calls.clear()
    other.quota += 20 * UNIT
    await pass_time(hass, freezer, TWO_POLLS)
    other.leave(2 * UNIT)
    await pass_time(hass, freezer, TWO_POLLS)
    assert keys(calls) == ["topped_up", "balance_below"]


# The account has 12.345 left, and spends what it has not any more.
@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    ("key", "limit", "balances", "expected"),
    [
        # It is not below at the limit itself.
        ("balance_below", 5, [5, 5], []),
        ("balance_below", 5, [4.99, 4.99, 4.98, 1], [4.99]),
        # A long request that is paid in advance.
        ("balance_below", 5, [4.9, 5.1, 4.9, 5.1], []),
        # Nothing left is not a dip.
        ("balance_below", 5, [0], [0]),
        # Again after it was a tenth above, or after a top-up.
        ("balance_below", 5, [4.9, 4.9, 5.4, 5.4, 4.8, 4.8], [4.9]),
        ("balance_below", 5, [4.9, 4.9, 5.5, 5.5, 4.8, 4.8], [4.9, 4.8]),
        ("balance_below", 5, [3.9, 3.9, 5.2, 5.2, 4, 4], [3.9, 4]),
        # It was below before.
        ("balance_below", 20, [11, 11], []),
        ("spent_today_above", 2, [10.345, 10.345], []),
        ("spent_today_above", 2, [10, 9, 8], [2.345]),
        ("spent_this_month_above", 2, [10, 9, 8], [2.345]),
        ("days_remaining_below", 3, [3.5, 3.5, 3.5, 3.5], [2.8]),
    ],
)
async def test_limit_of_ones_own(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    target: dict[str, Any],
    key: str,
    limit: float,
    balances: list[float],
    expected: list[float],
) -> None:
    """It runs once when the limit is passed for good."""
    calls = await automate(hass, trigger(key, target, limit))
    # The average is taken once an hour.
    step = timedelta(hours=1) if key == "days_remaining_below" else UPDATE_INTERVAL
    for balance in balances:
        gateway.account.leave(round(balance * UNIT))
        await jump(hass, freezer, step)
    assert [details(call)["value"] for call in calls] == pytest.approx(expected)
    for call in calls:
        unit = {} if key == "days_remaining_below" else {"currency": "USD"}
        assert details(call) == {
            "limit": limit,
            "value": details(call)["value"],
            **unit,
        }


@pytest.mark.usefixtures("recorded")
async def test_new_day_has_a_limit_of_its_own(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    target: dict[str, Any],
) -> None:
    """Also one of which the first answer is past the limit, as it was on the last."""
    calls = await automate(hass, trigger("spent_today_above", target, 2))
    for days in (0, 1, 1):
        await jump(hass, freezer, timedelta(days=days))
        gateway.account.leave(gateway.account.quota - 3 * UNIT)
        await jump(hass, freezer, UPDATE_INTERVAL)
        await jump(hass, freezer, UPDATE_INTERVAL)
    gateway.fault = answering(502)
    await jump(hass, freezer, timedelta(days=1))
    gateway.fault = None
    gateway.account.leave(gateway.account.quota - 3 * UNIT)
    await jump(hass, freezer, UPDATE_INTERVAL)
    assert [details(call)["value"] for call in calls] == [3, 3, 3, 3]


@pytest.mark.parametrize("is_over", [True, False])
async def test_outage(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    target: dict[str, Any],
    is_over: bool,
) -> None:
    """It is no event itself, and hides none."""
    calls = await automate(
        hass,
        *(trigger(each, target) for each in EVENT_TYPES),
        trigger("balance_below", target, 5),
        trigger("days_remaining_below", target, 5),
    )
    gateway.fault = answering(502)
    await pass_time(hass, freezer, OUTAGE)
    assert state_of(hass, BALANCE) == STATE_UNAVAILABLE
    if is_over:
        gateway.account.leave(UNIT)
    gateway.fault = None
    await pass_time(hass, freezer, TWO_POLLS * 2)
    assert state_of(hass, BALANCE) != STATE_UNAVAILABLE
    expected = ["balance_below", "balance_low"] if is_over else []
    assert sorted(keys(calls)) == expected


@pytest.mark.parametrize("end", ["unload", "crash"])
async def test_limit_passed_while_home_assistant_was_off(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    target: dict[str, Any],
    end: str,
) -> None:
    """It runs when automations listen again; once, however often that happens."""
    calls = await automate(hass, trigger("balance_below", target, 5))
    await jump(hass, freezer, UPDATE_INTERVAL)
    for balance, expected in ((4, 1), (3, 1), (5.4, 1), (2, 1), (9, 1), (1, 2)):
        if end == "crash":
            # What is written soon is written by then.
            await jump(hass, freezer, timedelta(minutes=1))
            await crash(hass, loaded_entry)
        else:
            await hass.config_entries.async_unload(loaded_entry.entry_id)
        freezer.tick(timedelta(hours=3))
        account = gateway.account
        account.used_quota += account.quota - round(balance * UNIT)
        account.quota = round(balance * UNIT)
        hass.set_state(CoreState.starting)
        await start(hass, loaded_entry)
        await pass_time(hass, freezer, timedelta(minutes=6))
        waiting = len(calls)
        hass.set_state(CoreState.running)
        hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
        await pass_time(hass, freezer, timedelta(minutes=6))
        assert len(calls) == expected, balance
        assert waiting <= expected


async def test_limit_nobody_has_any_more_is_forgotten(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    target: dict[str, Any],
) -> None:
    """An automation that is switched on again starts from where the balance is."""
    calls = await automate(hass, trigger("balance_below", target, 5))
    coordinator = loaded_entry.runtime_data.account
    assert len(coordinator.storage.state.crossings) == 1
    automation = {"entity_id": "automation.number_0"}
    await hass.services.async_call("automation", "turn_off", automation, blocking=True)
    gateway.account.leave(UNIT)
    await pass_time(hass, freezer, TWO_POLLS)
    assert coordinator.storage.state.crossings == []
    await hass.services.async_call("automation", "turn_on", automation, blocking=True)
    await pass_time(hass, freezer, TWO_POLLS)
    assert calls == []
    gateway.account.quota += 20 * UNIT
    await pass_time(hass, freezer, TWO_POLLS)
    gateway.account.leave(UNIT)
    await pass_time(hass, freezer, TWO_POLLS)
    assert keys(calls) == ["balance_below"]


async def test_limit_while_nothing_is_known_yet(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    target: dict[str, Any],
) -> None:
    """The account is not loaded, then new: nobody knows what it spent this month."""
    await hass.config_entries.async_unload(loaded_entry.entry_id)
    calls = await automate(
        hass,
        trigger("balance_below", target, 5),
        trigger("spent_this_month_above", target, 5),
    )
    await start(hass, loaded_entry)
    await pass_time(hass, freezer, TWO_POLLS)
    gateway.account.leave(UNIT)
    await pass_time(hass, freezer, TWO_POLLS)
    assert keys(calls) == ["balance_below"]


async def test_limit_in_the_unit_of_the_account(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """With the bonus of gateways that have one, which is spent like the rest."""
    gateway.fork = RIX_API
    gateway.account.bonus_quota = 500_000
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(
        entry, options={**entry.options, CONF_CURRENCY: "points"}
    )
    await start(hass, entry)
    calls = await automate(
        hass,
        trigger("balance_below", {"device_id": device_of(hass, entry)}, 5_000_000),
    )
    gateway.account.leave(4_500_000)
    await pass_time(hass, freezer, TWO_POLLS)
    assert calls == []
    gateway.account.leave(4_000_000)
    await pass_time(hass, freezer, TWO_POLLS)
    (call,) = calls
    assert details(call) == {
        "limit": 5_000_000,
        "value": 4_500_000,
        "currency": "points",
    }


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (trigger("balance_low", {}) | {"target": None}, "target"),
        (trigger("balance_below", {"device_id": "any"}), "limit"),
        (trigger("balance_below", {"device_id": "any"}, -1), "limit"),
        (trigger("balance_below", {"device_id": "any"}, inf), "limit"),
        (trigger("balance_below", {"device_id": "any"}, nan), "limit"),
        (trigger("balance_low", {"device_id": "any"}, 5), "limit"),
        (trigger("balance_lower", {"device_id": "any"}), "balance_lower"),
    ],
)
@pytest.mark.usefixtures("loaded_entry")
async def test_mistake_in_yaml(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, config: Any, message: str
) -> None:
    """Home Assistant says so, instead of an automation that never runs."""
    if config["target"] is None:
        del config["target"]
    await automate(hass, config)
    assert state_of(hass, "automation.number_0") == STATE_UNAVAILABLE
    (line,) = [
        each.getMessage()
        for each in caplog.records
        if "failed to setup triggers" in each.getMessage()
    ]
    assert message in line


async def test_figure_that_is_not_known_any_more(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    target: dict[str, Any],
) -> None:
    """The home moves to where the day began before the account was added."""
    await jump(hass, freezer, timedelta(hours=13))
    assert state_of(hass, SPENT_TODAY) == "0.0"
    calls = await automate(hass, trigger("spent_today_above", target, 2))
    await hass.config.async_update(time_zone="Pacific/Auckland")
    gateway.account.leave(gateway.account.quota - 3 * UNIT)
    await jump(hass, freezer, UPDATE_INTERVAL)
    assert state_of(hass, SPENT_TODAY) == STATE_UNKNOWN
    assert calls == []
    await jump(hass, freezer, timedelta(hours=12))
    gateway.account.leave(gateway.account.quota - 3 * UNIT)
    await jump(hass, freezer, UPDATE_INTERVAL)
    assert [details(call)["value"] for call in calls] == [3]
