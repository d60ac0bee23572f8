"""What a gateway's books lack, tell late or take back, and what is made of it."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from aiohttp import web
from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.llm_gateway_account.const import (
    CONF_HISTORY_DAYS,
    CONF_MORE_SERIES,
    DOMAIN,
)
from homeassistant.components.recorder.core import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .conftest import OPTIONS
from .gateway_server import (
    NEW_API,
    NEW_API_2026_08,
    ONE_API,
    V_API,
    Fork,
    GatewayServer,
    Handler,
    answering,
)
from .helpers import jump, pass_time, setup, state_of
from .usage_truth import (
    ALL,
    NOON,
    REST,
    SUM,
    USAGE,
    Hours,
    charged,
    figure,
    series,
    spent_since,
    stored_of,
)

pytestmark = pytest.mark.usefixtures("whole_past")

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
RECORDS = "sensor.example_gateway_usage_records"


@pytest.fixture(autouse=True)
def noon(freezer: FrozenDateTimeFactory, gateway: GatewayServer) -> None:
    """Stop the clock, at a gateway that has all books."""
    freezer.move_to(NOON)
    gateway.fork = NEW_API
    gateway.books.started -= 40 * 86_400


def asked(gateway: GatewayServer, path: str = USAGE) -> list[web.BaseRequest]:
    """Return the requests for one book, and forget all."""
    found = [request for request in gateway.requests if request.path == path]
    gateway.requests.clear()
    return found


def only(gateway: GatewayServer, path: str, fault: Handler) -> None:
    """Answer one book with a fault."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == path:
            return await fault(request)
        recorded = gateway._recorded(request)
        assert recorded
        return recorded

    gateway.books_fault = answer


def ago(**duration: float) -> float:
    """Return the Unix time of a moment before now."""
    return (dt_util.utcnow() - timedelta(**duration)).timestamp()


def by_day(hours: Hours) -> dict[str, float]:
    """Add up the hours of each local day."""
    days: Counter[str] = Counter()
    for hour, amount in hours.items():
        day = dt_util.as_local(dt_util.utc_from_timestamp(hour)).date()
        days[day.isoformat()] += amount  # type: ignore[assignment]
    return {day: amount for day, amount in days.items() if amount}


def added(found: dict[str, Hours]) -> Hours:
    """Add up all series but that of everything."""
    hours: Counter[int] = Counter()
    for name, amounts in found.items():
        if name != ALL:
            hours.update(amounts)
    return dict(hours)


# Rows that do not reach back


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "UTC", "Asia/Kolkata"])
@pytest.mark.parametrize("kept_for", [0, 3, 12])
async def test_rows_that_do_not_reach_back(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    zone: str,
    kept_for: int,
) -> None:
    """The operator let rows be written since some days: the sums tell of before."""
    await hass.config.async_set_time_zone(zone)
    for day in range(29, -1, -1):
        gateway.books.data_export = day < kept_for
        for hour in (0.2, 5, 11):
            gateway.books.spend("gpt-5", 100_000 + day, at=ago(days=day, hours=hour))
    gateway.books.data_export = True
    await setup(hass, entry)

    first = dt_util.start_of_local_day().replace(day=1).timestamp()
    assert figure(hass, "spent_this_month") == pytest.approx(
        spent_since(gateway, first)
    )
    today = dt_util.start_of_local_day().timestamp()
    assert figure(hass, "spent_today") == pytest.approx(spent_since(gateway, today))
    week = spent_since(gateway, ago(days=7)) / 7
    assert figure(hass, "average_daily_spending") == pytest.approx(week, rel=0.15)
    assert state_of(hass, RECORDS) == "hourly"
    found, truth = await series(hass), by_day(charged(gateway)[ALL])
    local_day = dt_util.now().date().isoformat()
    truth.pop(local_day)  # its last hours come later
    found_days = by_day(found[ALL])
    found_days.pop(local_day, None)
    assert found_days == pytest.approx(truth)
    if kept_for:
        assert added(found) == pytest.approx(
            {hour: amount for hour, amount in found[ALL].items() if amount}
        )
    assert len(asked(gateway, SUM)) <= 34

    # Added again, it is not told twice.
    await hass.config_entries.async_remove(entry.entry_id)
    again = MockConfigEntry(
        domain=DOMAIN,
        title=entry.title,
        unique_id=entry.unique_id,
        data=dict(entry.data),
        options=dict(entry.options),
    )
    await setup(hass, again)
    assert await series(hass) == found


