"""Kind ``limit``: a value passes a limit of its tag.

Most samples of most tags change nothing, so each tag has a *quiet band*: good values inside it neither begin nor end
anything and are no new peak. One pass over all samples finds those outside their band; only these are played, in
source-time order, one sample per tag a round, all tags of a round at once. Bands are redrawn as tags are played, so a
long backlog of a tag costs as many rounds as it has samples that change something.
"""

from functools import cached_property

import numpy as np

from park.index import TagTable
from park.quality import Quality
from rules.arrays import FAR, NEVER, Bools, Bytes, Floats, Ints, Rows
from rules.kind import Saved
from rules.levels import Side
from rules.limit_compile import compile_limits
from rules.limit_state import limit_fingerprint, load_limits, save_limits
from rules.limit_words import Happened, Words
from rules.memory import Memory
from rules.samples import Samples
from rules.spec import LimitRule
from rules.transition import Change, Transition
from rules.walk import walk

_GOOD, _UNCERTAIN, _BAD = (np.uint8(quality) for quality in Quality)
_STALE = np.uint8(3)


class LimitKind:
    """One limit rule, compiled. Columns by *slot*: the tags of the rule that have limits, in file order."""

    def __init__(self, tags: TagTable, rule: LimitRule) -> None:
        compiled = compile_limits(rule.applies_to.pick(tags), rule)
        size = len(compiled.infos)
        self.rule = rule
        self.infos = compiled.infos
        self.names = compiled.names
        self.high, self.low = self.sides = compiled.sides
        self.tag_of: Rows = np.array([info.ix for info in compiled.infos], dtype=np.intp)
        self.slot_of: Rows = np.full(tags.size, -1, dtype=np.intp)
        self.slot_of[self.tag_of] = np.arange(size)
        #: True where slot and tag index are the same: the usual park, and one look-up less a sample.
        self._direct = bool(size == tags.size and (self.slot_of == np.arange(size)).all())
        self.timeout_us: Ints = np.array(
            [FAR if info.tag.stale_after is None else info.tag.stale_after for info in compiled.infos], dtype=np.int64
        )
        # What is known of the value while something stands (else not kept up).
        #: Index into `QUALITIES`: of the newest sample, or stale.
        self.quality: Bytes = np.zeros(size, dtype=np.uint8)
        #: Since when the value has been verified, or unverified.
        self.mark_us: Ints = np.full(size, NEVER, dtype=np.int64)
        self.used_us: Ints = np.full(size, NEVER, dtype=np.int64)
        self.used_value: Floats = np.full(size, np.nan)
        # Derived.
        self.active: Bools = np.zeros(size, dtype=np.bool_)
        self._low_band: Floats = np.full(size, -np.inf)
        self._high_band: Floats = np.full(size, np.inf)
        #: Nothing comes due, and no mark is untold, before this.
        self._wake_us = FAR
        self._happened: list[Happened] = []
        #: The limits are not those that the state was built under, or there is none yet: look at every value once.
        self.relimited = True
        self._relimiting = False
        limits = (self.high.limit, self.low.limit)
        self._words = Words(rule.id, self.infos, self.names, limits, self.timeout_us)
        self.redraw(np.arange(size))

    # -- samples -----------------------------------------------------------------------------------------------------

    def play(self, samples: Samples, memory: Memory) -> None:
        """See `rules.kind.Kind`."""
        if not len(self.infos):
            return
        self._memory = memory
        busy = np.flatnonzero(~self.quiet(samples, None))
        if len(busy):
            walk(self, samples, busy)

    def quiet(self, samples: Samples, rows: Rows | None) -> Bools:
        """True for rows inside their tag's band; all rows where ``rows`` is None."""
        tag, value, grade = samples.tag, samples.value, samples.grade
        if rows is not None:
            tag, value, grade = tag[rows], value[rows], grade[rows]
        slot = tag if self._direct else self.slot_of.take(tag)
        quiet: Bools = (value >= self._low_band.take(slot)) & (value <= self._high_band.take(slot))
        if not self._direct:
            quiet |= slot < 0
        if not samples.all_good:
            idle = (slot < 0) | ~self.active.take(slot)
            ungraded = self._grade(grade)
            quiet = np.where(ungraded == _GOOD, quiet, idle & (quiet | (ungraded >= _BAD)))
        return quiet

    def play_rows(self, samples: Samples, rows: Rows, before: Rows) -> None:
        """See `rules.walk.Player`."""
        slots = self.slot_of[samples.tag[rows]]
        time_us, value, grade = samples.time_us[rows], samples.value[rows], self._grade(samples.grade[rows])
        self._recall(slots, samples, before)
        self._fire(slots, time_us)
        self._mark(slots, grade, time_us)
        used = grade < _BAD
        for side in self.sides:
            side.hold(slots[~used])
        slots, time_us, value = slots[used], time_us[used], value[used]
        self.used_us[slots], self.used_value[slots] = time_us, value
        for side in self.sides:
            side.evaluate(slots, time_us, value * side.sign, self._say)
        self.redraw(self.slot_of[samples.tag[rows]])

    def _grade(self, grade: Bytes) -> Bytes:
        if self.rule.uncertain == "bad":
            return np.where(grade == _UNCERTAIN, _BAD, grade)
        return grade

    def _recall(self, slots: Rows, samples: Samples, before: Rows) -> None:
        """Catch up on samples that were passed over as quiet: only good ones are while something stands."""
        known = before >= 0
        tag = self.tag_of[slots]
        time_us = np.where(known, samples.time_us[before], self._memory.used_us[tag])
        value = np.where(known, samples.value[before], self._memory.used_value[tag])
        # A row that follows a played one has nothing to catch up on; its tag's memory is older than what we know.
        newer = (self.quality[slots] == _GOOD) & (time_us > self.used_us[slots])
        self.used_us[slots[newer]], self.used_value[slots[newer]] = time_us[newer], value[newer]

    def _mark(self, slots: Rows, quality: Bytes, since_us: Ints) -> None:
        changed = (quality != _GOOD) != (self.quality[slots] != _GOOD)
        self.mark_us[slots[changed]] = since_us[changed]
        self.quality[slots] = quality

    # -- time --------------------------------------------------------------------------------------------------------

    def advance(self, now_us: int, samples: Samples | None, memory: Memory) -> list[Transition]:
        """See `rules.kind.Kind`."""
        self._memory = memory
        if self.relimited:
            self._relimit(now_us)
        if self._wake_us <= now_us:
            slots = np.flatnonzero(self.active)
            self._catch_up(slots)
            self._fire(slots, np.full(len(slots), now_us, dtype=np.int64))
            self._tell_marks(slots)
            self.redraw(slots)
            self._wake_us = self._next_due(slots)
        happened, self._happened = self._happened, []
        return [one for chunk in happened for one in self._words.transitions(chunk, now_us)]

    def resume(self, now_us: int) -> None:
        """Nothing: a value that is older than its timeout is not known, whoever was away."""

    def set_back(self, now_us: int) -> None:
        """Nothing: its timers are due in source time."""

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
        known = (self.quality[slots] <= _UNCERTAIN) & self.active[slots]
        return np.where(known, self.used_us[slots] + self.timeout_us[slots], FAR)

    def _catch_up(self, slots: Rows) -> None:
        good = slots[self.quality[slots] == _GOOD]
        tag = self.tag_of[good]
        self.used_us[good], self.used_value[good] = self._memory.used_us[tag], self._memory.used_value[tag]

    def _next_due(self, slots: Rows) -> int:
        due_us = self._stale_us(slots) + 1
        for side in self.sides:
            due_us = np.minimum(due_us, side.next_due(slots))
        return int(due_us.min(initial=FAR))

    # -- what is told ------------------------------------------------------------------------------------------------

    def _say(self, side: Side, change: Change, slots: Rows, effective_us: Ints) -> None:
        quality = self.quality[slots]
        if change in (Change.RAISED, Change.UNVERIFIED, Change.VERIFIED):
            side.unverified[slots] = quality != _GOOD
        self._happened.append(
            Happened(
                side=side.name,
                change=change,
                slots=slots,
                effective_us=effective_us,
                onset_us=side.onset_us[slots],
                level=side.level[slots],
                value=self.used_value[slots],
                peak=side.peak[slots],
                quality=quality,
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

    # -- other limits, other engines ---------------------------------------------------------------------------------

    def _relimit(self, now_us: int) -> None:
        """The limits have moved under the values: hold each known one against them as of now."""
        memory, tag = self._memory, self.tag_of
        grade = self._grade(memory.grade[tag])
        known = (grade < _BAD) & ~memory.stale(now_us)[tag] & (memory.used_us[tag] > NEVER)
        slots = np.flatnonzero(known)
        self._mark(slots, grade[slots], np.full(len(slots), now_us, dtype=np.int64))
        self.used_us[slots], self.used_value[slots] = memory.used_us[tag[slots]], memory.used_value[tag[slots]]
        self._relimiting = True
        for side in self.sides:
            side.relimit(slots, now_us, self.used_value[slots] * side.sign, self._say)
        self.relimited = self._relimiting = False
        self.redraw(np.arange(len(self.infos)))

    @cached_property
    def fingerprint(self) -> str:
        """Equal where the same tags have the same limits and timeouts."""
        return limit_fingerprint(self)

    def save(self, memory: Memory) -> Saved:
        """See `rules.kind.Kind`."""
        self._memory = memory
        self._catch_up(np.flatnonzero(self.active))
        return save_limits(self)

    def load(self, saved: Saved, moved: Ints) -> Bools:
        """See `rules.kind.Kind`."""
        taken = load_limits(self, saved, moved)
        self.redraw(np.arange(len(self.infos)))
        return taken
