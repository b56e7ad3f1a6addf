"""One TCP connection: bytes in, frames out, and bounds on everything that a peer could make us hold or do."""

import asyncio
import socket
from collections.abc import Sequence
from typing import Protocol, cast

from connectors.hj212.config import Hj212Config
from connectors.hj212.framing import Frame, Framer, Rejected

#: A dead peer is noticed by the network within about two minutes, though nothing is sent.
_KEEPALIVE_IDLE_S, _KEEPALIVE_EVERY_S, _KEEPALIVE_COUNT = 60, 15, 4
#: ... and within this where it does not confirm what we sent.
_UNCONFIRMED_MS = 60_000
#: Answers are small, and few are under way: what the network holds of them for a deaf peer need not be megabytes.
_SEND_BUFFER_BYTES = 32 * 1024
#: What is looked at before it is asked again whether a peer has been dropped: rubbish comes in many small pieces.
_SLICE_BYTES = 4096
#: Frames whose allowance must be there again before a peer that was too fast is read on.
_RESUME_FRAMES = 20.0


class Hub(Protocol):
    """Whom a peer belongs to."""

    def opened(self, peer: "Peer") -> str:
        """Why it may not stay; empty: it may."""

    def came(self, peer: "Peer", pieces: Sequence[Frame | Rejected]) -> None:
        """In the order in which they came."""

    def closed(self, peer: "Peer", reason: str) -> None:
        """Once for each that was opened and might stay."""


class Peer(asyncio.Protocol):
    """Reads while its own budget, the hub's and the readers of its answers allow."""

    def __init__(self, config: Hj212Config, hub: Hub) -> None:
        self._config = config
        self._hub = hub
        self._framer = Framer()
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._why_closed = ""
        self._stopped_for: set[str] = set()
        self._resume: asyncio.TimerHandle | None = None
        self._allowance = float(config.burst_frames)
        self._allowed_at_s = self._loop.time()
        self._admitted = False
        self.address, self.name = "", ""
        self.opened_s = self.heard_s = self._loop.time()
        self._unread_since_s: float | None = None
        #: MNs of known devices that have spoken over it, in the order in which each did first.
        self.devices: dict[str, None] = {}
        #: Pieces in a row that were no valid frame.
        self.rejects = 0
        #: Received and not yet in the journal.
        self.held_bytes = 0
        #: How often it was too fast and was held back.
        self.slowed = 0
        self.is_closed = False

    # --- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        transport = cast(asyncio.Transport, transport)  # that of uvloop is one by what it can, not by its class
        self._transport = transport
        peer = transport.get_extra_info("peername") or ("", 0)
        self.address, self.name = str(peer[0]), f"{peer[0]}:{peer[1]}"
        refusal = self._hub.opened(self)
        if refusal:
            transport.abort()
            return
        self._admitted = True
        _watch(transport.get_extra_info("socket"))
        transport.set_write_buffer_limits(high=self._config.max_unread_bytes // 2)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        if self._why_closed:
            return
        self.heard_s = self._loop.time()
        for at in range(0, len(data), _SLICE_BYTES):
            pieces = self._framer.feed(data[at : at + _SLICE_BYTES])
            if pieces:
                self._take(pieces)
            if self._why_closed:
                return

    def eof_received(self) -> bool:
        """See `asyncio.Protocol`: whoever says goodbye is let go."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self.is_closed = True
        if self._resume is not None:
            self._resume.cancel()
        if self._admitted:
            if cut := self._framer.close():
                self._hub.came(self, cut)
            self._hub.closed(self, self._why_closed or (str(exc) if exc else "the peer closed the connection"))

    def pause_writing(self) -> None:
        """It does not read what we send: then we do not read what it sends."""
        self._unread_since_s = self._loop.time()
        self.stop_reading("unread answers")

    def resume_writing(self) -> None:
        """It reads again."""
        self._unread_since_s = None
        self.go_on_reading("unread answers")

    # --- the hub's

    def send(self, frame: bytes) -> bool:
        """Whether it was handed to the network. A peer that leaves too much unread is closed instead."""
        transport = self._transport
        if transport is None or transport.is_closing() or self._why_closed:
            return False
        if transport.get_write_buffer_size() + len(frame) > self._config.max_unread_bytes:
            self.drop("it does not read our answers")
            return False
        transport.write(frame)
        return True

    def stop_reading(self, why: str) -> None:
        """Until every reason is gone."""
        if not self._stopped_for and self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()
        self._stopped_for.add(why)

    def go_on_reading(self, why: str) -> None:
        """One reason is gone."""
        self._stopped_for.discard(why)
        if not self._stopped_for and self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def hold(self, count: int) -> None:
        """So many bytes of its frames wait for the journal."""
        self.held_bytes += count
        if self.held_bytes > self._config.max_unjournalled_bytes_per_connection:
            self.stop_reading("journal")

    def release(self, count: int) -> None:
        """They wait no longer."""
        self.held_bytes -= count
        if self.held_bytes <= self._config.max_unjournalled_bytes_per_connection // 2:
            self.go_on_reading("journal")

    def check(self, now_s: float) -> None:
        """Close it where it has been silent, unknown or deaf for too long."""
        config = self._config
        if self._unread_since_s is not None and now_s - self._unread_since_s > _UNCONFIRMED_MS / 1_000:
            self.drop("it does not read our answers")
        elif not (self.devices or self.held_bytes) and now_s - self.opened_s > config.identify_within / 1e6:
            self.drop("no known device has spoken over it")
        elif now_s - self.heard_s > config.idle_timeout / 1e6 and not self._stopped_for:
            self.drop("nothing has come for too long")

    def drop(self, why: str) -> None:
        """Close it at once, for this reason."""
        if self._why_closed or self._transport is None:
            return
        self._why_closed = why
        self._transport.abort()

    def finish(self) -> None:
        """Close it once everything that was sent is out."""
        self._why_closed = self._why_closed or "we are stopping"
        if self._transport is not None:
            self._transport.close()

    def _take(self, pieces: Sequence[Frame | Rejected]) -> None:
        self._spend(len(pieces))
        for piece in pieces:
            self.rejects = self.rejects + 1 if isinstance(piece, Rejected) else 0
        self._hub.came(self, pieces)
        if self.rejects >= self._config.max_rejects:
            self.drop(f"{self.rejects} rejected pieces in a row: this is not HJ 212, or its framing is wrong")

    def _spend(self, pieces: int) -> None:
        """A flooding peer is read as fast as its budget allows; TCP then slows it down."""
        now_s, rate = self._loop.time(), self._config.max_frames_per_s
        self._allowance = min(self._config.burst_frames, self._allowance + (now_s - self._allowed_at_s) * rate) - pieces
        self._allowed_at_s = now_s
        if self._allowance < 0 and self._resume is None:
            self.slowed += 1
            self.stop_reading("budget")
            self._resume = self._loop.call_later((_RESUME_FRAMES - self._allowance) / rate, self._within_budget)

    def _within_budget(self) -> None:
        self._resume = None
        self.go_on_reading("budget")


def _watch(one: socket.socket | None) -> None:
    """Let the network find out about peers that are gone without a word."""
    if one is None:
        return
    one.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
    for name, value in (
        ("TCP_KEEPIDLE", _KEEPALIVE_IDLE_S),
        ("TCP_KEEPINTVL", _KEEPALIVE_EVERY_S),
        ("TCP_KEEPCNT", _KEEPALIVE_COUNT),
        ("TCP_USER_TIMEOUT", _UNCONFIRMED_MS),
    ):
        if hasattr(socket, name):  # Linux has them all
            one.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
