"""What people have to repair themselves, and the flows that lead there."""

from abc import abstractmethod
from math import log2
from typing import TYPE_CHECKING, Any, override

from homeassistant.components.repairs import FlowType, RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import SOURCE_RECONFIGURE
from homeassistant.const import CONF_URL
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import CONF_SITE_UNIT, DOMAIN
from .device import async_get_name
from .gateway import (
    ENABLED,
    AccountDisabledError,
    BillingPreference,
    GatewayError,
    PaidBy,
)
from .unit import Unit, limits_in_unit

if TYPE_CHECKING:
    from .data import AccountConfigEntry
    from .plans import PlansData

BALANCE_EXHAUSTED = "balance_exhausted"
PLAN_EXHAUSTED = "plan_exhausted"
PLAN_UNUSED = "plan_unused"
UNIT_CHANGED = "unit_changed"

_DOCUMENTATION = "https://ha-llm-gateway-account.github.io/llm_gateway_account"


def help_url(kind: str, language: str) -> str:
    """Return the address of what the documentation says of a kind of issue.

    The pages are in English and Chinese.
    """
    pages = "zh-CN/messages" if language.startswith("zh") else "messages"
    return f"{_DOCUMENTATION}/{pages}/#{kind}"


@callback
def async_update_balance_issue(hass: HomeAssistant, entry: AccountConfigEntry) -> None:
    """Say what helps while nothing pays for requests of an account that is enabled."""
    runtime = entry.runtime_data
    if not runtime.plans.data.is_settled:
        # A plan may pay, as it did before.
        return
    is_enabled = runtime.account.data.account.status in {None, ENABLED}
    current = _what_helps(runtime.plans.data) if is_enabled else None
    for kind in {BALANCE_EXHAUSTED, PLAN_EXHAUSTED, PLAN_UNUSED} - {current}:
        async_delete_issues(hass, entry, kind)
    if current:
        # Its text names both: what opens the gateway, and the page of the
        # documentation.
        _create(hass, entry, current, learn_more_url=entry.data[CONF_URL])


def _what_helps(plans: PlansData) -> str | None:
    """Return the kind of the issue; None while something pays."""
    if plans.paid_by is not PaidBy.NOTHING:
        return None
    if not plans.may_use_balance:
        return PLAN_EXHAUSTED
    if (
        plans.listing.preference is BillingPreference.BALANCE_ONLY
        and plans.first
        and not plans.first.is_used_up
    ):
        return PLAN_UNUSED
    return BALANCE_EXHAUSTED


@callback
def async_create_failure_issue(
    hass: HomeAssistant, entry: AccountConfigEntry, err: GatewayError
) -> None:
    """Ask for what ends a failure that does not end by itself."""
    _create(
        hass,
        entry,
        err.key,
        # No form helps an account that is disabled.
        is_fixable=not isinstance(err, AccountDisabledError),
        placeholders=err.placeholders,
    )


@callback
def async_update_unit_issue(
    hass: HomeAssistant, entry: AccountConfigEntry, unit: dict[str, Any]
) -> None:
    """Offer the unit in which the gateway shows amounts now, if that is another one.

    The issue is named after the currency, and how many times an amount doubles: who
    ignores one is not asked again because of a rate that changes from day to day.
    """
    new, old = Unit.from_options(unit), Unit.from_options(entry.options)
    doubled = round(log2(old.points_per_unit / new.points_per_unit))
    current = f"{UNIT_CHANGED}_{new.currency}_{doubled}"
    is_same = unit == entry.data[CONF_SITE_UNIT]
    async_delete_issues(hass, entry, UNIT_CHANGED, but=None if is_same else current)
    if is_same:
        return
    _create(
        hass,
        entry,
        UNIT_CHANGED,
        name=current,
        is_fixable=True,
        severity=ir.IssueSeverity.WARNING,
        placeholders={
            "old_currency": old.currency,
            "old_points": f"{old.points_per_unit:.10g}",
            "new_currency": new.currency,
            "new_points": f"{new.points_per_unit:.10g}",
        },
        data=unit,
    )


