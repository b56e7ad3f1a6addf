"""Cases: handed over, received, answered, verified, closed; with messages and files of both sides."""

import asyncio
import uuid
from collections.abc import Sequence
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from connectors.base import IntakeRefused
from rules.risk.formula import Colour
from service.alerts.model import Alert
from service.alerts.states import NotAllowed, State, Trigger
from service.api import PREFIX
from service.api.access import Caller, CallerDep, StateDep
from service.api.answer import Json
from service.api.cursors import TimeUs, from_cursor, not_a_cursor, to_cursor
from service.api.models_cases import (
    AttachedShape,
    CaseAlertsBody,
    CaseCounts,
    CaseList,
    CaseMessageBody,
    CaseNoteBody,
    CaseShape,
    CaseTextBody,
    CauseBody,
    NewCaseBody,
    VerifyBody,
    WholeCase,
)
from service.api.params import FromParam, ToParam, time_us
from service.api.problems import Problem, documented, invalid, not_found
from service.api.recorded import record_export
from service.api.routers.alerts import IdempotencyKey, command_of, find_alert, is_uuid
from service.api.state import State as AppState
from service.api.times import rfc3339
from service.cases.desk import By, CaseFilter, CaseUnknown, NewCase
from service.cases.files import UploadRefused, upload_of
from service.cases.states import WITH_ENTERPRISE, Step, StepRefused
from service.notify.message import COLOUR_OF_PRIORITY
from service.reports import files
from service.reports.files import FileFormat
from service.reports.order import order_report
from service.store.stored import microseconds

router = APIRouter(prefix=f"{PREFIX}/cases", tags=["cases"])

CaseId = Annotated[uuid.UUID, Path(description="The case's id")]
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_TIMES = ("opened", "due", "received", "answered", "verified", "closed", "updated")
_STEP = documented(403, 404, 409, 413, 503)


