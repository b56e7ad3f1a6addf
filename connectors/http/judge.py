"""Which rows of a request are samples: every check on whole columns, and a report that names the rows that are none."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from connectors.codecs.base import Refusal
from connectors.http.faults import CODE, FAULTS
from park.index import TagTable
from park.plausible import unbelieved
from park.quality import Quality

#: Bad rows that are named one by one; of all of them there are counts.
MOST_NAMED = 100
_SHOWN = 80


class RowProblem(NamedTuple):
    """One row that is no sample."""

    #: From 1, as the rows stand in the request; a header and blank lines do not count.
    row: int
    field: str
    value: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """What a body holds, before it is judged: columns of one length ``(n,)``."""

    #: Tag index, -1 where there is none.
    tag: NDArray[np.int32]
    time_us: NDArray[np.int64]
    #: NaN: no value, which needs a bad quality.
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]
    #: Code in `FAULTS` of what is wrong already; 0: nothing.
    fault: NDArray[np.uint8]
    #: Number of the row, from 1.
    row: NDArray[np.int64]
    #: (field, value as it was sent, what is wrong) of the row at a place, for the code that it has in the end.
    explain: Callable[[int, int], tuple[str, str, str]]
    #: The rows at these places as bytes, much as they were sent.
    raw: Callable[[NDArray[np.intp]], bytes]


@dataclass(slots=True, kw_only=True)
class Judged:
    """The good rows as columns, oldest first, and what is to be told of the others."""

    tag: NDArray[np.int32]
    time_us: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]
    rejected: int = 0
    #: Rows that say once more what an earlier one of the request said.
    duplicates: int = 0
    problems: list[RowProblem] = field(default_factory=list)
    by_reason: dict[str, int] = field(default_factory=dict)
    #: One for each reason: what to keep, and the bytes of those rows.
    refusals: list[tuple[Refusal, bytes]] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """All that the request held."""
        return len(self.tag) + self.rejected + self.duplicates


def shown(value: object) -> str:
    """The start of what was sent, for a person."""
    text = value if isinstance(value, str) else str(value)
    text = text[: _SHOWN + 1].encode(errors="replace").decode()
    if not text.isprintable():
        text = text.encode("unicode_escape").decode()
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def judge(cells: Cells, tags: TagTable, now_us: int) -> Judged:
    """``now_us``: epoch microseconds, UTC; what lies ahead of it or far behind is no sample (see the park file)."""
    fault = _with_values(cells)
    for reason, mask in unbelieved(tags.park, cells.time_us, now_us)._asdict().items():
        _mark(fault, reason, mask)
    repeated = _mark_repeated(cells, fault)
    good = np.flatnonzero((fault == 0) & ~repeated)
    good = good[np.argsort(cells.time_us[good], kind="stable")]
    judged = Judged(
        tag=cells.tag[good],
        time_us=cells.time_us[good],
        value=cells.value[good],
        quality=cells.quality[good],
        duplicates=int(np.count_nonzero(repeated)),
    )
    _tell(judged, cells, fault)
    return judged


def _with_values(cells: Cells) -> NDArray[np.uint8]:
    fault = cells.fault.copy()
    no_value = np.isnan(cells.value) & (cells.quality != Quality.BAD)
    _mark(fault, "not_a_number", no_value | np.isinf(cells.value))
    return fault


def _mark(fault: NDArray[np.uint8], reason: str, mask: NDArray[np.bool_]) -> None:
    fault[mask & (fault == 0)] = CODE[reason]


def _mark_repeated(cells: Cells, fault: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Rows that repeat an earlier one; those that contradict it get a fault instead."""
    good = np.flatnonzero(fault == 0)
    order = good[np.lexsort((cells.time_us[good], cells.tag[good]))]  # stable: the first row of each stays first
    begins = np.ones(len(order), np.bool_)
    begins[1:] = (np.diff(cells.tag[order]) != 0) | (np.diff(cells.time_us[order]) != 0)
    first = order[np.flatnonzero(begins)[np.cumsum(begins) - 1]] if len(order) else order
    value, of_first = cells.value[order], cells.value[first]
    same = (value == of_first) | (np.isnan(value) & np.isnan(of_first))
    same &= cells.quality[order] == cells.quality[first]
    repeated = np.zeros(len(fault), np.bool_)
    repeated[order[~begins & same]] = True
    fault[order[~begins & ~same]] = CODE["conflicting_duplicate"]
    return repeated


def _tell(judged: Judged, cells: Cells, fault: NDArray[np.uint8]) -> None:
    bad = np.flatnonzero(fault)
    bad = bad[np.argsort(cells.row[bad], kind="stable")]
    judged.rejected = len(bad)
    for place in bad[:MOST_NAMED].tolist():
        judged.problems.append(RowProblem(int(cells.row[place]), *cells.explain(place, int(fault[place]))))
    counts = np.bincount(fault[bad], minlength=len(FAULTS))
    for code in np.flatnonzero(counts).tolist():
        reason, those = FAULTS[code].reason, bad[fault[bad] == code]
        judged.by_reason[reason] = len(those)
        field_, value, problem = cells.explain(int(those[0]), code)
        what = " ".join(one for one in (field_, repr(value) if value else "") if one)
        count = f" and {len(those) - 1} more rows" if len(those) > 1 else ""
        detail = f"row {int(cells.row[those[0]])}{count}: {what}: {problem}"
        judged.refusals.append((Refusal(reason, detail), cells.raw(those)))
