"""The wire of one logger: it connects, says what is in the outbox, waits to be heard, says it again, starts anew."""

import asyncio
import contextlib
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from simulators.hj212_outbox import Outbox, Outgoing
from simulators.hj212_packet import Ear, Told
from simulators.hj212_profiles import Hand

_READ_BYTES = 4096
_CONNECT_TIMEOUT_S = 10.0
#: 9013 and 9014: a notification, an upload was heard.
_HEARD = frozenset({9013, 9014})


@dataclass(frozen=True, slots=True, kw_only=True)
class Troubles:
    """What is wrong with a line at the moment."""

    down: bool = False
    #: Share of telegrams whose CRC is spoilt, and of those that end half-way.
    spoilt: float = 0.0
    halved: float = 0.0
    wrong_mn: bool = False
    #: How many times over each telegram goes out.
    copies: int = 1
    reorder: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How patient a logger is. Seconds of the wall clock."""

    host: str
    port: int
    ack_timeout_s: float
    resends: int
    backoff_s: tuple[float, float]


@dataclass(slots=True)
class Counts:
    """What went over a line."""

    connects: int = 0
    messages: int = 0
    acknowledged: int = 0
    resent: int = 0
    unanswered: int = 0
    commands: int = 0
    #: Samples and means that were acknowledged, or sent where nobody acknowledges.
    samples: int = 0


class _Unheard(Exception):
    """Nobody answered, however often it was said: the line is taken for dead."""


class Link:
    """One logger's. Constructing connects nothing."""

    def __init__(
        self, hand: Hand, outbox: Outbox, manners: Manners, answer: Callable[[Told], Iterable[bytes]], seed: str
    ) -> None:
        self._hand, self._outbox, self._manners, self._answer = hand, outbox, manners, answer
        self._random = random.Random(seed)
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._troubles = Troubles()
        self._shares: dict[str, float] = {}
        self._up = asyncio.Event()
        self._up.set()
        self._down = asyncio.Event()
        self.counts = Counts()
        self.connected = False

    def suffer(self, troubles: Troubles) -> None:
        """These are the line's troubles from now on."""
        self._troubles = troubles
        self._outbox.disturb(reorder=troubles.reorder)
        there, gone = (self._down, self._up) if troubles.down else (self._up, self._down)
        there.set()
        gone.clear()

    async def run(self) -> None:
        """Until cancelled."""
        least_s, most_s = self._manners.backoff_s
        wait_s = least_s
        while True:
            await self._up.wait()
            before = self.counts.acknowledged
            with contextlib.suppress(OSError, TimeoutError, _Unheard):
                await self._connection()
            wait_s = least_s if self.counts.acknowledged > before else min(wait_s * 2, most_s)
            # Loggers of one power cut do not come back in one moment.
            await asyncio.sleep(wait_s * self._random.uniform(0.8, 1.2))

    async def _connection(self) -> None:
        manners = self._manners
        async with asyncio.timeout(_CONNECT_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(manners.host, manners.port)
        self.counts.connects += 1
        self.connected = True
        tasks = [asyncio.create_task(one) for one in (self._listen(reader, writer), self._say_all(writer))]
        tasks.append(asyncio.create_task(self._cut()))
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self.connected = False
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            writer.transport.abort() if self._down.is_set() else writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(writer.wait_closed(), 1.0)

    async def _cut(self) -> None:
        await self._down.wait()

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ear = Ear()
        while data := await reader.read(_READ_BYTES):
            for told in ear.feed(data):
                if told.cn in _HEARD:
                    waiting = self._waiting.get(told.qn)
                    if waiting is not None and not waiting.done():
                        waiting.set_result(None)
                    continue
                self.counts.commands += 1
                for telegram in self._answer(told):
                    writer.write(telegram)
                    await writer.drain()

    async def _say_all(self, writer: asyncio.StreamWriter) -> None:
        while True:
            one = await self._outbox.next()
            for number, qn in enumerate(one.qns):
                if not await self._say(writer, one, number, qn):
                    if one.kept:
                        raise _Unheard
                    break  # what a logger says of itself it says no more than so
            else:
                self.counts.samples += one.samples
            self._outbox.done(one)

    async def _say(self, writer: asyncio.StreamWriter, one: Outgoing, number: int, qn: str) -> bool:
        """One part; False where nobody heard it."""
        numbered = self._hand.quirks.numbered
        heard = self._waiting[qn] = asyncio.get_running_loop().create_future()
        try:
            for attempt in range(1 + self._manners.resends):
                self.counts.messages += 1
                self.counts.resent += attempt > 0 or one.sent > 0
                self._write(writer, one, number, qn)
                await writer.drain()
                if not numbered:
                    return True
                # Not wait_for: where an answer and the end of the line come at once, it would forget the end.
                await asyncio.wait([heard], timeout=self._manners.ack_timeout_s)
                if heard.done():
                    self.counts.acknowledged += 1
                    return True
            self.counts.unanswered += 1
            return False
        finally:
            one.sent += number == len(one.qns) - 1
            del self._waiting[qn]

    def _write(self, writer: asyncio.StreamWriter, one: Outgoing, number: int, qn: str) -> None:
        troubles, hand = self._troubles, self._hand
        whole = len(one.qns)
        segment = hand.write(
            cn=one.cn,
            st=one.st,
            qn=qn,
            groups=one.parts[number],
            wants_answer=hand.quirks.numbered,
            part=(number + 1, whole) if whole > 1 else None,
        )
        if troubles.wrong_mn:
            segment = segment.replace(f"MN={hand.mn};".encode(), f"MN={_foreign(hand.mn)};".encode())
        telegram = hand.seal(segment, wrong=self._due("spoilt", troubles.spoilt))
        if self._due("halved", troubles.halved):
            telegram = telegram[: len(telegram) // 2]
        for _ in range(troubles.copies):
            writer.write(telegram)

    def _due(self, what: str, share: float) -> bool:
        """Whether this telegram is one of that share: evenly, so that a short fault is played as a long one is."""
        self._shares[what] = self._shares.get(what, 0.0) + share if share else 0.0
        if self._shares[what] < 1.0:
            return False
        self._shares[what] -= 1.0
        return True


def _foreign(mn: str) -> str:
    """The number of a logger that nobody knows, of the same length."""
    return mn[:-4] + "FFFF" if not mn.endswith("FFFF") else mn[:-4] + "0000"