@router.get("", response_model=CaseList, responses=documented(503))
async def list_cases(
    app: StateDep,
    caller: CallerDep,
    state: Annotated[
        list[Literal["dispatched", "received", "answered", "verified", "closed"]] | None,
        Query(description="Only in these; may be repeated"),
    ] = None,
    enterprise: Annotated[str | None, Query(description="Only of this enterprise")] = None,
    source: Annotated[str | None, Query(description="Only of this source, `enterprise.source`")] = None,
    alert: Annotated[uuid.UUID | None, Query(description="Only with this alert")] = None,
    overdue: Annotated[bool, Query(description="Only those that the enterprise has not answered in time")] = False,
    from_: FromParam = None,
    to: ToParam = None,
    limit: Annotated[int, Query(ge=1, le=500, description="Cases a page")] = 100,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> Json:
    """Cases, newest first. `from` and `to`: when they were opened."""
    before = from_cursor(cursor, tuple[TimeUs, str])
    if before is not None and not is_uuid(before[1]):
        raise not_a_cursor(cursor)
    wanted = CaseFilter(
        states=frozenset(state or ()),
        enterprise=enterprise,
        source=source,
        alert=str(alert) if alert else None,
        overdue=overdue,
        from_us=time_us("from", from_),
        to_us=time_us("to", to),
    )
    now_us = app.view.clock()
    rows = await app.view.queries.cases.cases(caller.scope, wanted, now_us, limit=limit + 1, before=before)
    page = rows[:limit]
    following = to_cursor((microseconds(page[-1]["opened"]), str(page[-1]["id"]))) if len(rows) > limit else None
    return Json({"items": [_shape(one, app) for one in page], "next": following})


@router.get("/counts", response_model=CaseCounts, responses=documented(503))
async def count_cases(app: StateDep, caller: CallerDep) -> Json:
    """How many cases are in which state, and how many are overdue."""
    rows = await app.view.queries.cases.counts(caller.scope, app.view.clock())
    states = {row["state"]: row["cases"] for row in rows}
    return Json({"states": states, "overdue": sum(row["overdue"] for row in rows)})


@router.post("", response_model=CaseShape, status_code=201, responses=documented(404, 413, 503))
async def dispatch_case(
    app: StateDep, caller: CallerDep, body: NewCaseBody, idempotency_key: IdempotencyKey = None
) -> Json:
    """Hand alerts over to an enterprise (交办), with a deadline. Every alert's own record names the case."""
    alerts = [await find_alert(app, caller.scope, one) for one in dict.fromkeys(body.alerts)]
    enterprise = _enterprise_of(app, alerts, body.enterprise)
    worst = min(alerts, key=lambda one: one.priority)
    name = app.names.target(worst.target) or app.names.rule(worst.rule)[0] or worst.target
    at_us = app.view.clock()
    due_us = time_us("due", body.due)
    if due_us is not None and due_us <= at_us:
        raise invalid("due", body.due, "is over already", "give a time to come, or leave it out")
    own = f"{caller.name}|case|{idempotency_key}"
    new = NewCase(
        id=str(uuid.uuid5(uuid.NAMESPACE_OID, own) if idempotency_key else uuid.uuid4()),
        title=body.title.strip() or f"{name} {worst.level}".strip(),
        colour=Colour(body.colour) if body.colour else COLOUR_OF_PRIORITY[worst.priority],
        cause=body.cause,
        enterprise=enterprise,
        source=worst.source,
        alerts=[one.id for one in alerts],
        instructions=body.instructions.strip() or app.names.rule(worst.rule)[1],
        due_us=due_us,
    )
    await app.view.cases.dispatch(_by(app, caller, at_us), new)
    row = await _found(app, caller, new.id)
    await _say(app, caller, alerts, f"case {_number(row)} dispatched to {enterprise}")
    return Json(_shape(row, app), status_code=201)


def _enterprise_of(app: AppState, alerts: Sequence[Alert], given: str | None) -> str:
    park = app.view.tags.park
    owners = {one.enterprise for one in alerts} - {park.id, ""}
    known = [one.id for one in park.enterprises]
    if given is not None and given not in known:
        raise invalid("enterprise", given, "the park has no such enterprise", f"use one of {', '.join(known[:20])}")
    if owners - {given} and (given is not None or len(owners) > 1):
        told = ", ".join(sorted(owners))
        raise invalid("alerts", None, f"they are of {told}", "make one case for each enterprise")
    enterprise = given or next(iter(owners), None)
    if enterprise is None:
        raise invalid(
            "enterprise", None, "the alerts are of what the park shares", "name the enterprise that is to act"
        )
    return enterprise


async def _say(app: AppState, caller: Caller, alerts: Sequence[Alert], text: str) -> None:
    """In the record of each alert that still stands; the case itself names all of them."""
    for alert in alerts:
        if alert.state is State.NORM:
            continue
        try:
            await app.view.command(command_of(caller, alert, Trigger.COMMENT, text, None))
        except (NotAllowed, IntakeRefused):
            continue  # over meanwhile, or nothing is taken in: the case stands all the same


@router.get("/{case_id}", response_model=WholeCase, responses=documented(404, 503))
async def get_case(app: StateDep, caller: CallerDep, case_id: CaseId) -> Json:
    """One case with all that became of it."""
    return Json(await _whole(app, caller, str(case_id)))


@router.post("/{case_id}/receive", response_model=CaseShape, responses=_STEP)
async def receive_case(
    app: StateDep, caller: CallerDep, case_id: CaseId, body: CaseNoteBody, idempotency_key: IdempotencyKey = None
) -> Json:
    """The enterprise has it (签收)."""
    return await _step(app, caller, case_id, Step.RECEIVE, body.text, idempotency_key)


@router.post("/{case_id}/answer", response_model=CaseShape, responses=_STEP)
async def answer_case(
    app: StateDep, caller: CallerDep, case_id: CaseId, body: CaseTextBody, idempotency_key: IdempotencyKey = None
) -> Json:
    """The enterprise has put it right (整改), and says how."""
    return await _step(app, caller, case_id, Step.ANSWER, body.text, idempotency_key)


@router.post("/{case_id}/verify", response_model=CaseShape, responses=_STEP)
async def verify_case(
    app: StateDep, caller: CallerDep, case_id: CaseId, body: VerifyBody, idempotency_key: IdempotencyKey = None
) -> Json:
    """The park has looked (复核): another person than who dispatched it. Refused: back, with a new deadline."""
    step = Step.ACCEPT if body.accepted else Step.REFUSE
    return await _step(app, caller, case_id, step, body.text, idempotency_key)


@router.post("/{case_id}/close", response_model=CaseShape, responses=_STEP)
async def close_case(
    app: StateDep, caller: CallerDep, case_id: CaseId, body: CaseNoteBody, idempotency_key: IdempotencyKey = None
) -> Json:
    """Strike it off (销号); only what was verified."""
    return await _step(app, caller, case_id, Step.CLOSE, body.text, idempotency_key)


@router.post("/{case_id}/reopen", response_model=CaseShape, responses=_STEP)
async def reopen_case(
    app: StateDep, caller: CallerDep, case_id: CaseId, body: CaseTextBody, idempotency_key: IdempotencyKey = None
) -> Json:
    """It was not put right after all: back to the enterprise, with a new deadline."""
    return await _step(app, caller, case_id, Step.REOPEN, body.text, idempotency_key)


@router.post("/{case_id}/messages", response_model=CaseShape, responses=_STEP)
async def write_message(
    app: StateDep, caller: CallerDep, case_id: CaseId, body: CaseMessageBody, idempotency_key: IdempotencyKey = None
) -> Json:
    """A message to the other side; or among the park's own people."""
    if body.internal and not caller.scope.is_everything:
        raise invalid("internal", True, "is the park's alone", "leave it out")
    return await _step(app, caller, case_id, Step.MESSAGE, body.text, idempotency_key, internal=body.internal)


@router.post("/{case_id}/cause", response_model=CaseShape, responses=_STEP)
async def correct_cause(
    app: StateDep, caller: CallerDep, case_id: CaseId, body: CauseBody, idempotency_key: IdempotencyKey = None
) -> Json:
    """Say what it turned out to be."""
    text = f"{body.cause}: {body.text}".removesuffix(": ")
    return await _step(app, caller, case_id, Step.CAUSE, text, idempotency_key, cause=body.cause)


@router.post("/{case_id}/alerts", response_model=CaseShape, responses=_STEP)
async def add_alerts(
    app: StateDep, caller: CallerDep, case_id: CaseId, body: CaseAlertsBody, idempotency_key: IdempotencyKey = None
) -> Json:
    """More alerts of the same matter, of the same enterprise or of what the park shares."""
    row = await _found(app, caller, str(case_id))
    alerts = [await find_alert(app, caller.scope, one) for one in dict.fromkeys(body.alerts)]
    _enterprise_of(app, alerts, row["enterprise"])
    ids = [one.id for one in alerts]
    answer = await _step(app, caller, case_id, Step.ALERTS, ", ".join(ids), idempotency_key, alerts=ids)
    await _say(app, caller, alerts, f"added to case {_number(row)}")
    return answer


@router.post("/{case_id}/attachments", response_model=AttachedShape, status_code=201, responses=_STEP)
async def attach(
    request: Request,
    app: StateDep,
    caller: CallerDep,
    case_id: CaseId,
    name: Annotated[str, Query(min_length=1, max_length=300, description="Name of the file")],
) -> Json:
    """Attach a file: the body as it is. PNG, JPEG, WebP, PDF, XLSX, DOCX, ZIP, CSV, plain text."""
    data = await request.body()
    if len(data) > app.view.cases.policy.most_attachment_bytes:
        raise Problem(
            413, "content-too-large", f"a file has {app.view.cases.policy.most_attachment_bytes} bytes at most"
        )
    try:
        upload = upload_of(name, data)
    except UploadRefused as error:
        raise invalid("body", None, str(error), "send another kind of file") from None
    by = _by(app, caller, app.view.clock())
    made = await _kept(app.view.cases.step(by, str(case_id), Step.ATTACH, upload.name, upload=upload), case_id)
    return Json({"id": made}, status_code=201)


@router.get(
    "/{case_id}/attachments/{attachment_id}",
    response_class=Response,
    responses={
        **documented(404, 503),
        200: {"description": "The file", "content": {"application/octet-stream": _BINARY}},
    },
)
async def get_attachment(
    app: StateDep,
    caller: CallerDep,
    case_id: CaseId,
    attachment_id: Annotated[uuid.UUID, Path(description="The file's id")],
) -> Response:
    """A file of a case, for saving."""
    row = await app.view.queries.cases.attachment(caller.scope, str(case_id), str(attachment_id))
    if row is None:
        raise not_found(f"attachment {attachment_id}")
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(row['name'])}",
        "X-Content-SHA256": row["sha256"],
    }
    return Response(row["data"], media_type=row["media_type"], headers=headers)


