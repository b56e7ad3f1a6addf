"""What a logger has to say and has not been heard with: bounded, oldest first, the oldest given up when it is full."""

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass

from simulators.hj212_packet import Group

#: Means and real-time values are kept until they are acknowledged; what else a logger says it says once.
KEPT = frozenset({2011, 2031, 2051, 2061})


@dataclass(slots=True, kw_only=True, eq=False)
class Outgoing:
    """One upload: a packet, or several where it is split. Its QNs stay the same however often it is sent."""

    cn: int
    st: int
    #: The parts' parameters.
    parts: list[list[Group]]
    #: QN of each part.
    qns: list[str]
    #: Samples or means in it.
    samples: int = 0
    #: How often it went out whole.
    sent: int = 0

    @property
    def kept(self) -> bool:
        """Whether it waits for a better connection."""
        return self.cn in KEPT


class Outbox:
    """First in, first out, but for a fault that mixes the order up."""

    def __init__(self, size: int) -> None:
        self._waiting: deque[Outgoing] = deque()
        self._size = size
        self._changed = asyncio.Event()
        #: Given up because there was no more room.
        self.dropped = 0
        self.reorder = False

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, one: Outgoing) -> None:
        """Add it behind all others."""
        while len(self._waiting) >= self._size:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append(one)
        self._changed.set()

    def done(self, one: Outgoing) -> None:
        """It was heard, or is given up."""
        with contextlib.suppress(ValueError):  # dropped meanwhile, for want of room
            self._waiting.remove(one)
        self._changed.set()

    def disturb(self, *, reorder: bool) -> None:
        """Whether the second is sent before the first from now on."""
        if reorder != self.reorder:
            self.reorder = reorder
            self._changed.set()

    async def next(self) -> Outgoing:
        """The one to send now; it stays until it is `done`."""
        while len(self._waiting) < (2 if self.reorder else 1):
            self._changed.clear()
            await self._changed.wait()
        return self._waiting[1 if self.reorder else 0]

    async def emptied(self) -> None:
        """Wait until everything was heard."""
        while self._waiting:
            self._changed.clear()
            await self._changed.wait()
