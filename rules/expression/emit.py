"""Typed parts to nodes."""

from collections.abc import Mapping

from rules.arrays import Rows
from rules.expression.leaves import Constant, HourOfDay, TagAge, TagKnown, TagStale, TimeOfDay
from rules.expression.nodes import (
    BitOfWord,
    Comparing,
    Conditions,
    Holding,
    Inverting,
    Joining,
    Linear,
    Magnitude,
    Numbers,
    Outermost,
    Reckoned,
)
from rules.expression.pool import Pool
from rules.expression.resolve import Named
from rules.expression.typed import (
    Absolute,
    Age,
    Between,
    Bit,
    Compared,
    Computed,
    Cond,
    Const,
    Extreme,
    Held,
    Hour,
    Inverse,
    Joined,
    Known,
    Num,
    Scaled,
    Silent,
    Value,
    Windowed,
)


class Emitter:
    """Makes the nodes of one rule, for ``count`` sources."""

    def __init__(self, pool: Pool, named: Mapping[str, Named], strict: bool, count: int) -> None:
        self.holds: list[Holding] = []
        self._pool = pool
        self._named = named
        self._strict = strict
        self._count = count
        self._numbers: dict[Num, Numbers] = {}
        self._conditions: dict[Cond, Conditions] = {}

    def number(self, part: Num) -> Numbers:
        """The node of a number; the same for the same part."""
        if part not in self._numbers:
            self._numbers[part] = self._number(part)
        return self._numbers[part]

    def condition(self, part: Cond) -> Conditions:
        """The node of a condition; the same for the same part."""
        if part not in self._conditions:
            self._conditions[part] = self._condition(part)
        return self._conditions[part]

    def node(self, part: Num | Cond) -> Numbers | Conditions:
        """Of either."""
        return self.number(part) if isinstance(part, Num) else self.condition(part)

    def _number(self, part: Num) -> Numbers:
        pool = self._pool
        match part:
            case Const(value=value):
                return pool.make(Constant, value)
            case Value(ref=ref):
                return self._in_unit(pool.value(self._ix(ref), self._strict), self._named[ref])
            case Windowed():
                return self._window(part)
            case Age(ref=ref):
                return pool.make(TagAge, pool.value(self._ix(ref), self._strict))
            case Hour():
                return pool.make(HourOfDay)
            case Scaled(of=of, scale=scale, offset=offset):
                return pool.make(Linear, self.number(of), scale, offset)
            case Computed(op=op, left=left, right=right):
                return pool.make(Reckoned, op, self.number(left), self.number(right))
            case Absolute(of=of):
                return pool.make(Magnitude, self.number(of))
            case Extreme(greatest=greatest, of=many):
                return pool.make(Outermost, greatest, *(self.number(one) for one in many))
        raise AssertionError(part)

    def _condition(self, part: Cond) -> Conditions:
        pool = self._pool
        match part:
            case Compared(op=op, left=left, right=right):
                return pool.make(Comparing, op, self.number(left), self.number(right))
            case Joined(op=op, of=many):
                return pool.make(Joining, op, *(self.condition(one) for one in many))
            case Inverse(of=of):
                return pool.make(Inverting, self.condition(of))
            case Bit(of=word, number=number):
                return pool.make(BitOfWord, self.number(word), number)
            case Known(ref=ref):
                return pool.make(TagKnown, pool.value(self._ix(ref), self._strict))
            case Silent(ref=ref):
                return pool.make(TagStale, pool.value(self._ix(ref), self._strict))
            case Between(first=first, end=end):
                return pool.make(TimeOfDay, first, end)
            case Held(of=of, us=us):
                # Its state is the rule's own.
                hold = pool.add(Holding(self.condition(of), us, self._count))
                self.holds.append(hold)
                return hold
        raise AssertionError(part)

    def _ix(self, ref: str) -> Rows:
        return self._named[ref].ix

    def _window(self, part: Windowed) -> Numbers:
        named = self._named[part.ref]
        node = self._pool.window(part.what, named.ix, part.us, self._strict)
        if part.what == "count":
            return node
        return self._in_unit(node, named, is_difference=part.what in ("stddev", "rate"))

    def _in_unit(self, node: Numbers, named: Named, is_difference: bool = False) -> Numbers:
        """In the unit of the name, where its tags have several."""
        if named.scale is None or named.offset is None:
            return node
        return self._pool.add(Linear(node, named.scale, 0.0 if is_difference else named.offset))