@callback
def async_delete_issues(
    hass: HomeAssistant,
    entry: AccountConfigEntry,
    *kinds: str,
    but: str | None = None,
) -> None:
    """Delete the issues of an entry whose names begin with one of these kinds.

    Without kinds all of them; the one named `but` stays.
    """
    end = f"_{entry.entry_id}"
    for domain, issue_id in list(ir.async_get(hass).issues):
        name = issue_id.removesuffix(end)
        if (
            domain == DOMAIN
            and name not in {issue_id, but}
            and name.startswith(kinds or "")
        ):
            ir.async_delete_issue(hass, domain, issue_id)


def _create(  # noqa: PLR0913
    hass: HomeAssistant,
    entry: AccountConfigEntry,
    kind: str,
    *,
    name: str | None = None,
    is_fixable: bool = False,
    severity: ir.IssueSeverity = ir.IssueSeverity.ERROR,
    placeholders: dict[str, str] | None = None,
    learn_more_url: str | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    documentation = help_url(kind, hass.config.language)
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"{name or kind}_{entry.entry_id}",
        is_fixable=is_fixable,
        severity=severity,
        translation_key=kind,
        translation_placeholders={
            "account": async_get_name(hass, entry),
            "help_url": documentation,
            **(placeholders or {}),
        },
        learn_more_url=learn_more_url or documentation,
        data={"entry_id": entry.entry_id, **(data or {})},
    )


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, Any] | None
) -> RepairsFlow:
    """Return the flow that fixes an issue."""
    unit = dict(data or {})
    entry_id = unit.pop("entry_id")
    if issue_id.startswith(UNIT_CHANGED):
        return UnitRepairFlow(entry_id, unit)
    return ReconfigureRepairFlow(entry_id)


class AccountRepairFlow(RepairsFlow):
    """Explains what is wrong, and does something about it once that is confirmed."""

    def __init__(self, entry_id: str) -> None:
        """Remember the entry."""
        self._entry_id = entry_id

    async def async_step_init(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Start with the explanation."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Explain, then repair."""
        if user_input is not None:
            if entry := self.hass.config_entries.async_get_entry(self._entry_id):
                return await self._async_repair(entry)
            # It was removed, and its issues with it.
            return self.async_create_entry(data={})
        issue = ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id)
        placeholders = issue.translation_placeholders if issue else None
        return self.async_show_form(
            step_id="confirm", description_placeholders=placeholders
        )

    @abstractmethod
    async def _async_repair(self, entry: AccountConfigEntry) -> RepairsFlowResult:
        """Do what the person confirmed."""


class ReconfigureRepairFlow(AccountRepairFlow):
    """Leads to the form in which an account is reconfigured."""

    @override
    async def _async_repair(self, entry: AccountConfigEntry) -> RepairsFlowResult:
        """Open the form. The issue goes when the gateway accepts what is entered."""
        flow = await self.hass.config_entries.flow.async_init(
            DOMAIN,
            context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id},
        )
        return self.async_abort(
            reason="reconfigure", next_flow=(FlowType.CONFIG_FLOW, flow["flow_id"])
        )


class UnitRepairFlow(AccountRepairFlow):
    """Takes over the unit in which a gateway shows amounts now."""

    def __init__(self, entry_id: str, unit: dict[str, Any]) -> None:
        """Remember the entry, and the options of the new unit."""
        super().__init__(entry_id)
        self._unit = unit

    @override
    async def _async_repair(self, entry: AccountConfigEntry) -> RepairsFlowResult:
        """Change the unit, and the limits to what is worth the same."""
        self.hass.config_entries.async_update_entry(
            entry,
            data={**entry.data, CONF_SITE_UNIT: self._unit},
            options={
                **entry.options,
                **self._unit,
                **limits_in_unit(self._unit, entry.options),
            },
        )
        self.hass.config_entries.async_schedule_reload(entry.entry_id)
        return self.async_create_entry(data={})
