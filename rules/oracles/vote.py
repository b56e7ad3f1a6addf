"""The executable specification of kind ``vote``."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from park.index import TagInfo, TagTable
from park.model import Level
from park.quality import Quality
from rules.oracles.alarms import TargetAlarms
from rules.oracles.base import Sample
from rules.spec import VoteRule
from rules.transition import Transition


class Detector:
    """One tag that votes [15.1]."""

    def __init__(self, rule: VoteRule, info: TagInfo, limit: float, deadband: float) -> None:
        low = rule.low if rule.level is None else rule.level in (Level.L, Level.LL)
        self.ix = info.ix
        self.sign = -1 if low else 1
        self.limit = self.sign * limit
        self.deadband = deadband
        self.timeout = info.tag.stale_after
        self.strict = rule.uncertain == "bad"
        #: The newest sample of any quality, and the newest usable one.
        self.newest: Sample | None = None
        self.used: Sample | None = None
        self.on = False
        self.known = False

    def look(self, now: int, samples: Sequence[Sample]) -> None:
        """What is known of it as of now [15.2]."""
        for sample in samples:
            self.newest = sample
            if sample.quality is not Quality.BAD:
                self.used = sample
        self.known = (
            self.newest is not None
            and self.used is self.newest
            and not (self.strict and self.newest.quality is Quality.UNCERTAIN)
            and (self.timeout is None or now - self.used.time <= self.timeout)
        )
        if self.known and self.used is not None:
            x = self.sign * self.used.value
            self.on = x > self.limit or (self.on and x > self.limit - self.deadband)

    @property
    def sure(self) -> bool:
        """Its newest value is good."""
        return self.newest is not None and self.newest.quality is Quality.GOOD


class Group:
    """Detectors that vote together."""

    def __init__(self, rule: VoteRule, target: str) -> None:
        self.rule = rule
        self.detectors: list[Detector] = []
        self.alarms = TargetAlarms.fault(rule, target)

    def advance(self, now: int, played: Mapping[int, Sequence[Sample]]) -> list[Transition]:
        """Judge it as of now."""
        for one in self.detectors:
            one.look(now, played.get(one.ix, ()))
        known = [one for one in self.detectors if one.known]
        votes = [one for one in known if one.on]
        quality = Quality.GOOD
        alarm = self._enough(votes, known)
        if alarm and not self._enough([one for one in votes if one.sure], known):
            quality = Quality.UNCERTAIN  # [15.5]
        if not alarm:
            quality = self._quality_of_none(votes, known)
        return self.alarms.advance(now, [Sample(now, float(alarm), quality, float(len(votes)))])

    def _quality_of_none(self, votes: list[Detector], known: list[Detector]) -> Quality:
        held = [one for one in self.detectors if one.on and not one.known]
        if not known or (held and self._enough(votes + held, known + held)):
            return Quality.BAD  # [15.4]
        unsure = [one for one in known if not one.on and not one.sure]
        return Quality.UNCERTAIN if self._enough(votes + unsure, known) else Quality.GOOD

    def _enough(self, votes: list[Detector], known: list[Detector]) -> bool:
        """Whether these are enough of the known ones [15.3]."""
        bad = len(self.detectors) - len(known)
        needed = self.rule.m if self.rule.degrade == "keep" else max(1, self.rule.m - bad)
        return bool(known) and len(votes) >= min(needed, len(known))


class VoteOracle:
    """Every group of the rule by itself."""

    def __init__(self, tags: TagTable, rule: VoteRule) -> None:
        self._groups: dict[str, Group] = {}
        for info, limit, deadband in _voters(tags, rule):
            target = {"source": info.source_id, "enterprise": info.enterprise, "rule": rule.id}[rule.together]
            group = self._groups.setdefault(target, Group(rule, target))
            group.detectors.append(Detector(rule, info, limit, deadband))

    def advance(self, now: int, played: Mapping[int, Sequence[Sample]]) -> list[Transition]:
        """See `rules.oracles.base.RuleOracle`."""
        return [one for group in self._groups.values() for one in group.advance(now, played)]

    def resume(self, now: int) -> None:
        """Nothing."""

    def reset(self, alert_ids: Collection[str], now: int) -> None:
        """See `rules.oracles.base.RuleOracle`."""
        for group in self._groups.values():
            group.alarms.reset(alert_ids, now)


def _voters(tags: TagTable, rule: VoteRule) -> Iterable[tuple[TagInfo, float, float]]:
    """(tag, limit, deadband); tags without such a limit do not vote."""
    for info in rule.applies_to.pick(tags):
        if rule.limit is not None:
            yield info, rule.limit, rule.deadband
        elif info.tag.alarms is not None:
            for level, limit in info.tag.alarms.limits():
                if level is rule.level:
                    own = info.tag.alarms.deadband if limit.deadband is None else limit.deadband
                    yield info, limit.limit, rule.deadband or own
