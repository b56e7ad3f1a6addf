"""What the kinds have in common whose signal is derived from each sample of one tag: rate, frozen, range, quality."""

import hashlib
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from park.quality import Quality
from rules.arrays import FAR, Bools, Bytes, Floats, Ints, Rows
from rules.bank.bank import Bank
from rules.bank.side import Side, SideName
from rules.bank.slots import Slots
from rules.bank.words import Names
from rules.derived import DerivedKind
from rules.memory import Memory
from rules.samples import Samples
from rules.transition import Transition

N = TypeVar("N", np.float64, np.int64)


class PerSlot(Generic[N]):
    """A number of every slot; no look-up where they are all alike."""

    def __init__(self, column: NDArray[N]) -> None:
        self.column: NDArray[N] = column
        self._same = bool(len(column)) and bool((column == column[0]).all())
        #: One row for any slot.
        self._one: NDArray[N] = column[:1]

    def of(self, slots: Rows) -> NDArray[N]:
        """To be broadcast against ``slots``."""
        return self._one if self._same else self.column.take(slots)


def rounds(samples: Samples, rows: Rows) -> Iterator[Rows]:
    """``rows`` of ``samples`` in order of time, each slot at most once a round."""
    if samples.single:
        yield rows
        return
    slot = samples.tag[rows]
    first = np.flatnonzero(np.append(True, slot[1:] != slot[:-1])[: len(slot)])
    rank = np.arange(len(rows)) - np.repeat(first, np.diff(np.append(first, len(rows))))
    order = np.argsort(rank, kind="stable")
    ends = np.cumsum(np.bincount(rank)) if len(rows) else np.zeros(0, dtype=np.int64)
    start = 0
    for end in ends.tolist():
        yield rows[order[start:end]]
        start = end


def digests(slots: Slots, *columns: NDArray[Any]) -> list[str]:
    """By rule: equal where these columns, ``(..., n)`` by slot, are the same for its slots."""
    made = []
    for rule in range(len(slots.rules)):
        digest = hashlib.sha256()
        for column in columns:
            digest.update(np.ascontiguousarray(column[..., slots.span(rule)]).tobytes())
        made.append(digest.hexdigest())
    return made


class TagSignal(DerivedKind):
    """A signal that can be told anew at any time, from what is known of the tag and the kind's own state.

    So it need be handed to the bank only where it matters, and limits that have moved are held against it at once.
    """

    def __init__(self, bank: Bank, size: int, facts: Sequence[str]) -> None:
        """``facts`` by rule: what its signal is made by; where they change, the signal is looked at anew."""
        super().__init__(bank, size)
        bank.fingerprints = tuple(f"{one} {fact}" for one, fact in zip(bank.fingerprints, facts, strict=True))
        #: Grades from here on are of no use.
        self._unusable: Bytes = np.where(bank.slots.strict, np.uint8(Quality.UNCERTAIN), np.uint8(Quality.BAD))
        self._any_strict = bool(bank.slots.strict.any())
        assert bank.slots.tag is not None
        self._tag: Rows = bank.slots.tag

    @abstractmethod
    def renew(self, memory: Memory) -> None:
        """Let ``known`` be what the newest sample of every slot's tag says."""

    def advance(self, now_us: int, samples: Samples | None, memory: Memory) -> list[Transition]:
        """See `rules.kind.Kind`."""
        if self.bank.any_relimited:
            self.renew(memory)
        return super().advance(now_us, samples, memory)

    def usable(self, mine: Samples) -> Rows:
        """Rows that are not bad, nor uncertain where that counts as bad."""
        if self._any_strict:
            return np.flatnonzero(mine.grade < self._unusable.take(mine.tag))
        return np.flatnonzero(mine.grade < Quality.BAD)

    def heard(self, mine: Samples, loud: Rows) -> Rows:
        """Rows that the bank must hear: of slots that are active or have a ``loud`` row."""
        active = self.bank.active
        if mine.single:
            if not active.any():
                return loud
            hot = active.take(mine.tag)
            hot[loud] = True
            return np.flatnonzero(hot)
        if len(loud):
            active = active.copy()
            active[mine.tag[loud]] = True
        return np.flatnonzero(active.take(mine.tag))

    def _remember(self, used_us: Ints, value: Floats, grade: Bytes, extra: Floats | None = None) -> None:
        known = self.known
        known.used_us[:], known.used_value[:], known.grade[:] = used_us, value, grade
        if extra is not None:
            known.extra[:] = extra


class FaultSignal(TagSignal):
    """A signal that is nearly always 0. ``extra`` of its samples is the measured value."""

    def told(self, mine: Samples, loud: Rows, level: Floats) -> Samples | None:
        """The signal of ``mine``, ``level`` in ``loud`` rows and else 0, as far as the bank must hear it."""
        rows = self.heard(mine, loud)
        if not len(rows):
            return None
        signal = np.zeros(len(rows))
        signal[np.searchsorted(rows, loud)] = level
        return Samples(
            tag=mine.tag[rows],
            time_us=mine.time_us[rows],
            value=signal,
            quality=mine.quality[rows],
            grade=mine.grade[rows],
            single=mine.single,
            all_good=mine.all_good,
            extra=mine.value[np.newaxis, rows],
        )


def compile_graded(minor_us: Ints, grave_us: Ints, off_delay_us: Ints) -> tuple[tuple[Side, Side], Names]:
    """For slots whose signal is 0, 1 (a minor fault, told after ``minor_us``; `FAR`: none) or 2 (a grave one).

    One alarm for both. While the grave one stands the minor one does.
    """
    size = len(minor_us)
    high, low = Side(SideName.high, size), Side(SideName.low, size)
    two: Bools = minor_us < FAR
    high.limit[0] = high.reset[0] = np.where(two, 0.5, 1.5)
    high.limit[1] = high.reset[1] = np.where(two, 1.5, np.inf)
    high.on_delay_us[0] = np.where(two, minor_us, grave_us)
    high.on_delay_us[1] = grave_us
    high.off_delay_us[:] = off_delay_us
    return (high, low), (([""] * size, [""] * size), ([""] * size, [""] * size))
