"""What a bank has alarms of. A *slot* is one rule applied to one target."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rules.arrays import Bools, Ints, Rows
from rules.spec import AnyRule


@dataclass(frozen=True, kw_only=True, eq=False)
class Slots:
    """Columns by slot, in the order of ``rules``: the slots of a rule stand side by side."""

    #: The rules, distinct.
    rules: tuple[AnyRule, ...]
    #: ``(n,)`` index into `rules`.
    rule: Ints
    #: Full tag ids, or ids of sources.
    target: tuple[str, ...]
    #: ``(n,)`` tag index where targets are tags, each at most once; None where they are not.
    tag: Rows | None = None
    #: ``(n,)`` from when on a value is too old; `FAR`: never.
    timeout_us: Ints
    #: False: what its alarms tell has neither side nor level.
    sided: bool = True

    def __len__(self) -> int:
        return len(self.target)

    @cached_property
    def rule_ids(self) -> tuple[str, ...]:
        """By rule."""
        return tuple(rule.id for rule in self.rules)

    @cached_property
    def rule_at(self) -> dict[str, int]:
        """By rule id: index into `rules`."""
        return {rule_id: number for number, rule_id in enumerate(self.rule_ids)}

    @cached_property
    def rule_id(self) -> list[str]:
        """By slot."""
        ids = self.rule_ids
        return [ids[rule] for rule in self.rule.tolist()]

    @cached_property
    def strict(self) -> Bools:
        """By slot: uncertain quality counts as bad."""
        return self.of_rules([getattr(rule, "uncertain", "evaluate") == "bad" for rule in self.rules])

    @cached_property
    def latch(self) -> Bools:
        """By slot: an alert stands until somebody resets it."""
        return self.of_rules([bool(getattr(rule, "latch", False)) for rule in self.rules])

    def of_rules(self, flags: Sequence[bool]) -> Bools:
        """By slot, of what is given by rule."""
        found: Bools = np.array(flags, dtype=np.bool_)[self.rule]
        return found

    def span(self, rule: int) -> slice:
        """Where the slots of a rule stand."""
        first, end = np.searchsorted(self.rule, [rule, rule + 1]).tolist()
        return slice(first, end)

    def slot_of(self, size: int) -> Rows:
        """``(size,)`` by tag index: its slot; -1 where it has none."""
        assert self.tag is not None
        found = np.full(size, -1, dtype=np.intp)
        found[self.tag] = np.arange(len(self), dtype=np.intp)
        return found

    def find(self, rule: Ints, target: Sequence[str]) -> Rows:
        """The slots of these rules (by number) and targets; -1 where there is none."""
        number_of, key, order = self._by_target
        number = np.array([number_of.get(one, -1) for one in target], dtype=np.int64)
        asked = np.where((rule < 0) | (number < 0), -1, rule * max(len(number_of), 1) + number)
        place = np.searchsorted(key, asked, sorter=order)
        slot = np.append(order, -1)[place]
        found: Rows = np.where(np.append(key, -1)[slot] == asked, slot, -1)
        return found

    @cached_property
    def _by_target(self) -> tuple[dict[str, int], Ints, Rows]:
        """Targets numbered; of each slot the number that rule and target make; and the slots in order of that."""
        number_of: dict[str, int] = {}
        number = np.array([number_of.setdefault(one, len(number_of)) for one in self.target], dtype=np.int64)
        key = self.rule * max(len(number_of), 1) + number
        return number_of, key, np.argsort(key, kind="stable")
