"""Shift log and handover, periodic duties, inspections, ratings, and the monthly lights."""

import asyncio
import uuid
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from service.api import PREFIX
from service.api.access import Caller, CallerDep, StateDep
from service.api.answer import Json
from service.api.cursors import TimeUs, from_cursor, not_a_cursor, to_cursor
from service.api.models_duty import (
    DutyBody,
    DutyList,
    DutyShape,
    EntryBody,
    EntryList,
    EntryShape,
    HandoverBody,
    HandoverList,
    HandoverShape,
    InspectionBody,
    InspectionList,
    InspectionShape,
    RatingBody,
    Sheet,
    Standings,
    WholeHandover,
)
from service.api.params import FromParam, ToParam, time_us
from service.api.problems import Problem, documented, invalid, not_found
from service.api.recorded import record, record_export
from service.api.routers.alerts import IdempotencyKey, is_uuid
from service.api.sheet import make_sheet
from service.api.state import State
from service.api.times import rfc3339
from service.duty.desk import Handover, HandoverRefused, HandoverUnknown, digest_of
from service.duty.due import Due, DutyState, holds_for, missed_in
from service.duty.lights import light_of
from service.duty.periods import month_of, period_at
from service.identity.roles import Role
from service.reports import files
from service.reports.files import FileFormat
from service.reports.handover import handover_report
from service.store.stored import microseconds

router = APIRouter(prefix=PREFIX, tags=["duty"])
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_HandoverId = Annotated[uuid.UUID, Path(description="The handover's id")]
_Limit = Annotated[int, Query(ge=1, le=500, description="Rows a page")]
_Cursor = Annotated[str | None, Query(description="`next` of the page before")]
_Enterprise = Annotated[str | None, Query(description="Only of this enterprise")]


def _id(caller: Caller, what: str, key: str | None) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{caller.name}|{what}|{key}") if key else uuid.uuid4())


def _before(cursor: str | None) -> tuple[int, str] | None:
    before = from_cursor(cursor, tuple[TimeUs, str])
    if before is not None and not is_uuid(before[1]):
        raise not_a_cursor(cursor)
    return before


def _page(rows: list[dict[str, Any]], limit: int) -> tuple[list[dict[str, Any]], str | None]:
    page = rows[:limit]
    more = len(rows) > limit
    return page, to_cursor((microseconds(page[-1]["at"]), str(page[-1]["id"]))) if more else None


def _time(value: Any) -> str | None:
    return None if value is None else rfc3339(microseconds(value))


def _known_enterprise(app: State, caller: Caller, given: str) -> str:
    ids = [one.id for one in app.view.tags.park.enterprises if caller.scope.sees(one.id)]
    if given not in ids:
        raise invalid("enterprise", given, "is none that you see", f"use one of {', '.join(ids[:20])}")
    return given


# -- the shift ---------------------------------------------------------------------------------------------------------


@router.get("/shift/entries", response_model=EntryList, responses=documented(503))
async def list_entries(
    app: StateDep,
    caller: CallerDep,
    from_: FromParam = None,
    to: ToParam = None,
    limit: _Limit = 100,
    cursor: _Cursor = None,
) -> Json:
    """The shift log (值班日志), newest first."""
    rows = await app.view.queries.duty.entries(
        caller.scope,
        from_us=time_us("from", from_),
        to_us=time_us("to", to),
        limit=limit + 1,
        before=_before(cursor),
    )
    page, following = _page(rows, limit)
    return Json({"items": [_entry(one) for one in page], "next": following})


@router.post("/shift/entries", response_model=EntryShape, status_code=201, responses=documented(413, 503))
async def write_entry(
    app: StateDep, caller: CallerDep, body: EntryBody, idempotency_key: IdempotencyKey = None
) -> Json:
    """Write into the shift log. What is written stays."""
    id_ = _id(caller, "entry", idempotency_key)
    row = await app.view.duty.write_entry(
        caller.scope, id_=id_, by=caller.name, kind=body.kind, text=body.text, about=body.about
    )
    return Json(_entry(row), status_code=201)


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    about = str(row["about"]) if row["about"] else None
    return {**row, "id": str(row["id"]), "at": _time(row["at"]), "about": about}


