"""What no live rule watches: limits of the park file, and silence, that would go unnoticed."""

from collections.abc import Iterator, Sequence

import numpy as np

from rules.arrays import Bools
from rules.checks.finding import Seen
from rules.spec import AnyRule, LimitRule, StaleRule


def of_coverage(seen: Seen, rules: Sequence[AnyRule]) -> Iterator[str]:
    """Warnings about the rules as a whole. Rules that wait for their confirmation watch nothing yet."""
    sure = [rule for rule in rules if rule.is_confirmed]
    limited = [rule for rule in sure if isinstance(rule, LimitRule)]
    yield from _unwatched(seen, seen.has_limits, limited, "limits of their own", "no live limit rule")
    timed = [rule for rule in sure if isinstance(rule, StaleRule)]
    yield from _unwatched(seen, seen.has_timeout, timed, "a stale_after", "no live stale rule")


def _unwatched(seen: Seen, has: Bools, rules: Sequence[AnyRule], what: str, who: str) -> Iterator[str]:
    left = has.copy()
    for rule in rules:
        left[rule.applies_to.positions(seen.tags)] = False
    if left.any():
        first = seen.first(np.flatnonzero(left))
        yield f"{int(left.sum())} of {int(has.sum())} tags that have {what} are picked by {who}, {first.id} for one"
