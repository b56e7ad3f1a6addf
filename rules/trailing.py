"""Aggregates of the last so-and-so long up to now, as expressions ask for them: of all slots at once, as of the clock.

The window is made of the ``panes`` panes up to the one that the clock is in, that one included as far as it has come
(so it is between ``panes - 1`` and ``panes`` panes long). What has ended is reckoned anew only where a pane has ended;
in between a question costs a few operations a slot.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rules.aggregates import highest, lowest, over, spread, total
from rules.arrays import NEVER, Bools, Floats, Ints, Rows
from rules.panes import Panes, Part
from rules.samples import Samples

#: What each aggregate needs to be kept of a pane.
NEEDS: dict[str, tuple[Part, ...]] = {
    "mean": (Part.MEAN,),
    "stddev": (Part.MEAN, Part.SQUARE),
    "sum": (Part.SUM,),
    "count": (Part.COUNT,),
    "max": (Part.HIGH,),
    "min": (Part.LOW,),
}
_EXTREMES = {Part.HIGH: (highest, np.fmax), Part.LOW: (lowest, np.fmin)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Totals:
    """Columns by slot."""

    #: Share of the window's panes that have usable samples.
    valid: Floats
    #: The window holds an uncertain sample.
    unsure: Bools
    #: By name as in `NEEDS`; NaN where no pane has a usable sample.
    of: dict[str, Floats]


class Trailing:
    """One structure of windows for many slots, and what is asked of it."""

    STATE = Panes.STATE

    def __init__(self, size: int, *, width_us: int, panes: int, wanted: Sequence[str]) -> None:
        """``wanted``: of `NEEDS`."""
        self.wanted = tuple(wanted)
        parts = tuple(part for part in Part if any(part in NEEDS[name] for name in wanted))
        self.panes = Panes(size, width_us=width_us, panes=panes, parts=parts)
        #: What was reckoned of the panes that have ended: ``(parts, n)``, how many were valid, and as of which panes.
        self._ended: Floats = np.full((len(parts), size), np.nan)
        self._valid: Ints = np.zeros(size, dtype=np.int64)
        self._running: Ints = np.full(size, NEVER, dtype=np.int64)
        self._now: Ints = np.full(size, NEVER, dtype=np.int64)

    def play(self, samples: Samples) -> None:
        """Take in samples, slots in place of tags; ordered as `Samples` says; none older than the slot's newest."""
        panes = self.panes
        if not len(samples) or panes.add(samples):
            return
        pieces = panes.pieces(samples)
        for at in pieces.in_turn():
            later = pieces.pane[at] > panes.pane[pieces.slot[at]]
            panes.move(pieces.slot[at[later]], pieces.pane[at[later]])
            panes.put(pieces, at)

    def as_of(self, now_us: int) -> Totals:
        """Of every slot. A slot whose samples are ahead of the clock is looked at as of its newest."""
        panes = self.panes
        clock = int(panes.number(np.array([now_us], dtype=np.int64))[0])
        now = np.maximum(panes.pane, clock)
        changed = np.flatnonzero((now != self._now) | (panes.pane != self._running))
        if len(changed):
            self._reckon(changed, now[changed])
        running_valid = (panes.running[1] > 0) & (panes.pane > now - panes.panes)
        return Totals(
            valid=(self._valid + running_valid) / panes.panes,
            unsure=panes.unsure_pane > now - panes.panes,
            of={name: self._named(name, running_valid) for name in self.wanted},
        )

    def recall(self, slots: Rows) -> None:
        """The state of these slots was put in place."""
        self.panes.recall(slots)
        self._now[slots] = self._running[slots] = NEVER

    def _reckon(self, slots: Rows, now: Ints) -> None:
        """The panes that have ended by now, without the running one."""
        panes = self.panes
        running = panes.pane[slots]
        self._now[slots], self._running[slots] = now, running
        inside = self._inside(running, now)
        for number, part in enumerate(panes.parts):
            ring, same = panes.ring[number], inside.shape[1] == 1
            columns = ring[inside[:, 0]][:, slots] if same else np.where(inside, ring[:, slots], np.nan)
            if part in _EXTREMES:
                self._ended[number, slots] = _EXTREMES[part][0](columns)
                self._valid[slots] = np.count_nonzero(~np.isnan(columns), axis=0)
            else:
                self._ended[number, slots], self._valid[slots] = total(columns)

    def _inside(self, running: Ints, now: Ints) -> Bools:
        """``(panes, slots)``, or ``(panes, 1)`` where it is the same for all: places whose pane is in the window."""
        if (running == running[0]).all() and (now == now[0]).all():
            running, now = running[:1], now[:1]
        # The ring holds the panes before the running one; those up to `now - panes` are out of the window.
        seen = np.where(running > NEVER, running, 0)
        panes = self.panes.panes
        age = (seen - 1 - np.arange(panes)[:, np.newaxis]) % panes
        inside: Bools = (seen - 1 - age > now - panes) & (running > NEVER)
        return inside

    def _named(self, name: str, running_valid: Bools) -> Floats:
        if name not in ("mean", "stddev"):
            return self._whole(NEEDS[name][0], running_valid)
        count = self._valid + running_valid
        average = over(self._whole(Part.MEAN, running_valid), count)
        if name == "mean":
            return average
        return spread(average, over(self._whole(Part.SQUARE, running_valid), count))

    def _whole(self, part: Part, running_valid: Bools) -> Floats:
        """What has ended together with the running pane; NaN where there is nothing."""
        panes = self.panes
        ended = self._ended[panes.parts.index(part)]
        running = panes.so_far(part)
        if part in _EXTREMES:
            joined: Floats = _EXTREMES[part][1](ended, np.where(running_valid, running, np.nan))
            return joined
        made = ended + np.where(running_valid, running, 0.0)
        return np.where(self._valid + running_valid > 0, made, np.nan)
