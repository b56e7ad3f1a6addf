"""Samples as the tracer takes them: means over minutes for what smells, samples as they are for the wind."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from park import units
from park.index import TagInfo
from park.quality import Quality, quality_class
from rules.arrays import Floats, Ints
from rules.tracing.case import no_samples
from service.store.queries import Queries, Resolution, Span
from service.store.samples import PG_EPOCH_US
from service.store.scope import Scope

_MOST_ROWS = 1_000_000
Series = dict[str, tuple[Ints, Floats]]


async def minutes(queries: Queries, tags: Sequence[str], span: Span) -> tuple[Series, int]:
    """Of each tag the middles of minutes and the means of good samples; and how many samples there were.

    Raises StoreUnavailable.
    """
    if not tags:
        return {}, 0
    page = await queries.samples(Scope.everything(), tags, span, resolution=Resolution.MINUTE, limit=_MOST_ROWS)
    table: Any = page.table
    if not table.num_rows:
        return {}, 0
    tag = table["tag"].combine_chunks()
    time_us = table["time"].cast("int64").to_numpy() + Resolution.MINUTE.bucket_us // 2
    mean = table["mean"].to_numpy().astype(np.float64)
    good = np.isfinite(mean)
    place, time_us, mean = tag.indices.to_numpy()[good], time_us[good], mean[good]
    # Rows come by tag and time.
    bounds = np.searchsorted(place, np.arange(len(tag.dictionary) + 1))
    series = {
        str(name): (time_us[begin:end], mean[begin:end])
        for name, (begin, end) in zip(tag.dictionary.to_pylist(), pairwise(bounds.tolist()), strict=True)
    }
    return series, int(table["count"].to_numpy().sum())


async def samples(queries: Queries, tags: Sequence[str], span: Span) -> tuple[Series, int]:
    """Of each tag its samples that are not bad; and how many there were. Raises StoreUnavailable."""
    if not tags:
        return {}, 0
    stored, rows = await queries.sample_rows(Scope.everything(), tags, span, limit=_MOST_ROWS)
    usable = quality_class(rows["quality"].astype(np.uint8)) < Quality.BAD
    found = {}
    for one in stored:
        mine = rows[usable & (rows["tag"] == one.ix)]
        found[one.id] = (mine["time"].astype(np.int64) + PG_EPOCH_US, mine["value"].astype(np.float64))
    return found, len(rows)


def in_unit(series: Series, info: TagInfo, unit: str) -> tuple[Ints, Floats] | None:
    """Of one tag, in ``unit``; None where the units measure different things."""
    time_us, value = series.get(info.id, no_samples())
    try:
        factor, offset = units.factor_offset(info.tag.unit, unit)
    except ValueError:
        return None
    return time_us, factor * value + offset


def limit_in_unit(info: TagInfo, unit: str) -> float:
    """The detection limit, 0 where there is none or its unit cannot be converted."""
    try:
        return (info.tag.detection_limit or 0.0) * units.factor_offset(info.tag.unit, unit)[0]
    except ValueError:
        return 0.0
