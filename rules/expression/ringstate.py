"""Takes the windows of a pool out, and into another one.

A window tells of its tags, not of the rule that looks at it: it is taken over wherever the same tags had one of the
same length, and begins empty where none was.
"""

from collections.abc import Sequence

import numpy as np

from rules.arrays import Columns, Ints, Rows, lines, text
from rules.expression.rings import Ring


def save_rings(rings: Sequence[Ring]) -> Columns:
    """Of all."""
    columns: Columns = {"names": text(_name(ring) for ring in rings)}
    for number, ring in enumerate(rings):
        columns |= {f"{number}.{name}": column for name, column in ring.save().items()}
    return columns


def load_rings(rings: Sequence[Ring], columns: Columns, moved: Ints) -> None:
    """Into new ones. ``moved``: by old tag index the index here; -1: gone."""
    saved = [(name, _under(columns, f"{number}.")) for number, name in enumerate(lines(columns["names"]))]
    for ring in rings:
        mine = [one for name, one in saved if name == _name(ring)]
        # Tags may stand in several, one older than the other: first the one that was this one.
        mine.sort(key=lambda one: not np.array_equal(np.sort(moved[one["ix"]]), ring.ix))
        _load(ring, mine, moved)


def _load(ring: Ring, saved: Sequence[Columns], moved: Ints) -> None:
    wanted = np.ones(len(ring.ix), dtype=np.bool_)
    for one in saved:
        here: Rows = moved[one["ix"]]
        slot = np.searchsorted(ring.ix, here)
        found = (slot < len(ring.ix)) & (here >= 0)
        found[found] = ring.ix[slot[found]] == here[found]
        found[found] = wanted[slot[found]]
        rows = np.flatnonzero(found)
        if len(rows):
            ring.load(one, rows, slot[rows])
            wanted[slot[rows]] = False


def _name(ring: Ring) -> str:
    return f"{type(ring).__name__} {ring.window_us} {'good' if ring.strict else 'usable'}"


def _under(columns: Columns, prefix: str) -> Columns:
    return {name.removeprefix(prefix): column for name, column in columns.items() if name.startswith(prefix)}
