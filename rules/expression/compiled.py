"""What kinds have in common whose conditions are expressions: one slot a rule and source, judged once per advance."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from park.index import TagTable
from rules.arrays import FAR, NEVER, Bools, Bytes, Columns, Floats, Ints, Rows
from rules.bank.bank import Bank
from rules.bank.compile import compile_fault
from rules.bank.slots import Slots
from rules.bank.words import FaultWords
from rules.derived import SignalKind
from rules.expression.analysis import Meaning, analyse
from rules.expression.nodes import FALSE, TRUE, TRUE_UNSURE, Holding
from rules.expression.pool import Pool
from rules.expression.problems import ExpressionInvalid
from rules.expression.program import Program, compile_meaning
from rules.expression.ringstate import load_rings, save_rings
from rules.expression.scope import Scope
from rules.kind import Saved
from rules.memory import Memory
from rules.samples import Samples
from rules.spec import ExpressionRule, SequenceRule
from rules.transition import Transition

_GRADE_OF_CODE = np.array([0, 1, 2, 1, 0], dtype=np.uint8)
#: The code of a slot that has not been judged.
NEVER_JUDGED = np.uint8(255)

ConditionRule = ExpressionRule | SequenceRule


@dataclass(frozen=True, slots=True, eq=False)
class CompiledRule:
    """One rule; its slots are ``span``."""

    rule: ConditionRule
    span: slice
    #: One for each text of the rule.
    programs: tuple[Program, ...]
    structure: str


@dataclass(frozen=True, slots=True, eq=False)
class _Compiling:
    sources: Rows
    meanings: Sequence[Meaning]


def texts_of(rule: ConditionRule) -> dict[str, str]:
    """The conditions of a rule, by the field that holds each."""
    if isinstance(rule, ExpressionRule):
        return {"when": rule.when}
    return {"first": rule.first, "then": rule.then}


class ConditionKind(SignalKind, ABC):
    """See `rules.kind.Kind`. A signal is 1 where the condition of the alarm is there, else 0."""

    #: Codes (`rules.expression.nodes`) at the last advance, and by hold of the rule and code: since when.
    STATE: ClassVar[tuple[str, ...]] = ("code", "held_us")

    def __init__(self, tags: TagTable, rules: Sequence[ConditionRule]) -> None:
        scope = Scope(tags)
        self.pool = Pool(tags.size)
        self.compiled: list[CompiledRule] = []
        found = [_understand(rule, scope) for rule in rules]
        sizes = [len(one.sources) for one in found]
        slots = Slots(
            rules=tuple(rules),
            rule=np.repeat(np.arange(len(rules)), sizes),
            target=tuple(scope.source_ids[source] for one in found for source in one.sources.tolist()),
            timeout_us=np.full(sum(sizes), FAR, dtype=np.int64),
            sided=False,
        )
        for number, (rule, one) in enumerate(zip(rules, found, strict=True)):
            self.compiled.append(self._compile(rule, one, slots.span(number)))
        on_delay_us = np.array([rule.on_delay for rule in rules], dtype=np.int64)[slots.rule]
        off_delay_us = np.array([rule.off_delay for rule in rules], dtype=np.int64)[slots.rule]
        sides, names = compile_fault(on_delay_us, off_delay_us)
        super().__init__(Bank(slots, sides, names, self.words_of(slots)))
        self.code: Bytes = np.full(len(slots), NEVER_JUDGED, dtype=np.uint8)
        holds = max((len(self._holds(one)) for one in self.compiled), default=0)
        self.held_us: Ints = np.full((holds * TRUE, len(slots)), FAR, dtype=np.int64)
        for compiled in self.compiled:
            for number, hold in enumerate(self._holds(compiled)):
                hold.since_us = self.held_us[number * TRUE : (number + 1) * TRUE, compiled.span]

    def _compile(self, rule: ConditionRule, one: _Compiling, span: slice) -> CompiledRule:
        strict = rule.uncertain == "bad"
        programs = tuple(compile_meaning(meaning, self.pool, strict, len(one.sources)) for meaning in one.meanings)
        return CompiledRule(rule, span, programs, self._structure(rule, one))

    def _structure(self, rule: ConditionRule, one: _Compiling) -> str:
        said = [
            repr((meaning.root, [(ref, of.units) for ref, of in meaning.named.items()])) for meaning in one.meanings
        ]
        return hashlib.sha256(repr((rule.uncertain, said, self.timing(rule))).encode()).hexdigest()

    @staticmethod
    def _holds(compiled: CompiledRule) -> list[Holding]:
        return [hold for program in compiled.programs for hold in program.holds]

    @abstractmethod
    def words_of(self, slots: Slots) -> FaultWords:
        """What writes the sentences."""

    def timing(self, rule: ConditionRule) -> tuple[object, ...]:
        """What the signal's state depends on besides the texts."""
        return ()

    def structure(self, rule: int) -> str:
        """See `SignalKind`."""
        return self.compiled[rule].structure

    def program(self, slot: int, which: int = 0) -> tuple[Program, int]:
        """The text of a slot's rule, and the slot's row in it."""
        one = self.compiled[int(self.bank.slots.rule[slot])]
        return one.programs[which], slot - one.span.start

    # -- time --------------------------------------------------------------------------------------------------------

    def play(self, samples: Samples, memory: Memory) -> None:
        """Nothing: all is judged once per advance."""

    def advance(self, now_us: int, samples: Samples | None, memory: Memory) -> list[Transition]:
        """See `rules.kind.Kind`."""
        if len(self.bank):
            tick = self.pool.tick(now_us, samples, memory)
            changed = [self.judge(one, now_us, tick.number) for one in self.compiled if one.programs]
            self._hand_over([one for one in changed if one is not None])
        return self._advance_bank(now_us)

    @property
    def wake_us(self) -> int:
        """See `rules.kind.Sleeper`."""
        return min(self.pool.wake_us, self.bank.wake_us) if len(self.bank) else FAR

    @abstractmethod
    def judge(self, one: CompiledRule, now_us: int, tick: int) -> tuple[Rows, Bytes, Ints] | None:
        """Slots of a rule whose signal has changed, its new codes, and when; None: none. ``tick``: its number."""

    def _hand_over(self, changed: Sequence[tuple[Rows, Bytes, Ints]]) -> None:
        if not changed:
            return
        slot, code, time_us = (np.concatenate(columns) for columns in zip(*changed, strict=True))
        self.code[slot] = code
        value: Floats = (code >= TRUE_UNSURE).astype(np.float64)
        grade = _GRADE_OF_CODE.take(code)
        signals = Samples(
            tag=slot,
            time_us=time_us,
            value=value,
            quality=grade,
            grade=grade,
            single=True,
            all_good=not grade.any(),
        )
        self.bank.play(signals, self.known)
        self.known.learn(signals)

    def resume(self, now_us: int) -> None:
        """See `rules.kind.Kind`: that few samples came meanwhile says nothing."""
        for ring in self.pool.rings:
            ring.resume()

    def set_back(self, now_us: int) -> None:
        """See `rules.kind.Kind`."""
        self.pool.forget()

    # -- other engines -----------------------------------------------------------------------------------------------

    def worth_saving(self) -> Rows:
        """See `SignalKind`. Most slots rest: their condition is false for sure, and nothing is in their past."""
        rests = (self.code == FALSE) | (self.code == NEVER_JUDGED)
        rests &= ~self.bank.active & (self.held_us == FAR).all(axis=0)
        found: Rows = np.flatnonzero(~rests)
        return found

    def _save_signal(self) -> Columns:
        columns = super()._save_signal()
        # What an idle slot last knew makes no difference, and a slot that rested in between no longer knows it.
        idle = ~self.bank.active[self.worth_saving()]
        for name, nothing in (("used_us", NEVER), ("used_value", np.nan)):
            columns[f"known.{name}"][idle] = nothing
        return columns

    def save(self, memory: Memory) -> Saved:
        """See `rules.kind.Kind`."""
        saved = super().save(memory)
        rings = {f"rings.{name}": column for name, column in save_rings(self.pool.rings).items()}
        return replace(saved, columns=saved.columns | rings)

    def load(self, saved: Saved, moved: Ints, notes: list[str]) -> Bools:
        """See `rules.kind.Kind`."""
        columns = saved.columns
        load_rings(self.pool.rings, _under(columns, "rings."), moved)
        fitting = {"signal.state.held_us": _with_rows(columns["signal.state.held_us"], len(self.held_us))}
        self.pool.forget()
        return super().load(replace(saved, columns=columns | fitting), moved, notes)


def _understand(rule: ConditionRule, scope: Scope) -> _Compiling:
    texts = texts_of(rule)
    analysis = analyse(tuple(texts.values()), scope, scope.picked(rule.applies_to), rule.names)
    for field, problems in zip(texts, analysis.problems, strict=True):
        if problems:
            raise ExpressionInvalid(problems, f"rule {rule.id}, {field}")
    return _Compiling(analysis.sources if analysis.meanings else analysis.sources[:0], analysis.meanings)


def _with_rows(column: Ints, rows: int) -> Ints:
    """With so many first rows; what is new in it has never been held."""
    found = np.full((rows, column.shape[1]), FAR, dtype=np.int64)
    found[: len(column)] = column[:rows]
    return found


def _under(columns: Columns, prefix: str) -> Columns:
    return {name.removeprefix(prefix): column for name, column in columns.items() if name.startswith(prefix)}
