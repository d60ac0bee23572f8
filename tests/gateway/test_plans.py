"""What the client reads of plans, against a server that has some."""

from collections.abc import Generator
from copy import replace
from datetime import UTC, datetime, timedelta
import json
from typing import Any
from unittest.mock import patch

import pytest

from custom_components.llm_gateway_account.gateway import (
    AbsentError,
    BillingPreference,
    GatewayClient,
    GatewayError,
    InvalidAnswerError,
    OtherShapeError,
    PaidBy,
    Plan,
    PlanListing,
    ServerError,
    TokenRefusedError,
)
from custom_components.llm_gateway_account.gateway.plans import (
    MOST_PLANS,
    plan_listing,
    plan_titles,
)
from tests.gateway_books import DAY
from tests.gateway_plans import (
    PLAN_TITLES,
    PLANS,
    PLANTED_IN_PLANS,
    PLANTED_USER,
    PlanList,
)
from tests.gateway_server import (
    FORKS,
    INDEX_HTML,
    NEW_API,
    NEW_API_2026_08,
    Fork,
    GatewayServer,
    answering,
    told_by,
)

from .conftest import RECORDED
from .test_books import ask, shape

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
SERVERS = {
    "new-api-2026-04": NEW_API,
    "new-api-2026-06": NEW_API,
    "new-api-2026-08": NEW_API_2026_08,
}
TOGETHER = replace(NEW_API, name="a fork of New API", plans=PlanList.TOGETHER)
WITH_PLANS = (*(fork for fork in FORKS if fork.plans), TOGETHER)
WITHOUT = [fork for fork in FORKS if not fork.plans]


@pytest.fixture(autouse=True)
def patient() -> Generator[None]:
    """Let many answers be read without waiting."""
    with patch("custom_components.llm_gateway_account.gateway.limiter.SPACING", 0):
        yield


each_fork = pytest.mark.parametrize("fork", WITH_PLANS, ids=lambda fork: fork.name)


def subscription(number: Any = 1, **fields: Any) -> dict[str, Any]:
    """Return a plan of ten dollars as it was when it began."""
    return {
        "id": number,
        "plan_id": 7,
        "amount_total": 5_000_000,
        "amount_used": 0,
        "end_time": int(LATER.timestamp()),
        "status": "active",
        "last_reset_time": 0,
        "next_reset_time": 0,
    } | fields


def read(number: Any = 1, **fields: Any) -> Plan:
    plan = Plan.from_row({"subscription": subscription(number, **fields)})
    assert plan
    return plan


# What the simulated gateway answers is what servers do


@pytest.mark.parametrize(("server", "fork"), SERVERS.items())
async def test_plans_of_every_server(
    gateway: GatewayServer, server: str, fork: Fork
) -> None:
    gateway.fork = fork
    gateway.plans.buy(total=5_000_000)
    _, told = await ask(gateway, PLANS)
    assert shape(told["data"]) == shape(RECORDED[server]["plans"])
    _, told = await ask(gateway, PLAN_TITLES)
    (told_plan,), (plan,) = told["data"], RECORDED[server]["plan_titles"]
    assert told_plan["plan"].keys() - PLANTED_IN_PLANS <= plan["plan"].keys()


@pytest.mark.parametrize("server", SERVERS)
def test_recorded_plan(server: str) -> None:
    recorded = RECORDED[server]
    listing = plan_listing(recorded["plans"])
    (plan,) = listing.plans
    assert (plan.id, plan.plan_id) == (1, 1)
    assert (plan.total, plan.used, plan.remaining) == (5_000_000, 54_000, 4_946_000)
    assert plan.ends_at is not None
    assert plan.ends_at > NOW
    assert (plan.resets_at, plan.last_reset_at) == (None, None)
    assert listing.preference is BillingPreference.PLAN_FIRST
    assert listing.paid_by(NOW, has_balance=True) is PaidBy.PLAN
    assert plan_titles(recorded["plan_titles"]) == {1: "Monthly"}


@pytest.mark.parametrize("fork", WITHOUT, ids=lambda fork: fork.name)
async def test_server_without_plans(
    gateway: GatewayServer, client: GatewayClient, fork: Fork
) -> None:
    gateway.fork = fork
    with pytest.raises(AbsentError):
        await client.async_get_plans()
    with pytest.raises(AbsentError):
        await client.async_get_plan_titles()