@pytest.mark.parametrize(("lost", "requests"), [(5, 2), (40, 3)])
async def test_rows_that_were_lost(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    lost: int,
    requests: int,
) -> None:
    """A little is nothing to ask each day for; more is found with the first day."""
    for number in range(1000):
        gateway.books.data_export = number >= lost
        gateway.books.spend("gpt-5", 1000, at=ago(hours=24))
    gateway.books.spend("gpt-5", 5000, at=ago(days=9))
    await setup(hass, entry)
    spent = spent_since(gateway, 0) - (lost / 500 if requests == 2 else 0)
    assert figure(hass, "spent_this_month") == pytest.approx(spent, abs=1e-6)
    assert len(asked(gateway, SUM)) == requests


async def test_account_that_was_created_today(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    """There is no day before of which anything could be missing."""
    gateway.fork = Fork("hourly", V_API.body, "X-Api-User", books=NEW_API.books)
    gateway.account.created_at = int(ago(hours=3))
    gateway.books.spend("gpt-5", 500_000, at=ago(hours=2))
    await setup(hass, entry)
    assert figure(hass, "spent_this_month") == 1
    assert len(asked(gateway, SUM)) == 1


async def test_sums_that_cannot_be_read(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    """There are still the rows."""
    only(gateway, SUM, answering(200, {"success": True, "data": {"cost": 5}}))
    gateway.books.spend("gpt-5", 500_000, at=ago(days=3))
    await setup(hass, entry)
    assert state_of(hass, RECORDS) == "hourly"
    assert figure(hass, "spent_this_month") == 1


# Rows of another shape

SHAPES: dict[str, Any] = {
    "pages": {"items": [], "total": 0},
    "other rows": [{"date": "2026-11-20", "model": "gpt-5", "cost": 0.5}],
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
async def test_rows_of_another_shape(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    shape: Any,
) -> None:
    """The sums take their place, for a day; then the rows may be right."""
    only(gateway, USAGE, answering(200, {"success": True, "data": shape}))
    gateway.books.spend("gpt-5", 500_000, at=ago(days=3))
    gateway.books.spend("gpt-5", 250_000, at=ago(hours=2))
    await setup(hass, entry)
    assert state_of(hass, RECORDS) == "daily"
    assert figure(hass, "spent_today") == 0.5
    assert figure(hass, "spent_this_month") == 1.5
    assert len(asked(gateway)) == 1
    for _ in range(22):
        await jump(hass, freezer, HOUR)
        gateway.books.spend("gpt-5", 10_000)
    assert not asked(gateway)
    for _ in range(3):
        await jump(hass, freezer, HOUR)
        gateway.books.spend("gpt-5", 10_000)
    assert len(asked(gateway)) == 1

    gateway.books_fault = None
    for _ in range(26):
        await jump(hass, freezer, HOUR)
        gateway.books.spend("gpt-5", 10_000)
    await pass_time(hass, freezer, 6 * HOUR)
    assert state_of(hass, RECORDS) == "hourly"
    found, truth = await series(hass), charged(gateway)
    assert sum(found[ALL].values()) == pytest.approx(sum(truth[ALL].values()))
    # What the sums told, no model tells again.
    assert sum(found["gpt-5"].values()) < sum(found[ALL].values())


async def test_one_odd_answer_of_good_rows(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    """An hour later they are asked for again, and not taken for others meanwhile."""
    await setup(hass, entry)
    asked(gateway)
    only(gateway, USAGE, answering(200, {"success": True, "data": "?"}))
    gateway.books.spend("gpt-5", 500_000)
    await pass_time(hass, freezer, HOUR)
    assert len(asked(gateway)) == 1
    assert state_of(hass, RECORDS) == "hourly"
    gateway.books_fault = None
    await pass_time(hass, freezer, HOUR)
    assert len(asked(gateway)) == 1
    assert state_of(hass, "sensor.example_gateway_top_model_today") == "gpt-5"


# A gateway that is slow


@pytest.mark.parametrize(
    ("fault", "is_asked_for_less"),
    [
        (answering(504), True),
        (answering(524, "<html>"), True),
        (answering(500), False),
        (answering(502, "<html>"), False),
        (answering(200, "{"), False),
    ],
    ids=["504", "524", "500", "502", "no JSON"],
)
async def test_what_a_smaller_window_helps_against(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    fault: Handler,
    is_asked_for_less: bool,
) -> None:
    async def slow(request: web.BaseRequest) -> web.StreamResponse:
        start, end = (
            int(request.query[f"{each}_timestamp"]) for each in ("start", "end")
        )
        if end - start > 8 * 86_400:
            return await fault(request)
        answer = gateway._recorded(request)
        assert answer
        return answer

    only(gateway, USAGE, slow)
    gateway.books.spend("gpt-5", 500_000, at=ago(days=3))
    await setup(hass, entry)
    if is_asked_for_less:
        assert state_of(hass, RECORDS) == "hourly"
        assert figure(hass, "spent_this_month") == 1
    else:
        assert state_of(hass, RECORDS) == "unknown"
        assert len(asked(gateway)) == 1


async def test_requests_for_a_long_past_are_two_seconds_apart(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    gateway.fork = ONE_API
    times = []

    async def watched(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == SUM:
            times.append(dt_util.utcnow())
        answer = gateway._recorded(request)
        return answer or web.Response(status=404)

    async def sleep(seconds: float) -> None:
        freezer.tick(seconds)

    gateway.books_fault = watched
    gateway.books.spend("gpt-5", 500_000, at=ago(days=3))
    package = "custom_components.llm_gateway_account.books"
    with (
        patch(f"{package}.SPACING", 2),
        patch(f"{package}.asyncio", SimpleNamespace(sleep=sleep)),
    ):
        await setup(hass, entry)
    assert len(times) > 30
    gaps = {later - earlier for earlier, later in pairwise(times)}
    assert gaps == {timedelta(seconds=2)}


# Rows that come late, and what is taken back


@pytest.mark.parametrize("interval", [3600, 7200, 10_800])
async def test_gateway_that_writes_every_few_hours(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
    interval: int,
) -> None:
    """What is in no row yet is not taken for what no model got."""
    monkeypatch.setattr("tests.gateway_books.SECONDS_BETWEEN_WRITES", interval)
    await setup(hass, entry)
    for _ in range(20):
        gateway.books.spend("gpt-5", 10_000)
        await pass_time(hass, freezer, timedelta(minutes=17))
    await pass_time(hass, freezer, 6 * HOUR)
    found, truth = await series(hass), charged(gateway)
    assert found["gpt-5"] == pytest.approx(truth["gpt-5"])
    assert found[ALL] == pytest.approx(truth[ALL])
    assert REST not in found


async def test_next_reading_corrects_the_one_before(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An hour is read again when it is over for an hour."""
    await setup(hass, entry)
    gateway.books.spend("gpt-5", 10_000)
    await pass_time(hass, freezer, timedelta(minutes=40))
    monkeypatch.setattr("tests.gateway_books.SECONDS_BETWEEN_WRITES", 3600)
    gateway.books.started = int(ago(minutes=18))
    gateway.books.spend("gpt-5", 40_000)
    await pass_time(hass, freezer, timedelta(minutes=36))
    found, truth = await series(hass), charged(gateway)
    assert sum(found["gpt-5"].values()) == pytest.approx(0.02)
    await pass_time(hass, freezer, HOUR)
    found = await series(hass)
    assert found["gpt-5"] == pytest.approx(truth["gpt-5"])


async def test_two_days_are_read_again(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    """What is written within that time is added; older hours are not touched."""
    await setup(hass, entry)
    asked(gateway)
    gateway.books.spend("late", 10_000, at=ago(hours=47))
    gateway.books.spend("too late", 10_000, at=ago(hours=50))
    await pass_time(hass, freezer, HOUR)
    (request,) = asked(gateway)
    start, end = (int(request.query[f"{each}_timestamp"]) for each in ("start", "end"))
    assert 48 * 3600 <= end - start <= 50 * 3600
    found = await series(hass)
    assert sum(found["late"].values()) == pytest.approx(0.02)
    assert "too late" not in found


@pytest.mark.parametrize("kept", [0, 0.5])
async def test_rows_that_are_lowered_or_deleted(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    kept: float,
) -> None:
    """What Home Assistant has stays, and new hours are added."""
    for hour in range(1, 30):
        gateway.books.spend("gpt-5", 10_000 * hour, at=ago(hours=hour))
    await setup(hass, entry)
    before = await series(hass)
    for amounts in gateway.books._rows.values():
        amounts.quota = int(amounts.quota * kept)
    if not kept:
        gateway.books._rows.clear()
        gateway.books.delete_logs(ago())
    gateway.books.spend("gpt-5", 10_000)
    await pass_time(hass, freezer, 6 * HOUR)
    found, truth = await series(hass), charged(gateway)
    assert found["gpt-5"] == pytest.approx(truth["gpt-5"])
    for name, hours in before.items():
        assert hours.items() <= found[name].items()
    assert REST not in found


@pytest.mark.parametrize("fork", [NEW_API, NEW_API_2026_08], ids=lambda fork: fork.name)
async def test_refund_leaves_the_bar_of_an_hour_that_is_over(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    fork: Fork,
) -> None:
    """It lowers what was spent today where the gateway lowers the used quota."""
    gateway.fork = fork
    gateway.books.spend("gpt-5", 500_000, at=ago(days=3))
    await setup(hass, entry)
    await jump(hass, freezer, timedelta(minutes=1))
    gateway.books.spend("sora-2", 500_000)
    await pass_time(hass, freezer, 2 * HOUR)
    before = await series(hass)
    gateway.refund(500_000)
    await pass_time(hass, freezer, 6 * HOUR)
    assert await series(hass) == before
    assert sum(before["sora-2"].values()) == 1
    lowers = fork.books.refunds_used_quota
    assert figure(hass, "spent_today") == (0 if lowers else 1)


# What costs nothing, and who costs most


async def test_requests_that_cost_nothing(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    """They are counted like all others."""
    entry.__dict__["options"] = {**OPTIONS, CONF_MORE_SERIES: True}
    await setup(hass, entry)
    await pass_time(hass, freezer, 6 * HOUR)
    asked(gateway)
    gateway.books.spend("free", 0, prompt_tokens=70)
    await pass_time(hass, freezer, timedelta(minutes=70))
    assert asked(gateway)
    found = await series(hass)
    assert sum(found["free requests"].values()) == 1
    assert sum(found["free tokens"].values()) == 70
    await pass_time(hass, freezer, 6 * HOUR)
    asked(gateway)
    await hass.config_entries.async_reload(entry.entry_id)
    await pass_time(hass, freezer, 2 * HOUR)
    assert not asked(gateway)


async def test_share_of_the_top_model(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    """Of what today's rows cost together."""
    for model, quota in (("gpt-5", 150_000), ("qwen3-max", 300_000), ("free", 0)):
        gateway.books.spend(model, quota, at=ago(hours=2))
        gateway.books.spend(model, 7 * quota, at=ago(hours=30))
    await setup(hass, entry)
    top = hass.states.get("sensor.example_gateway_top_model_today")
    assert top
    assert top.state == "qwen3-max"
    assert top.attributes["cost"] == 0.6
    assert top.attributes["share"] == 0.667
    assert [(each["model"], each["share"]) for each in top.attributes["models"]] == [
        ("qwen3-max", 0.667),
        ("gpt-5", 0.333),
        ("free", 0),
    ]


async def test_gateway_that_is_updated(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    """It is asked for the books it did not have, before the week is over."""
    gateway.books_fault = answering(404, "404 page not found")
    await setup(hass, entry)
    gateway.books_fault = None
    await pass_time(hass, freezer, 6 * HOUR)
    asked(gateway)
    await jump(hass, freezer, DAY)
    await jump(hass, freezer, HOUR)
    assert not asked(gateway)
    gateway.fork = Fork(
        "updated",
        NEW_API.body,
        NEW_API.user_id_header,
        NEW_API.status | {"version": "v1.0.0"},
        books=NEW_API.books,
    )
    await jump(hass, freezer, DAY)
    await jump(hass, freezer, HOUR)
    assert len(asked(gateway)) == 1
    assert state_of(hass, RECORDS) == "hourly"


async def test_history_before_rows_is_read_once(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    """Months in which nothing was spent cost one request where there are only sums."""
    entry.__dict__["options"] = {**OPTIONS, CONF_HISTORY_DAYS: 365}
    gateway.fork = ONE_API
    gateway.books.spend("gpt-5", 500_000, at=ago(days=200))
    gateway.books.spend("gpt-5", 250_000, at=ago(days=3))
    await setup(hass, entry)
    found, truth = await series(hass), charged(gateway)
    assert by_day(found[ALL]) == pytest.approx(by_day(truth[ALL]))
    assert len(asked(gateway, SUM)) < 34 + 12 + 32 + 5
    stored = stored_of(entry)
    assert stored.imported_from == stored.history_from
