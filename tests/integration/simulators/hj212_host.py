"""A host for simulated data loggers, on the service's own codec: it hears, acknowledges or keeps silent, and asks."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from connectors.hj212 import packet as codec
from connectors.hj212.framing import Frame, Framer, Rejected
from connectors.hj212.packet import Packet
from simulators.hj212_packet import beijing

#: Of a day on which no logger says anything.
_FIRST_QN_US = 1_700_000_000_000_000


class Host:
    """Keeps everything that came."""

    def __init__(self) -> None:
        self.port = 0
        self.heard: list[Packet] = []
        self.rejected: list[Rejected] = []
        self.connections = 0
        #: Whether an upload is acknowledged.
        self.acknowledges: Callable[[Packet], bool] = lambda packet: True
        self._writers: dict[str, asyncio.StreamWriter] = {}
        self._asked = 0
        self._open: list[asyncio.StreamWriter] = []
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def listening(self, port: int = 0) -> AsyncIterator["Host"]:
        """On ``port``, or any that is free."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for writer in self._open:
                writer.close()
            await asyncio.gather(*(writer.wait_closed() for writer in self._open), return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.append(writer)
        framer = Framer()
        try:
            while data := await reader.read(4096):
                for one in framer.feed(data):
                    await self._take(one, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def _take(self, one: Frame | Rejected, writer: asyncio.StreamWriter) -> None:
        async with self._changed:
            if isinstance(one, Rejected):
                self.rejected.append(one)
            else:
                packet = codec.parse(one.segment)
                self._writers[packet.mn] = writer
                self.heard.append(packet)
                if packet.wants_ack and self.acknowledges(packet):
                    cn = "9013" if packet.cn in ("1013", "9015") else "9014"
                    writer.write(codec.answer(packet, cn))
            self._changed.notify_all()

    def of(self, cn: str, mn: str | None = None) -> list[Packet]:
        """What came under a command code."""
        return [one for one in self.heard if one.cn == cn and mn in (None, one.mn)]

    async def until(self, enough: Callable[["Host"], bool], within_s: float = 20.0) -> None:
        """Raises TimeoutError."""
        async with asyncio.timeout(within_s), self._changed:
            await self._changed.wait_for(lambda: enough(self))

    async def ask(self, mn: str, cn: str, content: str = "", *, pw: str = "123456", to: str | None = None) -> str:
        """Send a command to a logger that has spoken; the QN."""
        self._asked += 1
        qn = beijing(_FIRST_QN_US + self._asked * 1000, millis=True)
        request = codec.build(cn=cn, mn=to or mn, pw=pw, qn=qn, flag=5, content=content)
        self._writers[mn].write(request)
        return qn

    async def told(
        self, mn: str, cn: str, content: str = "", *, pw: str = "123456", to: str | None = None
    ) -> list[Packet]:
        """What a command brought: everything with its QN, up to the result."""
        qn = await self.ask(mn, cn, content, pw=pw, to=to)
        await self.until(lambda host: bool(_ended([one for one in host.heard if one.qn == qn])))
        return [one for one in self.heard if one.qn == qn]


def _ended(packets: list[Packet]) -> bool:
    refused = any(one.cn == "9011" and one.params.get("QnRtn") != "1" for one in packets)
    return refused or any(one.cn in ("9012", "9013") for one in packets)
