"""The ledger of all that is put aside, and what is going on in the plant: open to everyone who has a key."""

import uuid
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Query

from service.alerts.asked import ContextKind, EndContext, OpenContext
from service.alerts.contexts import Context, ContextState
from service.alerts.model import Alert
from service.alerts.states import ASIDE, NotAllowed
from service.api import PREFIX
from service.api.access import Caller, CallerDep, StateDep
from service.api.answer import Json
from service.api.cursors import TimeUs, from_cursor, not_a_cursor, to_cursor
from service.api.models_context import ContextBody, ContextShape, ContextsShape, EndContextBody, Ledger
from service.api.params import FromParam, ToParam, time_us
from service.api.problems import Problem, documented, invalid, not_found
from service.api.routers.alerts import IdempotencyKey, is_uuid
from service.api.shapes import alert_shape, context_shape, floods_shape
from service.api.state import State as AppState
from service.api.times import rfc3339
from service.store.scope import Scope
from service.store.stored import ContextFilter

router = APIRouter(prefix=PREFIX, tags=["context"])

ContextId = Annotated[uuid.UUID, Path(description="The entry's id")]
_STATE_RANK = {"live": 0, "planned": 1, "over": 2}
_NEVER_US = 2**62


@router.get("/ledger", response_model=Ledger, responses=documented())
async def ledger(app: StateDep, caller: CallerDep) -> Json:
    """All alerts that are shelved, suppressed or out of service, with who, why and until when; and the context.

    From memory, so it works while the database does not. Whoever has a key may open it, for what the key sees.
    """
    book, names = app.view.book, app.names
    put_aside = [one for one in book.active.values() if one.state in ASIDE and caller.scope.sees(one.enterprise)]
    entries = [one for one in (*book.contexts, *book.contexts.over.values()) if caller.scope.sees(one.enterprise)]
    return Json(
        {
            "items": [alert_shape(one, names) for one in sorted(put_aside, key=_by_end)],
            "contexts": [context_shape(one, names) for one in sorted(entries, key=_by_state)],
            "floods": floods_shape(book, caller.scope),
            "now": rfc3339(app.view.clock()),
            "seq": book.seq,
        }
    )


def _by_end(alert: Alert) -> tuple[int, int, str]:
    return alert.aside_until_us or _NEVER_US, alert.priority, alert.id


def _by_state(entry: Context) -> tuple[int, int, str]:
    over_us = entry.over_us or 0
    return _STATE_RANK[entry.state], -over_us or entry.from_us, entry.id


