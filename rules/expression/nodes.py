"""What is reckoned anew at every tick, one node a part, for all sources at once.

Numbers are values and grades (`park.quality.Quality`: 0 good, 1 uncertain, 2 bad; None where all are good). Conditions
are one byte: 0 false, 1 false but uncertain, 2 not known, 3 true but uncertain, 4 true. In this order *and* is the
minimum, *or* the maximum and *not* ``4 - x``: Kleene's logic, in which false and unknown is false.

A node whose parts have not moved since it was reckoned last is left as it is. Arrays have one entry a source, or one in
all where every source has the same.
"""

from collections.abc import Callable, Sequence

import numpy as np

from park.quality import Quality
from rules.arrays import FAR, NEVER, Bools, Bytes, Floats, Ints, Rows
from rules.expression.fresh import Fresh, fresh
from rules.memory import Memory
from rules.samples import Samples

FALSE, FALSE_UNSURE, UNKNOWN, TRUE_UNSURE, TRUE = range(5)
_BAD = np.uint8(Quality.BAD)


class Tick:
    """One advance of the engine: what nodes look at."""

    __slots__ = ("_fresh", "memory", "now_us", "number", "samples", "touched")

    def __init__(self, number: int, now_us: int, samples: Samples | None, memory: Memory, touched: Bools) -> None:
        self.number = number
        self.now_us = now_us
        self.samples = samples
        self.memory = memory
        #: By tag index: has a sample in ``samples``.
        self.touched = touched
        self._fresh: dict[tuple[int, bool], Fresh] = {}

    def fresh(self, ix: Rows, strict: bool) -> Fresh | None:
        """The usable samples of these tags; None: there are none. Reckoned once for the same array."""
        if self.samples is None:
            return None
        key = id(ix), strict
        found = self._fresh.get(key)
        if found is None:
            self._fresh[key] = found = fresh(self.samples, self.memory, self.touched, ix, strict)
        return found


class Node:
    """A part. ``moved`` is the number of the tick at which its result last changed, or may have."""

    __slots__ = ("made", "moved", "parts")

    def __init__(self, *parts: "Node") -> None:
        self.parts = parts
        self.made = -1
        self.moved = -1

    def look(self, tick: Tick) -> None:
        """Be up to date; the parts are."""
        for part in self.parts:
            if part.moved > self.made:
                self.made = self.moved = tick.number
                self.reckon(tick)
                return

    def reckon(self, tick: Tick) -> None:
        """From the parts."""
        raise NotImplementedError

    @property
    def wake_us(self) -> int:
        """Time alone does not move it before."""
        return self.moves_us() if self.made >= 0 else NEVER

    def moves_us(self) -> int:
        """The same of a node that is up to date."""
        return FAR

    def forget(self) -> None:
        """Look at everything anew, at the next tick."""
        self.made = -1


class Numbers(Node):
    """Has ``value`` and ``grade``."""

    __slots__ = ("grade", "value")
    value: Floats
    grade: Bytes | None


class Conditions(Node):
    """Has ``code``."""

    __slots__ = ("code",)
    code: Bytes


def worst(a: Bytes | None, b: Bytes | None) -> Bytes | None:
    """Of two grades."""
    if a is None or b is None:
        return b if a is None else a
    return np.maximum(a, b)


def _finite(value: Floats, grade: Bytes | None) -> Bytes | None:
    """What is no finite number is not known."""
    finite = np.isfinite(value)
    if finite.all():
        return grade
    return np.where(finite, np.uint8(0) if grade is None else grade, _BAD)


def of_truth(truth: Bools, grade: Bytes | None) -> Bytes:
    """Codes of what is so or not, as far as it is known."""
    if grade is None:
        return truth.view(np.uint8) << np.uint8(2)
    return np.where(truth, np.uint8(4) - grade, grade)


# -- numbers ---------------------------------------------------------------------------------------------------------


class Linear(Numbers):
    """``scale * of + offset``; either may be given by source."""

    __slots__ = ("_of", "_offset", "_scale")

    def __init__(self, of: Numbers, scale: "float | Floats", offset: "float | Floats") -> None:
        super().__init__(of)
        self._of, self._scale, self._offset = of, scale, offset

    def reckon(self, tick: Tick) -> None:
        """See `Node`."""
        self.value = self._of.value * self._scale + self._offset
        self.grade = _finite(self.value, self._of.grade)


_ARITHMETIC: dict[str, Callable[[Floats, Floats], Floats]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
}


