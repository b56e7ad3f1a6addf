"""Samples for people: as many as can be looked at, and honest about what is left out."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from park.quality import describe, quality_class
from service.api.times import rfc3339
from service.explain.replay import Heard
from service.store.samples import PG_EPOCH_US, StoredTag

_MOST_TAGS = 20
#: Of each bucket at most five samples stay.
_BUCKETS = 24


def heard_of(tags: Sequence[StoredTag], rows: NDArray[np.void]) -> Heard:
    """Rows as the store gives them."""
    known = np.array([tag.ix for tag in tags], dtype=np.int64)
    tag = np.searchsorted(known, rows["tag"].astype(np.int64)).astype(np.int32)
    time_us = rows["time"].astype(np.int64) + PG_EPOCH_US
    order = np.lexsort((tag, time_us))
    received_us = time_us + rows["lag_ms"].astype(np.int64) * 1_000
    return Heard(
        tag=tag[order],
        time_us=time_us[order],
        value=rows["value"].astype(np.float64)[order],
        quality=rows["quality"].astype(np.uint8)[order],
        received_us=received_us[order],
        tag_ids=[tag.id for tag in tags],
    )


def shown(heard: Heard, first: str, moments_us: Sequence[int]) -> list[dict[str, Any]]:
    """The tag ``first`` before the others; of each its samples around the moments, and how many there were."""
    order = sorted(range(len(heard.tag_ids)), key=lambda place: (heard.tag_ids[place] != first, heard.tag_ids[place]))
    return [_tag(heard, place, moments_us) for place in order[:_MOST_TAGS]]


def _tag(heard: Heard, place: int, moments_us: Sequence[int]) -> dict[str, Any]:
    rows = np.flatnonzero(heard.tag == place)
    kept = rows[_kept(heard.time_us[rows], heard.value[rows], quality_class(heard.quality[rows]), moments_us)]
    return {
        "tag": heard.tag_ids[place],
        "count": len(rows),
        "left_out": len(rows) - len(kept),
        "samples": [
            {"time": rfc3339(time_us), "value": value if np.isfinite(value) else None, "quality": describe(quality)}
            for time_us, value, quality in zip(
                *(column[kept].tolist() for column in (heard.time_us, heard.value, heard.quality)), strict=True
            )
        ],
    }


def _kept(
    time_us: NDArray[np.int64], value: NDArray[np.float64], grade: NDArray[np.uint8], moments_us: Sequence[int]
) -> NDArray[np.intp]:
    """Of each stretch of time the first, the last, the least, the greatest and the worst; and those at the moments."""
    if len(time_us) <= 5 * _BUCKETS:
        return np.arange(len(time_us))
    width_us = (int(time_us[-1]) - int(time_us[0])) // _BUCKETS + 1
    bucket = (time_us - time_us[0]) // width_us
    bounds = np.append(np.flatnonzero(np.diff(bucket, prepend=-1)), len(time_us)).tolist()
    finite = np.where(np.isfinite(value), value, 0.0)
    kept: set[int] = set()
    for begin, end in pairwise(bounds):
        part = finite[begin:end]
        kept |= {begin, end - 1, begin + int(part.argmin()), begin + int(part.argmax())}
        kept.add(begin + int(grade[begin:end].argmax()))
    for moment_us in moments_us:
        at = int(np.searchsorted(time_us, moment_us))
        kept |= {max(at - 1, 0), min(at, len(time_us) - 1)}
    return np.array(sorted(kept), dtype=np.intp)
