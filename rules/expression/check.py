"""Holds a tree against the park: types and units of operators. What is right becomes typed parts."""

from dataclasses import replace

from rules.expression import calls
from rules.expression.dims import (
    SECONDS,
    Incompatible,
    Measure,
    conversion,
    difference,
    is_plain,
    is_time,
    literal,
    product,
)
from rules.expression.problems import Problems
from rules.expression.quantity import Leaf, Quantity
from rules.expression.resolve import Named, Resolved
from rules.expression.tree import (
    Arithmetic,
    Call,
    Comparison,
    Logic,
    Name,
    Negative,
    Node,
    Not,
    Number,
    Span,
    Wrong,
)
from rules.expression.typed import Compared, Computed, Cond, Const, Inverse, Joined, Num, Scaled, Value


class Checker:
    """Types one expression. Everything that is wrong goes to ``problems``; then there is no typed part (None)."""

    def __init__(self, text: str, names: Resolved, problems: Problems) -> None:
        self.text = text
        self.problems = problems
        self.leaves: list[Leaf] = []
        #: The sides of the first comparison, which stand for value and limit.
        self.first: tuple[Num, Num] | None = None
        self.windows: set[tuple[str, int]] = set()
        self.holds: set[Cond] = set()
        self._names = names

    def source(self, node: Node) -> str:
        """The text of a part, in one line."""
        return " ".join(self.text[node.at : node.end].split())

    def named(self, node: Name) -> Named | None:
        """The tags of a name; None where it is unknown, which has been told."""
        ref = self._names.refs.get(node.text)
        return None if ref is None else self._names.named.get(ref)

    def leaf(self, node: Node, part: Num | Cond, unit: str | None = "") -> None:
        """To be told of in sentences."""
        leaf = Leaf(self.source(node), part, unit)
        if leaf not in self.leaves:
            self.leaves.append(leaf)

    # -- conditions --------------------------------------------------------------------------------------------------

    def condition(self, node: Node) -> Cond | None:
        """What is so or is not."""
        match node:
            case Logic(op=op, operands=operands):
                parts = [self.condition(operand) for operand in operands]
                return None if None in parts else Joined(op, tuple(part for part in parts if part is not None))
            case Not(operand=operand):
                part = self.condition(operand)
                return None if part is None else Inverse(part)
            case Comparison():
                return self._comparison(node)
            case Call() if calls.gives_condition(node):
                return calls.condition(self, node)
            case Wrong():
                return None
        if self.number(node) is not None:
            what = self.source(node)
            cure = f"compare it, such as {what} > 0" if isinstance(node, (Name, Call)) else "compare it with something"
            self.problems.add(node.at, f"a condition is needed here, and {what} is a number; {cure}")
        return None

    def _comparison(self, node: Comparison) -> Cond | None:
        sides = [self.number(operand) for operand in node.operands]
        parts: list[Cond] = []
        for n, op in enumerate(node.ops):
            left, right = sides[n], sides[n + 1]
            if left is None or right is None:
                continue
            if isinstance(left.num, Const) and isinstance(right.num, Const):
                self.problems.add(node.op_ats[n], "both sides are fixed numbers; one should be measured")
                continue
            a, b, _ = self.alike(left, right, node.operands[n], node.operands[n + 1], "compare")
            self.first = self.first or (a, b)
            parts.append(Compared(op, a, b))
        if len(parts) < len(node.ops):
            return None
        return parts[0] if len(parts) == 1 else Joined("and", tuple(parts))

    # -- numbers -----------------------------------------------------------------------------------------------------

    def number(self, node: Node) -> Quantity | None:
        """Something that can be reckoned with."""
        match node:
            case Number(value=value, unit=unit):
                return Quantity(Const(value), literal(unit))
            case Span(us=us):
                return Quantity(Const(us / 1e6), replace(SECONDS, is_literal=True))
            case Name():
                return self._value(node)
            case Negative(operand=operand):
                return self._negative(operand)
            case Arithmetic():
                return self._arithmetic(node)
            case Call() if not calls.gives_condition(node):
                return calls.number(self, node)
            case Wrong():
                return None
        if calls.is_time_of_day(node):
            self.problems.add(node.at, f"{self.source(node)} is a time of day; it stands only in between(22:00, 06:00)")
        else:
            self.condition(node)
            self.problems.add(node.at, f"a number is needed here, and {self.source(node)} is a condition")
        return None

    def _value(self, node: Name) -> Quantity | None:
        named = self.named(node)
        if named is None:
            return None
        part = Value(named.ref)
        self.leaf(node, part, named.unit)
        return Quantity(part, named.measure, named.units if len(named.units) > 1 else ())

    def _negative(self, operand: Node) -> Quantity | None:
        of = self.number(operand)
        if of is None:
            return None
        return replace(of, num=Const(-of.num.value) if isinstance(of.num, Const) else Scaled(of.num, -1.0, 0.0))

    def _arithmetic(self, node: Arithmetic) -> Quantity | None:
        left, right = self.number(node.left), self.number(node.right)
        if left is None or right is None:
            return None
        if node.op == "/" and isinstance(right.num, Const) and right.num.value == 0:
            self.problems.add(node.right.at, "division by zero")
            return None
        if node.op in "*/":
            return self._multiplied(node, left, right)
        return self._added(node, left, right)

    def _multiplied(self, node: Arithmetic, left: Quantity, right: Quantity) -> Quantity | None:
        try:
            measure, scale = product(left.measure, right.measure, node.op)
        except Incompatible as error:
            self.problems.add(node.op_at, f"{self.source(node)}: {error}")
            return None
        num = _computed(node.op, left.num, right.num)
        return Quantity(_scaled(num, scale, 0.0), measure, () if is_plain(measure) else left.units or right.units)

    def _added(self, node: Arithmetic, left: Quantity, right: Quantity) -> Quantity | None:
        both_absolute = not (_is_difference(left) or _is_difference(right))
        left, right = _as_difference(left), _as_difference(right)
        a, b, measure = self.alike(left, right, node.left, node.right, "add" if node.op == "+" else "subtract")
        if node.op == "-" and both_absolute:
            measure = difference(measure)
        elif not (_is_difference(left) and _is_difference(right)):
            measure = replace(measure, is_difference=False)
        is_literal = left.measure.is_literal and right.measure.is_literal
        return Quantity(_computed(node.op, a, b), replace(measure, is_literal=is_literal), left.units or right.units)

    def alike(self, a: Quantity, b: Quantity, a_node: Node, b_node: Node, verb: str) -> tuple[Num, Num, Measure]:
        """Both in one unit, and what they measure then. What cannot be is told, at the second."""
        for bare, other, node in ((a, b, a_node), (b, a, b_node)):
            if bare.measure.unit is None and other.units:
                several = ", ".join(other.units)
                self.problems.add(node.at, f"the tags are in several units ({several}); write the unit of this number")
        if a.measure.unit is None or b.measure.unit is None:
            return a.num, b.num, b.measure if a.measure.unit is None else a.measure
        to_b = a.measure.is_literal and not b.measure.is_literal
        given, wanted = (a, b) if to_b else (b, a)
        try:
            scale, offset = conversion(given.measure, wanted.measure)
        except Incompatible as error:
            self.problems.add(b_node.at, self._unlike(a, b, a_node, b_node, verb, error))
            scale, offset = 1.0, 0.0
        num = _scaled(given.num, scale, offset)
        return (num, b.num, b.measure) if to_b else (a.num, num, a.measure)

    def _unlike(self, a: Quantity, b: Quantity, a_node: Node, b_node: Node, verb: str, error: Incompatible) -> str:
        sides = " and ".join(f"{self.source(node)} ({of.measure})" for node, of in ((a_node, a), (b_node, b)))
        hint = ""
        for node, other in ((a_node, b), (b_node, a)):
            if isinstance(node, Span) and not is_time(other.measure):
                hint = f"; {self.source(node)} is a duration, metres are written with a space: 2 m"
        return f"cannot {verb} {sides}: {error}{hint}"


def _computed(op: str, left: Num, right: Num) -> Num:
    if isinstance(left, Const) and isinstance(right, Const):
        a, b = left.value, right.value
        return Const({"+": a + b, "-": a - b, "*": a * b}[op] if op != "/" else a / b)
    return Computed(op, left, right)


def _scaled(num: Num, scale: float, offset: float) -> Num:
    if (scale, offset) == (1.0, 0.0):
        return num
    if isinstance(num, Const):
        # 313.15 K are 40 °C, not 39.999999999999943.
        return Const(float(f"{num.value * scale + offset:.12g}") if offset else num.value * scale)
    return Scaled(num, scale, offset)


def _is_difference(of: Quantity) -> bool:
    return of.measure.is_difference or of.measure.is_literal


def _as_difference(of: Quantity) -> Quantity:
    """Of ``x - 5 °C``, the 5 °C: not a temperature, but how much lower."""
    if of.measure.is_literal and of.measure.unit is not None:
        return replace(of, measure=replace(of.measure, is_difference=True))
    return of
