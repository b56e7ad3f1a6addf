"""The kinds of rules, one module each, named as in ``kind:``."""

from collections.abc import Callable
from typing import Any

from park.index import TagTable
from rules.kind import Kind
from rules.kinds.limit import LimitKind
from rules.kinds.stale import StaleKind

#: ``kind:`` -> what evaluates a rule of that kind.
KINDS: dict[str, Callable[[TagTable, Any], Kind]] = {
    "limit": LimitKind,
    "stale": StaleKind,
}
