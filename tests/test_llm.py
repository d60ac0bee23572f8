"""What assistants with a language model are told of accounts."""

from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.llm_gateway_account.const import DOMAIN
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.components.recorder.core import Recorder
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er, llm
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from .gateway_server import NEW_API_2026_08, GatewayServer, answering
from .helpers import BALANCE, device_of, pass_time, setup
from .keys import NOON, sensor, show
from .test_blueprints import set_up_second_account
from .usage_truth import statistic_ids

__all__ = ["set_up_second_account"]

ASSISTANT = "conversation"
ACCOUNT = f"{DOMAIN}__get_account"
USAGE = f"{DOMAIN}__get_usage"


@pytest.fixture(autouse=True)
async def assist(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Let there be an assistant, at noon."""
    freezer.move_to(NOON)
    for component in ("homeassistant", "llm"):
        assert await async_setup_component(hass, component, {})


@pytest.fixture
def account(hass: HomeAssistant, loaded_entry: MockConfigEntry) -> str:
    """Return the ID of the account's device, set up."""
    return device_of(hass, loaded_entry)


async def tools(hass: HomeAssistant) -> llm.APIInstance:
    """Return what the assistant can do."""
    context = llm.LLMContext(
        platform="test",
        context=Context(),
        language="en",
        assistant=ASSISTANT,
        device_id=None,
    )
    return await llm.async_get_api(hass, llm.LLM_API_ASSIST, context)


async def ask(hass: HomeAssistant, tool: str, **asked: Any) -> Any:
    """Return what a tool says of the accounts."""
    instance = await tools(hass)
    (found,) = (each for each in instance.tools if each.name == tool)
    call = llm.ToolInput(tool_name=tool, tool_args=asked)
    result: Any = await found.async_call(hass, call, instance.llm_context)
    if not hasattr(llm, "ToolResult"):  # Home Assistant 2026.9
        return result["accounts"]
    assert isinstance(result, llm.ToolResult)
    assert not result.error
    return result.data["accounts"]


def expose(hass: HomeAssistant, *entities: str) -> None:
    """Let the assistant know entities."""
    for entity_id in entities:
        async_expose_entity(hass, ASSISTANT, entity_id, should_expose=True)


async def test_what_is_left(hass: HomeAssistant, account: str) -> None:
    expose(hass, BALANCE)
    (answer,) = await ask(hass, ACCOUNT)
    assert answer["account"] == "Example Gateway"
    assert (answer["balance"], answer["currency"]) == (12.345, "USD")
    assert answer["balance_level"] == "ok"


async def test_account_that_is_not_exposed_is_not_there(
    hass: HomeAssistant, account: str, second_account: str
) -> None:
    """Nor is any tool while none is."""
    dr.async_get(hass).async_update_device(second_account, name_by_user="Work")
    own = {ACCOUNT, USAGE}
    assert not own & {each.name for each in (await tools(hass)).tools}
    expose(hass, BALANCE)
    assert own <= {each.name for each in (await tools(hass)).tools}
    assert [each["account"] for each in await ask(hass, ACCOUNT)] == ["Example Gateway"]
    with pytest.raises(Exception, match="account"):
        await ask(hass, ACCOUNT, account="Work")


@pytest.mark.parametrize("title", ["other", "Example Gateway"])
async def test_accounts_with_the_same_name_are_told_apart(
    hass: HomeAssistant, account: str, second_account: str, title: str
) -> None:
    """By the titles of their entries, or by the IDs where those are the same, too."""
    for each in er.async_get(hass).entities.values():
        if each.unique_id.endswith("_balance"):
            expose(hass, each.entity_id)
    dr.async_get(hass).async_update_device(
        second_account, name_by_user="Example Gateway"
    )
    other = hass.config_entries.async_entries(DOMAIN)[1]
    hass.config_entries.async_update_entry(other, title=title)
    name = title if title == "other" else other.entry_id
    answers = await ask(hass, ACCOUNT)
    assert [(each["account"], each["balance"]) for each in answers] == [
        ("Example Gateway", 12.345),
        (name, 4),
    ]
    (answer,) = await ask(hass, ACCOUNT, account=name)
    assert answer["balance"] == 4


async def test_tools_are_of_the_integration_and_only_read(
    hass: HomeAssistant, account: str, caplog: pytest.LogCaptureFixture
) -> None:
    expose(hass, BALANCE)
    own = [each for each in (await tools(hass)).tools if each.name in {ACCOUNT, USAGE}]
    assert len(own) == 2
    for tool in own:
        assert tool.integration == DOMAIN
        annotations: Any = tool.annotations
        if hasattr(llm, "ToolAnnotations"):
            assert annotations.read_only
            assert not annotations.destructive
    await ask(hass, ACCOUNT)
    assert "LLM tool" not in caplog.text
    assert "deprecated" not in caplog.text


@pytest.mark.parametrize(
    ("tool", "asked"), [(ACCOUNT, {}), (USAGE, {"range": "today", "by": "model"})]
)
async def test_account_that_does_not_answer(
    hass: HomeAssistant,
    gateway: GatewayServer,
    account: str,
    freezer: FrozenDateTimeFactory,
    tool: str,
    asked: dict[str, Any],
) -> None:
    expose(hass, BALANCE)
    gateway.fault = answering(502)
    await pass_time(hass, freezer, timedelta(minutes=25))
    assert await ask(hass, tool, **asked) == [
        {
            "account": "Example Gateway",
            "error": "The gateway does not answer at the moment.",
        }
    ]


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("today", [{"model": "gpt-5", "cost": 2}]),
        (
            "month",
            [{"model": "claude-opus-4-5", "cost": 6}, {"model": "gpt-5", "cost": 3}],
        ),
    ],
)
async def test_usage_by_model(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    period: str,
    expected: list[dict[str, Any]],
) -> None:
    gateway.fork = NEW_API_2026_08
    for days, model, quota in (
        (0, "gpt-5", 1_000_000),
        (3, "gpt-5", 500_000),
        (3, "claude-opus-4-5", 3_000_000),
        (40, "gpt-5", 9_000_000),
    ):
        moment = dt_util.now() - timedelta(days=days, hours=1)
        gateway.books.spend(model, quota, at=moment.timestamp())
    await setup(hass, entry)
    await statistic_ids(hass)
    expose(hass, BALANCE)
    (answer,) = await ask(hass, USAGE, range=period, by="model")
    assert answer["models"] == expected
    assert answer["currency"] == "USD"


