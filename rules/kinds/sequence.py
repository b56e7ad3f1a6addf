"""Kind ``sequence``: after A, B comes within a time that must not come; or does not come though it must.

Judged once per advance. A *begins* when it becomes true; true at the first look counts, and after a time in which it
was not known only if it had not been true before.

- ``follows``: B begins at A's beginning or within the time after it (the end included). The alarm's condition begins
  then, and is there as long as B is. Of several A the last counts.
- ``missing``: B is not true at any advance from A's beginning to the first one at the end of the time or after it. The
  condition begins at that end, exactly. It is over when B comes; or when A ends, if A was still there when the time was
  over. Of several A the first counts.

Not known is not B: ``follows`` is silent, ``missing`` raises, unverified.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar, cast

import numpy as np

from park.duration import format_duration
from park.index import TagTable
from rules.arrays import FAR, NEVER, Bools, Bytes, Ints, Rows
from rules.bank.slots import Slots
from rules.bank.words import FaultWords, Told
from rules.expression.compiled import CompiledRule, ConditionKind, ConditionRule
from rules.expression.nodes import FALSE, FALSE_UNSURE, TRUE, TRUE_UNSURE, UNKNOWN
from rules.expression.program import Program
from rules.expression.words import ConditionWords
from rules.kind import Kind, Saved
from rules.spec import SequenceRule

_ZERO, _ZERO_UNSURE, _UNKNOWN, _ONE_UNSURE, _ONE = (
    np.uint8(code) for code in (FALSE, FALSE_UNSURE, UNKNOWN, TRUE_UNSURE, TRUE)
)


class SequenceKind(ConditionKind):
    """All rules of the kind."""

    STATE: ClassVar[tuple[str, ...]] = (
        *ConditionKind.STATE,
        "first_was",
        "then_was",
        "began_us",
        "began_unsure",
        "stands",
        "while_first",
    )

    def __init__(self, tags: TagTable, rules: Sequence[SequenceRule]) -> None:
        super().__init__(tags, rules)
        count = len(self.bank)
        #: Whether A and B were true when last known.
        self.first_was: Bools = np.zeros(count, dtype=np.bool_)
        self.then_was: Bools = np.zeros(count, dtype=np.bool_)
        #: When the A began that we wait with; `NEVER`: none. And whether that was uncertain.
        self.began_us: Ints = np.full(count, NEVER, dtype=np.int64)
        self.began_unsure: Bools = np.zeros(count, dtype=np.bool_)
        #: The alarm's condition is there; and is over when A is.
        self.stands: Bools = np.zeros(count, dtype=np.bool_)
        self.while_first: Bools = np.zeros(count, dtype=np.bool_)
        #: By rule: nothing is due before.
        self._wake_us = [NEVER] * len(rules)

    def words_of(self, slots: Slots) -> FaultWords:
        """See `ConditionKind`."""
        return _Words(slots, self.program)

    def timing(self, rule: ConditionRule) -> tuple[object, ...]:
        """See `ConditionKind`."""
        sequence = cast(SequenceRule, rule)
        return sequence.within, sequence.alarm_if

    @property
    def wake_us(self) -> int:
        """See `rules.kind.Sleeper`."""
        return min(super().wake_us, *self._wake_us) if len(self.bank) else FAR

    def judge(self, one: CompiledRule, now_us: int, tick: int) -> tuple[Rows, Bytes, Ints] | None:
        """See `ConditionKind`."""
        number = int(self.bank.slots.rule[one.span.start])
        first, then = (program.root for program in one.programs)
        if tick not in (first.moved, then.moved) and now_us < self._wake_us[number]:
            return None
        rule, span = cast(SequenceRule, one.rule), one.span
        size = span.stop - span.start
        a, b = (np.broadcast_to(root.code, size) for root in (first, then))
        begins, ends = _edges(a, self.first_was[span])
        comes, _ = _edges(b, self.then_was[span])
        if rule.alarm_if == "follows":
            code = self._follows(span, rule, now_us, a, b, begins, comes)
            since_us = np.full(size, now_us, dtype=np.int64)
            self._wake_us[number] = FAR
        else:
            code, since_us = self._missing(span, rule, now_us, a, b, begins, ends)
            waiting_us = self.began_us[span]
            due_us = np.where(waiting_us > NEVER, waiting_us + rule.within, FAR)
            self._wake_us[number] = int(due_us.min(initial=FAR))
        row = np.flatnonzero(code != self.code[span])
        return (row + span.start, code[row], since_us[row]) if len(row) else None

    def _follows(
        self, span: slice, rule: SequenceRule, now_us: int, a: Bytes, b: Bytes, begins: Bools, comes: Bools
    ) -> Bytes:
        began_us, unsure, stands = self.began_us[span], self.began_unsure[span], self.stands[span]
        began_us[begins] = now_us
        unsure[begins & ~stands] = a[begins & ~stands] == _ONE_UNSURE
        stands |= comes & (began_us > NEVER) & (now_us - began_us <= rule.within)
        stands &= (b >= _ONE_UNSURE) | (b == _UNKNOWN)
        there = np.where(b == _UNKNOWN, _UNKNOWN, np.where(unsure | (b == _ONE_UNSURE), _ONE_UNSURE, _ONE))
        return np.where(stands, there, _not_there(b))

    def _missing(
        self, span: slice, rule: SequenceRule, now_us: int, a: Bytes, b: Bytes, begins: Bools, ends: Bools
    ) -> tuple[Bytes, Ints]:
        began_us, unsure, stands = self.began_us[span], self.began_unsure[span], self.stands[span]
        new = begins & (began_us == NEVER) & ~stands
        began_us[new], unsure[new] = now_us, a[new] == _ONE_UNSURE
        came = b >= _ONE_UNSURE
        stands &= ~came & ~(ends & self.while_first[span])
        due = (began_us > NEVER) & (now_us - began_us >= rule.within) & ~came
        since_us = np.where(due, began_us + rule.within, now_us)
        stands |= due
        self.while_first[span][due] = self.first_was[span][due]
        began_us[came | due] = NEVER
        there = np.where(unsure | (b != _ZERO), _ONE_UNSURE, _ONE)
        return np.where(stands, there, _not_there(b)), since_us

    def set_back(self, now_us: int) -> None:
        """See `rules.kind.Kind`."""
        super().set_back(now_us)
        self.began_us = np.minimum(self.began_us, now_us)
        self._wake_us = [NEVER] * len(self._wake_us)

    def worth_saving(self) -> Rows:
        """See `ConditionKind`."""
        flags = self.first_was | self.then_was | self.began_unsure | self.stands | self.while_first
        found: Rows = np.union1d(super().worth_saving(), np.flatnonzero(flags | (self.began_us > NEVER)))
        return found

    def load(self, saved: Saved, moved: Ints, notes: list[str]) -> Bools:
        """See `rules.kind.Kind`."""
        taken = super().load(saved, moved, notes)
        self._wake_us = [NEVER] * len(self._wake_us)
        return taken


def _edges(code: Bytes, was: Bools) -> tuple[Bools, Bools]:
    """Where it becomes true, and where no longer; writes to ``was`` what it is when last known."""
    true, known = code >= _ONE_UNSURE, code != _UNKNOWN
    begins, ends = true & ~was, known & ~true & was
    was[known] = true[known]
    return begins, ends


def _not_there(b: Bytes) -> Bytes:
    """Codes where the condition is not there: as sure as B is known."""
    return np.where(b == _UNKNOWN, _UNKNOWN, np.where((b == _ZERO) | (b == _ONE), _ZERO, _ZERO_UNSURE))


class _Words(ConditionWords):
    """Both texts; value and limit are of B."""

    def __init__(self, slots: Slots, program: Callable[[int, int], tuple[Program, int]]) -> None:
        super().__init__(slots, lambda slot: program(slot, 1))
        self._both = program

    def what(self, one: Told) -> str:
        """See `FaultWords`."""
        (first, row), (then, _) = self._both(one.slot, 0), self._both(one.slot, 1)
        rule = cast(SequenceRule, self.slots.rules[int(self.slots.rule[one.slot])])
        within = format_duration(rule.within)
        if rule.alarm_if == "follows":
            return f"{then.sentence(row)}; within {within} after {first.sentence(row)}"
        return f"not within {within} after {first.sentence(row)}; {then.sentence(row)}"

    def reason(self, slot: int, quality: int) -> str:
        """See `Words`."""
        (first, row), (then, _) = self._both(slot, 0), self._both(slot, 1)
        return then.reason(row) if then.is_unsure(row) else first.reason(row)


def build_sequences(tags: TagTable, rules: Sequence[SequenceRule]) -> list[Kind]:
    """Raises `rules.expression.problems.ExpressionInvalid`. Sources that lack a name are left out."""
    return [SequenceKind(tags, rules)] if rules else []