# What is read


@each_fork
async def test_plans(gateway: GatewayServer, client: GatewayClient, fork: Fork) -> None:
    gateway.fork = fork
    assert await client.async_get_plans() == PlanListing()
    gateway.plans.preference = "wallet_first"
    gateway.plans.buy("Yearly", days=365)
    gateway.plans.buy(
        total=5_000_000, used=1_000_000, period=int(DAY), falls_back=False
    )
    listing = await client.async_get_plans()
    assert listing.preference is BillingPreference.BALANCE_FIRST
    yearly, monthly = listing.plans
    assert yearly.is_unlimited
    assert (yearly.total, yearly.remaining, yearly.is_used_up) == (None, None, False)
    assert (monthly.is_unlimited, monthly.remaining) == (False, 4_000_000)
    assert monthly.resets_at
    assert monthly.last_reset_at
    assert monthly.resets_at - monthly.last_reset_at == timedelta(days=1)
    assert monthly.falls_back is (fork.plans is not PlanList.WITH_FALLBACK)
    titles = await client.async_get_plan_titles()
    assert titles == {101: "Yearly", 102: "Monthly"}
    own = {each.title for each in listing.plans}
    assert own == (set(titles.values()) if fork is TOGETHER else {None})


@pytest.mark.parametrize(
    ("data", "ids"),
    [
        ({"subscriptions": [], "all_subscriptions": []}, []),
        ({"subscriptions": None}, []),
        ([], []),
        ([subscription(3)], [3]),
        ({"subscriptions": [subscription(3)]}, [3]),
        ({"usable_subscriptions": [{"subscription": subscription(3)}]}, [3]),
        ({"subscriptions": [], "all_subscriptions": [subscription(3)]}, [3]),
        ({"subscriptions": [subscription(3), subscription(3)]}, [3]),
        # One by one, what is none is left out.
        ({"subscriptions": [1, None, {}, {"subscription": 1}, subscription(3)]}, [3]),
        ({"subscriptions": [subscription(0), subscription("x"), subscription(3)]}, [3]),
        ({"subscriptions": [subscription(2**63), subscription("3")]}, [3]),
        (
            {"subscriptions": [subscription(each) for each in range(1, 999)]},
            list(range(1, MOST_PLANS + 1)),
        ),
    ],
)
def test_shapes(data: Any, ids: list[int]) -> None:
    assert [each.id for each in plan_listing(data).plans] == ids


@pytest.mark.parametrize(
    "ended",
    [
        {"status": "expired"},
        {"status": "cancelled", "end_time": 0},
        # Gateways write down late that one ended.
        {"end_time": int(NOW.timestamp()) - 60},
    ],
)
@pytest.mark.parametrize("end", [int(LATER.timestamp()), 0])
def test_plans_that_ended_hide_none_that_runs(ended: dict[str, Any], end: int) -> None:
    rows = [subscription(each, **ended) for each in range(1, 2 * MOST_PLANS)]
    rows.append(subscription(1000, end_time=end))
    listing = plan_listing({"subscriptions": rows})
    assert len(listing.plans) == MOST_PLANS
    assert [each.id for each in listing.active_at(NOW)] == [1000]


@pytest.mark.parametrize(
    "data",
    [
        None,
        "x",
        {},
        {"subscriptions": {}},
        {"subscriptions": [1]},
        {"subscriptions": 3},
        {"plans": []},
        [subscription(None)],
    ],
)
def test_other_shapes(data: Any) -> None:
    with pytest.raises(OtherShapeError):
        plan_listing(data)


IMPOSSIBLE: list[Any] = [
    None,
    True,
    -1,
    2**63,
    10**40,
    "x",
    [],
    {},
    float("inf"),
    1.5e300,
    "",
]


@pytest.mark.parametrize("value", IMPOSSIBLE, ids=repr)
def test_impossible_values(value: Any) -> None:
    """Whatever a field holds, the others are read, and the plan can be shown."""
    expected = read()
    for field in subscription():
        if field == "id":
            continue
        plan = read(**{field: value})
        assert plan.id == 1
        assert plan.is_active_at(NOW) in {True, False}
        assert plan.is_used_up in {True, False}
        others = {"plan_id", "total", "used", "ends_at", "is_unlimited"} - {
            {"amount_total": "total", "amount_used": "used", "end_time": "ends_at"}.get(
                field, field
            )
        }
        for other in others:
            assert getattr(plan, other) == getattr(expected, other)
    assert Plan.from_row({"id": 1}) == Plan(id=1)


