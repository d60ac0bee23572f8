"""Tools for assistants that speak: what is left, and who spent it. They only read."""

from abc import abstractmethod
from typing import Any, ClassVar, override

import voluptuous as vol

from homeassistant.components.homeassistant import async_should_expose
from homeassistant.components.llm import LLMTools
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er, llm
from homeassistant.util import dt as dt_util

from .actions import account_answer
from .const import DOMAIN
from .data import AccountConfigEntry
from .device import async_get_device, async_get_fresh, async_get_name
from .history import async_read_usage
from .key_devices import async_key_devices
from .statistic_ids import has_recorder

MOST_ACCOUNTS = 20
MOST_ROWS = 10

# Home Assistant 2026.9 has neither: an answer is the plain object there.
_annotations: Any = getattr(llm, "ToolAnnotations", dict)
_result: Any = getattr(llm, "ToolResult", lambda data, error=False: data)  # noqa: ARG005


class AccountTool(llm.Tool):
    """A question about accounts of which an entity is exposed to the assistant."""

    annotations = _annotations(
        read_only=True, destructive=False, idempotent=True, open_world=False
    )
    integration = DOMAIN
    fields: ClassVar[dict[vol.Marker, Any]] = {}

    def __init__(self, exposed: dict[str, AccountConfigEntry]) -> None:
        """Take over the exposed accounts, by their names."""
        names = list(exposed)
        self._exposed = exposed
        self.parameters = vol.Schema(
            {
                vol.Optional(
                    "account", description="Name of the account; of all if left out."
                ): vol.In(names),
                **self.fields,
            }
        )

    @override
    async def async_call(
        self,
        hass: HomeAssistant,
        tool_input: llm.ToolInput,
        llm_context: llm.LLMContext,
    ) -> Any:
        """Answer for the account that is asked for, or for all."""
        asked = self.parameters(tool_input.tool_args)
        names = [asked["account"]] if "account" in asked else list(self._exposed)
        accounts = [
            {
                "account": name,
                **await self.async_answer(
                    hass, self._exposed[name], asked, llm_context.assistant
                ),
            }
            for name in names[:MOST_ACCOUNTS]
        ]
        return _result(data={"accounts": accounts})

    @abstractmethod
    async def async_answer(
        self,
        hass: HomeAssistant,
        entry: AccountConfigEntry,
        asked: dict[str, Any],
        assistant: str,
    ) -> dict[str, Any]:
        """Return what there is to say of one account."""


class GetAccountTool(AccountTool):
    """What is left, what was spent, and how long it lasts."""

    name = f"{DOMAIN}__get_account"
    title = "Get LLM account"
    description = (
        "Get the balance of accounts at LLM gateways, which pay for requests to AI "
        "models: what is left, what was spent today and this month, and how many days "
        "it lasts. Amounts are in the currency that is named; null is not known yet."
    )

    @override
    async def async_answer(
        self,
        hass: HomeAssistant,
        entry: AccountConfigEntry,
        asked: dict[str, Any],
        assistant: str,
    ) -> dict[str, Any]:
        if (coordinator := async_get_fresh(entry)) is None:
            return {"error": "The gateway does not answer at the moment."}
        return account_answer(coordinator)


class GetUsageTool(AccountTool):
    """Which models or API keys spent it."""

    name = f"{DOMAIN}__get_usage"
    title = "Get LLM usage"
    description = (
        "Get what accounts at LLM gateways spent today or this month, by AI model, or "
        "by API key (only today, and only keys that are exposed). The most expensive "
        "come first."
    )
    fields: ClassVar[dict[vol.Marker, Any]] = {
        vol.Required("range"): vol.In(["today", "month"]),
        vol.Required("by"): vol.In(["model", "key"]),
    }

    @override
    async def async_answer(
        self,
        hass: HomeAssistant,
        entry: AccountConfigEntry,
        asked: dict[str, Any],
        assistant: str,
    ) -> dict[str, Any]:
        if (coordinator := async_get_fresh(entry)) is None:
            return {"error": "The gateway does not answer at the moment."}
        is_today = asked["range"] == "today"
        unit, spending = coordinator.unit, coordinator.data.spending
        total = spending.spent_today if is_today else spending.spent_this_month
        answer: dict[str, Any] = {
            "currency": unit.currency,
            "total": None if total is None else unit.amount(total),
        }
        if asked["by"] == "model":
            return answer | await self._by_model(hass, entry, is_today=is_today)
        if not is_today:
            return answer | {"error": "By API key, only today is known."}
        keys = _exposed_keys(hass, entry, assistant)
        spent = entry.runtime_data.keys.data.spent_today
        rows = [
            {"key": keys[key_id], "cost": unit.amount(spent[key_id])}
            for key_id in keys
            if key_id in spent
        ]
        unknown = [keys[key_id] for key_id in keys if key_id not in spent]
        # The sum of a key is read only if its sensor is enabled.
        return answer | {"keys": _dearest(rows), "unknown": unknown[:MOST_ROWS]}

    @staticmethod
    async def _by_model(
        hass: HomeAssistant, entry: AccountConfigEntry, *, is_today: bool
    ) -> dict[str, Any]:
        if not has_recorder(hass):
            return {"error": "Usage by model needs the recorder of Home Assistant."}
        start = dt_util.start_of_local_day()
        if not is_today:
            start = start.replace(day=1)
        period: Any = "day" if is_today else "month"
        usage = await async_read_usage(
            hass, entry, start, dt_util.now(), period, "model"
        )
        rows = [
            {"model": each["model"], "cost": each.get("cost", 0)}
            for each in usage["usage"]
        ]
        return {"models": _dearest(rows)}


def _dearest(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: -row["cost"])[:MOST_ROWS]


@callback
def _exposed_devices(
    hass: HomeAssistant, entry: AccountConfigEntry, assistant: str
) -> set[str | None]:
    """Return the devices of an account of which any entity is exposed."""
    return {
        each.device_id
        for each in er.async_entries_for_config_entry(
            er.async_get(hass), entry.entry_id
        )
        if async_should_expose(hass, assistant, each.entity_id)
    }


@callback
def _exposed_keys(
    hass: HomeAssistant, entry: AccountConfigEntry, assistant: str
) -> dict[int, str]:
    """Return the names of the API keys that an assistant may know."""
    exposed = _exposed_devices(hass, entry, assistant)
    return {
        key_id: device.name_by_user or device.name or ""
        for key_id, device in async_key_devices(hass, entry).items()
        if device.id in exposed
    }


@callback
def async_get_tools(
    hass: HomeAssistant, llm_context: llm.LLMContext, api_id: str
) -> LLMTools | None:
    """Return the tools if any account is exposed to the assistant."""
    if api_id != llm.LLM_API_ASSIST:
        return None
    entries: list[AccountConfigEntry] = hass.config_entries.async_entries(DOMAIN)
    exposed: dict[str, AccountConfigEntry] = {}
    for entry in entries:
        device = async_get_device(hass, entry)
        if device and device.id in _exposed_devices(hass, entry, llm_context.assistant):
            # Two devices may be called the same, and even two entries.
            names = (async_get_name(hass, entry), entry.title, entry.entry_id)
            exposed[next(each for each in names if each not in exposed)] = entry
    if not exposed:
        return None
    return LLMTools(tools=[GetAccountTool(exposed), GetUsageTool(exposed)])
