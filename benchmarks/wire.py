"""A poll at home: `python -m benchmarks.wire` counts its bytes and its CPU time.

A connection is kept for fifteen seconds, and the next poll comes after five minutes:
each has a connection of its own, with TLS. Where bytes are counted, and no time, a
relay stands between Home Assistant and the gateway.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
import json
import sys

from homeassistant.core import HomeAssistant

from .core import account_entry, home_assistant, run, unlimited
from .gateway import FIRST_ID, gateways, token
from .polls import measure
from .rest import Poll, rest_config, set_up_rest

ROUNDS = 100

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
async def relayed(url: str) -> AsyncGenerator[tuple[Relay, str]]:
    """Put a relay before a gateway. Yields it and its address."""
    relay = Relay(int(url.rpartition(":")[2]))
    server = await asyncio.start_server(relay.handle, "127.0.0.1")
    try:
        yield relay, f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def ours(hass: HomeAssistant, *urls: str) -> list[Poll]:
    """Set up an account at each address; return the polls."""
    entries = [
        account_entry(url, FIRST_ID + number, token(number), verify_ssl=False)
        for number, url in enumerate(urls)
    ]
    for entry in entries:
        await hass.config_entries.async_add(entry)
    await hass.async_block_till_done(wait_background_tasks=True)
    return [entry.runtime_data.account.async_refresh for entry in entries]


async def rest(hass: HomeAssistant, *urls: str) -> list[Poll]:
    """Set up the same with `rest:`; return the polls."""
    configs = (
        rest_config(url, FIRST_ID + number, token(number))
        for number, url in enumerate(urls)
    )
    return await set_up_rest(hass, *({**each, "verify_ssl": False} for each in configs))


async def count(poll: Poll, relay: Relay) -> dict[str, int]:
    """Return what a poll sends and receives."""
    relay.counts.clear()
    await poll()
    # The end of the connection belongs to it.
    await asyncio.sleep(0.1)
    return {**relay.counts}


async def main() -> None:
    """Count a poll of each, and measure its CPU time."""
    async with (
        home_assistant() as hass,
        gateways(accounts=2, tls=True) as (url,),
        relayed(url) as (relay, counted),
    ):
        with unlimited():
            counted_ours, timed_ours = await ours(hass, counted, url)
            counted_rest, timed_rest = await rest(hass, counted, url)
            times = await measure({"ours": timed_ours, "rest": timed_rest}, ROUNDS)
            figures = {
                "ours": {**await count(counted_ours, relay), **times["ours"]},
                "rest": {**await count(counted_rest, relay), **times["rest"]},
            }
            json.dump(figures, sys.stdout)


if __name__ == "__main__":
    run(main())
