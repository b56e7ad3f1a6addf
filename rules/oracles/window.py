"""The executable specification of kind ``window``."""

from math import floor

from park.index import TagInfo, TagTable
from park.quality import Quality
from rules.oracles.panes import BAD, Found, PaneEndOracle, PaneEndTag, added, rounded
from rules.spec import WindowRule


class WindowTag(PaneEndTag):
    """One tag under one rule."""

    def __init__(self, rule: WindowRule, info: TagInfo) -> None:
        super().__init__(rule, info, rule.panes, 1 if rule.sliding else rule.panes, rule.grace)

    def find(self, end: int) -> Found:
        """[12.3, 12.4]"""
        panes = self.history.valid(end - self.size, end, self.size)
        if len(panes) / self.size < self.rule.min_valid:
            return BAD
        quality = Quality.UNCERTAIN if self.history.is_unsure(panes) else Quality.GOOD
        return rounded(self._aggregate(panes)), quality

    def _aggregate(self, panes: list[int]) -> float:
        history = self.history
        match self.rule.aggregate:
            case "mean":
                return added([history.mean(pane) for pane in panes]) / len(panes)
            case "sum":
                return added([added(history.values(pane)) for pane in panes])
            case "count":
                return float(sum(len(history.values(pane)) for pane in panes))
            case "max":
                return max(max(history.values(pane)) for pane in panes)
            case "min":
                return min(min(history.values(pane)) for pane in panes)
        return _percentile(sorted(history.mean(pane) for pane in panes), self.rule.percentile)


def _percentile(means: list[float], percent: float) -> float:
    place = (len(means) - 1) * (percent / 100)
    below = floor(place)
    low, high = means[below], means[min(below + 1, len(means) - 1)]
    share = place - below
    return low + (high - low) * share if share < 0.5 else high - (high - low) * (1 - share)


class WindowOracle(PaneEndOracle):
    """Every tag of the rule by itself."""

    def __init__(self, tags: TagTable, rule: WindowRule) -> None:
        super().__init__({info.ix: WindowTag(rule, info) for info in rule.applies_to.pick(tags)})
