"""paho's client on a buffered socket: paho reads byte by byte and writes packet by packet, one system call each."""

import ssl
from typing import TYPE_CHECKING, Any

from paho.mqtt.client import Client

if TYPE_CHECKING:
    from paho.mqtt.client import SocketLike

_READ_BYTES = 64 * 1024


class BufferedSocket:
    """What paho wants of a socket (as for its WebSockets), non-blocking, with a buffer each way."""

    def __init__(self, sock: "SocketLike") -> None:
        self._sock = sock
        self._in = b""
        self._at = 0
        self._out = bytearray()

    def recv(self, size: int) -> bytes:
        """At most ``size`` bytes; empty at the end of the stream. Raises BlockingIOError where there are none yet."""
        if self._at == len(self._in):
            if size >= _READ_BYTES:
                return self._sock.recv(size)
            self._in, self._at = self._sock.recv(_READ_BYTES), 0
        piece = self._in[self._at : self._at + size]
        self._at += len(piece)
        return piece

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
        return self._at < len(self._in) or (isinstance(self._sock, ssl.SSLSocket) and self._sock.pending() > 0)

    def close(self) -> None:
        """Send what can be sent at once, and close."""
        try:
            self.flush()
        except OSError:
            self._out.clear()
        finally:
            self._sock.close()

    def fileno(self) -> int:
        """The descriptor to poll."""
        return self._sock.fileno()

    def setblocking(self, flag: bool) -> None:
        """As of a socket."""
        self._sock.setblocking(flag)


class BufferedClient(Client):
    """paho's client on a `BufferedSocket`. For one thread only, through ``loop_read`` and its like."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        #: None before the first connection.
        self.buffered: BufferedSocket | None = None
        # With this callback set, paho queues what it is to send and leaves the sending to us.
        self.on_socket_register_write = _nothing

    def _create_socket(self) -> "SocketLike":
        self.buffered = BufferedSocket(super()._create_socket())
        return self.buffered


def _nothing(*_: object) -> None:
    return None
