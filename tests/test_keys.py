"""The API keys of an account: which have a device, and when their list is read."""

from copy import replace
from datetime import timedelta
from typing import Any

from aiohttp import web
from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_get_device_automations,
)
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.llm_gateway_account import async_remove_config_entry_device
from custom_components.llm_gateway_account.const import (
    CONF_CHOSEN_KEYS,
    CONF_CURRENCY,
    CONF_NEW_KEYS,
)
from homeassistant.components.device_automation import DeviceAutomationType
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.service import async_get_all_descriptions
from homeassistant.setup import async_setup_component

from .faults import ONE_OF_EACH_KIND
from .gateway_books import DAY
from .gateway_keys import DISABLED, KEYS
from .gateway_server import (
    FORKS,
    INDEX_HTML,
    NEW_API,
    ONE_API,
    ONE_HUB,
    Fork,
    GatewayServer,
    Handler,
    answering,
)
from .helpers import balance, copy_of, get_account, jump, own_log, setup, state_of
from .keys import (
    HOUR,
    NOON,
    QUARTER,
    asked,
    change_options,
    devices,
    half_a_list,
    reload,
    sensor,
    show,
    value,
    wait,
)
from .watching import issues, loud


@pytest.fixture(autouse=True)
def noon(gateway: GatewayServer, freezer: FrozenDateTimeFactory) -> None:
    """Stop the clock, at a gateway that has whatever keys can be."""
    freezer.move_to(NOON)
    gateway.fork = NEW_API


async def use(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    number: int = 1,
    quota: int = 500_000,
) -> None:
    """Let a key pay for a request, and wait until that is seen."""
    keys, fork = gateway.keys, gateway.fork
    assert fork.keys
    keys.use(keys.by_id[number], fork.keys, quota)
    await wait(hass, freezer, QUARTER)


# Which keys have a device


