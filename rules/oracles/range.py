"""The executable specification of kind ``range``."""

from park.index import TagInfo, TagTable
from rules.oracles.alarms import TargetAlarms
from rules.oracles.base import Sample
from rules.oracles.tag_signals import Signal, TagSignals, graded
from rules.spec import RangeRule


class _Range(Signal):
    def __init__(self, rule: RangeRule, info: TagInfo) -> None:
        self._rule = rule
        self._info = info

    def alarms(self) -> TargetAlarms:
        limits = graded(self._rule, self._rule.clipped_for, 0)
        return TargetAlarms(self._rule, self._info.id, limits, self._info.tag.stale_after, sided=False)

    def of(self, sample: Sample) -> Sample:
        return Sample(sample.time, self._level(sample.value), sample.quality, sample.value)

    def _level(self, value: float) -> float:
        if value in self._rule.sentinels:  # [10.2]
            return 2
        if self._info.tag.span is None:
            return 0
        low, high = self._info.tag.span
        beyond = self._rule.margin * (high - low)
        if value < low - beyond or value > high + beyond:  # [10.1]
            return 2
        return 1 if self._rule.clipped_for is not None and (value <= low or value >= high) else 0  # [10.3]


class RangeOracle(TagSignals):
    """Every tag of the rule."""

    def __init__(self, tags: TagTable, rule: RangeRule) -> None:
        super().__init__(tags, rule, _Range)
