"""An OPC UA server to measure a client by: many tags, all written anew at a steady rate, in a process of its own."""

import asyncio
import logging
import multiprocessing
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection

from asyncua import ua
from asyncua.server.server import Server

#: More under one parent makes asyncua's server slow.
_TAGS_PER_FOLDER = 100
_NAMESPACE = "http://example.org/bench"
_START_S = 120.0


def address(number: int) -> str:
    """Of a tag."""
    return f"ns=2;s=T{number}"


@contextmanager
def serving(tags: int, every_s: float) -> Iterator[str]:
    """Serve ``tags``, each with the number of the round as its value, until the context ends. Gives the endpoint."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        endpoint = f"opc.tcp://127.0.0.1:{probe.getsockname()[1]}/bench"
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(endpoint, tags, every_s, theirs), daemon=True)
    process.start()
    try:
        if not ours.poll(_START_S):
            raise TimeoutError("the server of the benchmark did not start")
        yield endpoint
    finally:
        process.kill()
        process.join()


def _run(endpoint: str, tags: int, every_s: float, ready: Connection) -> None:
    logging.disable(logging.CRITICAL)
    asyncio.run(_serve(endpoint, tags, every_s, ready))


async def _serve(endpoint: str, tags: int, every_s: float, ready: Connection) -> None:
    server = Server()
    await server.init()
    server.set_endpoint(endpoint)
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    index = await server.register_namespace(_NAMESPACE)
    nodes = []
    for number in range(tags):
        if number % _TAGS_PER_FOLDER == 0:
            folder = await server.nodes.objects.add_folder(index, f"Area {number}")
        variable = await folder.add_variable(ua.NodeId.from_string(address(number)), f"T{number}", 0.0)
        nodes.append(variable.nodeid)
    async with server:
        ready.send("ready")
        await _write(server, nodes, every_s)


async def _write(server: Server, nodes: list[ua.NodeId], every_s: float) -> None:
    value, due = 0.0, time.monotonic()
    while True:
        value += 1.0
        measured = ua.DataValue(ua.Variant(value))
        measured.SourceTimestamp = measured.ServerTimestamp = datetime.now(UTC)  # type: ignore[assignment]
        for node in nodes:
            await server.write_attribute_value(node, measured)
        due = max(due + every_s, time.monotonic())
        await asyncio.sleep(max(due - time.monotonic(), 0.0))
