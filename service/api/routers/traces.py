"""Upwind tracing: where what the fence smelt may have come from."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query

from service.alerts.model import Alert
from service.api import PREFIX
from service.api.access import CallerDep, StateDep
from service.api.answer import Json
from service.api.params import time_us
from service.api.problems import Problem, documented, invalid, not_found
from service.api.routers.alerts import AlertId, find_alert
from service.api.state import State as AppState
from service.api.times import rfc3339
from service.api.trace_models import TraceShape
from service.store.scope import Scope
from service.tracing.compute import Found, NotTraceable, compute, subjects
from service.tracing.told import shown

router = APIRouter(prefix=PREFIX, tags=["traces"])

#: Computed on demand at once, for all callers; more than that wait.
_AT_ONCE = asyncio.Semaphore(1)


@router.get("/alerts/{alert_id}/trace", response_model=TraceShape, responses=documented(404, 409, 503))
async def trace_of_alert(app: StateDep, caller: CallerDep, alert_id: AlertId) -> Json:
    """Which sources wind and timing point to for an alert at the fence or at a station, with the evidence.

    Alerts of fence-line and air stations are traced by themselves once they have settled, and the answer is kept
    (`stored`); before that, and for other instruments that smell the air, it is computed from the data there are. A key
    of one enterprise sees its own sources with their true rank; those of others are left out. 409: the alert is not
    about something that was smelt.
    """
    alert = await find_alert(app, caller.scope, str(alert_id))
    stored = await app.view.queries.trace(caller.scope, alert.id)
    if stored is not None:
        head = {"alert": alert.id, "stored": True, "revision": stored.revision, "computed": rfc3339(stored.computed_us)}
        return Json({**head, **shown(stored.body, caller.scope)})
    found = await _compute(app, caller.scope, alert.target, alert.onset_us)
    return _answer(app, caller.scope, found, alert)


@router.get("/traces", response_model=TraceShape, responses=documented(404, 409, 503))
async def trace_at(
    app: StateDep,
    caller: CallerDep,
    tag: Annotated[str, Query(description="Full id of a tag that smells the air, or of its station")],
    at: Annotated[str, Query(description="About when it rose; RFC 3339 with an offset: `2026-11-01T08:00:00+08:00`")],
) -> Json:
    """The same for any instrument and time, computed for this answer and not kept."""
    at_us = time_us("at", at)
    assert at_us is not None
    if at_us > app.view.clock():
        raise invalid("at", at, "in the future", "give a time that has passed")
    info, owner = app.view.tags.by_id(tag), tag.partition(".")[0]
    is_station = any(
        tag == f"{owner}.{one.id}" for name, own in app.view.tags.park.owners() if name == owner for one in own
    )
    if not caller.scope.sees(owner) or (info is None and not is_station):
        raise not_found(f"tag {tag}")
    return _answer(app, caller.scope, await _compute(app, caller.scope, tag, at_us), None)


async def _compute(app: AppState, scope: Scope, target: str, at_us: int) -> Found:
    try:
        subjects(app.view.tags, target)
        async with _AT_ONCE:
            found = await compute(app.view, target, at_us)
    except NotTraceable as error:
        raise Problem(409, "not-traceable", str(error)) from None
    if not scope.sees(found.subject.enterprise):
        raise not_found(f"tag {target}")
    return found


def _answer(app: AppState, scope: Scope, found: Found, alert: Alert | None) -> Json:
    head: dict[str, Any] = {
        "alert": alert.id if alert is not None else None,
        "stored": False,
        "revision": 0,
        "computed": rfc3339(app.view.clock()),
    }
    return Json({**head, **shown(found.body, scope)})
