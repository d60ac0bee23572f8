"""Gateways in a process of their own: `python -m benchmarks.gateway`.

Reads what they are to be like, and tells their addresses: a line of JSON each.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from copy import replace
import json
from pathlib import Path
import sys
from tempfile import TemporaryDirectory
import time
from typing import Any, override

from aiohttp import web

from tests.gateway_books import Keeping
from tests.gateway_server import V_API, GatewayServer, ServerAccount, answering
from tests.tls import CertificateAuthority

FIRST_ID = 1000

# Over so many seconds the family counts requests (`GLOBAL_API_RATE_LIMIT_DURATION`).
LIMITED_FOR = 180

# What the cloud of `trmnl` answers, as its client library reads it.
TRMNL_DEVICES = {
    "data": [
        {
            "id": 12345,
            "name": "Benchmark",
            "friendly_id": "ABCDEF",
            "mac_address": "02:00:00:00:00:01",
            "battery_voltage": 3.87,
            "rssi": -64,
            "sleep_mode_enabled": False,
            "sleep_start_time": 1320,
            "sleep_end_time": 480,
            "percent_charged": 72.5,
            "wifi_strength": 50,
        }
    ]
}


class BusyAccount(ServerAccount):
    """An account of which every number changes with every answer."""

    @override
    def base(self) -> dict[str, Any]:
        """Make requests."""
        self.quota -= 777
        self.used_quota += 777
        self.request_count += 3
        return super().base()


class CountingGateway(GatewayServer):
    """A gateway with many accounts, which may limit its requests as the family does."""

    def __init__(self, accounts: int, busy: int = 0, limit: int | None = None) -> None:
        """Open accounts, of which the last `busy` change all the time.

        `limit` is the number of requests it takes within LIMITED_FOR.
        """
        # What the usage costs is measured for itself.
        super().__init__(replace(V_API, books=Keeping(spent=False)))
        for number in range(accounts):
            kind = BusyAccount if number >= accounts - busy else ServerAccount
            self.more_accounts.append(
                kind(id=FIRST_ID + number, access_token=token(number))
            )
        self._limit = limit
        self._times: deque[float] = deque()
        self._refused: list[str] = []

    @override
    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/api/devices":
            return self._json(request, TRMNL_DEVICES)
        if request.path == "/benchmark":
            return web.json_response(self.count())
        now = time.monotonic()
        while self._times and self._times[0] <= now - LIMITED_FOR:
            self._times.popleft()
        if self._limit is not None and len(self._times) >= self._limit:
            self._refused.append(request.headers.get("Authorization", ""))
            return await answering(429)(request)
        self._times.append(now)
        return await super().handle(request)

    def count(self) -> dict[str, Any]:
        """Return what was asked since the last call."""
        paths, refused = self.paths(), self._refused
        self.requests.clear()
        self._refused = []
        return {"paths": paths, "refused": refused}


def token(number: int) -> str:
    """Return the access token of an account by its number."""
    return f"{number:032}"


class ClosingGateway(CountingGateway):
    """A gateway that ends each connection, as all have ended before the next poll."""

    @override
    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        response = await super().handle(request)
        response.force_close()
        return response


@asynccontextmanager
async def gateways(
    *,
    number: int = 1,
    accounts: int = 1,
    busy: int = 0,
    limit: int | None = None,
    tls: bool = False,
) -> AsyncGenerator[list[str]]:
    """Run gateways, each with so many accounts. Yields their addresses.

    With TLS, each answer has a connection of its own.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.gateway",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    wanted = {"accounts": accounts, "busy": busy, "limit": limit}
    process.stdin.write(f"{json.dumps([[tls, wanted]] * number)}\n".encode())
    try:
        yield json.loads(await process.stdout.readline())
    finally:
        process.stdin.close()
        await process.wait()


async def main() -> None:
    """Run what standard input asks for, until it is closed."""
    servers = []
    for tls, wanted in json.loads(sys.stdin.readline()):
        server = (ClosingGateway if tls else CountingGateway)(**wanted)
        with TemporaryDirectory(prefix="llm_gateway_account_") as folder:
            context = CertificateAuthority(Path(folder)).server_context()
            await server.start(tls=context if tls else None)
        servers.append(server)
    print(json.dumps([server.url for server in servers]), flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
