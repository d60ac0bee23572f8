"""What happens to the API keys of an account: told once each, and who is told."""

from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_mock_service,
)

from custom_components.llm_gateway_account.const import (
    CONF_KEY_EXPIRY_DAYS,
    CONF_KEY_LIMIT,
    CONF_KEY_LIMITS,
    CONF_NEW_KEYS,
    DOMAIN,
)
from custom_components.llm_gateway_account.events import KEY_EVENT_TYPES
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from .gateway_keys import DISABLED, ENABLED, ServerKey
from .gateway_server import NEW_API, GatewayServer
from .helpers import collect_events, device_of, examples, jump, setup
from .keys import (
    NOON,
    QUARTER,
    change_options,
    half_a_list,
    reload,
    sensor,
    show,
    value,
    wait,
)

DAY = timedelta(days=1)
END = int((NOON + 10 * DAY).timestamp())

type Told = list[tuple[str, dict[str, Any]]]


@pytest.fixture(autouse=True)
def noon(gateway: GatewayServer, freezer: FrozenDateTimeFactory) -> None:
    """Stop the clock."""
    freezer.move_to(NOON)
    gateway.fork = NEW_API


@pytest.fixture
def told(hass: HomeAssistant) -> Told:
    """Collect what is told of keys."""
    return collect_events(
        hass,
        KEY_EVENT_TYPES,
        {"key", "amount", "currency", "expires_at"},
    )


async def begin(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    **options: Any,
) -> ServerKey:
    """Set up an account with a key of ten dollars that ends in ten days."""
    key = gateway.keys.create("laptop", remain_quota=5_000_000, expired_time=END)
    gateway.keys.create("agent")
    show(
        entry,
        **{CONF_KEY_LIMIT: 2, CONF_KEY_EXPIRY_DAYS: 3, CONF_NEW_KEYS: True} | options,
    )
    await setup(hass, entry)
    await wait(hass, freezer, timedelta(seconds=20))
    return key


async def next_list(
    hass: HomeAssistant, gateway: GatewayServer, freezer: FrozenDateTimeFactory
) -> None:
    """Let something be used that is none of our keys, and wait for the next list."""
    gateway.books.spend("gpt-5", 1, key="other")
    await wait(hass, freezer, QUARTER)


async def test_key_with_little_left(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    told: Told,
) -> None:
    """Again only after it had a tenth more than the limit."""
    key = await begin(hass, gateway, entry, freezer)
    for quota in (1_000_000, 999_999, 500_000, 1_099_999, 900_000):
        key.remain_quota = quota
        await next_list(hass, gateway, freezer)
    low = ("key_low", {"key": "laptop", "amount": 1.999998, "currency": "USD"})
    assert told == [low]
    for quota in (1_100_000, 999_999):
        key.remain_quota = quota
        await next_list(hass, gateway, freezer)
    assert told == [low, low]


async def test_limit_of_one_key(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    told: Told,
) -> None:
    """It counts instead of that of all; a key that nobody set one for has none."""
    key = await begin(hass, gateway, entry, freezer, **{CONF_KEY_LIMITS: {"1": 0.5}})
    key.remain_quota = 250_000
    await next_list(hass, gateway, freezer)
    assert told == []
    key.remain_quota = 249_999
    await next_list(hass, gateway, freezer)
    assert [kind for kind, _ in told] == ["key_low"]


async def test_key_without_a_limit_is_never_low(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    told: Told,
) -> None:
    key = await begin(hass, gateway, entry, freezer, **{CONF_KEY_LIMIT: 1e-18})
    agent = gateway.keys.by_id[2]
    key.remain_quota, agent.remain_quota = 1, -5_000_000
    await next_list(hass, gateway, freezer)
    assert told == []


async def test_key_that_is_used_up(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    told: Told,
) -> None:
    """Of several levels at once only the last; again after it had something."""
    key = await begin(hass, gateway, entry, freezer)
    for quota in (0, -100, 0, 500_000, 0):
        key.remain_quota = quota
        await next_list(hass, gateway, freezer)
    used_up = ("key_used_up", {"key": "laptop"})
    assert told == [used_up, used_up]


async def test_key_that_expires_soon(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    told: Told,
) -> None:
    """Without a list that says so; again when it got another end."""
    key = await begin(hass, gateway, entry, freezer)
    await jump(hass, freezer, 7 * DAY - timedelta(minutes=20))
    assert told == []
    await wait(hass, freezer, timedelta(minutes=25))
    end = datetime.fromtimestamp(END, NOON.tzinfo)
    soon = ("key_expires_soon", {"key": "laptop", "expires_at": end.isoformat()})
    assert told == [soon]
    await reload(hass, entry)
    await wait(hass, freezer, timedelta(minutes=20))
    assert told == [soon]
    key.expired_time += 30 * 86_400
    await next_list(hass, gateway, freezer)
    key.expired_time = END + 600
    await next_list(hass, gateway, freezer)
    assert [kind for kind, _ in told] == ["key_expires_soon"] * 2


