"""An account over time: set-up, polls, failures and their end."""

from datetime import timedelta
import logging
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)

from custom_components.llm_gateway_account.const import DOMAIN
from custom_components.llm_gateway_account.failures import FIRST_SEEN
from custom_components.llm_gateway_account.polling import (
    GRACE_PERIOD,
    MAX_RETRY_AFTER,
    UPDATE_INTERVAL,
)
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    ConfigEntryDisabler,
    ConfigEntryState,
)
from homeassistant.const import EVENT_STATE_CHANGED, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.setup import async_setup_component

from .faults import GOOD
from .gateway_server import (
    ONE_API,
    USER_ID,
    GatewayServer,
    Handler,
    answering,
)
from .helpers import BALANCE, balance, jump, own_log, pass_time, setup, state_of

HTML = {"Content-Type": "text/html"}
REFUSED = answering(200, {"success": False, "message": "access token 无效"})


@pytest.fixture(autouse=True)
def frozen_time(freezer: FrozenDateTimeFactory) -> None:
    """Stop the clock before anything is scheduled by it.

    At noon in the time zone of the tests: at midnight, a day's spending begins anew.
    """
    freezer.move_to("2026-11-23T20:00:00Z")


async def test_set_up_and_unload(
    hass: HomeAssistant, loaded_entry: MockConfigEntry
) -> None:
    assert balance(hass) == "12.345"
    assert await hass.config_entries.async_unload(loaded_entry.entry_id)
    await hass.async_block_till_done()
    assert loaded_entry.state is ConfigEntryState.NOT_LOADED
    assert balance(hass) == STATE_UNAVAILABLE


