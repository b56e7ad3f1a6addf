"""What the checker knows of a part, and what functions ask of the checker."""

from dataclasses import dataclass
from typing import Protocol

from rules.expression.dims import Measure
from rules.expression.problems import Problems
from rules.expression.resolve import Named
from rules.expression.tree import Name, Node
from rules.expression.typed import Cond, Num


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and what it measures."""

    num: Num
    measure: Measure
    #: The units of its tags, where they have several: a bare number could mean any.
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Leaf:
    """What is read from the plant, for sentences: ``mean(nmhc, 10m) 84.2 mg/m3``."""

    text: str
    part: Num | Cond
    #: Empty for plain numbers and conditions; None for durations.
    unit: str | None


class Checks(Protocol):
    """The checker, as functions see it."""

    problems: Problems
    #: Distinct windows and holds so far: their number is limited.
    windows: set[tuple[str, int]]
    holds: set[Cond]

    def source(self, node: Node) -> str:
        """The text of a part, in one line."""

    def named(self, node: Name) -> Named | None:
        """The tags of a name; None where it is unknown, which has been told."""

    def leaf(self, node: Node, part: Num | Cond, unit: str | None = "") -> None:
        """To be told of in sentences."""

    def number(self, node: Node) -> Quantity | None:
        """Something that can be reckoned with; None: it is wrong, which has been told."""

    def condition(self, node: Node) -> Cond | None:
        """Something that is so or is not; None: it is wrong, which has been told."""

    def alike(self, a: Quantity, b: Quantity, a_node: Node, b_node: Node, verb: str) -> tuple[Num, Num, Measure]:
        """Both in one unit, and what they measure then."""
