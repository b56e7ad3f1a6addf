"""The executable specification of kind ``limit``."""

import math
from collections.abc import Collection, Mapping, Sequence

from park.index import TagInfo, TagTable
from park.model import Alarms, Level, Limit
from park.quality import Quality
from rules.oracles.alarms import TargetAlarms
from rules.oracles.base import Sample
from rules.refs import Refs
from rules.spec import LimitRule, Moving
from rules.transition import Transition


class Setter:
    """A limit that another tag sets [3.14]."""

    def __init__(self, rule: LimitRule, moving: Moving, info: TagInfo) -> None:
        self.ix = info.ix
        self._moving = moving
        self._timeout = info.tag.stale_after
        self._strict = rule.uncertain == "bad"
        self._newest: Sample | None = None
        self._limit: float | None = None

    def moved(self, now: int, samples: Sequence[Sample]) -> float | None:
        """The new limit, where it is another one than before."""
        for sample in samples:
            self._newest = sample
        newest = self._newest
        if newest is None or newest.quality is Quality.BAD or (self._strict and newest.quality is Quality.UNCERTAIN):
            return None
        if self._timeout is not None and now - newest.time > self._timeout:
            return None
        limit = self._moving.times * newest.value + self._moving.plus
        if limit == self._limit or not math.isfinite(limit):
            return None
        self._limit = limit
        return limit


class LimitOracle:
    """Every tag of the rule by itself."""

    def __init__(self, tags: TagTable, rule: LimitRule) -> None:
        self._alarms: dict[int, TargetAlarms] = {}
        #: By tag that is watched and level.
        self._setters: dict[int, dict[str, Setter]] = {}
        refs = Refs(tags)
        for info in rule.applies_to.pick(tags):
            alarms = rule.limits or info.tag.alarms or Alarms()
            if rule.limits_from is not None:
                self._setters[info.ix] = _setters(rule, info, refs)
                alarms = _out_of_reach(rule, list(self._setters[info.ix]))
            self._alarms[info.ix] = TargetAlarms(rule, info.id, alarms, info.tag.stale_after)
            if rule.limits_from is not None:
                for side in self._alarms[info.ix].sides:
                    for latch in side.latches:
                        latch.limit = math.inf

    def advance(self, now: int, played: Mapping[int, Sequence[Sample]]) -> list[Transition]:
        """See `rules.oracles.base.RuleOracle`."""
        told = []
        for ix, alarms in self._alarms.items():
            found = {
                level: setter.moved(now, played.get(setter.ix, ()))
                for level, setter in self._setters.get(ix, {}).items()
            }
            moved = {level: limit for level, limit in found.items() if limit is not None}
            told += alarms.advance(now, played.get(ix, ()), moved)
        return told

    def resume(self, now: int) -> None:
        """Nothing."""

    def reset(self, alert_ids: Collection[str], now: int) -> None:
        """See `rules.oracles.base.RuleOracle`."""
        for alarms in self._alarms.values():
            alarms.reset(alert_ids, now)


def _setters(rule: LimitRule, info: TagInfo, refs: Refs) -> dict[str, Setter]:
    """Levels whose name leads nowhere are left out."""
    found = {}
    for level in Level:
        moving = getattr(rule.limits_from, level.value)
        setter = moving and refs.tag(moving.tag, info.enterprise, info.source.id)
        if setter is not None:
            found[level.value] = Setter(rule, moving, setter)
    return found


def _out_of_reach(rule: LimitRule, levels: list[str]) -> Alarms:
    """With the rule's deadband and delays; the limits are set later."""
    given = rule.limits_from
    assert given is not None
    limits = {level: Limit(limit=place) for place, level in enumerate(levels)}
    delays = {"on_delay": given.on_delay, "off_delay": given.off_delay}
    return Alarms(**limits, deadband=given.deadband).model_copy(update=delays)
