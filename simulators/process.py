"""What the simulator processes have in common: play, report, obey, end in an orderly way."""

import argparse
import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import TypeAdapter

from simulators.control import Handler, obey, say, stop_on_signals
from simulators.faults import Fault
from simulators.live import LiveSource
from simulators.player import Sink, play, wall_clock_us
from simulators.recording import RecordingSource

_Config = TypeVar("_Config")
_FAULT: TypeAdapter[Fault] = TypeAdapter(Fault)
_REPORT_EVERY_S = 5.0
#: What is being written or sent when the process is stopped gets so long.
_GRACE_S = 3.0
#: At the end of what is played, subscribers get this long to be told the last values.
_LINGER_S = 2.0


class Played(Sink, Protocol):
    """A sink that can be opened and closed."""

    async def start(self) -> None:
        """Raises OSError."""

    async def stop(self) -> None:
        """Hand over what is on its way, then close."""


async def _report(tell: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(_REPORT_EVERY_S)
        tell()


def _fault_handler(source: LiveSource | RecordingSource) -> Handler:
    async def fault(command: Mapping[str, Any]) -> None:
        if isinstance(source, RecordingSource):
            raise ValueError("a recording takes no faults")
        source.inject(_FAULT.validate_python(command["fault"]), wall_clock_us())

    return fault


def _begin_handler(source: LiveSource | RecordingSource) -> Handler:
    async def begin(command: Mapping[str, Any]) -> None:
        if isinstance(source, RecordingSource):
            raise ValueError("a recording begins when its configuration says")
        source.begin(int(command["start_us"]))

    return begin


def _end_handler(source: LiveSource | RecordingSource) -> Handler:
    async def end(command: Mapping[str, Any]) -> None:
        if isinstance(source, RecordingSource):
            raise ValueError("a recording ends with its last row")
        source.end(wall_clock_us())

    return end


async def _until_over(playing: asyncio.Task[None], stop: asyncio.Event) -> None:
    """A sink may be waiting for a broker that will never come back: once stopped, it is not waited for long."""
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    await asyncio.wait({playing}, timeout=_GRACE_S)
    if playing.done():
        playing.result()


async def run_process(
    source: LiveSource | RecordingSource,
    sinks: Sequence[Played],
    *,
    end: bool,
    ready: Mapping[str, object],
    tell: Callable[[], None],
    handlers: Mapping[str, Handler],
) -> None:
    """Open the sinks, say ``ready``, play; stay until stopped unless ``end``; close the sinks, ``tell`` once more."""
    stop = asyncio.Event()
    stop_on_signals(stop)
    for sink in sinks:
        await sink.start()
    say("ready", **ready)
    commands = {"fault": _fault_handler(source), "begin": _begin_handler(source), "end": _end_handler(source)}
    commands |= handlers
    tasks = [asyncio.create_task(obey(commands, stop)), asyncio.create_task(_report(tell))]
    playing = asyncio.create_task(play(source, sinks, stop))
    try:
        await _until_over(playing, stop)
        tell()
        say("finished")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _LINGER_S if end else None)
    finally:
        for task in (*tasks, playing):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        for sink in sinks:
            await sink.stop()
        tell()


def main_of(
    prog: str, description: str, load: Callable[[Path], _Config], run: Callable[[_Config], Coroutine[Any, Any, None]]
) -> None:
    """The process that a file starts: ``load`` reads it, ``run`` plays it. A wrong file ends it with status 2."""
    parser = argparse.ArgumentParser(prog=prog, description=description)
    parser.add_argument("config", type=Path, help="YAML or JSON file")
    try:
        asyncio.run(run(load(parser.parse_args().config)))
    except (OSError, ValueError) as error:  # a file, a port or a target that is not what it should be
        parser.exit(2, f"{error}\n")
