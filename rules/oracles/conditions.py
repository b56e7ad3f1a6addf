"""The executable specification of conditions (``deploy/docs/expressions.md``): one source, one part at a time.

Of the language it shares the parser, nothing else.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import stdev

from park import units
from park.index import TagInfo, TagTable
from park.model import SourceKind
from park.quality import Quality
from rules.expression import tree
from rules.expression.parse import parse
from rules.expression.problems import Problems
from rules.oracles.base import Sample

GOOD, UNCERTAIN, BAD = Quality.GOOD, Quality.UNCERTAIN, Quality.BAD
_EAST = 8 * 3_600_000_000
_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number; ``unit`` None: written without, takes that of what it meets."""

    value: float
    grade: Quality
    unit: str | None = None
    #: Of two temperatures: only the scale of its unit matters.
    difference: bool = False


@dataclass(frozen=True, slots=True)
class Truth:
    """Whether it is so; nothing is said where the grade is BAD."""

    so: bool
    grade: Quality


class History:
    """All that was ever measured of one tag, and when we began to watch."""

    def __init__(self, info: TagInfo, unit: str, strict: bool) -> None:
        """``unit``: in which its values are told; as the first source of the rule has it."""
        self.info = info
        self.unit = unit
        self.strict = strict
        self.newest: Quality | None = None
        self.used: Sample | None = None
        #: With the clock at which each was evaluated.
        self.usable: list[tuple[int, Sample]] = []
        self.watched_since: int | None = None

    def take(self, now: int, samples: Sequence[Sample]) -> None:
        """What an advance brought."""
        if self.watched_since is None:
            self.watched_since = now
        for sample in samples:
            self.newest = BAD if self.strict and sample.quality is UNCERTAIN else sample.quality
            if self.newest is not BAD:
                scale, offset = units.factor_offset(self.info.tag.unit, self.unit)
                self.used = sample._replace(value=scale * sample.value + offset)
                self.usable.append((now, self.used))

    def is_old(self, now: int) -> bool:
        """No usable sample for longer than the timeout, or none ever; never without a timeout [2.3, 2.7]."""
        timeout = self.info.tag.stale_after
        return timeout is not None and (self.used is None or now - self.used.time > timeout)

    def known(self, now: int) -> Quantity:
        """The value as of now."""
        if self.used is None or self.newest is None or self.is_old(now):
            return Quantity(math.nan, BAD, self.unit)
        return Quantity(self.used.value, self.newest, self.unit)