class Reckoned(Numbers):
    """``left op right``"""

    __slots__ = ("_left", "_op", "_right")

    def __init__(self, op: str, left: Numbers, right: Numbers) -> None:
        super().__init__(left, right)
        self._op, self._left, self._right = _ARITHMETIC[op], left, right

    def reckon(self, tick: Tick) -> None:
        """See `Node`."""
        self.value = self._op(self._left.value, self._right.value)
        self.grade = _finite(self.value, worst(self._left.grade, self._right.grade))


class Magnitude(Numbers):
    """``abs(x)``"""

    __slots__ = ("_of",)

    def __init__(self, of: Numbers) -> None:
        super().__init__(of)
        self._of = of

    def reckon(self, tick: Tick) -> None:
        """See `Node`."""
        self.value, self.grade = np.abs(self._of.value), self._of.grade


class Outermost(Numbers):
    """The least or greatest of several numbers, all of which must be known."""

    __slots__ = ("_greatest", "_of")

    def __init__(self, greatest: bool, *of: Numbers) -> None:
        super().__init__(*of)
        self._greatest, self._of = greatest, of

    def reckon(self, tick: Tick) -> None:
        """See `Node`."""
        pick = np.maximum if self._greatest else np.minimum
        self.value, self.grade = self._of[0].value, self._of[0].grade
        for part in self._of[1:]:
            self.value = pick(self.value, part.value)
            self.grade = worst(self.grade, part.grade)


# -- conditions ------------------------------------------------------------------------------------------------------

_COMPARE: dict[str, Callable[[Floats, Floats], Bools]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}


class Comparing(Conditions):
    """``left op right``"""

    __slots__ = ("_left", "_op", "_right")

    def __init__(self, op: str, left: Numbers, right: Numbers) -> None:
        super().__init__(left, right)
        self._op, self._left, self._right = _COMPARE[op], left, right

    def reckon(self, tick: Tick) -> None:
        """See `Node`."""
        left, right = self._left, self._right
        self.code = of_truth(self._op(left.value, right.value), worst(left.grade, right.grade))


class Joining(Conditions):
    """*And* or *or*."""

    __slots__ = ("_of", "_pick")

    def __init__(self, op: str, *of: Conditions) -> None:
        super().__init__(*of)
        self._pick: Callable[[Bytes, Bytes], Bytes] = np.minimum if op == "and" else np.maximum
        self._of: Sequence[Conditions] = of

    def reckon(self, tick: Tick) -> None:
        """See `Node`."""
        code = self._of[0].code
        for part in self._of[1:]:
            code = self._pick(code, part.code)
        self.code = code


class Inverting(Conditions):
    """*Not*."""

    __slots__ = ("_of",)

    def __init__(self, of: Conditions) -> None:
        super().__init__(of)
        self._of = of

    def reckon(self, tick: Tick) -> None:
        """See `Node`."""
        self.code = np.uint8(TRUE) - self._of.code


class BitOfWord(Conditions):
    """``bit(word, n)``; of negative words as two's complement."""

    __slots__ = ("_number", "_of")

    def __init__(self, of: Numbers, number: int) -> None:
        super().__init__(of)
        self._of, self._number = of, number

    def reckon(self, tick: Tick) -> None:
        """See `Node`."""
        shifted = np.floor(self._of.value / 2.0**self._number)
        self.code = of_truth(np.fmod(shifted, 2.0) != 0.0, self._of.grade)


_LEVELS = np.arange(TRUE, dtype=np.uint8)[:, np.newaxis]


class Holding(Conditions):
    """``hold(x, 30s)``: *and* over all ticks of the last 30 seconds; what was before the first tick was false."""

    __slots__ = ("_due_us", "_hold_us", "_of", "since_us")

    def __init__(self, of: Conditions, hold_us: int, count: int) -> None:
        super().__init__(of)
        self._of, self._hold_us = of, hold_us
        #: By code less 1: since when it has been at least that; `FAR`: it is not.
        self.since_us: Ints = np.full((TRUE, count), FAR, dtype=np.int64)
        self._due_us = NEVER

    def look(self, tick: Tick) -> None:
        """See `Node`."""
        if self._of.moved > self.made or tick.now_us >= self._due_us:
            self.made = self.moved = tick.number
            self.reckon(tick)

    def moves_us(self) -> int:
        """See `Node`."""
        return self._due_us

    def reckon(self, tick: Tick) -> None:
        """See `Node`."""
        # In place: the rows may be the rule's own columns.
        now_us, since_us = tick.now_us, self.since_us
        np.minimum(since_us, now_us, out=since_us)
        np.copyto(since_us, FAR, where=self._of.code <= _LEVELS)
        due_us = since_us + self._hold_us
        over = due_us <= now_us
        self.code = np.add.reduce(over, axis=0, dtype=np.uint8)
        self._due_us = int(np.where(over, FAR, due_us).min(initial=FAR))
