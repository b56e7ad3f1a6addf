"""Kinds that hold a number against limits which is not a tag's value, but derived: a rate, a mean, a fault.

A *signal* is a number over time for each slot. Kinds over one tag derive it sample by sample (`DerivedKind`), kinds
over several tags once per advance, as of its clock (`TickKind`). The alarms on it are a `rules.bank.bank.Bank`.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import replace
from typing import ClassVar

import numpy as np

from park.quality import Quality
from rules.arrays import FAR, NEVER, Bools, Bytes, Columns, Floats, Ints, Rows, lines, text
from rules.bank.bank import Bank
from rules.bank.state import find, keys, load_bank, save_bank, shares
from rules.kind import Saved
from rules.memory import Memory
from rules.samples import Samples
from rules.transition import Transition


class SlotMemory:
    """What is known of each slot's signal. See `rules.bank.bank.Known`."""

    def __init__(self, size: int, extras: int) -> None:
        self.used_us: Ints = np.full(size, NEVER, dtype=np.int64)
        self.used_value: Floats = np.full(size, np.nan)
        self.grade: Bytes = np.full(size, Quality.BAD, dtype=np.uint8)
        self.extra: Floats = np.full((extras, size), np.nan)

    def learn(self, samples: Samples) -> None:
        """Take in derived samples. Of several of a slot the last row stays, which is the newest."""
        slot = samples.tag
        self.grade[slot] = samples.grade
        used = slice(None) if samples.all_good else np.flatnonzero(samples.grade < Quality.BAD)
        slot = slot[used]
        self.used_us[slot], self.used_value[slot] = samples.time_us[used], samples.value[used]
        if samples.extra is not None:
            self.extra[:, slot] = samples.extra[:, used]


_KNOWN = ("used_us", "used_value", "grade", "extra")