async def test_polls_every_five_minutes(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    gateway.requests.clear()
    await pass_time(hass, freezer, timedelta(minutes=31))
    assert gateway.paths() == ["/api/user/self"] * 6


async def test_device(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
) -> None:
    (device,) = dr.async_entries_for_config_entry(
        device_registry, loaded_entry.entry_id
    )
    assert device.identifiers == {(DOMAIN, loaded_entry.entry_id)}
    assert device.entry_type is dr.DeviceEntryType.SERVICE
    assert device.name == "Example Gateway"
    assert device.sw_version == "v0.6.10"
    assert device.configuration_url == gateway.url


@pytest.mark.parametrize(
    "status_fault", [answering(500), answering(404), answering(200, {"success": True})]
)
async def test_device_of_a_gateway_that_does_not_tell_its_version(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
    status_fault: Handler,
) -> None:
    gateway.status_fault = status_fault
    await setup(hass, entry)
    (device,) = dr.async_entries_for_config_entry(device_registry, entry.entry_id)
    assert device.name == "Example Gateway"
    assert device.sw_version is None


async def test_gateway_that_is_gone(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await gateway.stop()
    await pass_time(hass, freezer, timedelta(hours=1))
    assert balance(hass) == STATE_UNAVAILABLE
    assert own_log(caplog) == [
        f"Error fetching {loaded_entry.title} data: No answer from the gateway"
    ]
    await gateway.start(gateway.port)
    await pass_time(hass, freezer, UPDATE_INTERVAL)
    assert balance(hass) == "12.345"


async def test_short_trouble_is_not_seen(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    changes = async_capture_events(hass, EVENT_STATE_CHANGED)
    gateway.fault = answering(502)
    await pass_time(hass, freezer, UPDATE_INTERVAL * 2)
    gateway.fault = None
    await pass_time(hass, freezer, timedelta(hours=1))
    assert changes == []


async def test_grace_period_starts_with_the_last_good_answer(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    await pass_time(hass, freezer, timedelta(minutes=21))
    gateway.fault = answering(502)
    await pass_time(hass, freezer, timedelta(minutes=14))
    assert balance(hass) == "12.345"
    await pass_time(hass, freezer, timedelta(minutes=2))
    assert balance(hass) == STATE_UNAVAILABLE


async def test_answer_stays_where_polling_is_switched_off(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Who polls with an automation decides how old an answer may be."""
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, pref_disable_polling=True)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    gateway.requests.clear()
    await pass_time(hass, freezer, timedelta(hours=1))
    assert gateway.requests == []
    assert balance(hass) == "12.345"
    await entry.runtime_data.account.async_refresh()
    assert balance(hass) == "12.345"


async def test_grace_period_ends_while_the_gateway_asks_for_patience(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """No poll is due then, and the truth is told all the same."""
    gateway.fault = answering(429, b"", {"Retry-After": "3000"})
    await pass_time(hass, freezer, timedelta(minutes=14))
    assert balance(hass) == "12.345"
    await pass_time(hass, freezer, timedelta(minutes=2))
    assert balance(hass) == STATE_UNAVAILABLE


@pytest.mark.parametrize(
    ("header", "pause"),
    [
        (None, UPDATE_INTERVAL),
        ("1", UPDATE_INTERVAL),
        ("-1", UPDATE_INTERVAL),
        ("1200", timedelta(minutes=20)),
        ("999999999", MAX_RETRY_AFTER),
        ("soon", UPDATE_INTERVAL),
        ("Mon, 23 Nov 2026 12:35:00 GMT", timedelta(minutes=30)),
        ("Mon, 23 Nov 2026 11:00:00 GMT", UPDATE_INTERVAL),
        ("Tue, 23 Nov 2027 12:00:00 GMT", MAX_RETRY_AFTER),
    ],
)
async def test_patience(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    header: str | None,
    pause: timedelta,
) -> None:
    freezer.move_to("2026-11-23T12:00:00Z")
    await setup(hass, entry)
    gateway.fault = answering(429, b"", {"Retry-After": header} if header else {})
    await pass_time(hass, freezer, UPDATE_INTERVAL + timedelta(seconds=2))
    gateway.requests.clear()
    await pass_time(hass, freezer, pause - timedelta(seconds=10))
    assert gateway.requests == []
    await pass_time(hass, freezer, timedelta(seconds=20))
    assert len(gateway.requests) == 1


async def test_refused_token_is_confirmed_before_a_new_one_is_asked_for(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    gateway.account.access_token = "0" * 32
    await pass_time(hass, freezer, UPDATE_INTERVAL + timedelta(minutes=1))
    assert not hass.config_entries.flow.async_progress()
    await pass_time(hass, freezer, UPDATE_INTERVAL)
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH
    assert flow["context"]["entry_id"] == loaded_entry.entry_id
    assert balance(hass) == "12.345"
    await pass_time(hass, freezer, GRACE_PERIOD)
    assert balance(hass) == STATE_UNAVAILABLE
    assert len(own_log(caplog)) == 1
    assert hass.config_entries.flow.async_progress() == [flow]

    await hass.config_entries.flow.async_configure(
        flow["flow_id"], {"access_token": "0" * 32}
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    assert balance(hass) == "12.345"
    assert not hass.config_entries.flow.async_progress()


async def test_database_outage_does_not_ask_for_a_new_token(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """One refusal is no evidence, nor are two with another answer in between."""
    for fault in (REFUSED, None, REFUSED, answering(502), REFUSED, None):
        gateway.fault = fault
        await pass_time(hass, freezer, UPDATE_INTERVAL)
        assert not hass.config_entries.flow.async_progress()
    assert balance(hass) == "12.345"


async def test_question_for_a_token_is_withdrawn_when_the_old_one_works_again(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    issue_registry: ir.IssueRegistry,
) -> None:
    """A gateway whose database was down for hours needs nobody's help."""
    gateway.fault = REFUSED
    await pass_time(hass, freezer, timedelta(hours=3))
    assert balance(hass) == STATE_UNAVAILABLE
    assert len(hass.config_entries.flow.async_progress()) == 1
    assert len(issue_registry.issues) == 1
    gateway.fault = None
    await pass_time(hass, freezer, UPDATE_INTERVAL)
    assert balance(hass) == "12.345"
    assert not hass.config_entries.flow.async_progress()
    assert not issue_registry.issues
    assert loaded_entry.state is ConfigEntryState.LOADED


async def test_refresh_by_hand_does_not_hurry_the_confirmation(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    gateway.fault = REFUSED
    for _ in range(3):
        await loaded_entry.runtime_data.account.async_refresh()
        freezer.tick(timedelta(seconds=10))
    assert not hass.config_entries.flow.async_progress()


@pytest.mark.parametrize(("pause", "asked"), [(290, False), (299, True)])
async def test_refusal_counts_when_the_next_poll_is_due(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    pause: int,
    asked: bool,
) -> None:
    gateway.fault = REFUSED
    await loaded_entry.runtime_data.account.async_refresh()
    freezer.tick(timedelta(seconds=pause))
    await loaded_entry.runtime_data.account.async_refresh()
    assert bool(hass.config_entries.flow.async_progress()) is asked


async def test_refusals_of_polls_by_hand_count_at_any_distance(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Who switched polling off and updates every three hours is asked as well."""
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, pref_disable_polling=True)
    await hass.config_entries.async_setup(entry.entry_id)
    await async_setup_component(hass, "homeassistant", {})
    for fault, asked in (
        (REFUSED, False),
        (None, False),
        (REFUSED, False),
        (REFUSED, True),
        (None, False),
    ):
        gateway.fault = fault
        await hass.services.async_call(
            "homeassistant", "update_entity", {"entity_id": BALANCE}, blocking=True
        )
        assert bool(hass.config_entries.flow.async_progress()) is asked
        await jump(hass, freezer, timedelta(hours=3))


async def test_database_that_flaps_is_two_lines(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An hour of 502 and refusals in turn needs nobody's help either."""
    for fault in (answering(502), REFUSED) * 6:
        gateway.fault = fault
        await pass_time(hass, freezer, UPDATE_INTERVAL)
        assert not hass.config_entries.flow.async_progress()
    gateway.fault = None
    await pass_time(hass, freezer, UPDATE_INTERVAL)
    failed, recovered = own_log(caplog)
    assert failed.startswith(f"Error fetching {loaded_entry.title} data: ")
    assert recovered == f"Fetching {loaded_entry.title} data recovered"


async def test_set_up_during_a_short_outage_does_not_ask_for_a_new_token(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Home Assistant tries a failed set-up again and again, from 5 seconds on."""
    gateway.fault = REFUSED
    await setup(hass, entry)
    await pass_time(hass, freezer, timedelta(minutes=4))
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert len(gateway.requests) > 2
    assert not hass.config_entries.flow.async_progress()
    gateway.fault = None
    await pass_time(hass, freezer, timedelta(minutes=3))
    assert balance(hass) == "12.345"
    assert not hass.config_entries.flow.async_progress()


async def test_unloaded_account_leaves_no_timer(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The end of the grace period is nobody's news any more."""
    coordinator = loaded_entry.runtime_data.account
    gateway.fault = answering(502)
    await coordinator.async_refresh()
    assert await hass.config_entries.async_unload(loaded_entry.entry_id)
    updates: list[None] = []
    coordinator.async_add_listener(lambda: updates.append(None))
    gateway.requests.clear()
    await pass_time(hass, freezer, GRACE_PERIOD * 2)
    assert updates == []
    assert gateway.requests == []


async def test_refusal_before_the_account_was_switched_off_does_not_count(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    gateway.fault = REFUSED
    await pass_time(hass, freezer, timedelta(minutes=6))
    entry_id = loaded_entry.entry_id
    await hass.config_entries.async_set_disabled_by(entry_id, ConfigEntryDisabler.USER)
    freezer.tick(timedelta(days=7))
    await hass.config_entries.async_set_disabled_by(entry_id, None)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not hass.config_entries.flow.async_progress()


async def test_refusal_before_a_set_up_that_failed_was_switched_off_does_not_count(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    gateway.fault = REFUSED
    await setup(hass, entry)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    entry_id = entry.entry_id
    await hass.config_entries.async_set_disabled_by(entry_id, ConfigEntryDisabler.USER)
    freezer.tick(timedelta(days=7))
    await hass.config_entries.async_set_disabled_by(entry_id, None)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not hass.config_entries.flow.async_progress()


async def test_refusal_of_a_removed_account_is_forgotten(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    gateway.fault = REFUSED
    await setup(hass, entry)
    assert entry.entry_id in hass.data[FIRST_SEEN]
    await hass.config_entries.async_remove(entry.entry_id)
    assert hass.data[FIRST_SEEN] == {}


async def test_token_that_is_refused_from_the_start(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    gateway.fault = REFUSED
    await setup(hass, entry)
    assert not hass.config_entries.flow.async_progress()
    await pass_time(hass, freezer, timedelta(minutes=7))
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "invalid_auth"
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH

    gateway.fault = None
    await pass_time(hass, freezer, timedelta(minutes=15))
    assert balance(hass) == "12.345"
    assert not hass.config_entries.flow.async_progress()


async def test_new_token_ends_the_retries_of_a_set_up(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    gateway.account.access_token = "0" * 32
    await setup(hass, entry)
    await pass_time(hass, freezer, timedelta(minutes=7))
    (flow,) = hass.config_entries.flow.async_progress()
    result = await hass.config_entries.flow.async_configure(
        flow["flow_id"], {"access_token": "0" * 32}
    )
    assert result["reason"] == "reauth_successful"
    await hass.async_block_till_done(wait_background_tasks=True)
    assert balance(hass) == "12.345"
    assert not hass.config_entries.flow.async_progress()


async def test_update_on_demand(
    hass: HomeAssistant, gateway: GatewayServer, loaded_entry: MockConfigEntry
) -> None:
    await hass.config_entries.async_reload(loaded_entry.entry_id)
    await hass.async_block_till_done()
    gateway.account.quota = 500_000
    await loaded_entry.runtime_data.account.async_request_refresh()
    await hass.async_block_till_done()
    assert balance(hass) == "1.0"


async def test_gateway_that_tells_no_id(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    gateway.fault = answering(200, {"success": True, "data": {"quota": 500_000}})
    await setup(hass, entry)
    assert balance(hass) == "1.0"


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"id": "12"}, "other_account"),
        ({"id": 12.0}, "other_account"),
        ({"id": True}, "invalid_answer"),
        ({"id": [12]}, "invalid_answer"),
        ({"id": 10**40}, "invalid_answer"),
        ({"id": None}, "invalid_answer"),
        ({}, "invalid_answer"),
    ],
)
async def test_data_that_may_be_of_another_person_is_not_shown(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    more: dict[str, Any],
    key: str,
) -> None:
    data = {"quota": 1, **more}
    gateway.fault = answering(200, {"success": True, "data": data})
    await pass_time(hass, freezer, UPDATE_INTERVAL)
    assert balance(hass) == "12.345"
    error = loaded_entry.runtime_data.account.last_exception
    assert error.translation_key == key
    await pass_time(hass, freezer, UPDATE_INTERVAL)
    assert balance(hass) in {"12.345", STATE_UNAVAILABLE}


@pytest.mark.parametrize("answer", list(GOOD.values()), ids=list(GOOD))
async def test_good_answer_in_odd_clothes(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry, answer: Handler
) -> None:
    gateway.fault = answer
    await setup(hass, entry)
    assert balance(hass) == "1.4e-05"


async def test_field_that_comes_and_goes(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No field, no entity; a field that was there once reads unknown."""
    last_login = "sensor.example_gateway_last_sign_in"
    gateway.fork = ONE_API
    await setup(hass, entry)
    assert not entity_registry.async_get(last_login)

    data = {"id": USER_ID, "quota": 1, "last_login_at": 1_763_800_000}
    gateway.fault = answering(200, {"success": True, "data": data})
    await pass_time(hass, freezer, UPDATE_INTERVAL)
    assert state_of(hass, last_login) == "2025-11-22T08:26:40+00:00"

    data = {"id": USER_ID, "quota": 1}
    gateway.fault = answering(200, {"success": True, "data": data})
    await pass_time(hass, freezer, UPDATE_INTERVAL)
    assert state_of(hass, last_login) == STATE_UNKNOWN

    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert state_of(hass, last_login) == STATE_UNKNOWN
    # Home Assistant complains of an entity that is added twice.
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


async def test_idle_account_is_silent(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An hour without a change: not a state written, not a line logged."""
    states = {state.entity_id: state.last_reported for state in hass.states.async_all()}
    gateway.requests.clear()
    await pass_time(hass, freezer, timedelta(hours=1))
    assert len(gateway.requests) == 12
    assert states == {
        state.entity_id: state.last_reported for state in hass.states.async_all()
    }
    assert own_log(caplog) == []
