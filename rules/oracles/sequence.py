"""The executable specification of kind ``sequence``; see `rules.oracles.oracle`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from park.index import TagTable
from park.quality import Quality
from rules.oracles.alarms import TargetAlarms
from rules.oracles.base import Sample
from rules.oracles.conditions import BAD, GOOD, UNCERTAIN, Condition, Names, Truth
from rules.oracles.expression import sources_of
from rules.spec import SequenceRule
from rules.transition import Transition


class Edge:
    """Whether a condition was true when last known."""

    def __init__(self) -> None:
        self.was = False

    def look(self, truth: Truth) -> tuple[bool, bool]:
        """(it begins, it ends)"""
        if truth.grade is BAD:
            return False, False
        begins, ends = truth.so and not self.was, self.was and not truth.so
        self.was = truth.so
        return begins, ends


class SourceSequence:
    """One source: A, and what comes of it."""

    def __init__(self, rule: SequenceRule, names: Names, first: Names, source_id: str) -> None:
        strict = rule.uncertain == "bad"
        self.rule = rule
        self.first, self.then = (Condition(text, names, first, strict) for text in (rule.first, rule.then))
        self.alarms = TargetAlarms.fault(rule, source_id)
        self._first_edge, self._then_edge = Edge(), Edge()
        #: When the A began that we wait with, and whether that was sure.
        self._began: int | None = None
        self._unsure = False
        self._stands = False
        self._while_first = False

    def advance(self, now: int, played: Mapping[int, Sequence[Sample]]) -> list[Transition]:
        """See `rules.oracles.base.RuleOracle`."""
        a, b = self.first.advance(now, played), self.then.advance(now, played)
        begins, ends = self._first_edge.look(a)
        comes, _ = self._then_edge.look(b)
        if self.rule.alarm_if == "follows":
            sample = self._follows(now, a, b, begins, comes)
        else:
            sample = self._missing(now, a, b, begins, ends)
        value, limit = self.then.sides()
        return [replace(one, value=value, limit=limit) for one in self.alarms.advance(now, [sample])]

    def _follows(self, now: int, a: Truth, b: Truth, begins: bool, comes: bool) -> Sample:
        if begins:
            self._began = now
            if not self._stands:
                self._unsure = a.grade is UNCERTAIN
        if comes and self._began is not None and now - self._began <= self.rule.within:
            self._stands = True
        if b.grade is not BAD and not b.so:
            self._stands = False
        return self._sample(now, b, BAD if b.grade is BAD else UNCERTAIN)

    def _missing(self, now: int, a: Truth, b: Truth, begins: bool, ends: bool) -> Sample:
        came = b.so and b.grade is not BAD
        if begins and self._began is None and not self._stands:
            self._began, self._unsure = now, a.grade is UNCERTAIN
        if came or (ends and self._while_first):
            self._stands = False
        since = now
        if came:
            self._began = None
        elif self._began is not None and now - self._began >= self.rule.within:
            since = self._began + self.rule.within
            self._stands, self._began, self._while_first = True, None, self._first_edge.was
        return self._sample(since, b, UNCERTAIN)

    def _sample(self, since: int, b: Truth, worst: Quality) -> Sample:
        if self._stands:
            grade = worst if b.grade is BAD else max(b.grade, UNCERTAIN if self._unsure else GOOD)
            return Sample(since, 1.0, grade)
        return Sample(since, 0.0, b.grade)


class SequenceOracle:
    """All alarms of one rule."""

    def __init__(self, tags: TagTable, rule: SequenceRule) -> None:
        sources = sources_of(tags, rule, [rule.first, rule.then])
        first = next(iter(sources.values()), None)
        self._of = [SourceSequence(rule, names, first or names, source_id) for source_id, names in sources.items()]

    def advance(self, now: int, played: Mapping[int, Sequence[Sample]]) -> list[Transition]:
        """See `rules.oracles.base.RuleOracle`."""
        return [one for source in self._of for one in source.advance(now, played)]

    def resume(self, now: int) -> None:
        """See `rules.oracles.base.RuleOracle`."""
        for source in self._of:
            source.first.resume()
            source.then.resume()

    def reset(self, alert_ids: Collection[str], now: int) -> None:
        """See `rules.oracles.base.RuleOracle`."""
        for source in self._of:
            source.alarms.reset(alert_ids, now)
