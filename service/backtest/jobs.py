"""Backtests that the interface is asked for: one at a time, each in a process of its own that yields to the service."""

import asyncio
import contextlib
import os
import shutil
import sys
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson
import structlog

from service.backtest.orders import RESULT, TOLD, Order
from service.clock import Clock

_log = structlog.get_logger(__name__)

MOST_WAITING = 4
_MOST_KEPT = 20
_END_WITHIN_S = 5.0


class State(StrEnum):
    """Of one backtest."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


_OVER = frozenset({State.DONE, State.FAILED, State.CANCELLED})


class QueueFull(Exception):
    """So many are waiting already that another one is refused; try again when one is done."""


@dataclass(slots=True, kw_only=True, eq=False)
class Backtest:
    """One that was asked for."""

    id: str
    #: Name of the key that asked.
    by: str
    #: What was asked, for people.
    asked: Mapping[str, Any]
    asked_us: int
    directory: Path
    state: State = State.WAITING
    #: Share that is done, 0 to 1.
    done: float = 0.0
    #: Source time that it has reached.
    at_us: int | None = None
    samples: int = 0
    error: str = ""
    result: dict[str, Any] | None = None
    process: asyncio.subprocess.Process | None = field(default=None, repr=False)

    @property
    def is_over(self) -> bool:
        """Nothing about it will change any more."""
        return self.state in _OVER

    @property
    def told_file(self) -> Path:
        """Its transitions, one JSON object a line; grows while it runs."""
        return self.directory / TOLD


class Backtests:
    """Constructing does nothing; the first order makes the directory. ``close`` ends what runs."""

    def __init__(self, dsn: str, directory: Path, clock: Clock) -> None:
        self._dsn = dsn
        self._directory = directory
        self._clock = clock
        self._known: OrderedDict[str, Backtest] = OrderedDict()
        self._worker: asyncio.Task[None] | None = None

    def list(self) -> list[Backtest]:
        """The newest first."""
        return list(reversed(self._known.values()))

    def get(self, backtest_id: str) -> Backtest | None:
        """None where there is none, or it was long ago."""
        return self._known.get(backtest_id)

    async def start(self, order: Order, *, by: str, asked: Mapping[str, Any]) -> Backtest:
        """Put it in the queue. Raises QueueFull and OSError."""
        if sum(one.state is State.WAITING for one in self._known.values()) >= MOST_WAITING:
            raise QueueFull(f"{MOST_WAITING} backtests are waiting already")
        backtest_id = str(uuid.uuid4())
        one = Backtest(
            id=backtest_id, by=by, asked=asked, asked_us=self._clock(), directory=self._directory / backtest_id
        )
        first = not self._known
        self._known[one.id] = one
        try:
            await asyncio.to_thread(self._write, one, order, first)
        except OSError:
            del self._known[one.id]
            raise
        self._forget_old()
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work(), name="backtests")
        return one

    def _write(self, one: Backtest, order: Order, first: bool) -> None:
        if first:  # what an earlier life of the service left behind
            shutil.rmtree(self._directory, ignore_errors=True)
        one.directory.mkdir(parents=True)
        order.write(one.directory)

    def _forget_old(self) -> None:
        over = [one for one in self._known.values() if one.is_over]
        for one in over[: max(0, len(over) - _MOST_KEPT)]:
            del self._known[one.id]
            shutil.rmtree(one.directory, ignore_errors=True)

    async def cancel(self, one: Backtest) -> None:
        """It ends soon; one that is over stays as it is."""
        if not one.is_over:
            one.state = State.CANCELLED
            if one.process is not None:
                await _end(one.process)

    async def close(self) -> None:
        """The service stops."""
        for one in self._known.values():
            await self.cancel(one)
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.wait({self._worker})
        await asyncio.to_thread(shutil.rmtree, self._directory, ignore_errors=True)

    async def _work(self) -> None:
        while (one := next((one for one in self._known.values() if one.state is State.WAITING), None)) is not None:
            one.state = State.RUNNING
            try:
                await self._run(one)
            except Exception as error:
                _log.error("A backtest failed.", backtest=one.id, exc_info=error)
                one.state, one.error = State.FAILED, f"{type(error).__name__}: {error}"
            finally:
                one.process = None

    async def _run(self, one: Backtest) -> None:
        one.process = process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "service.backtest.worker", str(one.directory)),
            env={**os.environ, "DATABASE_URL": self._dsn},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        if one.state is State.CANCELLED:
            await _end(process)
        assert process.stdout is not None
        assert process.stderr is not None
        # Both are read, or a worker with much to say would wait for ever.
        complaints = asyncio.create_task(process.stderr.read())
        try:
            async for text in process.stdout:
                _take(one, orjson.loads(text))
            code = await process.wait()
            said = (await complaints).decode(errors="replace").strip()
        finally:
            complaints.cancel()
            await _end(process)
        if one.state is State.CANCELLED:
            return
        if code != 0:
            _log.warning("A backtest failed.", backtest=one.id, reason=one.error, said=said[-2_000:])
            one.state, one.error = (
                State.FAILED,
                one.error or f"the worker ended with {code}; the service's log says why",
            )
            return
        one.result = orjson.loads(await asyncio.to_thread((one.directory / RESULT).read_bytes))
        one.state, one.done = State.DONE, 1.0


def _take(one: Backtest, said: dict[str, Any]) -> None:
    one.error = said.get("error", one.error)
    if said.get("done") is not None:
        one.done, one.at_us, one.samples = said["done"], said["at_us"], said["samples"]


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _END_WITHIN_S)
        except TimeoutError:
            process.kill()
            await process.wait()
