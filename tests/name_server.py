"""A DNS server on loopback that knows one address for every name (RFC 1035)."""

import asyncio
from ipaddress import IPv4Address
import struct
from typing import Any, override

NO_ERROR = 0
SERVER_FAILURE = 2
NO_SUCH_NAME = 3
REFUSED = 5

_HEADER = struct.Struct("!6H")
_QUESTION_END = struct.Struct("!2H")
_RECORD = struct.Struct("!3HIH4s")
_TYPE_A = 1
_IS_ANSWER = 0x8180
_NAME_OF_THE_QUESTION = 0xC00C


class NameServer(asyncio.DatagramProtocol):
    """The server. Set `code` at any time."""

    def __init__(self) -> None:
        """Know every name; nothing listens yet."""
        self.code = NO_ERROR
        self.questions = 0
        self.port = 0
        self._transport: asyncio.DatagramTransport | None = None

    async def start(self) -> None:
        """Listen on a free port of loopback."""
        self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: self, ("127.0.0.1", 0)
        )
        self.port = self._transport.get_extra_info("sockname")[1]

    def stop(self) -> None:
        """Stop listening."""
        assert self._transport
        self._transport.close()

    @override
    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        self.questions += 1
        assert self._transport
        self._transport.sendto(self._answer(data), addr)

    def _answer(self, query: bytes) -> bytes:
        name_end = query.index(b"\0", _HEADER.size) + 1
        end = name_end + _QUESTION_END.size
        question = query[_HEADER.size : end]
        asked_type, asked_class = _QUESTION_END.unpack(query[name_end:end])
        record = b""
        if self.code == NO_ERROR and asked_type == _TYPE_A:
            address = IPv4Address("127.0.0.1").packed
            record = _RECORD.pack(
                _NAME_OF_THE_QUESTION, _TYPE_A, asked_class, 0, len(address), address
            )
        identity = _HEADER.unpack_from(query)[0]
        flags = _IS_ANSWER | self.code
        header = _HEADER.pack(identity, flags, 1, 1 if record else 0, 0, 0)
        return header + question + record
