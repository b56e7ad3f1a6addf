"""Every kind of connector, with a configuration that has a secret, and peers that are of no use."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from connectors.base import Connector, Context, Gap
from connectors.registry import BUILDERS, parse_config
from deploy.embedded.ports import free_port
from park.check import load_park
from park.index import TagTable
from tests.contract.memory_intake import MemoryIntake

SECRET = "hunter2"

PARK = """\
id: park
name: Park
enterprises:
  - id: acme
    name: Acme
    sources:
      - id: tank
        kind: tank
        position: [120.87, 30.15]
        from: {connector: link}
        tags: [{id: LT, quantity: level, unit: "%", from: {connector: link, address: "ns=2;s=LT"}}]
"""

#: Where a peer is; the rest is the same for all.
_PLACES: Mapping[str, Callable[[int], dict[str, Any]]] = {
    "opcua": lambda port: {"endpoint": f"opc.tcp://127.0.0.1:{port}/plant"},
    "mqtt": lambda port: {"host": "127.0.0.1", "port": port},
    "http": lambda port: {},
    "hj212": lambda port: {"host": "127.0.0.1", "port": port},
    "sparkplug": lambda port: {"host": "127.0.0.1", "port": port},
}
#: How a secret is given, and how patience is cut short.
_OPTIONS: Mapping[str, dict[str, Any]] = {
    "opcua": {
        "identity": {"kind": "user", "name": "parkwatch", "password": SECRET},
        "allow_plain_password": True,
        "request_timeout": "500ms",
        "reconnect_min": "50ms",
        "reconnect_max": "200ms",
    },
    "mqtt": {
        "username": "parkwatch",
        "password": SECRET,
        "keepalive": "1s",
        "retry_first": "50ms",
        "retry_max": "200ms",
    },
    "http": {},
    "hj212": {
        "devices": [{"mn": "010000A8900016F000169DC0", "password": SECRET, "enterprise": "acme"}],
        "retry_first": "50ms",
        "retry_max": "200ms",
    },
    "sparkplug": {
        "username": "parkwatch",
        "password": SECRET,
        "keepalive": "1s",
        "retry_first": "50ms",
        "retry_max": "200ms",
    },
}
#: They neither connect nor listen: they are handed what came another way.
PASSIVE = {"http"}
#: They wait to be connected to: no peer is of no use to them, but their port may be taken.
LISTENING = {"hj212"}


def sample(kind: str, port: int = 1) -> dict[str, Any]:
    """A whole configuration of one connector."""
    return {"kind": kind, "id": "link", **_PLACES[kind](port), **_OPTIONS[kind]}


class Built:
    """A connector, and what it was given."""

    def __init__(self, kind: str, port: int) -> None:
        self.intake = MemoryIntake()
        self.gaps: list[Gap] = []
        context = Context(
            tags=TagTable(load_park(PARK, "park.yaml").park),
            intake=self.intake,
            clock=lambda: 1_795_305_600_000_000,
            on_gap=self.gaps.append,
        )
        self.connector: Connector = BUILDERS[kind](parse_config.validate_python(sample(kind, port)), context)


Build = Callable[[int], Built]


@pytest.fixture(params=sorted(BUILDERS))
def kind(request: pytest.FixtureRequest) -> str:
    """Each in turn."""
    return str(request.param)


@pytest.fixture
def build(kind: str) -> Build:
    """One of the kind, whose peer is at a port of this machine."""
    return lambda port: Built(kind, port)


@pytest.fixture
def nobody() -> int:
    """A port where nobody listens."""
    return free_port()


@pytest.fixture
def silent() -> Iterator[int]:
    """A port where somebody listens and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield int(server.getsockname()[1])


@asynccontextmanager
async def _babbler() -> AsyncIterator[int]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.read(1)
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


@pytest.fixture
async def babbler() -> AsyncIterator[int]:
    """A port where somebody speaks another protocol."""
    async with _babbler() as port:
        yield port


_CONNECTING = sorted(set(BUILDERS) - PASSIVE - LISTENING)
_USELESS = [
    *((kind, peer) for kind in _CONNECTING for peer in ("nobody", "silent", "babbler")),
    *((kind, "silent") for kind in sorted(LISTENING)),  # who listens there has taken the port
]


@pytest.fixture(params=_USELESS, ids=[f"{kind}-{'taken' if kind in LISTENING else peer}" for kind, peer in _USELESS])
def stuck(request: pytest.FixtureRequest, nobody: int, silent: int, babbler: int) -> Built:
    """Of every kind that connects or listens: one that cannot, for each reason there is."""
    kind, peer = request.param
    return Built(kind, {"nobody": nobody, "silent": silent, "babbler": babbler}[peer])