async def test_no_key_by_default(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Nothing is asked, and nothing is there."""
    gateway.keys.create("laptop")
    await setup(hass, entry)
    for _ in range(3):
        await use(hass, gateway, freezer)
    await jump(hass, freezer, timedelta(days=2))
    assert not asked(gateway)
    assert devices(hass, entry) == {}


@pytest.mark.parametrize("fork", FORKS, ids=lambda fork: fork.name)
async def test_keys_of_every_fork(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry, fork: Fork
) -> None:
    gateway.fork = fork
    keys = gateway.keys
    keys.create("laptop", remain_quota=1_000_000)
    keys.create("agent")
    keys.create("phone", status=DISABLED)
    keys.create("guest", remain_quota=1_000_000, expired_time=NOON.timestamp() - 1)
    keys.create("car", remain_quota=-5)
    show(entry)
    await setup(hass, entry)
    assert devices(hass, entry) == {
        1: "laptop",
        2: "agent",
        3: "phone",
        4: "guest",
        5: "car",
    }
    statuses = {
        name: value(hass, name, "status") for name in devices_named(hass, entry)
    }
    assert statuses == {
        "laptop": "active",
        "agent": "active",
        "phone": "disabled",
        "guest": "expired",
        "car": "used_up",
    }
    assert value(hass, "laptop", "remaining") == "2.0"
    assert value(hass, "car", "remaining") == "-1e-05"
    # A key without a limit has nothing that remains.
    assert value(hass, "agent", "remaining") is None
    account = dr.async_get(hass).async_get_device_by_identifier(
        (entry.domain, entry.entry_id), entry.entry_id
    )
    assert account
    children = dr.async_entries_for_parent_device(dr.async_get(hass), account.id)
    assert len(children) == 5
    assert "/api/token/playground" not in gateway.paths()


def devices_named(hass: HomeAssistant, entry: MockConfigEntry) -> list[str]:
    return [str(name) for name in devices(hass, entry).values()]


@pytest.mark.usefixtures("every_entity_enabled")
@pytest.mark.parametrize("fork", FORKS, ids=lambda fork: fork.name)
async def test_what_is_known_of_a_key(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    fork: Fork,
) -> None:
    """What always stands still is not there."""
    gateway.fork = fork
    ends, made = NOON.timestamp() + 30 * DAY, {"created_time": NOON.timestamp() - DAY}
    gateway.keys.create(
        "laptop", remain_quota=1_000_000, expired_time=ends, group="vip", **made
    )
    gateway.keys.create("agent", **made)
    show(entry)
    await setup(hass, entry)
    for number in (1, 2):
        await use(hass, gateway, freezer, number)
    assert fork.keys
    registry = er.async_get(hass)
    kept = {
        each.unique_id.removeprefix(f"{entry.entry_id}_key_")
        for each in er.async_entries_for_config_entry(registry, entry.entry_id)
        if "_key_" in each.unique_id
    }
    always = {"status", "spent_today", "expires"}
    group = set() if fork is ONE_API else {"group"}
    counted = {"used", "last_used"} if fork.keys.counts_unlimited else set()
    assert kept == {
        *(f"1_{each}" for each in always | group | {"remaining", "used", "last_used"}),
        *(f"2_{each}" for each in always | group | counted),
    }
    assert value(hass, "laptop", "remaining") == "1.0"
    assert value(hass, "laptop", "total_spent") == "1.0"
    assert value(hass, "laptop", "spent_today") == "1.0"
    assert value(hass, "agent", "spent_today") == "1.0"
    assert value(hass, "laptop", "last_used") == NOON.isoformat()
    assert value(hass, "laptop", "expires") == (NOON + timedelta(days=30)).isoformat()
    assert value(hass, "agent", "expires") == STATE_UNKNOWN
    if group:
        assert value(hass, "laptop", "user_group") == "vip"
        # That of the account, where it tells one.
        own = "default" if "group" in fork.body(gateway.account) else STATE_UNKNOWN
        assert value(hass, "agent", "user_group") == own
    if counted:
        assert value(hass, "agent", "total_spent") == "1.0"


async def test_what_is_on_by_default(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    gateway.keys.create("laptop", remain_quota=1_000_000)
    show(entry)
    await setup(hass, entry)
    found = {each for each in hass.states.async_entity_ids() if "laptop" in each}
    assert found == {sensor("laptop", "remaining"), sensor("laptop", "status")}


@pytest.mark.usefixtures("every_entity_enabled")
@pytest.mark.parametrize(
    ("currency", "remaining", "used"),
    [("USD", "total", "total"), ("points", "measurement", "total")],
)
async def test_amounts_for_statistics(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    currency: str,
    remaining: str,
    used: str,
) -> None:
    """What is used may fall by a refund, so it is no sum that only grows."""
    gateway.keys.create("laptop", remain_quota=1_000_000)
    show(entry, **{CONF_CURRENCY: currency})
    await setup(hass, entry)
    for name, state_class in (("remaining", remaining), ("total_spent", used)):
        state = hass.states.get(sensor("laptop", name))
        assert state
        assert state.attributes["state_class"] == state_class
        assert state.attributes["unit_of_measurement"] == currency
        is_money = state.attributes.get("device_class") == "monetary"
        assert is_money is (currency != "points")
        assert "last_reset" not in state.attributes


async def test_new_key_of_all_comes_by_itself(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """With the next list; the others are as they were."""
    gateway.keys.create("laptop", remain_quota=1_000_000)
    show(entry)
    await setup(hass, entry)
    gateway.keys.create("agent", remain_quota=500_000)
    await use(hass, gateway, freezer)
    assert devices(hass, entry) == {1: "laptop", 2: "agent"}
    assert value(hass, "agent", "remaining") == "1.0"
    assert value(hass, "laptop", "remaining") == "1.0"


async def test_chosen_keys(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """No other comes; whoever is not chosen any more goes at once."""
    for name in ("laptop", "agent", "phone"):
        gateway.keys.create(name)
    show(entry, "chosen", **{CONF_CHOSEN_KEYS: [1, 3, 77]})
    await setup(hass, entry)
    gateway.keys.create("guest")
    await use(hass, gateway, freezer)
    assert devices(hass, entry) == {1: "laptop", 3: "phone"}
    await change_options(hass, entry, **{CONF_CHOSEN_KEYS: [2, 3]})
    assert devices(hass, entry) == {2: "agent", 3: "phone"}
    show(entry, "none")
    await reload(hass, entry)
    assert devices(hass, entry) == {}
    assert not [each for each in hass.states.async_entity_ids() if "phone" in each]


async def test_as_many_devices_as_may_be(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A thousand keys: the oldest; where one goes, the next comes."""
    for number in range(1000):
        gateway.keys.create(f"key {number}")
    show(entry)
    await setup(hass, entry)
    assert asked(gateway) == 10
    assert sorted(devices(hass, entry)) == [*range(1, 26)]
    gateway.keys.delete(gateway.keys.by_id[7])
    await use(hass, gateway, freezer)
    await use(hass, gateway, freezer)
    assert sorted(devices(hass, entry)) == [*range(1, 7), *range(8, 27)]


# What happens to keys


async def test_key_that_is_edited(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    key = gateway.keys.create("laptop", remain_quota=1_000_000)
    show(entry)
    await setup(hass, entry)
    key.remain_quota, key.status = 5_000_000, DISABLED
    await use(hass, gateway, freezer)
    assert value(hass, "laptop", "remaining") == "9.0"
    assert value(hass, "laptop", "status") == "disabled"
    key.unlimited_quota = True
    await use(hass, gateway, freezer)
    # What was there once stays, with its history.
    assert value(hass, "laptop", "remaining") == STATE_UNKNOWN
    await reload(hass, entry)
    assert value(hass, "laptop", "remaining") == STATE_UNKNOWN
    key.unlimited_quota = False
    await use(hass, gateway, freezer)
    assert value(hass, "laptop", "remaining") == "7.0"


async def test_key_that_is_renamed(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """So is its device, unless somebody named it; its entities keep their IDs."""
    keys = [gateway.keys.create(name) for name in ("laptop", "agent")]
    show(entry)
    await setup(hass, entry)
    registry = dr.async_get(hass)
    agent = next(
        each
        for each in dr.async_child_entries_for_config_entry(registry, entry.entry_id)
        if each.name == "agent"
    )
    registry.async_update_child_device(agent.id, name_by_user="Mine")
    for key in keys:
        key.name = "server"
    await use(hass, gateway, freezer)
    # Names that are the same are told apart.
    assert devices(hass, entry) == {1: "server (#1)", 2: "server (#2)"}
    assert value(hass, "laptop", "status") == "active"
    again = registry.async_get(agent.id)
    assert again
    assert again.name_by_user == "Mine"
    keys[1].name = " "
    await use(hass, gateway, freezer)
    assert devices(hass, entry) == {1: "server", 2: "#2"}


async def test_key_that_expires_or_is_used_up(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The one needs no question, the other the next list; the gateway says neither."""
    gateway.keys.create("guest", expired_time=int(NOON.timestamp()) + 3600)
    gateway.keys.create("laptop", remain_quota=500_000)
    show(entry)
    await setup(hass, entry)
    asked(gateway)
    await wait(hass, freezer, HOUR + timedelta(minutes=5))
    assert value(hass, "guest", "status") == "expired"
    assert not asked(gateway)
    await use(hass, gateway, freezer, 2)
    assert value(hass, "laptop", "status") == "used_up"
    assert value(hass, "laptop", "remaining") == "0.0"


async def test_key_that_is_deleted_and_made_again(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Two lists have to agree; a new one of the same name is another key."""
    key = gateway.keys.create("laptop", remain_quota=1_000_000)
    gateway.keys.create("agent")
    show(entry)
    await setup(hass, entry)
    gateway.keys.delete(key)
    await use(hass, gateway, freezer, 2)
    assert devices(hass, entry) == {1: "laptop", 2: "agent"}
    assert value(hass, "laptop", "status") == STATE_UNAVAILABLE
    gateway.keys.create("laptop", remain_quota=500_000)
    asked(gateway)
    # The second list is soon, even if nothing is used any more.
    await wait(hass, freezer, QUARTER)
    assert asked(gateway) == 1
    assert devices(hass, entry) == {2: "agent", 3: "laptop"}
    assert value(hass, "laptop", "remaining") == "1.0"
    assert value(hass, "agent", "status") == "active"
    await wait(hass, freezer, QUARTER)
    assert asked(gateway) == 0


async def test_key_that_was_missing_once(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    gateway.keys.create("laptop")
    key = gateway.keys.by_id.pop(1)
    gateway.keys.create("agent")
    gateway.keys.by_id[1] = key
    show(entry)
    await setup(hass, entry)
    for _ in range(3):
        del gateway.keys.by_id[1]
        await use(hass, gateway, freezer, 2)
        assert value(hass, "laptop", "status") == STATE_UNAVAILABLE
        gateway.keys.by_id[1] = key
        await use(hass, gateway, freezer, 2)
        assert value(hass, "laptop", "status") == "active"


async def test_key_that_comes_back_after_it_was_gone(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """As after a backup of the gateway was restored."""
    key = gateway.keys.create("laptop")
    gateway.keys.create("agent")
    show(entry)
    await setup(hass, entry)
    del gateway.keys.by_id[1]
    for _ in range(2):
        await use(hass, gateway, freezer, 2)
    assert devices(hass, entry) == {2: "agent"}
    assert value(hass, "laptop", "status") is None
    gateway.keys.by_id[1] = key
    await use(hass, gateway, freezer, 2)
    assert devices(hass, entry) == {1: "laptop", 2: "agent"}
    assert value(hass, "laptop", "status") == "active"


async def test_half_a_list_takes_nothing_away(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    for name in ("laptop", "agent", "phone"):
        gateway.keys.create(name, remain_quota=5_000_000)
    show(entry)
    await setup(hass, entry)
    gateway.keys_fault = half_a_list(gateway)
    for _ in range(4):
        await use(hass, gateway, freezer, 3)
    assert devices(hass, entry) == {1: "laptop", 2: "agent", 3: "phone"}
    assert value(hass, "laptop", "remaining") == "10.0"
    assert value(hass, "phone", "remaining") == "6.0"
    assert entry.runtime_data.keys.data.complete is False
    # Nor does it count for a key that a whole list did not have.
    gateway.keys_fault = None
    del gateway.keys.by_id[1]
    await use(hass, gateway, freezer, 3)
    gateway.keys_fault = half_a_list(gateway)
    await use(hass, gateway, freezer, 3)
    assert len(devices(hass, entry)) == 3
    gateway.keys_fault = None
    await use(hass, gateway, freezer, 3)
    assert devices(hass, entry) == {2: "agent", 3: "phone"}


# When the list is read


async def test_list_while_nothing_is_used(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Four times a day."""
    gateway.keys.create("laptop")
    show(entry)
    await setup(hass, entry)
    assert asked(gateway) == 1
    await wait(hass, freezer, timedelta(hours=5, minutes=55))
    assert not asked(gateway)
    await wait(hass, freezer, timedelta(hours=18, minutes=30))
    assert asked(gateway) == 4


async def test_list_while_keys_are_used(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """At most every quarter of an hour."""
    key = gateway.keys.create("laptop")
    show(entry)
    await setup(hass, entry)
    asked(gateway)
    assert NEW_API.keys
    for _ in range(6 * 60):
        gateway.keys.use(key, NEW_API.keys, 100)
        await jump(hass, freezer, timedelta(minutes=1))
    assert 20 <= asked(gateway) <= 24


async def test_list_of_many_pages_is_read_less_often(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """One request a minute on average: ten keys a page are forty requests."""
    gateway.fork = ONE_API
    for number in range(400):
        gateway.keys.create(f"key {number}")
    show(entry, "chosen", **{CONF_CHOSEN_KEYS: [400]})
    await setup(hass, entry)
    assert asked(gateway) == 41
    for _ in range(2):
        await use(hass, gateway, freezer, 400)
    assert asked(gateway) == 0
    await use(hass, gateway, freezer, 400)
    assert asked(gateway) == 41


async def test_list_on_demand(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Who updates an entity gets the list, but not more often."""
    key = gateway.keys.create("laptop", remain_quota=1_000_000)
    show(entry)
    await setup(hass, entry)
    asked(gateway)
    coordinator = entry.runtime_data.keys
    await coordinator.async_refresh()
    assert not asked(gateway)
    key.remain_quota = 500_000
    await jump(hass, freezer, timedelta(minutes=15))
    assert not asked(gateway)
    await coordinator.async_refresh()
    assert asked(gateway) == 1
    assert value(hass, "laptop", "remaining") == "1.0"


# Faults


@pytest.mark.parametrize(
    "fault", ONE_OF_EACH_KIND.values(), ids=[each.key for each in ONE_OF_EACH_KIND]
)
async def test_list_that_fails(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    fault: Handler,
) -> None:
    """Only the keys become unavailable, with the second failure; nobody complains."""
    gateway.keys.create("laptop", remain_quota=5_000_000)
    show(entry)
    await setup(hass, entry)
    gateway.keys_fault = fault
    await use(hass, gateway, freezer)
    assert value(hass, "laptop", "remaining") == "10.0"
    await wait(hass, freezer, timedelta(minutes=35))
    assert value(hass, "laptop", "remaining") == STATE_UNAVAILABLE
    assert value(hass, "laptop", "status") == STATE_UNAVAILABLE
    assert devices(hass, entry) == {1: "laptop"}
    assert balance(hass) == "11.345"
    assert not hass.config_entries.flow.async_progress()
    assert issues(hass) == []
    assert loud(caplog) == []
    assert own_log(caplog) == []

    gateway.keys_fault = None
    await use(hass, gateway, freezer)
    await wait(hass, freezer, timedelta(minutes=35))
    assert value(hass, "laptop", "remaining") == "8.0"


async def test_list_that_never_came(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The account is set up all the same, and the keys come when the list does."""
    gateway.keys.create("laptop")
    gateway.keys_fault = answering(502)
    show(entry)
    await setup(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert devices(hass, entry) == {}
    await wait(hass, freezer, timedelta(minutes=35))
    gateway.keys_fault = None
    await wait(hass, freezer, timedelta(minutes=35))
    assert value(hass, "laptop", "status") == "active"
    gateway.keys_fault = answering(502)
    await reload(hass, entry)
    assert value(hass, "laptop", "status") == STATE_UNAVAILABLE
    assert devices(hass, entry) == {1: "laptop"}


@pytest.mark.parametrize(
    "fault",
    [
        answering(404),
        answering(200, INDEX_HTML),
        answering(200, {"success": False, "message": "无权进行此操作，权限不足"}),
    ],
)
async def test_gateway_without_a_list(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    fault: Handler,
) -> None:
    """It is not asked again for a week, unless it is updated."""
    gateway.keys_fault = fault
    show(entry)
    await setup(hass, entry)
    assert asked(gateway) == 1
    for _ in range(6):
        await jump(hass, freezer, timedelta(days=1))
    assert asked(gateway) == 0
    await jump(hass, freezer, timedelta(days=2))
    assert asked(gateway) == 1
    gateway.fork = replace(gateway.fork, status=gateway.fork.status | {"version": "v9"})
    for _ in range(2):
        await jump(hass, freezer, timedelta(days=1))
    assert asked(gateway) == 1
    assert issues(hass) == []


async def test_gateway_that_does_not_answer(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """While the account is not known, nor are its keys, and nobody asks for them."""
    gateway.keys.create("laptop")
    show(entry)
    await setup(hass, entry)
    asked(gateway)
    gateway.fault = answering(502)
    await wait(hass, freezer, timedelta(hours=7))
    assert value(hass, "laptop", "status") == STATE_UNAVAILABLE
    assert not asked(gateway)
    gateway.fault = None
    await wait(hass, freezer, timedelta(minutes=10))
    assert value(hass, "laptop", "status") == "active"
    assert asked(gateway) == 1


# The life of an entry


async def test_restart_while_a_list_is_on_its_way(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    """An answer that comes too late changes nothing."""
    gateway.keys.create("laptop")
    show(entry)

    async def late(request: web.BaseRequest) -> web.StreamResponse:
        gateway.keys_fault = None
        await entry.runtime_data.keys.async_shutdown()
        return await gateway.handle(request)

    gateway.keys_fault = late
    await setup(hass, entry)
    assert devices(hass, entry) == {}
    gateway.keys_fault = answering(502)

    async def late_failure(request: web.BaseRequest) -> web.StreamResponse:
        await entry.runtime_data.keys.async_shutdown()
        return web.Response(status=502)

    gateway.keys_fault = late_failure
    await reload(hass, entry)
    assert devices(hass, entry) == {}
    gateway.keys_fault = None
    await reload(hass, entry)
    assert devices(hass, entry) == {1: "laptop"}


async def test_unload_reload_remove_add_again(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    gateway.keys.create("laptop", remain_quota=1_000_000)
    show(entry)
    await setup(hass, entry)
    (before,) = dr.async_child_entries_for_config_entry(
        dr.async_get(hass), entry.entry_id
    )
    await hass.config_entries.async_unload(entry.entry_id)
    assert value(hass, "laptop", "remaining") == STATE_UNAVAILABLE
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert value(hass, "laptop", "remaining") == "2.0"
    assert dr.async_get(hass).async_get(before.id) == before
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert devices(hass, entry) == {}
    assert value(hass, "laptop", "remaining") is None
    again = copy_of(entry)
    await setup(hass, again)
    assert devices(hass, again) == {1: "laptop"}
    assert value(hass, "laptop", "remaining") == "2.0"


async def test_device_that_a_person_deletes(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Only one whose key the last list did not have."""
    gateway.keys.create("laptop")
    gateway.keys.create("agent")
    show(entry)
    await setup(hass, entry)
    del gateway.keys.by_id[1]
    await use(hass, gateway, freezer, 2)
    registry = dr.async_get(hass)
    account = registry.async_get_device_by_identifier(
        (entry.domain, entry.entry_id), entry.entry_id
    )
    assert account
    assert not await async_remove_config_entry_device(hass, entry, account)
    may = {
        device.name: await async_remove_config_entry_device(hass, entry, device)
        for device in dr.async_child_entries_for_config_entry(registry, entry.entry_id)
    }
    assert may == {"laptop": True, "agent": False}


async def test_diagnostics(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    """How many keys there are, and nothing of a single one."""
    assert await async_setup_component(hass, "diagnostics", {})
    for number in range(777_001, 777_004):
        key = gateway.keys.create(f"planted {number}", remain_quota=number % 2)
        gateway.keys.by_id[number] = gateway.keys.by_id.pop(key.id)
        key.id = number
    show(entry, "chosen", chosen_keys=[777_001, 777_002], key_limits={"777001": 1})
    await setup(hass, entry)
    told: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert told["keys"] == {
        "book": "there",
        "book_of_sums": "unknown",
        "is_available": True,
        "last_list_was_complete": True,
        "shown": 2,
        "with_device": 2,
        "unlimited": 0,
        "statuses": {"active": 1, "used_up": 1},
    }
    assert told["entry"]["options"]["chosen_keys"] == 2
    assert told["entry"]["options"]["key_limits"] == 1
    assert "planted" not in str(told)
    assert "777" not in str(told)


async def test_device_of_a_key_is_no_account(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    """Neither the editor of automations nor a form takes it for one."""
    gateway.keys.create("laptop")
    show(entry)
    await setup(hass, entry)
    (device,) = dr.async_child_entries_for_config_entry(
        dr.async_get(hass), entry.entry_id
    )
    for kind in (DeviceAutomationType.TRIGGER, DeviceAutomationType.CONDITION):
        offered = await async_get_device_automations(hass, kind, device.id)
        assert [each for each in offered if each["domain"] == entry.domain] == []
    with pytest.raises(ServiceValidationError):
        await get_account(hass, device.id)
    account = dr.async_get(hass).async_get_device_by_identifier(
        (entry.domain, entry.entry_id), entry.entry_id
    )
    assert account
    services = await async_get_all_descriptions(hass)
    for action in services[entry.domain].values():
        (wanted,) = action["fields"]["device_id"]["selector"]["device"]["filter"]
        assert wanted == {"integration": entry.domain, "model": account.model}


# What keys spent today


STAT = "/api/log/self/stat"


def enable_sums(hass: HomeAssistant) -> None:
    """Switch on the sensors of all keys."""
    registry = er.async_get(hass)
    for each in [*registry.entities.values()]:
        if each.unique_id.endswith("_spent_today") and "_key_" in each.unique_id:
            registry.async_update_entity(each.entity_id, disabled_by=None)


@pytest.fixture
async def summed(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> MockConfigEntry:
    """Set up an account with two keys, and look at what they spend."""
    for name in ("laptop", "agent"):
        gateway.keys.create(name)
    show(entry)
    await setup(hass, entry)
    enable_sums(hass)
    await reload(hass, entry)
    asked(gateway)
    return entry


def sums_asked(gateway: GatewayServer) -> list[str]:
    """Return of which keys a sum was asked for, and forget it."""
    names = [
        each.rel_url.query["token_name"]
        for each in gateway.requests
        if each.path == STAT and "token_name" in each.rel_url.query
    ]
    gateway.requests.clear()
    return names


async def test_sum_is_asked_of_those_that_were_used(
    hass: HomeAssistant,
    gateway: GatewayServer,
    summed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    assert value(hass, "laptop", "spent_today") == "0.0"
    await use(hass, gateway, freezer)
    await use(hass, gateway, freezer)
    # That nobody ever used one without a limit says nothing: one-api does not count.
    assert sums_asked(gateway) == ["laptop", "agent"] * 2
    assert value(hass, "laptop", "spent_today") == "2.0"
    await use(hass, gateway, freezer, 2)
    sums_asked(gateway)
    await use(hass, gateway, freezer, 2)
    assert sums_asked(gateway) == ["agent"]
    await wait(hass, freezer, 7 * HOUR)
    assert sums_asked(gateway) == []
    assert value(hass, "laptop", "spent_today") == "2.0"
    state = hass.states.get(sensor("laptop", "spent_today"))
    assert state
    assert state.attributes["last_reset"] == "2026-11-20T00:00:00-08:00"


async def test_sum_begins_anew_at_midnight(
    hass: HomeAssistant,
    gateway: GatewayServer,
    summed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Without a question."""
    await use(hass, gateway, freezer)
    await wait(hass, freezer, timedelta(hours=11, minutes=25))
    assert value(hass, "laptop", "spent_today") == "1.0"
    sums_asked(gateway)
    await wait(hass, freezer, timedelta(minutes=15))
    assert value(hass, "laptop", "spent_today") == "0.0"
    assert sums_asked(gateway) == []
    await use(hass, gateway, freezer)
    assert value(hass, "laptop", "spent_today") == "1.0"


async def test_keys_of_one_name_have_no_sum(
    hass: HomeAssistant,
    gateway: GatewayServer,
    summed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The gateway adds up by name. That of none would be the sum of all keys."""
    gateway.keys.by_id[2].name = " Laptop"
    await use(hass, gateway, freezer)
    assert sums_asked(gateway) == []
    for key in ("laptop", "agent"):
        state = hass.states.get(sensor(key, "spent_today"))
        assert state
        assert state.state == STATE_UNKNOWN
        assert state.attributes["reason"] == "name_not_its_own"
    gateway.keys.by_id[2].name = ""
    await use(hass, gateway, freezer)
    assert sums_asked(gateway) == ["laptop"]
    assert value(hass, "laptop", "spent_today") == "2.0"
    assert value(hass, "agent", "spent_today") == STATE_UNKNOWN
    state = hass.states.get(sensor("laptop", "spent_today"))
    assert state
    assert "reason" not in state.attributes


async def test_sum_that_fails(
    hass: HomeAssistant,
    gateway: GatewayServer,
    summed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The last one stays, the list is shown all the same."""
    await use(hass, gateway, freezer)
    gateway.books_fault = answering(502)
    gateway.keys_fault = passing(gateway)
    await use(hass, gateway, freezer)
    assert value(hass, "laptop", "spent_today") == "1.0"
    assert value(hass, "laptop", "status") == "active"
    gateway.books_fault = gateway.keys_fault = None
    await wait(hass, freezer, QUARTER)
    assert value(hass, "laptop", "spent_today") == "2.0"


async def test_sum_that_fails_after_midnight(
    hass: HomeAssistant,
    gateway: GatewayServer,
    summed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """What a key in use spent is not known then, and not nothing."""
    await use(hass, gateway, freezer)
    assert value(hass, "laptop", "spent_today") == "1.0"
    await wait(hass, freezer, timedelta(days=1))
    assert value(hass, "laptop", "spent_today") == "0.0"
    gateway.books_fault = answering(502)
    gateway.keys_fault = passing(gateway)
    await use(hass, gateway, freezer)
    assert value(hass, "laptop", "spent_today") == "unknown"
    gateway.books_fault = gateway.keys_fault = None
    await wait(hass, freezer, QUARTER)
    assert value(hass, "laptop", "spent_today") == "1.0"


def passing(gateway: GatewayServer) -> Handler:
    """Return what answers the list while the other books fail."""

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        body = gateway.keys.answer(gateway.fork.keys, KEYS, request.rel_url.query)
        return web.json_response(body)

    return handler


@pytest.mark.parametrize("fork", [ONE_API, ONE_HUB], ids=lambda fork: fork.name)
async def test_sum_where_the_gateway_does_not_count(
    hass: HomeAssistant,
    gateway: GatewayServer,
    summed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    fork: Fork,
) -> None:
    gateway.fork = fork
    await use(hass, gateway, freezer)
    assert value(hass, "laptop", "spent_today") == "1.0"
    await wait(hass, freezer, 7 * HOUR)
    sums_asked(gateway)
    await wait(hass, freezer, 7 * HOUR)
    assert sums_asked(gateway) == []


# New keys without devices


async def test_list_for_new_keys_alone(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Once a day, over restarts and whatever is used; soon again if it fails."""
    gateway.keys.create("laptop")
    show(entry, "none", **{CONF_NEW_KEYS: True})
    await setup(hass, entry)
    assert asked(gateway) == 1
    await use(hass, gateway, freezer)
    assert asked(gateway) == 0
    await reload(hass, entry)
    assert asked(gateway) == 0
    await wait(hass, freezer, timedelta(hours=23))
    assert asked(gateway) == 0
    gateway.keys_fault = answering(502)
    await wait(hass, freezer, 2 * HOUR)
    assert asked(gateway) == 3
    gateway.keys_fault = None
    await wait(hass, freezer, HOUR)
    assert asked(gateway) == 1
    await wait(hass, freezer, timedelta(hours=22))
    assert asked(gateway) == 0
    assert devices(hass, entry) == {}
    assert state_of(hass, "sensor.example_gateway_total_spent") == "38.655"
