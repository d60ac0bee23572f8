"""What happens to the plans of an account: reported once each, and to whom."""

from datetime import timedelta
from operator import itemgetter
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_service,
)

from custom_components.llm_gateway_account.const import DOMAIN
from custom_components.llm_gateway_account.events import (
    GROUP_CHANGED,
    PLAN_EVENT_TYPES,
)
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from .gateway_plans import ServerPlan
from .gateway_server import NEW_API, GatewayServer
from .helpers import collect_events, device_of, examples, jump, setup
from .keys import NOON, QUARTER, reload, wait

DAY = timedelta(days=1)
DOLLAR = 500_000

type Told = list[tuple[str, dict[str, Any]]]


@pytest.fixture(autouse=True)
def noon(gateway: GatewayServer, freezer: FrozenDateTimeFactory) -> None:
    """Stop the clock."""
    freezer.move_to(NOON)
    gateway.fork = NEW_API


@pytest.fixture
def told(hass: HomeAssistant) -> Told:
    """Collect what is reported of plans and groups."""
    return collect_events(
        hass,
        [*PLAN_EVENT_TYPES, GROUP_CHANGED],
        {"plan", "amount", "currency", "ends_at", "from", "to"},
    )


async def begin(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    **fields: Any,
) -> ServerPlan:
    """Set up an account with a plan of ten dollars for ten days."""
    bought: dict[str, Any] = {"title": "Pro", "days": 10, "total": 10 * DOLLAR}
    plan = gateway.plans.buy(**bought | fields)
    await setup(hass, entry)
    await wait(hass, freezer, timedelta(seconds=20))
    return plan


async def use(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    dollars: float = 0,
) -> None:
    """Let a request be paid, and wait until that is seen."""
    gateway.plans.spend(max(int(dollars * DOLLAR), 1))
    await wait(hass, freezer, QUARTER)


def kinds(told: Told) -> list[str]:
    return [kind for kind, _ in told]


async def test_plan_with_little_left(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    told: Told,
) -> None:
    """Less than a fifth; again only after it had a tenth more than that."""
    plan = await begin(hass, gateway, entry, freezer)
    low = ("plan_low", {"plan": "Pro", "amount": 1.999996, "currency": "USD"})
    for left in (2_000_000, 1_000_002, 999_999, 500_000, 1_099_999, 900_000):
        plan.used = plan.total - left
        await use(hass, gateway, freezer)
    assert told == [low]
    for left in (1_100_002, 999_999):
        plan.used = plan.total - left
        await use(hass, gateway, freezer)
    assert told == [low, low]


async def test_plan_without_a_limit_is_never_low(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    told: Told,
) -> None:
    await begin(hass, gateway, entry, freezer, total=0)
    await use(hass, gateway, freezer, 100)
    assert told == []


async def test_plan_that_is_used_up_and_reset(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    told: Told,
) -> None:
    """In one step it is not low as well. Each period is one of its own."""
    plan = await begin(hass, gateway, entry, freezer, period=6 * 3600)
    for _ in range(2):
        plan.used = plan.total
        gateway.books.spend("gpt-5", 1)
        await wait(hass, freezer, QUARTER)
        gateway.books.spend("gpt-5", 1)
        await wait(hass, freezer, 6 * 4 * QUARTER)
    assert told == 2 * [
        ("plan_used_up", {"plan": "Pro"}),
        ("plan_reset", {"plan": "Pro"}),
    ]


async def test_plan_whose_advances_are_given_back(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    told: Told,
) -> None:
    """What is left for a moment is no plan that is used up once more."""
    plan = await begin(hass, gateway, entry, freezer)
    for left in (0, 5_000, 0, 400_000, 0):
        plan.used = plan.total - left
        await use(hass, gateway, freezer)
    assert kinds(told) == ["plan_used_up"]


async def test_replica_that_tells_of_the_period_before(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    told: Told,
) -> None:
    plan = await begin(hass, gateway, entry, freezer, period=6 * 3600)
    plan.used = plan.total - 500_000
    await use(hass, gateway, freezer)
    old = plan.used, plan.last_reset, plan.next_reset
    await wait(hass, freezer, 6 * 4 * QUARTER)
    assert kinds(told) == ["plan_low", "plan_reset"]
    new = plan.used, plan.last_reset, plan.next_reset
    gateway.plans.runs_tasks = False
    for plan.used, plan.last_reset, plan.next_reset in (old, new, old, new):
        await use(hass, gateway, freezer)
    assert kinds(told) == ["plan_low", "plan_reset"]


