"""Kind ``frozen``: a value that does not change for too long. The signal is 1 while the instrument is stuck.

A *run* begins with a value; values within the tolerance of that first one belong to it. It is *proven* once it is as
long as the hold time; from then on a gap does not end it.
"""

from collections.abc import Sequence
from math import inf

import numpy as np

from park.duration import format_duration
from park.index import TagInfo, TagTable
from rules.arrays import NEVER, Bools, Floats, Ints, Rows
from rules.bank.bank import Bank
from rules.bank.compile import compile_fault
from rules.bank.slots import Slots
from rules.bank.words import FaultWords, Told
from rules.kind import Kind
from rules.layers import Layer, layers
from rules.memory import Memory
from rules.samples import Samples
from rules.spec import FrozenRule
from rules.tag_signals import FaultSignal, PerSlot, digests, rounds


def hold_of(rule: FrozenRule, info: TagInfo) -> int | None:
    """How long is too long, in µs; None: not watched."""
    if info.tag.discrete:
        return None
    return rule.hold or info.tag.frozen_after


class FrozenWords(FaultWords):
    """``unchanged at 7.2 mg/L for 48h``."""

    extras = 1

    def __init__(self, slots: Slots, infos: Sequence[TagInfo], hold_us: Ints) -> None:
        super().__init__(slots)
        self._infos = infos
        self._hold_us = hold_us

    def what(self, one: Told) -> str:
        """See `FaultWords`."""
        return f"{self._shown(one)} unchanged for {format_duration(int(self._hold_us[one.slot]))} or more"

    def over(self, one: Told) -> str:
        """See `FaultWords`."""
        return f"{self._shown(one)}: it moves again"

    def _shown(self, one: Told) -> str:
        tag = self._infos[one.slot].tag
        return f"{tag.quantity} {one.extra[0]:.6g} {tag.unit}".rstrip()


class FrozenKind(FaultSignal):
    """Frozen rules, no tag twice."""

    STATE = ("run_us", "run_value", "last_us")

    def __init__(self, tags: TagTable, layer: Layer[FrozenRule]) -> None:
        slots = layer.slots(sided=False)
        delays = [(rule.on_delay, rule.off_delay) for rule in layer.rules]
        sides, names = compile_fault(*np.array(delays, dtype=np.int64).reshape(-1, 2)[slots.rule].T)
        infos = [info for _, info in layer.pairs]
        hold = np.array([hold_of(rule, info) or 0 for rule, info in layer.pairs], dtype=np.int64)
        gap = np.array([info.tag.stale_after or 0 for info in infos], dtype=np.int64)
        gap = np.where(gap > 0, gap, hold)
        tolerance = np.array([_tolerance(rule, info) for rule, info in layer.pairs], dtype=np.float64)
        exempt = np.array([_exempt(rule, info) for rule, info in layer.pairs], dtype=np.float64)
        bank = Bank(slots, sides, names, FrozenWords(slots, infos, hold))
        super().__init__(bank, tags.size, digests(slots, hold))
        self._hold, self._gap = PerSlot(hold), PerSlot(gap)
        self._tolerance, self._exempt = PerSlot(tolerance), PerSlot(exempt)
        self._any_exempt = bool((exempt > -inf).any())
        #: When the run began and its first value; `NEVER` and NaN where there is none.
        self.run_us: Ints = np.full(len(slots), NEVER, dtype=np.int64)
        self.run_value: Floats = np.full(len(slots), np.nan)
        #: Its newest sample; not kept up while the run has but one.
        self.last_us: Ints = np.full(len(slots), NEVER, dtype=np.int64)

    def derive(self, mine: Samples) -> Samples | None:
        """See `DerivedKind`."""
        with np.errstate(over="ignore"):
            if mine.single and mine.all_good:
                stuck = self._follow(mine.tag, mine.time_us, mine.value)
            else:
                found = [
                    rows[self._follow(mine.tag[rows], mine.time_us[rows], mine.value[rows])]
                    for rows in rounds(mine, self.usable(mine))
                ]
                stuck = np.sort(np.concatenate(found)) if found else np.zeros(0, dtype=np.intp)
        return self.told(mine, stuck, np.ones(len(stuck)))

    def _follow(self, slot: Rows, time_us: Ints, value: Floats) -> Rows:
        """Take in one usable sample of each slot; the rows that are found stuck."""
        same: Bools = np.abs(value - self.run_value.take(slot)) <= self._tolerance.of(slot)
        exempt: Bools | None = None
        if self._any_exempt:
            exempt = value <= self._exempt.of(slot)
            same &= ~exempt
        rows = np.flatnonzero(same)
        goes_on, began_us, first = self._going_on(slot[rows], time_us[rows])
        rows = rows[goes_on]
        self.run_us[slot], self.run_value[slot] = time_us, value
        mine = slot[rows]
        self.run_us[mine], self.run_value[mine], self.last_us[mine] = began_us, first, time_us[rows]
        if exempt is not None and exempt.any():
            self.run_us[slot[exempt]], self.run_value[slot[exempt]] = NEVER, np.nan
        return rows[time_us[rows] - began_us >= self._hold.of(mine)]

    def _going_on(self, slot: Rows, time_us: Ints) -> tuple[Bools, Ints, Floats]:
        """Of slots whose value is that of their run: whether the run goes on; then of those when and how it began."""
        began_us = self.run_us.take(slot)
        last_us = np.maximum(began_us, self.last_us.take(slot))
        goes_on: Bools = (time_us - last_us <= self._gap.of(slot)) | (last_us - began_us >= self._hold.of(slot))
        return goes_on, began_us[goes_on], self.run_value.take(slot[goes_on])

    def renew(self, memory: Memory) -> None:
        """See `TagSignal`."""
        last_us = np.maximum(self.run_us, self.last_us)
        stuck = (self.run_us > NEVER) & (last_us - self.run_us >= self._hold.column)
        value = memory.used_value[self._tag]
        grade = memory.grade[self._tag]
        self._remember(memory.used_us[self._tag], stuck.astype(np.float64), grade, value[np.newaxis])


def _tolerance(rule: FrozenRule, info: TagInfo) -> float:
    return info.tag.frozen_tolerance if rule.tolerance is None else rule.tolerance


def _exempt(rule: FrozenRule, info: TagInfo) -> float:
    """At or below this a flat is legitimate."""
    limit = info.tag.detection_limit
    return -inf if limit is None else rule.near_detection_limit * limit


def build_frozen(tags: TagTable, rules: Sequence[FrozenRule]) -> list[Kind]:
    """Tags that are no states and have a hold time."""
    return [FrozenKind(tags, layer) for layer in layers(tags, rules, lambda rule, info: bool(hold_of(rule, info)))]
