"""The listening port: who may connect, and everything that has come and is not journalled yet."""

import asyncio
import errno
import resource
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

import structlog

from connectors.hj212.config import Hj212Config
from connectors.hj212.framing import Frame, Rejected
from connectors.hj212.peer import Peer

_log = structlog.get_logger(__name__)

_BACKLOG = 1024
#: File descriptors that the rest of the service may need besides.
_OTHER_FILES = 500
_LOG_REFUSED_EVERY_S = 60.0
_ALL = "all connections"
#: What a piece takes beside its bytes.
_PIECE_BYTES = 200


class Arrived(NamedTuple):
    """One piece of one connection's bytes."""

    peer: Peer
    piece: Frame | Rejected

    @property
    def bytes(self) -> int:
        """How much of the memory that we allow ourselves it takes."""
        return len(self.piece.raw) + _PIECE_BYTES


class Server:
    """Implements `connectors.hj212.peer.Hub`. ``on_closed`` is told of connections that end."""

    def __init__(self, config: Hj212Config, on_closed: Callable[[Peer, str], None]) -> None:
        self._config = config
        self._on_closed = on_closed
        self._server: asyncio.Server | None = None
        self._peers: set[Peer] = set()
        self._by_address: Counter[str] = Counter()
        self._inbox: deque[Arrived] = deque()
        self._news = asyncio.Event()
        self._held_bytes = 0
        self._full = False
        self._refusals_logged_s = float("-inf")
        #: Connections that were not let in.
        self.refused = 0

    @property
    def connections(self) -> int:
        """Open ones."""
        return len(self._peers)

    @property
    def port(self) -> int:
        """That it listens on; 0: on none."""
        return int(self._server.sockets[0].getsockname()[1]) if self._server and self._server.sockets else 0

    async def open(self) -> None:
        """Listen. Raises OSError where that cannot be."""
        self.release(self.take(len(self._inbox), sys.maxsize))  # of a run before this one
        _allow_files(self._config.max_connections + _OTHER_FILES)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Peer(self._config, self), self._config.host, self._config.port, backlog=_BACKLOG
        )

    def shut(self) -> None:
        """Let nobody else in."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def hang_up(self) -> None:
        """End all connections, once what was sent is out."""
        for peer in list(self._peers):
            peer.finish()

    def check(self) -> None:
        """Close what has been silent, unknown or deaf for too long."""
        now_s = asyncio.get_running_loop().time()
        for peer in list(self._peers):
            peer.check(now_s)

    async def wait(self) -> None:
        """Until something has come."""
        await self._news.wait()
        self._news.clear()

    def take(self, most: int, most_bytes: int) -> list[Arrived]:
        """What has come, oldest first; empty: nothing is left."""
        taken: list[Arrived] = []
        while self._inbox and len(taken) < most and most_bytes > 0:
            one = self._inbox.popleft()
            most_bytes -= one.bytes
            taken.append(one)
        return taken

    def release(self, taken: Sequence[Arrived]) -> None:
        """These wait no longer."""
        for peer, count in _bytes_by_peer(taken).items():
            self._held_bytes -= count
            peer.release(count)
        if self._full and self._held_bytes <= self._config.max_unjournalled_bytes // 2:
            self._full = False
            for peer in list(self._peers):
                peer.go_on_reading(_ALL)

    # --- Hub

    def opened(self, peer: Peer) -> str:
        """See `connectors.hj212.peer.Hub`."""
        refusal = ""
        if self._server is None:
            refusal = "we are stopping"
        elif len(self._peers) >= self._config.max_connections:
            refusal = f"{len(self._peers)} connections are open, and max_connections allows no more"
        elif self._by_address[peer.address] >= self._config.connections_from(peer.address):
            refusal = (
                f"{self._by_address[peer.address]} connections from {peer.address}; see max_connections_per_address"
            )
        if refusal:
            self.refused += 1
            self._log_refusal(peer, refusal)
            return refusal
        self._peers.add(peer)
        self._by_address[peer.address] += 1
        if self._full:
            peer.stop_reading(_ALL)
        return ""

    def came(self, peer: Peer, pieces: Sequence[Frame | Rejected]) -> None:
        """See `connectors.hj212.peer.Hub`."""
        arrived = [Arrived(peer, piece) for piece in pieces]
        count = sum(one.bytes for one in arrived)
        self._inbox.extend(arrived)
        self._held_bytes += count
        peer.hold(count)
        self._news.set()
        if not self._full and self._held_bytes > self._config.max_unjournalled_bytes:
            self._full = True
            for one in self._peers:
                one.stop_reading(_ALL)

    def closed(self, peer: Peer, reason: str) -> None:
        """See `connectors.hj212.peer.Hub`."""
        self._peers.discard(peer)
        self._by_address[peer.address] -= 1
        if not self._by_address[peer.address]:
            del self._by_address[peer.address]
        self._on_closed(peer, reason)

    def _log_refusal(self, peer: Peer, refusal: str) -> None:
        """A flood of connections must not become a flood of lines."""
        now_s = time.monotonic()
        if now_s - self._refusals_logged_s >= _LOG_REFUSED_EVERY_S:
            self._refusals_logged_s = now_s
            _log.warning(
                "A connection was refused.",
                connector=self._config.id,
                peer=peer.name,
                why=refusal,
                refused=self.refused,
            )


def _bytes_by_peer(taken: Sequence[Arrived]) -> Counter[Peer]:
    counts: Counter[Peer] = Counter()
    for one in taken:
        counts[one.peer] += one.bytes
    return counts


def _allow_files(count: int) -> None:
    """As many open files as we may have connections, as far as the machine allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = sys.maxsize if soft == resource.RLIM_INFINITY else soft
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if allowed < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            allowed = wanted
        except (OSError, ValueError):  # a sandbox may forbid it
            pass
    if allowed < count:
        _log.warning("Fewer open files are allowed than connections; raise LimitNOFILE.", allowed=allowed)


def why_not(error: OSError, host: str, port: int) -> str:
    """Why nobody can connect, and what may help."""
    where = f"{host}:{port}"
    if error.errno == errno.EADDRINUSE:
        return f"cannot listen on {where}: another program does; stop it, or set another port"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"cannot listen on {where}: not allowed; use a port above 1023"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"cannot listen on {where}: this machine does not have that address; correct host"
    return f"cannot listen on {where}: {error.strerror or error}"
