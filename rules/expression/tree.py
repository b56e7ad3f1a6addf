"""What a text is made of, as the parser understood it. Offsets into the text count from 0."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Node:
    """Begins at ``at`` and ends before ``end``."""

    at: int
    end: int


@dataclass(frozen=True, slots=True)
class Number(Node):
    """``3``, ``3 m/s``. Without a unit it takes that of what it meets."""

    value: float
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Span(Node):
    """A duration: ``10m``."""

    us: int


@dataclass(frozen=True, slots=True)
class Clock(Node):
    """A time of day: ``22:00``; minutes since midnight."""

    minute: int


@dataclass(frozen=True, slots=True)
class Name(Node):
    """Of a tag: ``nmhc``, ``background.nmhc``, ``wind.speed``."""

    text: str


@dataclass(frozen=True, slots=True)
class Negative(Node):
    """``-x``"""

    operand: Node


@dataclass(frozen=True, slots=True)
class Not(Node):
    """``not x``"""

    operand: Node


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    """``x + y``; ``op`` is one of ``+ - * /`` and stands at ``op_at``."""

    op: str
    op_at: int
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    """``a < b <= c``: one operator fewer than operands; each is one of ``< <= > >= == !=``."""

    ops: tuple[str, ...]
    op_ats: tuple[int, ...]
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """``a and b and c``"""

    op: str
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Call(Node):
    """``mean(x, 10m)``"""

    name: str
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Wrong(Node):
    """What could not be read; it has been told of."""


def children(node: Node) -> tuple[Node, ...]:
    """The parts of a node, from left to right."""
    match node:
        case Negative(operand=operand) | Not(operand=operand):
            return (operand,)
        case Arithmetic(left=left, right=right):
            return (left, right)
        case Comparison(operands=operands) | Logic(operands=operands):
            return operands
        case Call(args=args):
            return args
    return ()


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, from left to right."""
    yield node
    for child in children(node):
        yield from walk(child)
