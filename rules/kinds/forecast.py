"""Kind ``forecast``: the running hour's mean will pass its limit, or a value will reach one within a time, if nothing
changes. See docs, semantics 14."""

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from park.duration import format_duration
from park.index import TagTable
from rules.aggregates import over, rounded, total
from rules.arrays import FAR, Bools, Bytes, Floats, Ints
from rules.bank.bank import Bank
from rules.bank.compile import any_level, compile_levels
from rules.bank.side import SideName
from rules.bank.words import LevelWords, Told
from rules.china_time import moment, span
from rules.kind import Kind
from rules.layers import Layer, layers
from rules.pane_ends import NOTHING, PaneEndKind, graded
from rules.panes import ZONE_US, Panes, Part, View
from rules.spec import ForecastRule
from rules.transition import Change

#: How long the clock waits for samples still on their way.
GRACE_US = 5_000_000
_MINUTE_US = 60_000_000
#: In so many minutes nothing stays as it is: ten years.
_LONG = 5_256_000
#: So many slots are fitted at once: what that needs stays in the processor's cache.
_AT_ONCE = 1_000


class _Words(LevelWords):
    """What both have in common. Extra numbers: two of each kind's own, how many panes are valid, and as of when."""

    extras = 4

    def sentence(self, change: Change, side: SideName, one: Told) -> str:
        """See `Words`."""
        sentence = super().sentence(change, side, one)
        if change not in (Change.RAISED, Change.LEVEL_UP):
            return sentence
        return f"{sentence} by {self._number(abs(one.value - one.limit), one.slot)}; {self._when(one)}"

    @abstractmethod
    def _when(self, one: Told) -> str:
        """How it stands now, and when the limit will be passed."""

    def _number(self, number: float, slot: int) -> str:
        return f"{number:.6g} {self.unit(slot)}".rstrip()

    def _rule(self, slot: int) -> ForecastRule:
        rule = self.slots.rules[self.slots.rule[slot]]
        assert isinstance(rule, ForecastRule)
        return rule

    def reason(self, slot: int, quality: int) -> str:
        """See `Words`."""
        return super().reason(slot, quality) if quality < 2 else "too little data, or none for too long"


