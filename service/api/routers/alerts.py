"""Alerts: the standing ones from memory, history from the store, and what people do about them."""

import uuid
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query
from pydantic import Field

from service.alerts.book import Command
from service.alerts.model import Alert, Event
from service.alerts.states import NotAllowed, State, Trigger
from service.api import PREFIX
from service.api.access import Caller, CallerDep, StateDep
from service.api.answer import Json
from service.api.cursors import TimeUs, from_cursor, not_a_cursor, to_cursor
from service.api.models import AckBody, AlertDetail, Alerts, AlertShape, CommentBody
from service.api.params import FromParam, ToParam, time_us
from service.api.problems import Problem, documented, invalid, not_found
from service.api.shapes import alert_shape, event_shape
from service.api.state import State as AppState
from service.store.errors import StoreUnavailable
from service.store.scope import Scope
from service.store.stored import AlertFilter

router = APIRouter(prefix=PREFIX, tags=["alerts"])

#: Standing alerts in the order in which they want attention.
_URGENCY = {State.UNACK: 0, State.RTNUN: 1, State.ACKED: 2}
_ALL_STANDING = frozenset(State) - {State.NORM}

Priority = Annotated[int, Field(ge=1, le=4)]
AlertId = Annotated[uuid.UUID, Path(description="The alert's id")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        description="Any text that is new for each intention: sending the same request again does it once",
        max_length=200,
    ),
]


