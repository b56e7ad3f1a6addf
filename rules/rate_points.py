"""The past of many tags, thinned out: what a rate is measured against.

Of each slot a few samples are kept, none sooner than a *step* after the one kept before, at most one older than the
window. So a slot takes `MOST` places however often its tag is sampled. The oldest one, which rates are measured from,
stands in columns of its own: a look into the ring is needed only where a sample is kept or let go.
"""

import numpy as np

from rules.arrays import NEVER, Bytes, Floats, Ints, Rows
from rules.tag_signals import PerSlot

#: A step is the window over this.
STEPS = 16
#: A closed window holds at most so many points that are a step apart.
MOST = STEPS + 1


class Points:
    """Columns by slot; `STATE` names those that are its state. ``slots`` given to a method are distinct."""

    STATE = ("ring_us", "ring_value", "ring_grade", "first", "length", "last_us")

    def __init__(self, window_us: Ints, max_gap_us: Ints) -> None:
        size = len(window_us)
        self._window = PerSlot(window_us)
        self._half = PerSlot(window_us - window_us // 2)
        self._step = PerSlot(-(-window_us // STEPS))
        self._max_gap = PerSlot(max_gap_us)
        # A slot's places lie side by side in memory; they are found by ``slot * MOST + place``.
        self._at_us: Ints = np.zeros(size * MOST, dtype=np.int64)
        self._at_value: Floats = np.zeros(size * MOST)
        self._at_grade: Bytes = np.zeros(size * MOST, dtype=np.uint8)
        #: The same, ``(MOST, size)``.
        self.ring_us: Ints = self._at_us.reshape(size, MOST).T
        self.ring_value: Floats = self._at_value.reshape(size, MOST).T
        self.ring_grade: Bytes = self._at_grade.reshape(size, MOST).T
        #: Place of the oldest point, and how many there are.
        self.first: Rows = np.zeros(size, dtype=np.intp)
        self.length: Rows = np.zeros(size, dtype=np.intp)
        #: The newest usable sample.
        self.last_us: Ints = np.full(size, NEVER, dtype=np.int64)
        # Copies of the oldest point and of the newest one's time; `NEVER` where there is none.
        self.base_us: Ints = np.full(size, NEVER, dtype=np.int64)
        self.base_value: Floats = np.zeros(size)
        self.base_grade: Bytes = np.zeros(size, dtype=np.uint8)
        self._kept_us: Ints = np.full(size, NEVER, dtype=np.int64)

    def loaded(self, slots: Rows) -> None:
        """The state of these was taken over."""
        self._look(slots)
        newest = (self.first[slots] + self.length[slots] - 1) % MOST
        self._kept_us[slots] = np.where(self.length[slots] > 0, self.ring_us[newest, slots], NEVER)

    def take_in(self, slots: Rows, time_us: Ints, value: Floats, grade: Bytes | None) -> Ints:
        """A usable sample of each slot; ``grade`` None: all are good. How much older the oldest point is than it."""
        gap = np.flatnonzero(time_us - self.last_us.take(slots) > self._max_gap.of(slots))
        if len(gap):
            self._forget(slots[gap])
        self.last_us[slots] = time_us
        age_us: Ints = time_us - self.base_us.take(slots)
        old = np.flatnonzero(age_us > self._window.of(slots))
        if len(old):
            self._let_go(slots[old], time_us[old])
        keep = np.flatnonzero(time_us - self._kept_us.take(slots) >= self._step.of(slots))
        if len(keep):
            self._keep(slots[keep], time_us[keep], value[keep], 0 if grade is None else grade[keep])
        if len(old):
            age_us[old] = time_us[old] - self.base_us[slots[old]]
        return age_us

    def _forget(self, slots: Rows) -> None:
        self.length[slots] = 0
        self.base_us[slots] = self._kept_us[slots] = NEVER

    def _let_go(self, slots: Rows, time_us: Ints) -> None:
        """Points older than the window; but one of them stays where what comes after it is too young for a rate."""
        while len(slots):
            second = (self.first.take(slots) + 1) % MOST
            second_us = self._at_us.take(slots * MOST + second)
            goes = (self.length.take(slots) > 1) & (time_us - self.base_us.take(slots) > self._window.of(slots))
            goes &= time_us - second_us >= self._half.of(slots)
            rows = np.flatnonzero(goes)
            slots, time_us = slots[rows], time_us[rows]
            self.first[slots] = second[rows]
            self.length[slots] -= 1
            self._look(slots)

    def _keep(self, slots: Rows, time_us: Ints, value: Floats, grade: Bytes | int) -> None:
        length = self.length.take(slots)
        at = slots * MOST + (self.first.take(slots) + length) % MOST
        self._at_us[at], self._at_value[at], self._at_grade[at] = time_us, value, grade
        self._kept_us[slots] = time_us
        self.length[slots] = length + 1
        alone = np.flatnonzero(length == 0)
        if len(alone):
            self._look(slots[alone])

    def _look(self, slots: Rows) -> None:
        """Copy the oldest point, if there is one."""
        at = slots * MOST + self.first.take(slots)
        self.base_us[slots] = np.where(self.length.take(slots) > 0, self._at_us.take(at), NEVER)
        self.base_value[slots], self.base_grade[slots] = self._at_value.take(at), self._at_grade.take(at)