class Window:
    """The last so long of a tag, cut into panes."""

    def __init__(self, of: History, length: int, now: int) -> None:
        panes = max(count for count in range(4, 61, 4) if length % count == 0)
        width, quarter = length // panes, length // 4
        last = now // width
        self.samples: list[Sample] = []
        covered = set()
        for clock, sample in of.usable:
            counted = min(sample.time, clock)
            if last - panes < counted // width <= last and clock // width - panes < counted // width:
                self.samples.append(sample)
                covered.add(counted // quarter)
        self.enough = sum(now // quarter - back in covered for back in range(4)) >= 3
        assert of.watched_since is not None
        self.watched = last - of.watched_since // width >= panes
        self.grade = UNCERTAIN if any(sample.quality is UNCERTAIN for sample in self.samples) else GOOD

    def aggregate(self, what: str) -> float:
        """Of at least one sample."""
        values = [sample.value for sample in self.samples]
        match what:
            case "mean":
                return sum(values) / len(values)
            case "stddev":
                return stdev(values)
            case "rate":
                seconds = (self.samples[-1].time - self.samples[0].time) / 1e6
                return (values[-1] - values[0]) / seconds
            case "sum":
                return float(sum(values))
        return max(values) if what == "max" else min(values)


class Names:
    """The tags that a source knows."""

    def __init__(self, tags: TagTable, enterprise: str, source: str, names: Mapping[str, str]) -> None:
        self._tags = tags
        self._enterprise, self._source, self._names = enterprise, source, names

    def find(self, text: str) -> TagInfo | None:
        """The tag that a name means here."""
        parts = text.split(".")
        for size in range(len(parts), 0, -1):
            meant = self._names.get(".".join(parts[:size]))
            if meant is not None:
                return self._plain([*meant.split("."), *parts[size:]])
        return self._plain(parts) or self._wind(text)

    def _plain(self, parts: Sequence[str]) -> TagInfo | None:
        park = self._tags.park.id
        if len(parts) == 1:
            return self._of(self._enterprise, self._source, parts[0])
        if len(parts) == 2:
            own = any(info.source_id == f"{self._enterprise}.{parts[0]}" for info in self._tags.infos)
            return self._of(self._enterprise if own else park, parts[0], parts[1])
        if len(parts) == 3 and parts[0] in (self._enterprise, park):
            return self._of(*parts)
        return None

    def _of(self, enterprise: str, source: str, name: str) -> TagInfo | None:
        infos = [info for info in self._tags.infos if info.source_id == f"{enterprise}.{source}"]
        by_id = [info for info in infos if info.tag.id == name]
        by_quantity = [info for info in infos if info.tag.quantity == name]
        return by_id[0] if by_id else by_quantity[0] if len(by_quantity) == 1 else None

    def _wind(self, text: str) -> TagInfo | None:
        stations = {
            info.source.id
            for info in self._tags.infos
            if info.enterprise == self._tags.park.id and info.source.kind is SourceKind.WEATHER_STATION
        }
        if text not in ("wind.speed", "wind.direction") or len(stations) != 1:
            return None
        return self._of(self._tags.park.id, stations.pop(), text.replace(".", "_"))


def names_in(text: str) -> list[str]:
    """All that a text looks at."""
    return [node.text for node in tree.walk(parse(text, Problems())) if isinstance(node, tree.Name)]


class Condition:
    """One text for one source, and all that it remembers."""

    def __init__(self, text: str, find: Names, first: Names, strict: bool) -> None:
        """``first``: of the rule's first source."""
        self._root = parse(text, Problems())
        self._of: dict[str, History] = {}
        for name in names_in(text):
            info, lead = find.find(name), first.find(name)
            assert info is not None
            assert lead is not None
            self._of[name] = History(info, lead.tag.unit, strict)
        self._now = 0
        #: By place of each ``hold``: what its condition was at every advance.
        self._held: dict[int, list[tuple[int, Truth]]] = {}

    def advance(self, now: int, played: Mapping[int, Sequence[Sample]]) -> Truth:
        """As of now."""
        self._now = now
        for history in self._of.values():
            history.take(now, played.get(history.info.ix, ()))
        return self._truth(self._root)

    def resume(self) -> None:
        """We were away: how few samples came meanwhile says nothing."""
        for history in self._of.values():
            history.watched_since = None

    def sides(self) -> tuple[float | None, float | None]:
        """Of the first comparison, as of the last advance; None: not known, or there is none."""
        first = next((node for node in tree.walk(self._root) if isinstance(node, tree.Comparison)), None)
        if first is None:
            return None, None
        a, b = _alike(self._quantity(first.operands[0]), self._quantity(first.operands[1]))
        return (None if a.grade is BAD else a.value), (None if b.grade is BAD else b.value)

    # -- conditions --------------------------------------------------------------------------------------------------

    def _truth(self, node: tree.Node) -> Truth:
        match node:
            case tree.Logic(op="and", operands=operands):
                return _all([self._truth(one) for one in operands])
            case tree.Logic(operands=operands):
                return _not(_all([_not(self._truth(one)) for one in operands]))
            case tree.Not(operand=operand):
                return _not(self._truth(operand))
            case tree.Comparison():
                return self._comparison(node)
            case tree.Call(name=name, args=args):
                return self._truth_call(name, args, node.at)
        raise AssertionError(node)

    def _comparison(self, node: tree.Comparison) -> Truth:
        sides = [self._quantity(one) for one in node.operands]
        found = []
        for number, op in enumerate(node.ops):
            a, b = _alike(sides[number], sides[number + 1])
            found.append(Truth(_compare(op, a.value, b.value), max(a.grade, b.grade)))
        return _all(found)

    def _truth_call(self, name: str, args: Sequence[tree.Node], at: int) -> Truth:
        match name, args:
            case "valid", [tree.Name(text=tag)]:
                return Truth(self._of[tag].known(self._now).grade is not BAD, GOOD)
            case "stale", [tree.Name(text=tag)]:
                return Truth(self._of[tag].is_old(self._now), GOOD)
            case "bit", [word, tree.Number(value=place)]:
                of = self._quantity(word)
                if of.grade is BAD:
                    return Truth(False, BAD)
                return Truth(math.floor(of.value / 2**place) % 2 == 1, of.grade)
            case "hold", [condition, tree.Span(us=us)]:
                return self._hold(condition, us, at)
            case "between", [tree.Clock(minute=first), tree.Clock(minute=end)]:
                minute = (self._now + _EAST) % _DAY // 60_000_000
                inside = first <= minute < end if first < end else not end <= minute < first
                return Truth(inside, GOOD)
        raise AssertionError(name)

    def _hold(self, condition: tree.Node, us: int, at: int) -> Truth:
        """*And* of what it was all the time from then to now; false before the first advance."""
        seen = self._held.setdefault(at, [])
        now = (self._now, self._truth(condition))
        if not seen or seen[-1] != now:
            seen.append(now)
        before = [truth for time, truth in seen if time <= self._now - us]
        since = [truth for time, truth in seen if time > self._now - us]
        return _all([before[-1] if before else Truth(False, GOOD), *since])

    # -- numbers -----------------------------------------------------------------------------------------------------

    def _quantity(self, node: tree.Node) -> Quantity:
        match node:
            case tree.Number(value=value, unit=unit):
                return Quantity(value, GOOD, unit)
            case tree.Span(us=us):
                return Quantity(us / 1e6, GOOD, "s")
            case tree.Name(text=text):
                return self._of[text].known(self._now)
            case tree.Negative(operand=operand):
                of = self._quantity(operand)
                return Quantity(-of.value, of.grade, of.unit, of.difference)
            case tree.Arithmetic():
                return self._arithmetic(node)
            case tree.Call(name=name, args=args):
                return self._call(name, args)
        raise AssertionError(node)

    def _arithmetic(self, node: tree.Arithmetic) -> Quantity:
        a, b = self._quantity(node.left), self._quantity(node.right)
        if node.op in "*/":
            # A quotient of alike numbers is a plain one; other products are beyond this specification.
            unit = a.unit or b.unit if a.unit is None or b.unit is None else ""
        else:
            both = not (a.difference or b.difference or _is_written(node.left) or _is_written(node.right))
            if _is_written(node.left) or _is_written(node.right):
                a, b = _as_difference(a, node.left), _as_difference(b, node.right)
            a, b = _alike(a, b)
            unit = a.unit
        grade = max(a.grade, b.grade)
        try:
            value = {"+": a.value + b.value, "-": a.value - b.value, "*": a.value * b.value}.get(node.op)
            value = a.value / b.value if value is None else value
        except (ZeroDivisionError, OverflowError):
            return Quantity(math.nan, BAD, unit)
        difference = both if node.op == "-" else a.difference and b.difference
        return Quantity(value, grade if math.isfinite(value) else BAD, unit, difference)

    def _call(self, name: str, args: Sequence[tree.Node]) -> Quantity:
        match name, args:
            case "hour", []:
                return Quantity((self._now + _EAST) % _DAY // 3_600_000_000, GOOD, "")
            case "age", [tree.Name(text=tag)]:
                used = self._of[tag].used
                seconds = math.nan if used is None else max(self._now - used.time, 0) / 1e6
                return Quantity(seconds, BAD if used is None else GOOD, "s")
            case "abs", [of]:
                number = self._quantity(of)
                return Quantity(abs(number.value), number.grade, number.unit, number.difference)
            case _, [tree.Name(text=tag), tree.Span(us=us)]:
                return self._window(name, self._of[tag], us)
        numbers = [self._quantity(arg) for arg in args]
        lead = next((one for one in numbers if one.unit is not None), numbers[0])
        numbers = [_alike(lead, one)[1] for one in numbers]
        pick = max if name == "max" else min
        return Quantity(pick(one.value for one in numbers), max(one.grade for one in numbers), lead.unit)

    def _window(self, what: str, of: History, us: int) -> Quantity:
        window = Window(of, us, self._now)
        unit = f"{of.unit}/s" if what == "rate" else of.unit
        if what == "count":
            return Quantity(len(window.samples), window.grade if window.watched else BAD, "")
        if not window.enough:
            return Quantity(math.nan, BAD, unit)
        return Quantity(window.aggregate(what), window.grade, unit, what in ("stddev", "rate"))


def _all(parts: Sequence[Truth]) -> Truth:
    """Kleene's *and*: false as soon as one is known to be false, as surely as the surest of those."""
    known = [part for part in parts if part.grade is not BAD]
    false = [part.grade for part in known if not part.so]
    if false:
        return Truth(False, min(false))
    if len(known) < len(parts):
        return Truth(False, BAD)
    return Truth(True, max(part.grade for part in parts))


def _not(part: Truth) -> Truth:
    return Truth(not part.so, part.grade)


def _compare(op: str, a: float, b: float) -> bool:
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a == b, "!=": a != b}[op]


def _is_written(node: tree.Node) -> bool:
    return isinstance(node, tree.Number)


def _as_difference(of: Quantity, node: tree.Node) -> Quantity:
    return Quantity(of.value, of.grade, of.unit, True) if _is_written(node) else of


def _alike(a: Quantity, b: Quantity) -> tuple[Quantity, Quantity]:
    """``b`` in the unit of ``a``; a number without unit takes that of the other."""
    if a.unit is None or b.unit is None or a.unit == b.unit:
        return a, b
    scale, offset = units.factor_offset(b.unit, a.unit)
    offset = 0.0 if a.difference or b.difference else offset
    return a, Quantity(scale * b.value + offset, b.grade, a.unit, b.difference)
