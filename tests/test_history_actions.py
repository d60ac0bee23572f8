"""The actions on the usage history."""

from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.llm_gateway_account import statistics
from custom_components.llm_gateway_account.const import (
    CONF_HISTORY_DAYS,
    CONF_MORE_SERIES,
    CONF_SITE_NAME,
    DOMAIN,
)
from homeassistant.components.recorder.core import Recorder
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError, Unauthorized
from homeassistant.util import dt as dt_util

from .conftest import OPTIONS
from .gateway_server import NEW_API, V_API, GatewayServer
from .helpers import copy_of, device_of, jump, setup
from .usage_truth import ALL, charged, series, statistic_ids, stored_of

NOW = datetime(2026, 11, 20, 20, 7, 30, tzinfo=UTC)
MODELS = ("gpt-5", "total", "other", "", "文心一言")


@pytest.fixture(autouse=True)
def books(freezer: FrozenDateTimeFactory, gateway: GatewayServer) -> None:
    """Let something have been spent in each of some hours."""
    freezer.move_to(NOW)
    gateway.fork = NEW_API
    gateway.books.started = int((NOW - timedelta(days=32)).timestamp())
    for hour in range(0, 31 * 24, 7):
        moment = NOW - timedelta(hours=hour, minutes=8)
        gateway.books.spend(
            MODELS[hour % 5], 1000 + hour, prompt_tokens=100, at=moment.timestamp()
        )
        gateway.books.spend("for nothing", 0, at=moment.timestamp())


async def get_usage(
    hass: HomeAssistant, entry: MockConfigEntry, **data: Any
) -> dict[str, Any]:
    """Call the action."""
    answer = await hass.services.async_call(
        DOMAIN,
        "get_usage",
        {"device_id": device_of(hass, entry), **data},
        blocking=True,
        return_response=True,
    )
    assert isinstance(answer, dict)
    return answer


async def clear_history(hass: HomeAssistant, **data: Any) -> None:
    """Call the action."""
    await hass.services.async_call(DOMAIN, "clear_history", data, blocking=True)
    await hass.async_block_till_done(wait_background_tasks=True)


def begin_of(period: str, moment: datetime) -> datetime:
    """Return when the local hour, day or month of a moment began."""
    moment = dt_util.as_local(moment).replace(minute=0, second=0)
    if period == "hour":
        return moment
    return moment.replace(hour=0, day=1 if period == "month" else moment.day)


@pytest.mark.parametrize("by", ["model", "total"])
async def test_usage(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    by: str,
) -> None:
    """What the gateway charged, added up by local hours, days or months."""
    await setup(hass, entry)
    await statistic_ids(hass)
    for period in ("hour", "day", "month"):
        await compare_usage(hass, gateway, entry, period, by)


async def compare_usage(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    period: str,
    by: str,
) -> None:
    """Compare the answer of the action with what the gateway charged."""
    start = dt_util.start_of_local_day(NOW - timedelta(days=25))
    answer = await get_usage(
        hass, entry, start=start.isoformat(), end=NOW.isoformat(), period=period, by=by
    )
    expected: dict[tuple[str, str | None], float] = {}
    for request in gateway.books.requests:
        moment = dt_util.utc_from_timestamp(request.time)
        # Months are whole.
        begin = begin_of("month" if period == "month" else "hour", start).timestamp()
        if request.time < max(begin, stored_of(entry).history_from):
            continue
        if not request.quota:
            continue
        key = (
            begin_of(period, moment).isoformat(),
            request.model if by == "model" else None,
        )
        expected[key] = expected.get(key, 0) + request.quota / 500_000
    assert answer["currency"] == "USD"
    found = {(each["start"], each.get("model")): each for each in answer["usage"]}
    assert len(found) == len(answer["usage"])
    assert {key: each["cost"] for key, each in found.items()} == pytest.approx(expected)
    starts = [each["start"] for each in answer["usage"]]
    assert starts == sorted(starts)


