"""Devices behind connectors: how their links are doing, what they are told, and what was told them."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from connectors.base import DeviceHealth
from connectors.devices import (
    Command,
    CommandForbidden,
    CommandInvalid,
    DeviceAway,
    DeviceSilent,
    DeviceUnknown,
)
from service.api import PREFIX
from service.api.access import CallerDep, StateDep
from service.api.answer import Json
from service.api.cursors import TimeUs, from_cursor, not_a_cursor, to_cursor
from service.api.models_devices import CommandBody, Commands, CommandShape, Devices
from service.api.problems import Problem, documented, invalid, not_found
from service.api.routers.alerts import IdempotencyKey, is_uuid
from service.api.times import rfc3339
from service.device_desk import KeyReused, StillUnderWay
from service.device_notes import Answered
from service.store.stored import StoredCommand

router = APIRouter(prefix=PREFIX, tags=["devices"])

ConnectorId = Annotated[str, Path(description="Id of the connector", max_length=64)]
DeviceId = Annotated[str, Path(description="The device: MN of an HJ 212 logger", max_length=64)]
_COUNTS = ("received", "messages", "acknowledged", "rejected", "resent", "reconnects")


@router.get("/devices", response_model=Devices, responses=documented())
async def list_devices(
    state: StateDep,
    caller: CallerDep,
    connector: Annotated[str | None, Query(description="Only behind this connector")] = None,
    enterprise: Annotated[str | None, Query(description="Only of this enterprise")] = None,
    connected: Annotated[bool | None, Query(description="Only those that are connected, or are not")] = None,
    limit: Annotated[int, Query(ge=1, le=5_000, description="Devices a page")] = 1_000,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> Json:
    """Data loggers and nodes that the caller sees: link, clock, counts, last error, and what departs from the standard.

    From memory, since the service was started.
    """
    after = from_cursor(cursor, tuple[str, str])
    found = sorted(
        ((health.connector, device) for health in state.view.connectors() for device in health.devices.values()),
        key=lambda one: (one[0], one[1].device),
    )
    wanted = [
        (of, device)
        for of, device in found
        if caller.scope.sees(device.enterprise)
        and connector in (None, of)
        and enterprise in (None, device.enterprise)
        and connected in (None, device.connected)
        and (after is None or (of, device.device) > after)
    ]
    page = wanted[:limit]
    following = to_cursor((page[-1][0], page[-1][1].device)) if len(wanted) > limit else None
    now_us = state.view.clock()
    return Json({"items": [_shape(of, device, now_us) for of, device in page], "next": following})


def _shape(connector: str, device: DeviceHealth, now_us: int) -> dict[str, Any]:
    last_us = device.last_received_us
    return {
        "connector": connector,
        "device": device.device,
        "enterprise": device.enterprise,
        "protocol": device.protocol,
        "connected": device.connected,
        "peer": device.peer,
        "connected_since": rfc3339(device.connected_us) if device.connected else None,
        "last_received": rfc3339(last_us),
        "silent_s": round((now_us - last_us) / 1e6, 3) if last_us else None,
        "clock_ahead_s": None if device.clock_ahead_s is None else round(device.clock_ahead_s, 3),
        **{name: getattr(device, name) for name in _COUNTS},
        "last_error": device.last_error,
        "deviations": dict(device.deviations),
    }


@router.post(
    "/devices/{connector}/{device}/commands",
    response_model=CommandShape,
    responses={
        **documented(403, 404, 409, 413, 503, 504),
        202: {"model": CommandShape, "description": "Still under way"},
    },
)
async def command_device(
    state: StateDep,
    caller: CallerDep,
    connector: ConnectorId,
    device: DeviceId,
    body: CommandBody,
    idempotency_key: IdempotencyKey = None,
) -> Json:
    """Tell a device to do something, and wait for what it answers: up to two minutes.

    200 means that the device answered; whether it did what was asked `result` tells. 202: it is still at it (a long
    history); the record will tell what came of it. 503: it is not connected, and
    nothing was sent. 504: it was told several times and did not answer. Every command and its outcome is recorded.
    Commands that act on instruments (calibration, sampling) need `allow_control` in the connector's configuration.
    """
    command = Command(device=device, name=body.command, parameters=body.parameters)
    try:
        answered = await state.view.devices.command(connector, command, by=caller.name, key=idempotency_key)
    except StillUnderWay as error:
        return Json(_under_way(connector, command, error.command_id, caller.name), status_code=202)
    except DeviceUnknown:
        raise not_found(f"device {connector}/{device}") from None
    except CommandInvalid as error:
        raise invalid(error.where, error.value, error.problem, error.fix) from None
    except CommandForbidden as error:
        raise Problem(403, "not-enabled", str(error), retry=False) from None
    except KeyReused as error:
        raise Problem(409, "key-reused", str(error), retry=False) from None
    except DeviceAway as error:
        raise Problem(503, "device-away", str(error), headers={"Retry-After": "60"}, retry=True) from None
    except DeviceSilent as error:
        raise Problem(504, "device-silent", str(error), retry=True) from None
    return Json(_answered_shape(connector, device, answered))


def _answered_shape(connector: str, device: str, one: Answered) -> dict[str, Any]:
    outcome = one.outcome
    return {
        "id": one.id,
        "connector": connector,
        "device": device,
        "by": one.by,
        "command": one.command,
        "parameters": dict(one.parameters),
        "asked": rfc3339(one.asked_us),
        "answered": rfc3339(one.answered_us),
        "result": outcome.result.value,
        "words": outcome.words,
        "code": outcome.code,
        "answer": outcome.answer,
        "packets": outcome.packets,
        "data": [dict(packet) for packet in outcome.data],
    }


def _under_way(connector: str, command: Command, command_id: str, by: str) -> dict[str, Any]:
    return {
        "id": command_id,
        "connector": connector,
        "device": command.device,
        "by": by,
        "command": command.name,
        "parameters": {},
        "asked": None,
        "answered": None,
        "result": None,
        "words": "the device is still at it; the record of its commands will tell what came of it",
        "code": "",
        "answer": None,
        "packets": 0,
        "data": [],
    }


@router.get("/devices/{connector}/{device}/commands", response_model=Commands, responses=documented(404, 503))
async def list_commands(
    state: StateDep,
    caller: CallerDep,
    connector: ConnectorId,
    device: DeviceId,
    limit: Annotated[int, Query(ge=1, le=1_000, description="Commands a page")] = 100,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> Json:
    """What one device was told, by whom, and what came of it; newest first, from the store.

    `by` is `service` where the service acted by itself: history that was missing, a clock that was to be set.
    """
    found = {one.connector: one for one in state.view.connectors()}.get(connector)
    health = found.devices.get(device) if found else None
    if health is None or not caller.scope.sees(health.enterprise):
        raise not_found(f"device {connector}/{device}")
    before = from_cursor(cursor, tuple[TimeUs, str])
    if before is not None and not is_uuid(before[1]):
        raise not_a_cursor(cursor)
    subject = f"{connector}/{device}"
    stored = await state.view.queries.device_commands(caller.scope, subject, limit=limit + 1, before=before)
    page = stored[:limit]
    following = to_cursor((page[-1].at_us, page[-1].id)) if len(stored) > limit else None
    return Json({"items": [_stored_shape(connector, device, one) for one in page], "next": following})


def _stored_shape(connector: str, device: str, one: StoredCommand) -> dict[str, Any]:
    answer: Mapping[str, Any] = one.answer or {}
    return {
        "id": one.id,
        "connector": connector,
        "device": device,
        "by": one.by,
        "command": one.body.get("command", ""),
        "parameters": one.body.get("parameters", {}),
        "asked": rfc3339(one.at_us),
        "answered": None if one.answered_us is None else rfc3339(one.answered_us),
        "result": answer.get("result"),
        "words": answer.get("words", ""),
        "code": answer.get("code", ""),
        "answer": answer.get("answer"),
        "packets": answer.get("packets", 0),
        "data": answer.get("data", []),
    }
