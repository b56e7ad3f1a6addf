"""The usable samples that one advance brought for some tags."""

from dataclasses import dataclass

import numpy as np

from park.quality import Quality
from rules.arrays import Bools, Floats, Ints, Rows
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

    def rows(self, which: Bools) -> "Fresh":
        """Some of them."""
        unsure = None if self.unsure is None else self.unsure[which]
        return Fresh(self.slot[which], self.time_us[which], self.value[which], unsure, self.single)


def fresh(samples: Samples, memory: Memory, touched: Bools, ix: Rows, strict: bool) -> Fresh:
    """``ix``: distinct tags in rising order. ``touched``, by tag index: has a sample. ``strict``: only good ones."""
    worst = Quality.GOOD if strict else Quality.UNCERTAIN
    if samples.single:
        # Each tag has at most one sample, which the memory has learnt.
        slot = np.flatnonzero(touched.take(ix) & (memory.grade.take(ix) <= worst))
        tag = ix[slot]
        unsure = None if samples.all_good else memory.grade[tag] == Quality.UNCERTAIN
        return Fresh(slot, memory.time_us[tag], memory.value[tag], unsure, True)
    begin, end = np.searchsorted(samples.tag, ix, side="left"), np.searchsorted(samples.tag, ix, side="right")
    length = end - begin
    row = np.arange(length.sum()) + np.repeat(begin - (np.cumsum(length) - length), length)
    slot = np.repeat(np.arange(len(ix)), length)
    if not samples.all_good:
        usable = samples.grade[row] <= worst
        row, slot = row[usable], slot[usable]
    unsure = None if samples.all_good else samples.grade[row] == Quality.UNCERTAIN
    return Fresh(slot, samples.time_us[row], samples.value[row], unsure, False)
