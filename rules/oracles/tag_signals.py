"""What the oracles of rate, frozen, range and quality share: every tag by itself, its samples made into a signal."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from park.index import TagInfo, TagTable
from park.model import Alarms, Limit
from park.quality import Quality
from rules.oracles.alarms import TargetAlarms
from rules.oracles.base import Sample
from rules.transition import Transition


class Signal(ABC):
    """The signal of one tag."""

    @abstractmethod
    def of(self, sample: Sample) -> Sample:
        """What it is at a measured sample; they come in order."""

    @abstractmethod
    def alarms(self) -> TargetAlarms:
        """The alarms on it, before any sample."""


class TagSignals:
    """Every tag of a rule that has a signal."""

    def __init__(self, tags: TagTable, rule: Any, make: Callable[[Any, TagInfo], Signal | None]) -> None:
        """``make`` gives None for a tag that is not watched."""
        found = {info.ix: make(rule, info) for info in rule.applies_to.pick(tags)}
        self._signals = {ix: signal for ix, signal in found.items() if signal is not None}
        self._alarms = {ix: signal.alarms() for ix, signal in self._signals.items()}

    def advance(self, now: int, played: Mapping[int, Sequence[Sample]]) -> list[Transition]:
        """See `rules.oracles.base.RuleOracle`."""
        return [
            one
            for ix, alarms in self._alarms.items()
            for one in alarms.advance(now, [self._signals[ix].of(sample) for sample in played.get(ix, ())])
        ]

    def resume(self, now: int) -> None:
        """Nothing."""

    def reset(self, alert_ids: Collection[str], now: int) -> None:
        """See `rules.oracles.base.RuleOracle`."""
        for alarms in self._alarms.values():
            alarms.reset(alert_ids, now)


def is_usable(rule: Any, sample: Sample) -> bool:
    """[2.1]"""
    return sample.quality is Quality.GOOD or (sample.quality is Quality.UNCERTAIN and rule.uncertain == "evaluate")


def graded(rule: Any, minor: int | None, grave: int) -> Alarms:
    """Limits for a signal that is 1 for a minor fault and 2 for a grave one, told after so long; None: never."""
    levels = {"H": _after(1.5, grave + rule.on_delay)}
    if minor is not None:
        levels = {"H": _after(0.5, minor + rule.on_delay), "HH": levels["H"]}
    return Alarms().model_copy(update={"off_delay": rule.off_delay, **levels})


def _after(limit: float, delay: int) -> Limit:
    return Limit(limit=limit).model_copy(update={"on_delay": delay})
