"""The executable specification of kind ``deviation``."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from math import isfinite, sqrt

from park.index import TagInfo, TagTable
from park.model import Alarms, Limit
from park.quality import Quality
from rules.oracles.alarms import TargetAlarms
from rules.oracles.base import Sample
from rules.oracles.panes import History, added
from rules.refs import Refs
from rules.spec import DeviationRule
from rules.transition import Transition


def _limits(rule: DeviationRule) -> Alarms:
    """[13.1]"""
    limits = rule.limits or Alarms(H=Limit(limit=rule.sigma or 0.0), L=Limit(limit=-(rule.sigma or 0.0)))
    delays = {"on_delay": limits.on_delay or rule.on_delay, "off_delay": limits.off_delay or rule.off_delay}
    return limits.model_copy(update=delays)


class _Tag(ABC):
    """One tag under one rule."""

    alarms: TargetAlarms

    @abstractmethod
    def advance(self, now: int, played: Mapping[int, Sequence[Sample]]) -> list[Transition]:
        """One advance of this tag."""


class _Known:
    """What is known of a tag's value as of now [2.3]."""

    def __init__(self, info: TagInfo) -> None:
        self._timeout = info.tag.stale_after
        self._newest: Sample | None = None
        self._used: Sample | None = None

    def take(self, samples: Sequence[Sample]) -> None:
        """The samples of this advance."""
        for sample in samples:
            self._newest = sample
            self._used = self._used if sample.quality is Quality.BAD else sample

    def value(self, now: int) -> tuple[float, Quality]:
        """And how far it may be believed."""
        if self._newest is None or self._used is None or self._newest.quality is Quality.BAD:
            return 0.0, Quality.BAD
        if self._timeout is not None and now - self._used.time > self._timeout:
            return 0.0, Quality.BAD
        return self._used.value, self._used.quality


class ReferenceTag(_Tag):
    """A tag held against another [13.2-13.3]."""

    def __init__(self, rule: DeviationRule, info: TagInfo, reference: TagInfo) -> None:
        self._ix = info.ix, reference.ix
        self._known = _Known(info), _Known(reference)
        self._strict = rule.uncertain == "bad"
        self._last: tuple[float, Quality] | None = None
        self.alarms = TargetAlarms(rule, info.id, _limits(rule))

    def advance(self, now: int, played: Mapping[int, Sequence[Sample]]) -> list[Transition]:
        """See `_Tag`."""
        for ix, known in zip(self._ix, self._known, strict=True):
            known.take(played.get(ix, ()))
        own, reference = (known.value(now) for known in self._known)
        signal = own[0] - reference[0], max(own[1], reference[1])
        signal = (0.0, Quality.BAD) if signal[1] is Quality.BAD else signal
        changed, self._last = signal != self._last, signal
        return self.alarms.advance(now, [Sample(now, *signal)] if changed else [])


class OwnMeanTag(_Tag):
    """A tag held against its own mean [13.4]."""

    def __init__(self, rule: DeviationRule, info: TagInfo) -> None:
        assert rule.own_mean is not None
        self._rule = rule
        self._ix = info.ix
        self._history = History(rule.own_mean // rule.panes, rule.uncertain == "bad")
        self.alarms = TargetAlarms(rule, info.id, _limits(rule), info.tag.stale_after)

    def advance(self, now: int, played: Mapping[int, Sequence[Sample]]) -> list[Transition]:
        """See `_Tag`."""
        signal = []
        for sample in played.get(self._ix, ()):
            signal.append(self._signal(sample))
            self._history.add(sample)
        return self.alarms.advance(now, signal)

    def _signal(self, sample: Sample) -> Sample:
        history, size = self._history, self._rule.panes
        own = history.number(sample.time)
        panes = history.valid(own - size, own, size)
        bad = Sample(sample.time, 0.0, Quality.BAD)
        if not history.is_usable(sample) or len(panes) / size < 0.5:
            return bad
        mean = added([history.mean(pane) for pane in panes]) / len(panes)
        scale = 1.0 if self._rule.sigma is None else self._sigma(panes, mean)
        if scale == 0 or not isfinite(scale):
            return bad
        unsure = history.is_unsure(panes)
        quality = max(sample.quality, Quality.UNCERTAIN if unsure else Quality.GOOD)
        return Sample(sample.time, (sample.value - mean) / scale, quality)

    def _sigma(self, panes: list[int], mean: float) -> float:
        """[13.5]"""
        squares = [[value * value for value in self._history.values(pane)] for pane in panes]
        square = added([added(some) / len(some) for some in squares]) / len(panes)
        deviation = sqrt(max(square - mean * mean, 0.0))
        return max(deviation if deviation > 1e-6 * abs(mean) else 0.0, self._rule.least_sigma)


class DeviationOracle:
    """Every tag of the rule by itself."""

    def __init__(self, tags: TagTable, rule: DeviationRule) -> None:
        refs = Refs(tags)
        self._tags: list[_Tag] = []
        for info in rule.applies_to.pick(tags):
            if rule.reference is None:
                self._tags.append(OwnMeanTag(rule, info))
                continue
            reference = refs.tag(rule.reference, info.enterprise, info.source.id)
            if reference is not None and reference.ix != info.ix:
                self._tags.append(ReferenceTag(rule, info, reference))

    def advance(self, now: int, played: Mapping[int, Sequence[Sample]]) -> list[Transition]:
        """See `rules.oracles.base.RuleOracle`."""
        return [one for tag in self._tags for one in tag.advance(now, played)]

    def resume(self, now: int) -> None:
        """Nothing."""

    def reset(self, alert_ids: Collection[str], now: int) -> None:
        """See `rules.oracles.base.RuleOracle`."""
        for tag in self._tags:
            tag.alarms.reset(alert_ids, now)
