"""Tags with their latest values, as answers show them. From memory: works without the database."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from park.index import TagInfo, TagTable
from park.quality import describe
from service.api.times import rfc3339
from service.api.view import ServiceView
from service.store.scope import Scope


def choose(
    tags: TagTable,
    scope: Scope,
    *,
    enterprise: str | None = None,
    source: str | None = None,
    quantity: str | None = None,
    prefix: str | None = None,
) -> list[TagInfo]:
    """Those that the scope sees and the filters leave, by id."""
    found = [
        info
        for info in tags.infos
        if scope.sees(info.enterprise)
        and enterprise in (None, info.enterprise)
        and source in (None, info.source_id)
        and quantity in (None, info.tag.quantity)
        and info.id.startswith(prefix or "")
    ]
    return sorted(found, key=_id)


def behind(infos: Sequence[TagInfo], last_id: str | None) -> Sequence[TagInfo]:
    """What follows the last one of the page before; sorted by id."""
    return infos if last_id is None else infos[bisect_right(infos, last_id, key=_id) :]


def _id(info: TagInfo) -> str:
    return info.id


def tag_shapes(view: ServiceView, infos: Iterable[TagInfo]) -> list[dict[str, Any]]:
    """As `service.api.models.TagShape`."""
    infos = list(infos)
    latest, now_us = view.latest(), view.clock()
    ix = np.array([info.ix for info in infos], dtype=np.intp)
    columns = zip(
        infos,
        latest.time_us[ix].tolist(),
        latest.value[ix].tolist(),
        latest.quality[ix].tolist(),
        latest.used_us[ix].tolist(),
        strict=True,
    )
    return [_shape(*row, now_us) for row in columns]


def _shape(info: TagInfo, time_us: int, value: float, quality: int, used_us: int, now_us: int) -> dict[str, Any]:
    tag = info.tag
    known = time_us > 0
    return {
        "id": info.id,
        "enterprise": info.enterprise,
        "source": info.source_id,
        "name": tag.name,
        "quantity": tag.quantity,
        "unit": tag.unit,
        "span": tag.span,
        "limits": {level.value: limit.limit for level, limit in tag.alarms.limits()} if tag.alarms else {},
        "value": value if known else None,
        "quality": describe(quality) if known else None,
        "time": rfc3339(time_us),
        "age_s": round((now_us - time_us) / 1e6, 3) if known else None,
        "stale": tag.stale_after is not None and now_us - used_us > tag.stale_after,
    }