async def test_usage_of_this_month_with_counts(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    """That is what is asked for without any times."""
    entry.__dict__["options"] = {**OPTIONS, CONF_MORE_SERIES: True}
    await setup(hass, entry)
    await statistic_ids(hass)
    answer = await get_usage(hass, entry, period="month")
    first = dt_util.start_of_local_day().replace(day=1)
    assert {each["model"] for each in answer["usage"]} == {*MODELS, "for nothing"}
    for each in answer["usage"]:
        assert each["start"] == first.isoformat()
        requests = [
            request
            for request in gateway.books.requests
            if request.model == each["model"] and request.time >= first.timestamp()
        ]
        assert each["requests"] == len(requests)
        cost = sum(request.quota for request in requests)
        if each["model"] == "for nothing":
            assert each.keys() == {"start", "model", "requests"}
            continue
        assert each["tokens"] == 100 * len(requests)
        assert each["cost"] == pytest.approx(cost / 500_000)


async def test_usage_of_more_models_than_series(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    """What stands for the rest is not mixed with a model that is called so."""
    for number in range(45):
        at = (NOW - timedelta(minutes=30)).timestamp()
        gateway.books.spend(f"model-{number}", 10 + number, at=at)
    await setup(hass, entry)
    await statistic_ids(hass)
    answer = await get_usage(
        hass, entry, period="hour", start=(NOW - timedelta(hours=1)).isoformat()
    )
    total = await get_usage(
        hass,
        entry,
        period="hour",
        by="total",
        start=(NOW - timedelta(hours=1)).isoformat(),
    )
    assert sum(each["cost"] for each in answer["usage"]) == pytest.approx(
        sum(each["cost"] for each in total["usage"])
    )


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"start": NOW.isoformat(), "end": NOW.isoformat()}, "end_before_start"),
        ({"start": (NOW + timedelta(hours=1)).isoformat()}, "end_before_start"),
    ],
)
async def test_times_in_no_order(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    loaded_entry: MockConfigEntry,
    data: dict[str, Any],
    key: str,
) -> None:
    with pytest.raises(ServiceValidationError) as raised:
        await get_usage(hass, loaded_entry, **data)
    assert raised.value.translation_key == key


