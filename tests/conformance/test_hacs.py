"""What HACS and the Marketplace ask of a repository."""

from custom_components.llm_gateway_account.const import DOMAIN
from tests import ROOT

from . import load, read


def test_hacs() -> None:
    """No key that is not known: HACS forbids them."""
    assert load("hacs.json") == {
        "name": "LLM Gateway Account",
        "homeassistant": "2026.9.0",
        "zip_release": True,
        "filename": f"{DOMAIN}.zip",
    }


def test_there_is_one_integration() -> None:
    assert [
        path.name
        for path in (ROOT / "custom_components").iterdir()
        if path.name != "__pycache__"
    ] == [DOMAIN]


def test_licence_is_one_that_is_recognised() -> None:
    """GitHub compares the words with those of MIT."""
    licence = " ".join(read("LICENSE").split())
    assert licence.startswith("MIT License Copyright (c) 2026 ")
    for words in (
        "Permission is hereby granted, free of charge, to any person obtaining a copy",
        "The above copyright notice and this permission notice shall be included in",
        'THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND',
    ):
        assert words in licence
    assert licence.endswith("OR OTHER DEALINGS IN THE SOFTWARE.")
    assert "MIT" in read("README.md")
