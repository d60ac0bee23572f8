"""What hassfest, the HACS action, the Marketplace and people ask of the files."""

import json
from typing import Any

from tests import ROOT

REPOSITORY = "https://github.com/ha-llm-gateway-account/llm_gateway_account"


def read(name: str) -> str:
    """Return the content of a text file of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def load(name: str) -> Any:
    """Return the content of a JSON file of the repository."""
    return json.loads(read(name))
