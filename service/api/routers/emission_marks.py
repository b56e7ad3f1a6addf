"""Marks (标记): listed, made within their quotas, taken back."""

import uuid
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Query

from rules.emissions.periods import DAY_US
from service.api import PREFIX
from service.api.access import Caller, CallerDep, StateDep
from service.api.answer import Json
from service.api.cursors import TimeUs, from_cursor, not_a_cursor, to_cursor
from service.api.emission_shapes import mark_shape
from service.api.models_emissions import MarkBody, Marks, MarkShape, WithdrawBody
from service.api.params import FromParam, ToParam, time_us
from service.api.problems import Problem, documented, invalid, not_found
from service.api.routers.alerts import IdempotencyKey, is_uuid
from service.api.routers.emissions import EnterpriseParam, SourceParam, span_of, visible_sources
from service.api.state import State as AppState
from service.judge.desk import MOST_MARKS, QuotaExceeded, mark_of
from service.judge.marks import Mark, Withdrawal
from service.judge.reading import MarkFilter

router = APIRouter(prefix=f"{PREFIX}/emissions", tags=["emissions"])

MarkId = Annotated[uuid.UUID, Path(description="The mark's id")]


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
    from_us, to_us = span_of(body.from_, body.to, 400 * DAY_US)
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

    before = await _made_before(app, caller, mark.id) if idempotency_key else None
    if before is not None:
        if _said(before) != _said(mark):
            raise Problem(409, "conflict", "another mark was made with this Idempotency-Key; use a new one")
        return Json(_fresh(before), status_code=201)

    async def known() -> list[Mark]:
        wanted = MarkFilter(source=body.source, withdrawn=False)
        rows = await app.view.queries.emissions.marks(caller.scope, wanted, limit=MOST_MARKS)
        return [mark_of(row) for row in rows]

    try:
        await app.view.emissions.mark(mark, known)
    except QuotaExceeded as error:
        raise Problem(409, "quota-exceeded", str(error)) from error
    return Json(_fresh(mark), status_code=201)


async def _made_before(app: AppState, caller: Caller, mark_id: str) -> Mark | None:
    """The mark of this id, whether or not the database has it yet."""
    fresh = app.view.emissions.fresh(mark_id)
    if fresh is not None:
        return fresh
    rows = await app.view.queries.emissions.marks(caller.scope, MarkFilter(id=mark_id), limit=1)
    return mark_of(rows[0]) if rows else None


def _said(mark: Mark) -> tuple[object, ...]:
    return mark.source, mark.tags, mark.from_us, mark.to_us, mark.kind, mark.type, mark.reason


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
