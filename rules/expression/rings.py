"""Windows over the samples of tags, cut into panes: 60, or as many as cut it into whole microseconds.

A window that ends now is the pane that runs and those before it, so it moves on with every pane; a sample ahead of the
clock counts as of now. What the closed panes come to is reckoned once a pane, so a tick costs no more than its samples.
A window is *known* when at least three of its four quarters have a usable sample; it is uncertain while an uncertain
sample is in it. Memory is bounded: panes x tags x the columns of a class.
"""

from typing import ClassVar

import numpy as np

from park.quality import Quality
from rules.arrays import FAR, NEVER, Bools, Bytes, Columns, Floats, Ints, Rows
from rules.expression.fresh import Fresh, Groups
from rules.expression.nodes import Node, Tick

_QUARTERS = 4
_ENOUGH = 3
_NOWHERE = -(2**40)
#: Places in columns: rows of panes, and slots.
At = tuple[int | Rows, slice | Rows]


def panes_of(window_us: int) -> int:
    """Into how many panes: the most up to 60 that make four equal quarters of whole microseconds."""
    return next(count for count in range(60, 0, -_QUARTERS) if window_us % count == 0)


class Ring(Node):
    """How many samples fell into each pane, and what a subclass keeps of them. ``(panes, tags)``, by pane modulo."""

    #: Names of the columns, ``(panes, tags)``, and what an empty pane has in them.
    COLUMNS: ClassVar[dict[str, float]] = {}

    def __init__(self, ix: Rows, window_us: int, strict: bool) -> None:
        super().__init__()
        self.ix = ix
        self.window_us = window_us
        self.strict = strict
        self.panes = panes_of(window_us)
        self.width_us = window_us // self.panes
        shape = (self.panes, len(ix))
        self.count: Floats = np.zeros(shape)
        self.unsure: Bools = np.zeros(shape, dtype=np.bool_)
        self.column: dict[str, Floats] = {name: np.full(shape, empty) for name, empty in self.COLUMNS.items()}
        self.covered: Bools = np.zeros((_QUARTERS, len(ix)), dtype=np.bool_)
        #: The pane that runs; and by tag, the first that was watched from its beginning or near it.
        self.pane = _NOWHERE
        self.since_pane: Ints = np.full(len(ix), _NOWHERE, dtype=np.int64)
        self._closed_is_old = True
        self._away = False
        #: Which tags have enough samples; None: not reckoned yet.
        self._known: Bools | None = None
        self._all_known = False

    # -- every tick --------------------------------------------------------------------------------------------------

    def look(self, tick: Tick) -> None:
        """See `Node`."""
        moved = self._roll(tick.now_us) or self.made < 0
        found = tick.fresh(self.ix, self.strict)
        if found is not None and len(found.slot):
            self._take(found, tick.now_us)
            moved = True
        if moved:
            self.made = self.moved = tick.number
            if self._closed_is_old:
                self._close()

    def moves_us(self) -> int:
        """See `Node`."""
        if self._away:
            return NEVER
        some = self.count.any() or (self.pane - self.since_pane).min(initial=self.panes) < self.panes
        return (self.pane + 1) * self.width_us if some else FAR

    def _roll(self, now_us: int) -> bool:
        pane = now_us // self.width_us
        if pane == self.pane and self.made >= 0 and not self._away:
            return False
        if pane < self.pane:
            self._empty()
        self.since_pane[(self.since_pane == _NOWHERE) | self._away] = pane
        self._away = False
        if self.pane > _NOWHERE:
            self._pass(self.pane, pane)
        self.pane = pane
        self._closed_is_old, self._known = True, None
        return True

    def _pass(self, old: int, new: int) -> None:
        """Empty the panes and quarters that begin."""
        for pane in range(max(old + 1, new - self.panes + 1), new + 1):
            row = pane % self.panes
            self.count[row], self.unsure[row] = 0.0, False
            for name, empty in self.COLUMNS.items():
                self.column[name][row] = empty
        size = self.panes // _QUARTERS
        first, last = old // size + 1, new // size
        for quarter in range(max(first, last - _QUARTERS + 1), last + 1):
            self.covered[quarter % _QUARTERS] = False

    def _empty(self) -> None:
        self.count[:], self.unsure[:], self.covered[:] = 0.0, False, False
        for name, empty in self.COLUMNS.items():
            self.column[name][:] = empty
        self.since_pane[:] = _NOWHERE

    def _take(self, found: Fresh, now_us: int) -> None:
        if found.single and found.earliest_us >= self.pane * self.width_us:
            # The usual tick: all belong to the pane that runs.
            slots: slice | Rows = slice(None) if found.every else found.slot
            self._add(Groups(found, None), (self.current, slots))
            self._cover(self.pane, slots)
            return
        pane = np.minimum(found.time_us, now_us) // self.width_us
        inside = pane > self.pane - self.panes
        if not inside.all():
            found, pane = found.rows(inside), pane[inside]
        if not len(pane):
            return
        if pane.min() < self.pane:
            self._closed_is_old = True
        begins = np.ones(len(pane), dtype=np.bool_)
        begins[1:] = (pane[1:] != pane[:-1]) | (found.slot[1:] != found.slot[:-1])
        edges = np.append(np.flatnonzero(begins), len(pane))
        first = edges[:-1]
        self._add(Groups(found, edges), (pane[first] % self.panes, found.slot[first]))
        self._cover(pane, found.slot)

    def _add(self, groups: Groups, at: At) -> None:
        self.add(groups, at)
        self.count[at] += groups.size
        if groups.found.unsure is not None:
            self.unsure[at] |= groups.reduced(np.logical_or, groups.found.unsure).astype(np.bool_)
            self._closed_is_old = True

    def add(self, groups: Groups, at: At) -> None:
        """The subclass's columns; `count` is as it was before."""

    def _cover(self, pane: int | Ints, slots: slice | Rows) -> None:
        size = self.panes // _QUARTERS
        quarter = pane // size
        if isinstance(quarter, np.ndarray):
            current = quarter > self.pane // size - _QUARTERS
            quarter, slots = quarter[current], slots[current]  # type: ignore[index]
        elif self.covered[quarter % _QUARTERS, slots].all():
            return
        self.covered[quarter % _QUARTERS, slots] = True
        self._known = None

    # -- results -----------------------------------------------------------------------------------------------------

    @property
    def current(self) -> int:
        """The row of the pane that runs."""
        return self.pane % self.panes

    def _close(self) -> None:
        closed = np.arange(self.pane + 1, self.pane + self.panes) % self.panes
        self.closed_count: Floats = np.add.reduce(self.count[closed], axis=0)
        unsure = np.logical_or.reduce(self.unsure, axis=0)
        self._unsure: Bools | None = unsure if unsure.any() else None
        self.close(closed)
        self._closed_is_old = False

    def close(self, closed: Rows) -> None:
        """Reckon what the closed panes come to; ``closed``: their rows, from the oldest."""

    @property
    def number(self) -> Floats:
        """Samples in the window."""
        found: Floats = self.closed_count + self.count[self.current]
        return found

    def grade(self) -> Bytes | None:
        """Of what is said of the window; None: all good."""
        if self._known is None:
            self._known = np.add.reduce(self.covered, axis=0, dtype=np.uint8) >= _ENOUGH
            self._all_known = bool(self._known.all())
        return self._graded(self._known, self._all_known)

    def count_grade(self) -> Bytes | None:
        """Of the number of samples, which may rightly be 0: known when we have watched for the whole window."""
        known = self.pane - self.since_pane >= self.panes
        return self._graded(known, bool(known.all()))

    def _graded(self, known: Bools, all_known: bool) -> Bytes | None:
        if all_known and self._unsure is None:
            return None
        unsure = np.uint8(0) if self._unsure is None else self._unsure.view(np.uint8)
        return np.where(known, unsure, np.uint8(Quality.BAD))

    # -- other engines -----------------------------------------------------------------------------------------------

    def resume(self) -> None:
        """The service was away: that few samples came meanwhile says nothing."""
        self._away = True

    def save(self) -> Columns:
        """All that is needed to go on."""
        columns: Columns = {"ix": self.ix, "pane": np.array([self.pane], dtype=np.int64)}
        columns |= {"away": np.array([self._away]), "since_pane": self.since_pane}
        columns |= {"count": self.count, "unsure": self.unsure, "covered": self.covered}
        return columns | self.column

    def load(self, columns: Columns, rows: Rows, slots: Rows) -> None:
        """Take the tags ``rows`` of saved columns into ``slots``."""
        pane = int(columns["pane"][0])
        if self.pane == _NOWHERE:
            self.pane = pane
        elif self.pane != pane:
            return
        self._away |= bool(columns["away"][0])
        for name in ("count", "unsure", "covered", "since_pane"):
            getattr(self, name)[..., slots] = columns[name][..., rows]
        for name, column in self.column.items():
            column[:, slots] = columns[name][:, rows]
        self._closed_is_old, self._known = True, None
        self.made = -1


