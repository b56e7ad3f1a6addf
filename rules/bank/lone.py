"""Plays the samples of one slot one by one: `rules.bank.side` and `Bank.play_rows` once more, in plain Python.

Rounds of numpy cost the same whether they play a thousand slots or one. Where a few tags bring a long backlog that
changes something with every sample (a value that chatters about its limit), this is a hundred times quicker. A test
holds both ways against each other, byte for byte.
"""

from math import inf, nextafter
from typing import TYPE_CHECKING, Any

import numpy as np

from rules.arrays import FAR, NEVER, Rows
from rules.bank.side import OFF, PENDING, RAISED, RELEASING, Side
from rules.bank.words import Happened
from rules.samples import Samples
from rules.transition import Change

if TYPE_CHECKING:
    from rules.bank.bank import Bank

_OFF, _PENDING, _RAISED, _RELEASING = int(OFF), int(PENDING), int(RAISED), int(RELEASING)
_GOOD, _UNCERTAIN, _BAD, _STALE = range(4)


class _LoneSide:
    """One side of one slot. See `rules.bank.side.Side`; lists are by level."""

    def __init__(self, side: Side, slot: int, tell: "LoneSlot") -> None:
        self.side, self.slot, self.tell = side, slot, tell
        self.sign = side.sign
        self.limit, self.reset = side.limit[:, slot].tolist(), side.reset[:, slot].tolist()
        self.on_delay, self.off_delay = side.on_delay_us[:, slot].tolist(), side.off_delay_us[:, slot].tolist()
        self.latch, self.count, self.within = bool(side.latch[slot]), int(side.count[slot]), int(side.within_us[slot])
        self.phase, self.since = side.phase[:, slot].tolist(), side.since_us[:, slot].tolist()
        self.due, self.pending_peak = side.due_us[:, slot].tolist(), side.pending_peak[:, slot].tolist()
        self.level, self.onset, self.peak = int(side.level[slot]), int(side.onset_us[slot]), float(side.peak[slot])
        self.told_us, self.unverified = int(side.told_us[slot]), bool(side.unverified[slot])
        self.latched = bool(side.latched[slot])
        self.hits = side.hits_us[:, :, slot].tolist()

    def put_back(self) -> None:
        """Write the state back."""
        side, slot = self.side, self.slot
        side.phase[:, slot], side.since_us[:, slot], side.due_us[:, slot] = self.phase, self.since, self.due
        side.pending_peak[:, slot], side.level[slot], side.onset_us[slot] = self.pending_peak, self.level, self.onset
        side.peak[slot], side.told_us[slot], side.unverified[slot] = self.peak, self.told_us, self.unverified
        side.latched[slot] = self.latched
        side.hits_us[:, :, slot] = self.hits

    @property
    def active(self) -> bool:
        """See `Side.active`."""
        return bool(self.phase[0] != _OFF or self.phase[1] != _OFF)

    def band(self) -> tuple[float, float]:
        """See `Side.quiet_band`."""
        low, high, raised, peak = -inf, inf, False, self.peak
        for level in (0, 1):
            phase = self.phase[level]
            if phase in (_PENDING, _RELEASING):
                return inf, -inf
            if phase == _RAISED:
                raised, low = True, max(low, self.reset[level])
            else:
                high = min(high, self.limit[level])
        # Above the reset, not at it.
        return (nextafter(low, inf), min(high, peak)) if raised else (-inf, high)

    def hold(self) -> None:
        """See `Side.hold`."""
        phase = self.phase
        farther = phase[1] == _RELEASING
        nearer = phase[0] == _RELEASING
        for level, held in ((0, nearer or farther), (1, farther)):
            if held:
                phase[level], self.due[level] = _RAISED, FAR
        if nearer or farther:
            self.latched = self.latch

    def fire(self, at_us: int) -> None:
        """See `Side.fire`."""
        for level in (0, 1):
            if self.due[level] == at_us:
                self.phase[level] = _RAISED if self.phase[level] == _PENDING else _OFF
                self.due[level] = FAR
        self.settle(at_us)

    def evaluate(self, time_us: int, x: float) -> None:
        """See `Side.evaluate`."""
        phase = self.phase
        stands = self._standing(x, time_us)
        back = False
        for level in (0, 1):
            was = phase[level]
            if stands[level] and was == _OFF:
                phase[level], self.since[level] = _PENDING, time_us
                self.due[level], self.pending_peak[level] = time_us + self.on_delay[level], -inf
            elif stands[level] and was == _RELEASING:
                phase[level], self.due[level], back = _RAISED, FAR, True
            elif not stands[level] and was == _PENDING:
                phase[level], self.due[level] = _OFF, FAR
            elif not stands[level] and was == _RAISED:
                phase[level], self.since[level] = _RELEASING, time_us
                self.due[level] = FAR if self.latched else time_us + self.off_delay[level]
        if back:
            self.latched = self.latch
        for level in (0, 1):
            pending = phase[level] == _PENDING
            self.pending_peak[level] = max(self.pending_peak[level], x) if pending else -inf
        self.peak = max(self.peak, x)
        self.settle(time_us)
        if min(self.due) <= time_us:
            self.fire(time_us)

    def _standing(self, x: float, time_us: int) -> list[bool]:
        stands = []
        for level in (0, 1):
            beyond = x > self.limit[level]
            if self.hits[level] and beyond and self.phase[level] == _OFF:
                beyond = self._often_enough(level, time_us)
            stood = self.phase[level] in (_PENDING, _RAISED)
            stands.append(beyond or (stood and x > self.reset[level]))
        stands[0] = stands[0] or stands[1]
        for level in (0, 1):
            if self.hits[level] and stands[level] and self.phase[level] == _OFF:
                self.hits[level] = [NEVER] * len(self.hits[level])
        return stands

    def _often_enough(self, level: int, time_us: int) -> bool:
        hits = self.hits[level]
        enough = self.count == 1 or hits[max(self.count - 2, 0)] >= time_us - self.within
        self.hits[level] = [time_us, *hits[:-1]]
        return bool(enough)

    def settle(self, at_us: int) -> None:
        """Tell how the alert's level moved, if it did."""
        phase = self.phase
        above = phase[1] >= _RAISED
        if above and phase[0] == _PENDING:
            phase[0], self.due[0] = _RAISED, FAR
        old, new = self.level, 2 if above else 1 if phase[0] >= _RAISED else 0
        if old == new:
            return
        if old == 0:
            self.onset = max(self.since[new - 1], self.onset + 1)
            self.level, self.peak = new, self.pending_peak[new - 1]
            self.told_us, self.latched = max(at_us, self.onset), self.latch
            self.tell.say(self, Change.RAISED, self.told_us)
            return
        self.told_us = max(at_us, self.told_us)
        if new == 0:
            self.tell.say(self, Change.CLEARED, self.told_us)
            self.level = 0
            return
        self.level = new
        self.tell.say(self, Change.LEVEL_UP if new > old else Change.LEVEL_DOWN, self.told_us)


