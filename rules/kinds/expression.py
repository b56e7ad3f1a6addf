"""Kind ``expression``: a condition over the tags of a source, its enterprise and the park, once per source.

The language is told in ``deploy/docs/expressions.md``. Judged once per advance, on each tag's value as of its clock:
the alarm's condition begins and ends at the time of an advance; delays run from there. While it is not known whether
the condition is there, what stands stays and is marked; *false and unknown* is false (Kleene).
"""

from collections.abc import Sequence

import numpy as np

from park.index import TagTable
from rules.arrays import Bytes, Ints, Rows
from rules.bank.slots import Slots
from rules.bank.words import FaultWords
from rules.expression.compiled import CompiledRule, ConditionKind
from rules.expression.words import ConditionWords
from rules.kind import Kind
from rules.spec import ExpressionRule


class ExpressionKind(ConditionKind):
    """All rules of the kind: they share windows, and whatever else several of them look at."""

    def words_of(self, slots: Slots) -> FaultWords:
        """See `ConditionKind`."""
        return ConditionWords(slots, self.program)

    def judge(self, one: CompiledRule, now_us: int, tick: int) -> tuple[Rows, Bytes, Ints] | None:
        """See `ConditionKind`."""
        root = one.programs[0].root
        if root.moved != tick:
            return None
        was = self.code[one.span]
        differs = root.code != was
        if not differs.any():
            return None
        row = np.flatnonzero(differs)
        code = root.code[row] if len(root.code) == len(was) else np.broadcast_to(root.code, len(row))
        return row + one.span.start, code, np.full(len(row), now_us, dtype=np.int64)


def build_expressions(tags: TagTable, rules: Sequence[ExpressionRule]) -> list[Kind]:
    """Raises `rules.expression.problems.ExpressionInvalid`. Sources that lack a name are left out."""
    return [ExpressionKind(tags, rules)] if rules else []