class MeanRing(Ring):
    """Mean, sum and count."""

    COLUMNS: ClassVar[dict[str, float]] = {"total": 0.0}

    def add(self, groups: Groups, at: At) -> None:
        """See `Ring`."""
        self.column["total"][at] += groups.reduced(np.add, groups.found.value)

    def close(self, closed: Rows) -> None:
        """See `Ring`."""
        self._closed: Floats = np.add.reduce(self.column["total"][closed], axis=0)

    def sum(self) -> Floats:
        """Of the samples."""
        found: Floats = self._closed + self.column["total"][self.current]
        return found

    def mean(self) -> Floats:
        """Of the samples; not a number where there are none."""
        return self.sum() / self.number


class ExtremeRing(Ring):
    """The greatest."""

    COLUMNS: ClassVar[dict[str, float]] = {"greatest": -np.inf}
    sign = 1.0

    def add(self, groups: Groups, at: At) -> None:
        """See `Ring`."""
        greatest = groups.reduced(np.maximum, groups.found.value * self.sign)
        self.column["greatest"][at] = np.maximum(self.column["greatest"][at], greatest)

    def close(self, closed: Rows) -> None:
        """See `Ring`."""
        self._closed: Floats = np.maximum.reduce(self.column["greatest"][closed], axis=0)

    def extreme(self) -> Floats:
        """Of the samples."""
        found: Floats = self.sign * np.maximum(self._closed, self.column["greatest"][self.current])
        return found


