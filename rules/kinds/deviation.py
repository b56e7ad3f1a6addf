"""Kind ``deviation``: a value is away from a set-point, from a sister instrument, or from its own mean. See docs,
semantics 13."""

from collections.abc import Sequence
from math import isnan

import numpy as np

from park.duration import format_duration
from park.index import TagInfo, TagTable
from park.model import Alarms, Limit
from park.quality import Quality
from rules.aggregates import over, spread, total
from rules.arrays import FAR, NEVER, Bools, Bytes, Columns, Floats, Rows
from rules.bank.bank import Bank
from rules.bank.compile import any_level, compile_levels
from rules.bank.words import LevelWords, Told
from rules.derived import DerivedKind, TickKind
from rules.kind import Kind
from rules.layers import Layer, layers
from rules.memory import Memory
from rules.pane_ends import usable
from rules.panes import Panes, Part
from rules.refs import Refs
from rules.samples import Samples
from rules.spec import DeviationRule

_BAD = np.uint8(Quality.BAD)
#: The own mean says nothing before this share of its panes has usable samples.
_LEAST_VALID = 0.5


def limits_of(rule: DeviationRule) -> Alarms:
    """On what the rule looks at: a difference, or a multiple of sigma."""
    if rule.limits is None:
        assert rule.sigma is not None
        both = Limit(limit=rule.sigma), Limit(limit=-rule.sigma)
        return Alarms(H=both[0], L=both[1]).model_copy(update={"on_delay": rule.on_delay, "off_delay": rule.off_delay})
    delays = {"on_delay": rule.limits.on_delay or rule.on_delay, "off_delay": rule.limits.off_delay or rule.off_delay}
    return rule.limits.model_copy(update=delays)


class _Words(LevelWords):
    """Extra numbers: the value, what it is held against, and its standard deviation."""

    extras = 3

    def _rule(self, slot: int) -> DeviationRule:
        rule = self.slots.rules[self.slots.rule[slot]]
        assert isinstance(rule, DeviationRule)
        return rule

    def _with_unit(self, number: float, slot: int) -> str:
        return f"{number:.6g} {self._infos[slot].tag.unit}".rstrip()

    def _value(self, one: Told) -> str:
        return f"{self._infos[one.slot].tag.quantity} {self._with_unit(one.extra[0], one.slot)}"


class ReferenceWords(_Words):
    """``level 62.1 % against 50 % of LIC-101.SP: difference 12.1 %``"""

    def what(self, one: Told) -> str:
        """See `LevelWords`."""
        reference = f"{self._with_unit(one.extra[1], one.slot)} of {self._rule(one.slot).reference}"
        return f"{self._value(one)} against {reference}: difference {self._with_unit(one.value, one.slot)}"

    def reason(self, slot: int, quality: int) -> str:
        """See `Words`."""
        return super().reason(slot, quality) if quality < 2 else "value or reference bad or too old"


class OwnMeanWords(_Words):
    """``level 62.1 % against its 1h mean of 50 % (sigma 1.2 %): 10.1 sigma``"""

    def what(self, one: Told) -> str:
        """See `LevelWords`."""
        rule = self._rule(one.slot)
        # NaN where an alert stands since the rule had a reference.
        sigma = "" if isnan(one.extra[2]) else f" (sigma {self._with_unit(one.extra[2], one.slot)})"
        away = f"{one.value:.6g} sigma" if rule.sigma else f"difference {self._with_unit(one.value, one.slot)}"
        assert rule.own_mean is not None
        mean = f"its {format_duration(rule.own_mean)} mean of {self._with_unit(one.extra[1], one.slot)}"
        return f"{self._value(one)} against {mean}{sigma}: {away}"

    def unit(self, slot: int) -> str:
        """See `LevelWords`."""
        return "sigma" if self._rule(slot).sigma is not None else super().unit(slot)

    def reason(self, slot: int, quality: int) -> str:
        """See `Words`."""
        return "value bad, or too little known of its mean" if quality == _BAD else super().reason(slot, quality)


class ReferenceKind(TickKind):
    """Rules with a reference, no tag twice; judged once per advance."""

    def __init__(self, tags: TagTable, layer: Layer[DeviationRule], refs: Refs) -> None:
        pairs = layer.pairs
        slots = layer.slots(sided=True, timeout_us=np.full(len(pairs), FAR, dtype=np.int64))
        sides, names = compile_levels([limits_of(rule) for rule, _ in pairs])
        super().__init__(Bank(slots, sides, names, ReferenceWords(slots, sides, names, [info for _, info in pairs])))
        assert slots.tag is not None
        self._own: Rows = slots.tag
        found = [_reference(refs, rule, info) for rule, info in pairs]
        self._other: Rows = np.array([info.ix for info in found if info is not None], dtype=np.intp)
        #: No value or reference goes stale before this.
        self._stale_us = NEVER

    @property
    def wake_us(self) -> int:
        """See `rules.kind.Sleeper`."""
        return NEVER if self._resets else min(self._stale_us, self.bank.wake_us)

    def structure(self, rule: int) -> str:
        """See `rules.derived`."""
        one = self.bank.slots.rules[rule]
        assert isinstance(one, DeviationRule)
        return f"reference {one.reference}"

    def judge(self, now_us: int, samples: Samples | None, memory: Memory) -> tuple[Floats, Bytes, Floats | None] | None:
        """See `TickKind`."""
        own, other = self._own, self._other
        grade = np.where(memory.stale(now_us), _BAD, memory.grade)
        worst = np.maximum(grade.take(own), grade.take(other))
        value, reference = memory.used_value.take(own), memory.used_value.take(other)
        due_us = (memory.used_us + memory.timeout_us)[np.concatenate((own, other))]
        self._stale_us = int(due_us[due_us >= now_us].min(initial=FAR)) + 1
        return value - reference, worst, np.stack((value, reference, np.full(len(own), np.nan)))


