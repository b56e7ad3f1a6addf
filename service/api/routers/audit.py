"""The record of what people did that is no change of an alert: logins, changes, exports, commands."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Query

from service.api import PREFIX
from service.api.access import CallerDep, StateDep
from service.api.answer import Json
from service.api.cursors import TimeUs, from_cursor, not_a_cursor, to_cursor
from service.api.models_identity import AuditList
from service.api.params import FromParam, ToParam, time_us
from service.api.problems import documented
from service.api.routers.alerts import is_uuid
from service.api.times import rfc3339
from service.store.stored import NoteFilter

router = APIRouter(prefix=f"{PREFIX}/audit", tags=["identities"])


@router.get("", response_model=AuditList, responses=documented(503))
async def read_audit(
    state: StateDep,
    caller: CallerDep,
    kind: Annotated[list[str] | None, Query(description="Only these; may be repeated")] = None,
    by: Annotated[str | None, Query(description="Only what this account or key did")] = None,
    subject: Annotated[str | None, Query(description="Only about this")] = None,
    from_: FromParam = None,
    to: ToParam = None,
    limit: Annotated[int, Query(ge=1, le=1_000, description="Entries a page")] = 100,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> Json:
    """Who did what and when, newest first: logins, changes of accounts, keys, marks, every export, every command."""
    before = from_cursor(cursor, tuple[TimeUs, str])
    if before is not None and not is_uuid(before[1]):
        raise not_a_cursor(cursor)
    wanted = NoteFilter(
        kinds=frozenset(kind or ()), by=by, subject=subject, from_us=time_us("from", from_), to_us=time_us("to", to)
    )
    rows = await state.view.queries.records.notes(caller.scope, wanted, limit=limit + 1, before=before)
    page = rows[:limit]
    following = to_cursor((page[-1]["at_us"], str(page[-1]["id"]))) if len(rows) > limit else None
    items = [
        {
            "id": str(uuid.UUID(str(row["id"]))),
            "at": rfc3339(row["at_us"]),
            **{name: row[name] for name in ("kind", "by", "enterprise", "subject", "body")},
        }
        for row in page
    ]
    return Json({"items": items, "next": following})
