"""Notifications: the journal of who was told, the channels' health, and a test message."""

import uuid
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response

from service.api import PREFIX
from service.api.access import CallerDep, StateDep
from service.api.answer import Json
from service.api.cursors import RowId, TimeUs, from_cursor, to_cursor
from service.api.models_notify import Channels, NotificationList, TestBody
from service.api.params import FromParam, ToParam, time_us
from service.api.problems import documented, not_found
from service.api.times import rfc3339
from service.notify.desk import health_shape
from service.store.stored import NotificationFilter

router = APIRouter(prefix=f"{PREFIX}/notifications", tags=["notifications"])


@router.get("", response_model=NotificationList, responses=documented(503))
async def list_notifications(
    state: StateDep,
    caller: CallerDep,
    alert: Annotated[uuid.UUID | None, Query(description="Only of this alert or case")] = None,
    channel: Annotated[str | None, Query(description="Only over this channel")] = None,
    states: Annotated[
        list[Literal["sent", "failed", "given_up", "silent"]] | None,
        Query(alias="state", description="Only these; may be repeated"),
    ] = None,
    from_: FromParam = None,
    to: ToParam = None,
    limit: Annotated[int, Query(ge=1, le=1_000, description="Entries a page")] = 100,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> Json:
    """Every attempt to tell somebody, its result, and what was not told and why, newest first."""
    wanted = NotificationFilter(
        alert=str(alert) if alert else None,
        channel=channel,
        states=frozenset(states or ()),
        from_us=time_us("from", from_),
        to_us=time_us("to", to),
    )
    before = from_cursor(cursor, tuple[TimeUs, RowId])
    rows = await state.view.queries.records.notifications(caller.scope, wanted, limit=limit + 1, before=before)
    page = rows[:limit]
    following = to_cursor((page[-1]["at_us"], page[-1]["seq"])) if len(rows) > limit else None
    return Json({"items": [_shape(one) for one in page], "next": following})


def _shape(row: dict[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in row.items() if name not in ("seq", "at", "at_us", "id", "about")}
    return {"id": str(row["id"]), "at": rfc3339(row["at_us"]), "about": [str(one) for one in row["about"]], **told}


@router.get("/channels", response_model=Channels, responses=documented())
async def list_channels(state: StateDep, caller: CallerDep) -> Json:
    """How every channel does, and the heartbeat."""
    desk = state.view.notify
    items = [health_shape(one) for one in desk.healths()]
    for one in items:
        one["last_sent"] = rfc3339(one.pop("last_sent_us"))
    return Json({"items": items, "heartbeat": desk.heartbeat()})


@router.post("/test", status_code=202, response_class=Response, responses=documented(404, 413))
async def send_test(state: StateDep, caller: CallerDep, body: TestBody) -> Response:
    """Send a message that says it is a test, over one channel; what became of it stands in the journal."""
    try:
        state.view.notify.test(body.channel, caller.name)
    except KeyError:
        raise not_found(f"channel {body.channel!r}") from None
    return Response(status_code=202)
