"""What Home Assistant's source marks as deprecated, and where Python code uses it.

Nothing is imported: marks and uses are read from the syntax trees.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

# What reports a use, wherever it stands before a function does anything else.
_REPORTS = ("report_usage", "_report_deprecat", "_print_deprecation")

type _Scoped = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass
class Marks:
    """What is deprecated."""

    names: set[tuple[str, str]] = field(default_factory=set)
    """Modules, and what not to import from them."""
    members: dict[str, str] = field(default_factory=dict)
    """The classes of methods and properties, by the names of these."""
    values: set[tuple[str, str]] = field(default_factory=set)
    """Enumerations, and values of them."""
    parameters: set[str] = field(default_factory=set)
    """What not to say of a device."""


def read_marks(package: Path) -> Marks:
    """Return what the modules of a package mark, `homeassistant` being its folder."""
    marks = Marks()
    for path in sorted(package.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "eprecat" in text or _REPORTS[0] in text:
            parts = path.relative_to(package.parent).with_suffix("").parts
            module = ".".join(parts).removesuffix(".__init__")
            _read(ast.parse(text).body, module, marks)
    return marks


def _read(body: list[ast.stmt], module: str, marks: Marks) -> None:
    for node in body:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=value)
            ) if name.startswith("_DEPRECATED_"):
                if name.endswith("_PARAMETERS") and isinstance(value, ast.Dict):
                    marks.parameters |= {
                        str(ast.literal_eval(k)) for k in value.keys if k
                    }
                else:
                    marks.names.add((module, name.removeprefix("_DEPRECATED_")))
            case ast.ClassDef():
                _read_class(node, module, marks)
            case ast.FunctionDef() | ast.AsyncFunctionDef() if _is_marked(node):
                marks.names.add((module, node.name))


def _read_class(node: ast.ClassDef, module: str, marks: Marks) -> None:
    if _is_marked(node):
        marks.names.add((module, node.name))
    for keyword in node.keywords:
        if keyword.arg == "deprecated" and isinstance(keyword.value, ast.Dict):
            keys = keyword.value.keys
            marks.values |= {(node.name, str(ast.literal_eval(k))) for k in keys if k}
    for each in node.body:
        if not isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if _is_marked(each) and each.name == "__init__":
            marks.names.add((module, node.name))
        elif _is_marked(each) and not each.name.startswith("_"):
            marks.members[each.name] = node.name


def _is_marked(node: _Scoped) -> bool:
    """Tell whether whoever uses it is always told."""
    if any(_name(each).startswith("deprecated") for each in node.decorator_list):
        return True
    if isinstance(node, ast.ClassDef):
        return False
    for statement in node.body:
        if isinstance(statement, ast.Expr) and _name(statement.value).startswith(
            _REPORTS
        ):
            return True
        if any(isinstance(each, ast.Return) for each in ast.walk(statement)):
            break
    return False


def _name(node: ast.expr) -> str:
    """Return the last part of the name of what is called or used."""
    match node:
        case ast.Call(func=function):
            return _name(function)
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def _path(node: ast.expr) -> str:
    """Return the whole name, such as `homeassistant.const`; nothing if it is none."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=name):
            return f"{_path(value)}.{name}"
    return ""


def uses(source: str, marks: Marks) -> list[str]:
    """Return what a module uses of what is marked."""
    tree = ast.parse(source)
    modules: dict[str, str] = {}
    found: list[str] = []
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                modules |= {each.asname or each.name: each.name for each in names}
            case ast.ImportFrom(module=str(module), names=names, level=0):
                for each in names:
                    modules[each.asname or each.name] = f"{module}.{each.name}"
                    if _is_name(marks, module, each.name):
                        found.append(f"{module}.{each.name}")
    found += _attributes(tree, modules, marks)
    return sorted(found)


def _is_name(marks: Marks, module: str, name: str) -> bool:
    """Tell whether a name is marked in a module, or in one that it may come from."""
    return any(
        name == marked and f"{where}.".startswith(f"{module}.")
        for where, marked in marks.names
    )


def _attributes(tree: ast.AST, modules: dict[str, str], marks: Marks) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=value, attr=name):
                owner = _name(value)
                module = modules.get(_path(value), "")
                # A class that is renamed when it is imported keeps its name here.
                of_enumeration = module.rpartition(".")[2] or owner
                if module and _is_name(marks, module, name):
                    yield f"{module}.{name}"
                elif (of_enumeration, name) in marks.values:
                    yield f"{of_enumeration}.{name}"
                elif name in marks.members and not _is_another(owner, name):
                    yield f"{marks.members[name]}.{name}"
            case ast.Call(keywords=keywords) if _name(node) in {
                "DeviceInfo",
                "async_get_or_create",
            }:
                for each in keywords:
                    if each.arg in marks.parameters:
                        yield f"{_name(node)}({each.arg})"


def _is_another(owner: str, name: str) -> bool:
    """Tell whether it is what Home Assistant itself has, not a device."""
    return owner == "hass" and name == "config_entries"
