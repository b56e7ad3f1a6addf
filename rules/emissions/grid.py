"""A dense grid of the parts of periods: rows are (tag, period), columns the minutes, hours or days in it."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from rules.arrays import Bools, Bytes, Floats, Ints, Rows
from rules.emissions.flags import Flag
from rules.emissions.groups import keys

_T = TypeVar("_T", bound=np.generic)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """Where the parts go. ``tag``, ``start_us``: ``(r,)``, sorted and each pair once; ``cells``: of each part, its
    place in the flat grid, or -1 where its period is none of the rows."""

    tag: NDArray[np.int32]
    start_us: Ints
    columns: int
    cells: Rows

    @staticmethod
    def of(
        tag: NDArray[np.int32],
        period_us: Ints,
        column: Rows,
        columns: int,
        rows: tuple[NDArray[np.int32], Ints] | None = None,
    ) -> "Grid":
        """The grid of parts ``(n,)``. ``rows``: the (tag, start) of the rows wanted; None: every period with a part."""
        part_keys = keys(tag, period_us)
        row_tag, row_us = (tag, period_us) if rows is None else (np.asarray(rows[0], np.int32), rows[1])
        row_keys = part_keys if rows is None else keys(row_tag, row_us)
        unique, first = _unique(row_keys)
        at = np.searchsorted(unique, part_keys)
        inside = at < len(unique)
        inside[inside] = unique[at[inside]] == part_keys[inside]
        return Grid(
            tag=row_tag[first].astype(np.int32),
            start_us=row_us[first],
            columns=columns,
            cells=np.where(inside, at * columns + column, -1),
        )

    def numbers(self, values: Floats) -> Floats:
        """``(r, c)``, NaN where there is no part."""
        return self._spread(values, np.full(len(self.tag) * self.columns, np.nan))

    def bytes(self, values: Bytes) -> Bytes:
        """``(r, c)``, 0 (`Flag.MISSING`) where there is no part."""
        return self._spread(values, np.full(len(self.tag) * self.columns, Flag.MISSING, np.uint8))

    def bools(self, values: Bools | None) -> Bools:
        """``(r, c)``, False where there is no part."""
        flat = np.zeros(len(self.tag) * self.columns, np.bool_)
        return flat.reshape(-1, self.columns) if values is None else self._spread(values, flat)

    def _spread(self, values: NDArray[_T], flat: NDArray[_T]) -> NDArray[_T]:
        there = self.cells >= 0
        flat[self.cells[there]] = values[there]
        return flat.reshape(-1, self.columns)


def _unique(key: Ints) -> tuple[Ints, Rows]:
    """Each key once, sorted, and where it first is."""
    if len(key) and bool((key[1:] >= key[:-1]).all()):
        first = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
        return key[first], first
    return np.unique(key, return_index=True)