async def test_usage_by_model_without_a_recorder(
    hass: HomeAssistant, account: str
) -> None:
    expose(hass, BALANCE)
    (answer,) = await ask(hass, USAGE, range="month", by="model")
    assert "recorder" in answer["error"]


@pytest.mark.usefixtures("every_entity_enabled")
async def test_usage_by_key(
    hass: HomeAssistant,
    gateway: GatewayServer,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Only of keys that are exposed, and today."""
    gateway.fork = NEW_API_2026_08
    for name in ("laptop", "secret project"):
        gateway.keys.create(name, remain_quota=500_000)
    show(entry)
    await setup(hass, entry)
    await pass_time(hass, freezer, timedelta(seconds=20))
    expose(hass, BALANCE)
    (answer,) = await ask(hass, USAGE, range="today", by="key")
    assert answer["keys"] == answer["unknown"] == []
    expose(hass, sensor("laptop", "remaining"))
    (answer,) = await ask(hass, USAGE, range="today", by="key")
    assert (answer["keys"], answer["unknown"]) == ([], ["laptop"])
    for name in ("laptop", "secret project"):
        gateway.books.spend("gpt-5", 250_000, key=name)
    await pass_time(hass, freezer, timedelta(minutes=31))
    (answer,) = await ask(hass, USAGE, range="today", by="key")
    assert answer["keys"] == [{"key": "laptop", "cost": 0.5}]
    (answer,) = await ask(hass, USAGE, range="month", by="key")
    assert "only today" in answer["error"]


async def test_other_interfaces_get_no_tool(hass: HomeAssistant, account: str) -> None:
    """Such as that to the whole of Home Assistant, which asks for no permission."""
    from custom_components.llm_gateway_account.llm import (  # noqa: PLC0415
        async_get_tools,
    )

    expose(hass, BALANCE)
    context = (await tools(hass)).llm_context
    assert async_get_tools(hass, context, "home_assistant") is None
