"""A server on a free port with an intake that tests hold in their hands, and a logger that does what it is told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from connectors.base import Context, Gap, IntakeRefused, RawFrame
from connectors.hj212.beijing import text_of
from connectors.hj212.connector import Hj212Connector
from connectors.hj212.framing import Frame, Framer, Rejected
from connectors.hj212.packet import Packet, build, parse
from connectors.registry import parse_config
from park.batch import DeadLetter, SampleBatch
from park.check import load_park
from park.index import TagTable
from park.periods import PeriodBatch
from tests.contract.memory_intake import MemoryIntake

MN, OTHER, BOREALIS = "010000A8900016F000169DC0", "010000A8900016F000169DC1", "BOREALIS-1"
PW = "123456"
WITHIN_S = 20.0
#: 2026-11-01 08:00:00 +08:00
START_US = 1_793_491_200_000_000
MINUTE_US = 60_000_000

PARK = f"""
version: 1
id: park
name: 滨海化工园区
enterprises:
  - id: acme
    name: 安科化学
    sources:
      - id: outlet
        kind: waste_water_outlet
        position: [121.52, 30.83]
        from: {{connector: loggers, device: {MN}}}
        tags:
          - {{id: cod, quantity: cod, unit: mg/L, from: {{connector: loggers, address: w01018}}}}
          - {{id: ph, quantity: ph, unit: pH, from: {{connector: loggers, address: w01001-Rtd}}}}
      - id: stack
        kind: waste_gas_outlet
        position: [121.53, 30.83]
        from: {{connector: loggers, device: {OTHER}}}
        tags:
          - {{id: so2, quantity: so2, unit: mg/m3, from: {{connector: loggers, address: a21026}}}}
  - id: borealis
    name: 北极星材料
    sources:
      - id: outlet
        kind: waste_water_outlet
        position: [121.54, 30.83]
        from: {{connector: loggers, device: {BOREALIS}}}
        tags:
          - {{id: cod, quantity: cod, unit: mg/L, from: {{connector: loggers, address: w01018}}}}
