"""What arrived of outlets and stations: the gap timeline of tags, and rates of delivery over a span."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Query

from rules.emissions.marks import marked_minutes
from rules.emissions.minutes import Minutes
from rules.emissions.periods import DAY_US, HOUR_US, MINUTE_US
from rules.emissions.timeline import State, timeline
from service.api import PREFIX
from service.api.access import Caller, CallerDep, StateDep
from service.api.answer import Json
from service.api.models_emissions import Deliveries, Timelines
from service.api.params import FromParam, ToParam
from service.api.problems import documented, invalid
from service.api.routers.emissions import (
    EnterpriseParam,
    SourceParam,
    TagsParam,
    span_of,
    tags_of,
    visible_sources,
)
from service.api.state import State as AppState
from service.api.times import rfc3339
from service.judge.delivery import Delivery, deliveries
from service.judge.desk import MOST_MARKS
from service.judge.marks import marks_of_rows
from service.judge.reading import MarkFilter
from service.judge.sources import JudgedTag

router = APIRouter(prefix=f"{PREFIX}/emissions", tags=["emissions"])

_MOST_TIMELINE_US = 31 * DAY_US
_MOST_RATES_US = 93 * DAY_US


@router.get("/timeline", response_model=Timelines, responses=documented(404, 503))
async def get_timeline(
    app: StateDep,
    caller: CallerDep,
    tag: TagsParam = None,
    source: SourceParam = None,
    from_: FromParam = None,
    to: ToParam = None,
) -> Json:
    """From when to when a tag's minutes were good, bad, late, refilled, missing, marked or stopped; a month at most."""
    tags = tags_of(app, caller, tag, source)
    from_us, to_us = span_of(from_, to, _MOST_TIMELINE_US)
    from_us, to_us = from_us // MINUTE_US * MINUTE_US, -(-to_us // MINUTE_US) * MINUTE_US
    if len(tags) * (to_us - from_us) > 12 * _MOST_TIMELINE_US:
        raise invalid("tag", len(tags), "too many tags for so long a span", "ask for fewer tags or a shorter span")
    emissions = app.view.queries.emissions
    minutes, _, by_ix = await emissions.minutes(caller.scope, [one.info.id for one in tags], from_us, to_us)
    rows: list[dict[str, Any]] = []
    for name in sorted({one.info.source_id for one in tags}):
        wanted = MarkFilter(source=name, withdrawn=False, from_us=from_us, to_us=to_us)
        rows += await emissions.marks(caller.scope, wanted, limit=MOST_MARKS)
    ix_of = {one.id: ix for ix, one in by_ix.items()}
    return await asyncio.to_thread(_timelines, tags, ix_of, minutes, rows, from_us, to_us)


def _timelines(
    tags: Sequence[JudgedTag],
    ix_of: Mapping[str, int],
    minutes: Minutes,
    marks: Sequence[Mapping[str, Any]],
    from_us: int,
    to_us: int,
) -> Json:
    named = {one.info.id: (one.info.source_id, ix_of[one.info.id]) for one in tags if one.info.id in ix_of}
    marked = marked_minutes(minutes.tag, minutes.minute_us, marks_of_rows(marks, named))
    items = []
    for one in tags:
        ix = ix_of.get(one.info.id, -1)
        mine = minutes.tag == ix
        found = timeline(minutes.take(mine), np.array([ix], np.int32), from_us, to_us, one.validity, marked[mine])
        columns = (found.begin_us, found.end_us, found.state, found.marked)
        segments = [
            {"start": rfc3339(begin), "end": rfc3339(end), "state": State(state).name.lower(), "marked": mark}
            for begin, end, state, mark in zip(*(column.tolist() for column in columns), strict=True)
        ]
        items.append({"tag": one.info.id, "segments": segments})
    return Json({"items": items})


@router.get("/rates", response_model=Deliveries, responses=documented(404, 503))
async def list_rates(
    app: StateDep,
    caller: CallerDep,
    by: Annotated[Literal["device", "source", "tag", "enterprise"], Query(description="One row for each")] = "device",
    source: SourceParam = None,
    enterprise: EnterpriseParam = None,
    from_: FromParam = None,
    to: ToParam = None,
) -> Json:
    """Online rate, transmission, validity, outages, agreement and score over a span of whole hours, best first."""
    found = await rates_of(app, caller, by, source, enterprise, *span_of(from_, to, _MOST_RATES_US))
    names = app.names.enterprises
    return Json({"items": [asdict(one) | {"enterprise_name": names.get(one.enterprise, "")} for one in found]})


async def rates_of(
    app: AppState, caller: Caller, by: str, source: str | None, enterprise: str | None, from_us: int, to_us: int
) -> list[Delivery]:
    """Best first. The span is cut to hours that have ended and been judged."""
    emissions, config = app.view.queries.emissions, app.view.emissions.config
    tags = [tag for one in visible_sources(app, caller, source, enterprise) for tag in one.tags]
    first_us = -(-from_us // HOUR_US) * HOUR_US
    judged_us = app.view.clock() - config.grace - 2 * config.every
    last_us = max(first_us, min(to_us, judged_us) // HOUR_US * HOUR_US)
    groups: dict[tuple[str, str, str], list[str]] = {}
    for tag in tags:
        groups.setdefault(_group(tag, by), []).append(tag.info.id)
    rows = await emissions.deliveries(caller.scope, list(groups.values()), first_us, last_us)
    counts = await emissions.exceedance_counts(caller.scope, [tag.info.id for tag in tags], first_us, last_us)
    listed = [(*key, members) for key, members in groups.items()]
    found = deliveries(listed, rows, counts, (last_us - first_us) // HOUR_US, config.score)
    return sorted(found, key=lambda one: (-(one.score if one.score is not None else -1.0), one.name))


def _group(tag: JudgedTag, by: str) -> tuple[str, str, str]:
    info = tag.info
    if by == "tag":
        return info.id, info.enterprise, info.source_id
    if by == "source":
        return info.source_id, info.enterprise, info.source_id
    if by == "enterprise":
        return info.enterprise, info.enterprise, ""
    return info.device or info.source_id, info.enterprise, info.source_id
