"""Takes the messages out of the byte stream before paho sees it; the rest of the protocol is left to paho.

paho reads byte by byte, builds a property table for every MQTT 5 message and writes packet by packet: some 80 µs a
message, most of what one costs here. A PUBLISH packet is the simplest of all to read, so we read it ourselves. All else
(connecting, TLS, subscribing, keep-alive, acknowledging, disconnecting) is paho's, which never knows.
"""

import socket
import ssl
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from paho.mqtt.client import Client

from connectors.mqtt.events import Arrived

if TYPE_CHECKING:
    from paho.mqtt.client import SocketLike

#: What is kept of a message that is too large.
KEPT_BYTES = 64 * 1024
_READ_BYTES = 64 * 1024
#: Room for a topic and properties beside the payload.
_HEADER_BYTES = 128 * 1024
_PUBLISH, _PINGRESP = 0x30, b"\xd0\x00"
_ALIVE_EVERY_S = 0.5


class Malformed(OSError):
    """The broker sent bytes that are not MQTT. To paho an OSError means a lost connection, which it now is."""


class Splitter:
    """Bytes in; messages to ``on_message``; the packets of all other kinds, whole, to ``rest``. Opens no socket."""

    def __init__(self, *, version_5: bool, max_message_bytes: int, on_message: Callable[[Arrived], None]) -> None:
        self._version_5 = version_5
        self._max_message_bytes = max_message_bytes
        self._on_message = on_message
        self.rest = bytearray()
        self._parts: list[bytes] = []
        self._have = 0
        #: Bytes without which there is no next packet; more than 2 only inside a packet of known length.
        self._wanted = 2
        #: Bytes of a too large message that are still to come, and not kept.
        self._skip = 0
        #: What was malformed; paho does not pass it on.
        self.broken = ""

    def feed(self, data: bytes) -> None:
        """Raises Malformed."""
        if self._skip:
            skipped = min(self._skip, len(data))
            self._skip -= skipped
            data = data[skipped:]
        self._parts.append(data)
        self._have += len(data)
        if self._have < self._wanted:
            return
        try:
            self._split(self._parts[0] if len(self._parts) == 1 else b"".join(self._parts))
        except Malformed as error:
            self.broken = str(error)
            raise

    def _split(self, data: bytes) -> None:
        at, end, self._wanted = 0, len(data), 2
        while end - at >= 2:
            length, start = _length(data, at + 1, end)
            if start < 0:
                self._wanted = end - at + 1
                break
            stop = start + length
            is_message = data[at] & 0xF0 == _PUBLISH and data[at] & 0x06 != 0x04  # QoS 2 is a dialogue: paho's
            too_large = is_message and length > self._max_message_bytes + _HEADER_BYTES
            needed = min(stop, start + KEPT_BYTES + _HEADER_BYTES) if too_large else stop
            if needed > end:
                self._wanted = needed - at
                break
            if is_message:
                self._message(data, at, start, stop)
            else:
                self.rest += data[at:stop]
            at = stop
        self._skip = max(at - end, 0)
        rest = data[at:]
        self._parts, self._have = [rest] if rest else [], len(rest)

    def _message(self, data: bytes, at: int, start: int, stop: int) -> None:
        first = data[at]
        topic_at = start + 2
        place = topic_at + (data[start] << 8 | data[start + 1] if stop - start >= 2 else _HEADER_BYTES)
        topic = data[topic_at:place]
        qos = first >> 1 & 1
        identifier = 0
        if qos and place + 2 <= stop:
            identifier = data[place] << 8 | data[place + 1]
            place += 2
        if self._version_5 and place < stop:
            properties, place = _length(data, place, min(stop, len(data)))
            place = place + properties if place >= 0 else stop + 1
        if place > stop or (qos and not identifier):
            raise Malformed("the broker sent a malformed message")
        payload_bytes = stop - place
        kept = payload_bytes if payload_bytes <= self._max_message_bytes else KEPT_BYTES
        self._on_message(Arrived(topic, data[place : place + kept], payload_bytes, identifier, qos, first & 1 == 1))