class SignalKind:
    """What both have in common. See `rules.kind.Kind`."""

    #: Names of attributes, ``(..., n)`` by slot, that are the signal's own state.
    STATE: ClassVar[tuple[str, ...]] = ()
    #: Whether a value that is known is held at once against limits that have changed; else the next one decides.
    RELIMIT: ClassVar[bool] = True

    def __init__(self, bank: Bank) -> None:
        self.bank = bank
        self.known = SlotMemory(len(bank), bank.words.extras)
        self._resets: Collection[str] = ()

    def structure(self, rule: int) -> str:
        """What the signal's state depends on; where that is another, the state is of no use and begins anew."""
        return ""

    def state(self) -> Columns:
        """The signal's own state, ``(..., n)`` by slot, to be read and to be written to."""
        return {name: getattr(self, name) for name in self.STATE}

    def resume(self, now_us: int) -> None:
        """See `rules.kind.Kind`; nothing, unless a kind measures silence."""

    def set_back(self, now_us: int) -> None:
        """See `rules.kind.Kind`; nothing, unless a kind has timers of its own by the clock."""

    def reset(self, alert_ids: Collection[str], now_us: int) -> None:
        """See `rules.kind.Kind`. Done in the `advance` that follows, for what it brings comes before."""
        self._resets = alert_ids

    def _take(self, derived: Samples) -> None:
        """Derived samples: to the bank, and into what is known."""
        derived = finite(derived)
        self.bank.play(derived, self.known)
        self.known.learn(derived)

    def _advance_bank(self, now_us: int) -> list[Transition]:
        if self._resets:
            self.bank.reset(self._resets, now_us)
            self._resets = ()
        return self.bank.advance(now_us, self.known)

    def save(self, memory: Memory) -> Saved:
        """See `rules.kind.Kind`."""
        self.bank.catch_up(np.flatnonzero(self.bank.active), self.known)
        saved = save_bank(self.bank)
        columns: Columns = {f"signal.{name}": column for name, column in self._save_signal().items()}
        return replace(saved, columns=saved.columns | columns)

    def worth_saving(self) -> Rows:
        """Slots that would go on otherwise than new ones."""
        return np.arange(len(self.bank))

    def _save_signal(self) -> Columns:
        slots = self.worth_saving()
        columns = keys(self.bank, slots)
        columns |= {f"known.{name}": getattr(self.known, name)[..., slots] for name in _KNOWN}
        columns |= {f"state.{name}": column[..., slots] for name, column in self.state().items()}
        structures = [self.structure(rule) for rule in range(len(self.bank.slots.rules))]
        return columns | {"structure": text(structures)}

    def load(self, saved: Saved, moved: Ints, notes: list[str]) -> Bools:
        """See `rules.kind.Kind`."""
        if not shares(self.bank, saved):
            return np.zeros(len(saved.standing), dtype=np.bool_)
        columns = {
            name.removeprefix("signal."): column for name, column in saved.columns.items() if name.startswith("signal.")
        }
        found = find(self.bank, saved, columns, moved)
        same = self._same_structure(saved, columns, notes)
        rows = (found >= 0) & np.append(same, False)[found]
        if rows.any():
            with np.errstate(over="ignore", invalid="ignore"):
                self._load_signal(columns, rows, found[rows])
        taken = load_bank(self.bank, saved, moved, relimit=self.RELIMIT)
        self._recall_alerts()
        return taken

    def _recall_alerts(self) -> None:
        """Of a signal that begins anew while something stands, what is known is what the alert last knew."""
        slots = np.flatnonzero(self.bank.active & (self.known.used_us == NEVER))
        for name in ("used_us", "used_value", "extra"):
            getattr(self.known, name)[..., slots] = getattr(self.bank, name)[..., slots]

    def _load_signal(self, columns: Columns, rows: Bools, slots: Rows) -> None:
        for name in _KNOWN:
            getattr(self.known, name)[..., slots] = columns[f"known.{name}"][..., rows]
        for name, column in self.state().items():
            column[..., slots] = columns[f"state.{name}"][..., rows]
        self.loaded(slots)

    def loaded(self, slots: Rows) -> None:
        """The state of these slots was taken over: bring in order what is derived from it."""

    def _same_structure(self, saved: Saved, columns: Columns, notes: list[str]) -> Bools:
        then = dict(zip(saved.rules, lines(columns["structure"]), strict=True))
        same = []
        for number, rule_id in enumerate(self.bank.slots.rule_ids):
            same.append(then.get(rule_id) == self.structure(number))
            if rule_id in then and not same[-1]:
                notes.append(f"rule {rule_id}: its signal is another one now and begins anew")
        return self.bank.slots.of_rules(same)


class DerivedKind(SignalKind, ABC):
    """Kinds over one tag: a slot is a tag, its signal is derived from each of its samples in order."""

    def __init__(self, bank: Bank, size: int) -> None:
        """``size``: of arrays by tag index."""
        super().__init__(bank)
        self._slot_of = bank.slots.slot_of(size)
        self._direct = len(bank) == size and bool((self._slot_of == np.arange(size)).all())
        #: Slots are in order of tags, so that what is sorted by tag is sorted by slot.
        self._in_order = bank.slots.tag is None or bool((np.diff(bank.slots.tag) > 0).all())

    @abstractmethod
    def derive(self, mine: Samples) -> Samples | None:
        """``mine``: measured samples of this kind's tags, ``tag`` holding slots; ordered as in `Samples`; at least one.

        Returns derived samples in slots: at most one for each, in the same order. Those that change nothing may be
        left out where the bank's slot is idle; where it is active (``bank.active``) all must be there, for they tell
        that the signal is known. A signal that cannot be told is a sample of BAD grade.
        """

    def tick(self, now_us: int, memory: Memory) -> Samples | None:
        """Derived samples that the clock alone brings, at the end of an advance; at most one a slot."""
        return None

    def tick_us(self) -> int:
        """`tick` brings nothing before this, unless samples come."""
        return FAR if type(self).tick is DerivedKind.tick else NEVER

    @property
    def wake_us(self) -> int:
        """See `rules.kind.Sleeper`."""
        return NEVER if self._resets else min(self.bank.wake_us, self.tick_us())

    def play(self, samples: Samples, memory: Memory) -> None:
        """See `rules.kind.Kind`."""
        mine = self._mine(samples)
        if len(mine):
            with np.errstate(over="ignore", invalid="ignore"):
                derived = self.derive(mine)
            self._hand_over(derived)

    def advance(self, now_us: int, samples: Samples | None, memory: Memory) -> list[Transition]:
        """See `rules.kind.Kind`."""
        with np.errstate(over="ignore", invalid="ignore"):
            derived = self.tick(now_us, memory)
        self._hand_over(derived)
        return self._advance_bank(now_us)

    def _hand_over(self, derived: Samples | None) -> None:
        if derived is not None and len(derived):
            self._take(derived)

    def _mine(self, samples: Samples) -> Samples:
        if self._direct:
            return samples
        slot = self._slot_of.take(samples.tag)
        rows = np.flatnonzero(slot >= 0)
        if not (samples.single or self._in_order):
            rows = rows[np.argsort(slot[rows], kind="stable")]
        elif len(rows) == len(slot):
            return replace(samples, tag=slot)
        return Samples(
            tag=slot[rows],
            time_us=samples.time_us[rows],
            value=samples.value[rows],
            quality=samples.quality[rows],
            grade=samples.grade[rows],
            single=samples.single,
            all_good=samples.all_good,
        )


