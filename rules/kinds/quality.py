"""Kind ``quality``: bad or uncertain quality for too long. Here bad data is the signal, and what is told is certain."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from park.duration import format_duration
from park.index import TagTable
from park.quality import Quality
from rules.arrays import FAR, Bytes, Rows
from rules.bank.bank import Bank
from rules.bank.words import FaultWords, Told
from rules.kind import Kind
from rules.layers import Layer, layers
from rules.memory import Memory
from rules.samples import Samples
from rules.spec import QualityRule
from rules.tag_signals import TagSignal, compile_graded

_BAD = 2


class QualityWords(FaultWords):
    """``quality bad for 1m``."""

    def what(self, one: Told) -> str:
        """See `FaultWords`."""
        rule = self.slots.rules[self.slots.rule[one.slot]]
        assert isinstance(rule, QualityRule)
        if one.value < _BAD and rule.uncertain_for is not None:
            return f"quality not good for {format_duration(rule.uncertain_for + rule.on_delay)}"
        return f"quality bad for {format_duration(rule.bad_for + rule.on_delay)}"

    def over(self, one: Told) -> str:
        """See `FaultWords`."""
        return "quality no longer bad" if one.value else "quality good again"


class QualityKind(TagSignal):
    """Quality rules, no tag twice. The signal is the quality itself: 0 good, 1 uncertain, 2 bad."""

    def __init__(self, tags: TagTable, layer: Layer[QualityRule]) -> None:
        slots = layer.slots(sided=False, timeout_us=np.full(len(layer.pairs), FAR, dtype=np.int64))
        delays = [
            (FAR if rule.uncertain_for is None else rule.uncertain_for + rule.on_delay, rule.bad_for + rule.on_delay)
            for rule in layer.rules
        ]
        minor_us, grave_us = np.array(delays, dtype=np.int64).reshape(-1, 2)[slots.rule].T
        off_delay_us = np.array([rule.off_delay for rule in layer.rules], dtype=np.int64)[slots.rule]
        sides, names = compile_graded(minor_us, grave_us, off_delay_us)
        bank = Bank(slots, sides, names, QualityWords(slots))
        super().__init__(bank, tags.size, [""] * len(layer.rules))

    def derive(self, mine: Samples) -> Samples | None:
        """See `DerivedKind`."""
        if mine.all_good:
            loud: Rows = np.zeros(0, dtype=np.intp)
        else:
            loud = np.flatnonzero(mine.grade)
        rows = self.heard(mine, loud)
        if not len(rows):
            return None
        slot = mine.tag[rows]
        return replace(
            mine,
            tag=slot,
            time_us=mine.time_us[rows],
            value=self._signal(slot, mine.grade[rows]),
            quality=mine.quality[rows],
            grade=np.zeros(len(rows), dtype=np.uint8),
            all_good=True,
        )

    def _signal(self, slot: Rows, grade: Bytes) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.where(grade >= self._unusable.take(slot), _BAD, grade).astype(np.float64)

    def renew(self, memory: Memory) -> None:
        """See `TagSignal`."""
        slot = np.arange(len(self.bank))
        good = np.full(len(slot), Quality.GOOD, dtype=np.uint8)
        self._remember(memory.time_us[self._tag], self._signal(slot, memory.grade[self._tag]), good)


def build_quality(tags: TagTable, rules: Sequence[QualityRule]) -> list[Kind]:
    """Every tag."""
    return [QualityKind(tags, layer) for layer in layers(tags, rules, lambda _rule, _info: True)]
