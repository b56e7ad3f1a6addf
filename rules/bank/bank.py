"""The alarms of many slots, each fed with one number over time: a tag's value, or what a kind derives from it.

Most samples of most slots change nothing, so each slot has a *quiet band*: good values inside it neither begin nor end
anything and are no new peak. One pass over all samples finds those outside their band; only these are played, in
source-time order, one sample per slot a round, all slots of a round at once. Bands are redrawn as slots are played, so
a long backlog of a slot costs as many rounds as it has samples that change something.
"""

import hashlib
from collections.abc import Collection
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from park.quality import Quality
from rules.arrays import FAR, NEVER, Bools, Bytes, Floats, Ints, Rows
from rules.bank.lone import LoneSlot
from rules.bank.side import Side
from rules.bank.slots import Slots
from rules.bank.words import Happened, Names, Words
from rules.samples import Samples
from rules.standing import LEVEL_NAMES
from rules.transition import Change, Transition, alert_id
from rules.walk import walk

_GOOD, _UNCERTAIN, _BAD = (np.uint8(quality) for quality in Quality)
_STALE = np.uint8(3)


class Known(Protocol):
    """The newest that is known, by tag index or by slot: `rules.memory.Memory`, or a kind's own."""

    used_us: Ints
    used_value: Floats
    grade: Bytes
    #: ``(k, size)``, as `Samples.extra`.
    extra: Floats