async def test_key_that_is_switched_off_and_on(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    told: Told,
) -> None:
    """While it is off, nothing else of it matters."""
    key = await begin(hass, gateway, entry, freezer)
    key.status = DISABLED
    await next_list(hass, gateway, freezer)
    key.remain_quota, key.expired_time = 0, int(NOON.timestamp())
    await next_list(hass, gateway, freezer)
    key.remain_quota, key.expired_time, key.status = 5_000_000, END, ENABLED
    await next_list(hass, gateway, freezer)
    assert told == [
        ("key_switched_off", {"key": "laptop"}),
        ("key_switched_on", {"key": "laptop"}),
    ]


async def test_new_key(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    told: Told,
) -> None:
    """None of those there were at first, nor one that half a list did not have."""
    await begin(hass, gateway, entry, freezer)
    gateway.keys_fault = half_a_list(gateway)
    await next_list(hass, gateway, freezer)
    gateway.keys_fault = None
    await next_list(hass, gateway, freezer)
    assert told == []
    gateway.keys.create("intruder", remain_quota=0, status=DISABLED)
    gateway.keys.create("agent")
    await next_list(hass, gateway, freezer)
    await next_list(hass, gateway, freezer)
    assert told == [
        ("key_created", {"key": "intruder"}),
        ("key_created", {"key": "agent (#4)"}),
    ]


async def test_new_key_with_the_number_of_a_deleted_one(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    told: Told,
) -> None:
    """Some databases give it to the next one, but not the time it was made."""
    await begin(hass, gateway, entry, freezer)
    await wait(hass, freezer, QUARTER)
    key = gateway.keys.create("intruder")
    del gateway.keys.by_id[key.id]
    key.id = 2
    gateway.keys.by_id[2] = key
    await next_list(hass, gateway, freezer)
    assert told == [("key_created", {"key": "intruder"})]


async def test_new_key_is_no_event_unless_somebody_wants_it(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    told: Told,
) -> None:
    await begin(hass, gateway, entry, freezer, **{CONF_NEW_KEYS: False})
    gateway.keys.create("phone")
    await next_list(hass, gateway, freezer)
    await change_options(hass, entry, **{CONF_NEW_KEYS: True})
    await wait(hass, freezer, QUARTER)
    assert told == []
    # What was made while nobody looked is not new either.
    show(entry, "none", **{CONF_NEW_KEYS: False})
    await reload(hass, entry)
    gateway.keys.create("car")
    show(entry, "none", **{CONF_NEW_KEYS: True})
    await reload(hass, entry)
    await wait(hass, freezer, DAY + QUARTER)
    assert told == []
    gateway.keys.create("intruder")
    await wait(hass, freezer, DAY + QUARTER)
    assert told == [("key_created", {"key": "intruder"})]


async def test_first_look_tells_nothing(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    told: Told,
) -> None:
    """What a key is when somebody first looks at it did not happen just now."""
    gateway.keys.create("car", remain_quota=1)
    gateway.keys.create("guest", expired_time=int(NOON.timestamp()) + 60)
    gateway.keys.create("phone", status=DISABLED)
    gateway.keys.create("house", remain_quota=0)
    await begin(hass, gateway, entry, freezer)
    await next_list(hass, gateway, freezer)
    assert told == []


async def test_events_over_a_restart(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    told: Told,
) -> None:
    """What happened meanwhile is told, what was told is not."""
    key = await begin(hass, gateway, entry, freezer)
    key.remain_quota = 500_000
    await next_list(hass, gateway, freezer)
    assert [kind for kind, _ in told] == ["key_low"]
    await reload(hass, entry)
    await wait(hass, freezer, timedelta(minutes=1))
    assert [kind for kind, _ in told] == ["key_low"]
    await hass.config_entries.async_unload(entry.entry_id)
    key.status = DISABLED
    gateway.keys.create("intruder")
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await wait(hass, freezer, timedelta(minutes=1))
    assert [kind for kind, _ in told] == ["key_low", "key_created", "key_switched_off"]
    await reload(hass, entry)
    await wait(hass, freezer, timedelta(minutes=1))
    assert len(told) == 3


