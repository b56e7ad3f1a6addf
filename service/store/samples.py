"""Samples as they are read back: packed rows to Arrow columns, and the keys by which a long answer is paged."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from park.quality import describe

#: PostgreSQL counts microseconds from 2000-01-01.
PG_EPOCH_US = 946_684_800_000_000

#: One packed row of `samples_raw`.
RAW = np.dtype([("tag", ">i4"), ("time", ">i8"), ("value", ">f8"), ("quality", ">i2"), ("lag_ms", ">i4")])
#: One packed row of `samples_bucketed`; ``mean``, ``min`` and ``max`` are of the ``good`` ones among ``count`` samples.
BUCKETED = np.dtype(
    [
        ("tag", ">i4"),
        ("time", ">i8"),
        ("mean", ">f8"),
        ("min", ">f8"),
        ("max", ">f8"),
        ("count", ">i8"),
        ("good", ">i8"),
    ]
)
_QUALITY_TEXTS = pa.array([describe(byte) for byte in range(256)])


class Resolution(StrEnum):
    """How finely history is read."""

    RAW = "raw"
    MINUTE = "1m"
    HOUR = "1h"

    @property
    def bucket_us(self) -> int:
        """Width of a bucket; 0 where samples come as they are."""
        return {"raw": 0, "1m": 60_000_000, "1h": 3_600_000_000}[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTag:
    """A tag as the database knows it: its index there is its own, not the `TagTable`'s."""

    ix: int
    id: str
    unit: str


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """A place in an answer, which is ordered by tag and time: the first row at or after it comes next."""

    tag: int
    time_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """``[from_us, to_us)``, epoch microseconds, UTC."""

    from_us: int
    to_us: int

    def whole_buckets(self, bucket_us: int) -> "Span":
        """Widened to whole buckets, so that the first and the last are not of a part of their time."""
        if not bucket_us:
            return self
        return Span(from_us=self.from_us // bucket_us * bucket_us, to_us=-(-self.to_us // bucket_us) * bucket_us)


def bucket_boundary(tags: Sequence[StoredTag], span: Span, bucket_us: int, start: Key | None, limit: int) -> Key | None:
    """Where a page of at most ``limit`` buckets ends; None where all that is left fits in.

    Counted over all buckets that there may be, so it needs no look at the data; a page may hold fewer rows.
    """
    left = [tag.ix for tag in tags if start is None or tag.ix >= start.tag]
    per_tag = (span.to_us - span.from_us) // bucket_us
    resumes = start is not None and bool(left) and left[0] == start.tag
    done = max((start.time_us - span.from_us) // bucket_us, 0) if start is not None and resumes else 0
    full_tags, buckets = divmod(done + limit, per_tag)
    if full_tags >= len(left):
        return None
    return Key(left[full_tags], span.from_us + buckets * bucket_us)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Rows of an answer, as Arrow columns, and where the next ones begin."""

    table: pa.Table
    #: None: there are no more.
    following: Key | None


def raw_page(packed: bytes | None, tags: Sequence[StoredTag], limit: int) -> Page:
    """Columns tag, unit, time, value (null where it was not a number), quality (text), lag_ms."""
    rows = np.frombuffer(packed or b"", dtype=RAW)
    columns = {
        **_tag_columns(rows["tag"], tags),
        "time": _time_column(rows["time"]),
        "value": _numbers(rows["value"]),
        "quality": pa.DictionaryArray.from_arrays(pa.array(rows["quality"].astype(np.int16)), _QUALITY_TEXTS),
        "lag_ms": pa.array(rows["lag_ms"].astype(np.int32)),
    }
    return Page(table=pa.table(columns), following=_following(rows, limit, step_us=1))


def bucketed_page(packed: bytes | None, tags: Sequence[StoredTag], limit: int, bucket_us: int) -> Page:
    """Columns tag, unit, time (start of the bucket), mean, min, max (null: no sample was good), count, good_share."""
    rows = np.frombuffer(packed or b"", dtype=BUCKETED)
    count = rows["count"].astype(np.int64)
    columns = {
        **_tag_columns(rows["tag"], tags),
        "time": _time_column(rows["time"]),
        **{name: _numbers(rows[name]) for name in ("mean", "min", "max")},
        "count": pa.array(count),
        "good_share": pa.array(rows["good"].astype(np.int64) / count),
    }
    return Page(table=pa.table(columns), following=_following(rows, limit, step_us=bucket_us))


def _following(rows: NDArray[np.void], limit: int, *, step_us: int) -> Key | None:
    if len(rows) < limit:
        return None
    last = rows[-1]
    return Key(int(last["tag"]), int(last["time"]) + PG_EPOCH_US + step_us)


def _tag_columns(column: NDArray[np.int32], tags: Sequence[StoredTag]) -> dict[str, pa.Array]:
    """``tags`` by index, as `visible_tags` gives them."""
    known = np.array([tag.ix for tag in tags], dtype=np.int32)
    places = pa.array(np.searchsorted(known, column.astype(np.int32)).astype(np.int32))
    texts = {"tag": [tag.id for tag in tags], "unit": [tag.unit for tag in tags]}
    return {
        name: pa.DictionaryArray.from_arrays(places, pa.array(values, type=pa.string()))
        for name, values in texts.items()
    }


def _time_column(column: NDArray[np.int64]) -> pa.Array:
    return pa.array(column.astype(np.int64) + PG_EPOCH_US).cast(pa.timestamp("us", tz="UTC"))


def _numbers(column: NDArray[np.float64]) -> pa.Array:
    return pa.array(column.astype(np.float64), from_pandas=True)
