"""One live stream: what a listener missed, then what happens, nothing missed and nothing twice.

::

    subscribe ──▶ where was the listener?
                   new ............................▶ `snapshot`: all standing alerts, and the position they stand for
                   at a position still in memory ..▶ the events since
                   further back ...................▶ the events since, from the store, up to where memory begins
                   none of these can be done ......▶ `reset`: like `snapshot`, and why
              ──▶ events as they come, `status` each second and `risk` where it has changed, until the service stops or
                  the listener leaves

The subscription comes first, so what happens while we look back waits in it; numbers that were already sent are left
out. A listener that falls too far behind is started over with a `reset`.
"""

import asyncio
from collections.abc import AsyncGenerator

from service.alerts.model import Event
from service.api.live_frames import Frames, Position, short
from service.api.live_values import ValueWatch
from service.api.view import ServiceView
from service.live import Listener, Overrun
from service.store.errors import StoreUnavailable
from service.store.scope import Scope

#: Time until a browser connects again.
_RETRY_MS = 1_000
_STATUS_EVERY_S = 1.0
#: Read from the store in one piece, and at most altogether; who missed more starts over.
_PIECE = 1_000
_MOST_REPLAYED = 20_000


class LiveStream:
    """What one listener gets, as frames."""

    def __init__(
        self,
        view: ServiceView,
        frames: Frames,
        scope: Scope,
        *,
        after: Position | None = None,
        values: ValueWatch | None = None,
    ) -> None:
        self._view = view
        self._frames = frames
        self._scope = scope
        self._position = after
        self._values = values
        #: Of the risk that was sent last.
        self._risk_version = -1

    async def run(self) -> AsyncGenerator[bytes, None]:
        """Ends when the service stops; the listener's leaving closes the generator."""
        yield b"retry: %d\n\n" % _RETRY_MS
        kind, reason = "snapshot", ""
        while True:
            with self._view.live.listen() as listener:
                try:
                    if self._position is None:
                        standing, self._position = self._frames.standing(kind, self._scope, reason)
                        yield standing
                    else:
                        async for piece in self._missed(self._position):
                            yield piece
                    async for piece in self._follow(listener):
                        yield piece
                    return
                except Overrun as error:
                    self._position, kind, reason = None, "reset", str(error)

    async def _missed(self, position: Position) -> AsyncGenerator[bytes, None]:
        """Raises Overrun where not all of it can be had."""
        if position.chain != short(self._view.book.chain):
            raise Overrun("the record of events was begun anew")
        if position.seq > self._view.live.seq:
            raise Overrun(f"event {position.seq} has not happened yet")
        seq = position.seq
        while (in_memory := self._in_memory(seq)) is None:
            if seq - position.seq >= _MOST_REPLAYED:
                raise Overrun(f"more than {_MOST_REPLAYED} events were missed")
            events, seq = await self._in_store(seq)
            yield self._advance(events, seq)
        yield self._advance(in_memory, max(seq, self._view.live.seq))

    def _in_memory(self, seq: int) -> list[Event] | None:
        try:
            return self._view.live.since(seq)
        except Overrun:
            return None

    async def _in_store(self, seq: int) -> tuple[list[Event], int]:
        try:
            window = await self._view.queries.events_since(self._scope, self._view.book.chain, seq, _PIECE)
        except StoreUnavailable as error:
            raise Overrun(f"event {seq + 1} is no longer in memory, and the store does not answer") from error
        if not window.unbroken or window.through == seq:
            raise Overrun(f"event {seq + 1} is neither in memory nor in the store")
        return window.events, window.through

    def _advance(self, events: list[Event], through: int) -> bytes:
        """Frames of what is new of these and seen, and the position moved behind them all."""
        assert self._position is not None
        behind = self._position.seq
        self._position = self._position._replace(seq=max(behind, through))
        return self._frames.events([one for one in events if one.seq > behind and self._scope.sees(one.enterprise)])

    async def _follow(self, listener: Listener) -> AsyncGenerator[bytes, None]:
        """Raises Overrun where the listener does not keep up."""
        now_s = asyncio.get_running_loop().time
        status_due_s = values_due_s = now_s()
        while True:
            due_s = status_due_s if self._values is None else min(status_due_s, values_due_s)
            events = await listener.take(max(0.0, due_s - now_s()))
            if events and (piece := self._advance(events, events[-1].seq)):
                yield piece
            if listener.closed:
                return
            if now_s() >= status_due_s:
                status_due_s = max(status_due_s + _STATUS_EVERY_S, now_s())
                yield self._frames.status(self._scope)
                if self._risk_version != self._view.risk.version:
                    self._risk_version = self._view.risk.version
                    yield self._frames.risk(self._scope)
            if self._values is not None and now_s() >= values_due_s:
                values_due_s = max(values_due_s + self._values.every_s, now_s())
                if (columns := self._values.changed()) is not None:
                    yield self._frames.values(columns)
