"""Processes of ours that demo and benchmarks start: they say what happens in JSON lines and end when we do."""

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_STOP_WITHIN_S = 15.0


class ChildDied(Exception):
    """A process ended before it was told to; the message holds its last words."""


def die_with_parent() -> None:
    """In the child, before it runs: the kernel ends it when we are gone, however we went."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


class Child:
    """``python -m MODULE ARGUMENTS``; what it writes to stderr goes to ``log``."""

    def __init__(self, name: str, arguments: list[str], log: Path, on_event: Callable[[dict[str, Any]], None]) -> None:
        self.name = name
        self._arguments = arguments
        self._log = log
        self._on_event = on_event
        self._last_words: deque[str] = deque(maxlen=15)
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def start(self, environment: Mapping[str, str] | None = None) -> None:
        """Run it. A session of its own: Ctrl-C reaches us alone, who then stop it in order."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *self._arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env={**os.environ, **(environment or {})},
                preexec_fn=die_with_parent,
                start_new_session=True,
            )
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self._last_words.append(line.decode(errors="replace"))
            with contextlib.suppress(ValueError):
                event = json.loads(line)
                if isinstance(event, dict):
                    self._on_event(event)

    @property
    def pid(self) -> int:
        """Of the process. Raises ChildDied where it was not started."""
        if self._process is None:
            raise ChildDied(f"{self.name} was not started")
        return self._process.pid

    def check(self) -> None:
        """Raises ChildDied where it ended by itself with an error."""
        if self._process is not None and self._process.returncode not in (None, 0):
            tail = self._log.read_text(errors="replace").splitlines()[-15:]
            words = "\n".join([*tail, *self._last_words])
            raise ChildDied(f"{self.name} ended with code {self._process.returncode}:\n{words}")

    async def tell(self, command: Mapping[str, object]) -> None:
        """One command, as a JSON line on its input."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(ConnectionError):
                self._process.stdin.write(json.dumps(command).encode() + b"\n")
                await self._process.stdin.drain()

    def kill(self) -> None:
        """At once, as a power cut would."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def wait(self) -> None:
        """Until it has ended and everything it said was read."""
        if self._process is not None and self._reading is not None:
            await self._process.wait()
            await self._reading

    async def stop(self) -> None:
        """Ask it to end, and see to it that it does."""
        if self._process is None:
            return
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_WITHIN_S)
        except TimeoutError:
            self.kill()
        await self.wait()
