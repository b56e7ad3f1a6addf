"""Spans for which something may be missing: kept until the source's history has been asked, then recorded as gaps."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from connectors.base import Gap, Health


@dataclass(frozen=True, slots=True)
class Hole:
    """From when to when, by our clock, and from which source time on for each tag."""

    from_us: int
    to_us: int
    reason: str
    #: Greatest source time each slot had when the hole began; 0: none.
    last_us: NDArray[np.int64]


class Holes:
    """Outlive a session: a hole whose refill was cut short by the next failure is refilled by the next session."""

    def __init__(self, health: Health, on_gap: Callable[[Gap], None]) -> None:
        self._health, self._on_gap = health, on_gap
        self._waiting: deque[Hole] = deque()
        self._news = asyncio.Event()

    def open(self, hole: Hole) -> None:
        """Something may be missing."""
        self._health.gaps += 1
        self._waiting.append(hole)
        self._news.set()

    async def first(self) -> Hole:
        """The oldest; it stays until `close`."""
        while not self._waiting:
            self._news.clear()
            await self._news.wait()
        return self._waiting[0]

    def close(self, refilled: int | None) -> None:
        """The oldest is as full as it gets: record it."""
        hole = self._waiting.popleft()
        self._on_gap(
            Gap(
                connector=self._health.connector,
                from_us=hole.from_us,
                to_us=hole.to_us,
                reason=hole.reason,
                refilled=refilled,
            )
        )

    def close_all(self) -> None:
        """Nobody will refill them any more: record them as they are."""
        while self._waiting:
            self.close(None)
