"""One channel's messages, sent one after the other, again where that may help, every attempt in the journal."""

import asyncio
import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from rules.risk.formula import Colour
from service.clock import Clock
from service.notify.channels.base import Channel, NotSent
from service.notify.journal import NotificationJournal, of_message
from service.notify.message import Message

_log = structlog.get_logger(__name__)
#: Seconds before the next attempt; the last one again and again, until the message is too old to matter.
_AGAIN_AFTER_S = (1.0, 3.0, 10.0, 30.0, 60.0, 120.0)
_GIVE_UP_AFTER_S = 3_600.0
_COLOURS = list(Colour)


@dataclass(kw_only=True)
class ChannelHealth:
    """How a channel does, for people."""

    channel: str
    kind: str
    sent: int = 0
    failed: int = 0
    last_sent_us: int | None = None
    #: Of the last attempt; empty where it was taken.
    last_error: str = ""
    waiting: int = 0


@dataclass(order=True)
class _Waiting:
    #: Worst first, then the oldest.
    rank: int
    number: int
    message: Message = field(compare=False)


class Outbox:
    """``put`` never waits; ``run`` sends. ``done`` hears of every message that needs no keeping any more."""

    def __init__(
        self,
        channel: Channel,
        health: ChannelHealth,
        journal: NotificationJournal,
        clock: Clock,
        done: Callable[[Message], None],
        *,
        again_after_s: tuple[float, ...] = _AGAIN_AFTER_S,
    ) -> None:
        self._channel, self.health, self._journal, self._clock, self._done = channel, health, journal, clock, done
        self._again_after_s = again_after_s
        self._heap: list[_Waiting] = []
        self._numbers = 0
        self._woken = asyncio.Event()

    def put(self, message: Message) -> None:
        """Send it in its turn: the worst colour first."""
        self._numbers += 1
        heapq.heappush(self._heap, _Waiting(_COLOURS.index(message.colour), self._numbers, message))
        self.health.waiting = len(self._heap)
        self._woken.set()

    async def run(self) -> None:
        """For ever; whatever happens to a message, the next is sent."""
        while True:
            while not self._heap:
                self._woken.clear()
                await self._woken.wait()
            message = heapq.heappop(self._heap).message
            self.health.waiting = len(self._heap)
            await self._deliver(message)
            self._done(message)

    async def _deliver(self, message: Message) -> None:
        began_s, attempt = time.monotonic(), 0
        while True:
            attempt += 1
            error = await self._attempt(message, attempt, last=time.monotonic() - began_s > _GIVE_UP_AFTER_S)
            if error is None or not error.again or time.monotonic() - began_s > _GIVE_UP_AFTER_S:
                return
            await asyncio.sleep(self._again_after_s[min(attempt, len(self._again_after_s)) - 1])

    async def _attempt(self, message: Message, attempt: int, *, last: bool) -> NotSent | None:
        at_us, began_s = self._clock(), time.monotonic()
        error: NotSent | None = None
        answer = ""
        try:
            answer = await self._channel.send(message)
        except NotSent as refused:
            error = refused
        except Exception as broken:
            _log.error("A channel failed in a way it should not.", channel=message.channel, exc_info=broken)
            error = NotSent(type(broken).__name__, again=False)
        state = "sent" if error is None else "failed" if error.again and not last else "given_up"
        reason = answer if error is None else str(error)
        took_ms = round((time.monotonic() - began_s) * 1e3)
        self._journal.add(of_message(message, state, reason, at_us, attempt=attempt, took_ms=took_ms))
        self.health.last_error = "" if error is None else reason
        if error is None:
            self.health.sent += 1
            self.health.last_sent_us = at_us
        else:
            self.health.failed += 1
        return error
