"""What Home Assistant and its frontend mark as deprecated: none of it is used.

What only shows when it happens is in `tests/test_deprecations.py`.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
import re
from typing import Any

import hass_frontend
import pytest
import yaml

import homeassistant
from homeassistant import const
from homeassistant.util.yaml import parse_yaml
from tests import ROOT

from .deprecation_marks import Marks, read_marks, uses
from .test_frontend import MODULES

TESTED = Path(homeassistant.__path__[0])
# Of the walk through the user interface; not everybody has set it up.
NEWEST = sorted(ROOT.glob(".venv-e2e/lib/python*/site-packages/homeassistant"))

FOLDERS = ("benchmarks", "custom_components", "demo", "e2e", "release", "tests")
PYTHON = [path for each in FOLDERS for path in sorted((ROOT / each).rglob("*.py"))]

EXAMPLES = [*ROOT.glob("README*.md"), *sorted((ROOT / "docs").glob("*.md"))]
BLUEPRINTS = sorted((ROOT / "blueprints").rglob("*.yaml"))


@cache
def marks_of(package: Path) -> Marks:
    """Return what a Home Assistant marks."""
    return read_marks(package)


@pytest.mark.parametrize(
    "package", [TESTED, *NEWEST], ids=["tested", *map(str, NEWEST)]
)
def test_no_python_is_deprecated(package: Path) -> None:
    marks = marks_of(package)
    # They were found, in each of the ways in which they are marked.
    assert min(map(len, (marks.names, marks.members, marks.values))) > 3
    assert "via_device" in marks.parameters
    found = {
        str(path.relative_to(ROOT)): what
        for path in PYTHON
        if (what := uses(path.read_text(encoding="utf-8"), marks))
    }
    assert found == {}


MARKED = '''
_DEPRECATED_OLD = DeprecatedConstant("old", "NEW", "2027.1")
_DEPRECATED_OLD_ENUM: Final = DeprecatedConstantEnum(New.A, "2027.1")
_DEPRECATED_DEVICE_INFO_PARAMETERS = {"old_parameter": ("2027.1", None)}

@deprecated_function("new", breaks_in_ha_version="2027.1")
def old_function(): ...

@deprecated_class("New", breaks_in_ha_version="2027.1")
class OldClass: ...

class OldFlow:
    def __init__(self):
        """Begin."""
        frame.report_usage("inherits from OldFlow", breaks_in_ha_version="2027.1")

class Modes(StrEnum, metaclass=WithDeprecated, deprecated={"OLD": ("A", "")}):
    A = "a"

class Registry:
    @property
    def old_property(self):
        _report_deprecated_property(self)
    async def async_old(self):
        report_usage("calls async_old")
    def sometimes(self, value):
        if value:
            return
        report_usage("says nothing")

def reports(value):
    if value:
        report_usage("says nothing")
'''

FINE = """
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.old import Modes, Registry, reports
from homeassistant.other import OLD, old_function
from .old import OldClass
OLD, old_function(), OldClass(), Modes.A, registry.sometimes(1), reports(1)
registry.async_get_or_create(new=1), DeviceInfo(new=1), call(old_parameter=1)
"""


@pytest.mark.parametrize(
    ("use", "found"),
    [
        ("from homeassistant.helpers.old import OLD", "old.OLD"),
        ("from homeassistant.helpers.old import OLD_ENUM as A", "old.OLD_ENUM"),
        ("from homeassistant.helpers.old import old_function", "old.old_function"),
        ("from homeassistant.helpers import old as o\no.OldClass()", "old.OldClass"),
        ("import homeassistant.helpers.old as o\nprint(o.OLD)", "old.OLD"),
        ("from homeassistant.helpers import OldFlow", "helpers.OldFlow"),
        ("from homeassistant.helpers.old import Modes as M\nM.OLD", "Modes.OLD"),
        ("a.b().old_property", "Registry.old_property"),
        ("await registry.async_old()", "Registry.async_old"),
        (
            "r.async_get_or_create(old_parameter=1)",
            "async_get_or_create(old_parameter)",
        ),
        ("DeviceInfo(old_parameter=1)", "DeviceInfo(old_parameter)"),
    ],
)
def test_deprecated_python_is_found(tmp_path: Path, use: str, found: str) -> None:
    """One use of each kind of mark, among others that are fine."""
    module = tmp_path / "homeassistant" / "helpers" / "old.py"
    module.parent.mkdir(parents=True)
    module.write_text(MARKED)
    marks = read_marks(tmp_path / "homeassistant")
    assert uses(FINE, marks) == []
    (only,) = uses(f"{FINE}\n{use}", marks)
    assert only.endswith(found)


@cache
def renamed_keys() -> dict[str, str]:
    """Return the old keys of automations, and what they are called now.

    Some are marked where they are read, some by a comment beside it.
    """
    automation = (TESTED / "components/automation/config.py").read_text("utf-8")
    keys = {
        getattr(const, old, old.removeprefix("CONF_").lower()): getattr(const, new, new)
        for old, new in re.findall(r"cv\.renamed\((\w+), (\w+)\)", automation)
    }
    common = (TESTED / "helpers/config_validation.py").read_text("utf-8")
    return keys | dict(re.findall(r"`(\w+)` has been renamed to `(\w+)`", common))


def old_keys(node: Any, key: str = "") -> Iterator[str]:
    """Yield the old keys in what a YAML holds.

    Some are the names of other things elsewhere: `trigger: state` says which trigger
    it is, and `platform` which integration a sensor is of.
    """
    if isinstance(node, list):
        for each in node:
            yield from old_keys(each, key)
    if not isinstance(node, dict):
        return
    for name, value in node.items():
        is_part = isinstance(value, list | dict)
        is_old = {
            "platform": key in {"trigger", "triggers"},
            "service": isinstance(value, str),
        }.get(name, is_part)
        if name in renamed_keys() and is_old:
            yield name
        yield from old_keys(value, name)


def test_no_automation_is_deprecated() -> None:
    """In blueprints, and in what people paste."""
    assert renamed_keys() == {
        "action": "actions",
        "condition": "conditions",
        "platform": "trigger",
        "service": "action",
        "trigger": "triggers",
    }
    texts = {path: [path.read_text(encoding="utf-8")] for path in BLUEPRINTS}
    for path in EXAMPLES:
        fenced = re.findall(r"```yaml\n(.*?)```", path.read_text("utf-8"), re.DOTALL)
        texts[path] = fenced
    assert sum(map(len, texts.values())) > 10
    found = {
        path.name: old
        for path, several in texts.items()
        if (old := [key for text in several for key in old_keys(parse_yaml(text))])
    }
    assert found == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("trigger: {trigger: state}", ["trigger"]),
        ("condition: [{condition: state}]", ["condition"]),
        ("actions: [{choose: [{sequence: [{service: a.b}]}]}]", ["service"]),
        ("triggers: [{platform: state}]", ["platform"]),
        ("triggers: [{trigger: state}]\nactions: [{action: a.b}]", []),
        ("sensor: [{platform: template}]", []),
    ],
)
def test_deprecated_automation_is_found(text: str, found: list[str]) -> None:
    assert list(old_keys(yaml.safe_load(text))) == found


# What an element of the frontend says when somebody gives it an old value.
WARNING = re.compile(
    r"""\{((?:\w+:"\w+",?)+)\}.{0,250}?"""
    r"""`\[\$\{\w+\}\] (\w+)="\$\{\w+\}" is deprecated"""
)


@cache
def old_values(frontend: Path) -> dict[str, set[str]]:
    """Return the old values of properties, as far as elements warn of them.

    More cannot be read: the comments in the source are not delivered.
    """
    found: dict[str, set[str]] = {}
    for path in (frontend / "frontend_latest").glob("*.js"):
        text = path.read_text(encoding="utf-8")
        if "is deprecated" in text:
            for values, name in WARNING.findall(text):
                found.setdefault(name, set()).update(re.findall(r"(\w+):", values))
    return found


def old_values_in(text: str, old: dict[str, set[str]]) -> list[str]:
    """Return the old values that a module gives to a property."""
    return [
        f"{name}={value}"
        for name, values in old.items()
        for value in re.findall(rf"""\b{name}["']?\s*[:=]\s*["'`](\w+)["'`]""", text)
        if value in values
    ]


def test_no_value_of_an_element_is_deprecated() -> None:
    old = old_values(hass_frontend.where())
    assert old == {"size": {"small", "medium", "large"}}
    for path in MODULES:
        assert old_values_in(path.read_text(encoding="utf-8"), old) == [], path
    for use in (
        '<ha-button size="small">',
        "{ size: 'small' }",
        "button.size = `small`",
    ):
        assert old_values_in(use, old) == ["size=small"]
    assert old_values_in('<ha-button size="s">', old) == []