@router.get(
    "/{case_id}/order",
    response_class=Response,
    responses={**documented(404, 503), 200: {"description": "PDF, A4", "content": {"application/pdf": _BINARY}}},
)
async def get_order(request: Request, app: StateDep, caller: CallerDep, case_id: CaseId) -> Response:
    """The handover order (交办单), for printing and signing."""
    case = await _whole(app, caller, str(case_id))
    await record_export(request, app, caller)
    alerts = []
    for one in case["alerts"]:
        try:
            alerts.append(await find_alert(app, caller.scope, one))
        except Problem:
            continue  # of a chain that was begun anew
    report = order_report(case, alerts, app.names, app.view.tags.park.name, made_us=app.view.clock())
    data = await asyncio.to_thread(files.write, report, FileFormat.PDF)
    headers = {"Content-Disposition": f'inline; filename="{files.name(report, FileFormat.PDF)}"'}
    return Response(data, media_type=FileFormat.PDF.media_type, headers=headers)


async def _step(
    app: AppState,
    caller: Caller,
    case_id: uuid.UUID,
    step: Step,
    text: str,
    idempotency_key: str | None,
    **more: Any,
) -> Json:
    by = _by(app, caller, app.view.clock(), case_id, step, idempotency_key)
    await _kept(app.view.cases.step(by, str(case_id), step, text.strip(), **more), case_id)
    return Json(_shape(await _found(app, caller, str(case_id)), app))


