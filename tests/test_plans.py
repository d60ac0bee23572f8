"""The plans of an account: what is shown of them, when they are read, what pays."""

from datetime import timedelta
from typing import Any

from aiohttp import web
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

from custom_components.llm_gateway_account.const import CONF_CURRENCY, DOMAIN
from custom_components.llm_gateway_account.gateway import Account
from custom_components.llm_gateway_account.plan_paid import expect_plan_paid
from custom_components.llm_gateway_account.spending import Ledger
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component

from .faults import ONE_OF_EACH_KIND
from .gateway_books import DAY
from .gateway_plans import (
    PLAN_TITLES,
    PLANS,
    PLANTED_IN_PLANS,
    PLANTED_USER,
    PlanList,
)
from .gateway_server import (
    FORKS,
    INDEX_HTML,
    NEW_API,
    NEW_API_2026_08,
    ONE_API,
    Fork,
    GatewayServer,
    Handler,
    answering,
)
from .helpers import (
    balance,
    copy_of,
    device_of,
    get_account,
    jump,
    own_log,
    setup,
    state_of,
)
from .keys import HOUR, NOON, QUARTER, asked, reload, wait, with_options
from .watching import issues, loud

OF_PLANS = ("plan", "plan_remaining", "plan_ends", "plan_resets", "plan_used")
DOLLAR = 500_000


@pytest.fixture(autouse=True)
def noon(gateway: GatewayServer, freezer: FrozenDateTimeFactory) -> None:
    """Stop the clock, at a gateway that has plans."""
    freezer.move_to(NOON)
    gateway.fork = NEW_API_2026_08


def value(hass: HomeAssistant, key: str) -> str | None:
    """Return the state of a sensor of the plan; None if there is none."""
    state = hass.states.get(f"sensor.example_gateway_{key}")
    return state.state if state else None


def attributes(hass: HomeAssistant, key: str) -> dict[str, Any]:
    """Return the attributes of a sensor of the plan."""
    state = hass.states.get(f"sensor.example_gateway_{key}")
    assert state
    return dict(state.attributes)


def registered(hass: HomeAssistant, entry: MockConfigEntry) -> set[str]:
    """Return the keys of the sensors of plans that there are."""
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    keys = {each.unique_id.removeprefix(f"{entry.entry_id}_") for each in entities}
    return keys & set(OF_PLANS)


async def spend(
    hass: HomeAssistant,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    dollars: float = 1,
) -> bool:
    """Let a request be paid, and wait until that is seen."""
    is_paid = gateway.plans.spend(int(dollars * DOLLAR))
    await wait(hass, freezer, QUARTER)
    return is_paid


# What is shown


@pytest.mark.usefixtures("every_entity_enabled")
@pytest.mark.parametrize(
    "fork",
    [*(each for each in FORKS if each.plans)],
    ids=lambda fork: fork.name,
)
async def test_plan(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    fork: Fork,
) -> None:
    gateway.fork = fork
    gateway.plans.buy("Pro", total=10 * DOLLAR, used=2 * DOLLAR, period=int(DAY))
    await setup(hass, entry)
    assert value(hass, "plan") == "Pro"
    assert value(hass, "plan_remaining") == "8.0"
    assert value(hass, "plan_ends") == (NOON + timedelta(days=30)).isoformat()
    assert value(hass, "plan_resets") == (NOON + timedelta(days=1)).isoformat()
    assert value(hass, "plan_used") == "20.0"
    shown = attributes(hass, "plan")
    assert shown["paid_by"] == "plan"
    assert shown["billing_preference"] == "subscription_first"
    assert shown["unlimited"] is False
    assert "more_plans" not in shown
    assert attributes(hass, "plan_remaining")["unit_of_measurement"] == "USD"
    assert attributes(hass, "plan_remaining")["state_class"] == "total"
    assert await spend(hass, gateway, freezer)
    assert value(hass, "plan_remaining") == "7.0"
    assert balance(hass) == "12.345"
    assert issues(hass) == []


