"""Holds a tree against the park: names, units, types, numbers of arguments. What is right becomes typed parts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from park.duration import format_duration
from rules.expression.dims import (
    ANY,
    PLAIN,
    SECONDS,
    Incompatible,
    Measure,
    conversion,
    difference,
    is_same,
    literal,
    product,
)
from rules.expression.calls import Calls
from rules.expression.functions import ALSO, FUNCTIONS
from rules.expression.problems import Problems
from rules.expression.resolve import Named, Resolved
from rules.expression.tree import (
    Arithmetic,
    Call,
    Clock,
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
