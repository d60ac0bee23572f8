"""Tests of the LLM Gateway Account integration."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "custom_components" / "llm_gateway_account"
