"""The quality scale: all of its rules, and where it shows that each is met."""

import re
from typing import Any

import pytest
import yaml

from custom_components.llm_gateway_account.const import DOMAIN

from . import read

# The rules of `docs/core/integration-quality-scale` (November 2026).
RULES = {
    "bronze": """
        action-setup appropriate-polling brands common-modules
        config-flow-test-coverage config-flow dependency-transparency docs-actions
        docs-conditions docs-high-level-description docs-installation-instructions
        docs-removal-instructions docs-triggers entity-event-setup entity-unique-id
        has-entity-name runtime-data test-before-configure test-before-setup
        unique-config-entry
    """,
    "silver": """
        action-exceptions config-entry-unloading docs-configuration-parameters
        docs-installation-parameters entity-unavailable integration-owner
        log-when-unavailable parallel-updates reauthentication-flow test-coverage
    """,
    "gold": """
        devices diagnostics discovery-update-info discovery docs-data-update
        docs-examples docs-known-limitations docs-supported-devices
        docs-supported-functions docs-troubleshooting docs-use-cases dynamic-devices
        entity-category entity-device-class entity-disabled-by-default
        entity-translations exception-translations icon-translations
        reconfiguration-flow repair-issues stale-devices
    """,
    "platinum": "async-dependency inject-websession strict-typing",
}

PACKAGE = f"custom_components/{DOMAIN}"
FLOWS = "tests/test_config_flow.py"
INIT = "tests/test_init.py"
TEXTS = "tests/conformance/test_translations.py"

# Where each rule that is done can be seen: in a file, by a pattern. A test's name
# stands for the test.
EVIDENCE = {
    "action-setup": (
        f"{PACKAGE}/__init__.py",
        r"def async_setup\(.*\n.*\n    async_setup_services\(hass\)",
    ),
    "appropriate-polling": (INIT, "test_polls_every_five_minutes"),
    "brands": ("tests/conformance/test_brand.py", "test_brand"),
    "common-modules": (f"{PACKAGE}/entity.py", r"class AccountEntity\("),
    "config-flow-test-coverage": (FLOWS, "test_each_answer_has_its_message"),
    "config-flow": (TEXTS, "test_every_field_is_described"),
    "dependency-transparency": (f"{PACKAGE}/manifest.json", r'"requirements": \[\]'),
    "docs-actions": ("README.md", rf"`{DOMAIN}\.get_account`"),
    "docs-conditions": ("README.md", r"Conditions: "),
    "docs-high-level-description": ("README.md", r"brings the account into Home"),
    "docs-installation-instructions": ("README.md", r"## Installation"),
    "docs-removal-instructions": ("README.md", r"## Removal"),
    "docs-triggers": ("README.md", r"### Triggers"),
    "entity-event-setup": (f"{PACKAGE}/entity.py", r"CoordinatorEntity\["),
    "entity-unique-id": (
        f"{PACKAGE}/entity.py",
        r'f"{entry.entry_id}_{description.key}"',
    ),
    "has-entity-name": (f"{PACKAGE}/entity.py", r"_attr_has_entity_name = True"),
    "runtime-data": (
        f"{PACKAGE}/coordinator.py",
        r"type AccountConfigEntry = ConfigEntry\[",
    ),
    "test-before-configure": (FLOWS, "test_each_answer_has_its_message"),
    "test-before-setup": (INIT, "test_set_up_is_tried_again"),
    "unique-config-entry": (FLOWS, "test_same_account_once"),
    "action-exceptions": ("tests/test_services.py", "test_device_that_is_no_account"),
    "config-entry-unloading": (INIT, "test_set_up_and_unload"),
    "docs-configuration-parameters": ("README.md", r"\*\*Options\*\*"),
    "docs-installation-parameters": ("README.md", r"\| Field \|"),
    "entity-unavailable": (INIT, "test_failing_poll"),
    "integration-owner": ("tests/conformance/test_manifest.py", "test_manifest"),
    "log-when-unavailable": (INIT, "test_failing_poll"),
    "parallel-updates": (f"{PACKAGE}/sensor.py", r"PARALLEL_UPDATES = 0"),
    "reauthentication-flow": (FLOWS, "test_reauth"),
    "test-coverage": ("pyproject.toml", r"fail_under = 100"),
    "devices": (INIT, "test_device"),
    "diagnostics": ("tests/test_diagnostics.py", "test_diagnostics_tell_no_secret"),
    "docs-data-update": ("README.md", r"## How data is updated"),
    "docs-examples": ("tests/test_readme.py", "test_examples"),
    "docs-known-limitations": ("README.md", r"## Known limitations"),
    "docs-supported-devices": ("README.md", r"## Supported gateways"),
    "docs-supported-functions": ("README.md", r"## Entities"),
    "docs-troubleshooting": ("README.md", r"## Troubleshooting"),
    "docs-use-cases": ("README.md", r"\*\*Guard\*\*: switches off"),
    "entity-category": (f"{PACKAGE}/sensor.py", r"entity_category=EntityCategory\."),
    "entity-device-class": (f"{PACKAGE}/sensor.py", r"SensorDeviceClass\.MONETARY"),
    "entity-disabled-by-default": (
        "tests/test_entities.py",
        "test_entities_that_are_on",
    ),
    "entity-translations": (TEXTS, "test_every_entity_has_a_name"),
    "exception-translations": (TEXTS, "test_every_error_has_a_message"),
    "icon-translations": (
        "tests/conformance/test_icons.py",
        "test_everything_has_an_icon",
    ),
    "reconfiguration-flow": (FLOWS, "test_reconfigure_to_a_moved_gateway"),
    "repair-issues": ("tests/test_activity.py", "test_issue_while_nothing_is_left"),
    "async-dependency": (
        f"{PACKAGE}/gateway/client.py",
        r"async def async_get_account",
    ),
    "inject-websession": (
        f"{PACKAGE}/gateway/client.py",
        r"session: aiohttp\.ClientSession",
    ),
    "strict-typing": ("pyproject.toml", r"\[tool\.mypy\]\nstrict = true"),
}


@pytest.fixture(scope="module")
def rules() -> dict[str, Any]:
    """Return the rules of the ledger with their status."""
    ledger = yaml.safe_load(read(f"{PACKAGE}/quality_scale.yaml"))
    assert set(ledger) == {"rules"}
    content: dict[str, Any] = ledger["rules"]
    return content


def test_every_rule_is_there(rules: dict[str, Any]) -> None:
    """In the order of the tiers."""
    expected = " ".join(RULES.values()).split()
    assert len(expected) == 54
    assert list(rules) == expected


def test_what_is_left_out_says_why(rules: dict[str, Any]) -> None:
    for rule, status in rules.items():
        if isinstance(status, dict):
            assert status["status"] in {"done", "exempt"}, rule
            assert status["comment"], rule
        else:
            assert status == "done", rule


def test_what_is_done_has_evidence(rules: dict[str, Any]) -> None:
    assert list(EVIDENCE) == [
        rule
        for rule, status in rules.items()
        if status == "done" or status["status"] == "done"
    ]


@pytest.mark.parametrize("rule", list(EVIDENCE))
def test_evidence(rule: str) -> None:
    path, pattern = EVIDENCE[rule]
    if pattern.startswith("test_"):
        pattern = rf"def {pattern}\("
    assert re.search(pattern, read(path))


@pytest.mark.parametrize("platform", ["binary_sensor", "event", "sensor"])
def test_every_platform_limits_its_updates(platform: str) -> None:
    assert "\nPARALLEL_UPDATES = 0\n" in read(f"{PACKAGE}/{platform}.py")
