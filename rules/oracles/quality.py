"""The executable specification of kind ``quality``."""

from park.index import TagInfo, TagTable
from park.quality import Quality
from rules.oracles.alarms import TargetAlarms
from rules.oracles.base import Sample
from rules.oracles.tag_signals import Signal, TagSignals, graded, is_usable
from rules.spec import QualityRule


class _Quality(Signal):
    def __init__(self, rule: QualityRule, info: TagInfo) -> None:
        self._rule = rule
        self._info = info

    def alarms(self) -> TargetAlarms:
        limits = graded(self._rule, self._rule.uncertain_for, self._rule.bad_for)
        return TargetAlarms(self._rule, self._info.id, limits, sided=False)

    def of(self, sample: Sample) -> Sample:
        """0 good, 1 uncertain, 2 bad; itself never in doubt [11.1]."""
        level = int(sample.quality) if is_usable(self._rule, sample) else 2
        return Sample(sample.time, level, Quality.GOOD)


class QualityOracle(TagSignals):
    """Every tag of the rule."""

    def __init__(self, tags: TagTable, rule: QualityRule) -> None:
        super().__init__(tags, rule, _Quality)
