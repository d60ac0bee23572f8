"""The manifest and hacs.json, as hassfest and HACS check those of an integration."""

import ast
from collections.abc import Iterator
from pathlib import Path
import sys
import tomllib
from typing import Any

from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
import pytest

from custom_components.llm_gateway_account import PLATFORMS
from custom_components.llm_gateway_account.const import DOMAIN
from tests import PACKAGE, ROOT

from . import REPOSITORY, load, read

# `ALLOWED_USED_COMPONENTS` of hassfest, as far as it is used: any other component
# has to be a dependency.
ALLOWED_COMPONENTS = {
    *PLATFORMS,
    "device_automation",
    "homeassistant",
    "llm",
    "repairs",
    "system_health",
}


@pytest.fixture
def manifest() -> dict[str, Any]:
    """Return the manifest."""
    content: dict[str, Any] = load(f"custom_components/{DOMAIN}/manifest.json")
    return content


def test_manifest(manifest: dict[str, Any]) -> None:
    """No key hassfest does not know, and every key it or HACS wants, in their order."""
    assert list(manifest) == [
        "domain",
        "name",
        "after_dependencies",
        "codeowners",
        "config_flow",
        "documentation",
        "integration_type",
        "iot_class",
        "issue_tracker",
        "requirements",
        "version",
    ]
    assert manifest["domain"] == PACKAGE.name
    assert manifest["documentation"] == REPOSITORY
    assert manifest["issue_tracker"] == f"{REPOSITORY}/issues"


def test_version_is_one_home_assistant_loads(manifest: dict[str, Any]) -> None:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    assert manifest["version"] == project["version"]
    assert AwesomeVersion(
        manifest["version"], ensure_strategy=AwesomeVersionStrategy.SEMVER
    )


def test_hacs_unpacks_what_a_release_has() -> None:
    """No key that is not known: HACS forbids them. And one integration."""
    hacs = load("hacs.json")
    assert set(hacs) == {"name", "homeassistant", "zip_release", "filename"}
    assert hacs["zip_release"] is True
    assert hacs["filename"] == f"{DOMAIN}.zip"
    folders = {path.name for path in (ROOT / "custom_components").iterdir()}
    assert folders - {"__pycache__"} == {DOMAIN}


def imported(path: Path) -> Iterator[str]:
    """Yield what a module imports, by full name; relative names keep their dots."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            start = "." * node.level + (node.module or "")
            yield from (f"{start}.{alias.name}" for alias in node.names)


def imported_from_elsewhere() -> set[str]:
    """Return what the integration imports that is not its own."""
    return {
        name
        for path in PACKAGE.rglob("*.py")
        for name in imported(path)
        if not name.startswith(".")
    }


def test_only_allowed_components_are_used(manifest: dict[str, Any]) -> None:
    prefix = "homeassistant.components."
    used = {
        name.split(".")[2]
        for name in imported_from_elsewhere()
        if name.startswith(prefix)
    }
    assert used == ALLOWED_COMPONENTS | {*manifest["after_dependencies"]}


def test_nothing_is_required_that_home_assistant_does_not_have() -> None:
    packages = {name.partition(".")[0] for name in imported_from_elsewhere()}
    assert packages - sys.stdlib_module_names == {
        "aiohttp",
        "homeassistant",
        "multidict",
        "voluptuous",
        "yarl",
    }


@pytest.mark.parametrize("folder", ["gateway", "spending"])
def test_api_and_arithmetic_know_nothing_of_home_assistant(folder: str) -> None:
    """Nor anything else outside their folder."""
    for path in (PACKAGE / folder).glob("*.py"):
        for name in imported(path):
            assert not name.startswith(("..", "homeassistant")), path