async def test_all_the_time_there_is(
    recorder_mock: Recorder, hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """What is typed for "from the beginning", in a zone that is ahead or behind."""
    await setup(hass, entry)
    await statistic_ids(hass)
    for zone in ("Asia/Tokyo", "America/New_York"):
        await hass.config.async_set_time_zone(zone)
        ends = {"start": "0001-01-01T00:00:00Z", "end": "9999-12-31T23:59:59Z"}
        answer = await get_usage(hass, entry, **ends, by="total", period="month")
        assert answer["usage"]
    later = {"start": "9999-12-30T00:00:00Z", "end": "9999-12-31T00:00:00Z"}
    assert (await get_usage(hass, entry, **later))["usage"] == []


async def test_no_recorder(hass: HomeAssistant, loaded_entry: MockConfigEntry) -> None:
    for call in (get_usage(hass, loaded_entry), clear_history(hass)):
        with pytest.raises(ServiceValidationError) as raised:
            await call
        assert raised.value.translation_key == "no_recorder"


@pytest.mark.parametrize("fork", [NEW_API, V_API], ids=lambda fork: fork.name)
async def test_history_of_one_account_begins_anew(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    fork: Any,
) -> None:
    """At once, and with all that the gateway still knows."""
    gateway.fork = fork
    await setup(hass, entry)
    await jump(hass, freezer, timedelta(hours=1, minutes=9))
    await jump(hass, freezer, timedelta(hours=1))
    await jump(hass, freezer, timedelta(hours=1))
    before = await series(hass)
    await hass.config_entries.async_reload(entry.entry_id)
    await clear_history(hass, device_id=device_of(hass, entry))
    after = await series(hass)
    assert after.keys() == before.keys()
    for name, hours in before.items():
        assert after[name] == pytest.approx(hours), name


@pytest.mark.parametrize("is_before", [True, False])
async def test_cleared_history_of_an_account_that_is_reloaded_meanwhile(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    is_before: bool,
) -> None:
    """It is read again: what was written before the reload and after it."""
    await setup(hass, entry)
    before = await series(hass)
    assert before
    clear, is_to_reload = statistics.async_clear, [True]

    async def clear_and_reload(*args: Any) -> None:
        for is_first in (True, False):
            if is_first is is_before and is_to_reload:
                is_to_reload.clear()
                await hass.config_entries.async_reload(entry.entry_id)
                await hass.async_block_till_done(wait_background_tasks=True)
            if is_first:
                await clear(*args)

    with patch.object(statistics, "async_clear", clear_and_reload):
        await clear_history(hass, device_id=device_of(hass, entry))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not is_to_reload
    assert await series(hass) == before


async def test_history_is_cleared_by_who_may(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    hass_read_only_user: MockUser,
    loaded_entry: MockConfigEntry,
) -> None:
    """Not by everybody, and not of an account that a template did not find."""
    with pytest.raises(Unauthorized):
        await hass.services.async_call(
            DOMAIN,
            "clear_history",
            blocking=True,
            context=Context(user_id=hass_read_only_user.id),
        )
    with pytest.raises(ServiceValidationError) as raised:
        await clear_history(hass, device_id="")
    assert raised.value.translation_key == "one_account"


async def test_clear_in_the_middle_of_a_reading(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    """Nothing of the old is left, and nothing is missing."""
    await setup(hass, entry)
    entry.runtime_data.usage.stored.series = None
    entry.runtime_data.usage._async_read_soon()
    entry.runtime_data.usage._async_read_soon()
    await clear_history(hass, device_id=device_of(hass, entry))
    found, truth = await series(hass), charged(gateway)
    begin = entry.runtime_data.usage.stored.history_from
    expected = {hour: each for hour, each in truth[ALL].items() if hour >= begin}
    assert found[ALL] == pytest.approx(expected)


@pytest.mark.parametrize("title", ["Example Gateway", "Renamed  since"])
async def test_models_of_an_account_that_is_added_again(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    title: str,
) -> None:
    """Those of before are told too, though it reads less of them now."""
    gateway.books.spend("two words", 5000, at=(NOW - timedelta(days=20)).timestamp())
    entry.__dict__["data"] = {**entry.data, CONF_SITE_NAME: title}
    await setup(hass, entry)
    await statistic_ids(hass)
    start = (NOW - timedelta(days=25)).isoformat()
    before = await get_usage(hass, entry, start=start, period="day")
    names = {each["model"] for each in before["usage"]}
    assert names == {*MODELS, "two words"}
    await hass.config_entries.async_remove(entry.entry_id)
    again = MockConfigEntry(
        domain=DOMAIN,
        title=entry.title,
        unique_id=entry.unique_id,
        data=dict(entry.data),
        options={**entry.options, CONF_HISTORY_DAYS: 0},
    )
    await setup(hass, again)
    await statistic_ids(hass)
    after = await get_usage(hass, again, start=start, period="day")
    assert sorted(after["usage"], key=str) == sorted(before["usage"], key=str)


async def test_history_of_removed_accounts(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
) -> None:
    """It stays until somebody clears it; that of the others stays then."""
    await setup(hass, entry)
    before = await statistic_ids(hass)
    await clear_history(hass)
    assert await statistic_ids(hass) == before

    other = copy_of(entry)
    await setup(hass, other)
    assert len(await statistic_ids(hass)) == 2 * len(before)
    await hass.config_entries.async_unload(other.entry_id)
    with pytest.raises(ServiceValidationError) as raised:
        await clear_history(hass)
    assert raised.value.translation_key == "not_all_loaded"
    await hass.config_entries.async_remove(other.entry_id)
    assert len(await statistic_ids(hass)) == 2 * len(before)
    await clear_history(hass)
    assert await statistic_ids(hass) == before
