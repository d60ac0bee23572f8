"""The documents and lists of versions, and what none of the files may hold."""

import re
import subprocess

import pytest

from e2e.shown import RECORD, shown
from tests import PACKAGE, ROOT
from tests.gateway_server import ACCESS_TOKEN, PLANTED_SECRETS

from . import REPOSITORY, load, read

# What the tests plant on purpose.
PLANTED = {
    ACCESS_TOKEN,
    "0f1e2d3c4b5a69788796a5b4c3d2e1f0",  # pragma: allowlist secret
    PLANTED_SECRETS["email"],
    "me@api.iqqz.com",
    "pw@api.iqqz.com",
    "a.b@c.example",
    "p@new.example",
    "pw@x.example",
}

# Lines.
TWO_SCREENS = 180

DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
)


@pytest.mark.parametrize("name", ["docs", "e2e", "test", "test_oldest"])
def test_every_version_is_locked(name: str) -> None:
    for line in read(f"requirements_{name}.txt").splitlines():
        if line and not line.startswith("#"):
            assert re.match(r"[A-Za-z0-9._\[\],-]+==[^ ]+( ; .+)?$", line), line


def test_versions_of_home_assistant() -> None:
    """What the READMEs and HACS promise is what the tests and the walk run with."""
    newest, tested, oldest = (
        re.findall("^homeassistant==(.+)$", read(name), re.MULTILINE)[0]
        for name in (
            "requirements_e2e.txt",
            "requirements_test.txt",
            "requirements_test_oldest.txt",
        )
    )
    floor = load("hacs.json")["homeassistant"]
    assert floor.rpartition(".")[0] == oldest.rpartition(".")[0]
    for name in ("README.md", "README.zh-CN.md"):
        for promised in (newest, tested, oldest, floor.removesuffix(".0")):
            assert re.search(rf"(?<![\d.]){promised}(?!\.?\d)", read(name)), promised


def test_scripts_run_with_the_bash_of_macos() -> None:
    """It takes an empty list for a variable that was never set."""
    for path in (ROOT / "scripts").iterdir():
        script = path.read_text(encoding="utf-8")
        for name in re.findall(r"\b(\w+)=\(\)", script):
            asked = re.findall(rf'(.{{{len(name) + 6}}})"\${{{name}\[@\]}}"', script)
            assert set(asked) == {f"${{{name}[@]+"}, path


def test_no_file_holds_a_secret() -> None:
    """No token, key or address of a person in any file, be it code or picture."""
    listed = subprocess.run(
        ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"),  # noqa: S607
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    checked = 0
    for path in paths:
        if not path.is_file():
            continue
        checked += 1
        content = path.read_bytes()
        if path.suffix == ".png":
            # Text of any kind: tEXt, zTXt, iTXt, eXIf.
            assert not re.search(rb"[tz]TXt|tEXt|iTXt|eXIf", content), path
            continue
        assert secrets_in(content.decode()) <= PLANTED, path
    assert checked > 150


def secrets_in(text: str) -> set[str]:
    """Return what looks like a token, a key for the models or an e-mail address."""
    tokens = re.findall(
        r"(?<![\w+/=.-])(?=[A-Za-z+/]*[0-9])(?=[0-9+/]*[A-Za-z])"
        r"[A-Za-z0-9+/]{28,32}={0,2}(?![\w+/=-])",
        text,
    )
    keys = re.findall(r"\bsk-[A-Za-z0-9]{16,}", text)
    addresses = re.findall(r"[\w.+-]+@(?!2x)(?:[\w-]+\.)+[A-Za-z]{2,}", text)
    return {*tokens, *keys, *addresses}


@pytest.mark.parametrize(
    "secret",
    [
        ACCESS_TOKEN[::-1],
        "0123456789" + "abcdefghijklmnopqr",
        "ABCDEFGH+/0123456789" + "klmnopqrst==",
        "sk-" + "0123456789abcdef",
        "me" + "@mail.test",
    ],
)
def test_secret_would_be_found(secret: str) -> None:
    for text in (secret, f'"{secret}"', f"token: {secret}\n", f"Bearer {secret},"):
        assert secrets_in(text) == {secret}


def anchors(text: str) -> list[str]:
    """Return what a link can lead to: headings, but no comments of examples.

    Some name their anchor: `## Heading { #anchor }`.
    """
    text = re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)
    return [
        named or re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading, named in re.findall(
            r"^#+ (.*?)(?: { #(\w[\w-]*) })?$", text, re.MULTILINE
        )
    ]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name: str) -> None:
    """Files that are there, and headings of this document or of another one."""
    for link in re.findall(r"(?:\]\(|src=\")([^)\s\"]+)[)\"]", read(name)):
        if link.startswith(f"{REPOSITORY}/blob/main/"):
            file, _, _ = link.removeprefix(f"{REPOSITORY}/blob/main/").partition("#")
            assert (ROOT / file).exists(), link
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / name).parent / path if path else ROOT / name
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), link


@pytest.mark.parametrize("name", DOCUMENTS)
def test_files_that_are_named_are_there(name: str) -> None:
    for path in re.findall(r"`((?:tests|scripts|docs|e2e|demo)/[\w./-]+)`", read(name)):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_heading_has_an_anchor_of_its_own(name: str) -> None:
    found = anchors(read(name))
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_readme_is_read_in_a_few_minutes(name: str) -> None:
    """A word of Chinese is two characters, more or less."""
    text = read(name)
    characters = re.findall(r"[\u4e00-\u9fff]", text)
    assert len(text.split()) + len(characters) / 2 <= 1500


@pytest.mark.parametrize("name", ["dashboard", "setup", "alerts"])
def test_every_picture_is_there_in_both_languages(name: str) -> None:
    for end in ("", ".zh-CN"):
        assert f"docs/images/{name}{end}.png" in read(f"README{end}.md")


def test_layout_is_the_one_there_is() -> None:
    """What newcomers read first names no file that is gone, and leaves none out."""
    page = read("docs/architecture.md")
    names = re.findall(r"`(?:\.\.\./)?([\w./]+)`", page)
    inner = (PACKAGE / each for each in ("gateway", "spending", "frontend"))
    folders = (ROOT, PACKAGE, *inner)
    for name in names:
        assert any((folder / name).exists() for folder in folders), name
    modules = {each.name for folder in folders[1:3] for each in folder.glob("*.py")}
    assert modules - {*names} == {"const.py"}


def test_what_newcomers_read_first_is_short() -> None:
    page = read("docs/architecture.md")
    names = re.findall(r"^\d+\. `(.*?)`", page, re.MULTILINE)
    assert len(names) == 10
    for name in names:
        assert len((PACKAGE / name).read_text().splitlines()) <= TWO_SCREENS, name


def test_pictures_show_what_there_is() -> None:
    assert RECORD.read_text(encoding="utf-8") == shown(), (
        "what the pictures show has changed: scripts/e2e --pictures takes them anew"
    )
