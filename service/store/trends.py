"""Trends: a few hundred buckets of each tag over any span: a picture of a month costs what one of a minute does."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from service.store.queries import Queries
from service.store.samples import PG_EPOCH_US, Span
from service.store.scope import Scope

#: Points of a trend, about; raw samples where there are no more.
_POINTS = 600
_BUCKETS_US = tuple(
    seconds * 1_000_000 for seconds in (1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 10_800, 21_600, 86_400)
)


def bucket_us(span_us: int) -> int:
    """The width of a trend's buckets, microseconds, so that it has some 600 of them."""
    return next((one for one in _BUCKETS_US if span_us <= _POINTS * one), _BUCKETS_US[-1])


async def trends(queries: Queries, scope: Scope, ids: Sequence[str], span: Span) -> dict[str, Any]:
    """Columns by tag: start of each bucket, mean, least, greatest, share of good samples. Raises StoreUnavailable."""
    width_us = bucket_us(span.to_us - span.from_us)
    tags, rows = await queries.trend_rows(scope, ids, span, width_us)
    by_tag: dict[str, Any] = {}
    edges = np.searchsorted(rows["tag"], [tag.ix for tag in tags], side="left")
    ends = np.searchsorted(rows["tag"], [tag.ix for tag in tags], side="right")
    for tag, begin, end in zip(tags, edges.tolist(), ends.tolist(), strict=True):
        part = rows[begin:end]
        count = part["count"].astype(np.int64)
        by_tag[tag.id] = {
            "unit": tag.unit,
            "time_ms": ((part["time"].astype(np.int64) + PG_EPOCH_US) // 1_000),
            "mean": np.round(part["mean"].astype(np.float64), 6),
            "min": np.round(part["min"].astype(np.float64), 6),
            "max": np.round(part["max"].astype(np.float64), 6),
            "good": np.round(part["good"].astype(np.int64) / np.maximum(count, 1), 3),
        }
    return {"bucket_s": width_us / 1e6, "tags": by_tag}
