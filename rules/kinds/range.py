"""Kind ``range``: a value that the instrument cannot have measured.

The signal is 2 where the value is outside what is believed or a sentinel, 1 where it is at an end of the span, else 0.
"""

from collections.abc import Sequence
from math import inf, nextafter
from typing import NamedTuple

import numpy as np

from park.duration import format_duration
from park.index import TagInfo, TagTable
from park.quality import Quality
from rules.arrays import FAR, Bools, Floats, Rows
from rules.bank.bank import Bank
from rules.bank.slots import Slots
from rules.bank.words import FaultWords, Told
from rules.kind import Kind
from rules.layers import Layer, layers
from rules.memory import Memory
from rules.samples import Samples
from rules.spec import RangeRule
from rules.tag_signals import FaultSignal, PerSlot, compile_graded, digests

_GRAVE = 2


class Bounds(NamedTuple):
    """What of a tag is believed, and what is beyond doubt; both closed."""

    low: float = -inf
    high: float = inf
    inner_low: float = -inf
    inner_high: float = inf


def bounds_of(rule: RangeRule, info: TagInfo) -> Bounds:
    """Without a span everything is believed."""
    if info.tag.span is None:
        return Bounds()
    low, high = info.tag.span
    beyond = rule.margin * (high - low)
    if rule.clipped_for is None:
        return Bounds(low - beyond, high + beyond, low - beyond, high + beyond)
    return Bounds(low - beyond, high + beyond, nextafter(low, inf), nextafter(high, -inf))


class RangeWords(FaultWords):
    """``level -0.4 % is outside the span 0 to 100 %``."""

    extras = 1

    def __init__(self, slots: Slots, infos: Sequence[TagInfo]) -> None:
        super().__init__(slots)
        self._infos = infos

    def what(self, one: Told) -> str:
        """See `FaultWords`."""
        rule = self.slots.rules[self.slots.rule[one.slot]]
        assert isinstance(rule, RangeRule)
        if one.value < _GRAVE and rule.clipped_for is not None:
            held = format_duration(rule.clipped_for + rule.on_delay)
            return f"{self._shown(one)} is at the end of the span {self._span(one.slot)} for {held}: clipped"
        if one.extra[0] in rule.sentinels:
            return f"{self._shown(one)} is no value but a sign that there is none"
        return f"{self._shown(one)} is outside the span {self._span(one.slot)}"

    def over(self, one: Told) -> str:
        """See `FaultWords`."""
        return f"{self._shown(one)} is a value that the instrument can measure"

    def _shown(self, one: Told) -> str:
        tag = self._infos[one.slot].tag
        return f"{tag.quantity} {one.extra[0]:.6g} {tag.unit}".rstrip()

    def _span(self, slot: int) -> str:
        tag = self._infos[slot].tag
        low, high = tag.span or (-inf, inf)
        return f"{low:g} to {high:g} {tag.unit}".rstrip()


class RangeKind(FaultSignal):
    """Range rules, no tag twice."""

    def __init__(self, tags: TagTable, layer: Layer[RangeRule]) -> None:
        slots = layer.slots(sided=False)
        delays = [
            (FAR if rule.clipped_for is None else rule.clipped_for + rule.on_delay, rule.on_delay, rule.off_delay)
            for rule in layer.rules
        ]
        sides, names = compile_graded(*np.array(delays, dtype=np.int64).reshape(-1, 3)[slots.rule].T)
        bounds = [bounds_of(rule, info) for rule, info in layer.pairs]
        self._low, self._high, self._inner_low, self._inner_high = (
            PerSlot(column) for column in np.array(bounds, dtype=np.float64).reshape(-1, 4).T.copy()
        )
        most = max((len(rule.sentinels) for rule in layer.rules), default=0)
        padded = [rule.sentinels + (np.nan,) * (most - len(rule.sentinels)) for rule in layer.rules]
        #: ``(most, n)``: values that say that there is none; NaN where a slot has fewer.
        self._sentinels: Floats = np.array(padded, dtype=np.float64).reshape(len(layer.rules), most)[slots.rule].T
        inside = (self._sentinels >= self._inner_low.column) & (self._sentinels <= self._inner_high.column)
        #: Those that hide among values beyond doubt.
        self._hidden = [PerSlot(column) for column in self._sentinels[inside.any(axis=1)]]
        bank = Bank(slots, sides, names, RangeWords(slots, [info for _, info in layer.pairs]))
        super().__init__(bank, tags.size, digests(slots, np.array(bounds).reshape(-1, 4).T, self._sentinels))

    def derive(self, mine: Samples) -> Samples | None:
        """See `DerivedKind`."""
        slot, value = mine.tag, mine.value
        fine: Bools = (value >= self._inner_low.of(slot)) & (value <= self._inner_high.of(slot))
        for sentinel in self._hidden:
            fine &= value != sentinel.of(slot)
        loud: Rows = np.flatnonzero(~fine)
        if not mine.all_good:
            loud = loud[mine.grade[loud] < Quality.BAD]
        return self.told(mine, loud, self._signal(slot[loud], value[loud]))

    def _signal(self, slot: Rows, value: Floats) -> Floats:
        grave = (value < self._low.of(slot)) | (value > self._high.of(slot))
        grave |= (value == self._sentinels[:, slot]).any(axis=0)
        fine = (value >= self._inner_low.of(slot)) & (value <= self._inner_high.of(slot))
        return np.where(grave, 2.0, np.where(fine, 0.0, 1.0))

    def renew(self, memory: Memory) -> None:
        """See `TagSignal`."""
        value = memory.used_value[self._tag]
        signal = self._signal(np.arange(len(value)), value)
        self._remember(memory.used_us[self._tag], signal, memory.grade[self._tag], value[np.newaxis])


def build_range(tags: TagTable, rules: Sequence[RangeRule]) -> list[Kind]:
    """Tags that have a span, or all where there are sentinels."""
    looked_at = layers(tags, rules, lambda rule, info: info.tag.span is not None or bool(rule.sentinels))
    return [RangeKind(tags, layer) for layer in looked_at]
