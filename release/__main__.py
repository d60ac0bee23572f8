"""`python -m release`: what `scripts/package` runs."""

import argparse
import asyncio
import sys

from demo.instance import DemoError

from .archive import (
    DOMAIN,
    PACKAGE,
    ROOT,
    ReleaseError,
    notes_of,
    version_of,
    write_zip,
)
from .installation import check_installation
from .sbom import write_checksums, write_sbom

DIST = ROOT / "dist"


def main() -> None:
    """Make the files of a release.

    Raises ReleaseError, or DemoError, if they are of no use.
    """
    parser = argparse.ArgumentParser(
        prog="scripts/package",
        description=f"Makes dist/{DOMAIN}.zip, its bill of materials and checksums.",
    )
    parser.add_argument(
        "--tag",
        help="the release's, such as v1.2.3: has to fit the version, and CHANGELOG.md"
        " has to speak of it; that goes to dist/notes.md",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="install it in an empty Home Assistant, use it there and read the log",
    )
    arguments = parser.parse_args()
    version = version_of(ROOT)
    DIST.mkdir(exist_ok=True)
    if arguments.tag:
        notes = notes_of(ROOT, arguments.tag)
        if not (ROOT / "tests" / "fixtures" / "releases" / version).is_dir():
            raise ReleaseError(
                f"Later versions have nothing of {version} to begin with:"
                " run python -m release.fixture, and commit what it writes."
            )
        (DIST / "notes.md").write_text(notes, encoding="utf-8")
    archive = DIST / f"{DOMAIN}.zip"
    write_zip(PACKAGE, archive)
    bill = archive.with_suffix(".cdx.json")
    write_sbom(archive, ROOT, bill)
    write_checksums([archive, bill], DIST / "SHA256SUMS")
    print(f"package: {archive.relative_to(ROOT)} holds {version}")
    if arguments.check:
        asyncio.run(check_installation(archive))
        print("package: installed in an empty Home Assistant, it works there")


if __name__ == "__main__":
    try:
        main()
    except (ReleaseError, DemoError) as err:
        sys.exit(f"package: {err}")
