"""Very many data loggers at the least cost: ready-made HJ 212 telegrams in a matrix, their times patched, one row each.

``python -m deploy.bench.loggers CONFIG`` is a process of them: each connects, sends one real-time packet a second, and
notes how long the acknowledgement took. It sends nothing twice: what is not acknowledged in the end is counted.
"""

import contextlib
import gc
import json
import math
import re
import resource
import select
import socket
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, PositiveInt

from simulators.control import say

#: Codes in each packet, and the tags of `park_of` that they are.
CODES = {"a21026": "so2", "a21002": "nox", "a34013": "pm", "a19001": "o2", "a00000": "flow"}
_CHINA = timezone(timedelta(hours=8))
_SLOTS_PER_S = 50
#: After the last packet, for the last acknowledgement.
_PATIENCE_S = 60.0
_ACKNOWLEDGED = re.compile(rb"QN=(\d{17});ST=91;CN=9014;[^\r]*\r\n")
_HEX = np.frombuffer(b"0123456789ABCDEF", np.uint8)
Bytes = NDArray[np.uint8]


def _table() -> NDArray[np.uint16]:
    rows = np.arange(256, dtype=np.uint16)
    for _ in range(8):
        rows = np.where(rows & 1, (rows >> 1) ^ 0xA001, rows >> 1).astype(np.uint16)
    return rows


_TABLE = _table()


def checksums(segments: Bytes) -> NDArray[np.uint16]:
    """``(n,)`` CRC (HJ 212-2017 Annex A) of ``(n, length)`` data segments; a step keeps the high byte alone."""
    high = np.full(len(segments), 0xFF, np.uint8)
    crc = np.full(len(segments), 0xFFFF, np.uint16)
    for column in segments.T:
        crc = _TABLE[high ^ column]
        high = (crc >> 8).astype(np.uint8)
    return crc


def mn_of(number: int) -> str:
    """Of the logger with that number."""
    return f"{0x330604 << 72 | number:024X}"


class Telegrams:
    """One for each logger, all of one length."""

    def __init__(self, loggers: int) -> None:
        # The values' digits, and QN, stand at the same place in all: 3 digits, a point, 2 digits.
        values = ";".join(f"{code}-Rtd=000.00,{code}-Flag=N" for code in CODES)
        rows = []
        for number in range(loggers):
            segment = (
                f"QN={'0' * 17};ST=31;CN=2011;PW=123456;MN={mn_of(number)};Flag=5;CP=&&DataTime={'0' * 14};{values}&&"
            )
            rows.append(f"##{len(segment):04d}{segment}0000\r\n".encode())
        self._matrix = np.frombuffer(b"".join(rows), np.uint8).reshape(loggers, -1).copy()
        first = rows[0]
        self._qn_at, self._time_at = first.index(b"QN=") + 3, first.index(b"DataTime=") + 9
        starts = [match.end() for match in re.finditer(rb"-Rtd=", first)]
        self._digits = np.array([start + k for start in starts for k in (1, 2, 4, 5)], np.intp)
        self._random = np.random.default_rng(1)

    def new_values(self, loggers: slice) -> None:
        """Other values for these: two digits before the point, two behind it."""
        block = self._matrix[loggers]
        block[:, self._digits] = self._random.integers(
            ord("0"), ord("9") + 1, (len(block), len(self._digits)), np.uint8
        )

    def stamped(self, loggers: slice, qn: str, data_time: str) -> list[bytes]:
        """The whole telegrams of these."""
        block = self._matrix[loggers]
        block[:, self._qn_at : self._qn_at + 17] = np.frombuffer(qn.encode(), np.uint8)
        block[:, self._time_at : self._time_at + 14] = np.frombuffer(data_time.encode(), np.uint8)
        crc = checksums(block[:, 6:-6])
        for place, shift in enumerate((12, 8, 4, 0)):
            block[:, place - 6] = _HEX[(crc >> shift) & 0xF]
        return [row.tobytes() for row in block]


