"""Between rows of the judge's tables and the columns that ``rules/emissions`` reckons with."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from park.periods import PeriodBatch
from rules.arrays import Bools, Ints
from rules.emissions.minutes import Minutes
from service.store.samples import PG_EPOCH_US
from service.store.stored import microseconds

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Tags = NDArray[np.int32]

_SAMPLE = np.dtype([("tag", ">i4"), ("time", ">i8"), ("value", ">f8"), ("quality", ">i2"), ("lag_ms", ">i4")])
_MINUTE = np.dtype(
    [
        ("tag", ">i4"),
        ("minute", ">i8"),
        ("value", ">f8"),
        ("computed", ">f8"),
        ("n", ">i4"),
        ("bits", ">i4"),
    ]
)
# One packed string of all rows: psycopg makes no object of a row, numpy reads it as it is. The bounds of all spans
# together are told as constants: without them every chunk of the table would be looked into for every span.
_PACKED_SAMPLES = """
SELECT string_agg(int4send(s.tag) || timestamptz_send(s.time) || float8send(s.value) || int2send(s.quality)
                  || int4send(s.lag_ms), ''::bytea ORDER BY s.tag, s.time)
FROM unnest(%b::int[], %b::timestamptz[], %b::timestamptz[]) AS asked (tag, from_time, to_time)
CROSS JOIN LATERAL (SELECT * FROM sample WHERE sample.tag = asked.tag
                    AND sample.time >= asked.from_time AND sample.time < asked.to_time
                    AND sample.time >= %s AND sample.time < %s) AS s
"""
_PACKED_MINUTES = """
SELECT string_agg(int4send(m.tag) || timestamptz_send(m.minute) || float8send(m.value) || float8send(m.computed)
                  || int4send(m.n)
                  || int4send(m.flag + (m.origin << 8) + (m.late::int << 16) + (m.refilled::int << 17)),
                  ''::bytea ORDER BY m.tag, m.minute)
FROM unnest(%b::int[], %b::timestamptz[], %b::timestamptz[]) AS asked (tag, from_time, to_time)
CROSS JOIN LATERAL (SELECT * FROM emission_minute AS one WHERE one.tag = asked.tag
                    AND one.minute >= asked.from_time AND one.minute < asked.to_time
                    AND one.minute >= %s AND one.minute < %s) AS m
"""
_REPORTS = """
SELECT DISTINCT ON (p.tag, p.length_s, p.start) p.tag, p.length_s, p.start, p.avg, p.min, p.max, p.cou, p.zs_avg,
       p.zs_min, p.zs_max, p.flag, bool_and(p.asked) OVER versions, min(p.received) OVER versions
FROM unnest(%b::int[], %b::timestamptz[], %b::timestamptz[]) AS asked (tag, from_time, to_time)
JOIN period_report AS p ON p.tag = asked.tag AND p.start >= asked.from_time AND p.start < asked.to_time
WHERE p.start >= %s AND p.start < %s AND p.length_s = ANY(%s)
WINDOW versions AS (PARTITION BY p.tag, p.length_s, p.start)
ORDER BY p.tag, p.length_s DESC, p.start, p.received DESC
"""
# Samples go before reports do: what was there in time stays so, and the mean of our samples outlives them.
_UPSERT_MINUTES = """
INSERT INTO emission_minute (tag, minute, value, n, flag, origin, late, refilled, computed)
SELECT * FROM unnest(%b::int[], %b::timestamptz[], %b::float8[], %b::int[], %b::smallint[], %b::smallint[],
                     %b::bool[], %b::bool[], %b::float8[])
ON CONFLICT (tag, minute) DO UPDATE SET value = excluded.value, n = excluded.n, flag = excluded.flag,
    origin = excluded.origin,
    late = excluded.late AND (emission_minute.late OR emission_minute.refilled),
    refilled = excluded.refilled AND (emission_minute.late OR emission_minute.refilled),
    computed = CASE WHEN excluded.computed = 'NaN' THEN emission_minute.computed ELSE excluded.computed END
"""


def moments(us: Ints) -> list[datetime]:
    """As PostgreSQL takes them."""
    return [_EPOCH + timedelta(microseconds=one) for one in us.tolist()]


class Spans:
    """(tag, from, to) of what is to be read; tags are the database's."""

    def __init__(self, tag: Tags, from_us: Ints, to_us: Ints) -> None:
        self.columns = (tag.tolist(), moments(from_us), moments(to_us))
        bounds = [from_us.min(initial=2**62), to_us.max(initial=0)] if len(tag) else [0, 0]
        #: First begin and last end.
        self.bounds = tuple(moments(np.array(bounds)))

    @staticmethod
    def of_runs(tag: Tags, start_us: Ints, length_us: int) -> "Spans":
        """Of equal pieces, sorted by (tag, start): pieces that touch are read as one."""
        begins = np.ones(len(tag), np.bool_)
        begins[1:] = (tag[1:] != tag[:-1]) | (start_us[1:] != start_us[:-1] + length_us)
        first = np.flatnonzero(begins)
        last = np.append(first[1:], len(tag)) - 1 if len(tag) else first
        return Spans(tag[first], start_us[first], start_us[last] + length_us)


