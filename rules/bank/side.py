"""One side (high or low) of the limit alarms of many tags: two levels each, one alert whose level moves.

Everything is mirrored so that the side looks high: a low side holds negated values, limits and peaks, and
``x > limit`` is always the bad way. Columns are ``(2, n)`` by level (0 the nearer limit: H or L; 1 the farther: HH or
LL) and slot, or ``(n,)`` by slot. A tag with one level on this side has it at 0.

Each level is a latch::

              x > limit             on-delay over
        OFF ─────────────▶ PENDING ──────────────▶ RAISED ◀──────────────┐ x > limit again, or bad data
         ▲ ▲                  │                       │                  │
         │ └──────────────────┘ x <= reset            └──────────────▶ RELEASING
         │                                               x <= reset      │
         └───────────────────────────────────────────────────────────────┘ off-delay over

The condition of a level *stands* while it is PENDING or RAISED; the alert's level is the highest that is RAISED or
RELEASING. Two rules tie the levels of a side together (docs: semantics 3.6, 3.7): a condition stands as long as that
of the level above does, and a level whose condition stands under a raised one is raised with it, silently. They make
it impossible that an alert ends while a condition stands, hence that two alerts have one onset.
"""

from enum import IntEnum
from typing import Protocol

import numpy as np

from rules.arrays import FAR, NEVER, Bools, Bytes, Floats, Ints, Rows
from rules.transition import Change

OFF, PENDING, RAISED, RELEASING = (np.uint8(number) for number in range(4))


class SideName(IntEnum):
    """In the order in which transitions of one instant are told."""

    high = 0
    low = 1


class Say(Protocol):
    """Where a side tells what happened to alerts."""

    def __call__(self, side: "Side", change: Change, slots: Rows, effective_us: Ints) -> None: ...


