"""Means as rows with revisions: what is judged anew is written only where it differs from what holds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
import psycopg
from numpy.typing import NDArray

from rules.arrays import Floats, Ints, Rows
from rules.emissions.compare import Reason, Verdict
from rules.emissions.means import Status
from service.judge.columns import Spans, Tags, moments
from service.store.events import moment
from service.store.stored import microseconds

Period = Literal["hour", "day", "month"]
Ints32 = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeanRows:
    """Columns ``(n,)`` of table ``emission_mean``; the migration says what each is."""

    tag: Tags
    #: Start of the period. Epoch microseconds, UTC.
    start_us: Ints
    value: Floats
    low: Floats
    high: Floats
    status: Ints32
    parts: Ints32
    flag: Ints32
    unmarked: Floats
    unmarked_status: Ints32
    measured: Floats
    measured_status: Ints32
    converted: NDArray[np.bool_]
    flow: Floats
    amount_kg: Floats
    amount_hours: Ints32
    present: Ints32
    normal: Ints32
    stopped: Ints32
    marked: Ints32
    late: Ints32
    refilled: Ints32
    minutes_differ: Ints32
    reported: Floats
    reported_zs: Floats
    reported_flag: NDArray[np.object_]
    verdict: Ints32
    verdict_reason: Ints32

    def __len__(self) -> int:
        return len(self.tag)

    def take(self, rows: Rows | NDArray[np.bool_]) -> "MeanRows":
        """The rows that a mask or an index array names."""
        return MeanRows(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    @property
    def valid(self) -> NDArray[np.bool_]:
        """Judged, whatever is marked."""
        found: NDArray[np.bool_] = self.status == Status.VALID
        return found

    @property
    def unmarked_valid(self) -> NDArray[np.bool_]:
        """Judged over what is not marked."""
        found: NDArray[np.bool_] = self.unmarked_status == Status.VALID
        return found


_CONTENT = tuple(field.name for field in fields(MeanRows))[2:]
_FLOATS = ("value", "low", "high", "unmarked", "measured", "flow", "amount_kg", "reported", "reported_zs")
_KINDS: dict[str, Any] = {"converted": np.bool_, "reported_flag": np.object_, **dict.fromkeys(_FLOATS, np.float64)}
_SQL_TYPES = {np.float64: "float8", np.bool_: "bool", np.object_: "text"}
_LATEST = f"""
SELECT DISTINCT ON (m.tag, m.start) m.tag, m.start, m.revision, {", ".join(f"m.{name}" for name in _CONTENT)}
FROM unnest(%b::int[], %b::timestamptz[], %b::timestamptz[]) AS asked (tag, from_time, to_time)
JOIN emission_mean AS m ON m.tag = asked.tag AND m.period = %s
    AND m.start >= asked.from_time AND m.start < asked.to_time
ORDER BY m.tag, m.start, m.revision DESC
"""


def _sql_type(name: str) -> str:
    found: str = _SQL_TYPES.get(_KINDS.get(name, np.int32), "int")
    return found


_INSERT = f"""
INSERT INTO emission_mean (tag, period, start, revision, judged, why, {", ".join(_CONTENT)})
SELECT tag, %s, start, revision, %s, why, {", ".join(_CONTENT)}
FROM unnest(%b::int[], %b::timestamptz[], %b::int[], %s::text[],
            {", ".join(f"%b::{_sql_type(name)}[]" for name in _CONTENT)})
     AS new (tag, start, revision, why, {", ".join(_CONTENT)})
