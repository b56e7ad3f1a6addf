"""Kind ``rate``: a value rises or falls too fast. The signal is its change since the oldest point of the window."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from park.duration import format_duration
from park.index import TagTable
from park.quality import Quality
from rules.arrays import Bytes, Floats, Ints, Rows
from rules.bank.bank import Bank
from rules.bank.compile import any_level, compile_levels
from rules.bank.side import Side
from rules.bank.slots import Slots
from rules.bank.words import LevelWords, Names, Told
from rules.kind import Kind
from rules.layers import Layer, layers
from rules.memory import Memory
from rules.rate_points import Points
from rules.samples import Samples
from rules.spec import RateRule
from rules.standing import QUALITIES
from rules.tag_signals import PerSlot, TagSignal, digests, rounds

_BAD = np.uint8(Quality.BAD)


class RateWords(LevelWords):
    """``level from 20 to 32 % in 58s: +12.4 %/1m above H 10 %/1m``. Extra: the value, the one before, µs in between."""

    extras = 3

    def __init__(self, slots: Slots, sides: tuple[Side, Side], names: Names, layer: Layer[RateRule]) -> None:
        super().__init__(slots, sides, names, [info for _, info in layer.pairs])
        self._per = [format_duration(rule.per) for rule in layer.rules]

    def unit(self, slot: int) -> str:
        """See `LevelWords`."""
        return f"{super().unit(slot)}/{self._per[self.slots.rule[slot]]}"

    def what(self, one: Told) -> str:
        """See `LevelWords`."""
        value, before, elapsed_us = one.extra
        tag = self._infos[one.slot].tag
        change = f"{tag.quantity} from {before:.6g} to {value:.6g} {tag.unit}".rstrip()
        return f"{change} in {format_duration(round(elapsed_us))}: {one.value:+.6g} {self.unit(one.slot)}"

    def reason(self, slot: int, quality: int) -> str:
        """See `Words`."""
        if QUALITIES[quality] == "bad":
            return "the rate is not known: bad data, or too little of it since a gap"
        return super().reason(slot, quality)


@dataclass(slots=True)
class Rates:
    """Columns by sample: the rate, its `Quality`, the value that it is measured from, and how much older that is."""

    rate: Floats
    grade: Bytes
    base: Floats
    age_us: Ints

    @staticmethod
    def unknown(size: int) -> "Rates":
        """Of samples that may not be used."""
        nan = np.full(size, np.nan)
        return Rates(nan, np.full(size, _BAD), nan.copy(), np.zeros(size, dtype=np.int64))

    def put(self, rows: Rows, found: "Rates") -> None:
        """What was found for some of them."""
        self.rate[rows], self.grade[rows] = found.rate, found.grade
        self.base[rows], self.age_us[rows] = found.base, found.age_us


class RateKind(TagSignal):
    """Rate rules, no tag twice."""

    STATE = Points.STATE

    def __init__(self, tags: TagTable, layer: Layer[RateRule]) -> None:
        slots = layer.slots(sided=True)
        sides, names = compile_levels([rule.limits for rule, _ in layer.pairs])
        bank = Bank(slots, sides, names, RateWords(slots, sides, names, layer))
        facts = [(rule.window, rule.max_gap or rule.window, rule.per) for rule in layer.rules]
        window_us, max_gap_us, per_us = np.array(facts, dtype=np.int64).reshape(-1, 3)[slots.rule].T
        super().__init__(bank, tags.size, digests(slots, window_us, per_us))
        self._half_us = PerSlot(window_us - window_us // 2)
        self._per_us = PerSlot(per_us)
        self._points = Points(window_us, max_gap_us)
        for name in self.STATE:
            setattr(self, name, getattr(self._points, name))

    def structure(self, rule: int) -> str:
        """See `SignalKind`."""
        rate = self.bank.slots.rules[rule]
        assert isinstance(rate, RateRule)
        return f"window {rate.window}"

    def derive(self, mine: Samples) -> Samples | None:
        """See `DerivedKind`."""
        if mine.single and mine.all_good:
            rates = self._follow(mine.tag, mine.time_us, mine.value, None)
        else:
            rates = Rates.unknown(len(mine))
            for rows in rounds(mine, self.usable(mine)):
                rates.put(rows, self._follow(mine.tag[rows], mine.time_us[rows], mine.value[rows], mine.grade[rows]))
        outside = ~self.bank.quiet(replace(mine, value=rates.rate, all_good=True), None)
        loud: Rows = np.flatnonzero(outside)
        rows = self.heard(mine, loud[rates.grade[loud] < Quality.BAD])
        return self._heard(mine, rates, rows) if len(rows) else None

    def _heard(self, mine: Samples, rates: Rates, rows: Rows) -> Samples:
        grade = rates.grade[rows]
        return Samples(
            tag=mine.tag[rows],
            time_us=mine.time_us[rows],
            value=rates.rate[rows],
            quality=mine.quality[rows],
            grade=grade,
            single=mine.single,
            all_good=not grade.any(),
            extra=np.stack((mine.value[rows], rates.base[rows], rates.age_us[rows].astype(np.float64))),
        )

    def _follow(self, slot: Rows, time_us: Ints, value: Floats, grade: Bytes | None) -> Rates:
        """Take in one usable sample of each slot; ``grade`` None: all are good."""
        age_us = self._points.take_in(slot, time_us, value, grade)
        return self._rates(slot, value, grade, age_us)

    def _rates(self, slot: Rows, value: Floats, grade: Bytes | None, age_us: Ints) -> Rates:
        """Against the oldest point, which is ``age_us`` older."""
        base = self._points.base_value.take(slot)
        with np.errstate(all="ignore"):
            rate: Floats = (value - base) / age_us * self._per_us.of(slot)
        known = np.isfinite(rate)
        known &= age_us >= self._half_us.of(slot)
        worse: Bytes = self._points.base_grade.take(slot)
        if grade is not None:
            worse = np.maximum(worse, grade)
        if not known.all():
            worse[~known] = _BAD
        return Rates(rate, worse, base, age_us)

    def loaded(self, slots: Rows) -> None:
        """See `SignalKind`."""
        self._points.loaded(slots)

    def renew(self, memory: Memory) -> None:
        """See `TagSignal`."""
        slot, value, grade = np.arange(len(self._tag)), memory.used_value[self._tag], memory.grade[self._tag]
        age_us = np.where(self._points.length > 0, self._points.last_us - self._points.base_us, 0)
        rates = self._rates(slot, value, grade, age_us)
        extra = np.stack((value, rates.base, age_us.astype(np.float64)))
        self._remember(memory.used_us[self._tag], rates.rate, rates.grade, extra)


def build_rate(tags: TagTable, rules: Sequence[RateRule]) -> list[Kind]:
    """Every tag, where there is a limit."""
    return [RateKind(tags, layer) for layer in layers(tags, rules, lambda rule, _info: any_level(rule.limits))]
