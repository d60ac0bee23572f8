"""Where the money went: what the gateway's books become in Home Assistant."""

from collections import Counter
from datetime import timedelta
import json
from typing import Any

from aiohttp import web
from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)

from custom_components.llm_gateway_account.const import (
    CONF_CURRENCY,
    CONF_HISTORY_DAYS,
    CONF_MORE_SERIES,
    CONF_POINTS_PER_UNIT,
    DOMAIN,
)
from custom_components.llm_gateway_account.diagnostics import (
    async_get_config_entry_diagnostics,
)
from homeassistant.components.recorder.core import Recorder
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .conftest import OPTIONS
from .faults import BOOK_FAULTS, lose
from .gateway_past import give_past
from .gateway_server import (
    FORKS,
    NEW_API,
    NEW_API_2026_08,
    NEW_API_RC22,
    ONE_API,
    V_API,
    Fork,
    GatewayServer,
    Handler,
    answering,
)
from .helpers import jump, own_log, pass_time, setup, state_of
from .usage_truth import (
    ALL,
    NOON,
    REST,
    SUM,
    USAGE,
    charged,
    figure,
    series,
    spent_since,
    statistic_ids,
    stored_of,
)

pytestmark = pytest.mark.usefixtures("whole_past")

HOUR = timedelta(hours=1)
DAYS = "/api/user/dashboard"


@pytest.fixture(autouse=True)
def noon(freezer: FrozenDateTimeFactory) -> None:
    """Stop the clock."""
    freezer.move_to(NOON)


def month(gateway: GatewayServer, days: int = 30, requests: int = 600) -> None:
    """Let a month of requests have been made."""
    give_past(
        gateway.books,
        spent=16_700_000,
        requests=requests,
        top_up=7_500_000,
        zone=dt_util.get_default_time_zone(),
        days=days,
        seed=7,
    )


def asked(gateway: GatewayServer) -> Counter[str]:
    """Return how often each book was asked for, and forget it."""
    paths = Counter(path for path in gateway.paths() if path in {USAGE, SUM, DAYS})
    gateway.requests.clear()
    return paths


def windows_asked(gateway: GatewayServer) -> list[tuple[str, ...]]:
    """Return the windows of rows that were asked for, and forget them."""
    windows = [
        tuple(request.query.values())
        for request in gateway.requests
        if request.path == USAGE
    ]
    gateway.requests.clear()
    return windows


async def change_options(
    hass: HomeAssistant, entry: MockConfigEntry, **options: Any
) -> None:
    """Change options as the form does."""
    hass.config_entries.async_update_entry(entry, options={**entry.options, **options})
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)


async def begin(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    fork: Fork = NEW_API,
    days: int = 30,
) -> None:
    """Set up an account with a past."""
    gateway.fork = fork
    month(gateway, days)
    await setup(hass, entry)


@pytest.mark.parametrize("fork", FORKS, ids=lambda fork: fork.name)
async def test_month_before_the_install(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    fork: Fork,
) -> None:
    """All is known at once, whatever books there are."""
    await begin(hass, gateway, entry, fork)
    spent = spent_since(gateway, dt_util.start_of_local_day().timestamp())
    assert figure(hass, "spent_today") == pytest.approx(spent)
    first = dt_util.start_of_local_day().replace(day=1)
    of_month = spent_since(gateway, first.timestamp())
    assert figure(hass, "spent_this_month") == pytest.approx(of_month)
    week = spent_since(gateway, (NOON - timedelta(days=7)).timestamp()) / 7
    average = figure(hass, "average_daily_spending")
    assert average == pytest.approx(week, rel=0.001 if fork.books.hourly else 0.2)
    left = gateway.account.quota / 500_000
    if "bonus_quota" in fork.body(gateway.account):
        left += gateway.account.bonus_quota / 500_000
    assert figure(hass, "days_remaining") == pytest.approx(left / average, abs=0.1)
    assert state_of(hass, "binary_sensor.example_gateway_unusual_spending") != "unknown"

    found, truth = await series(hass), charged(gateway)
    if fork.books.hourly:
        assert state_of(hass, "sensor.example_gateway_usage_records") == "hourly"
        assert found.keys() == truth.keys()
        for name, hours in truth.items():
            assert found[name] == pytest.approx(hours), name
    else:
        assert state_of(hass, "sensor.example_gateway_usage_records") == "daily"
        assert found.keys() == {ALL}
        days = Counter[str]()
        for sign, hours in ((1, found[ALL]), (-1, truth[ALL])):
            for hour, amount in hours.items():
                day = dt_util.as_local(dt_util.utc_from_timestamp(hour)).date()
                days[day.isoformat()] += sign * amount  # type: ignore[assignment]
        today = dt_util.now().date().isoformat()
        # What was spent since the last full hour, the next one tells.
        assert all(abs(rest) < 1e-6 for day, rest in days.items() if day != today)