@router.get("/alerts", response_model=Alerts, responses=documented(503))
async def list_alerts(
    app: StateDep,
    caller: CallerDep,
    state: Annotated[
        list[State] | None,
        Query(description="Any of these; with `norm` among them history is read. None: all standing alerts"),
    ] = None,
    history: Annotated[bool, Query(description="True: from the store, newest first, whatever the state")] = False,
    priority: Annotated[list[Priority] | None, Query(description="Any of these, 1 (urgent) to 4")] = None,
    level: Annotated[list[str] | None, Query(description="Any of these: L, LL, H, HH")] = None,
    enterprise: Annotated[str | None, Query(description="Only of this enterprise")] = None,
    source: Annotated[str | None, Query(description="Only of this source, `enterprise.source`")] = None,
    rule: Annotated[str | None, Query(description="Only of this rule")] = None,
    target: Annotated[str | None, Query(description="Only of this tag or device")] = None,
    from_: FromParam = None,
    to: ToParam = None,
    limit: Annotated[int, Query(ge=1, le=1_000, description="Alerts a page")] = 200,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> Json:
    """Standing alerts, most urgent first, from memory (works while the database does not); or history, newest first.

    History is read from the store where `history=true` or where `state` names `norm`; `from` and `to` are of the time
    at which the alert was raised.
    """
    wanted = AlertFilter(
        states=frozenset(state or ()),
        priorities=frozenset(priority or ()),
        levels=frozenset(level or ()),
        enterprise=enterprise,
        source=source,
        rule=rule,
        target=target,
        from_us=time_us("from", from_),
        to_us=time_us("to", to),
    )
    _check_span(wanted)
    if history or State.NORM in wanted.states:
        page, following = await _history(app, caller.scope, wanted, limit, cursor)
    else:
        page, following = _standing(app, caller.scope, wanted, limit, cursor)
    names = app.names
    return Json({"items": [alert_shape(one, names) for one in page], "next": following, "seq": app.view.book.seq})


def _check_span(wanted: AlertFilter) -> None:
    if wanted.from_us is not None and wanted.to_us is not None and wanted.from_us >= wanted.to_us:
        raise invalid("to", None, "not after `from`", "give a `to` that is later than `from`")


async def _history(
    app: AppState, scope: Scope, wanted: AlertFilter, limit: int, cursor: str | None
) -> tuple[Sequence[Alert], str | None]:
    before = from_cursor(cursor, tuple[TimeUs, str])
    if before is not None and not is_uuid(before[1]):
        raise not_a_cursor(cursor)
    found = await app.view.queries.alerts(scope, wanted, limit=limit + 1, before=before)
    page = found[:limit]
    return page, to_cursor((page[-1].raised_us, page[-1].id)) if len(found) > limit else None


def _standing(
    app: AppState, scope: Scope, wanted: AlertFilter, limit: int, cursor: str | None
) -> tuple[Sequence[Alert], str | None]:
    place = from_cursor(cursor, tuple[int, int, int, str])
    alerts = (one for one in app.view.book.active.values() if scope.sees(one.enterprise) and wanted.takes(one))
    ranked = sorted(alerts, key=_rank)
    rest = [one for one in ranked if place is None or _rank(one) > place]
    page = rest[:limit]
    return page, to_cursor(_rank(page[-1])) if len(rest) > limit else None


def _rank(alert: Alert) -> tuple[int, int, int, str]:
    return _URGENCY.get(alert.state, 3), alert.priority, -alert.raised_us, alert.id


def is_uuid(text: str) -> bool:
    """Whether PostgreSQL would take it for one."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


@router.get("/alerts/{alert_id}", response_model=AlertDetail, responses=documented(404, 503))
async def get_alert(app: StateDep, caller: CallerDep, alert_id: AlertId) -> Json:
    """One alert and all that happened to it.

    While the database does not answer, the events are those still in memory, and `events_complete` is false.
    """
    alert = await find_alert(app, caller.scope, str(alert_id))
    events, complete = await events_of(app, caller.scope, alert)
    names = app.names
    return Json(
        {
            "alert": alert_shape(alert, names),
            "events": [event_shape(one, names) for one in events],
            "events_complete": complete,
        }
    )


async def find_alert(app: AppState, scope: Scope, alert_id: str) -> Alert:
    """In memory, else in the store. Raises Problem 404, StoreUnavailable."""
    alert = app.view.book.get(alert_id)
    if alert is not None and not scope.sees(alert.enterprise):
        raise not_found(f"alert {alert_id}")
    alert = alert or await app.view.queries.alert(scope, alert_id)
    if alert is None:
        raise not_found(f"alert {alert_id}")
    return alert


async def events_of(app: AppState, scope: Scope, alert: Alert) -> tuple[list[Event], bool]:
    """The store's, and behind them what the store does not have yet."""
    try:
        stored = await app.view.queries.alert_events(scope, alert.id)
    except StoreUnavailable:
        stored = []
    have = {(one.chain, one.seq) for one in stored}
    recent = [one for one in _in_memory(app, alert.id) if (one.chain, one.seq) not in have]
    events = stored + recent
    complete = bool(events) and events[0].trigger is Trigger.RAISED and events[-1].seq >= alert.seq
    return events, complete


def _in_memory(app: AppState, alert_id: str) -> list[Event]:
    live = app.view.live
    return [one for one in live.since(live.oldest - 1) if one.alert_id == alert_id]


@router.post("/alerts/{alert_id}/ack", response_model=AlertShape, responses=documented(403, 404, 409, 413, 503))
async def acknowledge(
    app: StateDep, caller: CallerDep, alert_id: AlertId, body: AckBody, idempotency_key: IdempotencyKey = None
) -> Json:
    """Acknowledge an alert at the level that was seen. Acknowledging again changes nothing and is no error.

    409 where the alert is at a worse level by now (look again), or is over without having been acknowledged.
    """
    alert = await to_act_on(app, caller, str(alert_id))
    if alert.state is State.NORM:
        if alert.acked_us is None:
            raise NotAllowed("the alert is over")
        return Json(alert_shape(alert, app.names))
    command = command_of(caller, alert, Trigger.ACK, body.comment, idempotency_key, level=body.level)
    return Json(alert_shape(await app.view.command(command), app.names))


@router.post("/alerts/{alert_id}/comment", response_model=AlertShape, responses=documented(403, 404, 409, 413, 503))
async def comment(
    app: StateDep, caller: CallerDep, alert_id: AlertId, body: CommentBody, idempotency_key: IdempotencyKey = None
) -> Json:
    """Add a remark to the record of a standing alert."""
    alert = await to_act_on(app, caller, str(alert_id))
    if alert.state is State.NORM:
        raise NotAllowed("the alert is over")
    command = command_of(caller, alert, Trigger.COMMENT, body.comment, idempotency_key)
    return Json(alert_shape(await app.view.command(command), app.names))


async def to_act_on(app: AppState, caller: Caller, alert_id: str) -> Alert:
    """An alert that the caller may change. Raises Problem 403, 404."""
    alert = await find_alert(app, caller.scope, alert_id)
    if not caller.scope.may_act_on(alert.enterprise):
        raise Problem(403, "forbidden", "this alert is of a source that the park shares; the park acts on it")
    return alert


def command_of(
    caller: Caller, alert: Alert, trigger: Trigger, reason: str, idempotency_key: str | None, **more: Any
) -> Command:
    """What the caller asks; the same for the same idempotency key."""
    own = f"{caller.name}|{alert.id}|{trigger}|{idempotency_key}"
    command_id = uuid.uuid5(uuid.NAMESPACE_OID, own) if idempotency_key else uuid.uuid4()
    return Command(id=str(command_id), trigger=trigger, alert_id=alert.id, by=caller.name, reason=reason, **more)
