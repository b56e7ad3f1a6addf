"""Samples as PostgreSQL binary COPY, straight from numpy: big-endian fields, one ``tobytes()`` a batch."""

from dataclasses import dataclass

import numpy as np
import psycopg
from numpy.typing import NDArray

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
#: PostgreSQL counts microseconds from 2000-01-01.
_PG_EPOCH_US = 946_684_800_000_000
_INT32 = np.iinfo(np.int32)

_ROW = np.dtype(
    [
        ("fields", ">i2"),
        ("tag_len", ">i4"),
        ("tag", ">i4"),
        ("time_len", ">i4"),
        ("time", ">i8"),
        ("value_len", ">i4"),
        ("value", ">f8"),
        ("quality_len", ">i4"),
        ("quality", ">i2"),
        ("lag_len", ">i4"),
        ("lag", ">i4"),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """Columns of table ``sample``, sorted by (tag, time), each pair once; all of shape ``(n,)``."""

    tag: NDArray[np.int32]
    time_us: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]
    #: Received minus source time, milliseconds.
    lag_ms: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.tag)


def sort_rows(rows: Rows) -> Rows:
    """By (tag, time); of several with one (tag, time) the first stays."""
    order = np.lexsort((rows.time_us, rows.tag))
    tag, time_us = rows.tag[order], rows.time_us[order]
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = (tag[1:] != tag[:-1]) | (time_us[1:] != time_us[:-1])
    keep = order[first]
    return Rows(
        tag=tag[first],
        time_us=time_us[first],
        value=rows.value[keep],
        quality=rows.quality[keep],
        lag_ms=rows.lag_ms[keep],
    )


def encode(rows: Rows) -> bytes:
    """The whole COPY stream."""
    encoded = np.empty(len(rows), dtype=_ROW)
    encoded["fields"] = 5
    encoded["tag_len"], encoded["tag"] = 4, rows.tag
    encoded["time_len"], encoded["time"] = 8, rows.time_us - _PG_EPOCH_US
    encoded["value_len"], encoded["value"] = 8, rows.value
    encoded["quality_len"], encoded["quality"] = 2, rows.quality
    encoded["lag_len"], encoded["lag"] = 4, np.clip(rows.lag_ms, _INT32.min, _INT32.max)
    return _HEADER + encoded.tobytes() + _TRAILER


def copy_rows(cursor: psycopg.Cursor, data: bytes, table: str = "sample") -> None:
    """Raises psycopg.errors.UniqueViolation where a (tag, time) is there already."""
    with cursor.copy(f"COPY {table} (tag, time, value, quality, lag_ms) FROM STDIN (FORMAT binary)".encode()) as copy:
        copy.write(data)


def copy_new_rows(cursor: psycopg.Cursor, data: bytes) -> int:
    """By way of a staging table: rows whose (tag, time) is there already are left out. Returns how many went in."""
    cursor.execute("CREATE TEMP TABLE IF NOT EXISTS staging (LIKE sample) ON COMMIT DELETE ROWS")
    copy_rows(cursor, data, "staging")
    cursor.execute("INSERT INTO sample SELECT * FROM staging ON CONFLICT (tag, time) DO NOTHING")
    return cursor.rowcount
