"""How a simulator process is steered: commands as JSON lines on its input, what happens as JSON lines on its output."""

import asyncio
import json
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Handler = Callable[[Mapping[str, Any]], Awaitable[None]]


def say(event: str, **facts: object) -> None:
    """One line for whoever started the process."""
    print(json.dumps({"event": event, **facts}), flush=True)


async def _input() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def obey(handlers: Mapping[str, Handler], stop: asyncio.Event) -> None:
    """Carry out ``{"command": NAME, ...}`` lines until the input ends; a wrong line is answered, not fatal.

    ``{"command": "stop"}`` sets ``stop``. The end of the input does not: a process may run without anyone to steer it.
    """
    try:
        reader = await _input()
    except (OSError, ValueError):  # a file or nothing at all: nobody is there to give commands
        return
    while line := await reader.readline():
        try:
            command = json.loads(line)
            name = command["command"]
            if name == "stop":
                stop.set()
                return
            await handlers[name](command)
        except (ValueError, KeyError, TypeError) as error:
            say("error", line=line.decode(errors="replace").strip(), reason=f"{type(error).__name__}: {error}")
        else:
            say("done", command=name)


def stop_on_signals(stop: asyncio.Event) -> None:
    """SIGINT and SIGTERM end the process in an orderly way."""
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, stop.set)