def test_unknown_amounts_are_not_used_up() -> None:
    assert read(amount_used=-1).remaining is None
    assert read(amount_total=-1).remaining is None
    assert not read(amount_total=-1).is_unlimited
    assert not read(amount_used=None).is_used_up
    assert read(amount_used=6_000_000).remaining == 0


@pytest.mark.parametrize(
    ("row", "title"),
    [
        ({"subscription": subscription(), "plan": {"title": " Pro\n "}}, "Pro"),
        ({"subscription": subscription(), "plan_title": "Pro"}, "Pro"),
        (subscription(plan={"title": "Pro"}), "Pro"),
        (subscription(plan_title="Pro"), "Pro"),
        (subscription(plan={"title": 3}, plan_title=""), None),
        (subscription(plan="x"), None),
    ],
)
def test_title_beside_a_plan(row: dict[str, Any], title: str | None) -> None:
    plan = Plan.from_row(row)
    assert plan
    assert plan.title == title


def test_titles() -> None:
    rows = [{"plan": {"id": 1, "title": "a"}}, {"id": 2, "title": "b"}, 3, {"plan": 1}]
    rows += [{"id": 0, "title": "c"}, {"id": 4, "title": " "}, {"id": "5"}]
    assert plan_titles(rows) == {1: "a", 2: "b"}
    assert plan_titles(None) == {}
    with pytest.raises(OtherShapeError):
        plan_titles({"items": []})


# What pays


@pytest.mark.parametrize(
    ("fields", "is_active"),
    [
        ({}, True),
        ({"status": None}, True),
        ({"status": "expired"}, False),
        ({"status": "cancelled"}, False),
        ({"status": "of another fork"}, False),
        # Written late.
        ({"end_time": NOW.timestamp()}, False),
        ({"end_time": NOW.timestamp() + 1}, True),
        ({"end_time": 0}, True),
    ],
)
def test_plan_that_runs(fields: dict[str, Any], is_active: bool) -> None:
    assert read(**fields).is_active_at(NOW) is is_active


def test_order() -> None:
    """The one that ends first pays first, as long as anything is left on it."""
    soon, sooner = int(NOW.timestamp()) + 60, int(NOW.timestamp()) + 30
    listing = PlanListing(
        plans=(
            read(1, end_time=0),
            read(2),
            read(3, end_time=soon),
            read(4, end_time=soon),
            read(5, end_time=sooner, amount_used=5_000_000),
            read(6, end_time=NOW.timestamp() - 1),
        )
    )
    assert [each.id for each in listing.active_at(NOW)] == [3, 4, 2, 1, 5]


FULL, USED_UP = {"amount_used": 0}, {"amount_used": 5_000_000}
STRICT = {"allow_wallet_overflow": False}
BALANCE, PLAN, NOTHING = PaidBy.BALANCE, PaidBy.PLAN, PaidBy.NOTHING


@pytest.mark.parametrize(
    ("plans", "preference", "with_balance", "without"),
    [
        ([], "subscription_first", BALANCE, NOTHING),
        ([], "wallet_first", BALANCE, NOTHING),
        ([], "wallet_only", BALANCE, NOTHING),
        ([], "subscription_only", NOTHING, NOTHING),
        ([FULL], "subscription_first", PLAN, PLAN),
        ([FULL], "wallet_first", BALANCE, PLAN),
        ([FULL], "wallet_only", BALANCE, NOTHING),
        ([FULL], "subscription_only", PLAN, PLAN),
        ([USED_UP], "subscription_first", BALANCE, NOTHING),
        ([USED_UP], "wallet_first", BALANCE, NOTHING),
        ([USED_UP], "wallet_only", BALANCE, NOTHING),
        ([USED_UP], "subscription_only", NOTHING, NOTHING),
        ([USED_UP | STRICT], "subscription_first", NOTHING, NOTHING),
        ([USED_UP | STRICT], "wallet_first", BALANCE, NOTHING),
        ([USED_UP | STRICT, FULL], "subscription_first", PLAN, PLAN),
        ([FULL | {"status": "expired"}], "subscription_first", BALANCE, NOTHING),
        ([FULL | {"amount_total": 0}], "subscription_only", PLAN, PLAN),
        # What is not known is not used up.
        ([{"amount_used": None}], "subscription_only", PLAN, PLAN),
        # As the gateway itself reads it.
        ([FULL], "of another fork", PLAN, PLAN),
        ([FULL], None, PLAN, PLAN),
    ],
)
def test_what_pays(
    plans: list[dict[str, Any]],
    preference: str | None,
    with_balance: PaidBy,
    without: PaidBy,
) -> None:
    rows = [subscription(number, **each) for number, each in enumerate(plans, 1)]
    listing = plan_listing({"subscriptions": rows, "billing_preference": preference})
    assert listing.paid_by(NOW, has_balance=True) is with_balance
    assert listing.paid_by(NOW, has_balance=False) is without
    # Where more balance is of no use, none pays.
    if not listing.may_use_balance(NOW) and without is NOTHING:
        assert with_balance is NOTHING


