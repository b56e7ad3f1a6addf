"""The executable specification of panes and their ends [12.1-12.6]: every sample is kept."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from park.index import TagInfo
from park.quality import Quality
from rules.oracles.alarms import TargetAlarms
from rules.oracles.base import Sample
from rules.spec import ForecastRule
from rules.transition import Transition

_ZONE = 8 * 3_600_000_000


class History:
    """All usable samples of one tag, by pane."""

    def __init__(self, width: int, strict: bool) -> None:
        self.width = width
        self._worst = Quality.GOOD if strict else Quality.UNCERTAIN
        #: The pane of the newest sample, whatever its quality; None before the first.
        self.running: int | None = None
        self.panes: dict[int, list[Sample]] = {}

    def number(self, time: int) -> int:
        """Of the pane that a time lies in [12.1]."""
        return (time + _ZONE) // self.width

    def begin(self, pane: int) -> int:
        """When it begins."""
        return pane * self.width - _ZONE

    def is_usable(self, sample: Sample) -> bool:
        """[2.1]"""
        return sample.quality <= self._worst

    def add(self, sample: Sample) -> None:
        """The next one."""
        self.running = self.number(sample.time)
        if self.is_usable(sample):
            self.panes.setdefault(self.running, []).append(sample)

    def valid(self, first: int, end: int, size: int) -> list[int]:
        """The panes from ``first`` up to ``end`` that have usable samples, in the order in which they are added up."""
        return sorted((pane for pane in range(first, end) if pane in self.panes), key=lambda pane: pane % size)

    def values(self, pane: int) -> list[float]:
        """Of its usable samples."""
        return [sample.value for sample in self.panes[pane]]

    def mean(self, pane: int) -> float:
        """Of its usable samples."""
        return added(self.values(pane)) / len(self.panes[pane])

    def is_unsure(self, panes: Collection[int]) -> bool:
        """Whether any of them holds an uncertain sample."""
        return any(sample.quality is Quality.UNCERTAIN for pane in panes for sample in self.panes[pane])


def added(numbers: Sequence[float]) -> float:
    """One after the other; `sum` is cleverer in newer versions of Python."""
    total = 0.0
    for number in numbers:
        total += number
    return total


def rounded(value: float) -> float:
    """To 12 significant digits [12.7]."""
    if not 1e-11 <= abs(value) < 1e12:
        return value
    digits = next(power for power in range(23) if float(f"1e{11 - power}") <= abs(value))
    scale = float(f"1e{digits}")
    return round(value * scale) / scale


#: What is found at an end: a number and its quality, BAD, or None: nothing is said.
Found = tuple[float, Quality] | None
BAD: Found = (0.0, Quality.BAD)


class PaneEndTag(ABC):
    """One tag of a rule whose signal is judged at pane ends."""

    def __init__(self, rule: Any, info: TagInfo, size: int, step: int, grace: int) -> None:
        self.rule = rule
        self.info = info
        self.size = size
        self.history = History(rule.window // size, rule.uncertain == "bad")
        self._step = step
        self._grace = grace
        self._decided: int | None = None
        #: What was said last; before the first end nothing is known either.
        self._is_bad = True
        limits = rule.limits_of(info.tag.alarms) if isinstance(rule, ForecastRule) else rule.limits
        self.alarms = TargetAlarms(rule, info.id, limits)

    @abstractmethod
    def find(self, end: int) -> Found:
        """What the window before pane ``end`` gives."""

    def advance(self, now: int, samples: Sequence[Sample]) -> list[Transition]:
        """One advance of this tag."""
        signal: list[Sample] = []
        for sample in samples:
            for end in self._open_ends(self.history.number(sample.time), again=True):
                signal += self._said(end, self.find(end))
            self.history.add(sample)
        for end in self._open_ends(self.history.number(now - self._grace)):
            found = self.find(end)
            signal += self._said(end, found)
            if found is not None and found[1] is Quality.BAD:
                break  # the data decide when they come [12.6]
            if found is not None:
                self._decided = end
        return self.alarms.advance(now, signal)

    def _open_ends(self, until: int, *, again: bool = False) -> list[int]:
        """Those up to there that are not passed or decided; ``again``: and the newest that was decided [12.6]."""
        if self.history.running is None:
            return []
        decided = self._decided if self._decided is None or not again else self._decided - 1
        newest = self.history.running if decided is None else max(self.history.running, decided)
        return [end for end in range(newest + 1, until + 1) if end % self._step == 0]

    def _said(self, end: int, found: Found) -> list[Sample]:
        """What is bad is said once [12.4]."""
        if found is None or (found[1] is Quality.BAD and self._is_bad):
            return []
        self._is_bad = found[1] is Quality.BAD
        return [Sample(self.history.begin(end), found[0], found[1])]


class PaneEndOracle:
    """Every tag of the rule by itself."""

    def __init__(self, tags: Mapping[int, PaneEndTag]) -> None:
        self._tags = tags

    def advance(self, now: int, played: Mapping[int, Sequence[Sample]]) -> list[Transition]:
        """See `rules.oracles.base.RuleOracle`."""
        return [one for ix, tag in self._tags.items() for one in tag.advance(now, played.get(ix, ()))]

    def resume(self, now: int) -> None:
        """Nothing."""

    def reset(self, alert_ids: Collection[str], now: int) -> None:
        """See `rules.oracles.base.RuleOracle`."""
        for tag in self._tags.values():
            tag.alarms.reset(alert_ids, now)
