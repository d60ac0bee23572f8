"""Fixtures of the measurements that pytest runs: those of the tests, and some more."""

import logging

import pytest

from custom_components.llm_gateway_account.gateway.transport import Transport
from homeassistant.components.recorder.core import Recorder
from tests.conftest import *  # noqa: F403

POLLS = {"/api/user/self", "/api/status"}


@pytest.fixture
def silence(recorder_mock: Recorder, caplog: pytest.LogCaptureFixture) -> None:
    """Log no statements of the database, which pytest would keep in memory."""
    caplog.set_level(logging.WARNING)
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that gets the bytes of each answer, as they are read."""
    sizes: list[int] = []
    get = Transport.async_get

    async def counted(
        self: Transport, path: str, *args: object, **more: object
    ) -> object:
        answer = await get(self, path, *args, **more)  # type: ignore[arg-type]
        if f"/{path}" not in POLLS:
            sizes.append(len(answer.body))
        return answer

    monkeypatch.setattr(Transport, "async_get", counted)
    return sizes
