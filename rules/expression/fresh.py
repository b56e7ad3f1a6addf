"""The usable samples that one advance brought for some tags."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from park.quality import Quality
from rules.arrays import FAR, Bools, Floats, Ints, Rows
from rules.memory import Memory
from rules.samples import Samples


@dataclass(frozen=True, slots=True, eq=False)
class Fresh:
    """Columns of one length, sorted by (slot, time); a slot is a place in the array of tags asked for."""

    slot: Rows
    time_us: Ints
    value: Floats
    #: Which of them are uncertain; None: none.
    unsure: Bools | None
    #: No slot twice.
    single: bool
    #: Every slot.
    every: bool
    #: Of the oldest.
    earliest_us: int

    def rows(self, which: Bools) -> "Fresh":
        """Some of them."""
        unsure = None if self.unsure is None else self.unsure[which]
        return Fresh(
            self.slot[which], self.time_us[which], self.value[which], unsure, self.single, False, self.earliest_us
        )


def fresh(samples: Samples, memory: Memory, touched: Bools, ix: Rows, strict: bool) -> Fresh:
    """``ix``: distinct tags in rising order. ``touched``, by tag index: has a sample. ``strict``: only good ones."""
    worst = Quality.GOOD if strict else Quality.UNCERTAIN
    if samples.single:
        # Each tag has at most one sample, which the memory has learnt.
        mine = touched.take(ix)
        if not samples.all_good:
            mine &= memory.grade.take(ix) <= worst
        slot = np.flatnonzero(mine)
        every = len(slot) == len(ix)
        tag = ix if every else ix[slot]
        time_us, value = memory.time_us.take(tag), memory.value.take(tag)
        unsure = None if samples.all_good else memory.grade.take(tag) == Quality.UNCERTAIN
    else:
        every = False
        row, slot = _rows_of(samples, ix)
        if not samples.all_good:
            usable = samples.grade[row] <= worst
            row, slot = row[usable], slot[usable]
        time_us, value = samples.time_us[row], samples.value[row]
        unsure = None if samples.all_good else samples.grade[row] == Quality.UNCERTAIN
    if unsure is not None and not unsure.any():
        unsure = None
    return Fresh(slot, time_us, value, unsure, samples.single, every, int(time_us.min(initial=FAR)))


def _rows_of(samples: Samples, ix: Rows) -> tuple[Rows, Rows]:
    """Rows of samples that are sorted by tag, and the slots they belong to."""
    begin, end = np.searchsorted(samples.tag, ix, side="left"), np.searchsorted(samples.tag, ix, side="right")
    length = end - begin
    row = np.arange(length.sum()) + np.repeat(begin - (np.cumsum(length) - length), length)
    return row, np.repeat(np.arange(len(ix)), length)


class Groups:
    """Samples that fall into one pane of one tag, each such group reduced to one number."""

    def __init__(self, found: Fresh, edges: Rows | None) -> None:
        """``edges``: where groups begin, and the end; None: each sample is a group."""
        self.found = found
        self._first = None if edges is None else edges[:-1]
        self._edges = edges
        #: Samples in each.
        self.size: Floats | float = 1.0 if edges is None else np.diff(edges).astype(np.float64)

    def reduced(self, by: np.ufunc, column: NDArray[Any]) -> NDArray[Any]:
        """``by``: such as `numpy.add`."""
        return column if self._first is None else by.reduceat(column, self._first)

    def first(self, column: NDArray[Any]) -> NDArray[Any]:
        """Of each group."""
        return column if self._first is None else column[self._first]

    def last(self, column: NDArray[Any]) -> NDArray[Any]:
        """Of each group."""
        return column if self._edges is None else column[self._edges[1:] - 1]

    def spread(self, column: Floats) -> Floats:
        """One number a group to one a sample."""
        return column if self._edges is None else np.repeat(column, np.diff(self._edges))
