"""Kind ``limit``: a value passes a limit of its tag. All rules whose tags differ are one bank."""

from collections.abc import Collection, Sequence

import numpy as np

from park.index import TagInfo, TagTable
from park.model import Alarms
from rules.arrays import Bools, Ints
from rules.bank.bank import Bank
from rules.bank.compile import any_level, compile_levels
from rules.bank.state import load_bank, save_bank
from rules.bank.words import LevelWords
from rules.kind import Kind, Saved
from rules.layers import Layer, layers
from rules.memory import Memory
from rules.samples import Samples
from rules.spec import LimitRule
from rules.transition import Transition


class LimitKind:
    """Limit rules with fixed limits, no tag twice. See `rules.kind.Kind`."""

    def __init__(self, tags: TagTable, layer: Layer[LimitRule]) -> None:
        slots = layer.slots(sided=True)
        sides, names = compile_levels([limits_of(rule, info) for rule, info in layer.pairs])
        if any(rule.count > 1 for rule in layer.rules):
            count = np.array([rule.count for rule in layer.rules], dtype=np.int64)[slots.rule]
            within_us = np.array([rule.within or 0 for rule in layer.rules], dtype=np.int64)[slots.rule]
            for side in sides:
                side.counting(count, within_us)
        words = LevelWords(slots, sides, names, [info for _, info in layer.pairs])
        self.bank = Bank(slots, sides, names, words, tags.size)

    def play(self, samples: Samples, memory: Memory) -> None:
        """See `rules.kind.Kind`."""
        self.bank.play(samples, memory)

    def advance(self, now_us: int, samples: Samples | None, memory: Memory) -> list[Transition]:
        """See `rules.kind.Kind`."""
        return self.bank.advance(now_us, memory)

    @property
    def wake_us(self) -> int:
        """See `rules.kind.Sleeper`."""
        return self.bank.wake_us

    def resume(self, now_us: int) -> None:
        """Nothing: a value that is older than its timeout is not known, whoever was away."""

    def set_back(self, now_us: int) -> None:
        """Nothing: its timers are due in source time."""

    def reset(self, alert_ids: Collection[str], now_us: int) -> None:
        """See `rules.kind.Kind`."""
        self.bank.reset(alert_ids, now_us)

    def save(self, memory: Memory) -> Saved:
        """See `rules.kind.Kind`."""
        self.bank.catch_up(np.flatnonzero(self.bank.active), memory)
        return save_bank(self.bank)

    def load(self, saved: Saved, moved: Ints, notes: list[str]) -> Bools:
        """See `rules.kind.Kind`."""
        return load_bank(self.bank, saved, moved)


def limits_of(rule: LimitRule, info: TagInfo) -> Alarms:
    """The rule's limits, or the tag's own."""
    return rule.limits or info.tag.alarms or Alarms()


def build_limits(tags: TagTable, rules: Sequence[LimitRule]) -> list[Kind]:
    """Tags without any limit are left out."""
    limited = layers(tags, rules, lambda rule, info: any_level(limits_of(rule, info)))
    return [LimitKind(tags, layer) for layer in limited]
