"""The files of a release. `scripts/package --check` installs the zip as well."""

from hashlib import sha256
import json
import os
from pathlib import Path
import shutil
import subprocess
from typing import Any
from zipfile import ZipFile

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
import pytest

from release.archive import PACKAGE, ReleaseError, notes_of, version_of, write_zip
from release.installation import complaints
from release.sbom import write_checksums, write_sbom
from tests import ROOT

from . import REPOSITORY, load

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


@pytest.fixture
def bill(tmp_path: Path) -> Any:
    """Return the bill of materials of the zip beside it."""
    write_zip(PACKAGE, tmp_path / "a.zip")
    write_sbom(tmp_path / "a.zip", ROOT, tmp_path / "a.json")
    return json.loads((tmp_path / "a.json").read_text())


def test_bill_is_one_that_tools_read(bill: Any) -> None:
    """By the schema of CycloneDX itself."""
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(json.dumps(bill)) is None
    assert validator.validate_str(json.dumps(bill | {"specVersion": 1}))


def test_bill_names_what_there_is(bill: Any, tmp_path: Path) -> None:
    whole = bill["metadata"]["component"]
    assert whole["version"] == version_of(ROOT)
    assert whole["externalReferences"][0]["url"] == REPOSITORY
    platform, *files = bill["components"]
    assert platform["version"] == load("hacs.json")["homeassistant"]
    hashes = {each["name"]: each["hashes"][0]["content"] for each in files}
    with ZipFile(tmp_path / "a.zip") as archive:
        assert hashes == {
            name: sha256(archive.read(name)).hexdigest() for name in archive.namelist()
        }


def test_bill_is_the_same_wherever_it_is_made(bill: Any, tmp_path: Path) -> None:
    """Of the same zip; another zip is another document."""
    write_sbom(tmp_path / "a.zip", ROOT, tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    with ZipFile(tmp_path / "a.zip", "a") as archive:
        archive.writestr("more.py", "")
    write_sbom(tmp_path / "a.zip", ROOT, tmp_path / "b.json")
    other = json.loads((tmp_path / "b.json").read_text())
    assert other["serialNumber"] != bill["serialNumber"]


def test_bill_does_not_leave_out_packages(tmp_path: Path) -> None:
    manifest = '{"requirements": ["some==1"], "version": "1", "name": ""}'
    with ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("manifest.json", manifest)
    with pytest.raises(ReleaseError, match="lacks some==1"):
        write_sbom(tmp_path / "a.zip", ROOT, tmp_path / "a.json")


def test_checksums_are_those_that_people_compare(tmp_path: Path) -> None:
    for name in ("a.zip", "b.json"):
        (tmp_path / name).write_text(name)
    target = tmp_path / "SHA256SUMS"
    write_checksums([tmp_path / "a.zip", tmp_path / "b.json"], target)

    def compare() -> bool:
        command = [shutil.which("sha256sum") or "shasum", "-c", target.name]
        result = subprocess.run(command, cwd=tmp_path, check=False)  # noqa: S603
        return result.returncode == 0

    assert compare()
    (tmp_path / "a.zip").write_text("other")
    assert not compare()


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
