"""Fixtures for the client alone, without Home Assistant."""

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
import socket
from socketserver import BaseRequestHandler, ThreadingTCPServer
import ssl
from threading import Thread
from typing import Any

import aiohttp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
import pytest

from custom_components.llm_gateway_account.gateway import GatewayClient
from tests.gateway_server import ACCESS_TOKEN, USER_ID, GatewayServer

type ClientFactory = Callable[..., GatewayClient]


@pytest.fixture
async def create_client(gateway: GatewayServer) -> AsyncGenerator[ClientFactory]:
    """Return a factory of clients for the account at the gateway."""
    async with aiohttp.ClientSession() as session:

        def create(**changes: Any) -> GatewayClient:
            arguments = {
                "url": gateway.url,
                "user_id": str(USER_ID),
                "access_token": ACCESS_TOKEN,
                "user_agent": "test/1",
            }
            return GatewayClient(session, **(arguments | changes))

        yield create


@pytest.fixture
def client(create_client: ClientFactory) -> GatewayClient:
    """Return a client for the account at the gateway."""
    return create_client()


@pytest.fixture
def self_signed_url(tmp_path: Path) -> Generator[str]:
    """Run a TLS server with a self-signed certificate, and return its address.

    In a thread of its own: the event loop's would report each client that leaves
    during the handshake as a failure of the test.
    """
    context = _self_signed_context(tmp_path / "server.pem")

    class Handler(BaseRequestHandler):
        request: socket.socket

        def handle(self) -> None:
            with suppress(OSError):
                context.wrap_socket(self.request, server_side=True).recv(1)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"https://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def _self_signed_context(pem: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context
