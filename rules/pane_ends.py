"""Kinds whose signal is judged when panes end: windows and forecasts. See docs, semantics 12.

A pane end is passed when a later sample of the tag shows it, or when the clock has left it behind by the grace. What
the data show is final. The clock looks ahead without touching the panes: samples still on their way go into theirs.
The newest end that it decided is judged again when data pass it, with what has come since: no hour is lost because its
last minutes came late. What it cannot decide makes the signal bad, and the data decide when they come.
"""

from abc import abstractmethod
from dataclasses import replace
from typing import ClassVar

import numpy as np

from park.quality import Quality
from rules.arrays import FAR, NEVER, Bools, Bytes, Columns, Floats, Ints, Rows
from rules.bank.bank import Bank
from rules.derived import DerivedKind
from rules.memory import Memory
from rules.panes import ZONE_US, Panes, View
from rules.samples import Samples

#: In place of a grade: nothing is said at this end, the signal stays as it is.
NOTHING = np.uint8(Quality.BAD + 1)
_BAD = np.uint8(Quality.BAD)

#: (slots, pane ends, values, grades, ``(k, slots)`` extra numbers)
_Said = tuple[Rows, Ints, Floats, Bytes, Floats]


class PaneEndKind(DerivedKind):
    """See the module. A slot is judged at every pane end whose number its ``step`` divides."""

    #: The newest end that the clock has decided.
    STATE: ClassVar[tuple[str, ...]] = ("decided",)

    def __init__(self, bank: Bank, size: int, panes: Panes, step: Ints, grace_us: Ints) -> None:
        super().__init__(bank, size)
        self.panes = panes
        self.step = step
        self.grace_us = grace_us
        self.decided: Ints = np.full(len(bank), NEVER, dtype=np.int64)
        #: When the clock looks next; `FAR` where it has said all it can until data come.
        self._due_us: Ints = np.full(len(bank), FAR, dtype=np.int64)
        #: Grade of what was said last: one that is bad need not be told so again.
        self._said: Bytes = np.full(len(bank), _BAD, dtype=np.uint8)
        self._saying: list[_Said] = []
        self._strict = bool(bank.slots.strict.any())

    @abstractmethod
    def judge(self, view: View) -> tuple[Floats, Bytes, Floats]:
        """(value, grade or `NOTHING`, ``(k, slots)`` extra numbers) of the windows before ``view.end``.

        Where no more data come and a grade is bad, it must stay so.
        """

    def state(self) -> Columns:
        """See `rules.derived`."""
        return super().state() | {f"panes.{name}": getattr(self.panes, name) for name in Panes.STATE}

    def worth_saving(self) -> Rows:
        """See `rules.derived`."""
        return np.flatnonzero((self.panes.pane > NEVER) | (self.known.used_us > NEVER))

    def loaded(self, slots: Rows) -> None:
        """See `rules.derived`."""
        self.panes.recall(slots)
        self._said[slots] = self.known.grade[slots]
        self._schedule(slots)

    def set_back(self, now_us: int) -> None:
        """What the clock decided of times that are not yet is not decided."""
        self.decided = np.minimum(self.decided, (now_us + ZONE_US) // self.panes.width_us)
        self._schedule(np.flatnonzero(self.panes.pane > NEVER))

    # -- samples -----------------------------------------------------------------------------------------------------

    def derive(self, mine: Samples) -> Samples | None:
        """See `DerivedKind`."""
        mine = usable(mine, self.bank.slots.strict) if self._strict else mine
        silent = self._due_us.take(mine.tag) == FAR
        if self.panes.add(mine):
            if silent.any():
                self._schedule(mine.tag[silent])
            return None
        pieces = self.panes.pieces(mine)
        for at in pieces.in_turn():
            self._pass(pieces.slot[at], pieces.pane[at])
            self.panes.put(pieces, at)
        self._schedule(pieces.slot)
        return self._all_said()

    def _pass(self, slots: Rows, to: Ints) -> None:
        """Samples of the panes ``to`` have come: judge all ends up to there, and let those panes run."""
        before = self.panes.pane[slots]
        first = before == NEVER
        if first.any():
            self.panes.move(slots[first], to[first])
        behind = ~first & (before < to)
        slots, to = slots[behind], to[behind]
        while len(slots):
            due = self._first_end(slots)
            end = np.minimum(due, to)
            self.panes.move(slots, end)
            judged = due <= to
            grade = self._judge(self.panes.ended(slots if judged.all() else slots[judged]))
            silent = np.zeros(len(slots), dtype=np.bool_)
            silent[judged] = grade == _BAD
            silent &= end < to
            if silent.any():
                self.panes.move(slots[silent], to[silent])
            more = ~silent & (end < to)
            slots, to = slots[more], to[more]

    def _first_end(self, slots: Rows) -> Ints:
        """The first end that data have not passed; of those that the clock decided the newest, if it is later."""
        step = self.step[slots]
        ends: Ints = (np.maximum(self.decided[slots] // step * step - 1, self.panes.pane[slots]) // step + 1) * step
        return ends

    def _next_end(self, slots: Rows) -> Ints:
        """The first end that is not decided."""
        step = self.step[slots]
        ends: Ints = (np.maximum(self.decided[slots], self.panes.pane[slots]) // step + 1) * step
        return ends

    # -- time --------------------------------------------------------------------------------------------------------

    def tick(self, now_us: int, memory: Memory) -> Samples | None:
        """See `DerivedKind`."""
        slots = np.flatnonzero(self._due_us <= now_us)
        while len(slots):
            end = (self._due_us[slots] - self.grace_us[slots] + ZONE_US) // self.panes.width_us
            grade = self._judge(self.panes.ended_at(slots, end))
            said = grade < _BAD
            self.decided[slots[said]] = end[said]
            due_us = self._end_us(end + self.step[slots]) + self.grace_us[slots]
            self._due_us[slots] = due_us = np.where(grade == _BAD, FAR, due_us)
            slots = slots[due_us <= now_us]
        return self._all_said()

    def tick_us(self) -> int:
        """See `DerivedKind`."""
        return int(self._due_us.min(initial=FAR))

    def _end_us(self, end: Ints) -> Ints:
        return self.panes.begin_us(end)

    def _schedule(self, slots: Rows) -> None:
        seen = self.panes.pane[slots] > NEVER
        slots = slots[seen]
        self._due_us[slots] = self._end_us(self._next_end(slots)) + self.grace_us[slots]

    # -- what is said ------------------------------------------------------------------------------------------------

    def _judge(self, view: View) -> Bytes:
        """The grades; what is new is to be said."""
        if not len(view.slots):
            return np.empty(0, dtype=np.uint8)
        value, grade, extra = self.judge(view)
        # An alert that stands under a rule whose panes begin anew has not been told either.
        untold = (self._said[view.slots] < _BAD) | (self.bank.active & (self.bank.quality < _BAD))[view.slots]
        new = (grade < _BAD) | ((grade == _BAD) & untold)
        if new.any():
            self._said[view.slots[new]] = grade[new]
            self._saying.append((view.slots[new], view.end[new], value[new], grade[new], extra[:, new]))
        return grade

    def _all_said(self) -> Samples | None:
        saying, self._saying = self._saying, []
        if not saying:
            return None
        slot, end, value, grade = (np.concatenate(columns) for columns in list(zip(*saying, strict=True))[:4])
        extra = np.concatenate([said[4] for said in saying], axis=1)
        single = len(saying) == 1
        if not single:
            order = np.argsort(slot, kind="stable")
            slot, end, value, grade, extra = slot[order], end[order], value[order], grade[order], extra[:, order]
        return Samples(
            tag=slot,
            time_us=self._end_us(end),
            value=value,
            quality=grade,
            grade=grade,
            single=single,
            all_good=not grade.any(),
            extra=extra,
        )


def usable(samples: Samples, strict: Bools) -> Samples:
    """``samples`` with slots in place of tags; those of uncertain quality are bad where their slot is ``strict``."""
    if samples.all_good:
        return samples
    worse = (samples.grade == Quality.UNCERTAIN) & strict.take(samples.tag)
    return replace(samples, grade=np.where(worse, _BAD, samples.grade))


def graded(valid: Bools, unsure: Bools) -> Bytes:
    """By slot."""
    return np.where(valid, np.where(unsure, np.uint8(Quality.UNCERTAIN), np.uint8(Quality.GOOD)), _BAD)
