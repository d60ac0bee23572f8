"""The blueprints, on accounts that change."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import datetime, timedelta
import logging
from pathlib import Path
import re
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_service,
    mock_restore_cache,
)

from custom_components.llm_gateway_account.const import (
    CONF_CRITICAL_BALANCE,
    CONF_CURRENCY,
    CONF_LOW_BALANCE,
    CONF_UNUSUAL_MINIMUM,
    DOMAIN,
)
from custom_components.llm_gateway_account.events import (
    AccountEvent,
    async_fire,
)
from custom_components.llm_gateway_account.gateway import POINTS
from homeassistant.components import persistent_notification
from homeassistant.components.automation.config import AUTOMATION_BLUEPRINT_SCHEMA
from homeassistant.components.blueprint import Blueprint
from homeassistant.components.recorder.core import Recorder
from homeassistant.core import (
    CoreState,
    HomeAssistant,
    ServiceCall,
    State,
    callback,
)
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util, slugify
from homeassistant.util.yaml import load_yaml_dict

from . import ROOT
from .conformance import REPOSITORY
from .gateway_keys import DISABLED
from .gateway_server import (
    NEW_API,
    NEW_API_2026_08,
    V_API,
    Fork,
    GatewayServer,
    ServerAccount,
    answering,
)
from .helpers import (
    DOCUMENTED,
    device_of,
    document,
    jump,
    pass_time,
    second_account,
    setup,
    state_of,
)
from .keys import show

FOLDER = ROOT / "blueprints" / "automation" / DOMAIN
NAMES = [
    "balance_alert.yaml",
    "budget_alert.yaml",
    "check_in_reminder.yaml",
    "daily_report.yaml",
    "guard.yaml",
]

DOCUMENTATION = {
    language: document("docs/blueprints", language) for language in DOCUMENTED
}

# Where Home Assistant puts what is imported from the repository.
IMPORTED = "ha-llm-gateway-account"

QUIET = {"quiet": True, "quiet_start": "22:00:00", "quiet_end": "07:00:00"}
URGENT = QUIET | {"urgent_in_quiet_hours": True}
TOP_UPS = {"activities": ["balance_low", "balance_recovered", "topped_up"]}

type Automate = Callable[..., Awaitable[str]]
type Told = list[tuple[str | None, str]]


@pytest.fixture(autouse=True)
def frozen_time(freezer: FrozenDateTimeFactory) -> None:
    """Stop the clock before anything is scheduled by it, at noon in US/Pacific."""
    freezer.move_to("2026-11-23 20:00:00+00:00")


@pytest.fixture
async def told(hass: HomeAssistant) -> Told:
    """Return the titles and messages of all notices, in their order."""
    told: Told = []

    @callback
    def remember(
        update: persistent_notification.UpdateType,
        notifications: dict[str, persistent_notification.Notification],
    ) -> None:
        told.extend((each["title"], each["message"]) for each in notifications.values())

    assert await async_setup_component(hass, "persistent_notification", {})
    persistent_notification.async_register_callback(hass, remember)
    return told


@pytest.fixture
async def automate(
    hass: HomeAssistant, tmp_path: Path, told: Told
) -> AsyncGenerator[Automate]:
    """Return what makes an automation from a blueprint, and switch all off at the end.

    It takes the blueprint and its inputs, and returns the entity ID.
    """
    (tmp_path / "blueprints" / "automation").mkdir(parents=True)
    (tmp_path / "blueprints" / "automation" / IMPORTED).symlink_to(FOLDER)
    hass.config.config_dir = str(tmp_path)

    async def create(name: str, **inputs: Any) -> str:
        use = {"path": f"{IMPORTED}/{name}.yaml", "input": inputs}
        config = {"id": "1", "alias": "Example", "use_blueprint": use}
        assert await async_setup_component(hass, "automation", {"automation": config})
        await hass.async_block_till_done()
        (state,) = hass.states.async_all("automation")
        assert state.state == "on"
        return state.entity_id

    yield create
    await hass.services.async_call(
        "automation", "turn_off", {"entity_id": "all"}, blocking=True
    )


@pytest.fixture
def account(hass: HomeAssistant, loaded_entry: MockConfigEntry) -> str:
    """Return the ID of the account's device, set up."""
    return device_of(hass, loaded_entry)


@pytest.fixture(name="second_account")
async def set_up_second_account(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    account: str,
) -> str:
    """Return the ID of the device of another account, set up."""
    other = second_account(gateway, entry)
    (at_gateway,) = gateway.more_accounts
    at_gateway.quota, at_gateway.used_quota = 2_000_000, 0
    await setup(hass, other)
    return device_of(hass, other)