async def test_key_that_is_gone_is_forgotten(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    hass_storage: dict[str, Any],
    told: Told,
) -> None:
    key = await begin(hass, gateway, entry, freezer)
    stored = entry.runtime_data.account.storage.state.keys
    assert stored.told.keys() == {1, 2}
    gateway.keys.delete(key)
    for _ in range(2):
        await next_list(hass, gateway, freezer)
    assert stored.told.keys() == {2}
    await hass.config_entries.async_unload(entry.entry_id)
    written = hass_storage[f"{entry.domain}.{entry.entry_id}"]["data"]["keys"]
    assert written["told"].keys() == {"2"}
    assert told == []


@pytest.mark.parametrize(
    ("broken", "is_taken"),
    [
        ({}, True),
        ({"told": {"1": {"status": "active", "is_low": True, "expiry": 0}}}, True),
        ({"told": {"1": {"status": "asleep", "is_low": True, "expiry": 0}}}, False),
        ({"told": {"x": {"status": "active", "is_low": True, "expiry": 0}}}, True),
        ({"told": {"1": {"status": "active"}}}, False),
        ({"newest_id": "x"}, False),
        ([], False),
    ],
)
async def test_what_is_stored(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    broken: Any,
    is_taken: bool,
) -> None:
    """A file of before, or one that somebody edited."""
    await begin(hass, gateway, entry, freezer)
    await hass.config_entries.async_unload(entry.entry_id)
    name = f"{entry.domain}.{entry.entry_id}"
    hass_storage[name]["data"]["keys"] = broken
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert ("starts anew" in caplog.text) is not is_taken
    assert value(hass, "laptop", "status") == "active"


async def test_automations(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A trigger of the account's device runs one when a key is used up."""
    key = await begin(hass, gateway, entry, freezer)
    calls = async_capture_events(hass, "told")
    assert await async_setup_component(
        hass,
        "automation",
        {
            "automation": {
                "triggers": {
                    "trigger": "device",
                    "domain": entry.domain,
                    "device_id": device_of(hass, entry),
                    "type": "key_used_up",
                },
                "actions": {
                    "event": "told",
                    "event_data_template": {
                        "key": "{{ trigger.key }}",
                        "state": f"{{{{ states('{sensor('laptop', 'status')}') }}}}",
                    },
                },
            }
        },
    )
    key.remain_quota = 0
    await next_list(hass, gateway, freezer)
    assert [call.data for call in calls] == [{"key": "laptop", "state": "used_up"}]


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("key_low", {"remain_quota": 600_000}),
        ("key_used_up", {"remain_quota": 0}),
        ("key_expires_soon", {"expired_time": int((NOON + DAY).timestamp())}),
        ("key_switched_off", {"status": DISABLED}),
        ("key_created", None),
    ],
)
async def test_trigger(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    kind: str,
    change: dict[str, Any] | None,
) -> None:
    """Its target is the account, or the one key; a new one has no device yet."""
    key = await begin(hass, gateway, entry, freezer)
    targets = {
        "account": {"device_id": device_of(hass, entry)},
        "this": {"entity_id": sensor("laptop", "status")},
        "other": {"entity_id": sensor("agent", "status")},
    }
    calls = async_mock_service(hass, "test", "automation")
    automations = [
        {
            "alias": name,
            "triggers": {"trigger": f"{DOMAIN}.{kind}", "target": target},
            "actions": {
                "action": "test.automation",
                "data_template": {
                    "name": name,
                    "key": "{{ trigger.key }}",
                    "device": "{{ trigger.device_id }}",
                },
            },
        }
        for name, target in targets.items()
    ]
    assert await async_setup_component(hass, "automation", {"automation": automations})
    if change is None:
        gateway.keys.create("intruder")
    else:
        for name, value in change.items():
            setattr(key, name, value)
    await next_list(hass, gateway, freezer)
    data = {"device": device_of(hass, entry)}
    if change is None:
        expected = [{"name": "account", "key": "intruder", **data}]
    else:
        expected = [
            {"name": name, "key": "laptop", **data} for name in ("account", "this")
        ]
    assert [call.data for call in calls] == expected


@pytest.mark.parametrize("example", examples("docs/keys"), ids=itemgetter("alias"))
async def test_example_of_the_documentation(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    example: dict[str, Any],
) -> None:
    await begin(hass, gateway, entry, freezer)
    calls = async_mock_service(hass, "notify", "mobile_app_phone")
    assert await async_setup_component(hass, "automation", {"automation": example})
    gateway.keys.create("intruder")
    await next_list(hass, gateway, freezer)
    (call,) = calls
    assert call.data["message"].startswith("intruder")