"""


def read_means(cursor: psycopg.Cursor[Any], spans: Spans, period: Period) -> tuple[MeanRows, Ints32]:
    """The revisions that hold, sorted by (tag, start), and their numbers."""
    rows = cursor.execute(_LATEST.encode(), (*spans.columns, period)).fetchall()
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * (3 + len(_CONTENT))
    tag, start, revision, *content = columns
    named = {
        name: np.array(column, dtype=_KINDS.get(name, np.int32)) for name, column in zip(_CONTENT, content, strict=True)
    }
    found = MeanRows(
        tag=np.array(tag, np.int32), start_us=np.array([microseconds(one) for one in start], np.int64), **named
    )
    return found, np.array(revision, np.int32)


def write_means(
    cursor: psycopg.Cursor[Any], rows: MeanRows, period: Period, length_us: int, judged_us: int
) -> NDArray[np.bool_]:
    """Write those that differ from what holds, as new revisions. Returns which did, ``(n,)``.

    ``rows`` sorted by (tag, start); ``length_us``: of the period (of a month, 31 days).
    """
    if not len(rows):
        return np.zeros(0, np.bool_)
    known, revisions = read_means(cursor, Spans.of_runs(rows.tag, rows.start_us, length_us), period)
    at = {key: i for i, key in enumerate(zip(known.tag.tolist(), known.start_us.tolist(), strict=True))}
    keys = zip(rows.tag.tolist(), rows.start_us.tolist(), strict=True)
    found = np.array([at.get(key, -1) for key in keys], np.intp)
    changed = (found < 0) | _differ(rows, known, found)
    some = np.flatnonzero(changed)
    if len(some):
        numbers = [int(revisions[found[i]]) + 1 if found[i] >= 0 else 1 for i in some]
        why = [_why(rows, i, known, int(found[i])) for i in some.tolist()]
        _insert(cursor, rows.take(some), period, numbers, why, judged_us)
    return changed


def _differ(rows: MeanRows, known: MeanRows, found: Rows) -> NDArray[np.bool_]:
    there = np.flatnonzero(found >= 0)
    differ = np.zeros(len(rows), np.bool_)
    for name in _CONTENT:
        now, before = getattr(rows, name)[there], getattr(known, name)[found[there]]
        if _KINDS.get(name) is np.float64:
            # What a sum in another order makes of the last digits is no revision.
            same = np.isclose(now, before, rtol=1e-9, atol=1e-12, equal_nan=True)
        else:
            same = now == before
        differ[there] |= ~same
    return differ


def _why(rows: MeanRows, i: int, known: MeanRows, at: int) -> str:
    """What brought the revision: in one of a few fixed words, for people and filters."""
    if at < 0:
        return "first"
    if rows.refilled[i] > known.refilled[at]:
        return "refilled"
    if rows.marked[i] != known.marked[at]:
        return "marks"
    if rows.present[i] != known.present[at] or rows.late[i] != known.late[at]:
        return "late data"
    told = (rows.reported_flag[i], rows.verdict[i]) != (known.reported_flag[at], known.verdict[at])
    only_told = told and bool(np.isclose(rows.value[i], known.value[at], equal_nan=True))
    return "logger reported" if only_told else "recomputed"


def _insert(
    cursor: psycopg.Cursor[Any], rows: MeanRows, period: Period, numbers: list[int], why: list[str], judged_us: int
) -> None:
    judged = moment(judged_us)
    content = [getattr(rows, name).tolist() for name in _CONTENT]
    cursor.execute(
        _INSERT.encode(),
        (period, judged, rows.tag.tolist(), moments(rows.start_us), numbers, why, *content),
    )


def nothing_reported(n: int) -> dict[str, Any]:
    """The columns of the logger's own word where there is none."""
    return {
        "reported": np.full(n, np.nan),
        "reported_zs": np.full(n, np.nan),
        "reported_flag": np.full(n, "", np.object_),
        "verdict": np.full(n, Verdict.NOT_COMPARABLE, np.int32),
        "verdict_reason": np.full(n, Reason.THEIRS_MISSING, np.int32),
    }


def concat_rows(parts: Iterable[MeanRows]) -> MeanRows:
    """All rows, sorted by (tag, start)."""
    some = list(parts)
    whole = MeanRows(
        **{field.name: np.concatenate([getattr(one, field.name) for one in some]) for field in fields(MeanRows)}
    )
    return whole.take(np.lexsort((whole.start_us, whole.tag)))


__all__ = ["MeanRows", "Period", "concat_rows", "nothing_reported", "read_means", "write_means"]
