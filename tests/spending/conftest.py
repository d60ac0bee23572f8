"""No fixtures of Home Assistant: the arithmetic does not know it."""

import pytest


@pytest.fixture(autouse=True)
def auto_enable() -> None:
    """Start no Home Assistant, other than for the tests of the integration."""
