"""A plant in a process of its own, so that it can be stopped, frozen and killed like a real server.

``python plant_process.py PORT TAGS EVERY_MS`` serves ``ns=2;s=TI-0`` and on, each written every so often with the
number of the round as its value, and prints ``ready``.
"""

import asyncio
import logging
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from asyncua import ua
from asyncua.server.server import Server

_TAGS_PER_FOLDER = 100


async def serve(port: int, tags: int, every_s: float) -> None:
    """Until killed."""
    logging.disable(logging.CRITICAL)
    server = Server()
    await server.init()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{port}/plant")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    index = await server.register_namespace("http://example.org/plant")
    nodes = []
    for number in range(tags):
        if number % _TAGS_PER_FOLDER == 0:
            folder = await server.nodes.objects.add_folder(index, f"Area {number}")
        node = await folder.add_variable(ua.NodeId.from_string(f"ns={index};s=TI-{number}"), f"TI-{number}", 0.0)
        nodes.append(node.nodeid)
    async with server:
        print("ready", flush=True)
        await _write(server, nodes, every_s)


def _measured(value: float, moment: datetime) -> ua.DataValue:
    measured = ua.DataValue(ua.Variant(value))
    measured.SourceTimestamp = measured.ServerTimestamp = moment  # type: ignore[assignment]  # any datetime will do
    return measured


async def _write(server: Server, nodes: list[ua.NodeId], every_s: float) -> None:
    value, due = 0.0, time.monotonic()
    while True:
        now, value = datetime.now(UTC), value + 1.0
        for node in nodes:
            await server.write_attribute_value(node, _measured(value, now))
        due = max(due + every_s, time.monotonic() - 1.0)
        await asyncio.sleep(max(0.0, due - time.monotonic()))


class PlantProcess:
    """Started and stopped like a machine: ``start`` waits until it listens."""

    def __init__(self, port: int, *, tags: int = 5, every_ms: int = 50) -> None:
        self.endpoint = f"opc.tcp://127.0.0.1:{port}/plant"
        self._command = [sys.executable, str(Path(__file__)), str(port), str(tags), str(every_ms)]
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """A fresh server."""
        await asyncio.to_thread(self._start)

    def _start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    def signal(self, number: int) -> None:
        """SIGSTOP, SIGCONT, ..."""
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """At once, without a word to anybody."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    @property
    def pid(self) -> int:
        """Of the running server."""
        assert self._process is not None
        return self._process.pid


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]) / 1000))
