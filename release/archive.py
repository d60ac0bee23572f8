"""The zip of a release: the content of the integration's folder."""

import json
from pathlib import Path
import re
import tomllib
from zipfile import ZipFile, ZipInfo

ROOT = Path(__file__).parent.parent
DOMAIN = "llm_gateway_account"
PACKAGE = ROOT / "custom_components" / DOMAIN

# The first moment a zip can hold.
_NO_TIME = (1980, 1, 1, 0, 0, 0)
_READABLE_FILE = 0o100644 << 16


class ReleaseError(Exception):
    """What keeps a release from being made, in words for the terminal."""


def write_zip(folder: Path, target: Path) -> None:
    """Write the files of a folder to a zip: the same files, the same bytes.

    Nothing is compressed, since each build of zlib has bytes of its own.
    """
    files = {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with ZipFile(target, "w") as archive:
        for name, path in sorted(files.items()):
            info = ZipInfo(name, _NO_TIME)
            info.external_attr = _READABLE_FILE
            # The one of Windows would be another byte.
            info.create_system = 3
            archive.writestr(info, path.read_bytes())


def version_of(root: Path) -> str:
    """Return the version. Raises ReleaseError if two files disagree about it."""
    manifest = root / PACKAGE.relative_to(ROOT) / "manifest.json"
    version: str = json.loads(manifest.read_text(encoding="utf-8"))["version"]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    if (other := project["project"]["version"]) != version:
        raise ReleaseError(f"manifest.json says {version}, pyproject.toml {other}.")
    return version


def notes_of(root: Path, tag: str) -> str:
    """Return what the changelog says of the release that a tag names.

    Raises ReleaseError if the tag is not that of the version, or the changelog
    has nothing about it.
    """
    version = version_of(root)
    if tag != f"v{version}":
        raise ReleaseError(f"The tag is {tag}, but the version is {version}.")
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    section = re.search(
        rf"^## {re.escape(version)}(?: [^\n]*)?\n(.*?)(?=^## |\Z)",
        changelog,
        re.MULTILINE | re.DOTALL,
    )
    if not section or not (notes := section[1].strip()):
        raise ReleaseError(f"CHANGELOG.md has nothing about {version}.")
    return f"{notes}\n"
