"""The kinds of rules, one module each, named as in ``kind:``."""

from collections.abc import Callable, Sequence
from typing import Any

from park.index import TagTable
from rules.kind import Kind
from rules.kinds.limit import build_limits
from rules.kinds.stale import build_stale

#: ``kind:`` -> makes what evaluates all rules of that kind.
KINDS: dict[str, Callable[[TagTable, Sequence[Any]], Sequence[Kind]]] = {
    "limit": build_limits,
    "stale": build_stale,
}
