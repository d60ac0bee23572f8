"""The actions that say what happened, in the language of the home."""

from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.llm_gateway_account.const import DOMAIN
from custom_components.llm_gateway_account.events import EVENT_TYPES
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError

from .conformance.test_translations import TRANSLATIONS
from .gateway_server import RIX_API, GatewayServer, answering
from .helpers import device_of, pass_time, setup

TOPPED_UP = {"amount": 5, "currency": "USD"}


async def describe(
    hass: HomeAssistant, action: str = "describe_event", **data: Any
) -> Any:
    """Return what an action says."""
    return await hass.services.async_call(
        DOMAIN, action, data, blocking=True, return_response=True
    )


@pytest.mark.parametrize(
    ("language", "event_type", "attributes", "message"),
    [
        ("en", "topped_up", TOPPED_UP, "Topped up 5.00 USD"),
        ("de", "topped_up", TOPPED_UP, "5.00 USD aufgeladen"),
        ("zh-Hans", "topped_up", TOPPED_UP, "已充值 5.00 USD"),
        ("en", "topped_up", {"amount": 700}, "Topped up 700 points"),
        ("en", "topped_up", TOPPED_UP | {"currency": "JPY"}, "Topped up 5 JPY"),
        # A language that the integration does not have.
        ("nl", "topped_up", TOPPED_UP, "Topped up 5.00 USD"),
        ("en", "balance_low", {}, "Balance low: 12.35 USD"),
        ("zh-Hans", "balance_low", {}, "额度偏低：12.35 USD"),
        (
            "en",
            "unusual_spending",
            {"amount": 2, "usual": 0.5, "currency": "USD"},
            "Unusual spending: 2.00 USD, usually 0.50 USD",
        ),
        (
            "en",
            "unusual_spending",
            {"amount": 2, "usual": 0.5, "currency": "USD", "model": "gpt-5"},
            "Unusual spending: 2.00 USD, usually 0.50 USD, mostly on gpt-5",
        ),
        (
            "en",
            "group_changed",
            {"from": "default", "to": "vip"},
            "User group changed: default \u2192 vip",
        ),
        (
            "en",
            "signed_in",
            {"last_login_at": "2026-11-24T02:00:00+00:00"},
            "Signed in: 2026-11-23 18:00",
        ),
        ("en", "signed_in", {"last_login_at": "lately"}, "Signed in: lately"),
        (
            "en",
            "key_low",
            {"key": "laptop {1}", "amount": 0.5, "currency": "USD"},
            "Key low: laptop {1}, 0.50 USD",
        ),
        ("en", "key_switched_off", {"key": "1.10"}, "Key switched off: 1.10"),
        (
            "en",
            "plan_low",
            {"plan": "Pro", "amount": 3, "currency": "USD"},
            "Plan low: Pro, 3.00 USD",
        ),
        # What is not known is left out.
        ("en", "topped_up", {"amount": None}, "Topped up"),
        ("en", "topped_up", {"amount": "much"}, "Topped up"),
        ("en", "topped_up", None, "Topped up"),
        ("en", "topped_up", {"amount": 10**400}, "Topped up"),
        ("en", "topped_up", {"amount": float("nan")}, "Topped up"),
        ("en", "topped_up", {"amount": 5, "currency": []}, "Topped up 5 points"),
        ("en", "budget_warning", {"period": []}, "Budget nearly used"),
        *(
            ("en", "signed_in", {"last_login_at": each}, f"Signed in: {each}")
            for each in ("2026-13-01 00:00:00", "0001-01-01 00:00:00+00:00")
        ),
    ],
)
async def test_sentence(
    hass: HomeAssistant,
    loaded_entry: MockConfigEntry,
    language: str,
    event_type: str,
    attributes: dict[str, Any] | None,
    message: str,
) -> None:
    hass.config.language = language
    answer = await describe(
        hass,
        device_id=device_of(hass, loaded_entry),
        event_type=event_type,
        attributes=attributes,
    )
    assert answer == {
        "title": "Example Gateway",
        "message": message,
        "event_type": event_type,
        "balance": "12.35 USD",
    }


@pytest.mark.parametrize("language", list(TRANSLATIONS))
async def test_every_event_has_a_sentence_in_every_language(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, language: str
) -> None:
    hass.config.language = language
    said = set()
    for event_type in EVENT_TYPES:
        answer = await describe(
            hass, config_entry_id=loaded_entry.entry_id, event_type=event_type
        )
        said.add(answer["message"])
    assert len(said) == len(EVENT_TYPES)


@pytest.mark.parametrize("event_type", [None, ""])
async def test_what_is_left_without_an_event(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, event_type: str | None
) -> None:
    answer = await describe(
        hass, device_id=device_of(hass, loaded_entry), event_type=event_type
    )
    assert answer["event_type"] == "balance_recovered"
    assert answer["message"] == "Balance sufficient again: 12.35 USD"


async def test_bonus_is_part_of_what_is_left(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    """As it is for the level that is told of."""
    gateway.fork = RIX_API
    await setup(hass, entry)
    answer = await describe(hass, device_id=device_of(hass, entry))
    assert answer["balance"] == "14.35 USD"


async def test_account_that_does_not_answer(
    hass: HomeAssistant,
    gateway: GatewayServer,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """It still says what happened, whether the account is loaded or not."""
    gateway.fault = answering(502)
    await pass_time(hass, freezer, timedelta(minutes=25))
    for account in (
        {"device_id": device_of(hass, loaded_entry)},
        {"config_entry_id": loaded_entry.entry_id},
    ):
        answer = await describe(hass, **account)
        assert answer["event_type"] is answer["balance"] is None
        assert answer["message"] == "The balance is not known at the moment"
        answer = await describe(hass, **account, event_type="balance_low")
        assert answer["message"] == "Balance low"
        answer = await describe(hass, "describe_account", **account)
        assert answer == {
            "title": "LLM spending",
            "message": "Example Gateway\nThe balance is not known at the moment",
        }
        await hass.config_entries.async_unload(loaded_entry.entry_id)


@pytest.mark.parametrize(
    "action", ["describe_event", "describe_account", "get_account"]
)
async def test_exactly_one_account(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, action: str
) -> None:
    device_id, entry_id = device_of(hass, loaded_entry), loaded_entry.entry_id
    by_device = await describe(hass, action, device_id=device_id)
    assert await describe(hass, action, config_entry_id=entry_id) == by_device
    for account in ({}, {"device_id": device_id, "config_entry_id": entry_id}):
        with pytest.raises(ServiceValidationError, match="Choose one account"):
            await describe(hass, action, **account)
    other = MockConfigEntry(domain="other", title="Other")
    other.add_to_hass(hass)
    for account, message in (
        ({"device_id": "unknown"}, "not an account"),
        ({"config_entry_id": "unknown"}, "not found"),
        ({"config_entry_id": other.entry_id}, "does not belong"),
    ):
        with pytest.raises(ServiceValidationError, match=message):
            await describe(hass, action, **account)
