"""The files around the code: what hassfest, HACS and people rely on."""

from importlib.metadata import version
import json
from pathlib import Path
import re
import struct
import tomllib
from typing import Any

import hass_frontend
import pytest
import yaml

from custom_components.llm_gateway_account.binary_sensor import BINARY_SENSORS
from custom_components.llm_gateway_account.const import DOMAIN
from custom_components.llm_gateway_account.event import ACTIVITY
from custom_components.llm_gateway_account.sensor import AMOUNTS, LAST_SUCCESS, SENSORS
from custom_components.llm_gateway_account.tracker import ACTIVITY_TYPES

from . import PACKAGE, ROOT
from .gateway_server import ACCESS_TOKEN

ICONS = Path(hass_frontend.__file__).parent / "static" / "mdi" / "iconList.json"

REPOSITORY = "https://github.com/ha-llm-gateway-account/llm_gateway_account"

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


def load(name: str) -> Any:
    """Return the content of a JSON file of the repository."""
    return json.loads((ROOT / name).read_text(encoding="utf-8"))


@pytest.fixture
def manifest() -> dict[str, Any]:
    """Return the manifest."""
    content: dict[str, Any] = load(f"custom_components/{DOMAIN}/manifest.json")
    return content


def test_manifest(manifest: dict[str, Any]) -> None:
    assert (
        manifest.pop("version")
        == tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
            "project"
        ]["version"]
    )
    assert manifest == {
        "domain": PACKAGE.name,
        "name": "LLM Gateway Account",
        "codeowners": ["@ha-llm-gateway-account"],
        "config_flow": True,
        "documentation": REPOSITORY,
        "integration_type": "service",
        "iot_class": "cloud_polling",
        "issue_tracker": f"{REPOSITORY}/issues",
        "requirements": [],
    }


def test_manifest_is_in_order(manifest: dict[str, Any]) -> None:
    """Domain and name first, then the alphabet."""
    assert list(manifest) == [
        "domain",
        "name",
        *sorted(set(manifest) - {"domain", "name"}),
    ]


def test_hacs() -> None:
    assert load("hacs.json") == {
        "name": "LLM Gateway Account",
        "homeassistant": "2026.3.0",
    }
    assert [
        path.name
        for path in (ROOT / "custom_components").iterdir()
        if path.is_dir() and path.name != "__pycache__"
    ] == [DOMAIN]


def test_every_json_file_is_valid() -> None:
    names = {path.name for path in ROOT.glob("*.json")} | {
        str(path.relative_to(ROOT))
        for folder in ("custom_components", "demo", "tests")
        for path in (ROOT / folder).rglob("*.json")
    }
    assert len(names) >= 5
    for name in names:
        assert load(name)


def test_quality_scale() -> None:
    """All 54 rules, in the order of the tiers; what is left out says why."""
    ledger = yaml.safe_load((PACKAGE / "quality_scale.yaml").read_text("utf-8"))
    expected = " ".join(RULES.values()).split()
    assert len(expected) == 54
    assert list(ledger["rules"]) == expected
    for rule, status in ledger["rules"].items():
        if isinstance(status, dict):
            assert status["status"] in {"done", "exempt"}, rule
            assert status["comment"], rule
        else:
            assert status == "done", rule


def test_icons() -> None:
    """Every entity has one, and the frontend knows it."""
    icons = load(f"custom_components/{DOMAIN}/icons.json")["entity"]
    assert set(icons) == {"binary_sensor", "event", "sensor"}
    assert set(icons["event"]) == {ACTIVITY.key}
    activity = icons["event"][ACTIVITY.key]["state_attributes"]["event_type"]
    assert set(activity["state"]) == set(ACTIVITY_TYPES)
    assert set(icons["sensor"]) == {
        description.key for description in (*AMOUNTS, *SENSORS, LAST_SUCCESS)
    }
    assert set(icons["binary_sensor"]) == {each.key for each in BINARY_SENSORS}
    known = {icon["name"] for icon in json.loads(ICONS.read_text(encoding="utf-8"))}
    assert len(known) > 7000
    for entity in (
        *icons["sensor"].values(),
        *icons["binary_sensor"].values(),
        activity,
    ):
        others = [*entity.get("state", {}).values(), *entity.get("range", {}).values()]
        assert entity["default"] not in others
        for icon in (entity["default"], *others):
            assert icon.removeprefix("mdi:") in known


@pytest.mark.parametrize(
    ("name", "height"),
    [("icon", 256), ("icon@2x", 512), ("logo", 192), ("logo@2x", 384)],
)
@pytest.mark.parametrize("prefix", ["", "dark_"])
def test_brand(name: str, height: int, prefix: str) -> None:
    image = (PACKAGE / "brand" / f"{prefix}{name}.png").read_bytes()
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    width, actual_height = struct.unpack(">II", image[16:24])
    assert actual_height == height
    assert width == height or name.startswith("logo")


def test_every_version_is_pinned() -> None:
    for name in ("requirements_test.txt", "requirements_test_oldest.txt"):
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                assert re.match(r"[A-Za-z0-9._\[\],-]+==[^ ]+( ; .+)?$", line), line


def test_versions_of_home_assistant() -> None:
    """The README names the versions the tests really run with."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert version("homeassistant") in readme
    assert load("hacs.json")["homeassistant"].removesuffix(".0") in readme


def test_no_file_holds_a_secret() -> None:
    """No token, key or address of a person in a text, a fixture or a picture."""
    allowed = {ACCESS_TOKEN, ACCESS_TOKEN[::-1]}
    checked = 0
    folders = ("blueprints", "docs", "demo", "tests/snapshots")
    for folder in (PACKAGE, *(ROOT / name for name in folders)):
        for path in folder.rglob("*"):
            if not path.is_file() or "__pycache__" in path.parts:
                continue
            checked += 1
            content = path.read_bytes()
            if path.suffix == ".png":
                # Text of any kind: tEXt, zTXt, iTXt, eXIf.
                assert not re.search(rb"[tz]TXt|tEXt|iTXt|eXIf", content), path
                continue
            text = content.decode()
            keys = set(re.findall(r"\bsk-[A-Za-z0-9]{16,}|\b[0-9a-f]{32}\b", text))
            assert keys <= allowed, path
            assert not re.search(r"[\w.]+@(?!2x)[\w-]+\.(?!invalid)\w+", text), path
    assert checked > 30
