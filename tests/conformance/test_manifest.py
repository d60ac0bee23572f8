"""The manifest, as hassfest checks that of a custom integration."""

import ast
from collections.abc import Iterator
import sys
import tomllib
from typing import Any

from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
import pytest

from custom_components.llm_gateway_account import CONFIG_SCHEMA, PLATFORMS, config_flow
from custom_components.llm_gateway_account.const import DOMAIN
from homeassistant.config_entries import HANDLERS
from tests import PACKAGE

from . import REPOSITORY, load, read

# `ALLOWED_USED_COMPONENTS` of hassfest, as far as it is used: any other component
# has to be a dependency.
ALLOWED_COMPONENTS = {*PLATFORMS, "device_automation", "system_health"}


@pytest.fixture
def manifest() -> dict[str, Any]:
    """Return the manifest."""
    content: dict[str, Any] = load(f"custom_components/{DOMAIN}/manifest.json")
    return content


def test_manifest(manifest: dict[str, Any]) -> None:
    """No key hassfest does not know, and every key it or HACS wants."""
    assert (
        manifest.pop("version")
        == tomllib.loads(read("pyproject.toml"))["project"]["version"]
    )
    assert manifest == {
        "domain": PACKAGE.name,
        "name": "LLM Gateway Account",
        "after_dependencies": ["frontend", "http"],
        "codeowners": ["@ha-llm-gateway-account"],
        "config_flow": True,
        "documentation": REPOSITORY,
        "integration_type": "service",
        "iot_class": "cloud_polling",
        "issue_tracker": f"{REPOSITORY}/issues",
        "requirements": [],
    }


def test_version_is_one_home_assistant_loads(manifest: dict[str, Any]) -> None:
    assert AwesomeVersion(
        manifest["version"], ensure_strategy=AwesomeVersionStrategy.SEMVER
    )


def test_manifest_is_in_order(manifest: dict[str, Any]) -> None:
    """Domain and name first, then the alphabet."""
    assert list(manifest) == [
        "domain",
        "name",
        *sorted(set(manifest) - {"domain", "name"}),
    ]


def test_flow_and_schema_are_there() -> None:
    """With a flow, YAML has nothing to say."""
    assert HANDLERS[DOMAIN].__module__ == config_flow.__name__
    assert CONFIG_SCHEMA({}) == {}


def imported() -> Iterator[str]:
    """Yield the modules that the integration imports."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            if isinstance(node, ast.ImportFrom) and not node.level:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_only_allowed_components_are_used(manifest: dict[str, Any]) -> None:
    prefix = "homeassistant.components."
    used = {name.split(".")[2] for name in imported() if name.startswith(prefix)}
    assert used == ALLOWED_COMPONENTS | {*manifest["after_dependencies"]}


def test_nothing_is_required_that_home_assistant_does_not_have() -> None:
    packages = {name.partition(".")[0] for name in imported()}
    assert packages - sys.stdlib_module_names == {
        "aiohttp",
        "homeassistant",
        "multidict",
        "voluptuous",
        "yarl",
    }


def test_api_and_arithmetic_know_nothing_of_home_assistant() -> None:
    for folder in ("gateway", "spending"):
        for path in (PACKAGE / folder).glob("*.py"):
            assert "homeassistant" not in path.read_text(encoding="utf-8"), path
