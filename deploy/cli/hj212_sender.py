"""A data logger's side of the line: packets out, answers in, with the standard's patience (HJ 212-2017, 6.6)."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from types import TracebackType

from connectors.hj212.framing import Framer, Rejected
from connectors.hj212.packet import DATA_ANSWER, NOTICE_ANSWER, Packet, PacketInvalid, parse

_READ_BYTES = 4096
_ANSWERS = frozenset({DATA_ANSWER, NOTICE_ANSWER})


class SendFailed(Exception):
    """The server is not there, or went away."""


class Sender:
    """One connection, opened on entering. ``tell`` is given a line for everything that happens."""

    def __init__(self, host: str, port: int, *, timeout_s: float, resends: int, tell: Callable[[str], None]) -> None:
        self._address = (host, port)
        self._timeout_s = timeout_s
        self._resends = resends
        self._tell = tell
        self._framer = Framer()

    def __enter__(self) -> Sender:
        """Raises SendFailed."""
        try:
            self._socket = socket.create_connection(self._address, timeout=self._timeout_s)
        except OSError as error:
            raise SendFailed(f"cannot connect to {self._address[0]}:{self._address[1]}: {error}") from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._socket.close()

    def send(self, raw: bytes, packet: Packet) -> bool:
        """Whether it needed no answer, or got it. Raises SendFailed where the server closes the connection."""
        name = f"{packet.cn} {packet.qn or packet.params.get('DataTime', '')}".rstrip()
        for attempt in range(1 + self._resends):
            self._tell(f"sent {name}" + (f" again ({attempt} of {self._resends})" if attempt else ""))
            self.send_raw(raw)
            if not packet.wants_ack:
                return True
            if self._answered(packet):
                return True
        self._tell(f"no answer to {name}")
        return False

    def send_raw(self, raw: bytes) -> None:
        """Bytes as they are. Raises SendFailed."""
        try:
            self._socket.sendall(raw)
        except OSError as error:
            raise SendFailed(f"the server does not take what is sent: {error}") from error

    def _answered(self, packet: Packet) -> bool:
        until_s = time.monotonic() + self._timeout_s
        while (left_s := until_s - time.monotonic()) > 0:
            for answer in self._receive(left_s):
                if answer.cn in _ANSWERS and answer.mn == packet.mn and answer.qn in (packet.qn, ""):
                    return True
        return False

    def _receive(self, within_s: float) -> list[Packet]:
        self._socket.settimeout(max(within_s, 0.001))
        try:
            data = self._socket.recv(_READ_BYTES)
        except TimeoutError:
            return []
        except OSError as error:
            raise SendFailed(f"the connection broke: {error}") from error
        if not data:
            raise SendFailed("the server closed the connection")
        found: list[Packet] = []
        for piece in self._framer.feed(data):
            if isinstance(piece, Rejected):
                self._tell(f"not understood: {piece.reason}: {piece.detail}")
                continue
            self._tell(f"received {piece.raw.rstrip().decode('utf-8', 'backslashreplace')}")
            try:
                found.append(parse(piece.segment))
            except PacketInvalid as error:
                self._tell(f"not understood: {error}")
        return found