class TickKind(SignalKind, ABC):
    """Kinds over several tags: the signal of every slot is judged once per advance, as of its clock."""

    #: What the signals were at the last advance.
    STATE = ("last_value", "last_grade")

    def __init__(self, bank: Bank) -> None:
        super().__init__(bank)
        self.last_value: Floats = np.full(len(bank), np.nan)
        self.last_grade: Bytes = np.full(len(bank), Quality.BAD, dtype=np.uint8)

    @abstractmethod
    def judge(self, now_us: int, samples: Samples | None, memory: Memory) -> tuple[Floats, Bytes, Floats | None] | None:
        """(value, grade, extra) of every slot's signal; None where nothing can have changed since the last advance.

        ``memory`` has learnt ``samples``. A value whose grade is BAD is not looked at.
        """

    def play(self, samples: Samples, memory: Memory) -> None:
        """Nothing: all is judged once per advance."""

    def set_back(self, now_us: int) -> None:
        """See `rules.kind.Kind`. Signals bear the clock's time: what is judged from now on is newer than what was."""
        for known in (self.known, self.bank):
            known.used_us = np.minimum(known.used_us, now_us)

    def advance(self, now_us: int, samples: Samples | None, memory: Memory) -> list[Transition]:
        """See `rules.kind.Kind`."""
        with np.errstate(over="ignore", invalid="ignore"):
            judged = self.judge(now_us, samples, memory) if len(self.bank) else None
        if judged is not None:
            self._hand_over(now_us, *judged)
        return self._advance_bank(now_us)

    def _hand_over(self, now_us: int, value: Floats, grade: Bytes, extra: Floats | None) -> None:
        bad = (grade >= Quality.BAD) & (self.last_grade >= Quality.BAD)
        differs = (value != self.last_value) | (grade != self.last_grade)
        if extra is not None:
            # While something stands, what its sentences will say is kept up to date.
            same = (extra == self.known.extra) | (np.isnan(extra) & np.isnan(self.known.extra))
            differs |= self.bank.active & (grade < Quality.BAD) & ~same.all(axis=0)
        changed = np.flatnonzero(differs & ~bad)
        if not len(changed):
            return
        self.last_value, self.last_grade = value, grade
        signals = Samples(
            tag=changed,
            time_us=np.full(len(changed), now_us, dtype=np.int64),
            value=value[changed],
            quality=grade[changed],
            grade=grade[changed],
            single=True,
            all_good=not grade[changed].any(),
            extra=None if extra is None else extra[:, changed],
        )
        self._take(signals)


def finite(derived: Samples) -> Samples:
    """What has overflowed is no number, and bad: it shall neither raise nor clear anything."""
    fine = np.isfinite(derived.value) | (derived.grade >= Quality.BAD)
    if fine.all():
        return derived
    return replace(derived, grade=np.where(fine, derived.grade, np.uint8(Quality.BAD)), all_good=False)
