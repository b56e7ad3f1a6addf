"""The executable specification of kind ``frozen``."""

from park.index import TagInfo, TagTable
from rules.oracles.alarms import TargetAlarms
from rules.oracles.base import Sample
from rules.oracles.tag_signals import Signal, TagSignals, is_usable
from rules.spec import FrozenRule


class _Frozen(Signal):
    def __init__(self, rule: FrozenRule, info: TagInfo, hold: int) -> None:
        self._rule = rule
        self._info = info
        self._hold = hold
        self._gap = info.tag.stale_after or hold
        self._tolerance = info.tag.frozen_tolerance if rule.tolerance is None else rule.tolerance
        #: The first and the newest sample of the run.
        self._run: tuple[Sample, Sample] | None = None

    def alarms(self) -> TargetAlarms:
        return TargetAlarms.fault(self._rule, self._info.id, self._info.tag.stale_after)

    def of(self, sample: Sample) -> Sample:
        if is_usable(self._rule, sample):  # [9.4]
            self._follow(sample)
        return Sample(sample.time, float(self._stuck()), sample.quality, sample.value)

    def _follow(self, sample: Sample) -> None:
        limit = self._info.tag.detection_limit
        if limit is not None and sample.value <= self._rule.near_detection_limit * limit:  # [9.3]
            self._run = None
        elif self._belongs(sample) and self._run is not None:
            self._run = (self._run[0], sample)
        else:
            self._run = (sample, sample)

    def _belongs(self, sample: Sample) -> bool:
        """[9.1, 9.5]"""
        if self._run is None:
            return False
        first, last = self._run
        whole = sample.time - last.time <= self._gap or self._stuck()
        return whole and abs(sample.value - first.value) <= self._tolerance

    def _stuck(self) -> bool:
        """[9.2]"""
        return self._run is not None and self._run[1].time - self._run[0].time >= self._hold


class FrozenOracle(TagSignals):
    """Every tag of the rule that is no state and has a hold time."""

    def __init__(self, tags: TagTable, rule: FrozenRule) -> None:
        super().__init__(tags, rule, _signal)


def _signal(rule: FrozenRule, info: TagInfo) -> Signal | None:
    hold = rule.hold or info.tag.frozen_after
    return _Frozen(rule, info, hold) if hold and not info.tag.discrete else None
