"""What breaks at the newest of everything, as `scripts/newest` tells it."""

import os
from pathlib import Path
import shutil
import subprocess

import pytest

from tests import ROOT

LOCKED = "aiohttp==3.1.0\nhomeassistant==2026.9.4\nsix==1.0 ; os_name == 'nt'\n"
NEWEST = "aiohttp==3.1.0\nhomeassistant==2027.1.0\nsix==1.1 ; os_name == 'nt'\nnew==1\n"

ROWS = [
    "| homeassistant | 2026.9.4 | 2027.1.0 |",
    "| new |  | 1 |",
    "| six | 1.0 | 1.1 |",
]
FAILED = "FAILED tests/test_a.py::test_b[c] - DeprecationWarning: d"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository with the script, and others in place of what it calls."""
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    shutil.copy(ROOT / "scripts" / "newest", scripts)
    (tmp_path / "requirements_test.txt").write_text(LOCKED)
    (tmp_path / "newest.txt").write_text(NEWEST)
    write(scripts / "lock", "cp newest.txt requirements_test.txt")
    write(scripts / "test", "echo fine")
    git(tmp_path, "init", "--quiet")
    commit(tmp_path)
    return tmp_path


def write(script: Path, command: str) -> None:
    """Write a script."""
    script.write_text(f"#!/bin/sh\n{command}\n")
    script.chmod(0o755)


def git(folder: Path, *arguments: str) -> str:
    """Call git as somebody."""
    who = ("-c", "user.name=a", "-c", "user.email=planted-mail@example.invalid")
    command = [shutil.which("git") or "git", *who, *arguments]
    return subprocess.run(  # noqa: S603
        command, cwd=folder, check=True, capture_output=True, text=True
    ).stdout


def commit(repository: Path) -> None:
    """Commit all there is."""
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message", "All")


def newest(repository: Path, *arguments: str) -> tuple[int, str]:
    """Return how the script ended, and what it wrote for the page of the run."""
    page = repository.parent / "page.md"
    page.write_text("")
    result = subprocess.run(  # noqa: S603
        [repository / "scripts" / "newest", *arguments],
        env=os.environ | {"GITHUB_STEP_SUMMARY": str(page)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert page.read_text() in result.stdout
    return result.returncode, page.read_text()


def test_all_is_well(repository: Path) -> None:
    """Nothing of the folder has changed."""
    status, page = newest(repository, "tests")
    assert status == 0
    title, *rows = page.splitlines()
    assert title == "## tests at the newest of everything: passed"
    assert rows[-len(ROWS) :] == ROWS
    assert "aiohttp" not in page
    assert git(repository, "status", "--porcelain") == ""
    assert len(git(repository, "worktree", "list").splitlines()) == 1


@pytest.mark.parametrize(
    ("script", "command", "told"),
    [
        ("test", f"echo a; echo '{FAILED}'; echo '= 1 failed ='; exit 1", [FAILED]),
        ("test", "echo a; echo b >&2; exit 3", ["a", "b"]),
        ("lock", "echo 'No solution found'; exit 1", ["No solution found"]),
    ],
)
def test_something_breaks(
    repository: Path, script: str, command: str, told: list[str]
) -> None:
    """By the names of the tests, or by how the output ends."""
    write(repository / "scripts" / script, command)
    commit(repository)
    status, page = newest(repository, "tests")
    assert status == 1
    title, _, *lines = page.splitlines()
    assert title == "## tests at the newest of everything: failed"
    assert lines[: lines.index("```")] == told
    assert (ROWS[0] in lines) is (script == "test")


def test_unknown_part(repository: Path) -> None:
    assert newest(repository, "everything") == (2, "")