class LeastRing(ExtremeRing):
    """The least, as the greatest of the negatives."""

    sign = -1.0


class SpreadRing(Ring):
    """Standard deviation; sums of squares about the mean of each pane (Chan), so that it is exact far from zero."""

    COLUMNS: ClassVar[dict[str, float]] = {"total": 0.0, "squares": 0.0}

    def add(self, groups: Groups, at: At) -> None:
        """See `Ring`."""
        value, added = groups.found.value, groups.size
        total = groups.reduced(np.add, value)
        mean = total / added
        squares = groups.reduced(np.add, (value - groups.spread(mean)) ** 2)
        had, had_total = self.count[at], self.column["total"][at]
        apart = np.where(had > 0, mean - had_total / np.maximum(had, 1.0), 0.0)
        self.column["squares"][at] += squares + apart**2 * had * added / (had + added)
        self.column["total"][at] += total

    def close(self, closed: Rows) -> None:
        """See `Ring`."""
        self._closed: Floats = np.add.reduce(self.column["total"][closed], axis=0)

    def stddev(self) -> Floats:
        """Of the samples (n - 1)."""
        number = self.number
        mean = (self._closed + self.column["total"][self.current]) / number
        means = self.column["total"] / np.maximum(self.count, 1.0)
        squares = np.add.reduce(self.column["squares"] + self.count * (means - mean) ** 2, axis=0)
        found: Floats = np.sqrt(squares / (number - 1.0))
        return found


class RateRing(Ring):
    """From the first sample to the last."""

    #: Microseconds of this century fit a float64 exactly.
    COLUMNS: ClassVar[dict[str, float]] = {"first": 0.0, "first_us": 0.0, "last": 0.0, "last_us": 0.0}

    def add(self, groups: Groups, at: At) -> None:
        """See `Ring`."""
        empty = self.count[at] == 0
        for name, given in (("", groups.found.value), ("_us", groups.found.time_us)):
            first = self.column[f"first{name}"]
            first[at] = np.where(empty, groups.first(given), first[at])
            self.column[f"last{name}"][at] = groups.last(given)

    def close(self, closed: Rows) -> None:
        """See `Ring`."""
        some = self.count[closed] > 0
        tags = np.arange(len(self.ix))
        oldest, newest = closed[some.argmax(axis=0)], closed[len(closed) - 1 - some[::-1].argmax(axis=0)]
        self._closed = {
            name: self.column[name][row, tags]
            for name, row in (("first", oldest), ("first_us", oldest), ("last", newest), ("last_us", newest))
        }

    def rate(self) -> Floats:
        """Change per second; not a number where there are fewer than two samples."""
        first, first_us = (self._either(name, self.closed_count > 0) for name in ("first", "first_us"))
        last, last_us = (self._either(name, self.count[self.current] == 0) for name in ("last", "last_us"))
        found: Floats = (last - first) / ((last_us - first_us) / 1e6)
        return found

    def _either(self, name: str, closed: Bools) -> Floats:
        """From the closed panes or the one that runs."""
        found: Floats = np.where(closed, self._closed[name], self.column[name][self.current])
        return found
