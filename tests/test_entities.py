"""The entities of an account, at every kind of gateway."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from custom_components.llm_gateway_account.const import (
    CONF_CURRENCY,
    CONF_POINTS_PER_UNIT,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.json import json_bytes
from homeassistant.util.json import json_loads_object

from .conftest import OPTIONS
from .gateway_server import (
    FORKS,
    RIX_API,
    USER_ID,
    Fork,
    GatewayServer,
    answering,
)
from .helpers import BALANCE, setup, state_of


def entities(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, Any]:
    """Return what people see of each entity, in a form that no release changes."""
    registry = er.async_get(hass)
    result = {}
    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        key = entity.unique_id.removeprefix(f"{entry.entry_id}_")
        assert entity.translation_key == key
        state = hass.states.get(entity.entity_id)
        result[entity.entity_id] = {
            "key": key,
            "category": entity.entity_category and entity.entity_category.value,
            "disabled_by": entity.disabled_by,
            "state": state and state.state,
            "attributes": state and dict(state.attributes),
            "options": {key: dict(value) for key, value in entity.options.items()},
        }
    # As JSON, because releases differ in which of the words are enums.
    return dict(sorted(json_loads_object(json_bytes(result)).items()))


@pytest.mark.usefixtures("every_entity_enabled")
@pytest.mark.freeze_time("2026-11-23T12:00:00+00:00")
@pytest.mark.parametrize("fork", FORKS, ids=lambda fork: fork.name)
async def test_entities_of_every_fork(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    snapshot: SnapshotAssertion,
    fork: Fork,
) -> None:
    gateway.fork = fork
    await setup(hass, entry)
    assert entities(hass, entry) == snapshot


async def test_entities_that_are_on(
    hass: HomeAssistant, gateway: GatewayServer, entry: MockConfigEntry
) -> None:
    gateway.fork = RIX_API
    await setup(hass, entry)
    on = {
        entity["key"]
        for entity in entities(hass, entry).values()
        if entity["disabled_by"] is None
    }
    assert on == {
        "balance",
        "used_quota",
        "bonus_balance",
        "request_count",
        "status",
        "last_login_at",
        "spent_today",
        "spent_this_month",
        "average_daily_spending",
        "days_remaining",
        "runs_out_at",
        "connection",
        "balance_level",
        "low_balance",
        "unusual_spending",
        "activity",
        "notice",
        "usage_records",
        "top_model",
    }


@pytest.mark.usefixtures("every_entity_enabled")
@pytest.mark.freeze_time("2026-11-23T12:00:00+00:00")
async def test_points(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    snapshot: SnapshotAssertion,
) -> None:
    """Points are no money: no device class, and totals that a refund may lower."""
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(
        entry, options={**OPTIONS, CONF_CURRENCY: "points"}
    )
    gateway.fork = RIX_API
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entities(hass, entry) == snapshot


@pytest.mark.parametrize(
    ("quota", "points_per_unit", "state"),
    [
        (0, 500_000, "0.0"),
        (-5, 500_000, "-1e-05"),
        (1, 500_000, "2e-06"),
        (4_999_975_000, 500_000, "9999.95"),
        (2**64 + 500_000, 1, "18446744073710051616"),
        (10**29, 500_000, "2e+23"),
        (500_000, 500_000 / 7.3, "7.3"),
    ],
)
async def test_amount(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    quota: int,
    points_per_unit: float,
    state: str,
) -> None:
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(
        entry,
        options={
            **OPTIONS,
            CONF_CURRENCY: "CNY",
            CONF_POINTS_PER_UNIT: points_per_unit,
        },
    )
    gateway.account.quota = quota
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert state_of(hass, BALANCE) == state


@pytest.mark.parametrize(
    ("currency", "digits"),
    [
        ("USD", 2),
        ("CNY", 2),
        *((each, 0) for each in ("JPY", "KRW", "VND", "CLP", "points")),
        *((each, 3) for each in ("KWD", "BHD", "TND")),
    ],
)
async def test_amounts_have_the_digits_of_their_currency(
    hass: HomeAssistant, entry: MockConfigEntry, currency: str, digits: int
) -> None:
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(
        entry, options={**OPTIONS, CONF_CURRENCY: currency}
    )
    await hass.config_entries.async_setup(entry.entry_id)
    shown = {
        name.rpartition(".")[2]: each["options"]["sensor"][
            "suggested_display_precision"
        ]
        for name, each in entities(hass, entry).items()
        if each["attributes"]
        and currency in each["attributes"].get("unit_of_measurement", "")
    }
    assert shown == {
        f"example_gateway_{name}": digits
        for name in (
            "balance",
            "total_spent",
            "spent_today",
            "spent_this_month",
            "average_daily_spending",
        )
    }


@pytest.mark.usefixtures("every_entity_enabled")
@pytest.mark.parametrize(
    ("entity", "field", "value", "state"),
    [
        ("user_group", "group", "", "default"),
        ("user_group", "group", "Tier 0, 高级", "Tier 0, 高级"),
        ("user_group", "group", "x" * 300, "x" * 100),
        ("role", "role", 0, "guest"),
        ("role", "role", 3, "reliable_user"),
        ("role", "role", 10, "administrator"),
        ("role", "role", 100, "root"),
        ("status", "status", 2, "disabled"),
        ("status", "status", 3, "deleted"),
        ("requests", "request_count", 10**20, str(10**20)),
    ],
)
async def test_value(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    entity: str,
    field: str,
    value: Any,
    state: str,
) -> None:
    data = {"id": USER_ID, "quota": 1, field: value}
    gateway.fault = answering(200, {"success": True, "data": data})
    await setup(hass, entry)
    assert state_of(hass, f"sensor.example_gateway_{entity}") == state


@pytest.mark.parametrize(("field", "value"), [("role", 5), ("status", 0)])
async def test_unheard_of_number_gives_no_entity(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    field: str,
    value: int,
) -> None:
    gateway.fault = answering(
        200, {"success": True, "data": {"quota": 1, field: value}}
    )
    await setup(hass, entry)
    assert {each["key"] for each in entities(hass, entry).values()} == {
        "balance",
        "balance_level",
        "low_balance",
        "activity",
        "notice",
        "connection",
        "usage_records",
        "top_model",
    }


async def test_names_are_chinese(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    hass.config.language = "zh-Hans"
    await setup(hass, entry)
    assert state_of(hass, BALANCE) == "12.345"
    names = {state.attributes["friendly_name"] for state in hass.states.async_all()}
    assert names == {
        f"Example Gateway {name}"
        for name in (
            "剩余额度",
            "累计消费",
            "总请求次数",
            "用户分组",
            "账户状态",
            "上次登录时间",
            "今日消费",
            "本月消费",
            "日均消费",
            "预计可用天数",
            "预计用尽时间",
            "连接状态",
            "额度状态",
            "额度偏低",
            "异常消费",
            "账户事件",
            "公告",
            "用量记录",
            "今日消费最高的模型",
        )
    }