"""


class HeldIntake(MemoryIntake):
    """Refuses, or does not answer, for as long as a test wants."""

    def __init__(self) -> None:
        super().__init__()
        self.refuses = False
        self.open = asyncio.Event()
        self.open.set()
        #: Puts that have begun.
        self.begun = 0

    async def put(
        self,
        batch: SampleBatch,
        letters: Sequence[DeadLetter] = (),
        *,
        periods: PeriodBatch | None = None,
        frames: Sequence[RawFrame] = (),
    ) -> None:
        """See `connectors.base.Intake`."""
        self.begun += 1
        await self.open.wait()
        if self.refuses:
            raise IntakeRefused("the disk is full")
        await super().put(batch, letters, periods=periods, frames=frames)


async def until(happened: Callable[[], object], *, within_s: float = WITHIN_S) -> None:
    """Wait for something that tells no one when it happens."""
    async with asyncio.timeout(within_s):
        while not happened():
            await asyncio.sleep(0.01)


class Station:
    """The server, and everything it was told and said."""

    def __init__(
        self,
        *,
        newest_us: int | None = None,
        devices: Sequence[dict[str, Any]] = (),
        interval: str | None = "1m",
        **options: Any,
    ) -> None:
        self.intake = HeldIntake()
        self.gaps: list[Gap] = []
        #: Added to the machine's clock, which begins at `START_US`.
        self.ahead_us = 0
        self._began = datetime.now(UTC)
        self.tags = TagTable(load_park(PARK, "park.yaml").park)
        newest = None if newest_us is None else np.full(self.tags.size, newest_us, dtype=np.int64)
        context = Context(
            tags=self.tags, intake=self.intake, clock=self.now_us, on_gap=self.gaps.append, newest_us=newest
        )
        given = {
            "kind": "hj212",
            "id": "loggers",
            "host": "127.0.0.1",
            "port": 0,
            "devices": [{"mn": MN, "password": PW} | ({"minute_interval": interval} if interval else {}), *devices],
            "history": {"enabled": False},
            "answer_timeout": "5s",
            "execution_timeout": "10s",
            "gap_after": "5s",
            **options,
        }
        self.connector = Hj212Connector(parse_config.validate_python(given), context)  # type: ignore[arg-type]

    def now_us(self) -> int:
        """The clock of all this."""
        return START_US + self.ahead_us + (datetime.now(UTC) - self._began) // timedelta(microseconds=1)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Station"]:
        """Listening."""
        self.task = asyncio.create_task(self.connector.run())
        try:
            await until(lambda: self.connector.port)
            yield self
        finally:
            self.task.cancel()
            await asyncio.wait({self.task}, timeout=10)

    def values(self, tag: str) -> list[tuple[int, float]]:
        """Samples of one tag that the journal has: seconds from the start, value."""
        ix = self.tags.ix_of[tag]
        return [
            ((int(time_us) - START_US) // 1_000_000, float(value))
            for batch in self.intake.batches
            for one, time_us, value in zip(batch.tag, batch.time_us, batch.value, strict=True)
            if one == ix
        ]

    def minutes(self) -> list[tuple[int, bool]]:
        """Reported means that the journal has: minutes from the start, whether they were asked for."""
        return [
            ((int(start_us) - START_US) // MINUTE_US, bool(asked))
            for batch in self.intake.periods
            for start_us, asked in zip(batch.start_us, batch.asked, strict=True)
        ]

    @property
    def reasons(self) -> list[str]:
        """Of the dead letters."""
        return [letter.reason for letter in self.intake.letters]


Script = Callable[["Logger", Packet], Awaitable[None]]


@dataclass
class Logger:
    """One connection of one data logger."""

    station: Station
    mn: str = MN
    pw: str = PW
    #: What it does with a command of the host; without one it keeps silent.
    script: Script | None = None
    got: list[Packet] = field(default_factory=list)
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    _qn: int = 0

    @asynccontextmanager
    async def connected(self, *, host: str = "127.0.0.1") -> AsyncIterator["Logger"]:
        """To the station."""
        reader, self._writer = await asyncio.open_connection(host, self.station.connector.port)
        task = asyncio.create_task(self._listen(reader))
        try:
            yield self
        finally:
            self._writer.close()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        framer = Framer()
        try:
            while data := await reader.read(65_536):
                for one in framer.feed(data):
                    assert isinstance(one, Frame), one
                    packet = parse(one.segment)
                    self.got.append(packet)
                    if self.script is not None and not packet.cn.startswith("90"):
                        await self.script(self, packet)
        except ConnectionError:
            pass
        self.closed.set()

    def frame(self, cn: str, content: str, *, st: str = "32", flag: int | None = 5, qn: str = "", **more: Any) -> bytes:
        """As it goes over the wire; QNs are its clock's, one a millisecond."""
        self._qn += 1
        qn = qn or text_of(self.station.now_us() + self._qn * 1_000, milliseconds=True)
        return build(cn=cn, mn=self.mn, pw=self.pw, st=st, qn=qn, flag=flag, content=content, **more)

    def send(self, data: bytes) -> None:
        """Bytes, whatever they are."""
        self._writer.write(data)

    def realtime(self, second: int, value: float, *, qn: str = "") -> bytes:
        """A real-time packet of so many seconds after the start."""
        at = text_of(START_US + second * 1_000_000)
        return self.frame("2011", f"DataTime={at};w01018-Rtd={value},w01018-Flag=N", qn=qn)

    def minute(self, minute: int, value: float = 1.0, *, qn: str = "", flag: int = 5) -> bytes:
        """The mean of the minute that begins so many minutes after the start."""
        at = text_of(START_US + minute * MINUTE_US)
        return self.frame("2051", f"DataTime={at};w01018-Avg={value},w01018-Flag=N", qn=qn, flag=flag)

    def answers(self, cn: str) -> list[str]:
        """QNs of the answers of this kind that it got."""
        return [packet.qn for packet in self.got if packet.cn == cn]

    async def until(self, cn: str, count: int = 1) -> list[str]:
        """Wait for so many answers of this kind."""
        await until(lambda: len(self.answers(cn)) >= count)
        return self.answers(cn)

    def accept(self, request: Packet, code: int = 1) -> None:
        """9011."""
        self._reply(request, "9011", f"QnRtn={code}")

    def done(self, request: Packet, code: int = 1) -> None:
        """9012."""
        self._reply(request, "9012", f"ExeRtn={code}")

    def _reply(self, request: Packet, cn: str, content: str) -> None:
        self.send(build(cn=cn, mn=self.mn, pw=self.pw, st="91", qn=request.qn, flag=4, content=content))


def rejected(data: bytes) -> list[Rejected]:
    """What a framer makes of bytes that end here."""
    framer = Framer()
    return [one for one in (*framer.feed(data), *framer.close()) if isinstance(one, Rejected)]
