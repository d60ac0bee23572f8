"""The zip of a release. `scripts/package --check` installs it as well."""

import os
from pathlib import Path
import shutil
from zipfile import ZipFile

import pytest

from release.archive import PACKAGE, ReleaseError, notes_of, write_zip
from release.installation import complaints

NOT_TESTED = (
    f"We found a custom integration {PACKAGE.name} which has not been tested by Home"
    " Assistant."
)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a folder with the files that name the version."""
    manifest = tmp_path / "custom_components" / PACKAGE.name / "manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text('{"version": "1.2.3"}')
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    (tmp_path / "CHANGELOG.md").write_text(
        "# Changelog\n\n## Unreleased\n\n## 1.2.30\n\n- Other.\n\n"
        "## 1.2.3 - 2026-11-23\n\n### Added\n\n- More.\n\n"
        "## 1.2.2 - 2026-11-01\n\n- Less.\n"
    )
    return tmp_path


def test_zip_holds_what_the_folder_holds(tmp_path: Path) -> None:
    """At its root, as HACS and the Marketplace unpack it."""
    write_zip(PACKAGE, tmp_path / "a.zip")
    with ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        content = {info.filename: archive.read(info) for info in archive.infolist()}
    assert {"manifest.json", "brand/icon.png", "translations/en.json"} <= set(content)
    assert content == {
        path.relative_to(PACKAGE).as_posix(): path.read_bytes()
        for path in PACKAGE.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


def test_zip_is_the_same_wherever_it_is_made(tmp_path: Path) -> None:
    """Neither times, modes and the order of the files matter, nor caches."""
    copy = tmp_path / "copy"
    shutil.copytree(PACKAGE, copy, copy_function=shutil.copy)
    for path in sorted(copy.rglob("*"), reverse=True):
        os.utime(path, (0, 0))
        path.chmod(0o700)
    (copy / "__pycache__").mkdir(exist_ok=True)
    (copy / "__pycache__" / "other.pyc").touch()
    for folder, name in ((PACKAGE, "a.zip"), (copy, "b.zip")):
        write_zip(folder, tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_release_tells_what_changed(repository: Path) -> None:
    assert notes_of(repository, "v1.2.3") == "### Added\n\n- More.\n"


@pytest.mark.parametrize(
    ("tag", "file", "text", "message"),
    [
        ("1.2.3", None, "", "tag is 1.2.3"),
        ("v1.2.4", None, "", "tag is v1.2.4"),
        (
            "v1.2.3",
            "pyproject.toml",
            '[project]\nversion="1.2.4"',
            "manifest.json says",
        ),
        ("v1.2.3", "CHANGELOG.md", "## Unreleased\n\n- More.\n", "has nothing"),
        (
            "v1.2.3",
            "CHANGELOG.md",
            "## 1.2.3\n\n## 1.2.2\n\n- Less.\n",
            "nothing about",
        ),
    ],
)
def test_release_that_does_not_fit_is_not_made(
    repository: Path, tag: str, file: str | None, text: str, message: str
) -> None:
    if file:
        (repository / file).write_text(text)
    with pytest.raises(ReleaseError, match=message):
        notes_of(repository, tag)


def test_log_without_a_complaint() -> None:
    assert complaints(log_of(NOT_TESTED, "No internet")) == []
    assert complaints(log_of(f"{PACKAGE.name} is back", level="INFO")) == []


@pytest.mark.parametrize(
    "record",
    [
        f"Detected that custom integration '{PACKAGE.name}' does an old thing",
        f'Error\nTraceback:\n  File "custom_components/{PACKAGE.name}/sensor.py"',
        "The deprecated constant A was used",
    ],
)
@pytest.mark.parametrize("level", ["WARNING", "ERROR"])
def test_complaint_in_a_log(record: str, level: str) -> None:
    (found,) = complaints(log_of(NOT_TESTED, record, "No internet", level=level))
    assert found.endswith(record)


def log_of(*messages: str, level: str = "WARNING") -> str:
    """Return a log as Home Assistant writes it."""
    start = f"2026-11-23 19:47:40.896 {level} (MainThread) [homeassistant.x]"
    return "".join(f"{start} {message}\n" for message in messages)
