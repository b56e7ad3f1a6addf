"""The executable specification of kind ``expression``; see `rules.oracles.oracle`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from park.index import TagTable
from park.quality import Quality
from rules.oracles.alarms import TargetAlarms
from rules.oracles.base import Sample
from rules.oracles.conditions import Condition, Names, names_in
from rules.spec import ExpressionRule, SequenceRule
from rules.transition import Transition


def sources_of(tags: TagTable, rule: ExpressionRule | SequenceRule, texts: Sequence[str]) -> dict[str, Names]:
    """``enterprise.source`` of all that the rule applies to and that have every name."""
    found = {}
    for info in rule.applies_to.pick(tags):
        names = Names(tags, info.enterprise, info.source.id, rule.names)
        if all(names.find(name) is not None for text in texts for name in names_in(text)):
            found[info.source_id] = names
    return found


class ExpressionOracle:
    """All alarms of one rule."""

    def __init__(self, tags: TagTable, rule: ExpressionRule) -> None:
        sources = sources_of(tags, rule, [rule.when])
        first = next(iter(sources.values()), None)
        self._of = [
            (Condition(rule.when, names, first or names, rule.uncertain == "bad"), TargetAlarms.fault(rule, source_id))
            for source_id, names in sources.items()
        ]

    def advance(self, now: int, played: Mapping[int, Sequence[Sample]]) -> list[Transition]:
        """See `rules.oracles.base.RuleOracle`."""
        told = []
        for condition, alarms in self._of:
            truth = condition.advance(now, played)
            value, limit = condition.sides()
            for one in alarms.advance(now, [Sample(now, float(truth.so), Quality(truth.grade))]):
                told.append(replace(one, value=value, limit=limit))
        return told

    def resume(self, now: int) -> None:
        """See `rules.oracles.base.RuleOracle`."""
        for condition, _ in self._of:
            condition.resume()

    def reset(self, alert_ids: Collection[str], now: int) -> None:
        """See `rules.oracles.base.RuleOracle`."""
        for _, alarms in self._of:
            alarms.reset(alert_ids, now)
