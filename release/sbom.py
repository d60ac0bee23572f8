"""What a zip is made of: a bill of materials, and checksums for people to compare.

The bill is CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json), without a time and
with a serial number made from the content: the same zip has the same bill.
"""

from hashlib import sha256
import json
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from zipfile import ZipFile

from .archive import ReleaseError

GITHUB = "https://github.com/"


def write_sbom(archive: Path, root: Path, target: Path) -> None:
    """Write the files of a zip with their hashes, and what it runs in.

    `root` is the repository, whose hacs.json names the oldest Home Assistant. Raises
    ReleaseError if the manifest asks for packages, which are not listed here.
    """
    hacs = json.loads((root / "hacs.json").read_text(encoding="utf-8"))
    bill = _bill(archive, hacs["homeassistant"])
    target.write_text(f"{json.dumps(bill, indent=2)}\n", encoding="utf-8")


def write_checksums(files: list[Path], target: Path) -> None:
    """Write what `sha256sum -c` reads, for files beside the target."""
    lines = [f"{_digest(each.read_bytes())}  {each.name}\n" for each in files]
    target.write_text("".join(lines), encoding="utf-8")


def _bill(archive: Path, oldest: str) -> dict[str, Any]:
    digest = _digest(archive.read_bytes())
    with ZipFile(archive) as content:
        manifest = json.loads(content.read("manifest.json"))
        files = [
            {
                "type": "file",
                "bom-ref": f"file:{name}",
                "name": name,
                "hashes": _hashes(_digest(content.read(name))),
            }
            for name in content.namelist()
        ]
    if manifest["requirements"]:
        raise ReleaseError(f"The bill lacks {', '.join(manifest['requirements'])}.")
    repository = manifest["documentation"]
    package = f"pkg:github/{repository.removeprefix(GITHUB)}@v{manifest['version']}"
    platform = f"pkg:pypi/homeassistant@{oldest}"
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, f'{repository}#{digest}')}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": package,
                "name": manifest["name"],
                "version": manifest["version"],
                "purl": package,
                "hashes": _hashes(digest),
                "licenses": [{"license": {"id": "MIT"}}],
                "externalReferences": [{"type": "vcs", "url": repository}],
            },
        },
        "components": [
            {
                "type": "platform",
                "bom-ref": platform,
                "name": "Home Assistant",
                "version": oldest,
                "description": "This version or a newer one; brings all packages",
                "purl": platform,
            },
            *files,
        ],
        "dependencies": [{"ref": package, "dependsOn": [platform]}],
    }


def _hashes(digest: str) -> list[dict[str, str]]:
    return [{"alg": "SHA-256", "content": digest}]


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()
