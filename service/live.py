"""The live stream: alert events to any number of listeners, resumable by number; nothing missed, nothing twice."""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from service.alerts.model import Event

#: Events kept for listeners that come back.
_RING = 20_000
#: A listener this far behind is told to start over.
_MOST_WAITING = 5_000


class Overrun(Exception):
    """The listener fell too far behind, or asks for events that are no longer in memory."""


class Listener:
    """One open stream."""

    def __init__(self) -> None:
        self._waiting: deque[Event] = deque()
        self._woken = asyncio.Event()
        self.overrun = False
        self.closed = False

    def offer(self, events: Iterable[Event]) -> None:
        """Give it more; a listener that does not keep up is marked, never waited for."""
        self._waiting.extend(events)
        if len(self._waiting) > _MOST_WAITING:
            self.overrun = True
            self._waiting.clear()
        self._woken.set()

    def close(self) -> None:
        """End the stream after what is waiting."""
        self.closed = True
        self._woken.set()

    async def take(self, timeout_s: float) -> list[Event]:
        """What has come since the last call; an empty list after ``timeout_s`` without any. Raises Overrun."""
        if not self._waiting and not self.closed:
            try:
                await asyncio.wait_for(self._woken.wait(), timeout_s)
            except TimeoutError:
                return []
        self._woken.clear()
        if self.overrun:
            raise Overrun("the listener fell too far behind")
        events = list(self._waiting)
        self._waiting.clear()
        return events


class LiveHub:
    """Hands every event to every listener."""

    def __init__(self) -> None:
        self._ring: deque[Event] = deque(maxlen=_RING)
        self._listeners: set[Listener] = set()
        self._closed = False
        #: Number of the last event published.
        self.seq = 0

    def publish(self, events: Iterable[Event]) -> None:
        """In the order of their numbers."""
        fresh = [event for event in events if event.seq > self.seq]
        if not fresh:
            return
        self._ring.extend(fresh)
        self.seq = fresh[-1].seq
        for listener in self._listeners:
            listener.offer(fresh)

    def start_at(self, seq: int) -> None:
        """After a restart: events up to ``seq`` were published before and are in the store."""
        self.seq = max(self.seq, seq)

    @property
    def oldest(self) -> int:
        """Number of the oldest event still in memory; one past the last where there is none."""
        return self._ring[0].seq if self._ring else self.seq + 1

    def since(self, seq: int) -> list[Event]:
        """The events after ``seq``. Raises Overrun where some of them are no longer in memory (ask the store)."""
        if seq + 1 < self.oldest:
            raise Overrun(f"event {seq + 1} is no longer in memory; the oldest is {self.oldest}")
        return [event for event in self._ring if event.seq > seq]

    @contextmanager
    def listen(self) -> Iterator[Listener]:
        """A listener for what is published from now on."""
        listener = Listener()
        if self._closed:
            listener.close()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def close(self) -> None:
        """End all streams, and those that are opened from now on: the service is stopping."""
        self._closed = True
        for listener in self._listeners:
            listener.close()

    @property
    def listeners(self) -> int:
        """How many streams are open."""
        return len(self._listeners)
