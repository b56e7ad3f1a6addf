"""Who votes: the instruments of vote rules, in columns, and how many of each group are in alarm.

A *group* is the tags of a rule that vote together, and a slot of the bank. A detector is one tag of one rule. All is
mirrored as in `rules.bank.side`: the bad way is up.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from park.index import TagInfo, TagTable
from park.model import Level
from park.quality import Quality
from rules.arrays import FAR, Bools, Bytes, Floats, Ints, Rows
from rules.memory import Memory
from rules.spec import VoteRule

#: (rule by its place, target, its tags)
Group = tuple[int, str, list[TagInfo]]


def groups_of(tags: TagTable, rules: Sequence[VoteRule]) -> list[Group]:
    """Rule by rule, in file order; tags that have no such limit do not vote."""
    return [(number, *group) for number, rule in enumerate(rules) for group in _groups(tags, rule)]


def _groups(tags: TagTable, rule: VoteRule) -> Iterator[tuple[str, list[TagInfo]]]:
    found: dict[str, list[TagInfo]] = {}
    for info in rule.applies_to.pick(tags):
        if limit_of(rule, info) is not None:
            target = {"source": info.source_id, "enterprise": info.enterprise, "rule": rule.id}[rule.together]
            found.setdefault(target, []).append(info)
    yield from found.items()


def limit_of(rule: VoteRule, info: TagInfo) -> tuple[float, float] | None:
    """What a vote of this tag is: (limit, deadband)."""
    if rule.limit is not None:
        return rule.limit, rule.deadband
    alarms = info.tag.alarms
    limit = None if alarms is None or rule.level is None else getattr(alarms, rule.level.value)
    if alarms is None or limit is None:
        return None
    own = alarms.deadband if limit.deadband is None else limit.deadband
    return limit.limit, rule.deadband or own


def is_low(rule: VoteRule) -> bool:
    """Whether a vote is a value below its limit."""
    return rule.low if rule.level is None else rule.level in (Level.L, Level.LL)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Count:
    """Of each group, at one instant."""

    #: Detectors whose value is known, and those whose value is not.
    known: Ints
    bad: Ints
    #: Of the known ones, those in alarm; and those in alarm whose quality is good.
    votes: Ints
    sure: Ints
    #: Of uncertain quality, and not in alarm.
    unsure: Ints
    #: Not known, and in alarm when they last were.
    held: Ints


class Detectors:
    """Columns by detector, those of a group side by side; and which are in alarm."""

    def __init__(self, rules: Sequence[VoteRule], groups: Sequence[Group]) -> None:
        pairs = [(rules[rule], info) for rule, _, infos in groups for info in infos]
        limits = np.array([limit_of(rule, info) for rule, info in pairs], dtype=np.float64).reshape(-1, 2)
        self.groups = len(groups)
        self.infos = [infos for _, _, infos in groups]
        self.tag: Rows = np.array([info.ix for _, info in pairs], dtype=np.intp)
        self.slot: Rows = np.repeat(np.arange(len(groups)), [len(infos) for _, _, infos in groups])
        self.rule: Ints = np.array([rule for rule, _, infos in groups for _ in infos], dtype=np.int64)
        self.sign: Floats = np.array([-1.0 if is_low(rule) else 1.0 for rule, _ in pairs])
        self.limit: Floats = self.sign * limits[:, 0]
        self.reset: Floats = self.limit - limits[:, 1]
        self.strict: Bools = np.array([rule.uncertain == "bad" for rule, _ in pairs], dtype=np.bool_)
        self.timeout_us: Ints = np.array([info.tag.stale_after or FAR for _, info in pairs], dtype=np.int64)
        #: In alarm, or was when it was last known.
        self.on: Bools = np.zeros(len(pairs), dtype=np.bool_)
        #: As of the last look.
        self.known: Bools = np.zeros(len(pairs), dtype=np.bool_)
        self.value: Floats = np.full(len(pairs), np.nan)

    def look(self, now_us: int, memory: Memory) -> Count:
        """Hold the newest value of each against its limit, as of now."""
        grade: Bytes = memory.grade[self.tag]
        good = grade == Quality.GOOD
        age_us = now_us - memory.used_us[self.tag]
        self.known = (good | ((grade == Quality.UNCERTAIN) & ~self.strict)) & (age_us <= self.timeout_us)
        self.value = memory.used_value[self.tag]
        x = self.sign * self.value
        on = (x > self.limit) | (self.on & (x > self.reset))
        self.on = np.where(self.known, on, self.on)
        known, votes = self._count(self.known), self.known & self.on
        return Count(
            known=known,
            bad=self._count(~self.known),
            votes=self._count(votes),
            sure=self._count(votes & good),
            unsure=self._count(self.known & ~on & ~good),
            held=self._count(~self.known & self.on),
        )

    def next_stale_us(self, memory: Memory) -> int:
        """Before this no value becomes too old."""
        until_us = memory.used_us[self.tag] + self.timeout_us
        return int(until_us[self.known].min(initial=FAR)) + 1

    def named(self, most: int) -> Floats:
        """``(2 * most, groups)``: place in its group and value of the first detectors in alarm; NaN: no more."""
        found = np.full((2 * most, self.groups), np.nan)
        rows = np.flatnonzero(self.known & self.on)
        slot = self.slot[rows]
        rank = np.arange(len(rows)) - np.searchsorted(slot, slot)
        place = rows - np.searchsorted(self.slot, slot)
        shown = rank < most
        rank, slot = rank[shown], slot[shown]
        found[2 * rank, slot], found[2 * rank + 1, slot] = place[shown], self.value[rows[shown]]
        return found

    def _count(self, which: Bools) -> Ints:
        return np.bincount(self.slot[which], minlength=self.groups).astype(np.int64)
