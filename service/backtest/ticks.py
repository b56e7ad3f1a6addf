"""Samples in order of time, cut into ticks: the rows that the journal would have got.

A tick is named by its end and holds the samples in ``(end - tick, end]``: what was measured by then and not before.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from park.batch import SampleBatch
from park.quality import Quality

#: (end of the tick in epoch µs, samples of it); a tick may come in several pieces, one after the other.
Tick = tuple[int, SampleBatch]
ORIGIN = "backtest"


class Block(Protocol):
    """Some samples in order of time, none older than the block before."""

    def ticks(self, tick_us: int) -> Iterator[Tick]:
        """In order of time."""

    @property
    def size(self) -> int:
        """Samples in it, about: absent values of a wide block count."""

    @property
    def last_us(self) -> int:
        """Time of the newest sample."""


def tick_end(time_us: int, tick_us: int) -> int:
    """End of the tick in which ``time_us`` lies."""
    return -(-time_us // tick_us) * tick_us


def _batch(
    end_us: int,
    tag: NDArray[np.int32],
    time_us: NDArray[np.int64],
    value: NDArray[np.float64],
    quality: NDArray[np.uint8],
) -> SampleBatch:
    return SampleBatch(tag=tag, time_us=time_us, value=value, quality=quality, received_us=end_us, origin=ORIGIN)


def _bounds(time_us: NDArray[np.int64], tick_us: int) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Ends of the ticks, and where each begins in the column, plus the column's length."""
    ends = -(-time_us // tick_us) * tick_us
    begins = np.flatnonzero(np.concatenate(([True], ends[1:] != ends[:-1])))
    return ends[begins], np.append(begins, len(time_us))


@dataclass(frozen=True, slots=True, eq=False)
class LongBlock:
    """One row a sample, sorted by time."""

    tag: NDArray[np.int32]
    time_us: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]

    @property
    def size(self) -> int:
        """See `Block`."""
        return len(self.tag)

    @property
    def last_us(self) -> int:
        """See `Block`."""
        return int(self.time_us[-1])

    def ticks(self, tick_us: int) -> Iterator[Tick]:
        """See `Block`."""
        if not len(self.tag):
            return
        ends, bounds = _bounds(self.time_us, tick_us)
        for end_us, begin, until in zip(ends.tolist(), bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            rows = slice(begin, until)
            yield end_us, _batch(end_us, self.tag[rows], self.time_us[rows], self.value[rows], self.quality[rows])


@dataclass(frozen=True, slots=True, eq=False)
class WideBlock:
    """One row an instant, one column a tag, sorted by time. NaN: no sample."""

    #: ``(tags,)``, rising.
    tag: NDArray[np.int32]
    #: ``(rows,)``
    time_us: NDArray[np.int64]
    #: ``(rows, tags)``
    value: NDArray[np.float64]

    @property
    def size(self) -> int:
        """See `Block`."""
        return self.value.size

    @property
    def last_us(self) -> int:
        """See `Block`."""
        return int(self.time_us[-1])

    def ticks(self, tick_us: int) -> Iterator[Tick]:
        """See `Block`."""
        if not len(self.time_us):
            return
        ends, bounds = _bounds(self.time_us, tick_us)
        full: NDArray[np.bool_] = np.asarray(~np.isnan(self.value).any(axis=1))
        good = np.full(len(self.tag), Quality.GOOD, dtype=np.uint8)
        for end_us, begin, until in zip(ends.tolist(), bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            if until - begin == 1 and full[begin]:
                times = np.full(len(self.tag), self.time_us[begin])
                yield end_us, _batch(end_us, self.tag, times, self.value[begin], good)
            else:
                yield end_us, self._tick(end_us, slice(begin, until))

    def _tick(self, end_us: int, rows: slice) -> SampleBatch:
        """Several rows, or one with holes; by (tag, time), so that the engine has nothing to sort."""
        value = self.value[rows].T
        column, row = np.nonzero(~np.isnan(value))
        good = np.full(len(column), Quality.GOOD, dtype=np.uint8)
        return _batch(end_us, self.tag[column], self.time_us[rows][row], value[column, row], good)


def merged(streams: Iterable[tuple[int, Callable[[], Iterator[Tick]]]]) -> Iterator[Tick]:
    """Several streams as one, in order of time: (not later than its first sample, what opens it).

    Each is opened when its time has come, so that a year of daily recordings takes no more room than two days.
    """
    closed = deque(sorted(streams, key=itemgetter(0)))
    open_: list[tuple[int, int, Tick, Iterator[Tick]]] = []
    number = 0
    while open_ or closed:
        while closed and (not open_ or closed[0][0] <= open_[0][0]):
            stream = closed.popleft()[1]()
            number += 1
            if (first := next(stream, None)) is not None:
                heapq.heappush(open_, (first[0], number, first, stream))
        if not open_:
            return
        _, one, tick, stream = open_[0]
        yield tick
        following = next(stream, None)
        if following is None:
            heapq.heappop(open_)
        else:
            heapq.heapreplace(open_, (following[0], one, following, stream))