async def test_plan_that_is_used_up_right_after_a_reset(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    told: Told,
) -> None:
    """Nobody saw it full."""
    plan = await begin(hass, gateway, entry, freezer, period=6 * 3600)
    await wait(hass, freezer, timedelta(hours=5))
    plan.used = plan.total
    await use(hass, gateway, freezer)
    gateway.plans.runs_tasks = False
    await wait(hass, freezer, timedelta(minutes=46))
    gateway.plans.runs_tasks = True
    gateway.plans.run_tasks()
    plan.used = plan.total
    await wait(hass, freezer, QUARTER)
    assert kinds(told) == ["plan_used_up", "plan_reset", "plan_used_up"]


async def test_reset_of_a_gateway_that_does_not_tell_the_last_one(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    told: Told,
) -> None:
    plan = await begin(hass, gateway, entry, freezer, period=6 * 3600)
    plan.last_reset = 0
    await reload(hass, entry)
    told.clear()
    await wait(hass, freezer, timedelta(hours=5))
    plan.next_reset += plan.period
    await use(hass, gateway, freezer)
    assert kinds(told) == ["plan_reset"]


async def test_plan_that_ends_soon(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    told: Told,
) -> None:
    """Three days before; again if it gets another end. Its end itself is none."""
    plan = await begin(hass, gateway, entry, freezer)
    await jump(hass, freezer, 7 * DAY - timedelta(minutes=10))
    assert told == []
    await wait(hass, freezer, timedelta(minutes=15))
    ends = ("plan_ends_soon", {"plan": "Pro", "ends_at": (NOON + 10 * DAY).isoformat()})
    assert told == [ends]
    await jump(hass, freezer, DAY)
    assert told == [ends]
    plan.end += int(DAY.total_seconds())
    await use(hass, gateway, freezer)
    again = {"plan": "Pro", "ends_at": (NOON + 11 * DAY).isoformat()}
    assert told == [ends, ("plan_ends_soon", again)]
    await jump(hass, freezer, 4 * DAY)
    await wait(hass, freezer, QUARTER)
    assert len(told) == 2


async def test_first_look_reports_nothing(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    told: Told,
) -> None:
    """What a plan is when it is first seen did not happen just now."""
    gateway.plans.buy("Used up", days=9, total=DOLLAR, used=DOLLAR)
    gateway.plans.buy("Low", days=9, total=100, used=99)
    await begin(hass, gateway, entry, freezer, days=2)
    await use(hass, gateway, freezer)
    assert told == []


async def test_group_that_changes_with_a_plan(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    told: Told,
) -> None:
    """It is one event when a plan begins, and one when it ends."""
    await setup(hass, entry)
    await wait(hass, freezer, timedelta(seconds=20))
    gateway.plans.buy("Pro", days=1, total=10 * DOLLAR, upgrade_group="vip")
    for _ in range(7):
        await jump(hass, freezer, timedelta(hours=1))
    assert told == [("group_changed", {"from": "default", "to": "vip"})]
    gateway.plans.spend(10 * DOLLAR)
    for _ in range(7):
        await jump(hass, freezer, timedelta(hours=1))
    assert kinds(told) == ["group_changed", "plan_used_up"]
    for _ in range(14):
        await jump(hass, freezer, timedelta(hours=1))
    assert told[2:] == [("group_changed", {"from": "vip", "to": "default"})]


async def test_events_over_a_restart(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    told: Told,
) -> None:
    """What happened meanwhile is reported, what was reported is not."""
    plan = await begin(hass, gateway, entry, freezer, period=86_400)
    plan.used = plan.total - DOLLAR
    await use(hass, gateway, freezer)
    assert kinds(told) == ["plan_low"]
    await reload(hass, entry)
    await wait(hass, freezer, timedelta(minutes=1))
    assert kinds(told) == ["plan_low"]
    await hass.config_entries.async_unload(entry.entry_id)
    plan.used = plan.total
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await wait(hass, freezer, timedelta(minutes=1))
    assert kinds(told) == ["plan_low", "plan_used_up"]
    await hass.config_entries.async_unload(entry.entry_id)
    freezer.tick(8 * DAY)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await wait(hass, freezer, timedelta(minutes=1))
    assert kinds(told)[2:] == ["plan_reset", "plan_ends_soon"]
    await reload(hass, entry)
    await wait(hass, freezer, timedelta(minutes=1))
    assert len(told) == 4