@router.get("/shift/sheet", response_model=Sheet, responses=documented(503))
async def preview_sheet(app: StateDep, caller: CallerDep) -> Json:
    """What a handover would say now."""
    return Json(await make_sheet(app, caller))


@router.get("/shift/handovers", response_model=HandoverList, responses=documented(503))
async def list_handovers(app: StateDep, caller: CallerDep, limit: _Limit = 50, cursor: _Cursor = None) -> Json:
    """Handovers (交接班), newest first."""
    rows = await app.view.queries.duty.handovers(caller.scope, limit=limit + 1, before=_before(cursor))
    page, following = _page(rows, limit)
    return Json({"items": [_handover(one) for one in page], "next": following})


@router.post("/shift/handovers", response_model=HandoverShape, status_code=201, responses=documented(413, 503))
async def hand_over(
    app: StateDep, caller: CallerDep, body: HandoverBody, idempotency_key: IdempotencyKey = None
) -> Json:
    """Make the sheet of what stands now, and sign it as the one who goes."""
    sheet = await make_sheet(app, caller)
    now_us = app.view.clock()
    id_ = _id(caller, "handover", idempotency_key)
    made = Handover(id=id_, at_us=now_us, shift=sheet["shift"], by=caller.name, note=body.note, sheet=sheet)
    await app.view.duty.hand_over(caller.scope, made)
    return Json(_handover(await _found(app, caller, id_)), status_code=201)


@router.get("/shift/handovers/{handover_id}", response_model=WholeHandover, responses=documented(404, 503))
async def get_handover(app: StateDep, caller: CallerDep, handover_id: _HandoverId) -> Json:
    """One handover with its sheet."""
    row = await _found(app, caller, str(handover_id))
    intact = digest_of(row["sheet"]) == row["digest"]
    return Json({**_handover(row), "sheet": row["sheet"], "intact": intact})


@router.post(
    "/shift/handovers/{handover_id}/take",
    response_model=HandoverShape,
    responses=documented(404, 409, 413, 503),
)
async def take_over(app: StateDep, caller: CallerDep, handover_id: _HandoverId, body: HandoverBody) -> Json:
    """Sign as the one who comes: another person than who went."""
    try:
        await app.view.duty.take_over(caller.scope, str(handover_id), by=caller.name, note=body.note)
    except HandoverUnknown:
        raise not_found(f"handover {handover_id}") from None
    except HandoverRefused as error:
        raise Problem(409, "conflict", str(error)) from None
    return Json(_handover(await _found(app, caller, str(handover_id))))


@router.get(
    "/shift/handovers/{handover_id}/sheet",
    response_class=Response,
    responses={**documented(404, 503), 200: {"description": "PDF, A4", "content": {"application/pdf": _BINARY}}},
)
async def print_sheet(request: Request, app: StateDep, caller: CallerDep, handover_id: _HandoverId) -> Response:
    """The sheet (交接班记录), for printing."""
    row = await _found(app, caller, str(handover_id))
    await record_export(request, app, caller)
    report = handover_report(_handover(row), row["sheet"], app.view.tags.park.name, made_us=app.view.clock())
    data = await asyncio.to_thread(files.write, report, FileFormat.PDF)
    headers = {"Content-Disposition": f'inline; filename="{files.name(report, FileFormat.PDF)}"'}
    return Response(data, media_type=FileFormat.PDF.media_type, headers=headers)


async def _found(app: State, caller: Caller, handover_id: str) -> dict[str, Any]:
    row = await app.view.queries.duty.handover(caller.scope, handover_id)
    if row is None:
        raise not_found(f"handover {handover_id}")
    return row


