"""The executable specification of kind ``limit``."""

from collections.abc import Collection, Mapping, Sequence

from park.index import TagTable
from park.model import Alarms
from rules.oracles.alarms import TargetAlarms
from rules.oracles.base import Sample
from rules.spec import LimitRule
from rules.transition import Transition


class LimitOracle:
    """Every tag of the rule by itself."""

    def __init__(self, tags: TagTable, rule: LimitRule) -> None:
        self._alarms = {
            info.ix: TargetAlarms(rule, info.id, rule.limits or info.tag.alarms or Alarms(), info.tag.stale_after)
            for info in rule.applies_to.pick(tags)
        }

    def advance(self, now: int, played: Mapping[int, Sequence[Sample]]) -> list[Transition]:
        """See `rules.oracles.base.RuleOracle`."""
        return [one for ix, alarms in self._alarms.items() for one in alarms.advance(now, played.get(ix, ()))]

    def resume(self, now: int) -> None:
        """Nothing."""

    def reset(self, alert_ids: Collection[str], now: int) -> None:
        """See `rules.oracles.base.RuleOracle`."""
        for alarms in self._alarms.values():
            alarms.reset(alert_ids, now)
