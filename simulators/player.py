"""Plays a source of frames to servers and publishers, each frame when it falls due."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from simulators.frame import Frame, FrameSource

Clock = Callable[[], int]
#: A source may be told to begin earlier while it is waited for.
_LOOK_EVERY_S = 0.1


def wall_clock_us() -> int:
    """Now, epoch microseconds, UTC."""
    return time.time_ns() // 1000


class Sink(Protocol):
    """Where frames go: a server, a fleet of publishers."""

    @property
    def connector(self) -> str:
        """The connector whose tags it serves."""

    async def show(self, frame: Frame, clock: Clock) -> None:
        """Serve or send the frame; returns when that is done."""

    async def be_present(self, present: bool) -> None:
        """Go away, or come back; asking for what is so already does nothing."""


async def play(source: FrameSource, sinks: Sequence[Sink], stop: asyncio.Event, clock: Clock = wall_clock_us) -> None:
    """Until the source has no more frames or ``stop`` is set."""
    while not stop.is_set() and (due_us := source.due_us()) is not None:
        wait_s = (due_us - clock()) / 1e6
        if wait_s > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), min(wait_s, _LOOK_EVERY_S))
            continue
        now_us = clock()
        frame = source.take(now_us)
        for sink in sinks:
            away = source.absent(sink.connector, now_us)
            await sink.be_present(not away)
            if not away:
                await sink.show(frame, clock)
        await asyncio.sleep(0)
