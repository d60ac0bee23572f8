"""The images that Home Assistant and HACS show."""

import struct

import pytest

from tests import PACKAGE

NAMES = {"icon": 256, "icon@2x": 512, "logo": 192, "logo@2x": 384}


@pytest.mark.parametrize(("name", "height"), list(NAMES.items()))
@pytest.mark.parametrize("prefix", ["", "dark_"])
def test_brand(name: str, height: int, prefix: str) -> None:
    image = (PACKAGE / "brand" / f"{prefix}{name}.png").read_bytes()
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    width, actual_height = struct.unpack(">II", image[16:24])
    assert actual_height == height
    assert width == height or name.startswith("logo")