@pytest.mark.parametrize("preference", list(BillingPreference))
@pytest.mark.parametrize("total", [0, 100, 1000])
@pytest.mark.parametrize("balance", [0, 100])
@pytest.mark.parametrize("falls_back", [True, False])
async def test_what_pays_is_what_the_server_takes(
    gateway: GatewayServer,
    client: GatewayClient,
    preference: BillingPreference,
    total: int,
    balance: int,
    falls_back: bool,
) -> None:
    """Request by request, until nothing pays."""
    gateway.fork = NEW_API_2026_08
    gateway.account.quota = balance
    plan = gateway.plans.buy(total=total or 1, falls_back=falls_back)
    plan.used = 0 if total else 1
    gateway.plans.preference = preference
    paid_by = None
    while paid_by is not NOTHING:
        listing = await client.async_get_plans()
        paid_by = listing.paid_by(
            datetime.now(UTC), has_balance=gateway.account.quota > 0
        )
        before = gateway.account.quota, plan.used
        assert gateway.plans.spend(100) is (paid_by is not NOTHING)
        spent = before[0] - gateway.account.quota, plan.used - before[1]
        assert spent == {BALANCE: (100, 0), PLAN: (0, 100), NOTHING: (0, 0)}[paid_by]


# Failures, and what is never told


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (404, "", AbsentError),
        (405, "", AbsentError),
        (200, INDEX_HTML, AbsentError),
        (200, {"success": False, "message": "无权进行此操作，权限不足"}, AbsentError),
        (403, {"success": False, "code": "AUTH_INSUFFICIENT_PRIVILEGE"}, AbsentError),
        (200, {"success": False, "message": "x"}, ServerError),
        (200, {"success": False, "message": "access token 无效"}, TokenRefusedError),
        (200, {"success": True, "data": None}, InvalidAnswerError),
        (200, {"success": True, "data": "x"}, InvalidAnswerError),
        (200, {"success": True}, InvalidAnswerError),
        (500, "", ServerError),
    ],
)
async def test_no_plans(
    gateway: GatewayServer,
    client: GatewayClient,
    status: int,
    body: Any,
    error: type[GatewayError],
) -> None:
    gateway.plans_fault = answering(status, body)
    with pytest.raises(error):
        await client.async_get_plans()


@each_fork
async def test_no_secret_is_told(
    gateway: GatewayServer, client: GatewayClient, fork: Fork
) -> None:
    """Neither by what is read nor by the error of a broken answer."""
    gateway.fork = fork
    gateway.plans.buy(total=5_000_000)
    secrets = [*PLANTED_IN_PLANS.values(), str(PLANTED_USER)]
    whole = "".join(
        [json.dumps((await ask(gateway, each))[1]) for each in (PLANS, PLAN_TITLES)]
    )
    assert all(secret in whole for secret in secrets)
    told = repr(await client.async_get_plans())
    told += repr(await client.async_get_plan_titles())
    for body in (whole, f"[{whole}]", json.dumps({"success": True, "data": whole})):
        for status in (200, 403, 500):
            gateway.plans_fault = answering(status, body)
            for question in (client.async_get_plans, client.async_get_plan_titles):
                with pytest.raises(GatewayError) as caught:
                    await question()
                told += told_by(caught.value)
    assert not [secret for secret in secrets if secret in told]