class MeanWords(_Words):
    """The first extra numbers: the mean so far, and the newest level."""

    def what(self, one: Told) -> str:
        """See `LevelWords`."""
        rule, now_us = self._rule(one.slot), int(one.extra[3])
        begin_us = (now_us - 1 + ZONE_US) // rule.window * rule.window - ZONE_US
        verb = "" if now_us == begin_us + rule.window else "forecast "
        quantity = self._infos[one.slot].tag.quantity
        return f"{quantity} mean of {span(begin_us, begin_us + rule.window)} {verb}{self._number(one.value, one.slot)}"

    def _when(self, one: Told) -> str:
        so_far, level, count, now_us = one.extra
        told = f"{self._number(so_far, one.slot)} so far, now {self._number(level, one.slot)}"
        if (so_far > one.limit) == (level > one.limit) or level == one.limit:
            return told
        rule = self._rule(one.slot)
        panes = count * (one.limit - so_far) / (level - one.limit)
        if not panes <= rule.panes:
            return told  # so slowly that another window begins before
        at_us = int(now_us + panes * (rule.window // rule.panes))
        return f"{told}, passes it at {moment(at_us, int(now_us))} if nothing changes"


class ValueWords(_Words):
    """The first extra numbers: the value now, and its change per minute."""

    def what(self, one: Told) -> str:
        """See `LevelWords`."""
        tag, ahead = self._infos[one.slot].tag, self._rule(one.slot).ahead
        assert ahead is not None
        return f"{tag.quantity} predicted {self._number(one.value, one.slot)} in {format_duration(ahead)}"

    def _when(self, one: Told) -> str:
        now, slope, _, _ = one.extra
        told = f"now {self._number(now, one.slot)}, {slope:+.6g} {self.unit(one.slot)}/min"
        minutes = (one.limit - now) / slope if slope else -1.0
        return f"{told}, reaches it in {_rough(minutes)} if nothing changes" if 0 < minutes < _LONG else told


def _rough(minutes: float) -> str:
    """``7m``, ``45s``, ``3h 20m``"""
    seconds = round(minutes * 60)
    if seconds < 120:
        return f"{seconds}s"
    whole = round(minutes)
    return f"{whole}m" if whole < 120 else f"{whole // 60}h {whole % 60}m"


class _ForecastKind(PaneEndKind):
    """What both have in common."""

    def __init__(self, tags: TagTable, layer: Layer[ForecastRule], words: type[_Words]) -> None:
        rules = [rule for rule, _ in layer.pairs]
        slots = layer.slots(sided=True, timeout_us=np.full(len(rules), FAR, dtype=np.int64))
        sides, names = compile_levels([rule.limits_of(info.tag.alarms) for rule, info in layer.pairs])
        first = layer.rules[0]
        panes = Panes(len(slots), width_us=first.window // first.panes, panes=first.panes, parts=(Part.MEAN,))
        step = np.ones(len(slots), dtype=np.int64)
        grace_us = np.full(len(slots), GRACE_US, dtype=np.int64)
        bank = Bank(slots, sides, names, words(slots, sides, names, [info for _, info in layer.pairs]))
        super().__init__(bank, tags.size, panes, step, grace_us)
        self._min_valid: Floats = np.array([rule.min_valid for rule in rules])
        own = [FAR if info.tag.stale_after is None else info.tag.stale_after for _, info in layer.pairs]
        self._stale_us: Ints = np.array(own, dtype=np.int64)

    def structure(self, rule: int) -> str:
        """See `rules.derived`."""
        one = self.bank.slots.rules[rule]
        assert isinstance(one, ForecastRule)
        return f"{one.of} {one.window} {one.panes} {one.ahead} {one.uncertain}"

    def _extra(self, view: View, first: Floats, second: Floats, count: Ints) -> Floats:
        """See `_Words`."""
        return np.stack((first, second, count.astype(np.float64), self.panes.begin_us(view.end).astype(np.float64)))

    def _is_stale(self, view: View) -> Bools:
        """The newest pane with usable samples ended too long ago."""
        silent_us = (view.end - view.level_pane - 1) * self.panes.width_us
        stale: Bools = silent_us > self._stale_us[view.slots]
        return stale


class MeanForecast(_ForecastKind):
    """Of the mean of the running hour, day, ..."""

    def __init__(self, tags: TagTable, layer: Layer[ForecastRule]) -> None:
        super().__init__(tags, layer, MeanWords)

    def judge(self, view: View) -> tuple[Floats, Bytes, Floats]:
        """See `PaneEndKind`."""
        size = self.panes.panes
        done = (view.end - 1) % size + 1
        made, count = total(_of_window(view.ring[0], done))
        rest = size - done
        value = over(made + np.where(rest > 0, rest * view.level, 0.0), count + rest)
        enough, stale = count / size >= self._min_valid[view.slots], self._is_stale(view)
        grade = graded(enough & ~stale, view.unsure_pane >= view.end - done)
        grade[~enough & ~stale & (rest > 0)] = NOTHING
        return rounded(value), grade, self._extra(view, over(made, count), view.level, count)


def _of_window(columns: Floats, done: Ints) -> Floats:
    """The first ``done`` panes: those of the window that has begun."""
    if (done == done[0]).all():
        return columns[: int(done[0])]
    return np.where(np.arange(len(columns))[:, np.newaxis] < done, columns, np.nan)


def _sums(view: View, some: slice) -> tuple[Floats, Floats, Floats, Floats, Ints]:
    """What a line needs, of some slots: x counts the panes of the window, y is from the newest level."""
    columns, end = view.ring[0][:, some] - view.level[some], view.end[some]
    end = end[:1] if (end == end[0]).all() else end
    x = ((np.arange(len(columns))[:, np.newaxis] - end) % len(columns)).astype(np.float64)
    known_x = np.where(np.isnan(columns), 0.0, x)
    sum_y, count = total(columns)
    return known_x.sum(axis=0), (known_x * known_x).sum(axis=0), sum_y, total(columns * x)[0], count


class ValueForecast(_ForecastKind):
    """Of the value, by the line that fits the panes best."""

    def __init__(self, tags: TagTable, layer: Layer[ForecastRule]) -> None:
        super().__init__(tags, layer, ValueWords)
        ahead = np.array([rule.ahead for rule, _ in layer.pairs], dtype=np.int64)
        self._ahead: Floats = ahead / self.panes.width_us

    def judge(self, view: View) -> tuple[Floats, Bytes, Floats]:
        """See `PaneEndKind`."""
        size = self.panes.panes
        parts = [_sums(view, slice(first, first + _AT_ONCE)) for first in range(0, len(view.slots), _AT_ONCE)]
        sum_x, sum_xx, sum_y, sum_xy, count = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        slope = over(count * sum_xy - sum_x * sum_y, count * sum_xx - sum_x * sum_x)
        middle = size - 0.5
        now = view.level + over(sum_y + slope * (count * middle - sum_x), count)
        value = view.level + over(sum_y + slope * (count * (middle + self._ahead[view.slots]) - sum_x), count)
        enough = (count >= 2) & (count / size >= self._min_valid[view.slots])
        grade = graded(enough & ~self._is_stale(view), view.unsure_pane >= view.end - size)
        return rounded(value), grade, self._extra(view, now, slope * (_MINUTE_US / self.panes.width_us), count)


def build_forecasts(tags: TagTable, rules: Sequence[ForecastRule]) -> list[Kind]:
    """Rules whose panes are alike share their rings."""
    alike: dict[tuple[str, int, int], list[ForecastRule]] = {}
    for rule in rules:
        alike.setdefault((rule.of, rule.window, rule.panes), []).append(rule)
    return [
        MeanForecast(tags, layer) if layer.rules[0].of == "mean" else ValueForecast(tags, layer)
        for some in alike.values()
        for layer in layers(tags, some, lambda rule, info: any_level(rule.limits_of(info.tag.alarms)))
        if layer.pairs
    ]