class OwnMeanKind(DerivedKind):
    """Rules with equal windows of their own mean, no tag twice; judged at every sample, by the panes before its own."""

    STATE = ()

    def __init__(self, tags: TagTable, layer: Layer[DeviationRule]) -> None:
        rules = [rule for rule, _ in layer.pairs]
        slots = layer.slots(sided=True)
        sides, names = compile_levels([limits_of(rule) for rule in rules])
        words = OwnMeanWords(slots, sides, names, [info for _, info in layer.pairs])
        super().__init__(Bank(slots, sides, names, words), tags.size)
        first = layer.rules[0]
        assert first.own_mean is not None
        parts = (Part.MEAN, Part.SQUARE)
        self.panes = Panes(len(slots), width_us=first.own_mean // first.panes, panes=first.panes, parts=parts)
        self._strict = bool(slots.strict.any())
        self._by_sigma: Bools = np.array([rule.sigma is not None for rule in rules], dtype=np.bool_)
        self._least_sigma: Floats = np.array([rule.least_sigma for rule in rules])
        #: Of the panes before the running one: ``(3, n)`` mean, standard deviation, what a difference is divided by;
        #: and the best grade that a signal can have.
        self._own: Floats = np.full((3, len(slots)), np.nan)
        self._grade: Bytes = np.full(len(slots), _BAD, dtype=np.uint8)

    def structure(self, rule: int) -> str:
        """See `rules.derived`."""
        one = self.bank.slots.rules[rule]
        assert isinstance(one, DeviationRule)
        return f"own mean {one.own_mean} {one.panes} {one.sigma is not None} {one.uncertain}"

    def state(self) -> Columns:
        """See `rules.derived`."""
        return {f"panes.{name}": getattr(self.panes, name) for name in Panes.STATE}

    def worth_saving(self) -> Rows:
        """See `rules.derived`."""
        return np.flatnonzero((self.panes.pane > NEVER) | (self.known.used_us > NEVER))

    def loaded(self, slots: Rows) -> None:
        """See `rules.derived`."""
        self.panes.recall(slots)
        self._reckon(slots)

    def derive(self, mine: Samples) -> Samples | None:
        """See `DerivedKind`."""
        mine = usable(mine, self.bank.slots.strict) if self._strict else mine
        if self.panes.add(mine):
            return self._signals(mine, self._own.take(mine.tag, axis=1), self._grade.take(mine.tag))
        pieces = self.panes.pieces(mine)
        own, grade = np.empty((3, len(pieces.slot))), np.empty(len(pieces.slot), dtype=np.uint8)
        for at in pieces.in_turn():
            slots, to = pieces.slot[at], pieces.pane[at]
            later = to > self.panes.pane[slots]
            if later.any():
                self.panes.move(slots[later], to[later])
                self._reckon(slots[later])
            own[:, at], grade[at] = self._own[:, slots], self._grade[slots]
            self.panes.put(pieces, at)
        return self._signals(mine, own[:, pieces.of_row], grade[pieces.of_row])

    def _reckon(self, slots: Rows) -> None:
        """What the panes before the running one say."""
        view = self.panes.ended(slots)
        made, count = total(self.panes.of(view, Part.MEAN))
        mean = over(made, count)
        deviation = spread(mean, over(total(self.panes.of(view, Part.SQUARE))[0], count))
        scale = np.where(self._by_sigma[slots], np.maximum(deviation, self._least_sigma[slots]), 1.0)
        told = (count / self.panes.panes >= _LEAST_VALID) & (scale > 0) & np.isfinite(scale)
        unsure = view.unsure_pane >= view.end - self.panes.panes
        self._own[:, slots] = mean, deviation, np.where(scale > 0, scale, 1.0)
        self._grade[slots] = np.where(told, np.where(unsure, np.uint8(Quality.UNCERTAIN), np.uint8(0)), _BAD)

    def _signals(self, mine: Samples, own: Floats, grade: Bytes) -> Samples:
        grade = grade if mine.all_good else np.maximum(mine.grade, grade)
        return Samples(
            tag=mine.tag,
            time_us=mine.time_us,
            value=(mine.value - own[0]) / own[2],
            quality=mine.quality,
            grade=grade,
            single=mine.single,
            all_good=not grade.any(),
            extra=np.stack((mine.value, own[0], own[1])),
        )


def _reference(refs: Refs, rule: DeviationRule, info: TagInfo) -> TagInfo | None:
    """What the tag is held against; None where there is no such tag, or it is the tag itself."""
    assert rule.reference is not None
    found = refs.tag(rule.reference, info.enterprise, info.source.id)
    return None if found is None or found.ix == info.ix else found


def build_deviations(tags: TagTable, rules: Sequence[DeviationRule]) -> list[Kind]:
    """Rules with a reference side by side; those with an own mean by its window."""
    refs = Refs(tags)
    made: list[Kind] = []
    by_reference = [rule for rule in rules if rule.reference is not None]
    for layer in layers(tags, by_reference, lambda rule, info: _reference(refs, rule, info) is not None):
        if layer.pairs:
            made.append(ReferenceKind(tags, layer, refs))
    alike: dict[tuple[int | None, int], list[DeviationRule]] = {}
    for rule in (rule for rule in rules if rule.own_mean is not None):
        alike.setdefault((rule.own_mean, rule.panes), []).append(rule)
    for some in alike.values():
        own = layers(tags, some, lambda rule, _: any_level(limits_of(rule)))
        made.extend(OwnMeanKind(tags, layer) for layer in own if layer.pairs)
    return made