async def test_plan_that_is_gone_is_forgotten(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    hass_storage: dict[str, Any],
    told: Told,
) -> None:
    plan = await begin(hass, gateway, entry, freezer, plan_id=9)
    gateway.plans.buy("Other", days=30, total=DOLLAR)
    await use(hass, gateway, freezer)
    stored = entry.runtime_data.account.storage.state.plans
    assert stored.told.keys() == {1, 2}
    assert stored.titles == {9: "Pro", 102: "Other"}
    gateway.plans.bought.remove(plan)
    await use(hass, gateway, freezer)
    assert stored.told.keys() == {2}
    await hass.config_entries.async_unload(entry.entry_id)
    written = hass_storage[f"{entry.domain}.{entry.entry_id}"]["data"]["plans"]
    assert written["told"].keys() == {"2"}
    assert written["titles"] == {"102": "Other"}
    assert written["balance_pays"] is False
    assert told == []


TOLD = {"is_low": True, "is_used_up": False, "end": 0, "last_reset": 0, "next_reset": 0}


@pytest.mark.parametrize(
    ("stored", "is_taken"),
    [
        ({}, True),
        ({"told": {"1": TOLD}, "titles": {"1": "a"}, "balance_pays": False}, True),
        ({"told": {"1": TOLD | {"more": 1}}, "of": "a newer version"}, True),
        ({"told": {"1": {"is_low": True}}}, False),
        ({"told": {"1": TOLD | {"end": -1}}}, False),
        ({"titles": {"1": 2}}, False),
        ({"balance_pays": "x"}, False),
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
    stored: Any,
    is_taken: bool,
) -> None:
    """A file of before, or one that somebody edited."""
    await begin(hass, gateway, entry, freezer)
    await hass.config_entries.async_unload(entry.entry_id)
    name = f"{entry.domain}.{entry.entry_id}"
    hass_storage[name]["data"]["plans"] = stored
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert ("starts anew" in caplog.text) is not is_taken
    state = hass.states.get("sensor.example_gateway_plan")
    assert state
    assert state.state == "Pro"


async def test_file_without_plans(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    told: Told,
) -> None:
    """Such as one that 0.1.0 wrote."""
    await begin(hass, gateway, entry, freezer, used=9 * DOLLAR)
    await hass.config_entries.async_unload(entry.entry_id)
    del hass_storage[f"{entry.domain}.{entry.entry_id}"]["data"]["plans"]
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await wait(hass, freezer, timedelta(minutes=1))
    assert told == []
    assert "starts anew" not in caplog.text


@pytest.mark.parametrize("kind", PLAN_EVENT_TYPES)
async def test_triggers(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    kind: str,
) -> None:
    """That of the integration, and that of the device."""
    plan = await begin(hass, gateway, entry, freezer, days=3.5, period=86_400)
    device = device_of(hass, entry)
    calls = async_mock_service(hass, "test", "automation")
    triggers: list[dict[str, Any]] = [
        {"trigger": f"{DOMAIN}.{kind}", "target": {"device_id": device}},
        {"trigger": "device", "domain": DOMAIN, "device_id": device, "type": kind},
    ]
    automations = [
        {
            "alias": f"number {number}",
            "triggers": each,
            "actions": {
                "action": "test.automation",
                "data_template": {"plan": "{{ trigger.plan }}"},
            },
        }
        for number, each in enumerate(triggers)
    ]
    assert await async_setup_component(hass, "automation", {"automation": automations})
    if kind in {"plan_low", "plan_used_up"}:
        plan.used = plan.total - (DOLLAR if kind == "plan_low" else 0)
        await use(hass, gateway, freezer)
    else:
        await jump(hass, freezer, DAY)
        await wait(hass, freezer, QUARTER)
    assert [call.data for call in calls] == 2 * [{"plan": "Pro"}]


@pytest.mark.parametrize("example", examples("docs/plans"), ids=itemgetter("alias"))
async def test_example_of_the_documentation(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    example: dict[str, Any],
) -> None:
    plan = await begin(hass, gateway, entry, freezer)
    calls = async_mock_service(hass, "notify", "mobile_app_phone")
    assert await async_setup_component(hass, "automation", {"automation": example})
    plan.used = plan.total - DOLLAR
    await use(hass, gateway, freezer)
    (call,) = calls
    assert "Pro" in call.data["message"]
    assert "0.999998 USD" in call.data["message"]
