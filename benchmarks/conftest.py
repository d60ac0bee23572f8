"""Fixtures of the measurements that pytest runs: those of the tests, and some more."""

import logging

import pytest

from custom_components.llm_gateway_account.gateway.client import (
    ACCOUNT_PATH,
    STATUS_PATH,
)
from custom_components.llm_gateway_account.gateway.transport import Transport
from homeassistant.components.recorder.core import Recorder
from tests.conftest import *  # noqa: F403

POLLS = {ACCOUNT_PATH, STATUS_PATH}


@pytest.fixture
def silence(recorder_mock: Recorder, caplog: pytest.LogCaptureFixture) -> None:
    """Log no statements of the database, which pytest would keep in memory."""
    caplog.set_level(logging.WARNING)
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Return a list that gets path and bytes of each answer but those of polls."""
    answers: list[tuple[str, int]] = []
    get = Transport.async_get

    async def counted(
        self: Transport, path: str, *args: object, **more: object
    ) -> object:
        answer = await get(self, path, *args, **more)  # type: ignore[arg-type]
        if path not in POLLS:
            answers.append((path, len(answer.body)))
        return answer

    monkeypatch.setattr(Transport, "async_get", counted)
    return answers
