"""Putting alerts aside and taking them back, and resetting those that are latched."""

from fastapi import APIRouter

from park.duration import parse_duration_us
from service.alerts.states import NotAllowed, State, Trigger
from service.api import PREFIX
from service.api.access import Caller, CallerDep, StateDep
from service.api.answer import Json
from service.api.models import AlertShape
from service.api.models_context import ReasonBody, ShelveBody, TakeOutBody
from service.api.params import time_us
from service.api.problems import documented, invalid
from service.api.routers.alerts import AlertId, IdempotencyKey, command_of, to_act_on
from service.api.shapes import alert_shape
from service.api.state import State as AppState

router = APIRouter(prefix=PREFIX, tags=["context"])

_REFUSALS = documented(403, 404, 409, 413, 503)


@router.post("/alerts/{alert_id}/shelve", response_model=AlertShape, responses=_REFUSALS)
async def shelve(
    app: StateDep, caller: CallerDep, alert_id: AlertId, body: ShelveBody, idempotency_key: IdempotencyKey = None
) -> Json:
    """Put a standing alert aside until a time, which is limited by its priority. It comes back by itself, or when it
    gets worse.

    403 `protected-by-law` for HH, LL and gas alarms on major hazard sources, and for gas alarms inside a live permit.
    """
    until_us = _until_us(app, body)
    return await _do(app, caller, str(alert_id), Trigger.SHELVE, body.reason, idempotency_key, until_us=until_us)


@router.post("/alerts/{alert_id}/unshelve", response_model=AlertShape, responses=_REFUSALS)
async def unshelve(
    app: StateDep, caller: CallerDep, alert_id: AlertId, body: ReasonBody, idempotency_key: IdempotencyKey = None
) -> Json:
    """Take an alert off the shelf before its time. Who does so has acknowledged it."""
    return await _do(app, caller, str(alert_id), Trigger.UNSHELVE, body.reason, idempotency_key)


@router.post("/alerts/{alert_id}/take-out", response_model=AlertShape, responses=_REFUSALS)
async def take_out(
    app: StateDep, caller: CallerDep, alert_id: AlertId, body: TakeOutBody, idempotency_key: IdempotencyKey = None
) -> Json:
    """Take a standing alert out of service under a work order, until a time. It comes back by itself, unacknowledged.

    403 `protected-by-law` as for shelving.
    """
    until_us, work_order = _until_us(app, body), body.work_order
    trigger = Trigger.TAKE_OUT
    return await _do(
        app, caller, str(alert_id), trigger, body.reason, idempotency_key, until_us=until_us, work_order=work_order
    )


@router.post("/alerts/{alert_id}/put-back", response_model=AlertShape, responses=_REFUSALS)
async def put_back(
    app: StateDep, caller: CallerDep, alert_id: AlertId, body: ReasonBody, idempotency_key: IdempotencyKey = None
) -> Json:
    """Put an alert back into service before its time, unacknowledged."""
    return await _do(app, caller, str(alert_id), Trigger.PUT_BACK, body.reason, idempotency_key)


@router.post("/alerts/{alert_id}/reset", response_model=AlertShape, responses=_REFUSALS)
async def reset(
    app: StateDep, caller: CallerDep, alert_id: AlertId, body: ReasonBody, idempotency_key: IdempotencyKey = None
) -> Json:
    """Reset an alarm that is latched: it ends if its condition is over, else it stays. 409 where it does not latch."""
    return await _do(app, caller, str(alert_id), Trigger.RESET, body.reason, idempotency_key)


def _until_us(app: AppState, body: ShelveBody) -> int:
    if (body.until is None) == (body.duration is None):
        raise invalid("until", body.until, "give until or duration, one of them", "for example duration: 30m")
    if body.duration is None:
        return time_us("until", body.until) or 0
    try:
        return app.view.clock() + parse_duration_us(body.duration)
    except ValueError as error:
        raise invalid("duration", body.duration, str(error)) from None


async def _do(
    app: AppState,
    caller: Caller,
    alert_id: str,
    trigger: Trigger,
    reason: str,
    idempotency_key: str | None,
    *,
    until_us: int | None = None,
    work_order: str = "",
) -> Json:
    alert = await to_act_on(app, caller, alert_id)
    if alert.state is State.NORM:
        raise NotAllowed("the alert is over")
    command = command_of(caller, alert, trigger, reason, idempotency_key, until_us=until_us, work_order=work_order)
    return Json(alert_shape(await app.view.command(command), app.names))
