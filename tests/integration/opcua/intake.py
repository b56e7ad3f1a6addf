"""An intake in memory that keeps its promise: it returns when it has the batch, and can be full, slow or broken."""

import asyncio
import time
from collections.abc import Callable, Sequence

import numpy as np

from connectors.base import Gap, IntakeRefused
from park.batch import DeadLetter, SampleBatch, concat


class MemoryIntake:
    """Collects what connectors bring."""

    def __init__(self) -> None:
        self.batches: list[SampleBatch] = []
        self.letters: list[DeadLetter] = []
        self.gaps: list[Gap] = []
        self.refused = 0
        self._open = asyncio.Event()
        self._open.set()
        self._refusing = False

    async def put(self, batch: SampleBatch, letters: Sequence[DeadLetter] = (), **_: object) -> None:
        await self._open.wait()
        if self._refusing:
            self.refused += 1
            raise IntakeRefused("disk full")
        self.batches.append(batch)
        self.letters.extend(letters)

    def block(self) -> None:
        """Be full until `unblock`."""
        self._open.clear()

    def unblock(self) -> None:
        self._open.set()

    def refuse(self, refusing: bool = True) -> None:
        """Be unable to write, or able again."""
        self._refusing = refusing

    def all(self) -> SampleBatch:
        """All samples so far, in the order in which they came."""
        return concat(self.batches, received_us=0, origin="")

    def of(self, tag: int) -> SampleBatch:
        """Those of one tag."""
        batch = self.all()
        return batch.take(batch.tag == tag)

    def values(self, tag: int = 0) -> list[float]:
        """Of one tag, in the order in which they came."""
        return [float(value) for value in self.of(tag).value]

    def times(self, tag: int = 0) -> list[int]:
        """Source times of one tag."""
        return [int(time_us) for time_us in self.of(tag).time_us]

    def tags(self) -> set[int]:
        """Tags that had any sample."""
        return set(np.unique(self.all().tag).tolist())


async def until(condition: Callable[[], object], *, within_s: float = 10.0, what: str = "") -> None:
    """Wait until ``condition`` holds; fail after a while, saying what was waited for."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {within_s:g} s: {what or condition}"
        await asyncio.sleep(0.01)