def _handover(row: dict[str, Any]) -> dict[str, Any]:
    kept = {name: row[name] for name in ("shift", "by", "note", "digest", "taken_by", "taken_note")}
    return {"id": str(row["id"]), "at": _time(row["at"]), "taken": _time(row["taken"]), **kept}


# -- duties ------------------------------------------------------------------------------------------------------------


@router.get("/duties", response_model=DutyList, responses=documented(503))
async def list_duties(app: StateDep, caller: CallerDep, enterprise: _Enterprise = None) -> Json:
    """Periodic duties (特种设备日管控、周排查、月调度 and the like): this period and the one before."""
    found = await app.view.duty.due(caller.scope, enterprise)
    since_us = min((one.period.start_us for one in found), default=app.view.clock())
    rows = await app.view.queries.duty.reported(caller.scope, since_us=since_us, enterprise=enterprise)
    reports = {(row["enterprise"], row["duty"], row["period"]): row for row in rows}
    return Json({"items": [_duty(app, one, reports.get(_key(one))) for one in found]})


def _key(one: Due) -> tuple[str, str, str]:
    return one.enterprise, one.duty.id, one.period.name


def _duty(app: State, one: Due, row: dict[str, Any] | None) -> dict[str, Any]:
    told = row or {"at": None, "by": "", "result": "", "text": ""}
    return {
        "duty": one.duty.id,
        "name": one.duty.name,
        "guidance": one.duty.guidance,
        "every": one.duty.every,
        "enterprise": one.enterprise,
        "enterprise_name": app.names.enterprises.get(one.enterprise, ""),
        "period": one.period.name,
        "from": rfc3339(one.period.start_us),
        "until": rfc3339(one.until_us),
        "state": one.state.value,
        "done": _time(told["at"]),
        "done_by": told["by"],
        "result": told["result"],
        "text": told["text"],
    }


@router.post(
    "/duties/{duty_id}/report", response_model=DutyShape, status_code=201, responses=documented(404, 409, 413, 503)
)
async def report_duty(
    app: StateDep,
    caller: CallerDep,
    duty_id: Annotated[str, Path(description="The duty's id", max_length=64)],
    body: DutyBody,
) -> Json:
    """It was done, in this period or the one before. What is reported stays."""
    desk = app.view.duty
    enterprise = _known_enterprise(app, caller, body.enterprise)
    duty = next((one for one in desk.policy.duties if one.id == duty_id and holds_for(one, enterprise)), None)
    if duty is None:
        raise not_found(f"duty {duty_id!r} of {enterprise}")
    if body.result == "waived" and caller.role not in (Role.SUPERVISOR, Role.ADMIN):
        raise Problem(403, "forbidden", "only a supervisor waives a duty; report `done` or `defects`")
    due = await desk.due(caller.scope, enterprise)
    one = next((each for each in due if each.duty is duty and each.period.name == body.period), None)
    if one is None:
        raise invalid("period", body.period, "is neither this period nor the one before", "see `period` of GET /duties")
    row = await desk.report(
        caller.scope,
        id_=str(uuid.uuid4()),
        enterprise=enterprise,
        duty=duty_id,
        period=body.period,
        by=caller.name,
        result=body.result,
        text=body.text,
    )
    if row is None:
        raise Problem(409, "conflict", f"{duty.name} {body.period} was reported before; write what is new into a case")
    return Json(_duty(app, replace(one, state=DutyState.DONE), row), status_code=201)


# -- inspections, ratings, lights --------------------------------------------------------------------------------------


@router.get("/inspections", response_model=InspectionList, responses=documented(503))
async def list_inspections(app: StateDep, caller: CallerDep, enterprise: _Enterprise = None) -> Json:
    """Inspections on site, newest first."""
    rows = await app.view.queries.duty.inspections(caller.scope, enterprise=enterprise)
    return Json({"items": [_inspection(one) for one in rows]})


