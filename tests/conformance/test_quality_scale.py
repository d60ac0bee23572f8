"""The ledger of the quality scale, against what can prove it wrong."""

from importlib import import_module
from typing import Any

import pytest
import yaml

from custom_components.llm_gateway_account import PLATFORMS
from custom_components.llm_gateway_account.const import DOMAIN
from tests import PACKAGE

from . import load, read

# The rules of `docs/core/integration-quality-scale` (November 2026), bronze first.
RULES = """
    action-setup appropriate-polling brands common-modules config-flow-test-coverage
    config-flow dependency-transparency docs-actions docs-conditions
    docs-high-level-description docs-installation-instructions
    docs-removal-instructions docs-triggers entity-event-setup entity-unique-id
    has-entity-name runtime-data test-before-configure test-before-setup
    unique-config-entry

    action-exceptions config-entry-unloading docs-configuration-parameters
    docs-installation-parameters entity-unavailable integration-owner
    log-when-unavailable parallel-updates reauthentication-flow test-coverage

    devices diagnostics discovery-update-info discovery docs-data-update docs-examples
    docs-known-limitations docs-supported-devices docs-supported-functions
    docs-troubleshooting docs-use-cases dynamic-devices entity-category
    entity-device-class entity-disabled-by-default entity-translations
    exception-translations icon-translations reconfiguration-flow repair-issues
    stale-devices

    async-dependency inject-websession strict-typing
"""

DISCOVERIES = {"bluetooth", "dhcp", "homekit", "mqtt", "ssdp", "usb", "zeroconf"}


def exempt() -> set[str]:
    """Return the rules that do not apply, as the ledger says."""
    return {
        rule
        for rule, status in ledger().items()
        if isinstance(status, dict) and status["status"] == "exempt"
    }


def ledger() -> dict[str, Any]:
    """Return the rules with their status."""
    content = yaml.safe_load(read(f"custom_components/{DOMAIN}/quality_scale.yaml"))
    rules: dict[str, Any] = content["rules"]
    return rules


def test_every_rule_has_a_status_hassfest_takes() -> None:
    """In the order of the tiers; what is not simply done says why."""
    rules = ledger()
    assert list(rules) == RULES.split()
    for rule, status in rules.items():
        if status != "done":
            assert status["status"] in {"done", "exempt", "todo"}, rule
            assert status["comment"], rule


def test_rules_are_exempt_while_there_is_nothing_they_ask_of() -> None:
    """A dependency, a trigger of its own or a discovery ends that."""
    manifest = load(f"custom_components/{DOMAIN}/manifest.json")
    expected = set()
    if not manifest["requirements"]:
        expected |= {"async-dependency", "dependency-transparency"}
    if not DISCOVERIES & set(manifest):
        expected |= {"discovery", "discovery-update-info"}
    for kind in ("triggers", "conditions"):
        if not (PACKAGE / f"{kind}.yaml").exists():
            expected.add(f"docs-{kind}")
    assert exempt() == expected


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_platform_limits_its_updates(platform: str) -> None:
    module = import_module(f"custom_components.{DOMAIN}.{platform}")
    assert module.PARALLEL_UPDATES == 0
