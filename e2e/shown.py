"""What the pictures of the documents show, to tell when they are too old."""

from hashlib import sha256

from . import ROOT

RECORD = ROOT / "docs" / "images" / "shown.sha256"

_PACKAGE = "custom_components/llm_gateway_account"
_FILES = (
    f"{_PACKAGE}/config_flow.py",
    *sorted(
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / _PACKAGE / "frontend").glob("*.js")
    ),
    f"{_PACKAGE}/translations/en.json",
    f"{_PACKAGE}/translations/zh-Hans.json",
    "demo/scenes.py",
    "demo/simulation.py",
    "tests/gateway_past.py",
)


def shown() -> str:
    """Return the files that make what the pictures show, as sha256sum would."""
    return "".join(
        f"{sha256((ROOT / file).read_bytes()).hexdigest()}  {file}\n" for file in _FILES
    )
