"""The kinds of rules, one module each, named as in ``kind:``."""

from collections.abc import Callable, Sequence
from typing import Any

from park.index import TagTable
from rules.kind import Kind
from rules.kinds.deviation import build_deviations
from rules.kinds.expression import build_expressions
from rules.kinds.forecast import build_forecasts
from rules.kinds.frozen import build_frozen
from rules.kinds.limit import build_limits
from rules.kinds.quality import build_quality
from rules.kinds.range import build_range
from rules.kinds.rate import build_rate
from rules.kinds.sequence import build_sequences
from rules.kinds.stale import build_stale
from rules.kinds.vote import build_votes
from rules.kinds.window import build_windows

#: ``kind:`` -> makes what evaluates all rules of that kind.
KINDS: dict[str, Callable[[TagTable, Sequence[Any]], Sequence[Kind]]] = {
    "limit": build_limits,
    "stale": build_stale,
    "vote": build_votes,
    "rate": build_rate,
    "frozen": build_frozen,
    "range": build_range,
    "quality": build_quality,
    "window": build_windows,
    "deviation": build_deviations,
    "forecast": build_forecasts,
    "expression": build_expressions,
    "sequence": build_sequences,
}