@router.post("/inspections", response_model=InspectionShape, status_code=201, responses=documented(413, 503))
async def add_inspection(
    app: StateDep, caller: CallerDep, body: InspectionBody, idempotency_key: IdempotencyKey = None
) -> Json:
    """An enterprise was inspected on site. What is to be put right goes into cases."""
    enterprise = _known_enterprise(app, caller, body.enterprise)
    id_ = _id(caller, "inspection", idempotency_key)
    row = await app.view.duty.inspected(
        caller.scope, id_=id_, enterprise=enterprise, by=caller.name, defects=body.defects, text=body.text
    )
    return Json(_inspection(row), status_code=201)


def _inspection(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "id": str(row["id"]), "at": _time(row["at"])}


@router.post(
    "/enterprises/{enterprise_id}/rating",
    response_class=Response,
    status_code=204,
    responses=documented(404, 413, 503),
)
async def rate(
    app: StateDep,
    caller: CallerDep,
    enterprise_id: Annotated[str, Path(description="The enterprise's id", max_length=64)],
    body: RatingBody,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Rate an enterprise A, B, C or D; how often it is inspected follows."""
    if enterprise_id not in [one.id for one in app.view.tags.park.enterprises]:
        raise not_found(f"enterprise {enterprise_id!r}")
    told = {"rating": body.rating, "reason": body.reason}
    await record(app, caller.name, "rating", enterprise_id, told, enterprise=enterprise_id)
    id_ = _id(caller, f"rating {enterprise_id}", idempotency_key)
    await app.view.duty.rate(
        caller.scope, id_=id_, enterprise=enterprise_id, by=caller.name, rating=body.rating, reason=body.reason
    )
    return Response(status_code=204)


@router.get("/standings", response_model=Standings, responses=documented(503))
async def list_standings(
    app: StateDep,
    caller: CallerDep,
    month: Annotated[str | None, Query(description="`2026-11`, UTC+08:00; the present one where none is given")] = None,
    enterprise: _Enterprise = None,
) -> Json:
    """Of every enterprise its rating, next inspection, and the month's light (红黄绿亮灯) with its reasons."""
    now_us = app.view.clock()
    try:
        period = month_of(month) if month else period_at("month", now_us)
    except ValueError as error:
        problem, _, fix = str(error).partition("; ")
        raise invalid("month", month, problem, fix) from None
    queries, policy = app.view.queries.duty, app.view.duty.policy
    counts = await queries.counts(caller.scope, period, now_us)
    ratings = await queries.ratings(caller.scope)
    inspected = await queries.last_inspections(caller.scope)
    rows = await queries.reported(caller.scope, since_us=period.start_us - 31 * 86_400_000_000)
    reported = {(row["enterprise"], row["duty"], row["period"]) for row in rows}
    items = []
    for one in app.view.tags.park.enterprises:
        if not caller.scope.sees(one.id) or enterprise not in (None, one.id):
            continue
        duties = [duty for duty in policy.duties if holds_for(duty, one.id)]
        missed = sum(missed_in(duty, one.id, period, reported, now_us) for duty in duties)
        light = light_of(counts.get(one.id, {}) | {"duty_missed": missed}, policy.lights)
        rating = ratings.get(one.id)
        last = inspected.get(one.id)
        every_us = policy.inspect_us(rating["rating"] if rating else None)
        next_us = microseconds(last) + every_us if last is not None else None
        items.append(
            {
                "enterprise": one.id,
                "enterprise_name": one.name,
                "rating": rating and rating["rating"],
                "rated": _time(rating and rating["at"]),
                "rated_by": rating["by"] if rating else "",
                "rating_reason": rating["reason"] if rating else "",
                "inspected": _time(last),
                "inspect_by": rfc3339(next_us),
                "inspection_overdue": next_us is None or next_us < now_us,
                "light": light.colour,
                "score": light.score,
                "points": light.points,
                "lines": [
                    {"what": line.what, "count": line.count, "each": line.each, "points": line.points}
                    for line in light.lines
                ],
            }
        )
    over = period.end_us <= now_us
    rule = policy.lights
    return Json({"month": period.name, "over": over, "yellow": rule.yellow, "red": rule.red, "items": items})
