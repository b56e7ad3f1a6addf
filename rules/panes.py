"""Windows over the samples of many slots in bounded memory: a ring of *panes* for each.

Time is cut into panes of equal length, numbered from the beginning of 1970 in fixed UTC+08:00, so that its hours and
days begin with a pane. Of each pane that has ended one number is kept (its mean, its greatest value, ...), NaN where it
has no usable sample; of the *running* pane, that of the slot's newest sample, what is needed to make that number. A
window is so many panes, whatever the number of samples in each.

The ring lies ``(parts, panes, slots)``: pane ``p`` is at place ``p % panes``. While pane ``p`` runs, the ring holds the
``panes`` panes before it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

import numpy as np

from park.quality import Quality
from rules.arrays import NEVER, Bools, Floats, Ints, Rows
from rules.samples import Samples

#: What fixed UTC+08:00 is ahead of UTC.
ZONE_US = 8 * 3_600_000_000

_TOTAL, _COUNT = 0, 1


class Part(StrEnum):
    """What may be kept of a pane."""

    MEAN = "mean"
    SUM = "sum"
    COUNT = "count"
    #: The greatest and the least sample.
    HIGH = "high"
    LOW = "low"
    #: The mean of the squares.
    SQUARE = "square"


#: What must be carried along in the running pane besides sum and count; and what that begins with.
_CARRIED = {Part.HIGH: -np.inf, Part.LOW: np.inf, Part.SQUARE: 0.0}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pieces:
    """Samples cut up by slot and pane: what each makes of its pane. Columns by piece, in order of (slot, pane), or of
    arrival where no slot occurs twice."""

    slot: Rows
    pane: Ints
    #: ``(k, pieces)``; see `Panes.running`.
    running: Floats
    #: Holds uncertain samples.
    unsure: Bools
    #: By sample: its piece.
    of_row: Rows
    single: bool

    def in_turn(self) -> Iterator[Rows]:
        """Pieces that can be dealt with at once, at most one a slot, the earlier first."""
        if self.single:
            yield np.arange(len(self.slot))
            return
        first = np.ones(len(self.slot), dtype=np.bool_)
        first[1:] = self.slot[1:] != self.slot[:-1]
        at = np.flatnonzero(first)
        end = np.append(at[1:], len(first))
        while len(at):
            yield at
            more = at + 1 < end
            at, end = at[more] + 1, end[more]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class View:
    """The ``panes`` panes before ``end`` of some slots. Columns by slot; not to be written to."""

    slots: Rows
    #: The number of the first pane after the window.
    end: Ints
    #: ``(parts, panes, slots)``; pane ``p`` is at place ``p % panes``.
    ring: Floats
    #: Newest pane with an uncertain sample.
    unsure_pane: Ints
    #: Newest pane with a usable sample, and its mean.
    level_pane: Ints
    level: Floats


class Panes:
    """The rings of all slots. Slots handed in are distinct."""

    #: Attributes, ``(..., n)`` by slot, that are the state; written to in place only.
    STATE: ClassVar[tuple[str, ...]] = ("ring", "running", "pane", "unsure_pane", "level_pane", "level")

    def __init__(self, size: int, *, width_us: int, panes: int, parts: Sequence[Part]) -> None:
        self.width_us = width_us
        self.panes = panes
        self.parts = tuple(parts)
        self.ring: Floats = np.full((len(self.parts), panes, size), np.nan)
        self._carried = tuple(part for part in _CARRIED if part in self.parts)
        self._empty = np.array([[0.0], [0.0], *([_CARRIED[part]] for part in self._carried)])
        #: Of the running pane: sum, count, and what `parts` need besides.
        self.running: Floats = np.repeat(self._empty, size, axis=1)
        #: The number of the running pane: that of the newest sample, usable or not; `NEVER` before the first.
        self.pane: Ints = np.full(size, NEVER, dtype=np.int64)
        #: When it ends.
        self.end_us: Ints = np.full(size, NEVER, dtype=np.int64)
        #: Newest pane, the running one included, with an uncertain sample.
        self.unsure_pane: Ints = np.full(size, NEVER, dtype=np.int64)
        #: Newest pane that has ended and had a usable sample, and its mean.
        self.level_pane: Ints = np.full(size, NEVER, dtype=np.int64)
        self.level: Floats = np.full(size, np.nan)
        self._every = np.arange(size)
        self._places = np.arange(panes)[:, np.newaxis]

    def __len__(self) -> int:
        return len(self.pane)

    @property
    def bytes_per_slot(self) -> int:
        """What a slot takes, whatever comes."""
        columns = (*(getattr(self, name) for name in self.STATE), self.end_us, self._every)
        return int(sum(column.itemsize * column.size for column in columns) // max(len(self), 1))

    def number(self, time_us: Ints) -> Ints:
        """Of the pane that a time lies in."""
        numbers: Ints = (time_us + ZONE_US) // self.width_us
        return numbers

    def begin_us(self, pane: Ints) -> Ints:
        """When a pane begins."""
        return pane * self.width_us - ZONE_US

    def of(self, view: View, part: Part) -> Floats:
        """``(panes, slots)``: what is kept of each pane of a view."""
        columns: Floats = view.ring[self.parts.index(part)]
        return columns

    # -- samples -----------------------------------------------------------------------------------------------------

    def add(self, samples: Samples) -> bool:
        """Take in samples, slots in place of tags, if they are at most one a slot and end no pane; else False."""
        slot = samples.tag
        if not samples.single or not (samples.time_us < self.end_us.take(slot)).all():
            return False
        value = samples.value
        if not samples.all_good:
            unsure = slot[samples.grade == Quality.UNCERTAIN]
            self.unsure_pane[unsure] = self.pane[unsure]
            used = np.flatnonzero(samples.grade < Quality.BAD)
            slot, value = slot[used], value[used]
        self.running[_TOTAL][slot] += value
        self.running[_COUNT][slot] += 1.0
        for row, part in enumerate(self._carried, start=2):
            carried = self.running[row]
            carried[slot] = _carry(part, carried[slot], value)
        return True

    def pieces(self, samples: Samples) -> Pieces:
        """Cut samples up, slots in place of tags; ordered as `Samples` says. What runs already is in its piece."""
        pane = self.number(samples.time_us)
        of_row, starts = _cut(samples.tag, pane, samples.single)
        slot, pane = samples.tag[starts], pane[starts]
        running = np.repeat(self._empty, len(slot), axis=1)
        same = np.flatnonzero(self.pane[slot] == pane)
        running[:, same] = self.running[:, slot[same]]
        at, value = of_row, samples.value
        unsure = np.zeros(len(slot), dtype=np.bool_)
        if not samples.all_good:
            unsure[at[samples.grade == Quality.UNCERTAIN]] = True
            used = np.flatnonzero(samples.grade < Quality.BAD)
            at, value = at[used], value[used]
        # One after the other: the sum is the same however samples were cut into batches.
        np.add.at(running[_TOTAL], at, value)
        running[_COUNT] += np.bincount(at, minlength=len(slot))
        for row, part in enumerate(self._carried, start=2):
            _carry_at(part, running[row], at, value)
        return Pieces(slot=slot, pane=pane, running=running, unsure=unsure, of_row=of_row, single=samples.single)

    def put(self, pieces: Pieces, at: Rows) -> None:
        """Take in some pieces, of distinct slots, whose panes are the running ones by now."""
        slots = pieces.slot[at]
        self.running[:, slots] = pieces.running[:, at]
        unsure = pieces.unsure[at]
        self.unsure_pane[slots[unsure]] = pieces.pane[at[unsure]]

    # -- panes -------------------------------------------------------------------------------------------------------

    def move(self, slots: Rows, to: Ints) -> None:
        """End the running panes; the later panes ``to`` run now. They and those in between are empty."""
        ended = self.pane[slots]
        count = self.running[_COUNT, slots]
        self.ring[:, ended % self.panes, slots] = self._finished(slots, count)
        full = count > 0
        self.level_pane[slots[full]] = ended[full]
        self.level[slots[full]] = self.running[_TOTAL, slots[full]] / count[full]
        gap = (to - ended > 1) & (ended > NEVER)
        if gap.any():
            far = slots[gap]
            self.ring[:, :, far] = self._emptied(self.ring[:, :, far], ended[gap] + 1, to[gap])
        self.running[:, slots] = self._empty
        self.pane[slots], self.end_us[slots] = to, self.begin_us(to + 1)

    def so_far(self, part: Part, slots: Rows | slice = slice(None)) -> Floats:
        """What the running panes would leave if they ended now; of no use where there is no usable sample."""
        row = {Part.SUM: _TOTAL, Part.MEAN: _TOTAL, Part.COUNT: _COUNT}.get(part)
        if row is None:
            row = 2 + self._carried.index(part)
        made: Floats = self.running[row, slots]
        if part in (Part.MEAN, Part.SQUARE):
            return made / np.maximum(self.running[_COUNT, slots], 1.0)
        return made

    def _finished(self, slots: Rows, count: Floats) -> Floats:
        """``(parts, slots)``: what is kept of the running panes once they have ended."""
        finished = np.stack([self.so_far(part, slots) for part in self.parts])
        finished[np.isnan(finished)] = np.inf  # sums that have overflowed both ways: no number, but no empty pane
        finished[:, count == 0] = np.nan
        return finished

    def _emptied(self, ring: Floats, first: Ints, end: Ints) -> Floats:
        """A ring without the panes from ``first`` up to but not including ``end``."""
        return np.where((self._places - first) % self.panes < end - first, np.nan, ring)

    def ended(self, slots: Rows) -> View:
        """The windows before the running panes."""
        every = len(slots) == len(self) and np.array_equal(slots, self._every)
        return View(
            slots=slots,
            end=self.pane[slots],
            ring=self.ring if every else self.ring[:, :, slots],
            unsure_pane=self.unsure_pane[slots],
            level_pane=self.level_pane[slots],
            level=self.level[slots],
        )

    def ended_at(self, slots: Rows, end: Ints) -> View:
        """The windows before panes later than the running ones, if nothing more comes before that."""
        running, count = self.pane[slots], self.running[_COUNT, slots]
        ring = self.ring[:, :, slots]
        ring[:, running % self.panes, np.arange(len(slots))] = self._finished(slots, count)
        full = count > 0
        level = self.running[_TOTAL, slots] / np.maximum(count, 1.0)
        return View(
            slots=slots,
            end=end,
            ring=self._emptied(ring, running + 1, end),
            unsure_pane=self.unsure_pane[slots],
            level_pane=np.where(full, running, self.level_pane[slots]),
            level=np.where(full, level, self.level[slots]),
        )

    def recall(self, slots: Rows) -> None:
        """The state of these slots was put in place: bring in order what follows from it."""
        seen = self.pane[slots] > NEVER
        self.end_us[slots] = np.where(seen, self.begin_us(np.where(seen, self.pane[slots], 0) + 1), NEVER)


def _cut(slot: Rows, pane: Ints, single: bool) -> tuple[Rows, Rows]:
    """By sample: its piece; and by piece: its first sample."""
    if single:
        every = np.arange(len(slot))
        return every, every
    first = np.ones(len(slot), dtype=np.bool_)
    first[1:] = (slot[1:] != slot[:-1]) | (pane[1:] != pane[:-1])
    return np.cumsum(first) - 1, np.flatnonzero(first)


def _carry(part: Part, carried: Floats, value: Floats) -> Floats:
    if part is Part.HIGH:
        return np.maximum(carried, value)
    return np.minimum(carried, value) if part is Part.LOW else carried + value * value


def _carry_at(part: Part, carried: Floats, at: Rows, value: Floats) -> None:
    if part is Part.HIGH:
        np.maximum.at(carried, at, value)
    elif part is Part.LOW:
        np.minimum.at(carried, at, value)
    else:
        np.add.at(carried, at, value * value)
