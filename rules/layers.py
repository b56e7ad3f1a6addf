"""Puts many rules of a kind side by side: in one *layer* every tag occurs at most once.

Five thousand rules over a park's tags are a few layers, each evaluated by the same few calls of numpy.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np

from park.index import TagInfo, TagTable
from rules.arrays import FAR, Bools, Ints, Rows
from rules.bank.slots import Slots
from rules.spec import AnyRule

R = TypeVar("R", bound=AnyRule)


@dataclass(slots=True)
class Layer(Generic[R]):
    """Rules, and the tags of each; no tag twice."""

    rules: list[R] = field(default_factory=list)
    infos: list[list[TagInfo]] = field(default_factory=list)

    @property
    def pairs(self) -> list[tuple[R, TagInfo]]:
        """By slot."""
        return [(rule, info) for rule, infos in zip(self.rules, self.infos, strict=True) for info in infos]

    def slots(self, *, sided: bool, timeout_us: Ints | None = None) -> Slots:
        """``timeout_us`` by slot; None: the tags' own."""
        infos = [info for some in self.infos for info in some]
        if timeout_us is None:
            own = [FAR if info.tag.stale_after is None else info.tag.stale_after for info in infos]
            timeout_us = np.array(own, dtype=np.int64)
        return Slots(
            rules=tuple(self.rules),
            rule=np.repeat(np.arange(len(self.rules)), [len(some) for some in self.infos]),
            target=tuple(info.id for info in infos),
            tag=np.array([info.ix for info in infos], dtype=np.intp),
            timeout_us=timeout_us,
            sided=sided,
        )


def layers(tags: TagTable, rules: Sequence[R], wanted: Callable[[R, TagInfo], bool]) -> list[Layer[R]]:
    """Every rule with those of its tags that are ``wanted``, in as few layers as come of taking each where it fits."""
    made: list[tuple[Layer[R], Bools]] = []
    for rule in rules:
        infos = [info for info in rule.applies_to.pick(tags) if wanted(rule, info)]
        ix: Rows = np.array([info.ix for info in infos], dtype=np.intp)
        free = next(((layer, taken) for layer, taken in made if not taken[ix].any()), None)
        if free is None:
            free = Layer(), np.zeros(tags.size, dtype=np.bool_)
            made.append(free)
        layer, taken = free
        layer.rules.append(rule)
        layer.infos.append(infos)
        taken[ix] = True
    return [layer for layer, _ in made]
