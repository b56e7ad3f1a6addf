"""The executable specification of kind ``forecast``."""

from park.index import TagInfo, TagTable
from park.quality import Quality
from rules.oracles.panes import BAD, Found, PaneEndOracle, PaneEndTag, added, rounded
from rules.spec import ForecastRule


class _Tag(PaneEndTag):
    """One tag under one rule."""

    def __init__(self, rule: ForecastRule, info: TagInfo) -> None:
        super().__init__(rule, info, rule.panes, 1, 5_000_000)

    def is_stale(self, end: int) -> bool:
        """[14.2]"""
        newest = max((pane for pane in self.history.panes if pane < end), default=None)
        timeout = self.info.tag.stale_after
        return newest is None or (timeout is not None and (end - newest - 1) * self.history.width > timeout)

    def quality(self, panes: list[int]) -> Quality:
        """Of what is made of them."""
        return Quality.UNCERTAIN if self.history.is_unsure(panes) else Quality.GOOD


class MeanTag(_Tag):
    """[14.3-14.5]"""

    def find(self, end: int) -> Found:
        """See `PaneEndTag`."""
        size, history = self.size, self.history
        first = (end - 1) // size * size
        panes = history.valid(first, end, size)
        if self.is_stale(end):
            return BAD
        if len(panes) / size < self.rule.min_valid:
            return BAD if end == first + size else None
        rest = first + size - end
        total = added([history.mean(pane) for pane in panes])
        total += rest * history.mean(max(panes))
        return rounded(total / (len(panes) + rest)), self.quality(panes)


class ValueTag(_Tag):
    """[14.6]"""

    def find(self, end: int) -> Found:
        """See `PaneEndTag`."""
        size, history = self.size, self.history
        panes = history.valid(end - size, end, size)
        if self.is_stale(end) or len(panes) < 2 or len(panes) / size < self.rule.min_valid:
            return BAD
        level = history.mean(max(panes))
        points = [(pane - (end - size), history.mean(pane) - level) for pane in panes]
        count = len(points)
        sum_x, sum_xx = sum(x for x, _ in points), sum(x * x for x, _ in points)
        sum_y, sum_xy = added([y for _, y in points]), added([y * x for x, y in points])
        slope = (count * sum_xy - sum_x * sum_y) / (count * sum_xx - sum_x * sum_x)
        at = (size - 0.5) + self.rule.ahead / history.width
        return rounded(level + (sum_y + slope * (count * at - sum_x)) / count), self.quality(panes)


class ForecastOracle(PaneEndOracle):
    """Every tag of the rule by itself."""

    def __init__(self, tags: TagTable, rule: ForecastRule) -> None:
        tag = MeanTag if rule.of == "mean" else ValueTag
        super().__init__({info.ix: tag(rule, info) for info in rule.applies_to.pick(tags)})
