"""The fixtures of the tests, for what is measured in time that passes at once."""

from tests.conftest import *  # noqa: F403
