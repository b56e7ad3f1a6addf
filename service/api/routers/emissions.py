"""Emissions: outlets and stations, means with their revisions, minutes, exceedances."""

import asyncio
import uuid
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Path, Query
from numpy.typing import NDArray

from rules.emissions.flags import letter
from rules.emissions.minutes import Minutes as MinuteColumns
from rules.emissions.minutes import Origin
from rules.emissions.periods import HOUR_US
from service.api import PREFIX
from service.api.access import Caller, CallerDep, StateDep
from service.api.answer import Json
from service.api.cursors import RowId, TagIx, TimeUs, from_cursor, not_a_cursor, to_cursor
from service.api.emission_shapes import exceedance_shape, limit_shape, mean_shape, number
from service.api.models_emissions import (
    ExceedanceHistory,
    Exceedances,
    Means,
    Minutes,
    Outlets,
)
from service.api.params import FromParam, ToParam, time_us
from service.api.problems import documented, invalid, not_found
from service.api.routers.alerts import is_uuid
from service.api.state import State as AppState
from service.api.times import rfc3339
from service.judge.reading import ExceedanceFilter
from service.judge.sources import JudgedSource, JudgedTag

router = APIRouter(prefix=f"{PREFIX}/emissions", tags=["emissions"])

_DAY_US = 24 * HOUR_US
_MOST_MINUTES_US = 2 * _DAY_US
SourceParam = Annotated[str | None, Query(description="Only of this source, `enterprise.source`")]
EnterpriseParam = Annotated[str | None, Query(description="Only of this enterprise")]


def visible_sources(
    app: AppState, caller: Caller, source: str | None = None, enterprise: str | None = None
) -> list[JudgedSource]:
    """Outlets and stations that the caller sees. Raises Problem 404 where the one named is none of them."""
    found = [
        one
        for one in app.view.emissions.sources.values()
        if caller.scope.sees(one.tags[0].info.enterprise)
        and source in (None, one.id)
        and enterprise in (None, one.tags[0].info.enterprise)
    ]
    if source is not None and not found:
        raise not_found(f"outlet or station {source}")
    return found


def span_of(from_: str | None, to: str | None, most_us: int) -> tuple[int, int]:
    """``[from, to)``, epoch microseconds. Raises Problem 422."""
    from_us, to_us = time_us("from", from_), time_us("to", to)
    if from_us is None or to_us is None:
        missing = "from" if from_us is None else "to"
        raise invalid(missing, None, "is missing", f"give {missing}, for example 2026-11-01T00:00:00+08:00")
    if from_us >= to_us:
        raise invalid("to", to, "not after `from`", "give a `to` that is later than `from`")
    if to_us - from_us > most_us:
        raise invalid("to", to, f"more than {most_us // _DAY_US} days after `from`", "ask for a shorter span")
    return from_us, to_us


@router.get("/outlets", response_model=Outlets, responses=documented(404, 503))
async def list_outlets(
    app: StateDep, caller: CallerDep, source: SourceParam = None, enterprise: EnterpriseParam = None
) -> Json:
    """Outlets, fence-line points and air stations: what they measure, the limits in force now, the last hour judged."""
    found = visible_sources(app, caller, source, enterprise)
    names = [tag.info.id for one in found for tag in one.tags]
    last = await app.view.queries.emissions.last_means(caller.scope, names, "hour")
    by_tag = {row["tag"]: mean_shape(row, app.view.emissions.tags.get(row["tag"])) for row in last}
    now_us = app.view.clock()
    return Json({"items": [_outlet(app, one, by_tag, now_us) for one in found]})


def _outlet(app: AppState, one: JudgedSource, last: dict[str, Any], now_us: int) -> dict[str, Any]:
    owner = one.tags[0].info.enterprise
    return {
        "source": one.id,
        "name": one.source.name,
        "enterprise": owner,
        "enterprise_name": app.names.enterprises.get(owner, ""),
        "kind": one.source.kind.value,
        "outlet": one.outlet.model_dump(mode="json"),
        "tags": [
            {
                "tag": tag.info.id,
                "name": tag.info.tag.name,
                "quantity": tag.info.tag.quantity,
                "unit": tag.info.tag.unit,
                "pollutant": tag.is_pollutant,
                "hour_limit": limit_shape(tag.hour_limits.at(now_us)),
                "day_limit": limit_shape(tag.day_limits.at(now_us)),
                "last_hour": last.get(tag.info.id),
            }
            for tag in one.tags
        ],
    }


def tags_of(app: AppState, caller: Caller, tag: Sequence[str] | None, source: str | None) -> list[JudgedTag]:
    """The judged tags asked for. Raises Problem 404, and 422 where none is named."""
    if not tag and source is None:
        raise invalid("tag", None, "is missing", "give tag (several times for several), or source")
    if source is not None:
        return [
            one
            for outlet in visible_sources(app, caller, source)
            for one in outlet.tags
            if not tag or one.info.id in tag
        ]
    found = [app.view.emissions.tags.get(one) for one in tag or ()]
    for name, one in zip(tag or (), found, strict=True):
        if one is None or not caller.scope.sees(one.info.enterprise):
            raise not_found(f"tag {name} of an outlet or station")
    return [one for one in found if one is not None]


TagsParam = Annotated[list[str] | None, Query(description="Full ids of tags", max_length=50)]


