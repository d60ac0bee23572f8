"""Fixtures for the client alone, without Home Assistant."""

from collections.abc import AsyncGenerator, Callable
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from custom_components.llm_gateway_account.gateway import Access, GatewayClient, Limiter
from tests.gateway_server import ACCESS_TOKEN, USER_ID, GatewayServer
from tests.tls import CertificateAuthority

# What eight servers of the family answer: the fields are theirs, the values invented.
RECORDED: dict[str, Any] = json.loads(
    Path(__file__).with_name("recorded.json").read_text(encoding="utf-8")
)

type ClientFactory = Callable[..., GatewayClient]


@pytest.fixture
async def create_client(
    gateway: GatewayServer, authority: CertificateAuthority
) -> AsyncGenerator[ClientFactory]:
    """Return a factory of clients for the account at the gateway."""
    connector = aiohttp.TCPConnector(ssl=authority.client_context())
    async with aiohttp.ClientSession(connector=connector) as session:

        def create(**changes: Any) -> GatewayClient:
            arguments: dict[str, Any] = {
                "session": session,
                "url": gateway.url,
                "user_id": str(USER_ID),
                "access_token": ACCESS_TOKEN,
                "limiter": Limiter(),
                "user_agent": "test/1",
            }
            return GatewayClient(Access(**(arguments | changes)))

        yield create


@pytest.fixture
def client(create_client: ClientFactory) -> GatewayClient:
    """Return a client for the account at the gateway."""
    return create_client()


@pytest.fixture(autouse=True)
def unlimited() -> None:
    """Ask as often as outside of tests."""