def _length(data: bytes, at: int, end: int) -> tuple[int, int]:
    """A variable byte integer (MQTT 5, 1.5.5) and where it ends; (0, -1) where it is not all there."""
    length = shift = 0
    while at < end:
        byte = data[at]
        at += 1
        length |= (byte & 0x7F) << shift
        if byte < 0x80:
            return length, at
        shift += 7
        if shift > 21:
            raise Malformed("the broker sent a packet with a malformed length")
    return 0, -1


class SplitSocket:
    """What paho wants of a socket (as for its WebSockets), non-blocking; with a `Splitter` and an output buffer."""

    def __init__(self, sock: socket.socket, splitter: Splitter) -> None:
        self._sock = sock
        self._splitter = splitter
        self._out = bytearray()
        self._alive_at_s = time.monotonic()
        #: How long `close` may wait for the broker.
        self.linger_s = 0.0

    def recv(self, size: int) -> bytes:
        """At most ``size`` bytes for paho; empty at the end of the stream. Raises BlockingIOError where there are none.

        Reads once from the network at most, so that the caller gets to its other work.
        """
        rest = self._splitter.rest
        if not rest:
            data = self._sock.recv(_READ_BYTES)
            if not data:
                return b""
            self._splitter.feed(data)
            self._show_life()
        if not rest:
            raise BlockingIOError
        piece = bytes(rest[:size])
        del rest[:size]
        return piece

    def _show_life(self) -> None:
        """paho sees no messages, so the broker may look dead to it; tell it of what is as good as a ping's answer."""
        now_s = time.monotonic()
        if now_s - self._alive_at_s > _ALIVE_EVERY_S:
            self._splitter.rest += _PINGRESP
            self._alive_at_s = now_s

    def send(self, data: bytes | bytearray) -> int:
        """Takes everything; `flush` sends it."""
        self._out += data
        return len(data)

    def flush(self) -> None:
        """Send what the kernel takes. Raises OSError where the connection is lost."""
        try:
            while self._out:
                del self._out[: self._sock.send(self._out)]
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return

    @property
    def has_unsent(self) -> bool:
        """Whether `flush` has work left."""
        return bool(self._out)

    @property
    def has_unread(self) -> bool:
        """Whether `recv` would give bytes that polling the descriptor does not show."""
        return bool(self._splitter.rest) or (isinstance(self._sock, ssl.SSLSocket) and self._sock.pending() > 0)

    def close(self) -> None:
        """Send what can be sent at once, wait for the broker to have read it where `linger_s` says so, and close."""
        try:
            self.flush()
            self._linger()
        except OSError:
            self._out.clear()
        finally:
            self.linger_s = 0.0
            self._sock.close()

    def _linger(self) -> None:
        """Until the broker closes too. A client that came back at once would else cut off its own acknowledgements."""
        if self.linger_s <= 0:
            return
        self._sock.shutdown(socket.SHUT_WR)
        self._sock.settimeout(self.linger_s)
        deadline_s = time.monotonic() + self.linger_s
        while time.monotonic() < deadline_s and self._sock.recv(_READ_BYTES):
            pass

    def fileno(self) -> int:
        """The descriptor to poll."""
        return self._sock.fileno()

    def setblocking(self, flag: bool) -> None:
        """As of a socket."""
        self._sock.setblocking(flag)


class SplitClient(Client):
    """paho's client on a `SplitSocket`. For one thread only, through ``loop_read`` and its like."""

    def __init__(self, splitter: Splitter, tls: ssl.SSLContext | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._splitter = splitter
        self._tls = tls
        #: None before `connect` has returned.
        self.split: SplitSocket | None = None
        # With this callback set, paho queues what it is to send and leaves the sending to us.
        self.on_socket_register_write = _nothing

    def _create_socket(self) -> "SocketLike":
        sock = socket.create_connection((self.host, self.port), self.connect_timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls is not None:  # paho would do the same, and leave the socket open where the handshake fails
            sock = self._tls.wrap_socket(sock, server_hostname=self.host)
        self.split = SplitSocket(sock, self._splitter)
        return self.split


def _nothing(*_: object) -> None:
    return None
