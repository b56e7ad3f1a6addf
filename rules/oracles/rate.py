"""The executable specification of kind ``rate``."""

import math

from park.index import TagInfo, TagTable
from park.quality import Quality
from rules.oracles.alarms import TargetAlarms
from rules.oracles.base import Sample
from rules.oracles.tag_signals import Signal, TagSignals, is_usable
from rules.spec import RateRule


class _Rate(Signal):
    def __init__(self, rule: RateRule, info: TagInfo) -> None:
        self._rule = rule
        self._info = info
        #: The samples that were kept, the oldest first.
        self._points: list[Sample] = []
        self._last: int | None = None

    def alarms(self) -> TargetAlarms:
        return TargetAlarms(self._rule, self._info.id, self._rule.limits, self._info.tag.stale_after)

    def of(self, sample: Sample) -> Sample:
        unknown = Sample(sample.time, math.nan, Quality.BAD)  # [8.5]
        if not is_usable(self._rule, sample):
            return unknown
        self._keep(sample)
        base = self._points[0]
        age = sample.time - base.time
        if 2 * age < self._rule.window:  # [8.4]
            return unknown
        rate = (sample.value - base.value) / age * self._rule.per  # [8.1]
        return Sample(sample.time, rate, max(sample.quality, base.quality)) if math.isfinite(rate) else unknown

    def _keep(self, sample: Sample) -> None:
        """[8.2, 8.3]"""
        rule = self._rule
        if self._last is not None and sample.time - self._last > (rule.max_gap or rule.window):
            self._points = []
        self._last = sample.time
        while len(self._points) > 1 and self._may_go(sample.time, *self._points[:2]):
            del self._points[0]
        if not self._points or 16 * (sample.time - self._points[-1].time) >= rule.window:
            self._points.append(sample)

    def _may_go(self, now: int, oldest: Sample, second: Sample) -> bool:
        return now - oldest.time > self._rule.window and 2 * (now - second.time) >= self._rule.window


class RateOracle(TagSignals):
    """Every tag of the rule."""

    def __init__(self, tags: TagTable, rule: RateRule) -> None:
        super().__init__(tags, rule, _Rate)