def read_samples(cursor: psycopg.Cursor[Any], spans: Spans) -> NDArray[np.void]:
    """Fields tag, time (epoch µs), value, quality, lag_ms."""
    rows = _packed(cursor, _PACKED_SAMPLES, spans, _SAMPLE).copy()
    rows["time"] += PG_EPOCH_US
    return rows


def read_minutes(cursor: psycopg.Cursor[Any], spans: Spans) -> tuple[Minutes, NDArray[np.float64]]:
    """As they stand, and of each the mean of our samples."""
    return packed_minutes(_packed(cursor, _PACKED_MINUTES, spans, _MINUTE).tobytes())


def packed_minutes(packed: bytes) -> tuple[Minutes, NDArray[np.float64]]:
    """Minutes and the means of our samples from the rows that the database strings together."""
    rows = np.frombuffer(packed, _MINUTE)
    bits = rows["bits"].astype(np.int32)
    minutes = Minutes(
        tag=rows["tag"].astype(np.int32),
        minute_us=rows["minute"].astype(np.int64) + PG_EPOCH_US,
        value=rows["value"].astype(np.float64),
        n=rows["n"].astype(np.int32),
        flag=(bits & 0xFF).astype(np.uint8),
        origin=(bits >> 8 & 0xFF).astype(np.uint8),
        late=(bits >> 16 & 1).astype(np.bool_),
        refilled=(bits >> 17 & 1).astype(np.bool_),
    )
    return minutes, rows["computed"].astype(np.float64)


def _packed(cursor: psycopg.Cursor[Any], statement: str, spans: Spans, dtype: np.dtype[np.void]) -> NDArray[np.void]:
    row = cursor.execute(statement.encode(), (*spans.columns, *spans.bounds), binary=True).fetchone()
    return np.frombuffer((row[0] if row else None) or b"", dtype=dtype)


def read_reports(cursor: psycopg.Cursor[Any], spans: Spans, lengths_s: Sequence[int]) -> tuple[PeriodBatch, Bools]:
    """The logger's last word on each period that begins in the spans, and whether it came late (five minutes).

    Longer periods come first, so that the minutes of a shorter one hold. A period that was reported in time and is
    reported again in other words is neither late nor asked for.
    """
    rows = cursor.execute(_REPORTS.encode(), (*spans.columns, *spans.bounds, list(lengths_s))).fetchall()
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * 13
    tag, length_s, start, avg, low, high, cou, zs_avg, zs_min, zs_max, flag, asked, received = columns
    start_us = np.array([microseconds(one) for one in start], np.int64)
    batch = PeriodBatch(
        tag=np.array(tag, np.int32),
        length_s=np.array(length_s, np.int32),
        start_us=start_us,
        avg=np.array(avg, np.float64),
        min=np.array(low, np.float64),
        max=np.array(high, np.float64),
        cou=np.array(cou, np.float64),
        zs_avg=np.array(zs_avg, np.float64),
        zs_min=np.array(zs_min, np.float64),
        zs_max=np.array(zs_max, np.float64),
        flag=np.array([ord(one) if one else 0 for one in flag], np.uint8),
        asked=np.array(asked, np.bool_),
    )
    received_us = np.array([microseconds(one) for one in received], np.int64)
    ended_us = start_us + batch.length_s.astype(np.int64) * 1_000_000
    # What came because it was asked for is refilled, not late: a minute is counted once.
    return batch, (received_us - ended_us > LATE_AFTER_US) & ~batch.asked


#: What comes so long after its time is late.
LATE_AFTER_US = 300_000_000


def write_minutes(cursor: psycopg.Cursor[Any], minutes: Minutes, computed: NDArray[np.float64]) -> None:
    """Insert them, or put them in the place of those that are there."""
    if not len(minutes):
        return
    cursor.execute(
        _UPSERT_MINUTES.encode(),
        (
            minutes.tag.tolist(),
            moments(minutes.minute_us),
            minutes.value.tolist(),
            minutes.n.tolist(),
            minutes.flag.tolist(),
            minutes.origin.tolist(),
            minutes.late.tolist(),
            minutes.refilled.tolist(),
            computed.tolist(),
        ),
    )
