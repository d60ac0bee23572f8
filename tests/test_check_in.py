"""The daily check-in: whether it is open, and doing it once, whatever happens then."""

import asyncio
from datetime import timedelta
import logging
from typing import Any

from aiohttp import web
from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_fire_time_changed,
)
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.llm_gateway_account.const import DOMAIN
from custom_components.llm_gateway_account.events import EVENT_TYPES
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import (
    EVENT_STATE_CHANGED,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    Platform,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component

from .faults import BOOK_FAULTS, lose
from .gateway_notices import CHECK_IN, VELOERA_CHECK_IN, VELOERA_CHECK_IN_STATUS
from .gateway_server import (
    NEW_API,
    NEW_API_2026_08,
    ONE_API,
    VELOERA,
    Fork,
    GatewayServer,
    Handler,
    answering,
    secrets_of,
    told_by,
)
from .helpers import (
    balance,
    collect_events,
    device_of,
    jump,
    own_log,
    second_account,
    setup,
    state_of,
)
from .keys import reload, wait

OPEN = "binary_sensor.example_gateway_check_in_open"
EVENTS = "event.example_gateway_account_event"
AWARD = 5_000_000
"""Ten dollars: more than what a top-up has to be."""

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
POLLS = timedelta(minutes=16)
"""Long enough for a top-up to be certain."""

both_kinds = pytest.mark.parametrize(
    "fork", [NEW_API, NEW_API_2026_08, VELOERA], ids=lambda fork: fork.name
)

type Happened = list[tuple[str, dict[str, Any]]]


@pytest.fixture(autouse=True)
def noon(gateway: GatewayServer, request: pytest.FixtureRequest) -> None:
    """Stop the clock at a gateway that gives ten dollars."""
    if "little_time" not in request.fixturenames:
        request.getfixturevalue("freezer").move_to("2026-11-23T20:07:30Z")
    gateway.fork = NEW_API
    gateway.operator.check_in_enabled = True
    gateway.operator.award = AWARD


@pytest.fixture
def happened(hass: HomeAssistant) -> Happened:
    """Collect the type and the amount of each event of the account."""
    return collect_events(hass, EVENT_TYPES, {"amount"})


def enable(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Enable the sensor, as somebody did before Home Assistant was started."""
    entry.add_to_hass(hass)
    er.async_get(hass).async_get_or_create(
        Platform.BINARY_SENSOR,
        DOMAIN,
        f"{entry.entry_id}_check_in_open",
        config_entry=entry,
        suggested_object_id="example_gateway_check_in_open",
    )


async def begin(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """Set an account up, and let its events be fired."""
    await setup(hass, entry)
    await jump(hass, freezer, timedelta(seconds=11))


async def check_in(hass: HomeAssistant, entry: MockConfigEntry) -> Any:
    """Call the action."""
    return await hass.services.async_call(
        DOMAIN,
        "check_in",
        {"device_id": device_of(hass, entry)},
        blocking=True,
        return_response=True,
    )


def posts(gateway: GatewayServer) -> int:
    """Return how often somebody tried to check in."""
    return sum(each.method == "POST" for each in gateway.requests)


def asked(gateway: GatewayServer) -> int:
    """Return how often it was asked whether it is open, and forget it."""
    paths = {CHECK_IN, VELOERA_CHECK_IN, VELOERA_CHECK_IN_STATUS}
    number = sum(each.path in paths for each in gateway.requests)
    gateway.requests.clear()
    return number


def break_post(
    gateway: GatewayServer, fault: Handler, *, credits_first: bool = False
) -> None:
    """Let a fault answer whoever checks in; the gateway may have done it before."""

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        gateway.books_fault = None
        try:
            if request.method != "POST":
                return await gateway.handle(request)
            if credits_first:
                await gateway.handle(request)
            return await fault(request)
        finally:
            gateway.books_fault = handler

    gateway.books_fault = handler


# The sensor


async def test_sensor_is_off_by_default(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """And nothing is asked for it."""
    await begin(hass, entry, freezer)
    entity = er.async_get(hass).async_get(OPEN)
    assert entity
    assert entity.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    await wait(hass, freezer, 3 * HOUR)
    assert asked(gateway) == 0


@pytest.mark.parametrize("fork", [NEW_API, ONE_API], ids=lambda fork: fork.name)
async def test_no_sensor_without_a_check_in(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry, fork: Fork
) -> None:
    """Neither where a fork has none, nor where the operator has it off."""
    gateway.fork, gateway.operator.check_in_enabled = fork, False
    await setup(hass, entry)
    assert er.async_get(hass).async_get(OPEN) is None


async def test_operator_switches_it_on_later(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    gateway.operator.check_in_enabled = False
    await begin(hass, entry, freezer)
    gateway.operator.check_in_enabled = True
    await jump(hass, freezer, 25 * HOUR)
    await jump(hass, freezer, HOUR)
    assert er.async_get(hass).async_get(OPEN)
    # Once, however often it is said.
    await jump(hass, freezer, 2 * HOUR)


@both_kinds
async def test_sensor_follows_the_gateway(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    fork: Fork,
) -> None:
    """Once an hour; who checks in on the website is seen by then."""
    gateway.fork = fork
    enable(hass, entry)
    await begin(hass, entry, freezer)
    assert state_of(hass, OPEN) == "on"
    assert asked(gateway) == 1
    gateway.operator.check_in(fork.board, gateway.account)
    await wait(hass, freezer, HOUR + 5 * MINUTE)
    assert state_of(hass, OPEN) == "off"
    assert asked(gateway) == 1


@pytest.mark.parametrize(
    ("fork", "offset", "border"),
    [
        (NEW_API, timedelta(hours=8), "2026-11-24T16:00:00Z"),
        (NEW_API, timedelta(hours=-5), "2026-11-24T05:00:00Z"),
        (VELOERA, timedelta(hours=8), "2026-11-24T00:00:00Z"),
    ],
    ids=["new-api in China", "new-api in New York", "Veloera in China"],
)
async def test_day_is_that_of_the_server(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    fork: Fork,
    offset: timedelta,
    border: str,
) -> None:
    gateway.fork, gateway.operator.utc_offset = fork, offset
    enable(hass, entry)
    await begin(hass, entry, freezer)
    await check_in(hass, entry)
    assert state_of(hass, OPEN) == "off"
    asked(gateway)
    freezer.move_to(border)
    freezer.tick(-10 * MINUTE)
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)
    await wait(hass, freezer, 5 * MINUTE)
    assert state_of(hass, OPEN) == "off"
    # At Veloera there is nothing to ask before.
    assert asked(gateway) == (0 if fork is VELOERA else 1)
    await wait(hass, freezer, 15 * MINUTE)
    assert state_of(hass, OPEN) == "on"


async def test_operator_switches_it_off(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """What the gateway then says is a failure like others; its page tells."""
    enable(hass, entry)
    await begin(hass, entry, freezer)
    gateway.operator.check_in_enabled = False
    await wait(hass, freezer, 2 * HOUR + 5 * MINUTE)
    assert state_of(hass, OPEN) == STATE_UNKNOWN
    gateway.operator.check_in_enabled = True
    await jump(hass, freezer, 25 * HOUR)
    await jump(hass, freezer, HOUR)
    assert state_of(hass, OPEN) == "on"


@pytest.mark.parametrize("fault", BOOK_FAULTS.values(), ids=BOOK_FAULTS)
async def test_fault_of_the_book(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    fault: Handler,
) -> None:
    """Only the sensor becomes unavailable, and nobody is asked for a token."""
    enable(hass, entry)
    await begin(hass, entry, freezer)
    gateway.books_fault = fault
    await wait(hass, freezer, HOUR + 5 * MINUTE)
    assert state_of(hass, OPEN) == "on"
    await wait(hass, freezer, HOUR)
    assert state_of(hass, OPEN) == STATE_UNAVAILABLE
    assert balance(hass) == "12.345"
    assert not hass.config_entries.flow.async_progress()
    assert own_log(caplog) == []
    gateway.books_fault = None
    await jump(hass, freezer, timedelta(days=8))
    await jump(hass, freezer, HOUR)
    assert state_of(hass, OPEN) == "on"


async def test_sensor_goes_with_the_account(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    enable(hass, entry)
    await begin(hass, entry, freezer)
    gateway.fault = gateway.status_fault = answering(502)
    await wait(hass, freezer, 25 * MINUTE)
    assert state_of(hass, OPEN) == STATE_UNAVAILABLE
    asked(gateway)
    await wait(hass, freezer, 2 * HOUR)
    assert asked(gateway) == 0
    gateway.fault = gateway.status_fault = None
    await wait(hass, freezer, 10 * MINUTE)
    assert state_of(hass, OPEN) == "on"


async def test_gateway_that_does_not_show_its_page(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """What it offers is not known then; it is once it shows it."""
    gateway.status_fault = answering(502)
    enable(hass, entry)
    await begin(hass, entry, freezer)
    assert state_of(hass, OPEN) == STATE_UNKNOWN
    with pytest.raises(ServiceValidationError) as caught:
        await check_in(hass, entry)
    assert caught.value.translation_key == "no_answer"
    gateway.status_fault = None
    await wait(hass, freezer, HOUR + 5 * MINUTE)
    assert state_of(hass, OPEN) == "on"


# The action


@both_kinds
async def test_check_in(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    happened: Happened,
    fork: Fork,
) -> None:
    """The amount is returned, and told once: not as a top-up."""
    gateway.fork = fork
    enable(hass, entry)
    await begin(hass, entry, freezer)
    assert await check_in(hass, entry) == {"amount": 10, "currency": "USD"}
    await hass.async_block_till_done()
    assert state_of(hass, OPEN) == "off"
    assert happened == [("checked_in", {"amount": 10})]
    await wait(hass, freezer, POLLS)
    assert balance(hass) == "22.345"
    assert happened == [("checked_in", {"amount": 10})]
    assert posts(gateway) == 1


async def test_check_in_and_top_up_between_two_polls(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    happened: Happened,
) -> None:
    """Each with its own amount."""
    await begin(hass, entry, freezer)
    await check_in(hass, entry)
    gateway.account.quota += 2_000_000
    await wait(hass, freezer, POLLS)
    assert happened == [("checked_in", {"amount": 10}), ("topped_up", {"amount": 4})]


async def test_check_in_on_the_website_stays_a_top_up(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    happened: Happened,
) -> None:
    await begin(hass, entry, freezer)
    gateway.operator.check_in(NEW_API.board, gateway.account)
    await wait(hass, freezer, POLLS)
    assert happened == [("topped_up", {"amount": 10})]


@pytest.mark.parametrize("change", ["reload", "power cut"])
async def test_restart_between_check_in_and_poll(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    happened: Happened,
    monkeypatch: pytest.MonkeyPatch,
    change: str,
) -> None:
    await begin(hass, entry, freezer)
    await check_in(hass, entry)
    await hass.async_block_till_done(wait_background_tasks=True)
    if change == "power cut":
        await jump(hass, freezer, timedelta(seconds=1))

        async def nothing(_: Any) -> None:
            """Write nothing any more."""

        storage = f"custom_components.{DOMAIN}.storage.AccountStorage.async_save"
        monkeypatch.setattr(storage, nothing)
        await hass.config_entries.async_unload(entry.entry_id)
        freezer.tick(3 * HOUR)
        await hass.config_entries.async_setup(entry.entry_id)
    else:
        await reload(hass, entry)
    await wait(hass, freezer, POLLS)
    assert balance(hass) == "22.345"
    assert happened == [("checked_in", {"amount": 10})]


async def test_check_in_that_brings_little(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    happened: Happened,
) -> None:
    """As most do; a top-up soon after is told as it is."""
    gateway.operator.award = 1340
    await begin(hass, entry, freezer)
    assert await check_in(hass, entry) == {"amount": 0.00268, "currency": "USD"}
    await wait(hass, freezer, 5 * MINUTE)
    gateway.account.quota += 2_000_000
    await wait(hass, freezer, POLLS)
    assert happened == [
        ("checked_in", {"amount": 0.00268}),
        ("topped_up", {"amount": 4}),
    ]


@pytest.mark.parametrize(
    ("case", "key"),
    [
        ("off", "no_check_in"),
        ("browser", "check_in_wants_browser"),
        ("done", "checked_in_already"),
        ("down", "no_answer"),
    ],
)
async def test_refused_beforehand(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    happened: Happened,
    case: str,
    key: str,
) -> None:
    """With nothing sent that could do anything."""
    gateway.operator.check_in_enabled = case != "off"
    gateway.operator.turnstile = case == "browser"
    await begin(hass, entry, freezer)
    if case == "done":
        gateway.operator.award = 0
        gateway.operator.check_in(NEW_API.board, gateway.account)
    if case == "down":
        gateway.books_fault = answering(502)
    with pytest.raises(HomeAssistantError) as caught:
        await check_in(hass, entry)
    assert caught.value.translation_key == key
    assert posts(gateway) == 0
    assert happened == []


async def test_two_calls_at_once(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    happened: Happened,
) -> None:
    """The second one is told that it is done already."""
    await begin(hass, entry, freezer)
    results = await asyncio.gather(
        check_in(hass, entry), check_in(hass, entry), return_exceptions=True
    )
    assert sum(isinstance(each, ServiceValidationError) for each in results) == 1
    assert posts(gateway) == 1
    await wait(hass, freezer, POLLS)
    assert happened == [("checked_in", {"amount": 10})]


@pytest.mark.parametrize(
    "fault",
    [
        answering(200, {"success": False, "message": "签到失败，请稍后重试"}),
        answering(200, {"success": False, "message": "access token 无效"}),
        answering(429),
        answering(404, {"error": {"message": "Invalid URL"}}),
    ],
    ids=["failed", "token", "429", "404"],
)
async def test_gateway_that_refuses(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    happened: Happened,
    fault: Handler,
) -> None:
    enable(hass, entry)
    await begin(hass, entry, freezer)
    break_post(gateway, fault)
    with pytest.raises(HomeAssistantError) as caught:
        await check_in(hass, entry)
    assert caught.value.translation_key == "check_in_refused"
    await wait(hass, freezer, POLLS)
    assert posts(gateway) == 1
    assert happened == []
    assert not hass.config_entries.flow.async_progress()


UNCLEAR: dict[str, Handler] = {
    "lost": lose,
    "504": answering(504),
    "not JSON": answering(200, "{"),
    "no amount": answering(200, {"success": True, "data": {}}),
}


@pytest.mark.parametrize("fault", UNCLEAR.values(), ids=UNCLEAR)
@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("credited", [True, False])
async def test_outcome_that_is_unknown(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    happened: Happened,
    fault: Handler,
    restarts: bool,
    credited: bool,
) -> None:
    """It is said, never tried again, and found out by asking."""
    await begin(hass, entry, freezer)
    break_post(gateway, fault, credits_first=credited)
    with pytest.raises(HomeAssistantError) as caught:
        await check_in(hass, entry)
    assert caught.value.translation_key == "check_in_unknown"
    assert posts(gateway) == 1 + credited  # once more in the hands of the gateway
    gateway.requests.clear()
    if restarts:
        await reload(hass, entry)
        await jump(hass, freezer, timedelta(seconds=11))
    await wait(hass, freezer, POLLS)
    assert posts(gateway) == 0
    assert happened == ([("checked_in", {"amount": 10})] if credited else [])
    assert balance(hass) == ("22.345" if credited else "12.345")


async def test_outcome_is_not_looked_for_any_longer(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    happened: Happened,
) -> None:
    """What comes after an hour is something else."""
    await begin(hass, entry, freezer)
    break_post(gateway, lose)
    with pytest.raises(HomeAssistantError):
        await check_in(hass, entry)
    await jump(hass, freezer, HOUR + MINUTE)
    gateway.books_fault = None
    gateway.requests.clear()
    gateway.operator.check_in(NEW_API.board, gateway.account)
    await wait(hass, freezer, POLLS)
    assert asked(gateway) == 0
    assert happened == [("topped_up", {"amount": 10})]


@pytest.mark.parametrize(("put_back", "number"), [(timedelta(0), 1), (24 * HOUR, 0)])
async def test_outcome_is_not_looked_for_once_the_clock_is_put_back(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    put_back: timedelta,
    number: int,
) -> None:
    """Or it would be, with each poll, until the time of the check-in comes again."""
    await begin(hass, entry, freezer)
    break_post(gateway, lose)
    with pytest.raises(HomeAssistantError):
        await check_in(hass, entry)
    gateway.books_fault = None
    asked(gateway)
    freezer.tick(-put_back)
    await reload(hass, entry)
    assert asked(gateway) == number


@pytest.mark.usefixtures("little_time")
async def test_time_out(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    happened: Happened,
) -> None:
    """The gateway did it, and never said so."""
    done = asyncio.Event()

    async def wait_forever(request: web.BaseRequest) -> web.StreamResponse:
        await done.wait()
        return web.Response()

    loaded_entry.runtime_data.account.events.async_start()
    break_post(gateway, wait_forever, credits_first=True)
    with pytest.raises(HomeAssistantError) as caught:
        await check_in(hass, loaded_entry)
    done.set()
    assert caught.value.translation_key == "check_in_unknown"
    for _ in range(3):
        await loaded_entry.runtime_data.account.async_refresh()
        await hass.async_block_till_done(wait_background_tasks=True)
    assert happened == [("checked_in", {"amount": 10})]
    assert posts(gateway) == 2  # once more in the hands of the gateway


async def test_unknown_amount_stays_a_top_up(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    happened: Happened,
) -> None:
    """Veloera does not say afterwards how much it was."""
    gateway.fork = VELOERA
    await begin(hass, entry, freezer)
    break_post(gateway, lose, credits_first=True)
    with pytest.raises(HomeAssistantError):
        await check_in(hass, entry)
    gateway.requests.clear()
    await wait(hass, freezer, POLLS)
    assert happened == [("topped_up", {"amount": 10})]
    assert posts(gateway) == 0


async def test_top_up_that_was_told_is_not_told_again(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    happened: Happened,
) -> None:
    """Where the gateway's book cannot be read before the balance shows it."""
    await begin(hass, entry, freezer)
    break_post(gateway, lose, credits_first=True)
    with pytest.raises(HomeAssistantError):
        await check_in(hass, entry)
    gateway.books_fault = answering(502)
    await wait(hass, freezer, POLLS)
    assert happened == [("topped_up", {"amount": 10})]
    gateway.books_fault = None
    await wait(hass, freezer, HOUR)
    gateway.account.quota += 2_000_000
    await wait(hass, freezer, POLLS)
    assert happened == [("topped_up", {"amount": 10}), ("topped_up", {"amount": 4})]


@pytest.mark.parametrize("change", ["unload", "reload", "remove"])
async def test_account_that_goes_while_the_gateway_answers(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    happened: Happened,
    hass_storage: dict[str, Any],
    change: str,
) -> None:
    """Who called hears what came of it; the next set-up finds it out by itself."""
    await begin(hass, entry, freezer)
    is_asked, release = asyncio.Event(), asyncio.Event()

    async def hold(request: web.BaseRequest) -> web.StreamResponse:
        is_asked.set()
        await release.wait()
        body = {"quota_awarded": AWARD, "checkin_date": "2026-11-24"}
        return web.json_response({"success": True, "message": "", "data": body})

    break_post(gateway, hold, credits_first=True)
    call = hass.async_create_task(check_in(hass, entry))
    await is_asked.wait()
    if change == "reload":
        await hass.config_entries.async_reload(entry.entry_id)
    elif change == "unload":
        await hass.config_entries.async_unload(entry.entry_id)
    else:
        await hass.config_entries.async_remove(entry.entry_id)
    release.set()
    assert await call == {"amount": 10, "currency": "USD"}
    await hass.async_block_till_done(wait_background_tasks=True)
    if change == "remove":
        assert f"{DOMAIN}.{entry.entry_id}" not in hass_storage
        return
    if change == "unload":
        assert entry.state is ConfigEntryState.NOT_LOADED
        await hass.config_entries.async_setup(entry.entry_id)
    await jump(hass, freezer, timedelta(seconds=11))
    await wait(hass, freezer, POLLS)
    assert happened == [("checked_in", {"amount": 10})]


async def test_account_that_goes_while_the_gateway_refuses(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    happened: Happened,
) -> None:
    """The file of the next set-up stays as it is."""
    await begin(hass, entry, freezer)
    is_asked, release = asyncio.Event(), asyncio.Event()

    async def hold(request: web.BaseRequest) -> web.StreamResponse:
        is_asked.set()
        await release.wait()
        return await answering(429)(request)

    break_post(gateway, hold)
    call = hass.async_create_task(check_in(hass, entry))
    await is_asked.wait()
    await hass.config_entries.async_reload(entry.entry_id)
    release.set()
    with pytest.raises(HomeAssistantError) as caught:
        await call
    assert caught.value.translation_key == "check_in_refused"
    await wait(hass, freezer, POLLS)
    assert happened == []


async def test_account_that_goes_while_it_is_asked_beforehand(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Then nothing is done."""
    await begin(hass, entry, freezer)
    is_asked, release = asyncio.Event(), asyncio.Event()

    async def hold(request: web.BaseRequest) -> web.StreamResponse:
        gateway.books_fault = None
        is_asked.set()
        await release.wait()
        return await gateway.handle(request)

    gateway.books_fault = hold
    call = hass.async_create_task(check_in(hass, entry))
    await is_asked.wait()
    await hass.config_entries.async_unload(entry.entry_id)
    release.set()
    with pytest.raises(ServiceValidationError):
        await call
    assert posts(gateway) == 0


async def test_reading_waits_for_a_check_in(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """An answer from before it must not open it again."""
    enable(hass, entry)
    await begin(hass, entry, freezer)
    is_asked, release = asyncio.Event(), asyncio.Event()

    async def hold(request: web.BaseRequest) -> web.StreamResponse:
        is_asked.set()
        await release.wait()
        return await answering(200, {"success": True, "data": {"quota_awarded": 1}})(
            request
        )

    break_post(gateway, hold)
    call = hass.async_create_task(check_in(hass, entry))
    await is_asked.wait()
    await async_setup_component(hass, "homeassistant", {})
    await hass.services.async_call(
        "homeassistant", "update_entity", {"entity_id": OPEN}, blocking=True
    )
    asked(gateway)
    release.set()
    await call
    await hass.async_block_till_done(wait_background_tasks=True)
    assert state_of(hass, OPEN) == "off"
    assert asked(gateway) == 0


async def test_two_accounts_at_one_gateway(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Each checks in for itself."""
    second = second_account(gateway, entry)
    await begin(hass, entry, freezer)
    await begin(hass, second, freezer)
    changes = async_capture_events(hass, EVENT_STATE_CHANGED)
    assert await check_in(hass, second) == {"amount": 10, "currency": "USD"}
    await wait(hass, freezer, POLLS)
    told = {
        each.data["entity_id"]
        for each in changes
        if (state := each.data["new_state"])
        and state.attributes.get("event_type") == "checked_in"
    }
    assert len(told) == 1
    assert EVENTS not in told
    assert gateway.account.quota == 6_172_500
    assert gateway.more_accounts[0].quota == 6_172_500 + AWARD


async def test_no_secret_is_told(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    hass_client: ClientSessionGenerator,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not even where the gateway repeats it, in whatever it answers."""
    caplog.set_level(logging.DEBUG)
    assert await async_setup_component(hass, "diagnostics", {})
    enable(hass, entry)
    await begin(hass, entry, freezer)
    await check_in(hass, entry)
    told = ""
    secrets = [*secrets_of(gateway.account)]
    for status in (200, 401, 403, 500):
        for body in (
            {"success": False, "message": f"no {secrets}"},
            {"success": True, "data": {"stats": secrets, "quota": secrets}},
            f"<html>{secrets}",
            f"{{{secrets}",
        ):
            gateway.books_fault = answering(status, body)
            with pytest.raises(HomeAssistantError) as caught:
                await check_in(hass, entry)
            told += told_by(caught.value)
            entry.runtime_data.check_in.book.ask_again()
    diagnostics = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    shown = [state.as_dict() for state in hass.states.async_all()]
    ours = [
        each.getMessage()
        for each in caplog.records
        if each.name.startswith(f"custom_components.{DOMAIN}")
    ]
    stored = hass_storage[f"{DOMAIN}.{entry.entry_id}"]
    told += f"{diagnostics} {shown} {stored} {ours}"
    names = {gateway.account.display_name}  # in the title
    assert not [each for each in secrets if each in told and each not in names]