@router.get("/contexts", response_model=ContextsShape, responses=documented(503))
async def list_contexts(
    app: StateDep,
    caller: CallerDep,
    kind: Annotated[list[ContextKind] | None, Query(description="Any of these")] = None,
    state: Annotated[list[ContextState] | None, Query(description="Any of these")] = None,
    history: Annotated[bool, Query(description="True: from the store, whatever the state")] = False,
    enterprise: Annotated[str | None, Query(description="Only of this enterprise")] = None,
    from_: FromParam = None,
    to: ToParam = None,
    limit: Annotated[int, Query(ge=1, le=1_000, description="Entries a page")] = 200,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> Json:
    """Entries that are planned or live, from memory; or, with `history=true` or `state=over`, all from the store.

    The one opened last comes first. `from` and `to` are of the time that an entry covers.
    """
    wanted = ContextFilter(
        kinds=frozenset(kind or ()),
        states=frozenset(state or ()),
        enterprise=enterprise,
        from_us=time_us("from", from_),
        to_us=time_us("to", to),
    )
    before = from_cursor(cursor, tuple[TimeUs, str])
    if before is not None and not is_uuid(before[1]):
        raise not_a_cursor(cursor)
    if history or "over" in wanted.states:
        found: Sequence[Context] = await app.view.queries.contexts(caller.scope, wanted, limit=limit + 1, before=before)
    else:
        found = _in_memory(app, caller.scope, wanted, before)[: limit + 1]
    page = found[:limit]
    following = to_cursor((page[-1].opened_us, page[-1].id)) if len(found) > limit else None
    return Json({"items": [context_shape(one, app.names) for one in page], "next": following})


def _in_memory(app: AppState, scope: Scope, wanted: ContextFilter, before: tuple[int, str] | None) -> list[Context]:
    found = [one for one in app.view.book.contexts if scope.sees(one.enterprise) and wanted.takes(one)]
    found = [one for one in found if before is None or (one.opened_us, one.id) < before]
    return sorted(found, key=lambda one: (one.opened_us, one.id), reverse=True)


@router.post("/contexts", response_model=ContextShape, responses=documented(403, 404, 409, 413, 503), status_code=201)
async def open_context(
    app: StateDep, caller: CallerDep, body: ContextBody, idempotency_key: IdempotencyKey = None
) -> Json:
    """State what is going on in the plant: it suppresses the alarms that it explains while it lasts, and no longer.

    `calibration` and `maintenance` explain alarms of the process and of the instruments; `start_up`, `shutdown` and
    `overhaul` those of the process; permits (`hot_work`, `confined_space`, `special_work`) none: a gas alarm inside one
    of the first two raises "stop work". What the law protects is never suppressed.
    """
    _check_place(app, caller, body)
    own = f"{caller.name}|context|{idempotency_key}"
    now_us = app.view.clock()
    asked = OpenContext(
        id=str(uuid.uuid5(uuid.NAMESPACE_OID, own) if idempotency_key else uuid.uuid4()),
        kind=body.kind,
        enterprise=body.enterprise,
        source=body.source,
        tags=tuple(body.tags),
        from_us=now_us if body.from_ is None else time_us("from", body.from_) or 0,
        to_us=time_us("to", body.to) or 0,
        reason=body.reason,
        permit=body.permit,
        by=caller.name,
    )
    return Json(context_shape(await app.view.context(asked), app.names), status_code=201)


def _check_place(app: AppState, caller: Caller, body: ContextBody) -> None:
    if body.enterprise not in app.names.enterprises or not caller.scope.sees(body.enterprise):
        raise not_found(f"enterprise {body.enterprise}")
    _may_act_on(caller, body.enterprise)
    if body.source and (body.tags or not _is_of(body.source, body.enterprise, body.source in app.names.sources)):
        problem = "give a source or tags, not both" if body.tags else f"{body.enterprise} has no such source"
        raise invalid("source", body.source, problem, "see /api/v1/sources")
    for tag in body.tags:
        if not _is_of(tag, body.enterprise, app.view.tags.by_id(tag) is not None):
            raise invalid("tags", tag, f"{body.enterprise} has no such tag", "see /api/v1/tags")


def _is_of(one: str, enterprise: str, exists: bool) -> bool:
    return exists and one.partition(".")[0] == enterprise


def _may_act_on(caller: Caller, enterprise: str) -> None:
    if not caller.scope.may_act_on(enterprise):
        raise Problem(403, "forbidden", "this is of what the park shares; the park acts on it")


@router.post("/contexts/{context_id}/end", response_model=ContextShape, responses=documented(403, 404, 409, 413, 503))
async def end_context(
    app: StateDep,
    caller: CallerDep,
    context_id: ContextId,
    body: EndContextBody,
    idempotency_key: IdempotencyKey = None,
) -> Json:
    """End an entry now, or give it an earlier end. It is never made longer: open another, with its own reason."""
    entry = app.view.book.contexts.get(str(context_id))
    if entry is None or not caller.scope.sees(entry.enterprise):
        stored = None if entry is not None else await app.view.queries.context(caller.scope, str(context_id))
        if stored is None:
            raise not_found(f"context entry {context_id}")
        entry = stored
    _may_act_on(caller, entry.enterprise)
    if entry.state == "over" and idempotency_key is None:
        raise NotAllowed("the entry is over")
    own = f"{caller.name}|end-context|{context_id}|{idempotency_key}"
    asked = EndContext(
        id=str(uuid.uuid5(uuid.NAMESPACE_OID, own) if idempotency_key else uuid.uuid4()),
        context_id=str(context_id),
        by=caller.name,
        reason=body.reason,
        at_us=time_us("at", body.at),
    )
    return Json(context_shape(await app.view.context(asked), app.names))
