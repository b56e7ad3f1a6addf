"""Kind ``window``: a mean or other aggregate over a window passes a limit. See docs, semantics 12."""

from collections.abc import Sequence

import numpy as np

from park.duration import format_duration
from park.index import TagTable
from rules.aggregates import highest, lowest, mean, percentile, rounded, total, valid
from rules.arrays import FAR, Bytes, Floats, Ints
from rules.bank.bank import Bank
from rules.bank.compile import any_level, compile_levels
from rules.bank.words import LevelWords, Told
from rules.kind import Kind
from rules.layers import Layer, layers
from rules.pane_ends import PaneEndKind, graded
from rules.panes import Panes, Part, View
from rules.spec import Aggregate, WindowRule

_PARTS: dict[Aggregate, Part] = {
    "mean": Part.MEAN,
    "percentile": Part.MEAN,
    "sum": Part.SUM,
    "count": Part.COUNT,
    "max": Part.HIGH,
    "min": Part.LOW,
}


class WindowWords(LevelWords):
    """``mean of nmhc over 1h 63.2 mg/m3 (58 of 60 panes with data)``"""

    extras = 1

    def what(self, one: Told) -> str:
        """See `LevelWords`."""
        rule = self._rule(one.slot)
        name = f"{rule.percentile:g}th percentile" if rule.percentile is not None else rule.aggregate
        tag, length = self._infos[one.slot].tag, format_duration(rule.window)
        number = f"{one.value:.6g} {self.unit(one.slot)}".rstrip()
        return f"{name} of {tag.quantity} over {length} {number} ({one.extra[0]:g} of {rule.panes} panes with data)"

    def unit(self, slot: int) -> str:
        """See `LevelWords`."""
        return "samples" if self._rule(slot).aggregate == "count" else super().unit(slot)

    def reason(self, slot: int, quality: int) -> str:
        """See `Words`."""
        if quality < 2:
            return super().reason(slot, quality)
        return f"less than {self._rule(slot).min_valid * 100:g} % of the window has data"

    def _rule(self, slot: int) -> WindowRule:
        rule = self.slots.rules[self.slots.rule[slot]]
        assert isinstance(rule, WindowRule)
        return rule


class WindowKind(PaneEndKind):
    """Rules of one aggregate and equal panes, no tag twice."""

    def __init__(self, tags: TagTable, layer: Layer[WindowRule]) -> None:
        rules = [rule for rule, _ in layer.pairs]
        slots = layer.slots(sided=True, timeout_us=np.full(len(rules), FAR, dtype=np.int64))
        sides, names = compile_levels([rule.limits for rule in rules])
        words = WindowWords(slots, sides, names, [info for _, info in layer.pairs])
        first = layer.rules[0]
        self.aggregate = first.aggregate
        panes = Panes(
            len(slots), width_us=first.window // first.panes, panes=first.panes, parts=(_PARTS[first.aggregate],)
        )
        step = np.array([1 if rule.sliding else rule.panes for rule in rules], dtype=np.int64)
        grace_us = np.array([rule.grace for rule in rules], dtype=np.int64)
        super().__init__(Bank(slots, sides, names, words), tags.size, panes, step, grace_us)
        self._min_valid = np.array([rule.min_valid for rule in rules])
        self._percent = np.array([rule.percentile or 0.0 for rule in rules])

    def structure(self, rule: int) -> str:
        """See `rules.derived`."""
        one = self.bank.slots.rules[rule]
        assert isinstance(one, WindowRule)
        return f"{one.window} {one.panes} {one.aggregate} {one.percentile} {one.sliding} {one.uncertain}"

    def judge(self, view: View) -> tuple[Floats, Bytes, Floats]:
        """See `PaneEndKind`."""
        value, count = self._aggregate(view)
        enough = count / self.panes.panes >= self._min_valid[view.slots]
        unsure = view.unsure_pane >= view.end - self.panes.panes
        return rounded(value), graded(enough, unsure), count.astype(np.float64)[np.newaxis]

    def _aggregate(self, view: View) -> tuple[Floats, Ints]:
        """The number of each window, and how many of its panes have data."""
        columns = view.ring[0]
        if self.aggregate == "mean":
            return mean(columns)
        if self.aggregate in ("sum", "count"):
            return total(columns)
        if self.aggregate == "percentile":
            return percentile(columns, self._percent[view.slots]), valid(columns)
        return (highest if self.aggregate == "max" else lowest)(columns), valid(columns)


def build_windows(tags: TagTable, rules: Sequence[WindowRule]) -> list[Kind]:
    """Rules whose panes are alike share their rings."""
    alike: dict[tuple[int, int, str], list[WindowRule]] = {}
    for rule in rules:
        alike.setdefault((rule.window, rule.panes, rule.aggregate), []).append(rule)
    return [
        WindowKind(tags, layer)
        for some in alike.values()
        for layer in layers(tags, some, lambda rule, _: any_level(rule.limits))
        if layer.pairs
    ]
