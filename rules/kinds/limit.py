"""Kind ``limit``: a value passes a limit. All rules whose tags differ are one bank.

Limits are the tag's own, or the rule's; or set by other tags, and then they move.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from park.index import TagInfo, TagTable
from park.model import Alarms
from rules.arrays import NEVER, Bools, Ints
from rules.bank.bank import Bank
from rules.bank.compile import any_level, compile_levels
from rules.bank.state import load_bank, save_bank
from rules.bank.words import LevelWords
from rules.kind import Kind, Saved
from rules.layers import Layer, layers
from rules.memory import Memory
from rules.moving import Setters, moving_levels
from rules.refs import Refs
from rules.samples import Samples
from rules.spec import LimitRule
from rules.transition import Transition


class LimitKind:
    """Limit rules, no tag twice. See `rules.kind.Kind`."""

    def __init__(self, tags: TagTable, layer: Layer[LimitRule], limits: Sequence[Alarms]) -> None:
        """``limits`` by slot."""
        slots = layer.slots(sided=True)
        sides, names = compile_levels(limits)
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


class MovingLimitKind(LimitKind):
    """Limit rules whose limits other tags set, no tag twice."""

    def __init__(self, tags: TagTable, layer: Layer[LimitRule]) -> None:
        super().__init__(tags, layer, [moving_levels(rule, info, Refs(tags)) for rule, info in layer.pairs])
        self._setters = Setters(tags, layer.pairs, self.bank)

    def advance(self, now_us: int, samples: Samples | None, memory: Memory) -> list[Transition]:
        """See `rules.kind.Kind`."""
        told: list[Transition] = []
        moved = self._setters.look(now_us, samples, memory)
        if len(moved):
            told = self.bank.before_move(moved, now_us, memory)
            self._setters.move(moved)
            self.bank.after_move(moved, now_us)
        return told + super().advance(now_us, samples, memory)

    @property
    def wake_us(self) -> int:
        """See `rules.kind.Sleeper`."""
        return NEVER if self._setters.anew else self.bank.wake_us

    def set_back(self, now_us: int) -> None:
        """See `rules.kind.Kind`. What was too old may not be any more."""
        self._setters.anew = True

    def save(self, memory: Memory) -> Saved:
        """See `rules.kind.Kind`."""
        saved = super().save(memory)
        return replace(saved, columns=saved.columns | self._setters.save())

    def load(self, saved: Saved, moved: Ints, notes: list[str]) -> Bools:
        """See `rules.kind.Kind`."""
        self._setters.load(saved, moved)
        return super().load(saved, moved, notes)


def limits_of(rule: LimitRule, info: TagInfo) -> Alarms:
    """The rule's limits, or the tag's own."""
    return rule.limits or info.tag.alarms or Alarms()


def build_limits(tags: TagTable, rules: Sequence[LimitRule]) -> list[Kind]:
    """Tags without any limit are left out."""
    refs = Refs(tags)
    fixed = [rule for rule in rules if rule.limits_from is None]
    moving = [rule for rule in rules if rule.limits_from is not None]
    limited = layers(tags, fixed, lambda rule, info: any_level(limits_of(rule, info)))
    moved = layers(tags, moving, lambda rule, info: any_level(moving_levels(rule, info, refs)))
    kinds: list[Kind] = [LimitKind(tags, layer, [limits_of(*pair) for pair in layer.pairs]) for layer in limited]
    return kinds + [MovingLimitKind(tags, layer) for layer in moved]