class LoneSlot:
    """One slot of a bank, taken out until `put_back`."""

    def __init__(self, bank: "Bank", slot: int) -> None:
        self._bank, self._slot = bank, slot
        self._timeout_us = int(bank.slots.timeout_us[slot])
        self._quality, self._mark_us = int(bank.quality[slot]), int(bank.mark_us[slot])
        self._used_us, self._used_value = int(bank.used_us[slot]), float(bank.used_value[slot])
        self._extra = bank.extra[:, slot].copy()
        self._sides = [_LoneSide(side, slot, self) for side in bank.sides]
        self._happened: list[Happened] = []

    def play(self, samples: Samples, rows: Rows, grades: list[int]) -> None:
        """All these rows, in order of time, the first of which has nothing before it that was passed over."""
        times, values = samples.time_us[rows].tolist(), samples.value[rows].tolist()
        extras = None if samples.extra is None else samples.extra[:, rows]
        low, high = self._redraw()
        passed = -1
        for at, (time_us, value, grade) in enumerate(zip(times, values, grades, strict=True)):
            if self._is_quiet(value, grade, low, high):
                passed = at
                continue
            if passed == at - 1 and passed >= 0 and self._quality == _GOOD and times[passed] >= self._used_us:
                # Only good ones are passed over while something stands.
                self._use(times[passed], values[passed], extras, passed)
            self._play_one(time_us, value, grade, extras, at)
            low, high = self._redraw()

    def _is_quiet(self, value: float, grade: int, low: float, high: float) -> bool:
        inside = low <= value <= high
        if grade == _GOOD:
            return inside
        return not self._active and (inside or grade >= _BAD)

    def _play_one(self, time_us: int, value: float, grade: int, extras: Any, at: int) -> None:
        self._fire(time_us)
        self._mark(grade, time_us)
        if grade >= _BAD:
            for side in self._sides:
                side.hold()
            return
        self._use(time_us, value, extras, at)
        for side in self._sides:
            side.evaluate(time_us, value * side.sign)

    def _use(self, time_us: int, value: float, extras: Any, at: int) -> None:
        self._used_us, self._used_value = time_us, value
        if extras is not None:
            self._extra = extras[:, at]

    def _fire(self, until_us: int) -> None:
        while True:
            usable = self._quality <= _UNCERTAIN and self._active
            stale_us = self._used_us + self._timeout_us if usable else FAR
            bound_us, fired = min(until_us, stale_us), False
            for side in self._sides:
                due_us = min(side.due)
                if due_us <= bound_us:
                    side.fire(due_us)
                    fired = True
            if not fired:
                if stale_us >= until_us:
                    return
                self._mark(_STALE, stale_us)
                for side in self._sides:
                    side.hold()

    def _mark(self, quality: int, since_us: int) -> None:
        if (quality != _GOOD) != (self._quality != _GOOD):
            self._mark_us = since_us
        self._quality = quality

    def _redraw(self) -> tuple[float, float]:
        high, low = self._sides
        self._active = high.active or low.active
        if not self._active:
            self._quality, self._mark_us = _GOOD, NEVER
        elif self._quality != _GOOD or any(side.unverified and side.level for side in self._sides):
            return inf, -inf
        band, mirrored = high.band(), low.band()
        return max(band[0], -mirrored[1]), min(band[1], -mirrored[0])

    def say(self, of: _LoneSide, change: Change, effective_us: int) -> None:
        """See `Bank._say`."""
        if not self._bank.slots.sided and change in (Change.LEVEL_UP, Change.LEVEL_DOWN):
            return
        if change is Change.RAISED:
            of.unverified = self._quality != _GOOD
        self._happened.append(
            Happened(
                side=of.side.name,
                change=change,
                slots=np.array([self._slot], dtype=np.intp),
                effective_us=np.array([effective_us], dtype=np.int64),
                onset_us=np.array([of.onset], dtype=np.int64),
                level=np.array([of.level], dtype=np.uint8),
                value=np.array([self._used_value]),
                limit=np.array([0.0 + of.sign * of.limit[of.level - 1]]),
                peak=np.array([0.0 + of.sign * of.peak]),
                quality=np.array([self._quality], dtype=np.uint8),
                extra=self._extra[:, np.newaxis],
                relimited=False,
            )
        )

    def put_back(self) -> list[Happened]:
        """Write the state back; what happened."""
        bank, slot = self._bank, self._slot
        for side in self._sides:
            side.put_back()
        bank.quality[slot], bank.mark_us[slot] = self._quality, self._mark_us
        bank.used_us[slot], bank.used_value[slot] = self._used_us, self._used_value
        bank.extra[:, slot] = self._extra
        return self._happened
