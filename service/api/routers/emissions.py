"""Emissions: means with their revisions, exceedances, marks, gaps and rates of delivery, by outlet and station."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from fastapi import APIRouter, Path, Query

from rules.emissions.flags import letter
from rules.emissions.marks import marked_minutes
from rules.emissions.minutes import Minutes as MinuteColumns
from rules.emissions.minutes import Origin
from rules.emissions.periods import HOUR_US, MINUTE_US
from rules.emissions.timeline import State, timeline
from service.api import PREFIX
from service.api.access import Caller, CallerDep, StateDep
from service.api.answer import Json
from service.api.cursors import RowId, TagIx, TimeUs, from_cursor, not_a_cursor, to_cursor
from service.api.emission_shapes import exceedance_shape, limit_shape, mark_shape, mean_shape, number
from service.api.models_emissions import (
    Deliveries,
    ExceedanceHistory,
    Exceedances,
    MarkBody,
    Marks,
    MarkShape,
    Means,
    Minutes,
    Outlets,
    Timelines,
    WithdrawBody,
)
from service.api.params import FromParam, ToParam, time_us
from service.api.problems import Problem, documented, invalid, not_found
from service.api.routers.alerts import IdempotencyKey, is_uuid
from service.api.state import State as AppState
from service.api.times import rfc3339
from service.judge.delivery import deliveries
from service.judge.desk import MOST_MARKS, QuotaExceeded, mark_of
from service.judge.marks import Mark, Withdrawal
from service.judge.reading import ExceedanceFilter, MarkFilter
from service.judge.sources import JudgedSource, JudgedTag
from service.judge.timelines import marks_of_rows

router = APIRouter(prefix=f"{PREFIX}/emissions", tags=["emissions"])

_DAY_US = 24 * HOUR_US
_MOST_MINUTES_US = 2 * _DAY_US
_MOST_TIMELINE_US = 31 * _DAY_US
_MOST_RATES_US = 93 * _DAY_US
SourceParam = Annotated[str | None, Query(description="Only of this source, `enterprise.source`")]
EnterpriseParam = Annotated[str | None, Query(description="Only of this enterprise")]
MarkId = Annotated[uuid.UUID, Path(description="The mark's id")]


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
    by_tag = {row["tag"]: mean_shape(row) for row in last}
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


def _tags_of(app: AppState, caller: Caller, tag: Sequence[str] | None, source: str | None) -> list[JudgedTag]:
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
    tags = _tags_of(app, caller, tag, source)
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
    return Json({"items": [mean_shape(row) for row in page], "next": following})


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
    tags = _tags_of(app, caller, tag, source)
    from_us, to_us = span_of(from_, to, _MOST_MINUTES_US)
    minutes, computed, by_ix = await app.view.queries.emissions.minutes(
        caller.scope, [one.info.id for one in tags], from_us, to_us
    )
    return Json({"items": [_minute(minutes, computed, i, by_ix[int(minutes.tag[i])].id) for i in range(len(minutes))]})


def _minute(minutes: MinuteColumns, computed: Any, i: int, tag: str) -> dict[str, Any]:
    return {
        "tag": tag,
        "start": rfc3339(int(minutes.minute_us[i])),
        "value": number(float(minutes.value[i])),
        "computed": number(float(computed[i])),
        "n": int(minutes.n[i]),
        "flag": letter(int(minutes.flag[i])),
        "origin": Origin(minutes.origin[i]).name.lower(),
        "late": bool(minutes.late[i]),
        "refilled": bool(minutes.refilled[i]),
    }


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


@router.get("/marks", response_model=Marks, responses=documented(503))
async def list_marks(
    app: StateDep,
    caller: CallerDep,
    source: SourceParam = None,
    enterprise: EnterpriseParam = None,
    withdrawn: Annotated[bool, Query(description="Also those that were taken back")] = True,
    from_: FromParam = None,
    to: ToParam = None,
    limit: Annotated[int, Query(ge=1, le=1_000, description="Marks a page")] = 200,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> Json:
    """Marks (标记), newest first. `from` and `to` are of the time that a mark covers."""
    before = from_cursor(cursor, tuple[TimeUs, str])
    if before is not None and not is_uuid(before[1]):
        raise not_a_cursor(cursor)
    wanted = MarkFilter(
        source=source,
        enterprise=enterprise,
        withdrawn=withdrawn,
        from_us=time_us("from", from_),
        to_us=time_us("to", to),
    )
    rows = await app.view.queries.emissions.marks(caller.scope, wanted, limit=limit + 1, before=before)
    page = rows[:limit]
    following = to_cursor((page[-1]["created_us"], page[-1]["id"])) if len(rows) > limit else None
    return Json({"items": [mark_shape(row) for row in page], "next": following})


@router.post("/marks", response_model=MarkShape, responses=documented(403, 404, 409, 413, 503), status_code=201)
async def create_mark(app: StateDep, caller: CallerDep, body: MarkBody, idempotency_key: IdempotencyKey = None) -> Json:
    """Declare a span of an outlet's data to be special; quotas are checked. The data stay, both judgements are shown.

    The hours are judged anew within moments. A mark of an enterprise's own outlet may be made with its key.
    """
    (outlet,) = visible_sources(app, caller, body.source)
    enterprise = outlet.tags[0].info.enterprise
    if not caller.scope.may_act_on(enterprise):
        raise Problem(403, "forbidden", f"{body.source} is shared; the park marks its data")
    strangers = sorted(set(body.tags) - {tag.info.id for tag in outlet.tags})
    if strangers:
        raise invalid("tags", strangers[0], f"no tag of {body.source}", "give full ids of that source's tags, or none")
    from_us, to_us = span_of(body.from_, body.to, 400 * _DAY_US)
    own = f"{caller.name}|mark|{idempotency_key}"
    mark = Mark(
        id=str(uuid.uuid5(uuid.NAMESPACE_OID, own) if idempotency_key else uuid.uuid4()),
        enterprise=enterprise,
        source=body.source,
        tags=tuple(sorted(set(body.tags))),
        from_us=from_us,
        to_us=to_us,
        kind=body.kind,
        type=body.type,
        reason=body.reason,
        author=caller.name,
        created_us=app.view.clock(),
    )

    async def known() -> list[Mark]:
        wanted = MarkFilter(source=body.source, withdrawn=False)
        rows = await app.view.queries.emissions.marks(caller.scope, wanted, limit=MOST_MARKS)
        return [mark_of(row) for row in rows]

    try:
        await app.view.emissions.mark(mark, known)
    except QuotaExceeded as error:
        raise Problem(409, "quota-exceeded", str(error)) from error
    return Json(_fresh(mark), status_code=201)


def _fresh(mark: Mark) -> dict[str, Any]:
    row = msgspec.structs.asdict(mark)
    return mark_shape(
        row | {"from_time_us": mark.from_us, "to_time_us": mark.to_us, "withdrawn_by": "", "withdraw_reason": ""}
    )


@router.post("/marks/{mark_id}/withdraw", response_model=MarkShape, responses=documented(403, 404, 409, 413, 503))
async def withdraw_mark(app: StateDep, caller: CallerDep, mark_id: MarkId, body: WithdrawBody) -> Json:
    """Take a mark back; it stays in the record, and its hours are judged anew."""
    rows = await app.view.queries.emissions.marks(caller.scope, MarkFilter(id=str(mark_id)), limit=1)
    if not rows:
        raise not_found(f"mark {mark_id}")
    row = rows[0]
    if not caller.scope.may_act_on(row["enterprise"]):
        raise Problem(403, "forbidden", f"the mark of {row['source']} is not yours to take back")
    if row.get("withdrawn_us") is not None:
        raise Problem(409, "conflict", f"the mark was taken back by {row['withdrawn_by']} already")
    now_us = app.view.clock()
    back = Withdrawal(mark=str(mark_id), by=caller.name, reason=body.reason, at_us=now_us)
    note_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"withdraw|{mark_id}"))
    await app.view.emissions.withdraw(back, note_id=note_id, enterprise=row["enterprise"])
    taken = {"withdrawn_us": now_us, "withdrawn_by": caller.name, "withdraw_reason": body.reason}
    return Json(mark_shape(row | taken))


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
    tags = _tags_of(app, caller, tag, source)
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
    marks = marks_of_rows(
        rows, {one.info.id: (one.info.source_id, ix_of[one.info.id]) for one in tags if one.info.id in ix_of}
    )
    marked = marked_minutes(minutes.tag, minutes.minute_us, marks)
    items = []
    for one in tags:
        ix = ix_of.get(one.info.id, -1)
        mine = minutes.tag == ix
        found = timeline(minutes.take(mine), np.array([ix], np.int32), from_us, to_us, one.validity, marked[mine])
        segments = [
            {
                "start": rfc3339(begin),
                "end": rfc3339(end),
                "state": State(state).name.lower(),
                "marked": mark,
            }
            for begin, end, state, mark in zip(
                found.begin_us.tolist(),
                found.end_us.tolist(),
                found.state.tolist(),
                found.marked.tolist(),
                strict=True,
            )
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
) -> list[Any]:
    """Best first. The span is cut to hours that have ended."""
    sources = visible_sources(app, caller, source, enterprise)
    tags = [tag for one in sources for tag in one.tags]
    first_us = -(-from_us // HOUR_US) * HOUR_US
    last_us = min(to_us, app.view.clock()) // HOUR_US * HOUR_US
    groups: dict[tuple[str, str, str], list[str]] = {}
    for tag in tags:
        groups.setdefault(_group(tag, by), []).append(tag.info.id)
    names = [tag.info.id for tag in tags]
    rows = await app.view.queries.emissions.means(
        caller.scope, names, "hour", first_us, max(first_us, last_us), limit=5_000_000
    )
    counts = await app.view.queries.emissions.exceedance_counts(caller.scope, names, first_us, max(first_us, last_us))
    span_hours = max(0, last_us - first_us) // HOUR_US
    listed = [(*key, members) for key, members in groups.items()]
    found = deliveries(listed, rows, counts, span_hours, app.view.emissions.config.score)
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
