"""The executable specification of the engine: one tag, one sample, one timer at a time, in plain Python.

It says the same as `rules.engine` in the slowest and plainest way, shares no evaluation code with it, and is what the
engine is tested against. Numbers in brackets are paragraphs of ``deploy/docs/semantics.md``. Not used live: it knows
no snapshots and writes no sentences (``why`` is empty).
"""

import math
from collections.abc import Callable, Iterable
from typing import Any

from park.batch import SampleBatch
from park.index import TagTable
from park.quality import Quality
from rules.oracles.base import RuleOracle, Sample
from rules.oracles.deviation import DeviationOracle
from rules.oracles.expression import ExpressionOracle
from rules.oracles.forecast import ForecastOracle
from rules.oracles.frozen import FrozenOracle
from rules.oracles.limit import LimitOracle
from rules.oracles.quality import QualityOracle
from rules.oracles.range import RangeOracle
from rules.oracles.rate import RateOracle
from rules.oracles.sequence import SequenceOracle
from rules.oracles.stale import StaleOracle
from rules.oracles.vote import VoteOracle
from rules.oracles.window import WindowOracle
from rules.spec import RuleSet
from rules.transition import Transition

#: ``kind:`` -> its oracle, made of the tags and one rule.
ORACLES: dict[str, Callable[[TagTable, Any], RuleOracle]] = {
    "limit": LimitOracle,
    "stale": StaleOracle,
    "vote": VoteOracle,
    "rate": RateOracle,
    "frozen": FrozenOracle,
    "range": RangeOracle,
    "quality": QualityOracle,
    "window": WindowOracle,
    "deviation": DeviationOracle,
    "forecast": ForecastOracle,
    "expression": ExpressionOracle,
    "sequence": SequenceOracle,
}


class Oracle:
    """Same interface as `rules.engine.Engine`, as far as it goes."""

    def __init__(self, tags: TagTable, rules: RuleSet) -> None:
        self._tags = tags
        self._now: int | None = None
        self._waiting: list[tuple[int, Sample]] = []
        self._newest: dict[int, int] = {}
        self.late = self.duplicate = self.unknown = 0
        self._rules = [ORACLES[rule.kind](tags, rule) for rule in rules.rules]
        self._resets: list[str] = []

    def step(self, batch: SampleBatch) -> None:
        """Keep the samples for the next advance [1.3]."""
        columns = (batch.tag.tolist(), batch.time_us.tolist(), batch.value.tolist(), batch.quality.tolist())
        for tag, time, value, byte in zip(*columns, strict=True):
            quality = Quality(min(byte & 3, 2)) if math.isfinite(value) else Quality.BAD  # [2.2]
            self._waiting.append((tag, Sample(time, value, quality)))

    def advance(self, now: int) -> list[Transition]:
        """Evaluate the samples, then let time pass [1.2, 1.4]."""
        now = self._tick(now)
        played = self._in_order()
        resets, self._resets = frozenset(self._resets), []
        told: list[Transition] = []
        for rule in self._rules:
            rule.reset(resets, now)
            told.extend(rule.advance(now, played))
        return in_order(told)

    def reset(self, alert_id: str) -> None:
        """Somebody has reset an alert [3.13]."""
        self._resets.append(alert_id)

    def resume(self, now: int) -> None:
        """The service was away until now [4.2]."""
        now = self._tick(now)
        for rule in self._rules:
            rule.resume(now)

    def _tick(self, now: int) -> int:
        self._now = now if self._now is None else max(self._now, now)
        return self._now

    def _in_order(self) -> dict[int, list[Sample]]:
        """The samples that count, by tag in order of time [1.1, 1.3]."""
        counted: dict[int, dict[int, Sample]] = {}
        seen: set[tuple[int, int]] = set()
        for tag, sample in self._waiting:
            newest = self._newest.get(tag)
            if self._tags.by_ix(tag) is None:
                self.unknown += 1
            elif sample.time == newest or (tag, sample.time) in seen:
                self.duplicate += 1
            elif newest is not None and sample.time < newest:
                self.late += 1
            else:
                counted.setdefault(tag, {})[sample.time] = sample
            seen.add((tag, sample.time))
        self._waiting = []
        self._newest |= {tag: max(mine) for tag, mine in counted.items()}
        return {tag: [mine[time] for time in sorted(mine)] for tag, mine in counted.items()}


def in_order(told: Iterable[Transition]) -> list[Transition]:
    """By effective time, rule, target, high side before low; else in order of happening [5.3]."""
    return sorted(told, key=lambda one: (one.effective_us, one.rule, one.target, one.side))
