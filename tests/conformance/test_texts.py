"""The English texts: one for everything that the code can show."""

import ast

import pytest
import yaml

from custom_components.llm_gateway_account.condition import (
    CONDITIONS,
    async_get_conditions,
)
from custom_components.llm_gateway_account.const import DOMAIN
from custom_components.llm_gateway_account.event import ACCOUNT_EVENT
from custom_components.llm_gateway_account.events import EVENT_TYPES
from custom_components.llm_gateway_account.failures import CERTAIN_AFTER
from custom_components.llm_gateway_account.gateway import (
    AbsentError,
    GatewayError,
    KeyStatus,
    TokenRefusedError,
    errors,
)
from custom_components.llm_gateway_account.gateway.inputs import InputProblem
from custom_components.llm_gateway_account.repairs import (
    BALANCE_EXHAUSTED,
    PLAN_EXHAUSTED,
    PLAN_UNUSED,
    UNIT_CHANGED,
)
from custom_components.llm_gateway_account.sensor import ROLES, STATUSES, Connection
from custom_components.llm_gateway_account.spending import BalanceLevel
from custom_components.llm_gateway_account.stored_usage import UsageRecords
from custom_components.llm_gateway_account.trigger import TRIGGERS
from homeassistant.core import HomeAssistant
from tests import PACKAGE

from . import ENTITIES, load, read

ENGLISH = load(f"custom_components/{DOMAIN}/translations/en.json")

# A book that a gateway does not keep is nothing to tell a person of.
GATEWAY_ERRORS = {
    error.key
    for error in vars(errors).values()
    if isinstance(error, type)
    and issubclass(error, GatewayError)
    and error not in {GatewayError, AbsentError}
}

# What Home Assistant's own steps of a flow end with.
ENDS = {
    "already_in_progress",
    "reauth_successful",
    "reconfigure_successful",
}


def test_every_entity_has_a_name() -> None:
    entities = ENGLISH["entity"]
    assert {platform: set(names) for platform, names in entities.items()} == ENTITIES
    states = {
        key: set(entity["state"])
        for key, entity in entities["sensor"].items()
        if "state" in entity
    }
    assert states == {
        "status": set(STATUSES.values()),
        "role": set(ROLES.values()),
        "balance_level": set(BalanceLevel),
        "connection": set(Connection),
        "usage_records": set(UsageRecords),
        "key_status": set(KeyStatus),
    }
    attributes = entities["event"][ACCOUNT_EVENT.key]["state_attributes"]
    assert set(attributes["event_type"]["state"]) == set(EVENT_TYPES)


def test_every_device_automation_has_a_name() -> None:
    assert set(ENGLISH["device_automation"]["trigger_type"]) == set(EVENT_TYPES)
    assert set(ENGLISH["device_automation"]["condition_type"]) == set(CONDITIONS)


async def test_every_trigger_and_condition_has_texts(hass: HomeAssistant) -> None:
    """And every field of theirs; of those that automations had nobody has another."""
    for kind, keys in (
        ("triggers", set(TRIGGERS)),
        ("conditions", set(await async_get_conditions(hass))),
    ):
        described = yaml.safe_load(read(f"custom_components/{DOMAIN}/{kind}.yaml"))
        fields = {
            key: set(each.get("fields", ()))
            for key, each in described.items()
            if not key.startswith(".")
        }
        named = {
            key: set(each.get("fields", ())) for key, each in ENGLISH[kind].items()
        }
        assert set(fields) == keys
        assert fields == named
        texts = list(ENGLISH[kind].values())
        texts += [field for each in texts for field in each.get("fields", {}).values()]
        assert all(each["name"] and each["description"] for each in texts)


def constants(module: str, argument: str, *functions: str) -> set[str]:
    """Return what these functions are called with, as far as it stands there.

    Each call has to have the argument.
    """
    calls = (
        {each.arg: each.value for each in node.keywords}
        for path in PACKAGE.glob(module)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).removeprefix("self.") in functions
    )
    values = {ast.unparse(call[argument]) for call in calls}
    return {value.strip("'") for value in values if value.startswith("'")}


def test_every_error_of_a_form_has_a_message() -> None:
    assert set(ENGLISH["config"]["error"]) == {
        *GATEWAY_ERRORS,
        *(problem.value for problem in InputProblem),
        "already_configured",
        "invalid_currency",
        "reauth_certificate_error",
        "reauth_user_id_refused",
        "token_needed",
        "unknown",
    }
    assert set(ENGLISH["options"]["error"]) == {
        "critical_not_below_low",
        "invalid_currency",
        "keys_not_listed",
        "too_many_keys",
    }


def test_every_end_of_a_flow_has_a_message() -> None:
    for flow, module, own in (
        ("config", "config_flow.py", ENDS),
        ("options", "options_flow.py", set[str]()),
    ):
        reasons = constants(module, "reason", "async_abort")
        assert set(ENGLISH[flow]["abort"]) == reasons | own


def test_every_exception_has_a_message() -> None:
    """One without a key would be shown in English."""
    raised = (
        "ConfigEntryError",
        "ConfigEntryNotReady",
        "HomeAssistantError",
        "InvalidDeviceAutomationConfig",
        "ServiceValidationError",
        "UpdateFailed",
    )
    keys = constants("*.py", "translation_key", *raised)
    assert set(ENGLISH["exceptions"]) == GATEWAY_ERRORS | keys


def test_every_repair_has_a_text() -> None:
    """Either a description, or a flow that leads to the solution."""
    kinds = {error.key for error in CERTAIN_AFTER} - {TokenRefusedError.key}
    assert set(ENGLISH["issues"]) == kinds | {
        BALANCE_EXHAUSTED,
        PLAN_EXHAUSTED,
        PLAN_UNUSED,
        UNIT_CHANGED,
    }
    for issue in ENGLISH["issues"].values():
        assert set(issue) in ({"title", "description"}, {"title", "fix_flow"})


@pytest.mark.parametrize("flow", ["config", "options"])
def test_every_field_is_described(flow: str) -> None:
    for step in ENGLISH[flow]["step"].values():
        for form in (step, *step.get("sections", {}).values()):
            assert set(form.get("data", {})) == set(form.get("data_description", {}))
