"""What hassfest, the HACS action, the Marketplace and people ask of the files."""

import json
from typing import Any

from custom_components.llm_gateway_account.binary_sensor import BINARY_SENSORS
from custom_components.llm_gateway_account.budget_binary_sensor import OVER_BUDGET
from custom_components.llm_gateway_account.budget_sensor import (
    BUDGET_AMOUNTS,
    BUDGET_USED,
)
from custom_components.llm_gateway_account.check_in_sensor import CHECK_IN
from custom_components.llm_gateway_account.event import ACCOUNT_EVENT
from custom_components.llm_gateway_account.group_sensor import RATIO
from custom_components.llm_gateway_account.key_sensor import KEY_AMOUNTS, KEY_SENSORS
from custom_components.llm_gateway_account.notice_event import NOTICE_EVENT
from custom_components.llm_gateway_account.plan_sensor import PLAN_SENSORS
from custom_components.llm_gateway_account.sensor import (
    AMOUNTS,
    CONNECTION,
    LEVELS,
    SENSORS,
)
from custom_components.llm_gateway_account.usage_sensor import TOP_MODEL, USAGE_RECORDS
from homeassistant.helpers.entity import EntityDescription
from tests import ROOT

REPOSITORY = "https://github.com/ha-llm-gateway-account/llm_gateway_account"

DESCRIPTIONS: dict[str, tuple[EntityDescription, ...]] = {
    "binary_sensor": (*BINARY_SENSORS, *OVER_BUDGET, CHECK_IN),
    "event": (ACCOUNT_EVENT, NOTICE_EVENT),
    "sensor": (
        *AMOUNTS,
        *SENSORS,
        RATIO,
        *LEVELS,
        *BUDGET_USED,
        *BUDGET_AMOUNTS,
        CONNECTION,
        TOP_MODEL,
        USAGE_RECORDS,
        *PLAN_SENSORS,
    ),
}

# The keys of the entities of each platform.
ENTITIES = {
    platform: {each.key for each in descriptions}
    for platform, descriptions in DESCRIPTIONS.items()
}
# Those on the device of an API key have their texts beside them.
ENTITIES["sensor"] |= {f"key_{each.key}" for each in (*KEY_AMOUNTS, *KEY_SENSORS)}


def read(name: str) -> str:
    """Return the content of a text file of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def load(name: str) -> Any:
    """Return the content of a JSON file of the repository."""
    return json.loads(read(name))
