"""Kind ``vote``: M of N instruments are in alarm. All rules are one bank; judged once per advance.

A detector that is bad or stale does not vote. It does not clear anything either: where the alarm would stand if those
that are not known were still in the alarm in which they were last seen, it is not known whether it does.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from park.index import TagInfo, TagTable
from park.quality import Quality
from rules.arrays import FAR, NEVER, Bools, Bytes, Floats, Ints, lines
from rules.bank.bank import Bank
from rules.bank.compile import compile_fault
from rules.bank.slots import Slots
from rules.bank.state import unchanged
from rules.bank.words import FaultWords, Told
from rules.derived import TickKind
from rules.detectors import Count, Detectors, groups_of, is_low
from rules.kind import Kind, Saved
from rules.memory import Memory
from rules.samples import Samples
from rules.spec import AnyRule, VoteRule

#: So many detectors a sentence names.
_NAMED = 5
_COUNTS = 4


class VoteKind(TickKind):
    """All vote rules. See `rules.kind.Kind`."""

    def __init__(self, tags: TagTable, rules: Sequence[VoteRule]) -> None:
        groups = groups_of(tags, rules)
        number = np.array([rule for rule, _, _ in groups], dtype=np.int64)
        of_rule = [rules[rule] for rule in number]
        slots = Slots(
            rules=tuple(rules),
            rule=number,
            target=tuple(target for _, target, _ in groups),
            timeout_us=np.full(len(groups), FAR, dtype=np.int64),
            sided=False,
        )
        delays = ([rule.on_delay for rule in of_rule], [rule.off_delay for rule in of_rule])
        sides, names = compile_fault(*(np.array(column, dtype=np.int64) for column in delays))
        self.detectors = Detectors(rules, groups)
        super().__init__(Bank(slots, sides, names, VoteWords(slots, of_rule, self.detectors.infos)))
        self.bank.fingerprints = tuple(self._fingerprint(rule) for rule in range(len(rules)))
        self._m: Ints = np.array([rule.m for rule in of_rule], dtype=np.int64)
        self._keeps: Bools = np.array([rule.degrade == "keep" for rule in of_rule], dtype=np.bool_)
        self._votes: Bools = np.zeros(tags.size, dtype=np.bool_)
        self._votes[self.detectors.tag] = True
        self._stale_us = NEVER

    def structure(self, rule: int) -> str:
        """See `rules.derived.SignalKind`."""
        return _structure(self.bank.slots.rules[rule])

    def _fingerprint(self, rule: int) -> str:
        mine = self.detectors.rule == rule
        digest = hashlib.sha256(self.bank.fingerprints[rule].encode())
        for column in (
            self.detectors.limit,
            self.detectors.reset,
            self.detectors.slot - self.bank.slots.span(rule).start,
        ):
            digest.update(column[mine].tobytes())
        names = [info.id for infos in self.detectors.infos[self.bank.slots.span(rule)] for info in infos]
        digest.update("\n".join(names).encode())
        return digest.hexdigest()

    # -- judging -----------------------------------------------------------------------------------------------------

    def judge(self, now_us: int, samples: Samples | None, memory: Memory) -> tuple[Floats, Bytes, Floats | None] | None:
        """See `TickKind`."""
        touched = samples is not None and bool(self._votes.take(samples.tag).any())
        if not touched and now_us < self._stale_us:
            return None
        count = self.detectors.look(now_us, memory)
        self._stale_us = self.detectors.next_stale_us(memory)
        needed = self._needed(count.bad, count.known)
        alarm = (count.known > 0) & (count.votes >= needed)
        extra = np.vstack([count.votes, needed, count.known, count.bad, self.detectors.named(_NAMED)])
        return alarm.astype(np.float64), self._grade(count, needed, alarm), extra

    def _needed(self, bad: Ints, known: Ints) -> Ints:
        needed = np.where(self._keeps, self._m, self._m - bad)
        clipped: Ints = np.clip(needed, 1, np.maximum(known, 1))
        return clipped

    def _grade(self, count: Count, needed: Ints, alarm: Bools) -> Bytes:
        """How sure it is: uncertain where detectors of uncertain quality decide."""
        unsure = np.where(alarm, count.sure < needed, count.votes + count.unsure >= needed)
        still = count.votes + count.held >= self._needed(count.bad - count.held, count.known + count.held)
        unknown = ~alarm & ((count.known == 0) | ((count.held > 0) & still))
        grade = np.where(unsure, np.uint8(Quality.UNCERTAIN), np.uint8(Quality.GOOD))
        return np.where(unknown, np.uint8(Quality.BAD), grade)

    @property
    def wake_us(self) -> int:
        """See `rules.kind.Sleeper`."""
        return min(self._stale_us, self.bank.wake_us) if len(self.bank) else FAR

    def set_back(self, now_us: int) -> None:
        """See `rules.kind.Kind`. What was too old may not be any more."""
        super().set_back(now_us)
        self._stale_us = NEVER

    # -- another engine ----------------------------------------------------------------------------------------------

    def save(self, memory: Memory) -> Saved:
        """See `rules.kind.Kind`."""
        saved = super().save(memory)
        on = self.detectors.on
        columns = {"detectors.rule": self.detectors.rule[on], "detectors.tag": self.detectors.tag[on]}
        return replace(saved, columns=saved.columns | columns)

    def load(self, saved: Saved, moved: Ints, notes: list[str]) -> Bools:
        """See `rules.kind.Kind`."""
        taken = super().load(saved, moved, notes)
        self._load_detectors(saved, moved)
        # Where detectors came or went, their places tell others; the next look names them anew.
        others = ~unchanged(self.bank, saved)
        self.bank.extra[_COUNTS:, others] = self.known.extra[_COUNTS:, others] = np.nan
        self._stale_us = NEVER
        return taken

    def _load_detectors(self, saved: Saved, moved: Ints) -> None:
        columns, rules = saved.columns, self.bank.slots.rules
        here = {(rule.id, _structure(rule)): number for number, rule in enumerate(rules)}
        then = [here.get(key, -1) for key in zip(saved.rules, lines(columns["signal.structure"]), strict=True)]
        keys = zip(self.detectors.rule.tolist(), self.detectors.tag.tolist(), strict=True)
        row_of = {key: row for row, key in enumerate(keys)}
        tags = np.append(moved, -1)[columns["detectors.tag"]].tolist()
        for rule, tag in zip(columns["detectors.rule"].tolist(), tags, strict=True):
            row = row_of.get((then[rule], tag))
            if row is not None:
                self.detectors.on[row] = True


class VoteWords(FaultWords):
    """``2 of 3 detectors in alarm, 2 needed: GD-1 31.2 %LEL, GD-3 40 %LEL; 1 bad or stale``"""

    extras = _COUNTS + 2 * _NAMED

    def __init__(self, slots: Slots, rules: Sequence[VoteRule], infos: Sequence[Sequence[TagInfo]]) -> None:
        """By slot."""
        super().__init__(slots)
        self._rules = rules
        self._infos = infos

    def reason(self, slot: int, quality: int) -> str:
        """See `Words`."""
        if quality == Quality.UNCERTAIN:
            return "detectors of uncertain quality decide"
        return "too few detectors are known"

    def what(self, one: Told) -> str:
        """See `FaultWords`."""
        votes, needed, known = one.extra[: _COUNTS - 1]
        named = [self._named(one, place) for place in range(_NAMED) if one.extra[_COUNTS + 2 * place] >= 0]
        more = [f"{votes - len(named):.0f} more"] if named and votes > len(named) else []
        who = f": {', '.join(named + more)}" if named else ""
        return f"{votes:.0f} of {known:.0f} detectors in alarm, {needed:.0f} needed{who}{self._gone(one)}"

    def _gone(self, one: Told) -> str:
        bad = one.extra[_COUNTS - 1]
        return f"; {bad:.0f} bad or stale" if bad else ""

    def over(self, one: Told) -> str:
        """See `FaultWords`."""
        if one.extra[0] == 0:
            return f"none of {one.extra[2]:.0f} detectors in alarm{self._gone(one)}"
        return f"only {self.what(one)}"

    def _named(self, one: Told, place: int) -> str:
        number, value = one.extra[_COUNTS + 2 * place : _COUNTS + 2 * place + 2]
        info = self._infos[one.slot][int(number)]
        together = self._rules[one.slot].together
        name = {"source": info.tag.id, "enterprise": f"{info.source.id}.{info.tag.id}", "rule": info.id}[together]
        return f"{name} {value:.6g} {info.tag.unit}".rstrip()


def _structure(rule: AnyRule) -> str:
    return "low" if isinstance(rule, VoteRule) and is_low(rule) else "high"


def build_votes(tags: TagTable, rules: Sequence[VoteRule]) -> list[Kind]:
    """One for all."""
    return [VoteKind(tags, rules)] if rules else []