async def test_what_is_on_by_default(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    gateway.plans.buy(total=10 * DOLLAR, period=int(DAY))
    await setup(hass, entry)
    assert registered(hass, entry) == set(OF_PLANS)
    assert [key for key in OF_PLANS if value(hass, key)] == [
        "plan",
        "plan_remaining",
        "plan_ends",
    ]


@pytest.mark.parametrize("fork", FORKS, ids=lambda fork: fork.name)
async def test_account_without_a_plan(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    fork: Fork,
) -> None:
    """It has no entity and few requests, however busy it is."""
    gateway.fork = fork
    await setup(hass, entry)
    assert registered(hass, entry) == set()
    assert asked(gateway, PLANS) == 1
    for _ in range(8):
        gateway.books.spend("gpt-5", 100)
        await jump(hass, freezer, 3 * HOUR)
    assert asked(gateway, PLANS) == (4 if fork.plans else 0)
    assert registered(hass, entry) == set()
    assert PLAN_TITLES not in gateway.paths()


async def test_plan_without_a_limit(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Nothing is left of it, and nothing used; unless the one before had a limit."""
    gateway.plans.buy("Flat", days=30)
    await setup(hass, entry)
    assert registered(hass, entry) == {"plan", "plan_ends"}
    assert attributes(hass, "plan")["unlimited"] is True
    gateway.plans.buy("Small", days=1, total=DOLLAR)
    gateway.account.group = "vip"
    await wait(hass, freezer, QUARTER)
    assert (value(hass, "plan"), value(hass, "plan_remaining")) == ("Small", "1.0")
    assert await spend(hass, gateway, freezer)
    assert value(hass, "plan") == "Flat"
    assert value(hass, "plan_remaining") == STATE_UNKNOWN


async def test_several_plans(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    """The one that pays first, then as many others as an attribute can hold."""
    gateway.plans.buy("Used up", days=1, total=DOLLAR, used=DOLLAR)
    for number in range(9):
        gateway.plans.buy(f"Plan {number}", days=10 + number, total=DOLLAR)
    gateway.plans.buy("Flat", days=11.5)
    await setup(hass, entry)
    assert value(hass, "plan") == "Plan 0"
    more = attributes(hass, "plan")["more_plans"]
    assert [each["plan"] for each in more] == ["Plan 1", "Flat"] + [
        f"Plan {number}" for number in (2, 3, 4)
    ]
    assert more[0]["remaining"] == 1
    assert more[0]["ends_at"] == (NOON + timedelta(days=11)).isoformat()
    assert more[1]["remaining"] is None
    assert attributes(hass, "plan")["currency"] == "USD"


async def test_amount_in_points(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    gateway.plans.buy(total=10 * DOLLAR)
    with_options(entry, **{CONF_CURRENCY: "points"})
    await setup(hass, entry)
    assert value(hass, "plan_remaining") == "5000000"
    assert attributes(hass, "plan_remaining")["state_class"] == "measurement"
    assert "device_class" not in attributes(hass, "plan_remaining")


@pytest.mark.parametrize("kind", list(PlanList))
async def test_title(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    kind: PlanList,
) -> None:
    """It is asked for once, and kept for when the plan is no longer sold."""
    object.__setattr__(gateway.fork, "plans", kind)
    try:
        plan = gateway.plans.buy("Pro" * 99, total=10 * DOLLAR)
        await setup(hass, entry)
        title = ("Pro" * 99)[:100]
        assert value(hass, "plan") == title
        for _ in range(8):
            await jump(hass, freezer, 6 * HOUR)
        wanted = 0 if kind is PlanList.TOGETHER else 1
        assert gateway.paths().count(PLAN_TITLES) == wanted
        plan.is_sold = False
        await reload(hass, entry)
        assert value(hass, "plan") == title
        assert gateway.paths().count(PLAN_TITLES) == wanted
    finally:
        object.__setattr__(gateway.fork, "plans", PlanList.WITH_FALLBACK)


async def test_title_that_nobody_tells(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Its number stands there, and it is asked for once a day at most."""
    plan = gateway.plans.buy("Old", total=10 * DOLLAR, is_sold=False)
    await setup(hass, entry)
    assert value(hass, "plan") == "#101"
    for _ in range(8):
        await spend(hass, gateway, freezer, 0.1)
    assert gateway.paths().count(PLAN_TITLES) == 1
    plan.is_sold = True
    await jump(hass, freezer, timedelta(days=1))
    await spend(hass, gateway, freezer, 0.1)
    assert value(hass, "plan") == "Old"


async def test_titles_that_fail(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    gateway.plans.buy("Pro", total=10 * DOLLAR)

    async def fault(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == PLAN_TITLES:
            return web.Response(status=502)
        gateway.plans_fault = None
        answer = await gateway.handle(request)
        gateway.plans_fault = fault
        return answer

    gateway.plans_fault = fault
    await setup(hass, entry)
    assert value(hass, "plan") == "#101"
    assert value(hass, "plan_remaining") == "10.0"
    assert loud(caplog) == []


# When plans come and go


async def test_plan_that_begins(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """It comes by itself: at once if it changes the group, else within hours."""
    await setup(hass, entry)
    gateway.plans.buy("Pro", total=10 * DOLLAR, upgrade_group="vip")
    await wait(hass, freezer, QUARTER)
    assert value(hass, "plan") == "Pro"
    assert state_of(hass, "sensor.example_gateway_user_group") == "vip"


async def test_plan_that_begins_without_another_group(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    await setup(hass, entry)
    gateway.plans.buy("Pro", total=10 * DOLLAR)
    await wait(hass, freezer, 5 * HOUR)
    assert value(hass, "plan") is None
    await wait(hass, freezer, 2 * HOUR)
    assert value(hass, "plan") == "Pro"


@pytest.mark.usefixtures("every_entity_enabled")
async def test_plan_that_ends(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Unavailable at its end; gone when the gateway said twice that it is."""
    gateway.plans.buy("Pro", days=0.5, total=10 * DOLLAR, period=3600)
    await setup(hass, entry)
    await wait(hass, freezer, timedelta(hours=11, minutes=55))
    assert value(hass, "plan_remaining") == "10.0"
    await wait(hass, freezer, timedelta(minutes=10))
    assert value(hass, "plan") == STATE_UNAVAILABLE
    assert value(hass, "plan_ends") == STATE_UNAVAILABLE
    await wait(hass, freezer, timedelta(minutes=40))
    assert registered(hass, entry) == set()
    assert value(hass, "plan") is None
    asked(gateway)
    await wait(hass, freezer, timedelta(hours=6))
    assert asked(gateway, PLANS) <= 2
    # The next one has the same entities, which come without a reload.
    gateway.plans.buy("Again", total=DOLLAR)
    await wait(hass, freezer, timedelta(hours=7))
    assert value(hass, "plan") == "Again"
    assert value(hass, "plan_remaining") == "1.0"


async def test_plan_that_is_renewed_at_its_end(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The same entities go on, whoever changed them keeps that."""
    plan = gateway.plans.buy("Pro", days=1, total=10 * DOLLAR)
    await setup(hass, entry)
    before = er.async_get(hass).async_get("sensor.example_gateway_plan")
    await jump(hass, freezer, timedelta(hours=20))
    gateway.plans.buy("Pro", plan_id=plan.plan_id, days=31, total=10 * DOLLAR)
    await wait(hass, freezer, timedelta(hours=5))
    assert (
        value(hass, "plan_ends") == (NOON + timedelta(hours=31 * 24 + 20)).isoformat()
    )
    assert er.async_get(hass).async_get("sensor.example_gateway_plan") == before


async def test_one_empty_answer_is_none(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A gateway says so while its database fails; only a second one takes it away."""
    gateway.plans.buy("Pro", total=10 * DOLLAR)
    await setup(hass, entry)
    gateway.plans.database_fails = True
    await spend(hass, gateway, freezer)
    assert value(hass, "plan_remaining") == "10.0"
    gateway.plans.database_fails = False
    await wait(hass, freezer, QUARTER)
    assert value(hass, "plan_remaining") == "9.0"
    gateway.plans.database_fails = True
    # Asked again without anything being used.
    await spend(hass, gateway, freezer)
    await wait(hass, freezer, QUARTER)
    assert registered(hass, entry) == set()


async def test_empty_answer_after_a_restart(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    gateway.account.leave(0)
    gateway.plans.buy("Pro", total=10 * DOLLAR)
    await setup(hass, entry)
    gateway.plans.database_fails = True
    await reload(hass, entry)
    assert value(hass, "plan") == STATE_UNAVAILABLE
    assert registered(hass, entry)
    assert issues(hass) == []
    gateway.plans.database_fails = False
    await wait(hass, freezer, QUARTER)
    assert value(hass, "plan") == "Pro"
    assert issues(hass) == []


# When they are read


async def test_reading_while_nothing_is_used(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    gateway.plans.buy(total=10 * DOLLAR)
    await setup(hass, entry)
    assert asked(gateway, PLANS) == 1
    await wait(hass, freezer, timedelta(days=1))
    assert asked(gateway, PLANS) == 4


async def test_reading_while_it_is_used(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Every quarter of an hour at most; what is paid from the balance counts too."""
    gateway.plans.buy(total=100 * DOLLAR)
    await setup(hass, entry)
    asked(gateway)
    for _ in range(24):
        gateway.plans.spend(100)
        await wait(hass, freezer, timedelta(minutes=5))
    assert asked(gateway, PLANS) == 8


@pytest.mark.parametrize("lateness", [timedelta(0), timedelta(minutes=20)])
async def test_reading_at_a_reset(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    lateness: timedelta,
) -> None:
    """Once, or until a gateway that is late with it has done it."""
    gateway.plans.buy(total=10 * DOLLAR, used=3 * DOLLAR, period=8 * 3600)
    await setup(hass, entry)
    await wait(hass, freezer, timedelta(hours=7, minutes=55))
    assert value(hass, "plan_remaining") == "7.0"
    asked(gateway)
    gateway.plans.runs_tasks = not lateness
    await wait(hass, freezer, timedelta(minutes=5) + lateness)
    gateway.plans.runs_tasks = True
    assert asked(gateway, PLANS) == (2 if lateness else 1)
    await wait(hass, freezer, QUARTER)
    assert value(hass, "plan_remaining") == "10.0"
    asked(gateway)
    await wait(hass, freezer, 5 * HOUR)
    assert asked(gateway, PLANS) == 0


async def test_reset_that_never_comes(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """It is not asked for again and again."""
    gateway.plans.buy(total=10 * DOLLAR, period=8 * 3600)
    gateway.plans.runs_tasks = False
    await setup(hass, entry)
    asked(gateway)
    await wait(hass, freezer, timedelta(days=1))
    assert asked(gateway, PLANS) <= 9


async def test_reading_on_demand(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """By the action of Home Assistant, as often as by itself."""
    assert await async_setup_component(hass, "homeassistant", {})
    gateway.plans.buy(total=10 * DOLLAR)
    await setup(hass, entry)

    async def update() -> int:
        asked(gateway)
        await hass.services.async_call(
            "homeassistant",
            "update_entity",
            {"entity_id": ["sensor.example_gateway_plan"]},
            blocking=True,
        )
        await hass.async_block_till_done(wait_background_tasks=True)
        return asked(gateway, PLANS)

    assert await update() == 0
    await wait(hass, freezer, timedelta(minutes=15))
    assert await update() == 1


# Faults


@pytest.mark.parametrize(
    "fault", ONE_OF_EACH_KIND.values(), ids=[each.key for each in ONE_OF_EACH_KIND]
)
async def test_fault(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    fault: Handler,
) -> None:
    """Only the plan becomes unavailable, with the second failure; nobody complains."""
    gateway.plans.buy(total=10 * DOLLAR)
    await setup(hass, entry)
    gateway.plans_fault = fault
    await spend(hass, gateway, freezer)
    assert value(hass, "plan_remaining") == "10.0"
    await wait(hass, freezer, timedelta(minutes=35))
    assert value(hass, "plan_remaining") == STATE_UNAVAILABLE
    assert value(hass, "plan") == STATE_UNAVAILABLE
    await wait(hass, freezer, timedelta(hours=3))
    assert registered(hass, entry)
    assert balance(hass) == "12.345"
    assert entry.state is ConfigEntryState.LOADED
    assert not hass.config_entries.flow.async_progress()
    assert issues(hass) == []
    assert loud(caplog) == []
    assert own_log(caplog) == []

    gateway.plans_fault = None
    await wait(hass, freezer, timedelta(minutes=35))
    assert value(hass, "plan_remaining") == "9.0"


@pytest.mark.parametrize(
    "fault", ONE_OF_EACH_KIND.values(), ids=[each.key for each in ONE_OF_EACH_KIND]
)
async def test_fault_from_the_start(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    fault: Handler,
) -> None:
    """Of an account of which no plan was ever seen, everything is as without one."""
    gateway.account.leave(0)
    gateway.plans_fault = fault
    await setup(hass, entry)
    await wait(hass, freezer, 2 * HOUR)
    assert issues(hass) == ["balance_exhausted"]
    assert registered(hass, entry) == set()
    assert balance(hass) == "0.0"
    assert not hass.config_entries.flow.async_progress()
    assert loud(caplog) == []
    assert own_log(caplog) == []


@pytest.mark.parametrize(
    "fault",
    [
        answering(404),
        answering(200, INDEX_HTML),
        answering(200, {"success": False, "message": "无权进行此操作，权限不足"}),
    ],
)
async def test_gateway_without_plans(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    fault: Handler,
) -> None:
    """It is not asked again for a week, or until it is updated."""
    gateway.plans_fault = fault
    await setup(hass, entry)
    assert asked(gateway, PLANS) == 1
    for _ in range(6):
        await jump(hass, freezer, timedelta(days=1))
    assert asked(gateway, PLANS) == 0
    await jump(hass, freezer, timedelta(days=2))
    assert asked(gateway, PLANS) == 1
    gateway.fork = NEW_API
    gateway.plans_fault = None
    gateway.plans.buy(total=10 * DOLLAR)
    for _ in range(2):
        await jump(hass, freezer, timedelta(days=1))
        await wait(hass, freezer, HOUR)
    assert value(hass, "plan_remaining") == "10.0"


async def test_plans_that_are_gone_from_a_gateway(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A proxy says so for a while, an operator for good."""
    gateway.plans.buy(total=10 * DOLLAR)
    await setup(hass, entry)
    gateway.fork = ONE_API
    for _ in range(20):
        await jump(hass, freezer, HOUR)
    assert value(hass, "plan") == STATE_UNAVAILABLE
    for _ in range(20):
        await jump(hass, freezer, HOUR)
    assert registered(hass, entry) == set()


async def test_gateway_that_does_not_answer(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """While the account is not known, nor is its plan, and nobody asks for it."""
    gateway.plans.buy(total=10 * DOLLAR)
    await setup(hass, entry)
    asked(gateway)
    gateway.fault = answering(502)
    await wait(hass, freezer, timedelta(hours=7))
    assert value(hass, "plan") == STATE_UNAVAILABLE
    assert not asked(gateway, PLANS)
    gateway.fault = None
    await wait(hass, freezer, timedelta(minutes=10))
    assert value(hass, "plan") == "Monthly"


# What pays


ISSUES = {
    # preference, balance, plan: total, used, falls back -> issue, forecast
    "no plan, balance": ("subscription_first", 5, None, None, True),
    "no plan, no balance": ("subscription_first", 0, None, "balance_exhausted", True),
    "plan only, no plan": ("subscription_only", 5, None, "plan_exhausted", False),
    "plan only, plan": ("subscription_only", 0, (10, 0, True), None, False),
    "plan only, used up": (
        "subscription_only",
        5,
        (10, 10, True),
        "plan_exhausted",
        False,
    ),
    "balance only, balance": ("wallet_only", 5, (10, 0, True), None, True),
    "balance only, no balance": ("wallet_only", 0, (10, 0, True), "plan_unused", True),
    "balance only, nothing": (
        "wallet_only",
        0,
        (10, 10, True),
        "balance_exhausted",
        True,
    ),
    "plan first, plan": ("subscription_first", 0, (10, 0, True), None, False),
    "plan first, no limit": ("subscription_first", 0, (0, 0, True), None, False),
    "plan first, used up": ("subscription_first", 5, (10, 10, True), None, True),
    "plan first, nothing": (
        "subscription_first",
        0,
        (10, 10, True),
        "balance_exhausted",
        True,
    ),
    "plan first, strict": (
        "subscription_first",
        5,
        (10, 10, False),
        "plan_exhausted",
        False,
    ),
    "balance first, balance": ("wallet_first", 5, (10, 0, True), None, True),
    "balance first, plan": ("wallet_first", 0, (10, 0, True), None, False),
    "balance first, nothing": (
        "wallet_first",
        0,
        (10, 10, True),
        "balance_exhausted",
        True,
    ),
}


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    ("preference", "left", "plan", "issue", "has_forecast"),
    ISSUES.values(),
    ids=ISSUES,
)
async def test_what_pays(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    preference: str,
    left: int,
    plan: tuple[int, int, bool] | None,
    issue: str | None,
    has_forecast: bool,
) -> None:
    """The repair says what is true; how long the balance lasts, only if it pays."""
    gateway.plans.preference = preference
    if plan:
        total, used, falls_back = plan
        gateway.plans.buy(
            total=total * DOLLAR, used=used * DOLLAR, falls_back=falls_back
        )
    gateway.books.spend("gpt-5", 7 * DOLLAR, at=NOON.timestamp() - 3 * DAY)
    gateway.account.leave(left * DOLLAR)
    await setup(hass, entry)
    await wait(hass, freezer, 3 * QUARTER)
    assert issues(hass) == ([issue] if issue else [])
    forecast = "sensor.example_gateway_days_remaining"
    if left:
        assert (state_of(hass, forecast) != STATE_UNKNOWN) is has_forecast
        run_out = state_of(hass, "sensor.example_gateway_estimated_run_out")
        assert (run_out != STATE_UNKNOWN) is has_forecast
    else:
        expected = "0" if has_forecast else STATE_UNKNOWN
        assert state_of(hass, forecast) == expected
    state = hass.states.get(forecast)
    assert state
    reason = None if has_forecast else "not_from_balance"
    assert state.attributes.get("reason") == reason
    answer = await get_account(hass, device_of(hass, entry))
    assert (answer["days_remaining"] is not None) is has_forecast
    # As after a restart: nothing of it blinks.
    seen: list[str] = []
    hass.bus.async_listen(
        "state_changed",
        lambda event: (
            seen.append(event.data["new_state"].state)
            if event.data["entity_id"] == forecast and event.data["new_state"]
            else None
        ),
    )
    await reload(hass, entry)
    assert issues(hass) == ([issue] if issue else [])
    assert {each for each in seen if each != STATE_UNAVAILABLE} == {
        state_of(hass, forecast)
    }


@pytest.mark.usefixtures("recorded")
async def test_issue_follows_what_pays(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    gateway.account.leave(0)
    plan = gateway.plans.buy(total=2 * DOLLAR, period=6 * 3600)
    await setup(hass, entry)
    assert issues(hass) == []
    assert await spend(hass, gateway, freezer, 2)
    assert issues(hass) == ["balance_exhausted"]
    gateway.plans.preference = "subscription_only"
    await wait(hass, freezer, 5 * HOUR)
    await wait(hass, freezer, HOUR)
    # It was reset.
    assert value(hass, "plan_remaining") == "2.0"
    assert issues(hass) == []
    assert await spend(hass, gateway, freezer, 2)
    assert issues(hass) == ["plan_exhausted"]
    gateway.plans.preference = "wallet_first"
    gateway.books.top_up(10 * DOLLAR)
    gateway.books.spend("gpt-5", 1)
    await wait(hass, freezer, QUARTER)
    assert issues(hass) == []
    assert plan.used == 2 * DOLLAR


async def test_repair_goes_with_its_account(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    gateway.account.leave(0)
    gateway.plans.preference = "wallet_only"
    gateway.plans.buy(total=2 * DOLLAR)
    await setup(hass, entry)
    assert issues(hass) == ["plan_unused"]
    await hass.config_entries.async_remove(entry.entry_id)
    assert issues(hass) == []


@pytest.mark.usefixtures("recorded")
async def test_limit_on_days_remaining(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """It is passed when the balance pays again, not while a plan does."""
    gateway.books.spend("gpt-5", 7 * DOLLAR, at=NOON.timestamp() - 3 * DAY)
    gateway.plans.buy(total=2 * DOLLAR)
    await setup(hass, entry)
    calls = async_mock_service(hass, "test", "automation")
    automation = {
        "triggers": {
            "trigger": f"{DOMAIN}.days_remaining_below",
            "target": {"device_id": device_of(hass, entry)},
            "options": {"limit": 1000},
        },
        "actions": {"action": "test.automation"},
    }
    assert await async_setup_component(hass, "automation", {"automation": automation})
    await wait(hass, freezer, HOUR)
    assert calls == []
    assert await spend(hass, gateway, freezer, 2)
    await wait(hass, freezer, timedelta(minutes=10))
    assert len(calls) == 1


@pytest.mark.usefixtures("recorded")
async def test_what_a_plan_pays_beside_a_rest_of_the_balance_is_no_top_up(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The balance comes first, and has too little for any request."""
    gateway.plans.preference = "wallet_first"
    gateway.account.leave(1000)
    gateway.plans.buy(total=100 * DOLLAR)
    await setup(hass, entry)
    for _ in range(4):
        gateway.plans.spend(3 * DOLLAR)
        await wait(hass, freezer, QUARTER)
    event = hass.states.get("event.example_gateway_account_event")
    assert event
    past = event.attributes.get("past_events", ())
    assert "topped_up" not in {each["type"] for each in past}


@pytest.mark.usefixtures("recorded")
async def test_what_a_plan_pays_is_no_top_up(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """It is spent, though; and a top-up is one with its own amount."""
    gateway.plans.buy(total=100 * DOLLAR)
    await setup(hass, entry)

    def top_ups() -> list[float]:
        state = hass.states.get("event.example_gateway_account_event")
        assert state
        return [
            each["attributes"]["amount"]
            for each in state.attributes.get("past_events", ())
            if each["type"] == "topped_up"
        ]

    gateway.requests.clear()
    await spend(hass, gateway, freezer, 20)
    # Nothing was unclear.
    assert gateway.paths().count("/api/user/self") == 3
    assert state_of(hass, "sensor.example_gateway_spent_today") == "20.0"
    await hass.config_entries.async_unload(entry.entry_id)
    gateway.plans.spend(20 * DOLLAR)
    await hass.config_entries.async_setup(entry.entry_id)
    await wait(hass, freezer, QUARTER)
    assert top_ups() == []
    gateway.books.top_up(5 * DOLLAR)
    gateway.plans.spend(3 * DOLLAR)
    await wait(hass, freezer, timedelta(minutes=5))
    gateway.plans.spend(2 * DOLLAR)
    await wait(hass, freezer, QUARTER)
    assert top_ups() == [5]


def test_answer_that_does_not_tell_the_total() -> None:
    """Nothing follows from it, nor from the first one."""
    ledger = Ledger()
    expect_plan_paid(ledger, Account(quota=1, used_quota=1))
    expect_plan_paid(ledger, Account(quota=1))
    assert ledger.state.top_ups.marks == []


# The life of an entry


async def test_restart_while_an_answer_is_on_its_way(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    """An answer that comes too late changes nothing."""
    gateway.plans.buy(total=10 * DOLLAR)

    async def late(request: web.BaseRequest) -> web.StreamResponse:
        gateway.plans_fault = None
        await entry.runtime_data.plans.async_shutdown()
        return await gateway.handle(request)

    gateway.plans_fault = late
    await setup(hass, entry)
    assert registered(hass, entry) == set()

    async def late_failure(request: web.BaseRequest) -> web.StreamResponse:
        await entry.runtime_data.plans.async_shutdown()
        return web.Response(status=502)

    gateway.plans_fault = late_failure
    await reload(hass, entry)
    assert registered(hass, entry) == set()
    gateway.plans_fault = None
    await reload(hass, entry)
    assert value(hass, "plan_remaining") == "10.0"


async def test_unload_reload_remove_add_again(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    gateway.plans.buy(total=10 * DOLLAR)
    await setup(hass, entry)
    await hass.config_entries.async_unload(entry.entry_id)
    assert value(hass, "plan") == STATE_UNAVAILABLE
    asked(gateway)
    await wait(hass, freezer, 7 * HOUR)
    assert not asked(gateway, PLANS)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert value(hass, "plan_remaining") == "10.0"
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert value(hass, "plan") is None
    await setup(hass, copy_of(entry))
    assert value(hass, "plan_remaining") == "10.0"
    assert len(dr.async_get(hass).devices) == 1
    assert loud(caplog) == []


async def test_diagnostics(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    """The numbers, but no name and no ID."""
    assert await async_setup_component(hass, "diagnostics", {})
    plan = gateway.plans.buy("planted title", total=10 * DOLLAR, plan_id=777_002)
    plan.id = 777_001
    await setup(hass, entry)
    told: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert told["plans"] == {
        "book": "there",
        "is_available": True,
        "is_settled": True,
        "preference": "subscription_first",
        "paid_by": "plan",
        "plans": [
            {
                "total": 5_000_000,
                "used": 0,
                "is_unlimited": False,
                "ends_at": (NOON + timedelta(days=30)).isoformat(),
                "resets_at": None,
                "last_reset_at": None,
                "falls_back": True,
            }
        ],
    }
    assert not [
        each
        for each in (*PLANTED_IN_PLANS.values(), str(PLANTED_USER), "planted", "777")
        if each in str(told)
    ]