class Side:
    """Limits and state of one side; see the module. ``slots`` given to a method are distinct."""

    def __init__(self, name: SideName, size: int) -> None:
        self.name = name
        self.sign = 1.0 if name is SideName.high else -1.0
        # Limits, written once by the compiler.
        self.limit: Floats = np.full((2, size), np.inf)
        self.reset: Floats = np.full((2, size), np.inf)
        self.on_delay_us: Ints = np.zeros((2, size), dtype=np.int64)
        self.off_delay_us: Ints = np.zeros((2, size), dtype=np.int64)
        #: An alert stands until somebody resets it.
        self.latch: Bools = np.zeros(size, dtype=np.bool_)
        #: A condition begins with the so manieth value beyond the limit within so long.
        self.count: Ints = np.ones(size, dtype=np.int64)
        self.within_us: Ints = np.zeros(size, dtype=np.int64)
        # Latches.
        self.phase: Bytes = np.zeros((2, size), dtype=np.uint8)
        #: When the phase began: of PENDING the onset, of RELEASING the end of the condition.
        self.since_us: Ints = np.full((2, size), NEVER, dtype=np.int64)
        #: When the running delay is over.
        self.due_us: Ints = np.full((2, size), FAR, dtype=np.int64)
        #: The most extreme value since the condition of the level began, while it is PENDING.
        self.pending_peak: Floats = np.full((2, size), -np.inf)
        # The alert.
        #: 0 none, else 1 + its level.
        self.level: Bytes = np.zeros(size, dtype=np.uint8)
        #: Stays after the alert, so that the next one's is greater.
        self.onset_us: Ints = np.full(size, NEVER, dtype=np.int64)
        self.peak: Floats = np.full(size, -np.inf)
        #: Effective time of the alert's newest transition: they never go back.
        self.told_us: Ints = np.full(size, NEVER, dtype=np.int64)
        #: The mark that it was last told to bear.
        self.unverified: Bools = np.zeros(size, dtype=np.bool_)
        #: It stays until somebody resets it: `latch`, from when it was raised or came back until then.
        self.latched: Bools = np.zeros(size, dtype=np.bool_)
        #: ``(2, most count - 1, n)``: times of the newest values beyond the limit while the level is OFF, the newest
        #: first. See `counting`.
        self.hits_us: Ints = np.full((2, 0, size), NEVER, dtype=np.int64)

    def counting(self, count: Ints, within_us: Ints) -> None:
        """Let conditions begin with the ``count``-th value beyond the limit within ``within_us``; by slot."""
        self.count, self.within_us = count, within_us
        self.hits_us = np.full((2, int(count.max(initial=1)) - 1, len(count)), NEVER, dtype=np.int64)

    def next_due(self, slots: Rows) -> Ints:
        """When the first delay of each is over; `FAR` where none runs."""
        due: Ints = np.minimum(self.due_us[0, slots], self.due_us[1, slots])
        return due

    def fire(self, slots: Rows, at_us: Ints, say: Say) -> None:
        """End the delays that are over at exactly ``at_us``; all of one instant take effect together."""
        phase, due = self.phase[:, slots], self.due_us[:, slots]
        hit = due == at_us
        phase = np.where(hit, np.where(phase == PENDING, RAISED, OFF), phase)
        due[hit] = FAR
        self._settle(slots, phase, due, at_us, say)

    def evaluate(self, slots: Rows, time_us: Ints, x: Floats, say: Say, *, measured: bool = True) -> None:
        """Hold the (mirrored) value ``x`` of each slot against its limits. All delays due by then have been fired.

        Not ``measured``: it is the value of before, held against limits that have moved; it counts for nothing.
        """
        phase, due, since = self.phase[:, slots], self.due_us[:, slots], self.since_us[:, slots]
        stands = self._standing(slots, phase, x, time_us if measured else None)
        stood = (phase == PENDING) | (phase == RAISED)
        begun, ended = stands & ~stood, stood & ~stands
        to_pending, to_off = begun & (phase == OFF), ended & (phase == PENDING)
        to_raised, to_releasing = begun & (phase == RELEASING), ended & (phase == RAISED)
        due = np.where(to_pending, time_us + self.on_delay_us[:, slots], due)
        due = np.where(to_releasing, self.release_us(slots, time_us), due)
        due[to_off | to_raised] = FAR
        self._latch_again(slots, to_raised)
        since = np.where(to_pending | to_releasing, time_us, since)
        for moved, target in (
            (to_pending, PENDING),
            (to_off, OFF),
            (to_raised, RAISED),
            (to_releasing, RELEASING),
        ):
            phase[moved] = target
        peak = np.maximum(np.where(to_pending, -np.inf, self.pending_peak[:, slots]), x)
        self.pending_peak[:, slots] = np.where(phase == PENDING, peak, -np.inf)
        self.since_us[:, slots] = since
        self.peak[slots] = np.maximum(self.peak[slots], x)
        self._settle(slots, phase, due, time_us, say)
        now = self.next_due(slots) <= time_us
        if now.any():
            self.fire(slots[now], time_us[now], say)

    def hold(self, slots: Rows) -> None:
        """The value is not known: running off-delays are cancelled, as though the conditions had not ended."""
        phase = self.phase[:, slots]
        releasing = phase == RELEASING
        if releasing.any():
            held = releasing.copy()
            held[0] |= releasing[1]
            self.phase[:, slots] = np.where(held, RAISED, phase)
            self.due_us[:, slots] = np.where(held, FAR, self.due_us[:, slots])
            self._latch_again(slots, held)

    def release_us(self, slots: Rows, since_us: Ints) -> Ints:
        """When a condition that ended then is over for good; never where a person must say so."""
        return np.where(self.latched[slots], FAR, since_us + self.off_delay_us[:, slots])

    def back(self) -> Rows:
        """Slots whose alert is latched and whose conditions are over."""
        stands = (self.phase == PENDING) | (self.phase == RAISED)
        found: Rows = np.flatnonzero(self.latched & (self.level > 0) & ~stands.any(axis=0))
        return found

    def _latch_again(self, slots: Rows, back: Bools) -> None:
        """Where the condition of a level is back, the alert must be reset anew."""
        again = slots[back.any(axis=0)]
        self.latched[again] = self.latch[again]

    def unlatch(self, slots: Rows, now_us: int) -> None:
        """Somebody has reset these (of `back`): they end with their off-delay, or now."""
        self.latched[slots] = False
        over_us = np.maximum(self.release_us(slots, self.since_us[:, slots]), now_us)
        self.due_us[:, slots] = np.where(self.phase[:, slots] == RELEASING, over_us, FAR)

    def relimit(self, slots: Rows, every: Rows, now_us: int, x: Floats, say: Say) -> None:
        """The limits of ``every`` are others now: take their levels as they are, and hold the known values of ``slots``
        (some of them) against the limits.

        What no longer holds is over at once; what holds now begins now.
        """
        phase, due, since = self.phase[:, slots], self.due_us[:, slots], self.since_us[:, slots]
        at_us = np.full(len(slots), now_us, dtype=np.int64)
        stands = self._standing(slots, phase, x, None)
        begun = stands & (phase == OFF)
        ended = ~stands & ((phase == PENDING) | (phase == RAISED))
        kept = ended & self.latched[slots]
        phase = np.where(begun, PENDING, np.where(ended, np.where(kept, RELEASING, OFF), phase))
        back = stands & (phase == RELEASING)
        self._latch_again(slots, back)
        phase = np.where(back, RAISED, phase)
        since = np.where(begun | kept, now_us, since)
        due = np.where(begun, now_us + self.on_delay_us[:, slots], due)
        due[ended | (phase == RAISED)] = FAR
        self.pending_peak[:, slots] = np.where(begun, x, self.pending_peak[:, slots])
        self.phase[:, slots], self.due_us[:, slots], self.since_us[:, slots] = phase, due, since
        at_us = np.full(len(every), now_us, dtype=np.int64)
        self._settle(every, self.phase[:, every], self.due_us[:, every], at_us, say)

    def quiet_band(self, slots: Rows) -> tuple[Floats, Floats]:
        """(low, high): good values of this closed range change nothing. Empty (inf, -inf) while a delay runs."""
        phase, limit, reset = self.phase[:, slots], self.limit[:, slots], self.reset[:, slots]
        # Both levels by hand: numpy reduces along so short an axis slowly.
        raised = phase == RAISED
        any_raised = raised[0] | raised[1]
        running = (phase == PENDING) | (phase == RELEASING)
        floor = np.where(raised, reset, -np.inf)
        low = np.nextafter(np.maximum(floor[0], floor[1]), np.inf)
        low[~any_raised] = -np.inf
        ceiling = np.where(raised, np.inf, limit)
        high = np.minimum(ceiling[0], ceiling[1])
        high = np.where(any_raised, np.minimum(high, self.peak[slots]), high)
        any_running = running[0] | running[1]
        low[any_running], high[any_running] = np.inf, -np.inf
        return low, high

    def active(self, slots: Rows) -> Bools:
        """True where a condition stands or an alert does."""
        active: Bools = (self.phase[0, slots] | self.phase[1, slots]) != OFF
        return active

    def marked(self, slots: Rows) -> Bools:
        """True where there is an alert that was last told to be unverified."""
        return self.unverified[slots] & (self.level[slots] > 0)

    def _standing(self, slots: Rows, phase: Bytes, x: Floats, time_us: Ints | None) -> Bools:
        """``time_us`` None: values that were counted before."""
        off = phase == OFF
        stood = (phase == PENDING) | (phase == RAISED)
        beyond = x > self.limit[:, slots]
        counting = self.hits_us.shape[1] > 0
        if counting:
            beyond = np.where(off, self._often_enough(slots, beyond & off, time_us), beyond)
        stands: Bools = beyond | (stood & (x > self.reset[:, slots]))
        stands[0] |= stands[1]
        if counting:
            used_up = (stands & off)[:, np.newaxis]
            self.hits_us[:, :, slots] = np.where(used_up, NEVER, self.hits_us[:, :, slots])
        return stands

    def _often_enough(self, slots: Rows, beyond: Bools, time_us: Ints | None) -> Bools:
        """Where the value is beyond the limit for the ``count``-th time within the time given."""
        count = self.count[slots]
        if time_us is None:
            once: Bools = beyond & (count == 1)
            return once
        hits = self.hits_us[:, :, slots]
        first = np.take_along_axis(hits, np.broadcast_to(np.maximum(count - 2, 0), (2, 1, len(slots))), axis=1)[:, 0]
        enough: Bools = beyond & ((count == 1) | (first >= time_us - self.within_us[slots]))
        hits[:, 1:] = np.where(beyond[:, np.newaxis], hits[:, :-1], hits[:, 1:])
        hits[:, 0] = np.where(beyond, time_us, hits[:, 0])
        self.hits_us[:, :, slots] = hits
        return enough

    def _settle(self, slots: Rows, phase: Bytes, due: Ints, at_us: Ints, say: Say) -> None:
        """Write the latches back and tell how the alert's level moved, if it did."""
        above = phase[1] >= RAISED
        silent = above & (phase[0] == PENDING)
        phase[0, silent], due[0, silent] = RAISED, FAR
        self.phase[:, slots], self.due_us[:, slots] = phase, due
        old = self.level[slots]
        new = np.where(above, np.uint8(2), np.where(phase[0] >= RAISED, np.uint8(1), np.uint8(0)))
        if (new != old).any():
            self._raise(slots, (old == 0) & (new > 0), new, at_us, say)
            self._move(slots, (old > 0) & (new > old), new, at_us, Change.LEVEL_UP, say)
            self._move(slots, (old > new) & (new > 0), new, at_us, Change.LEVEL_DOWN, say)
            self._clear(slots, (old > 0) & (new == 0), at_us, say)

    def _raise(self, slots: Rows, which: Bools, new: Bytes, at_us: Ints, say: Say) -> None:
        raised = slots[which]
        if len(raised):
            level = new[which]
            began = self.since_us[level - 1, raised]
            # Greater by itself except where limits were changed in the microsecond of a sample.
            self.onset_us[raised] = np.maximum(began, self.onset_us[raised] + 1)
            self.level[raised] = level
            self.peak[raised] = self.pending_peak[level - 1, raised]
            self.told_us[raised] = effective_us = np.maximum(at_us[which], self.onset_us[raised])
            self.latched[raised] = self.latch[raised]
            say(self, Change.RAISED, raised, effective_us)

    def _move(self, slots: Rows, which: Bools, new: Bytes, at_us: Ints, change: Change, say: Say) -> None:
        moved = slots[which]
        if len(moved):
            self.level[moved] = new[which]
            say(self, change, moved, self.told(moved, at_us[which]))

    def _clear(self, slots: Rows, which: Bools, at_us: Ints, say: Say) -> None:
        cleared = slots[which]
        if len(cleared):
            say(self, Change.CLEARED, cleared, self.told(cleared, at_us[which]))
            self.level[cleared] = 0

    def told(self, slots: Rows, at_us: Ints) -> Ints:
        """Effective times of transitions at ``at_us``: never before the alert's last one."""
        effective: Ints = np.maximum(at_us, self.told_us[slots])
        self.told_us[slots] = effective
        return effective
