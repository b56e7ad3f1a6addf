"""Limits that other tags set: which tags those are, and where the limits stand now.

``times * value + plus`` of the newest usable value of each setting tag, taken once per advance, after its samples. A
limit whose tag is not known stays where it was; before anything is known it is out of reach.
"""

import hashlib
from collections.abc import Sequence

import numpy as np

from park.index import TagInfo, TagTable
from park.model import Alarms, Level, Limit
from park.quality import Quality
from rules.arrays import Bools, Columns, Floats, Ints, Rows
from rules.bank.bank import Bank
from rules.bank.state import find, keys
from rules.kind import Saved
from rules.memory import Memory
from rules.refs import Refs
from rules.samples import Samples
from rules.spec import LimitRule, Moving
from rules.standing import LEVEL_NAMES

_NO_LEVEL = len(LEVEL_NAMES) - 1


def moving_levels(rule: LimitRule, info: TagInfo, refs: Refs) -> Alarms:
    """The levels that there are, with the rule's deadband and delays. Their limits are no limits yet."""
    given = rule.limits_from
    assert given is not None
    levels = {
        level.value: Limit(limit=place) for place, level in enumerate(Level) if setter_of(rule, level, info, refs)
    }
    delays = {"on_delay": given.on_delay, "off_delay": given.off_delay}
    return Alarms(**levels, deadband=given.deadband).model_copy(update=delays)


def setter_of(rule: LimitRule, level: Level, info: TagInfo, refs: Refs) -> tuple[Moving, TagInfo] | None:
    """What sets this level of a tag; None where nothing does, or what is named is not there."""
    moving = getattr(rule.limits_from, level.value)
    setter = None if moving is None else refs.tag(moving.tag, info.enterprise, info.source.id)
    return None if setter is None else (moving, setter)


class Setters:
    """Columns ``(4, n)`` by level (the two of the high side, then the two of the low one) and slot."""

    def __init__(self, tags: TagTable, pairs: Sequence[tuple[LimitRule, TagInfo]], bank: Bank) -> None:
        """Puts the bank's limits out of reach."""
        shape = (4, len(pairs))
        self._bank = bank
        self._tag: Rows = np.zeros(shape, dtype=np.intp)
        self._times: Floats = np.zeros(shape)
        self._plus: Floats = np.zeros(shape)
        self._sign: Floats = np.array([[side.sign] for side in bank.sides for _ in (0, 1)])
        self._codes = np.vstack(bank.codes)
        self._set: Bools = self._codes != _NO_LEVEL
        self._limit: Floats = np.full(shape, np.inf)
        self._deadband: Floats = np.array([rule.limits_from.deadband for rule, _ in pairs if rule.limits_from])
        self._strict: Bools = np.array([rule.uncertain == "bad" for rule, _ in pairs], dtype=np.bool_)
        #: Look though nothing came.
        self.anew = True
        refs = Refs(tags)
        ids = [self._add(slot, rule, info, refs) for slot, (rule, info) in enumerate(pairs)]
        self._sets: Bools = np.zeros(tags.size, dtype=np.bool_)
        self._sets[self._tag[self._set]] = True
        bank.fingerprints = tuple(self._fingerprint(rule, ids) for rule in range(len(bank.slots.rules)))
        self.move(np.arange(len(pairs)))
        bank.redraw(np.arange(len(pairs)))

    def _add(self, slot: int, rule: LimitRule, info: TagInfo, refs: Refs) -> str:
        ids = []
        for row in np.flatnonzero(self._set[:, slot]).tolist():
            found = setter_of(rule, Level(LEVEL_NAMES[self._codes[row, slot]]), info, refs)
            assert found is not None
            moving, setter = found
            self._tag[row, slot], self._times[row, slot], self._plus[row, slot] = setter.ix, moving.times, moving.plus
            ids.append(setter.id)
        return " ".join(ids)

    def _fingerprint(self, rule: int, ids: Sequence[str]) -> str:
        span = self._bank.slots.span(rule)
        digest = hashlib.sha256("\n".join((self._bank.fingerprints[rule], *ids[span])).encode())
        for column in (self._times, self._plus):
            digest.update(np.ascontiguousarray(column[:, span]).tobytes())
        return digest.hexdigest()

    # -- moving ------------------------------------------------------------------------------------------------------

    def look(self, now_us: int, samples: Samples | None, memory: Memory) -> Rows:
        """The slots with a limit that moves now; `move` them."""
        if not self.anew and (samples is None or not self._sets.take(samples.tag).any()):
            return np.empty(0, dtype=np.intp)
        self.anew = False
        grade = memory.grade[self._tag]
        known = self._set & ((grade == Quality.GOOD) | ((grade == Quality.UNCERTAIN) & ~self._strict))
        known &= now_us - memory.used_us[self._tag] <= memory.timeout_us[self._tag]
        with np.errstate(over="ignore"):
            limit = self._sign * (self._times * np.where(known, memory.used_value[self._tag], 0.0) + self._plus)
        moved = known & np.isfinite(limit) & (limit != self._limit)
        self._limit = np.where(moved, limit, self._limit)
        return np.flatnonzero(moved.any(axis=0))

    def move(self, slots: Rows) -> None:
        """Let these limits take effect."""
        # Under a limit that was never known nothing begins, and what stands from before (it was raised under other
        # limits, or by an engine of which nothing else is known) does not end.
        reset = np.where(self._set & np.isposinf(self._limit), -np.inf, self._limit - self._deadband)
        for number, side in enumerate(self._bank.sides):
            rows = slice(2 * number, 2 * number + 2)
            side.limit[:, slots], side.reset[:, slots] = self._limit[rows, slots], reset[rows, slots]

    # -- another engine ----------------------------------------------------------------------------------------------

    def save(self) -> Columns:
        """Where the limits stand."""
        columns = keys(self._bank, np.arange(len(self._bank))) | {"limit": self._limit, "codes": self._codes}
        return {f"moving.{name}": column for name, column in columns.items()}

    def load(self, saved: Saved, moved: Ints) -> None:
        """Level by level; those that are new begin out of reach."""
        columns = {name[7:]: column for name, column in saved.columns.items() if name.startswith("moving.")}
        if not columns:
            return
        found = find(self._bank, saved, columns, moved)
        rows, slots = found >= 0, found[found >= 0]
        for old in range(4):
            for new in range(4):
                same = (columns["codes"][old, rows] == self._codes[new, slots]) & self._set[new, slots]
                self._limit[new, slots[same]] = columns["limit"][old, rows][same]
        self.move(slots)
        self.anew = True