@pytest.mark.parametrize("fork", FORKS, ids=lambda fork: fork.name)
async def test_budget(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    fork: Fork,
) -> None:
    """An idle account costs no request, a busy one a few in an hour."""
    await begin(hass, gateway, entry, fork)
    await pass_time(hass, freezer, 6 * HOUR)
    asked(gateway)
    await pass_time(hass, freezer, 4 * HOUR)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not asked(gateway)

    total = Counter[str]()
    for _ in range(3):
        for _ in range(6):
            gateway.books.spend("gpt-5", 5000)
            await pass_time(hass, freezer, timedelta(minutes=10))
        requests = asked(gateway)
        assert requests[USAGE] <= 1
        assert requests[SUM] <= 1
        assert requests[DAYS] <= 1
        total += requests
    # After a restart nobody knows which books there are.
    assert sum(total.values()) <= 5


@pytest.mark.parametrize("fault", BOOK_FAULTS)
@pytest.mark.parametrize("fork", [NEW_API_RC22, V_API], ids=lambda fork: fork.name)
async def test_fault_of_the_books_is_only_theirs(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    fork: Fork,
    fault: str,
) -> None:
    """The account goes on as if there were none, and what is missed comes later."""
    gateway.books_fault = BOOK_FAULTS[fault]
    await begin(hass, gateway, entry, fork)
    for _ in range(5):
        gateway.books.spend("gpt-5", 100_000)
        await pass_time(hass, freezer, timedelta(minutes=30))
        left = gateway.account.quota / 500_000
        assert figure(hass, "balance") == pytest.approx(left)
    assert entry.state is ConfigEntryState.LOADED
    assert not list(entry.async_get_active_flows(hass, {"reauth"}))
    assert not own_log(caplog)

    gateway.books_fault = None
    await hass.config_entries.async_reload(entry.entry_id)
    gateway.books.spend("gpt-5", 100_000)
    await pass_time(hass, freezer, 2 * HOUR)
    kept = "hourly" if fork.books.hourly else "daily"
    assert state_of(hass, "sensor.example_gateway_usage_records") == kept


