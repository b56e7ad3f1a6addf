"""Marks (标记): asked for through the journal as notes, projected into ``emission_mark`` by the store writer."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec
import numpy as np
import psycopg
from numpy.typing import NDArray

from park.index import TagTable
from rules.emissions.marks import Kind, Marks
from rules.emissions.periods import HOUR_US, hour_of
from service.judge.sources import JudgedSource
from service.store.events import moment
from service.store.notes import Note, storable
from service.store.stored import microseconds

MARK, WITHDRAWN = "mark", "mark_withdrawn"


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """One, as it stands."""

    #: UUID.
    id: str
    enterprise: str
    #: ``enterprise.source``
    source: str
    #: Full ids of the tags it covers; empty: all of the source.
    tags: tuple[str, ...] = ()
    #: ``[from_us, to_us)``, epoch microseconds, UTC.
    from_us: int
    to_us: int
    #: Of production or treatment (工况), or of the monitoring (监测异常).
    kind: Literal["condition", "anomaly"]
    #: ``calibration``, ``fault``, ``start_up``, ...
    type: str
    reason: str
    author: str
    created_us: int
    origin: Literal["manual", "auto"] = "manual"


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True):
    """A mark is taken back; it stays in the record."""

    mark: str
    by: str
    reason: str
    at_us: int


_INSERT = (
    "INSERT INTO emission_mark (id, enterprise, source, tags, from_time, to_time, kind, type, reason, author, created,"
    " origin) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING"
)
_WITHDRAW = (
    "UPDATE emission_mark SET withdrawn = %s, withdrawn_by = %s, withdraw_reason = %s"
    " WHERE id = %s AND withdrawn IS NULL"
)
_SPANS = (
    "SELECT source, tags, from_time, to_time, kind FROM emission_mark"
    " WHERE withdrawn IS NULL AND source = ANY(%s) AND from_time < %s AND to_time > %s"
)
_ONE = "SELECT source, tags, from_time, to_time FROM emission_mark WHERE id = %s"


def note_of(one: Mark | Withdrawal, *, id_: str, enterprise: str) -> Note:
    """As it goes through the journal."""
    is_mark = isinstance(one, Mark)
    return Note(
        id=id_,
        at_us=one.created_us if isinstance(one, Mark) else one.at_us,
        kind=MARK if is_mark else WITHDRAWN,
        by=one.author if isinstance(one, Mark) else one.by,
        enterprise=enterprise,
        subject=one.id if isinstance(one, Mark) else one.mark,
        body=msgspec.json.encode(one).decode(),
    )


def project(cursor: psycopg.Cursor[Any], notes: Iterable[Note]) -> list[tuple[str, tuple[str, ...], int, int]]:
    """Bring the table up to date. Returns (source, tags, from, to) of what has to be judged anew."""
    spans: list[tuple[str, tuple[str, ...], int, int]] = []
    for note in notes:
        if note.kind == MARK:
            one = msgspec.json.decode(storable(note.body), type=Mark)
            times = moment(one.from_us), moment(one.to_us)
            fields = (one.kind, one.type, one.reason, one.author, moment(one.created_us), one.origin)
            cursor.execute(_INSERT.encode(), (one.id, one.enterprise, one.source, list(one.tags), *times, *fields))
            spans.append((one.source, one.tags, one.from_us, one.to_us))
        elif note.kind == WITHDRAWN:
            back = msgspec.json.decode(storable(note.body), type=Withdrawal)
            cursor.execute(_WITHDRAW.encode(), (moment(back.at_us), back.by, back.reason, back.mark))
            row = cursor.execute(_ONE.encode(), (back.mark,)).fetchone()
            if row is not None:
                spans.append((row[0], tuple(row[1]), microseconds(row[2]), microseconds(row[3])))
    return spans


def covered(
    tags: TagTable, spans: Iterable[tuple[str, tuple[str, ...], int, int]]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """One (tag, time) in every hour that a span touches, for whoever marks minutes as touched."""
    ixs: list[int] = []
    times: list[int] = []
    for source, names, from_us, to_us in spans:
        hours = np.arange(int(hour_of(np.array([from_us]))[0]), to_us, HOUR_US)
        for info in tags.infos:
            if info.source_id == source and (not names or info.id in names):
                ixs += [info.ix] * len(hours)
                times += hours.tolist()
    return np.array(ixs, np.int32), np.array(times, np.int64)


def read_marks(cursor: psycopg.Cursor[Any], sources: Sequence[JudgedSource], from_us: int, to_us: int) -> Marks:
    """Those in force that touch the span, one row for each tag that one covers."""
    names = [one.id for one in sources]
    rows = cursor.execute(_SPANS.encode(), (names, moment(to_us), moment(from_us))).fetchall()
    named = [
        {
            "source": source,
            "tags": names,
            "from_time_us": microseconds(begin),
            "to_time_us": microseconds(end),
            "kind": kind,
        }
        for source, names, begin, end, kind in rows
    ]
    return marks_of_rows(named, {tag.info.id: (one.id, tag.info.ix) for one in sources for tag in one.tags})


def marks_of_rows(rows: Sequence[Mapping[str, Any]], tags: Mapping[str, tuple[str, int]]) -> Marks:
    """``tags``: full id -> (source, index). One row for each tag that a mark covers."""
    of_source: dict[str, list[tuple[str, int]]] = {}
    for name, (source, ix) in tags.items():
        of_source.setdefault(source, []).append((name, ix))
    found = [
        (ix, row["from_time_us"], row["to_time_us"], Kind.CONDITION if row["kind"] == "condition" else Kind.ANOMALY)
        for row in rows
        for name, ix in of_source.get(row["source"], ())
        if not row["tags"] or name in row["tags"]
    ]
    columns: list[Sequence[int]] = list(zip(*found, strict=True)) if found else [()] * 4
    return Marks(
        tag=np.array(columns[0], np.int32),
        begin_us=np.array(columns[1], np.int64),
        end_us=np.array(columns[2], np.int64),
        kind=np.array(columns[3], np.uint8),
    )
