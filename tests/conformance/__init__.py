"""What hassfest, the HACS action, the Marketplace and people ask of the files."""

import json
from typing import Any

from custom_components.llm_gateway_account.binary_sensor import BINARY_SENSORS
from custom_components.llm_gateway_account.event import ACCOUNT_EVENT
from custom_components.llm_gateway_account.sensor import (
    AMOUNTS,
    SENSORS,
    TOP_MODEL,
    USAGE_RECORDS,
)
from tests import ROOT

REPOSITORY = "https://github.com/ha-llm-gateway-account/llm_gateway_account"

# The keys of the entities of each platform.
ENTITIES = {
    "binary_sensor": {each.key for each in BINARY_SENSORS},
    "event": {ACCOUNT_EVENT.key},
    "sensor": {each.key for each in (*AMOUNTS, *SENSORS, TOP_MODEL, USAGE_RECORDS)},
}


def read(name: str) -> str:
    """Return the content of a text file of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def load(name: str) -> Any:
    """Return the content of a JSON file of the repository."""
    return json.loads(read(name))