async def test_no_books(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    """What was before is unknown, and why; what comes is counted from the answers."""
    entry.__dict__["options"] = {**OPTIONS, CONF_HISTORY_DAYS: 90}
    gateway.books_fault = answering(
        404, {"error": {"message": "Invalid URL (GET /)", "type": "x"}}
    )
    await begin(hass, gateway, entry)
    assert state_of(hass, "sensor.example_gateway_usage_records") == "none"
    for key in ("spent_today", "spent_this_month"):
        state = hass.states.get(f"sensor.example_gateway_{key}")
        assert state
        assert state.state == "unknown"
        assert state.attributes["reason"] == "no_records_of_before"
    asked(gateway)
    await jump(hass, freezer, timedelta(minutes=1))
    gateway.books.spend("gpt-5", 250_000)
    await pass_time(hass, freezer, 3 * HOUR)
    assert sum((await series(hass))[ALL].values()) == pytest.approx(0.5)
    # It is asked again when it may have changed.
    assert not asked(gateway)
    gateway.books_fault = None
    await jump(hass, freezer, timedelta(days=7))
    gateway.books.spend("gpt-5", 250_000)
    await pass_time(hass, freezer, 2 * HOUR)


@pytest.mark.parametrize("fork", [NEW_API, ONE_API], ids=lambda fork: fork.name)
@pytest.mark.parametrize(
    ("used", "spent_today"), [(18_827_500, "unknown"), (0, "0.0")], ids=["used", "new"]
)
async def test_books_that_hold_nothing(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    fork: Fork,
    used: int,
    spent_today: str,
) -> None:
    """An account that was used is not taken for one that never spends."""
    gateway.fork = fork
    gateway.account.used_quota = used
    await setup(hass, entry)
    assert state_of(hass, "sensor.example_gateway_spent_today") == spent_today
    if used:
        gateway.account.leave(gateway.account.quota - 2_500_000)
        await pass_time(hass, freezer, HOUR)
        unusual = "binary_sensor.example_gateway_unusual_spending"
        assert state_of(hass, unusual) == "unknown"


async def test_books_that_are_switched_off(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    """The sums are there still, and come back when the rows do."""
    gateway.books.data_export = False
    await begin(hass, gateway, entry)
    assert state_of(hass, "sensor.example_gateway_usage_records") == "off"
    spent = spent_since(gateway, dt_util.start_of_local_day().timestamp())
    assert figure(hass, "spent_today") == pytest.approx(spent)
    gateway.books.spend("gpt-5", 250_000)
    await pass_time(hass, freezer, 2 * HOUR)
    gateway.books.data_export = True
    await pass_time(hass, freezer, HOUR)
    gateway.books.spend("gpt-5", 250_000)
    await pass_time(hass, freezer, 4 * HOUR)
    assert state_of(hass, "sensor.example_gateway_usage_records") == "hourly"
    found, truth = await series(hass), charged(gateway)
    assert sum(found[ALL].values()) == pytest.approx(sum(truth[ALL].values()))
    assert sum(found["gpt-5"].values()) == pytest.approx(0.5)


async def test_switched_off_and_no_sums(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    """Nothing is known of before."""
    gateway.books.data_export = False

    async def no_sums(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == SUM:
            return web.json_response({"error": {"message": "Invalid URL"}}, status=404)
        answer = gateway._recorded(request)
        assert answer
        return answer

    gateway.books_fault = no_sums
    await begin(hass, gateway, entry)
    assert state_of(hass, "sensor.example_gateway_usage_records") == "off"
    assert state_of(hass, "sensor.example_gateway_spent_today") == "unknown"


async def test_answer_that_comes_after_the_unload(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    """It does nothing."""
    gateway.fork = NEW_API
    month(gateway)

    async def late(request: web.BaseRequest) -> web.StreamResponse:
        await entry.runtime_data.usage.async_shutdown()
        answer = gateway._recorded(request)
        assert answer
        return answer

    gateway.books_fault = late
    await setup(hass, entry)
    assert stored_of(entry).series is None
    assert state_of(hass, "sensor.example_gateway_spent_today") == "unknown"


@pytest.mark.parametrize("fork", [NEW_API, ONE_API], ids=lambda fork: fork.name)
async def test_without_a_recorder(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry, fork: Fork
) -> None:
    await begin(hass, gateway, entry, fork)
    spent = spent_since(gateway, dt_util.start_of_local_day().timestamp())
    assert figure(hass, "spent_today") == pytest.approx(spent)
    top = hass.states.get("sensor.example_gateway_top_model_today")
    assert top
    day = dt_util.start_of_local_day().timestamp()
    costs = {
        name: sum(amount for hour, amount in hours.items() if hour >= day)
        for name, hours in charged(gateway).items()
        if name != ALL
    }
    if fork is NEW_API:
        assert top.state == max(costs, key=lambda name: costs[name])
        assert top.attributes["cost"] == pytest.approx(costs[top.state])
    assert top.attributes["models"]


async def test_top_model_is_of_today(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    """It outlives a restart, but not midnight."""
    await begin(hass, gateway, entry)
    before = state_of(hass, "sensor.example_gateway_top_model_today")
    assert before != "unknown"
    await hass.config_entries.async_reload(entry.entry_id)
    assert state_of(hass, "sensor.example_gateway_top_model_today") == before
    freezer.move_to(dt_util.start_of_local_day() + timedelta(days=1, minutes=5))
    await jump(hass, freezer, timedelta(0))
    assert state_of(hass, "sensor.example_gateway_top_model_today") == "unknown"
    # one-api still shows the days before.
    gateway.fork = ONE_API
    stored_of(entry).series = None
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert state_of(hass, "sensor.example_gateway_top_model_today") == "unknown"


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/St_Johns"])
@pytest.mark.parametrize("fork", [NEW_API, V_API], ids=lambda fork: fork.name)
@pytest.mark.parametrize("minutes", [0, 10, 45, 70, 600])
async def test_first_look_after_midnight(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    zone: str,
    fork: Fork,
    minutes: int,
) -> None:
    """Today begins at local midnight, also in the middle of the gateway's hour."""
    await hass.config.async_set_time_zone(zone)
    midnight = dt_util.start_of_local_day()
    freezer.move_to(midnight - 3 * HOUR)
    gateway.fork = fork
    for each in range(3 * 12 + minutes // 5):
        at = midnight - 3 * HOUR + each * timedelta(minutes=5) + timedelta(seconds=9)
        gateway.books.spend("gpt-5", 1000 + each, at=at.timestamp())
    freezer.move_to(midnight + timedelta(minutes=minutes))
    await setup(hass, entry)
    spent = spent_since(gateway, midnight.timestamp())
    assert figure(hass, "spent_today") == pytest.approx(spent, abs=1e-6)
    everything = spent_since(gateway, 0)
    assert figure(hass, "spent_this_month") == pytest.approx(everything, abs=1e-6)


@pytest.mark.parametrize("fork", [NEW_API, V_API], ids=lambda fork: fork.name)
async def test_outage_over_midnight(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    fork: Fork,
) -> None:
    """What nobody saw is split as the books say, exactly in sum."""
    await begin(hass, gateway, entry, fork)
    midnight = dt_util.start_of_local_day() + timedelta(days=1)
    freezer.move_to(midnight - timedelta(minutes=90))
    await jump(hass, freezer, timedelta(0))
    gateway.books.spend("gpt-5", 900_000)
    await jump(hass, freezer, timedelta(minutes=5))
    await hass.config_entries.async_unload(entry.entry_id)
    for minutes, quota in ((30, 70_000), (80, 5000), (100, 30_000), (400, 11_000)):
        freezer.move_to(midnight + timedelta(minutes=minutes - 90))
        gateway.books.spend("gpt-5-mini", quota)
    freezer.move_to(midnight + 6 * HOUR)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    spent = spent_since(gateway, midnight.timestamp())
    assert figure(hass, "spent_today") == pytest.approx(spent)
    first = dt_util.start_of_local_day().replace(day=1)
    of_month = spent_since(gateway, first.timestamp())
    assert figure(hass, "spent_this_month") == pytest.approx(of_month)
    await pass_time(hass, freezer, 3 * HOUR)
    found, truth = await series(hass), charged(gateway)
    assert sum(found[ALL].values()) == pytest.approx(sum(truth[ALL].values()))


async def test_account_made_anew(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    """Its books go on, and so do the statistics; spent is what the new one spent."""
    await begin(hass, gateway, entry)
    account = gateway.account
    account.used_quota, account.request_count, account.quota = 0, 0, 1_000_000
    await pass_time(hass, freezer, 2 * HOUR)
    gateway.books.spend("gpt-5", 250_000)
    await pass_time(hass, freezer, 4 * HOUR)
    found, truth = await series(hass), charged(gateway)
    assert sum(found[ALL].values()) == pytest.approx(sum(truth[ALL].values()))
    assert found["gpt-5"] == pytest.approx(truth["gpt-5"])
    assert figure(hass, "spent_today") == 0.5


@pytest.mark.parametrize("fork", [NEW_API, V_API], ids=lambda fork: fork.name)
async def test_another_unit(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    fork: Fork,
) -> None:
    """There are new series of all there was; the old ones stay."""
    await begin(hass, gateway, entry, fork)
    await pass_time(hass, freezer, 2 * HOUR)
    gateway.books.spend("gpt-5", 250_000)
    await pass_time(hass, freezer, 4 * HOUR)
    old = await statistic_ids(hass)
    await change_options(
        hass, entry, **{CONF_CURRENCY: "EUR", CONF_POINTS_PER_UNIT: 1_000_000}
    )
    new = await statistic_ids(hass)
    assert new.keys() > old.keys()
    assert len(new) == 2 * len(old)
    assert all("_eur_" in each for each in new.keys() - old.keys())
    # By name the new ones come last.
    found, truth = await series(hass, only="_eur_"), charged(gateway, per_unit=1e6)
    assert sum(found[ALL].values()) == pytest.approx(sum(truth[ALL].values()))


@pytest.mark.parametrize("fork", [NEW_API, V_API], ids=lambda fork: fork.name)
async def test_length_of_the_history(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    fork: Fork,
) -> None:
    """More can be had later; what is there is never less."""
    entry.__dict__["options"] = {**OPTIONS, CONF_HISTORY_DAYS: 0}
    await begin(hass, gateway, entry, fork, days=400)
    await pass_time(hass, freezer, HOUR)
    for days, wanted in ((0, 0), (30, 30), (90, 90), (365, 365), (30, 365)):
        await change_options(hass, entry, **{CONF_HISTORY_DAYS: days})
        begin_at = dt_util.start_of_local_day(dt_util.now() - timedelta(days=wanted))
        found = await series(hass)
        truth = charged(gateway, since=begin_at.timestamp())
        total = sum(found.get(ALL, {}).values())
        assert total == pytest.approx(sum(truth[ALL].values()) if truth else 0)
        if fork.books.hourly:
            for name, hours in truth.items():
                assert found[name] == pytest.approx(hours), (days, name)
        stored = stored_of(entry)
        assert stored.imported_from <= begin_at.timestamp()
    asked(gateway)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not asked(gateway)


async def test_requests_and_tokens(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    await begin(hass, gateway, entry)
    before = await series(hass)
    await change_options(hass, entry, **{CONF_MORE_SERIES: True})
    found = await series(hass)
    assert len(found) == len(before) + 2 * (len(before) - 1)
    requests = [each for each in gateway.books.requests if each.model == "gpt-5"]
    assert sum(found["gpt-5 requests"].values()) == len(requests)
    tokens = sum(each.tokens for each in requests)
    assert sum(found["gpt-5 tokens"].values()) == tokens
    assert found["gpt-5"] == before["gpt-5"]


async def test_more_models_than_series(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    """The cheapest share one, and none changes its place."""
    gateway.fork = NEW_API
    books = gateway.books
    books.started -= 3600
    for number in range(50):
        books.spend(f"model-{number}", 1000 * (number + 1), at=NOON.timestamp() - 1800)
    await setup(hass, entry)
    found = await series(hass)
    assert len(found) == 42
    assert sum(found[REST].values()) == pytest.approx(sum(range(1, 11)) / 500)
    for number in range(50):
        books.spend(f"model-{number}", 1000 * (50 - number))
    await pass_time(hass, freezer, 2 * HOUR)
    found = await series(hass)
    assert len(found) == 42
    assert sum(found[ALL].values()) == pytest.approx(2 * sum(range(1, 51)) / 500)
    assert sum(found[REST].values()) == pytest.approx(
        sum(range(1, 11)) / 500 + sum(range(41, 51)) / 500
    )


@pytest.mark.parametrize("fork", [NEW_API, V_API], ids=lambda fork: fork.name)
async def test_account_that_is_added_again_goes_on(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    fork: Fork,
) -> None:
    await begin(hass, gateway, entry, fork)
    await pass_time(hass, freezer, HOUR)
    before, ids = await series(hass), await statistic_ids(hass)
    await hass.config_entries.async_remove(entry.entry_id)
    await setup(
        hass,
        MockConfigEntry(
            domain=DOMAIN,
            title=entry.title,
            unique_id=entry.unique_id,
            data=dict(entry.data),
            options=dict(entry.options),
        ),
    )
    await jump(hass, freezer, timedelta(minutes=1))
    gateway.books.spend("gpt-5", 250_000)
    await pass_time(hass, freezer, 3 * HOUR)
    assert (await statistic_ids(hass)).keys() == ids.keys()
    after, truth = await series(hass), charged(gateway)
    assert sum(after[ALL].values()) == pytest.approx(sum(truth[ALL].values()))
    assert all(after[ALL][hour] >= before[ALL][hour] - 1e-9 for hour in before[ALL])


class Hindrance:
    """Lets so many requests for books pass, and answers those after with a fault."""

    def __init__(self, gateway: GatewayServer, passes: int, fault: Handler) -> None:
        """Stand in the way."""
        self.gateway = gateway
        self.passes = passes
        self.fault = fault
        gateway.books_fault = self

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request."""
        self.passes -= request.path in {USAGE, SUM, DAYS}
        if self.passes < 0:
            return await self.fault(request)
        answer = self.gateway._recorded(request)
        return answer or web.Response(status=404)


@pytest.mark.parametrize("passes", [1, 5, 7, 8])
@pytest.mark.parametrize("reload", [False, True])
async def test_history_that_is_interrupted(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    passes: int,
    reload: bool,
) -> None:
    """It goes on after a while; what was written is not asked for again."""
    entry.__dict__["options"] = {**OPTIONS, CONF_HISTORY_DAYS: 365}
    Hindrance(gateway, passes, answering(500))
    await begin(hass, gateway, entry, days=350)
    gateway.books_fault = None
    windows = windows_asked(gateway)
    if passes > 1:
        usage = (await async_get_config_entry_diagnostics(hass, entry))["usage"]
        assert usage["history_from"] < usage["past_until"] < usage["imported_from"]
        # What is written stands there already, and is true.
        found, truth = await series(hass), charged(gateway)
        for name, hours in found.items():
            assert hours == pytest.approx(
                {hour: truth[name][hour] for hour in hours}
            ), name
    if reload:
        await hass.config_entries.async_reload(entry.entry_id)
    await pass_time(hass, freezer, HOUR)
    found, truth = await series(hass), charged(gateway)
    for name, hours in truth.items():
        assert found[name] == pytest.approx(hours), name
    if passes > 1:
        assert not set(windows[:-1]) & set(windows_asked(gateway))
    assert stored_of(entry).series is not None


async def test_unload_in_the_middle(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    entry.__dict__["options"] = {**OPTIONS, CONF_HISTORY_DAYS: 365}
    gateway.fork = NEW_API
    month(gateway, 350)

    async def unload(request: web.BaseRequest) -> web.StreamResponse:
        gateway.books_fault = None
        # Nobody waits for this answer any more, and so it is not finished.
        hass.async_create_task(hass.config_entries.async_unload(entry.entry_id))
        return web.Response()

    Hindrance(gateway, 5, unload)
    await setup(hass, entry)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.state is ConfigEntryState.NOT_LOADED
    await hass.config_entries.async_setup(entry.entry_id)
    found, truth = await series(hass), charged(gateway)
    for name, hours in truth.items():
        assert found[name] == pytest.approx(hours), name


async def test_gateway_that_is_too_slow_for_a_month(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    """It is asked for less at once."""
    gateway.fork = NEW_API
    month(gateway)

    async def slow(request: web.BaseRequest) -> web.StreamResponse:
        start, end = (
            int(request.query[name]) for name in ("start_timestamp", "end_timestamp")
        )
        if request.path == USAGE and end - start > 8 * 86400:
            return await lose(request)
        answer = gateway._recorded(request)
        assert answer
        return answer

    gateway.books_fault = slow
    await setup(hass, entry)
    found, truth = await series(hass), charged(gateway)
    for name, hours in truth.items():
        assert found[name] == pytest.approx(hours), name


async def test_nobody_is_named(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    gateway: GatewayServer,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Neither user nor key, address or request of any row."""
    gateway.fork = NEW_API_2026_08
    gateway.account.username = "planted-user-of-rows"
    events = async_capture_events(hass, EVENT_STATE_CHANGED)
    gateway.books.started -= 3600
    for number in range(9):
        gateway.books.spend(
            "gpt-5", 90_000, key=f"planted-key-{number}", at=NOON.timestamp() - 1800
        )
    await setup(hass, entry)
    await hass.config_entries.async_reload(entry.entry_id)
    seen = [
        str([event.as_dict() for event in events]),
        str(await statistic_ids(hass)),
        json.dumps(await async_get_config_entry_diagnostics(hass, entry), default=str),
        "\n".join(
            record.getMessage()
            for record in caplog.records
            if record.name.startswith((f"custom_components.{DOMAIN}", "homeassistant"))
            and "recorder" not in record.name
        ),
    ]
    await hass.config_entries.async_unload(entry.entry_id)
    seen.append(str(hass_storage[f"{DOMAIN}.{entry.entry_id}"]))
    for text in seen:
        for secret in ("planted-user-of-rows", "planted-key", "20261123"):
            assert secret not in text
    assert "gpt-5" in seen[-1]


@pytest.mark.parametrize(("share", "named"), [(0.9, "claude-opus-4-5"), (0.4, None)])
async def test_unusual_spending_names_the_model(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    share: float,
    named: str | None,
) -> None:
    """The one that makes more than half of today's cost, if one does."""
    gateway.fork = NEW_API
    gateway.account.quota = 10**9
    for day in range(20, 0, -1):
        at = (NOON - timedelta(days=day)).timestamp()
        gateway.books.spend("gpt-5", 300_000, at=at)
    await setup(hass, entry)
    await jump(hass, freezer, timedelta(seconds=15))
    for model, part in (
        ("claude-opus-4-5", share),
        ("gpt-5", 0.5 * (1 - share)),
        ("gpt-5-mini", 0.5 * (1 - share)),
    ):
        gateway.books.spend(model, int(600_000 * part))
    await pass_time(hass, freezer, timedelta(minutes=70))
    unusual = "binary_sensor.example_gateway_unusual_spending"
    assert state_of(hass, unusual) == "off"
    gateway.books.spend("gpt-5", 400_000)
    await pass_time(hass, freezer, timedelta(minutes=6))
    state, event = (
        hass.states.get(unusual),
        hass.states.get("event.example_gateway_account_event"),
    )
    assert state
    assert event
    assert state.state == "on"
    assert event.attributes["event_type"] == "unusual_spending"
    assert state.attributes.get("model") == named
    assert event.attributes.get("model") == named


@pytest.mark.parametrize("reloads", [False, True])
async def test_page_that_is_missing_while_a_gateway_starts_again(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    *,
    reloads: bool,
) -> None:
    """As a proxy says of a gateway that is not there yet: its records are not gone."""
    await begin(hass, gateway, entry)
    gateway.books_fault = answering(404, "404 page not found")
    gateway.books.spend("gpt-5", 500_000)
    if reloads:
        await hass.config_entries.async_reload(entry.entry_id)
    await pass_time(hass, freezer, 2 * HOUR)
    assert state_of(hass, "sensor.example_gateway_usage_records") == "hourly"
    gateway.books_fault = None
    gateway.books.spend("gpt-5", 100_000)
    await pass_time(hass, freezer, 3 * HOUR)
    found, truth = await series(hass), charged(gateway)
    assert found["gpt-5"] == pytest.approx(truth["gpt-5"])
    assert sum(found[ALL].values()) == pytest.approx(sum(truth[ALL].values()))


async def test_records_that_a_gateway_no_longer_keeps(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    """What is missing for a day is absent; the sums go on."""
    await begin(hass, gateway, entry)
    missing = answering(404, "404 page not found")

    async def only_sums(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == USAGE:
            return await missing(request)
        answer = gateway._recorded(request)
        assert answer
        return answer

    gateway.books_fault = only_sums
    for _ in range(27):
        gateway.books.spend("gpt-5", 1000)
        await jump(hass, freezer, HOUR)
    assert state_of(hass, "sensor.example_gateway_usage_records") == "daily"


async def test_page_that_is_missing_during_a_long_past(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    entry.__dict__["options"] = {**OPTIONS, CONF_HISTORY_DAYS: 365}
    Hindrance(gateway, 6, answering(404, "404 page not found"))
    await begin(hass, gateway, entry, days=350)
    gateway.books_fault = None
    await pass_time(hass, freezer, 3 * HOUR)
    found, truth = await series(hass), charged(gateway)
    assert sum(found[ALL].values()) == pytest.approx(sum(truth[ALL].values()))


async def test_slow_gateway_and_idle_days(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    """Small windows without anything are no end of the past."""
    gateway.fork = NEW_API
    gateway.books.started -= 40 * 86400
    for day in (1, 2, 3, 12, 13, 20, 25):
        at = (NOON - timedelta(days=day)).timestamp()
        gateway.books.spend("gpt-5", 500_000, at=at)

    async def slow(request: web.BaseRequest) -> web.StreamResponse:
        times = (int(request.query[f"{each}_timestamp"]) for each in ("start", "end"))
        start, end = times
        if request.path == USAGE and end - start > 3 * 86400:
            assert request.transport
            request.transport.abort()
            return web.Response()
        answer = gateway._recorded(request)
        assert answer
        return answer

    gateway.books_fault = slow
    await setup(hass, entry)
    await pass_time(hass, freezer, 3 * HOUR)
    found, truth = await series(hass), charged(gateway)
    assert sum(found[ALL].values()) == pytest.approx(sum(truth[ALL].values()))