class Bank:
    """Latches and marks of all slots, and what is told of them."""

    def __init__(
        self, slots: Slots, sides: tuple[Side, Side], names: Names, words: Words, size: int | None = None
    ) -> None:
        """``size``: samples bear tag indices below it; None: they bear slots."""
        count = len(slots)
        self.slots = slots
        self.names = names
        self.words = words
        self.high, self.low = self.sides = sides
        for side in sides:
            side.latch = slots.latch
        #: By side: index of the name of each level into `LEVEL_NAMES`, ``(2, n)``.
        self.codes: tuple[Bytes, Bytes] = (_codes(names[0]), _codes(names[1]))
        #: Where `Known` has what is known of each slot.
        self.place_of: Rows = np.arange(count, dtype=np.intp) if size is None or slots.tag is None else slots.tag
        self.slot_of: Rows = np.arange(count, dtype=np.intp) if size is None else slots.slot_of(size)
        #: True where slot and tag index are the same: the usual park, and one look-up less a sample.
        self._direct = len(self.slot_of) == count and bool((self.slot_of == np.arange(count)).all())
        self._any_strict = bool(slots.strict.any())
        # What is known of the value while something stands (else not kept up).
        #: Index into `QUALITIES`: of the newest sample, or stale.
        self.quality: Bytes = np.zeros(count, dtype=np.uint8)
        #: Since when the value has been verified, or unverified.
        self.mark_us: Ints = np.full(count, NEVER, dtype=np.int64)
        self.used_us: Ints = np.full(count, NEVER, dtype=np.int64)
        self.used_value: Floats = np.full(count, np.nan)
        self.extra: Floats = np.full((words.extras, count), np.nan)
        # Derived.
        self.active: Bools = np.zeros(count, dtype=np.bool_)
        self._low_band: Floats = np.full(count, -np.inf)
        self._high_band: Floats = np.full(count, np.inf)
        #: Nothing comes due, and no mark is untold, before this.
        self._wake_us = FAR
        #: Of the last `advance`.
        self._clock_us = NEVER
        self._happened: list[Happened] = []
        #: The limits are not those that the state was built under, or there is none yet: look at the value once.
        self.relimited: Bools = np.ones(count, dtype=np.bool_)
        #: Any of them.
        self.any_relimited = True
        self._relimiting = False
        #: By rule: equal where the same targets have the same limits, delays and timeouts.
        self.fingerprints = tuple(self._fingerprint(number) for number in range(len(slots.rules)))
        self.redraw(np.arange(count))

    def __len__(self) -> int:
        return len(self.slots)

    # -- samples -----------------------------------------------------------------------------------------------------

    def play(self, samples: Samples, known: Known) -> None:
        """Evaluate samples; ``known`` is as it was before them."""
        if not len(self.slots):
            return
        self._known = known
        busy = np.flatnonzero(~self.quiet(samples, None))
        if len(busy):
            walk(self, samples, busy)

    def quiet(self, samples: Samples, rows: Rows | None) -> Bools:
        """True for rows inside their slot's band; all rows where ``rows`` is None."""
        tag, value, grade = samples.tag, samples.value, samples.grade
        if rows is not None:
            tag, value, grade = tag[rows], value[rows], grade[rows]
        slot = tag if self._direct else self.slot_of.take(tag)
        quiet: Bools = (value >= self._low_band.take(slot)) & (value <= self._high_band.take(slot))
        if not self._direct:
            quiet |= slot < 0
        if not samples.all_good:
            idle = (slot < 0) | ~self.active.take(slot)
            ungraded = self._grade(slot, grade)
            quiet = np.where(ungraded == _GOOD, quiet, idle & (quiet | (ungraded >= _BAD)))
        return quiet

    def play_rows(self, samples: Samples, rows: Rows, before: Rows) -> None:
        """See `rules.walk.Player`."""
        slots = every = self.slot_of[samples.tag[rows]]
        time_us, value, grade = samples.time_us[rows], samples.value[rows], self._grade(slots, samples.grade[rows])
        self._recall(slots, samples, rows, before)
        self._fire(slots, time_us)
        self._mark(slots, grade, time_us)
        used = grade < _BAD
        for side in self.sides:
            side.hold(slots[~used])
        slots, time_us, value = slots[used], time_us[used], value[used]
        self.used_us[slots], self.used_value[slots] = time_us, value
        if samples.extra is not None:
            self.extra[:, slots] = samples.extra[:, rows[used]]
        for side in self.sides:
            side.evaluate(slots, time_us, value * side.sign, self._say)
        self.redraw(every)

    def play_alone(self, samples: Samples, row: int, end: int, before: int) -> None:
        """See `rules.walk.Player`."""
        slots = self.slot_of[samples.tag[row : row + 1]]
        self._recall(slots, samples, np.array([row]), np.array([before]))
        rows = np.arange(row, end)
        grade = self._grade(np.broadcast_to(slots, len(rows)), samples.grade[rows])
        lone = LoneSlot(self, int(slots[0]))
        lone.play(samples, rows, grade.tolist())
        self._happened += lone.put_back()
        self.redraw(slots)

    def _grade(self, slots: Rows, grade: Bytes) -> Bytes:
        if self._any_strict:
            return np.where((grade == _UNCERTAIN) & self.slots.strict[slots], _BAD, grade)
        return grade

    def _recall(self, slots: Rows, samples: Samples, rows: Rows, before: Rows) -> None:
        """Catch up on samples that were passed over as quiet: only good ones are while something stands."""
        seen = before >= 0
        place = self.place_of[slots]
        time_us = np.where(seen, samples.time_us[before], self._known.used_us[place])
        value = np.where(seen, samples.value[before], self._known.used_value[place])
        # A row that follows a played one has nothing to catch up on. Of one age what is known may still be another: a
        # signal that is judged twice at one instant.
        follows = ~seen & (rows > 0) & (samples.tag[rows - 1] == samples.tag[rows])
        newer = (self.quality[slots] == _GOOD) & (time_us >= self.used_us[slots]) & ~follows
        self.used_us[slots[newer]], self.used_value[slots[newer]] = time_us[newer], value[newer]
        if samples.extra is not None:
            extra = np.where(seen, samples.extra[:, before], self._known.extra[:, place])
            self.extra[:, slots[newer]] = extra[:, newer]

    def _mark(self, slots: Rows, quality: Bytes, since_us: Ints) -> None:
        changed = (quality != _GOOD) != (self.quality[slots] != _GOOD)
        self.mark_us[slots[changed]] = since_us[changed]
        self.quality[slots] = quality

    # -- time --------------------------------------------------------------------------------------------------------

    def advance(self, now_us: int, known: Known) -> list[Transition]:
        """Run the timers to ``now_us``; ``known`` has learnt the samples by now. All that happened since the last."""
        self._known = known
        if self.any_relimited:
            self._relimit(now_us)
        if now_us < self._clock_us:
            # The clock was put back: a signal of the clock's time is newer than one that bears a later time.
            self._wake_us = NEVER
        self._clock_us = now_us
        if self._wake_us <= now_us:
            slots = np.flatnonzero(self.active)
            self.catch_up(slots, known)
            self._fire(slots, np.full(len(slots), now_us, dtype=np.int64))
            self._tell_marks(slots)
            self.redraw(slots)
            self._wake_us = self._next_due(slots)
        return self._tell(now_us)

    def _tell(self, now_us: int) -> list[Transition]:
        happened, self._happened = self._happened, []
        return [one for chunk in happened for one in self.words.transitions(chunk, now_us)]

    @property
    def wake_us(self) -> int:
        """See `rules.kind.Sleeper`."""
        return NEVER if self._happened or self.relimited.any() else self._wake_us

    def reset(self, alert_ids: Collection[str], now_us: int) -> None:
        """Somebody has reset these alerts: those that are latched and whose condition is over end."""
        for side in self.sides:
            back = [slot for slot in side.back().tolist() if self.alert_id(side, slot) in alert_ids]
            if back:
                side.unlatch(np.array(back, dtype=np.intp), now_us)
                self._wake_us = NEVER

    def alert_id(self, side: Side, slot: int) -> str:
        """Of the alert that stands there."""
        side_name = side.name.name if self.slots.sided else ""
        return alert_id(self.slots.rule_id[slot], self.slots.target[slot], side_name, int(side.onset_us[slot]))

    def _fire(self, slots: Rows, until_us: Ints) -> None:
        """Let everything happen that comes due up to ``until_us``, in order; staleness after what is due with it."""
        while len(slots):
            stale_us = self._stale_us(slots)
            bound_us = np.minimum(until_us, stale_us)
            fired = np.zeros(len(slots), dtype=np.bool_)
            for side in self.sides:
                due_us = side.next_due(slots)
                due = due_us <= bound_us
                if due.any():
                    side.fire(slots[due], due_us[due], self._say)
                    fired |= due
            stale = ~fired & (stale_us < until_us)
            if stale.any():
                self._mark(slots[stale], np.full(np.count_nonzero(stale), _STALE), stale_us[stale])
                for side in self.sides:
                    side.hold(slots[stale])
            again = fired | stale
            slots, until_us = slots[again], until_us[again]

    def _stale_us(self, slots: Rows) -> Ints:
        """From when on the value is too old; `FAR` where it is unusable already or nothing stands."""
        usable = (self.quality[slots] <= _UNCERTAIN) & self.active[slots]
        return np.where(usable, self.used_us[slots] + self.slots.timeout_us[slots], FAR)

    def catch_up(self, slots: Rows, known: Known) -> None:
        """Take over what is known of these slots, where their quiet samples were passed over."""
        good = slots[self.quality[slots] == _GOOD]
        place = self.place_of[good]
        self.used_us[good], self.used_value[good] = known.used_us[place], known.used_value[place]
        if len(self.extra):
            self.extra[:, good] = known.extra[:, place]

    def _next_due(self, slots: Rows) -> int:
        due_us = self._stale_us(slots) + 1
        for side in self.sides:
            due_us = np.minimum(due_us, side.next_due(slots))
        return int(due_us.min(initial=FAR))

    # -- what is told ------------------------------------------------------------------------------------------------

    def _say(self, side: Side, change: Change, slots: Rows, effective_us: Ints) -> None:
        if not self.slots.sided and change in (Change.LEVEL_UP, Change.LEVEL_DOWN):
            return  # faults have no levels: a graver one under the same alert is the same alert
        quality = self.quality[slots]
        if change in (Change.RAISED, Change.UNVERIFIED, Change.VERIFIED):
            side.unverified[slots] = quality != _GOOD
        level = side.level[slots]
        self._happened.append(
            Happened(
                side=side.name,
                change=change,
                slots=slots,
                effective_us=effective_us,
                onset_us=side.onset_us[slots],
                level=level,
                value=self.used_value[slots],
                limit=0.0 + side.sign * side.limit[level - 1, slots],
                peak=0.0 + side.sign * side.peak[slots],
                quality=quality,
                extra=self.extra[:, slots],
                relimited=self._relimiting,
            )
        )

    def _tell_marks(self, slots: Rows) -> None:
        """Once an advance: alerts whose mark is another than was last told."""
        marked = self.quality[slots] != _GOOD
        for side in self.sides:
            differs = (side.level[slots] > 0) & (side.unverified[slots] != marked)
            for change, which in ((Change.UNVERIFIED, differs & marked), (Change.VERIFIED, differs & ~marked)):
                told = slots[which]
                if len(told):
                    self._say(side, change, told, side.told(told, self.mark_us[told]))

    def redraw(self, slots: Rows) -> None:
        """Draw the quiet bands anew after something changed; and look at these slots in the next `advance`."""
        self.active[slots] = active = self.high.active(slots) | self.low.active(slots)
        idle = slots[~active]
        self.quality[idle], self.mark_us[idle] = _GOOD, NEVER
        low, high = self.high.quiet_band(slots)
        mirrored_low, mirrored_high = self.low.quiet_band(slots)
        low, high = np.maximum(low, -mirrored_high), np.minimum(high, -mirrored_low)
        # While a mark is there or its going is untold, it matters when it went.
        unsure = active & ((self.quality[slots] != _GOOD) | self.high.marked(slots) | self.low.marked(slots))
        low[unsure], high[unsure] = np.inf, -np.inf
        self._low_band[slots], self._high_band[slots] = low, high
        if active.any():
            self._wake_us = NEVER

    # -- other limits ------------------------------------------------------------------------------------------------

    def before_move(self, slots: Rows, now_us: int, known: Known) -> list[Transition]:
        """The limits of these are about to move: all that happened under the old ones until now."""
        self._known = known
        active = slots[self.active[slots]]
        self.catch_up(active, known)
        self._fire(active, np.full(len(active), now_us, dtype=np.int64))
        return self._tell(now_us)

    def after_move(self, every: Rows, now_us: int) -> None:
        """They have: hold what is known against them, as though it were measured now."""
        self.redraw(every)
        value = self._known.used_value[self.place_of[every]]
        quiet = (value >= self._low_band[every]) & (value <= self._high_band[every]) & ~self.active[every]
        busy = every[~quiet]
        slots = self._take_known(busy, now_us)
        at_us = np.full(len(slots), now_us, dtype=np.int64)
        for side in self.sides:
            side.evaluate(slots, at_us, self.used_value[slots] * side.sign, self._say, measured=False)
        self.redraw(busy)

    def _take_known(self, every: Rows, now_us: int) -> Rows:
        """Those of these whose value is known: usable, and not too old; take it over."""
        known, place = self._known, self.place_of[every]
        grade = self._grade(every, known.grade[place])
        fresh = now_us - known.used_us[place] <= self.slots.timeout_us[every]
        usable = (grade < _BAD) & fresh & (known.used_us[place] > NEVER)
        slots, place = every[usable], place[usable]
        self._mark(slots, grade[usable], np.full(len(slots), now_us, dtype=np.int64))
        self.used_us[slots], self.used_value[slots] = known.used_us[place], known.used_value[place]
        if len(self.extra):
            self.extra[:, slots] = known.extra[:, place]
        return slots

    def _relimit(self, now_us: int) -> None:
        """The limits are others than those the state was built under: hold each known value against them as of now."""
        every = np.flatnonzero(self.relimited)
        slots = self._take_known(every, now_us)
        self._relimiting = True
        for side in self.sides:
            side.relimit(slots, every, now_us, self.used_value[slots] * side.sign, self._say)
        self._relimiting = False
        self.relimit_later(np.zeros(len(self), dtype=np.bool_))
        self.redraw(every)

    def relimit_later(self, slots: Bools) -> None:
        """In the next `advance` hold what is known of these, and of no others, against the limits."""
        self.relimited = slots
        self.any_relimited = bool(slots.any())

    def _fingerprint(self, rule: int) -> str:
        span = self.slots.span(rule)
        digest = hashlib.sha256("\n".join(self.slots.target[span]).encode())
        columns: list[NDArray[Any]] = [self.slots.timeout_us, self.slots.strict, self.slots.latch]
        for side in self.sides:
            columns += [side.limit, side.reset, side.on_delay_us, side.off_delay_us, side.count, side.within_us]
        for column in columns:
            digest.update(np.ascontiguousarray(column[..., span]).tobytes())
        return digest.hexdigest()


def _codes(names: tuple[list[str], list[str]]) -> Bytes:
    code = {name: number for number, name in enumerate(LEVEL_NAMES)}
    return np.array([[code[name] for name in level] for level in names], dtype=np.uint8).reshape(2, len(names[0]))
