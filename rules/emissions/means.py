"""Means of many periods at once: rows are (tag, period), columns the parts of the period."""

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.arrays import Bools, Bytes, Floats, Ints, Rows
from rules.emissions.averaging import from_additive, quotient, to_additive
from rules.emissions.validity import Validity

Counts = NDArray[np.int32]


class Status(IntEnum):
    """What became of a period."""

    #: Nothing is there.
    MISSING = 0
    #: There are enough valid parts: the mean is judged.
    VALID = 1
    #: There are too few, or one that spoils it: the mean is kept, not judged.
    INVALID = 2
    #: The instrument was out of operation (F) all the time that is known, and that is enough of it.
    STOPPED = 3
    #: It is valid but for the marks. Only in the judgement without what is marked.
    MARKED = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judgement:
    """One way of looking at the periods. Columns ``(r,)``; NaN where no part counts."""

    mean: Floats
    min: Floats
    max: Floats
    #: Parts that count.
    parts: Counts
    #: The status is VALID.
    valid: Bools
    #: See `Status`.
    status: Bytes
    #: The mean is weighted by flow; False where that was not asked, or the flow is not known or nought.
    weighted: Bools

    def take(self, rows: Bools | Rows) -> "Judgement":
        """The rows that a mask or an index array names."""
        return Judgement(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Means:
    """Hours, days or months. Columns ``(r,)``, sorted by (tag, start)."""

    tag: NDArray[np.int32]
    #: Start of the period. Epoch microseconds, UTC.
    start_us: Ints
    #: All that is valid counts, whatever the marks say.
    every: Judgement
    #: What is valid and not marked counts: the judgement proper.
    unmarked: Judgement
    #: See `Flag`; carried up from the parts.
    flag: Bytes
    #: Mean flow of the parts whose flow is known: the weight of this period in a longer one. NaN: not known.
    weight: Floats
    #: How many parts there are at all; with flag N; stopped; marked; late; refilled by our request.
    present: Counts
    normal: Counts
    stopped: Counts
    marked: Counts
    late: Counts
    refilled: Counts

    def __len__(self) -> int:
        return len(self.tag)

    def take(self, rows: Bools | Rows) -> "Means":
        """The rows that a mask or an index array names."""
        columns: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        cut: dict[str, Any] = {
            name: one.take(rows) if isinstance(one, Judgement) else one[rows] for name, one in columns.items()
        }
        return Means(**cut)


def judge(
    value: Floats, counts: Bools, spoilt: Bools, weight: Floats | None, enough: int | Counts, validity: Validity
) -> Judgement:
    """Means over the parts that count. ``value``, ``counts``, ``weight``: ``(r, c)``; ``spoilt``, ``enough``: ``(r,)``.

    The status tells valid and invalid; `settle` tells the others.
    """
    parts = counts.sum(axis=1)
    additive = np.where(counts, to_additive(value, validity), 0.0)
    mean = quotient(additive.sum(axis=1), parts.astype(np.float64))
    weighted = np.zeros(len(value), np.bool_)
    if weight is not None:
        weighable = counts & known(weight)
        flow = np.where(weighable, weight, 0.0)
        total = flow.sum(axis=1)
        weighted = (weighable.sum(axis=1) >= enough) & (total > 0)
        mean = np.where(weighted, quotient((additive * flow).sum(axis=1), total), mean)
    valid = (parts >= enough) & ~spoilt
    some = parts > 0
    return Judgement(
        mean=from_additive(mean, validity),
        min=np.where(some, np.where(counts, value, np.inf).min(axis=1, initial=np.inf), np.nan),
        max=np.where(some, np.where(counts, value, -np.inf).max(axis=1, initial=-np.inf), np.nan),
        parts=parts.astype(np.int32),
        valid=valid,
        status=np.where(valid, Status.VALID, Status.INVALID).astype(np.uint8),
        weighted=weighted,
    )


def settle(every: Judgement, unmarked: Judgement, *, nothing: Bools, stopped: Bools) -> tuple[Judgement, Judgement]:
    """The two with their final status. ``nothing``: no part is there; ``stopped``: the period is one of standstill."""
    over = [(nothing, Status.MISSING), (stopped, Status.STOPPED)]
    return (
        _with_status(every, over),
        _with_status(unmarked, [*over, (every.valid & ~unmarked.valid, Status.MARKED)]),
    )


def known(flow: Floats) -> Bools:
    """Whether it is a flow: a number, and not negative."""
    with np.errstate(invalid="ignore"):
        found: Bools = np.isfinite(flow) & (flow >= 0)
    return found


def mean_weight(weight: Floats | None, rows: int) -> Floats:
    """Mean of the flows that are known, of each row."""
    if weight is None:
        return np.full(rows, np.nan)
    there = known(weight)
    return quotient(np.where(there, weight, 0.0).sum(axis=1), there.sum(axis=1).astype(np.float64))


def count(mask: Bools) -> Counts:
    """How many of each row are set."""
    counts: Counts = np.count_nonzero(mask, axis=1).astype(np.int32)
    return counts


def _with_status(one: Judgement, over: list[tuple[Bools, Status]]) -> Judgement:
    status = np.select([where for where, _ in over], [np.uint8(what) for _, what in over], one.status)
    columns = {field.name: getattr(one, field.name) for field in fields(one)}
    valid = one.valid & (status == Status.VALID)
    return Judgement(**(columns | {"status": status.astype(np.uint8), "valid": valid}))