@pytest.fixture
async def account_in_points(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """Return the ID of the device of an account that is shown in points."""
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(
        entry,
        options={
            **entry.options,
            CONF_CURRENCY: POINTS,
            CONF_LOW_BALANCE: 1_000_000,
            CONF_CRITICAL_BALANCE: 250_000,
            CONF_UNUSUAL_MINIMUM: 250_000,
        },
    )
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    return device_of(hass, entry)


def spend(account: ServerAccount, points: int) -> None:
    """Take points from an account, as a gateway does."""
    account.quota -= points
    account.used_quota += points


async def wait_until(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, hour: int
) -> None:
    """Let time pass, with a poll every hour, until it is so late."""
    now = dt_util.now()
    until = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    until += timedelta(days=until <= now)
    while (left := until - dt_util.now()) > timedelta(0):
        await jump(hass, freezer, min(left, timedelta(hours=1)))


async def poll(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Let the next poll happen, and the one that makes certain what it says."""
    await jump(hass, freezer, timedelta(minutes=5, seconds=1))
    await jump(hass, freezer, timedelta(minutes=4))


async def settle_habit(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, account: ServerAccount
) -> None:
    """Spend the same in each hour of four days."""
    for _ in range(96):
        spend(account, 5_000)
        await jump(hass, freezer, timedelta(hours=1))


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what automations and templates logged as wrong; never a traceback."""
    records = [
        each
        for each in caplog.records
        if each.levelno >= logging.WARNING and each.name.startswith("homeassistant.")
    ]
    assert not any(each.exc_info for each in records)
    return [each.getMessage() for each in records]


# The files


@pytest.mark.parametrize("name", NAMES)
def test_blueprint(name: str) -> None:
    blueprint = Blueprint(
        load_yaml_dict(str(FOLDER / name)),
        expected_domain="automation",
        path=name,
        schema=AUTOMATION_BLUEPRINT_SCHEMA,
    )
    metadata = blueprint.metadata
    path = f"blueprints/automation/{DOMAIN}/{name}"
    assert metadata["source_url"] == f"{REPOSITORY}/blob/main/{path}"
    assert metadata["name"].startswith("LLM account: ")
    assert metadata["description"]
    assert metadata["homeassistant"] == {"min_version": "2026.9.0"}
    assert not blueprint.validate()
    assert all(each["name"] for each in blueprint.inputs.values())


def test_every_blueprint_is_known() -> None:
    assert sorted(path.name for path in (ROOT / "blueprints").rglob("*.*")) == NAMES


@pytest.mark.parametrize("page", DOCUMENTATION.values())
@pytest.mark.parametrize("name", NAMES)
def test_page_imports(name: str, page: str) -> None:
    url = (
        f"{REPOSITORY}/blob/main/blueprints/automation/{DOMAIN}/{name}".replace(
            ":", "%3A"
        )
    ).replace("/", "%2F")
    assert (
        "https://my.home-assistant.io/redirect/blueprint_import/?blueprint_url=" + url
    ) in page


@pytest.mark.parametrize("name", NAMES)
def test_blueprint_names_nobody_and_nothing_of_one_home(name: str) -> None:
    """No entity, device, person or network that only one home has."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    texts = text.replace(f"{REPOSITORY}/blob/main/blueprints/automation/{DOMAIN}/", "")
    # Whatever phones are chosen.
    texts = texts.replace("notify.{{ ('mobile_app_' ~ repeat.item)", "")
    for word in ("sensor.", "mobile_app_", "http", "example", "notify."):
        assert word not in texts
    assert text.isascii()


# Balance alert


@pytest.mark.parametrize(
    ("quota", "message"),
    [
        (900_000, "Balance low: 1.80 USD"),
        (200_000, "Balance critical: 0.40 USD"),
        (0, "Balance used up: 0.00 USD"),
        (-61_000, "Balance used up: -0.12 USD"),
    ],
)
async def test_alert(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    account: str,
    automate: Automate,
    told: Told,
    quota: int,
    message: str,
) -> None:
    await automate("balance_alert", account=account)
    await poll(hass, freezer)
    assert told == []

    gateway.account.leave(quota)
    await poll(hass, freezer)
    await poll(hass, freezer)
    assert told == [("Example Gateway", message)]
    assert errors(caplog) == []


@pytest.mark.parametrize(
    ("inputs", "messages"),
    [
        ({}, ["Balance sufficient again: 10.00 USD"]),
        (
            TOP_UPS,
            ["Balance sufficient again: 10.00 USD", "Topped up 8.20 USD"],
        ),
        ({"activities": ["balance_low"]}, []),
    ],
)
async def test_alert_of_a_top_up(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    account: str,
    automate: Automate,
    told: Told,
    inputs: dict[str, Any],
    messages: list[str],
) -> None:
    await automate("balance_alert", account=account, **inputs)
    spend(gateway.account, 5_272_500)
    await poll(hass, freezer)
    gateway.account.leave(5_000_000)
    await poll(hass, freezer)
    assert [message for _, message in told] == ["Balance low: 1.80 USD", *messages]


@pytest.mark.parametrize("name", ["laptop", "1.10", "None"])
@pytest.mark.parametrize("is_night", [False, True])
async def test_alert_of_api_keys(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    automate: Automate,
    told: Told,
    name: str,
    is_night: bool,
) -> None:
    """By the name of the key, whatever it looks like; after quiet hours the last."""
    gateway.fork = NEW_API
    key = gateway.keys.create(name, remain_quota=500_000)
    show(entry)
    await setup(hass, entry)
    await pass_time(hass, freezer, timedelta(seconds=20))
    quiet = {"quiet_start": "11:00:00", "quiet_end": "13:00:00", "quiet": is_night}
    await automate(
        "balance_alert",
        account=device_of(hass, entry),
        activities=["key_used_up", "key_switched_off"],
        **quiet,
    )
    key.remain_quota = 0
    gateway.books.spend("gpt-5", 1)
    await pass_time(hass, freezer, timedelta(minutes=16))
    key.status = DISABLED
    gateway.books.spend("gpt-5", 1)
    await pass_time(hass, freezer, timedelta(minutes=16))
    expected = [f"Key used up: {name}", f"Key switched off: {name}"]
    if is_night:
        assert told == []
        await pass_time(hass, freezer, timedelta(minutes=30))
        del expected[0]
    assert [message for _, message in told] == expected


async def test_alert_of_a_plan(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    automate: Automate,
    told: Told,
) -> None:
    """Each that was chosen, by the name of the plan."""
    gateway.fork = NEW_API
    plan = gateway.plans.buy(title="Pro", days=10, total=5_000_000)
    await setup(hass, entry)
    await pass_time(hass, freezer, timedelta(seconds=20))
    await automate(
        "balance_alert",
        account=device_of(hass, entry),
        activities=["plan_low", "plan_used_up", "plan_ends_soon"],
    )
    for left in (500_000, 0):
        gateway.plans.spend(plan.total - plan.used - left)
        await pass_time(hass, freezer, timedelta(minutes=16))
    await wait_until(hass, freezer, 13)
    for _ in range(7):
        await jump(hass, freezer, timedelta(days=1))
        await jump(hass, freezer, timedelta(minutes=16))
    assert [message.partition(" 2026")[0] for _, message in told] == [
        "Plan low: Pro, 1.00 USD",
        "Plan used up: Pro",
        "Plan ends soon: Pro,",
    ]


async def test_alert_in_points(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    account_in_points: str,
    automate: Automate,
    told: Told,
) -> None:
    await automate("balance_alert", account=account_in_points, **TOP_UPS)
    spend(gateway.account, 5_272_500)
    await poll(hass, freezer)
    gateway.account.quota += 2_000_000
    await poll(hass, freezer)
    assert [message for _, message in told] == [
        "Balance low: 900000 points",
        "Balance sufficient again: 2900000 points",
        "Topped up 2000000 points",
    ]


async def test_alert_of_one_of_two_accounts(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    account: str,
    second_account: str,
    automate: Automate,
    told: Told,
) -> None:
    dr.async_get(hass).async_update_device(second_account, name_by_user="Work")
    await automate("balance_alert", account=second_account)
    gateway.account.leave(900_000)
    await poll(hass, freezer)
    assert told == []
    gateway.more_accounts[0].leave(200_000)
    await poll(hass, freezer)
    assert told == [("Work", "Balance critical: 0.40 USD")]


async def test_alert_with_actions_of_ones_own(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    account: str,
    automate: Automate,
) -> None:
    calls = async_mock_service(hass, "notify", "phone")
    await automate(
        "balance_alert",
        account=account,
        # What 0.1.0 stored for texts that are no longer asked for.
        text_critical="余额告急",
        actions=[
            {
                "action": "notify.phone",
                "data": {
                    "message": "{{ title }} {{ message }}",
                    "data": "{{ [type, urgent, balance] }}",
                },
            }
        ],
    )
    gateway.account.leave(200_000)
    await poll(hass, freezer)
    (call,) = calls
    assert call.data == {
        "message": "Example Gateway Balance critical: 0.40 USD",
        "data": ["balance_critical", True, "0.40 USD"],
    }


@pytest.fixture
def phones(hass: HomeAssistant) -> dict[str, list[ServiceCall]]:
    """Return what is sent to each of two phones, by the ID of its device.

    They are called what they were when the app signed in, whatever they are called now.
    """
    owner = MockConfigEntry(domain="mobile_app")
    owner.add_to_hass(hass)
    sent = {}
    for name in ("Alice's iPhone", "1.10"):
        device = dr.async_get(hass).async_get_or_create(
            config_entry_id=owner.entry_id,
            identifiers={("mobile_app", name)},
            name=name,
        )
        dr.async_get(hass).async_update_device(device.id, name_by_user="Phone")
        service = slugify(f"mobile_app_{name}")
        sent[device.id] = async_mock_service(hass, "notify", service)
    return sent


@pytest.mark.parametrize(
    ("quota", "message", "ring", "rings"),
    [
        (900_000, "Balance low: 1.80 USD", True, False),
        (200_000, "Balance critical: 0.40 USD", True, True),
        (200_000, "Balance critical: 0.40 USD", False, False),
    ],
)
async def test_alert_on_phones(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    account: str,
    automate: Automate,
    told: Told,
    phones: dict[str, list[ServiceCall]],
    quota: int,
    message: str,
    ring: bool,
    rings: bool,
) -> None:
    """On all that are chosen, beside the notice; only what is urgent rings."""
    await automate("balance_alert", account=account, phones=list(phones), ring=ring)
    gateway.account.leave(quota)
    await poll(hass, freezer)
    assert told == [("Example Gateway", message)]
    for (call,) in phones.values():
        assert (call.data["title"], call.data["message"]) == told[0]
        assert bool(call.data["data"]) is rings
        if rings:
            assert call.data["data"]["push"]["sound"]["critical"] == 1
            assert call.data["data"]["channel"] == "alarm_stream"
    assert errors(caplog) == []


async def test_phone_that_is_gone_keeps_nothing_from_the_others(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    account: str,
    automate: Automate,
    told: Told,
    phones: dict[str, list[ServiceCall]],
) -> None:
    gone, other = phones
    dr.async_get(hass).async_remove_device(gone)
    await automate("balance_alert", account=account, phones=[gone, other])
    gateway.account.leave(900_000)
    await poll(hass, freezer)
    assert len(phones[other]) == len(told) == 1


async def test_report_on_a_phone(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    account: str,
    automate: Automate,
    phones: dict[str, list[ServiceCall]],
) -> None:
    chosen = list(phones)[:1]
    await automate("daily_report", accounts=[account], phones=chosen, time="13:00:00")
    await wait_until(hass, freezer, 13)
    (call,) = phones[chosen[0]]
    assert call.data["title"] == "LLM spending"
    assert "Balance: 12.35 USD" in call.data["message"]


async def test_guard_on_a_phone(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    account: str,
    automate: Automate,
    phones: dict[str, list[ServiceCall]],
) -> None:
    """Also when the actions fail; the recovery does not ring."""
    chosen = list(phones)[:1]
    fails = [{"action": "switch.turn_off", "data": {"entity_id": "switch.robot"}}]
    await automate("guard", account=account, phones=chosen, ring=True, actions=fails)
    for quota in (0, 5_000_000):
        gateway.account.leave(quota)
        await poll(hass, freezer)
        await poll(hass, freezer)
    calls = phones[chosen[0]]
    assert [(call.data["message"], bool(call.data["data"])) for call in calls] == [
        ("Balance used up: 0.00 USD", True),
        ("Balance sufficient again: 10.00 USD", False),
    ]


async def test_alert_is_not_repeated_after_a_reload(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    account: str,
    loaded_entry: MockConfigEntry,
    automate: Automate,
    told: Told,
) -> None:
    entity_id = await automate("balance_alert", account=account, **QUIET)
    gateway.account.leave(900_000)
    await poll(hass, freezer)
    assert len(told) == 1
    for service in ("turn_off", "turn_on"):
        await hass.services.async_call(
            "automation", service, {"entity_id": entity_id}, blocking=True
        )
    await hass.config_entries.async_reload(loaded_entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await wait_until(hass, freezer, 8)
    assert len(told) == 1


@pytest.mark.parametrize(
    ("inputs", "quotas", "at_night", "in_the_morning"),
    [
        (QUIET, [900_000], [], ["Balance low: 1.80 USD"]),
        (QUIET, [900_000, 0], [], ["Balance used up: 0.00 USD"]),
        (QUIET, [0, 5_000_000], [], ["Balance sufficient again: 10.00 USD"]),
        (QUIET | TOP_UPS, [9_172_500], [], ["Topped up 6.00 USD"]),
        ({"quiet": True}, [900_000], [], ["Balance low: 1.80 USD"]),
        (
            {},
            [900_000, 0],
            ["Balance low: 1.80 USD", "Balance used up: 0.00 USD"],
            [],
        ),
        (QUIET | {"quiet": False}, [900_000], ["Balance low: 1.80 USD"], []),
        (URGENT, [900_000], [], ["Balance low: 1.80 USD"]),
        (URGENT, [900_000, 0], ["Balance used up: 0.00 USD"], []),
        (
            URGENT,
            [0, 5_000_000],
            ["Balance used up: 0.00 USD"],
            ["Balance sufficient again: 10.00 USD"],
        ),
        (
            QUIET | {"quiet_start": "23:00:00", "quiet_end": "23:30:00"},
            [900_000],
            ["Balance low: 1.80 USD"],
            [],
        ),
        (
            QUIET | {"quiet_start": "00:30:00"},
            [900_000],
            [],
            ["Balance low: 1.80 USD"],
        ),
    ],
)
async def test_quiet_hours(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    account: str,
    automate: Automate,
    told: Told,
    inputs: dict[str, Any],
    quotas: list[int],
    at_night: list[str],
    in_the_morning: list[str],
) -> None:
    """What is held back is told once in the morning, and never again."""
    await automate("balance_alert", account=account, **inputs)
    await wait_until(hass, freezer, 1)
    for quota in quotas:
        gateway.account.leave(quota)
        await poll(hass, freezer)
    assert [message for _, message in told] == at_night
    await wait_until(hass, freezer, 7)
    expected = at_night + in_the_morning
    assert [message for _, message in told] == expected
    await wait_until(hass, freezer, 6)
    await wait_until(hass, freezer, 8)
    assert [message for _, message in told] == expected
    assert errors(caplog) == []


async def test_quiet_hours_do_not_touch_the_day(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    account: str,
    automate: Automate,
    told: Told,
) -> None:
    await automate("balance_alert", account=account, **QUIET)
    gateway.account.leave(900_000)
    await poll(hass, freezer)
    assert len(told) == 1
    await wait_until(hass, freezer, 8)
    assert len(told) == 1


async def test_morning_without_an_answer(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    account: str,
    automate: Automate,
    told: Told,
) -> None:
    """What happened is known, what is left is not."""
    await automate("balance_alert", account=account, **QUIET)
    await wait_until(hass, freezer, 1)
    gateway.account.leave(0)
    await poll(hass, freezer)
    gateway.fault = answering(502)
    await wait_until(hass, freezer, 8)
    assert told == [("Example Gateway", "Balance used up")]
    assert errors(caplog) == []


@pytest.mark.parametrize(
    ("last_run", "start", "at_once", "later"),
    [
        ("2026-11-24T02:00:00-08:00", "2026-11-24T07:30:00-08:00", True, True),
        ("2026-11-24T07:00:01-08:00", "2026-11-24T07:30:00-08:00", False, False),
        ("2026-11-23T12:00:00-08:00", "2026-11-24T07:30:00-08:00", False, False),
        (None, "2026-11-24T07:30:00-08:00", False, False),
        # Days later, also if that is at night; summer time has ended meanwhile.
        ("2026-11-22T23:00:00-08:00", "2026-11-24T06:30:00-08:00", False, True),
        ("2026-11-21T02:00:00-08:00", "2026-11-24T12:00:00-08:00", True, True),
        ("2026-11-21T07:00:01-08:00", "2026-11-24T12:00:00-08:00", False, False),
        ("2026-10-25T06:30:00-07:00", "2026-11-24T07:30:00-08:00", True, True),
        ("2026-10-25T07:30:00-07:00", "2026-11-24T07:30:00-08:00", False, False),
    ],
)
async def test_quiet_hours_that_end_while_home_assistant_is_off(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    automate: Automate,
    told: Told,
    last_run: str | None,
    start: str,
    at_once: bool,
    later: bool,
) -> None:
    attributes = {"last_triggered": last_run}
    mock_restore_cache(hass, [State("automation.example", "on", attributes)])
    freezer.move_to(datetime.fromisoformat(start))
    gateway.account.quota = 900_000
    hass.set_state(CoreState.not_running)
    await setup(hass, entry)
    await automate("balance_alert", account=device_of(hass, entry), **QUIET)
    await hass.async_start()
    await hass.async_block_till_done()
    assert [message for _, message in told] == ["Balance low: 1.80 USD"] * at_once
    await wait_until(hass, freezer, 9)
    assert [message for _, message in told] == ["Balance low: 1.80 USD"] * later


async def test_alert_by_hand_shows_how_it_would_look(
    hass: HomeAssistant, account: str, automate: Automate, told: Told
) -> None:
    entity_id = await automate("balance_alert", account=account)
    await hass.services.async_call(
        "automation", "trigger", {"entity_id": entity_id}, blocking=True
    )
    assert told == [("Example Gateway", "Balance sufficient again: 12.35 USD")]


# Daily report


@pytest.mark.usefixtures("recorded")
async def test_report(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    account: str,
    automate: Automate,
    told: Told,
) -> None:
    """Once a day, with what is known by then."""
    await automate("daily_report", accounts=[account], time="18:00:00")
    await wait_until(hass, freezer, 17)
    spend(gateway.account, 600_000)
    await poll(hass, freezer)
    assert told == []
    await wait_until(hass, freezer, 18)
    assert told == [
        (
            "LLM spending",
            (
                "Example Gateway\n"
                "Spent today: 1.20 USD\n"
                "Spent this month: 1.20 USD\n"
                "Average daily spending: 0.00 USD\n"
                "Balance: 11.14 USD"
            ),
        )
    ]
    await wait_until(hass, freezer, 17)
    assert len(told) == 1
    await wait_until(hass, freezer, 18)
    assert told[1:] == [
        (
            "LLM spending",
            (
                "Example Gateway\n"
                "Spent today: 0.00 USD\n"
                "Spent this month: 1.20 USD\n"
                "Average daily spending: 0.17 USD\n"
                "Balance: 11.14 USD\n"
                "Days remaining: 65"
            ),
        )
    ]
    assert errors(caplog) == []


@pytest.mark.parametrize(
    ("inputs", "listed"),
    [
        (
            {"time": "18:00:00"},
            ["qwen3-max (1.00 USD)", "gpt-5 (0.80 USD)", "glm-4.6 (0.60 USD)"],
        ),
        ({"time": "18:00:00", "models": False}, []),
        ({"time": "00:01:00"}, []),
    ],
)
async def test_report_lists_the_most_expensive_models_of_the_day(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    entry: MockConfigEntry,
    automate: Automate,
    told: Told,
    inputs: dict[str, Any],
    listed: list[str],
) -> None:
    gateway.fork = NEW_API_2026_08
    yesterday = dt_util.start_of_local_day() - timedelta(hours=1)
    gateway.books.spend("claude-opus-4-5", 900_000, at=yesterday.timestamp())
    for model, quota in (
        ("gpt-5-mini", 200_000),
        ("gpt-5", 400_000),
        ("qwen3-max", 500_000),
        ("glm-4.6", 300_000),
    ):
        gateway.books.spend(model, quota)
    freezer.tick(timedelta(minutes=10))
    await setup(hass, entry)
    account = device_of(hass, entry)
    await automate("daily_report", accounts=[account], **inputs)
    await wait_until(hass, freezer, 1)
    ((_, message),) = told
    (models,) = re.findall("Most expensive: (.*)", message) or [""]
    assert models == ", ".join(listed)
    assert errors(caplog) == []


@pytest.mark.usefixtures("whole_past")
@pytest.mark.parametrize("fork", [NEW_API_2026_08, V_API], ids=lambda fork: fork.name)
async def test_weekly_report(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    entry: MockConfigEntry,
    automate: Automate,
    told: Told,
    fork: Fork,
) -> None:
    """On its day only, of seven days, also where there are only sums; it is Monday."""
    gateway.fork = fork
    for days, quota in ((2, 500_000), (6, 250_000), (9, 4_000_000)):
        moment = dt_util.now() - timedelta(days=days)
        gateway.books.spend("gpt-5", quota, at=moment.timestamp())
    freezer.tick(timedelta(minutes=10))
    await setup(hass, entry)
    account = device_of(hass, entry)
    await automate("daily_report", accounts=[account], time="13:00:00", day="2")
    await wait_until(hass, freezer, 14)
    assert told == []
    await wait_until(hass, freezer, 14)
    ((_, message),) = told
    lines = message.splitlines()
    assert lines[:2] == ["Example Gateway", "Past seven days: 1.50 USD"]
    has_models = "Most expensive: gpt-5 (1.50 USD)" in lines
    assert has_models is (fork is NEW_API_2026_08)
    assert not any(line.startswith("Spent today") for line in lines)
    await wait_until(hass, freezer, 14)
    assert len(told) == 1
    assert errors(caplog) == []


@pytest.mark.usefixtures("recorded")
async def test_report_right_after_midnight(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    account: str,
    automate: Automate,
    told: Told,
) -> None:
    """It is of the new day, although no poll was answered since."""
    await automate("daily_report", accounts=[account], time="00:01:00")
    await wait_until(hass, freezer, 23)
    spend(gateway.account, 600_000)
    await pass_time(hass, freezer, timedelta(minutes=56))
    gateway.fault = answering(502)
    await pass_time(hass, freezer, timedelta(minutes=6))
    (report,) = told
    assert "Spent today: 0.00 USD\nSpent this month: 1.20 USD\n" in report[1]


@pytest.mark.usefixtures("recorded")
async def test_report_in_points_and_chinese(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account_in_points: str,
    automate: Automate,
    told: Told,
) -> None:
    hass.config.language = "zh-Hans"
    await automate("daily_report", accounts=[account_in_points])
    await wait_until(hass, freezer, 21)
    assert told == [
        (
            "大模型消费",
            (
                "Example Gateway\n"
                "今日消费：0 点\n"
                "本月消费：0 点\n"
                "日均消费：0 点\n"
                "剩余额度：6172500 点"
            ),
        )
    ]


async def test_report_of_two_accounts_of_which_one_does_not_answer(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    account: str,
    second_account: str,
    automate: Automate,
    told: Told,
) -> None:
    dr.async_get(hass).async_update_device(second_account, name_by_user="Work")
    await automate("daily_report", accounts=[second_account, account])
    await wait_until(hass, freezer, 18)
    gateway.account.access_token = "another"
    await wait_until(hass, freezer, 21)
    assert told == [
        (
            "LLM spending",
            (
                "Work\n"
                "Spent today: 0.00 USD\n"
                "Spent this month: 0.00 USD\n"
                "Average daily spending: 0.00 USD\n"
                "Balance: 4.00 USD\n"
                "\n"
                "Example Gateway\n"
                "The balance is not known at the moment"
            ),
        )
    ]
    assert errors(caplog) == []


# Guard


@pytest.fixture
def switched_off(hass: HomeAssistant) -> list[Any]:
    """Return what was switched off."""
    return async_mock_service(hass, "switch", "turn_off")


@pytest.fixture
def switched_on(hass: HomeAssistant) -> list[Any]:
    """Return what was switched on."""
    return async_mock_service(hass, "switch", "turn_on")


SWITCHES = {
    "actions": [
        {
            "action": "switch.turn_off",
            "data": {"entity_id": "switch.robot"},
        },
        {
            "action": "persistent_notification.create",
            "data": {"title": "{{ title }}", "message": "{{ message }}"},
        },
    ],
    "recovery_actions": [
        {"action": "switch.turn_on", "data": {"entity_id": "switch.robot"}}
    ],
}


async def test_guard_against_exhaustion(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    account: str,
    automate: Automate,
    told: Told,
    switched_off: list[Any],
    switched_on: list[Any],
) -> None:
    await automate("guard", account=account, **SWITCHES)
    gateway.account.leave(200_000)
    await poll(hass, freezer)
    assert switched_off == []
    gateway.account.leave(0)
    await poll(hass, freezer)
    await poll(hass, freezer)
    assert len(switched_off) == 1
    assert told == [("Example Gateway", "Balance used up: 0.00 USD")]
    gateway.account.leave(5_000_000)
    await poll(hass, freezer)
    await poll(hass, freezer)
    assert len(switched_on) == 1
    assert errors(caplog) == []


@pytest.mark.parametrize(
    ("inputs", "acted", "recovered"),
    [
        ({}, ["Unusual spending: 1.62 USD, usually 0.24 USD"], 0),
        ({"activities": ["balance_critical"]}, ["Balance critical: 0.34 USD"], 1),
        ({"activities": []}, [], 0),
    ],
)
async def test_guard_against_unusual_spending(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    account: str,
    automate: Automate,
    told: Told,
    switched_off: list[Any],
    switched_on: list[Any],
    inputs: dict[str, Any],
    acted: list[str],
    recovered: int,
) -> None:
    """While it lasts, a top-up switches nothing on again."""
    gateway.account.quota = 1_400_000
    await automate("guard", account=account, **SWITCHES, **inputs)
    await settle_habit(hass, freezer, gateway.account)
    assert told == []
    spend(gateway.account, 750_000)
    await poll(hass, freezer)
    assert [message for _, message in told] == acted
    assert len(switched_off) == len(acted)
    gateway.account.leave(5_000_000)
    await poll(hass, freezer)
    assert len(switched_on) == recovered


async def test_guard_switches_nothing_on_that_it_did_not_switch_off(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    account: str,
    automate: Automate,
    switched_off: list[Any],
    switched_on: list[Any],
) -> None:
    await automate("guard", account=account, **SWITCHES)
    for quota in (200_000, 5_000_000):
        gateway.account.leave(quota)
        await poll(hass, freezer)
    assert switched_off == switched_on == []


async def test_guard_leaves_off_what_unusual_spending_switched_off(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    account: str,
    loaded_entry: MockConfigEntry,
    automate: Automate,
    switched_off: list[Any],
    switched_on: list[Any],
) -> None:
    """Also if the money is gone, and comes when the day of it is long over."""
    await automate("guard", account=account, **SWITCHES)
    await settle_habit(hass, freezer, gateway.account)
    spend(gateway.account, 750_000)
    await poll(hass, freezer)
    assert len(switched_off) == 1
    await wait_until(hass, freezer, 10)
    gateway.account.leave(0)
    await poll(hass, freezer)
    await wait_until(hass, freezer, 9)
    await hass.config_entries.async_reload(loaded_entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert state_of(hass, "binary_sensor.example_gateway_unusual_spending") == "off"
    gateway.account.leave(1_200_000)
    await poll(hass, freezer)
    assert switched_on == []
    # That was that; the next time it is the balance alone.
    await wait_until(hass, freezer, 8)
    for quota in (0, 1_200_000):
        gateway.account.leave(quota)
        await wait_until(hass, freezer, 8)
    assert len(switched_on) == 1


async def test_guard_without_recovery(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    account: str,
    automate: Automate,
    switched_off: list[Any],
) -> None:
    await automate("guard", account=account, actions=SWITCHES["actions"])
    gateway.account.leave(0)
    await poll(hass, freezer)
    gateway.account.leave(5_000_000)
    await poll(hass, freezer)
    assert len(switched_off) == 1
    assert errors(caplog) == []


@pytest.mark.parametrize("name", ["1.10", "None", "[1]", "1_0", "0x10", "Ålesund 1"])
@pytest.mark.parametrize("blueprint", ["balance_alert", "guard"])
async def test_name_that_looks_like_a_value_stays_a_text(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    account: str,
    automate: Automate,
    told: Told,
    name: str,
    blueprint: str,
) -> None:
    dr.async_get(hass).async_update_device(account, name_by_user=name)
    notice = {
        "action": "persistent_notification.create",
        "data": {"title": "{{ title }}", "message": "{{ message }}"},
    }
    await automate(blueprint, account=account, actions=[notice])
    gateway.account.leave(0)
    await poll(hass, freezer)
    await poll(hass, freezer)
    ((title, _),) = told
    assert title
    assert title.removesuffix("\u2060") == name
    assert errors(caplog) == []


# Budget alert


@pytest.mark.parametrize(
    ("type_", "attributes", "message", "rings"),
    [
        ("budget_warning", {"spent": 9.1}, "nearly used (Month): 9.10 USD of", False),
        ("budget_exceeded", {"spent": 10.5}, "exceeded (Month): 10.50 USD of", True),
        ("budget_forecast", {"spent": 5}, "exceeded (Month): 12.50 USD of", False),
    ],
)
async def test_budget_alert(
    hass: HomeAssistant,
    loaded_entry: MockConfigEntry,
    account: str,
    automate: Automate,
    told: Told,
    phones: dict[str, list[ServiceCall]],
    type_: str,
    attributes: dict[str, Any],
    message: str,
    rings: bool,
) -> None:
    await automate("budget_alert", account=account, phones=list(phones), ring=True)
    attributes |= {"currency": "USD", "period": "month", "budget": 10}
    attributes |= {"projected": 12.5}
    async_fire(hass, loaded_entry, AccountEvent(type=type_, attributes=attributes))
    await hass.async_block_till_done()
    ((title, text),) = told
    assert title == "Example Gateway"
    assert text.endswith(f"{message} 10.00 USD")
    for (call,) in phones.values():
        assert call.data["message"] == text
        assert bool(call.data["data"]) is rings
