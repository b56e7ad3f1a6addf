"""Rows of one tag and one period brought together, and flags counted, without a loop over rows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.arrays import Bools, Bytes, Floats, Ints, Rows
from rules.emissions.flags import TIES, Flag
from rules.emissions.periods import MINUTE_US
from rules.emissions.validity import Validity

_TIES = np.array(TIES, np.intp)


def keys(tag: NDArray[np.int32], start_us: Ints) -> Ints:
    """One number for each (tag, minute), in the order of (tag, time); good from 1970 to the year 6053."""
    return tag.astype(np.int64) << 31 | start_us // MINUTE_US


def ordered(key: Ints) -> Rows | None:
    """The order that sorts the keys, the same ones in the order given; None where they are sorted."""
    return None if len(key) < 2 or bool((key[1:] >= key[:-1]).all()) else np.argsort(key, kind="stable")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Groups:
    """Runs of one key in a sorted column."""

    #: Where each run begins, ``(g,)``, and how long it is.
    first: Rows
    size: Rows
    #: The run of each row, ``(n,)``.
    of: Rows

    @staticmethod
    def within(sorted_key: Ints) -> "Groups":
        """The runs of a sorted column."""
        if not len(sorted_key):
            empty = np.empty(0, np.intp)
            return Groups(first=empty, size=empty, of=empty)
        begins = np.concatenate([[True], sorted_key[1:] != sorted_key[:-1]])
        first = np.flatnonzero(begins)
        return Groups(
            first=first, size=np.diff(np.append(first, len(sorted_key))), of=np.cumsum(begins).astype(np.intp) - 1
        )

    def __len__(self) -> int:
        return len(self.first)

    def flags(self, flag: Bytes) -> NDArray[np.intp]:
        """How often each flag is in each run, ``(g, 9)``."""
        kinds = len(Flag)
        return np.bincount(self.of * kinds + flag, minlength=len(self) * kinds).reshape(len(self), kinds)

    def count(self, mask: Bools) -> NDArray[np.intp]:
        """How many rows of each run are set."""
        return np.bincount(self.of[mask], minlength=len(self))

    def total(self, value: Floats) -> Floats:
        """Sum of each run."""
        return np.add.reduceat(value, self.first) if len(self) else np.empty(0)


def carry_up(
    counts: NDArray[np.intp], parts: int | NDArray[np.intp], enough: int | NDArray[np.int32], validity: Validity
) -> Bytes:
    """The flag of a period from how often each flag is in it (HJ 212-2017, notes to C.16 to C.18).

    ``counts``: ``(g, 9)``; ``parts``: how many there should be. The period is normal where ``normal_share`` of the
    parts is, or, with ``one_bad_flags``, where ``enough`` are and none is abnormal. Otherwise its flag is the most
    frequent abnormal one (or D, where there is more than one kind), and MISSING where nothing is abnormal but there is
    too little of anything. A flag that `Validity` counts as valid is as good as N here, and is kept where N alone
    would not do.
    """
    normal, share = counts[:, Flag.N], np.asarray(parts) * validity.normal_share
    if validity.one_bad_flags:
        plain = (normal >= enough) & (normal == counts[:, 1:].sum(axis=1))
    else:
        plain = (normal > 0) & (normal >= share)
    flags = np.full(len(counts), Flag.N, np.uint8)
    # Most periods are plain; only the others need a closer look.
    odd = np.flatnonzero(~plain)
    flags[odd] = _not_plain(counts[odd], _of(share, odd), _of(np.asarray(enough), odd), validity)
    return flags


def _of(column: NDArray[Any], rows: Rows) -> NDArray[Any]:
    """The rows of a column, or the one number for all of them."""
    return column[rows] if column.ndim else column


def _not_plain(counts: NDArray[np.intp], share: NDArray[Any], enough: NDArray[Any], validity: Validity) -> Bytes:
    """The flags of periods that N alone does not make normal."""
    valid = np.isin(_TIES, list(validity.valid_flags))
    tolerated, bad = counts[:, _TIES] * valid, counts[:, _TIES] * ~valid
    good = counts[:, Flag.N] + tolerated.sum(axis=1)
    spoilt = bad.any(axis=1)
    fine = ~spoilt & (good >= enough) if validity.one_bad_flags else (good > 0) & (good >= share)
    worst = _TIES[bad.argmax(axis=1)]
    if validity.abnormal_flag == "D":
        mixed = bad.max(axis=1, initial=0) < good + bad.sum(axis=1)
        worst, spoilt = np.where(mixed, Flag.D, worst), spoilt | mixed
    abnormal = np.where(spoilt, worst, Flag.MISSING)
    return np.where(fine, _TIES[tolerated.argmax(axis=1)], abnormal).astype(np.uint8)