@router.get("/means", response_model=Means, responses=documented(404, 503))
async def list_means(
    app: StateDep,
    caller: CallerDep,
    period: Annotated[Literal["hour", "day", "month"], Query(description="Length of the periods")],
    tag: TagsParam = None,
    source: SourceParam = None,
    from_: FromParam = None,
    to: ToParam = None,
    revisions: Annotated[bool, Query(description="True: every revision; false: those that hold")] = False,
    limit: Annotated[int, Query(ge=1, le=5_000, description="Means a page")] = 1_000,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> Json:
    """Hour, day or month means of tags, with both judgements (with and without what is marked) and every revision.

    Periods are fixed UTC+08:00, named by their start. `from`, `to`: when the period begins.
    """
    tags = tags_of(app, caller, tag, source)
    from_us, to_us = span_of(from_, to, 4_000 * _DAY_US)
    after = from_cursor(cursor, tuple[TagIx, TimeUs, RowId])
    rows = await app.view.queries.emissions.means(
        caller.scope,
        [one.info.id for one in tags],
        period,
        from_us,
        to_us,
        revisions=revisions,
        limit=limit + 1,
        after=after,
    )
    page = rows[:limit]
    following = None
    if len(rows) > limit:
        last = page[-1]
        following = to_cursor((last["tag_ix"], last["start_us"], last["revision"]))
    judged = app.view.emissions.tags
    return Json({"items": [mean_shape(row, judged.get(row["tag"])) for row in page], "next": following})


@router.get("/minutes", response_model=Minutes, responses=documented(404, 503))
async def list_minutes(
    app: StateDep,
    caller: CallerDep,
    tag: TagsParam = None,
    source: SourceParam = None,
    from_: FromParam = None,
    to: ToParam = None,
) -> Json:
    """Minute means of a span of two days at most: what the hours are made of."""
    tags = tags_of(app, caller, tag, source)
    from_us, to_us = span_of(from_, to, _MOST_MINUTES_US)
    minutes, computed, by_ix = await app.view.queries.emissions.minutes(
        caller.scope, [one.info.id for one in tags], from_us, to_us
    )
    # Two days of many tags are a hundred thousand of them: the others' answers do not wait for that.
    return await asyncio.to_thread(_minutes, minutes, computed, {ix: one.id for ix, one in by_ix.items()})


def _minutes(minutes: MinuteColumns, computed: NDArray[np.float64], names: dict[int, str]) -> Json:
    columns = (minutes.tag, minutes.minute_us, minutes.value, computed, minutes.n, minutes.flag, minutes.origin)
    rows = zip(*(one.tolist() for one in (*columns, minutes.late, minutes.refilled)), strict=True)
    return Json(
        {
            "items": [
                {
                    "tag": names[tag],
                    "start": rfc3339(start_us),
                    "value": number(value),
                    "computed": number(ours),
                    "n": n,
                    "flag": letter(flag),
                    "origin": Origin(origin).name.lower(),
                    "late": late,
                    "refilled": refilled,
                }
                for tag, start_us, value, ours, n, flag, origin, late, refilled in rows
            ]
        }
    )


@router.get("/exceedances", response_model=Exceedances, responses=documented(503))
async def list_exceedances(
    app: StateDep,
    caller: CallerDep,
    kind: Annotated[list[Literal["warning", "hour", "day"]] | None, Query(description="Any of these")] = None,
    state: Annotated[list[Literal["standing", "withdrawn"]] | None, Query(description="Any of these")] = None,
    source: SourceParam = None,
    enterprise: EnterpriseParam = None,
    from_: FromParam = None,
    to: ToParam = None,
    limit: Annotated[int, Query(ge=1, le=1_000, description="Exceedances a page")] = 200,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> Json:
    """Early warnings, hours and days over their limits, newest first: each with limit, standard, clause, permit."""
    before = from_cursor(cursor, tuple[TimeUs, str])
    if before is not None and not is_uuid(before[1]):
        raise not_a_cursor(cursor)
    wanted = ExceedanceFilter(
        kinds=frozenset(kind or ()),
        states=frozenset(state or ()),
        source=source,
        enterprise=enterprise,
        from_us=time_us("from", from_),
        to_us=time_us("to", to),
    )
    rows = await app.view.queries.emissions.exceedances(caller.scope, wanted, limit=limit + 1, before=before)
    page = rows[:limit]
    following = to_cursor((page[-1]["start_us"], page[-1]["id"])) if len(rows) > limit else None
    return Json({"items": [exceedance_shape(row) for row in page], "next": following})


@router.get("/exceedances/{exceedance_id}/history", response_model=ExceedanceHistory, responses=documented(404, 503))
async def get_exceedance_history(
    app: StateDep, caller: CallerDep, exceedance_id: Annotated[uuid.UUID, Path(description="Its id")]
) -> Json:
    """What became of one: found, found with another value, excused by marks, withdrawn."""
    rows = await app.view.queries.emissions.exceedance_events(caller.scope, str(exceedance_id))
    if not rows:
        raise not_found(f"exceedance {exceedance_id}")
    items = [
        {name: row[name] for name in ("revision", "state", "value", "unmarked", "why")}
        | {"at": rfc3339(row["at_us"]), "limit": row["limit_value"]}
        for row in rows
    ]
    return Json({"items": items})