class Config(BaseModel):
    """What the process is told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    port: int
    loggers: PositiveInt
    #: A whole second, epoch microseconds.
    start_us: int
    seconds: PositiveInt


class Load:
    """All loggers of the process, in one thread."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._telegrams = Telegrams(config.loggers)
        self._sockets: list[socket.socket] = []
        self._by_fd: dict[int, int] = {}
        self._pending: list[dict[bytes, float]] = [{} for _ in range(config.loggers)]
        self._heard: list[bytes] = [b""] * config.loggers
        self._unsent: dict[int, bytes] = {}
        self._poll = select.epoll()
        self.latency_ms: list[float] = []
        self.sent = self.closed = self._last_qn_ms = 0

    def connect(self) -> None:
        """All of them. Raises OSError."""
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        for number in range(self._config.loggers):
            one = socket.create_connection(("127.0.0.1", self._config.port), timeout=30)
            one.setblocking(False)
            self._sockets.append(one)
            self._by_fd[one.fileno()] = number
            self._poll.register(one, select.EPOLLIN)

    def play(self) -> None:
        """Every logger once a second; then wait for what is still to be acknowledged."""
        config = self._config
        # Where connecting took too long: on the next whole second, so that nothing has to be made up for.
        start_s = max(config.start_us / 1e6, math.ceil(time.time()) + 1.0)
        for slot in range(config.seconds * _SLOTS_PER_S):
            due_s = start_s + slot / _SLOTS_PER_S
            self._listen_until(due_s)
            self._send(slot % _SLOTS_PER_S, start_s + slot // _SLOTS_PER_S)
        deadline_s = time.time() + _PATIENCE_S
        while any(self._pending) and time.time() < deadline_s:
            self._listen_until(time.time() + 0.05)

    def _send(self, slot: int, second_s: float) -> None:
        count = self._config.loggers
        group = slice(slot * count // _SLOTS_PER_S, (slot + 1) * count // _SLOTS_PER_S)
        now_s = time.time()
        # A number of its own for each round, also where rounds are made up for within a millisecond.
        self._last_qn_ms = max(int(now_s * 1000), self._last_qn_ms + 1)
        qn = datetime.fromtimestamp(self._last_qn_ms // 1000, _CHINA).strftime("%Y%m%d%H%M%S")
        qn += f"{self._last_qn_ms % 1000:03d}"
        data_time = datetime.fromtimestamp(second_s, _CHINA).strftime("%Y%m%d%H%M%S")
        self._telegrams.new_values(group)
        for number, telegram in enumerate(self._telegrams.stamped(group, qn, data_time), group.start):
            self._pending[number][qn.encode()] = now_s
            self._say(number, telegram)
            self.sent += 1

    def _say(self, number: int, telegram: bytes) -> None:
        data = self._unsent.pop(number, b"") + telegram
        try:
            done = self._sockets[number].send(data)
        except BlockingIOError:
            done = 0
        except OSError:
            self.closed += 1
            return
        if done < len(data):
            self._unsent[number] = data[done:]

    def _listen_until(self, due_s: float) -> None:
        for number in list(self._unsent):
            self._say(number, b"")
        while True:
            wait_s = due_s - time.time()
            for fd, _ in self._poll.poll(max(0.0, wait_s)):
                self._hear(fd)
            if wait_s <= 0:
                return

    def _hear(self, fd: int) -> None:
        number = self._by_fd[fd]
        try:
            data = self._sockets[number].recv(65_536)
        except OSError:
            data = b""
        if not data:
            self.closed += 1
            self._poll.unregister(fd)
            return
        now_s = time.time()
        heard, end = self._heard[number] + data, 0
        for match in _ACKNOWLEDGED.finditer(heard):
            end = match.end()
            sent_s = self._pending[number].pop(match[1], None)
            if sent_s is not None:
                self.latency_ms.append((now_s - sent_s) * 1e3)
        self._heard[number] = heard[end:][-4096:]

    def report(self) -> dict[str, Any]:
        """Counts, and how long acknowledgements took, milliseconds."""
        taken = np.array(self.latency_ms or [np.nan])
        p50, p99 = np.percentile(taken, (50, 99))
        return {
            "sent": self.sent,
            "acknowledged": len(self.latency_ms),
            "closed": self.closed,
            "ack_p50_ms": round(float(p50), 1),
            "ack_p99_ms": round(float(p99), 1),
            "ack_max_ms": round(float(taken.max()), 1),
        }


def main() -> None:
    """The process."""
    config = Config.model_validate(json.loads(Path(sys.argv[1]).read_text("utf-8")))
    load = Load(config)
    load.connect()
    gc.collect()
    gc.disable()  # a pause here would be taken for one of the host
    say("ready", loggers=config.loggers)
    load.play()
    say("over", **load.report())


if __name__ == "__main__":
    main()