async def _kept(work: Any, case_id: uuid.UUID) -> Any:
    try:
        return await work
    except CaseUnknown:
        raise not_found(f"case {case_id}") from None
    except StepRefused as error:
        raise Problem(409, "conflict", str(error)) from None


def _by(
    app: AppState,
    caller: Caller,
    at_us: int,
    case_id: uuid.UUID | None = None,
    step: Step | None = None,
    idempotency_key: str | None = None,
) -> By:
    own = f"{caller.name}|{case_id}|{step}|{idempotency_key}"
    request = str(uuid.uuid5(uuid.NAMESPACE_OID, own)) if idempotency_key else None
    return By(name=caller.name, role=caller.role.value, scope=caller.scope, at_us=at_us, request=request)


async def _found(app: AppState, caller: Caller, case_id: str) -> dict[str, Any]:
    row = await app.view.queries.cases.case(caller.scope, case_id)
    if row is None:
        raise not_found(f"case {case_id}")
    return row


async def _whole(app: AppState, caller: Caller, case_id: str) -> dict[str, Any]:
    row = await _found(app, caller, case_id)
    cases = app.view.queries.cases
    history = await cases.events(caller.scope, case_id)
    kept = await cases.attachments(caller.scope, case_id)
    return {
        **_shape(row, app),
        "history": [
            {**one, "at": _time(one["at"]), "attachment": str(one["attachment"]) if one["attachment"] else None}
            for one in history
        ],
        "files": [{**one, "id": str(one["id"]), "at": _time(one["at"])} for one in kept],
    }


def _number(row: dict[str, Any]) -> str:
    return f"{row['year']}-{row['number']:05d}"


def _shape(row: dict[str, Any], app: AppState) -> dict[str, Any]:
    names = app.names
    overdue = row["state"] in WITH_ENTERPRISE and microseconds(row["due"]) < app.view.clock()
    kept = ("title", "state", "colour", "cause", "enterprise", "source", "instructions", "messages", "attachments")
    people = ("opened_by", "received_by", "answered_by", "verified_by", "closed_by")
    return {
        "id": str(row["id"]),
        "number": _number(row),
        **{name: row[name] for name in (*kept, *people)},
        **{name: _time(row[name]) for name in _TIMES},
        "alerts": [str(one) for one in row["alerts"]],
        "enterprise_name": names.enterprises.get(row["enterprise"], ""),
        "source_name": names.sources.get(row["source"], ""),
        "overdue": overdue,
        "escalated_to": row["told_to"],
    }


def _time(value: Any) -> str | None:
    return None if value is None else rfc3339(microseconds(value))
