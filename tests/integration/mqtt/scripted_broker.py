"""A broker that answers as a test tells it to: for what no real one does on demand."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.unit.connectors.mqtt.packets import packet

CONNECT, SUBSCRIBE, PINGREQ, DISCONNECT, PUBACK = 0x10, 0x80, 0xC0, 0xE0, 0x40


def connack(reason: int = 0, *, session_present: bool = False) -> bytes:
    """MQTT 5, 3.2."""
    return packet(0x20, bytes([session_present, reason, 0]))


def disconnect(reason: int) -> bytes:
    """MQTT 5, 3.14."""
    return packet(0xE0, bytes([reason]))


@dataclass
class ScriptedBroker:
    """Answers of one kind to every client. An empty answer is silence."""

    on_connect: bytes = connack()
    #: Reason code of each subscription.
    subscriptions: bytes = b"\x01"
    #: Sent after the SUBACK.
    afterwards: bytes = b""
    on_ping: bytes = packet(0xD0, b"")
    host: str = "127.0.0.1"
    port: int = 0
    connections: int = 0
    #: First bytes of the packets received.
    heard: list[int] = field(default_factory=list)
    acknowledged: list[int] = field(default_factory=list)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["ScriptedBroker"]:
        """Listen on a free port until the context ends."""
        server = await asyncio.start_server(self._talk, self.host, 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                kind, body = await _packet(reader)
                self.heard.append(kind)
                if kind == PUBACK:
                    self.acknowledged.append(int.from_bytes(body[:2], "big"))
                writer.write(self._answer(kind, body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _answer(self, kind: int, body: bytes) -> bytes:
        if kind == CONNECT:
            return self.on_connect
        if kind == SUBSCRIBE:
            return packet(0x90, body[:2] + b"\x00" + self.subscriptions) + self.afterwards
        return self.on_ping if kind == PINGREQ else b""


async def _packet(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    first = (await reader.readexactly(1))[0]
    length = shift = 0
    while (byte := (await reader.readexactly(1))[0]) >= 128:
        length |= (byte & 127) << shift
        shift += 7
    return first & 0xF0, await reader.readexactly(length | byte << shift)
