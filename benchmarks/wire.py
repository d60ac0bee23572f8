"""What goes over the wire: `python -m benchmarks.wire` counts the bytes of polls.

Between Home Assistant and a gateway with TLS stands a relay that counts. A connection
is kept for fifteen seconds, and the next poll comes after five minutes, so a poll is
measured when the connection of the last one is gone; and another right after it.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from copy import replace
import json
from pathlib import Path
import sys
from tempfile import TemporaryDirectory

from homeassistant.core import HomeAssistant
from tests.gateway_books import Keeping
from tests.gateway_server import ACCESS_TOKEN, USER_ID, V_API, GatewayServer
from tests.tls import CertificateAuthority

from .core import account_entry, home_assistant, run
from .rest import Poll, rest_config, set_up_rest

# More than the fifteen seconds for which aiohttp keeps a connection.
PAUSE = 17

# The first byte of what each side sends, if that is a TLS handshake (RFC 8446, 5.1).
HANDSHAKE = 22


class Relay:
    """Passes everything on to a port on loopback, and counts it."""

    def __init__(self, port: int) -> None:
        """Pass nothing on yet."""
        self.counts: Counter[str] = Counter()
        self._port = port

    async def handle(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Pass one connection on, until a side ends it."""
        self.counts["connections"] += 1
        gateway_reader, gateway_writer = await asyncio.open_connection(
            "127.0.0.1", self._port
        )
        await asyncio.gather(
            self._pass(reader, gateway_writer, "sent"),
            self._pass(gateway_reader, writer, "received"),
            return_exceptions=True,
        )

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: str
    ) -> None:
        is_first = way == "sent"
        while data := await reader.read(65_536):
            if is_first:
                self.counts["handshakes"] += data[0] == HANDSHAKE
                is_first = False
            self.counts[way] += len(data)
            writer.write(data)
        writer.close()


@asynccontextmanager
async def relayed_gateway() -> AsyncGenerator[tuple[GatewayServer, Relay, str]]:
    """Run a gateway with TLS behind a relay. Yields both, and the address."""
    with TemporaryDirectory(prefix="llm_gateway_account_") as folder:
        authority = CertificateAuthority(Path(folder))
        gateway = GatewayServer(replace(V_API, books=Keeping(spent=False)))
        await gateway.start(tls=authority.server_context())
    relay = Relay(gateway.port)
    server = await asyncio.start_server(relay.handle, "127.0.0.1")
    port = server.sockets[0].getsockname()[1]
    try:
        yield gateway, relay, f"https://127.0.0.1:{port}"
    finally:
        server.close()
        await gateway.stop()


async def ours(hass: HomeAssistant, url: str) -> Poll:
    """Set up the account; return its poll."""
    entry = account_entry(url, USER_ID, ACCESS_TOKEN, verify_ssl=False)
    await hass.config_entries.async_add(entry)
    await hass.async_block_till_done(wait_background_tasks=True)
    poll: Poll = entry.runtime_data.account.async_refresh
    return poll


async def rest(hass: HomeAssistant, url: str) -> Poll:
    """Set up the same with `rest:`; return its poll."""
    config = {**rest_config(url, USER_ID, ACCESS_TOKEN), "verify_ssl": False}
    (poll,) = await set_up_rest(hass, config)
    return poll


async def main() -> None:
    """Count a poll of each from afresh, and one right after it."""
    figures = {}
    async with home_assistant() as hass:
        for name, set_up in (("ours", ours), ("rest", rest)):
            async with relayed_gateway() as (gateway, relay, url):
                poll = await set_up(hass, url)
                await asyncio.sleep(PAUSE)
                for when in ("afresh", "right_after"):
                    gateway.requests.clear()
                    relay.counts.clear()
                    await poll()
                    # What a server sends after its answer belongs to it.
                    await asyncio.sleep(0.1)
                    figures[f"{name}_{when}"] = {
                        "requests": len(gateway.requests),
                        **relay.counts,
                    }
    json.dump(figures, sys.stdout)


if __name__ == "__main__":
    run(main())
