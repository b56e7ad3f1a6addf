"""Incident review: everything around a moment, in one order; and packs that prove it."""

import uuid
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import FileResponse

from service.api import PREFIX
from service.api.access import Caller, CallerDep, StateDep
from service.api.answer import Json
from service.api.cursors import TimeUs, from_cursor, to_cursor
from service.api.models_incidents import EvidenceKey, PackBody, PackShape, Timeline
from service.api.problems import Problem, documented, invalid, not_found
from service.api.recorded import record
from service.api.state import State
from service.api.times import rfc3339
from service.evidence.desk import Pack, TooManyPacks
from service.evidence.reading import read_contents
from service.evidence.signing import fingerprint
from service.incidents.asked import incident_of
from service.incidents.timeline import TooMuch, item_shape, items
from service.store.trends import trends

PackId = Annotated[uuid.UUID, Path(description="The pack's id")]
_ZIP = {"schema": {"type": "string", "format": "binary"}}
router = APIRouter(prefix=f"{PREFIX}/incidents", tags=["incidents"])


@router.get("/timeline", response_model=Timeline, responses=documented(404, 503))
async def read_timeline(
    app: StateDep,
    caller: CallerDep,
    around: Annotated[str | None, Query(description="Id of an alert", max_length=64)] = None,
    source: Annotated[str | None, Query(description="Instead: a source, `enterprise.source`; with `at`")] = None,
    area: Annotated[str | None, Query(description="Instead: west,south,east,north in degrees; with `at`")] = None,
    at: Annotated[str | None, Query(description="RFC 3339")] = None,
    before: Annotated[str, Query(description="How much before it: `30m`, `2h`; 7 d at most", max_length=20)] = "30m",
    after: Annotated[str, Query(description="How much after it", max_length=20)] = "60m",
    kind: Annotated[list[str] | None, Query(description="Only records of these kinds; may be repeated")] = None,
    limit: Annotated[int, Query(ge=1, le=5_000, description="Records a page")] = 1_000,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> Json:
    """Every alert transition, action, notification, rule change, gap, case and colour around a moment, in one order.

    With the trends of the source, its neighbours and the stations (50 tags at most), in buckets that fit the span.
    """
    about = await incident_of(
        app, caller.scope, around=around, source=source, area=area, at=at, before=before, after=after
    )
    queries, live = app.view.queries, app.view.live
    recent = live.since(live.oldest - 1)
    try:
        found = await items(queries, caller.scope, about.subject, about.span, app.names, recent)
    except TooMuch as error:
        raise invalid("after", after, str(error), "ask for a shorter span") from None
    found = [one for one in found if not kind or one["kind"] in kind]
    place = from_cursor(cursor, tuple[TimeUs, str, str])
    rest = [one for one in found if place is None or (one["at_us"], one["kind"], one["key"]) > place]
    page = rest[:limit]
    last = page[-1] if len(rest) > limit else None
    return Json(
        {
            "from": rfc3339(about.span.from_us),
            "to": rfc3339(about.span.to_us),
            "at": rfc3339(about.at_us),
            "subjects": {
                "sources": list(about.subject.sources),
                "tags": list(about.subject.tags),
                "alerts": list(about.subject.alerts),
            },
            "items": [item_shape(one) for one in page],
            "next": to_cursor((last["at_us"], last["kind"], last["key"])) if last else None,
            "trends": await trends(queries, caller.scope, about.subject.tags, about.span) if place is None else None,
        }
    )


@router.post("/evidence", response_model=PackShape, status_code=202, responses=documented(404, 413, 429, 503))
async def make_pack(app: StateDep, caller: CallerDep, body: PackBody) -> Json:
    """Begin a signed archive of what is known around a moment: samples, telegrams, events, rules, a summary."""
    about = await incident_of(
        app,
        caller.scope,
        around=body.around,
        source=body.source,
        area=None,
        at=body.at,
        before=body.before,
        after=body.after,
    )
    asked = body.model_dump(exclude_none=True)
    await record(app, caller.name, "export", "evidence", {"asked": asked}, enterprise=caller.scope.own)
    try:
        pack = app.view.evidence.ask(
            by=caller.name,
            enterprise=caller.scope.own,
            at_us=app.view.clock(),
            read=partial(read_contents, app, caller, about, asked),
        )
    except TooManyPacks as error:
        raise Problem(429, "too-many-requests", str(error), headers={"Retry-After": "30"}) from None
    return Json(_pack_shape(pack), status_code=202)


@router.get("/evidence/key", response_model=EvidenceKey, responses=documented())
async def read_key(app: StateDep, caller: CallerDep) -> Json:
    """The public key that packs are signed with: make it known by another way than the packs themselves."""
    pem = app.view.evidence.key.public_pem()
    return Json({"fingerprint": fingerprint(pem), "pem": pem.decode()})


@router.get("/evidence/{pack_id}", response_model=PackShape, responses=documented(404))
async def read_pack(app: StateDep, caller: CallerDep, pack_id: PackId) -> Json:
    """How far it is."""
    return Json(_pack_shape(_pack(app, caller, pack_id)))


@router.get(
    "/evidence/{pack_id}/file",
    response_class=FileResponse,
    responses={**documented(404, 409), 200: {"description": "ZIP", "content": {"application/zip": _ZIP}}},
)
async def read_pack_file(app: StateDep, caller: CallerDep, pack_id: PackId) -> FileResponse:
    """The archive; `parkwatch evidence verify FILE` checks it."""
    pack = _pack(app, caller, pack_id)
    if pack.state != "done":
        raise Problem(409, "conflict", f"the pack is {pack.state} {pack.error}".rstrip())
    return FileResponse(pack.file, media_type="application/zip", filename=f"evidence-{pack.id}.zip")


def _pack(app: State, caller: Caller, pack_id: uuid.UUID) -> Pack:
    pack = app.view.evidence.get(str(pack_id), caller.scope.own)
    if pack is None:
        raise not_found(f"pack {pack_id}")
    return pack


def _pack_shape(pack: Pack) -> dict[str, Any]:
    return {
        "id": pack.id,
        "state": pack.state,
        "asked": rfc3339(pack.asked_us),
        "by": pack.by,
        "bytes": pack.bytes,
        "sha256": pack.sha256,
        "error": pack.error,
    }
