"""Samples pushed by enterprises: 202 once they are durable, with a report that names every bad row."""

import asyncio
import math
from typing import Annotated

from fastapi import APIRouter, Header, Request
from starlette.requests import ClientDisconnect

from connectors.http.connector import Sender
from connectors.http.decode import BodyTooLarge, Content, NotTaken
from service.api import PREFIX
from service.api.access import Caller, CallerDep, StateDep
from service.api.answer import Json
from service.api.models_push import BODY, PushReport
from service.api.problems import Problem, documented
from service.push.desk import Push
from service.push.refused import Busy, InProgress, KeyReused, NoPush, TooMany, Unpushable
from service.push.remembered import Answer

router = APIRouter(prefix=PREFIX, tags=["samples"])

_LONGEST_KEY = 255


@router.post(
    "/samples",
    status_code=202,
    response_model=PushReport,
    responses=documented(404, 408, 409, 413, 415, 429, 503),
    openapi_extra={"requestBody": BODY},
)
async def push_samples(
    request: Request,
    state: StateDep,
    caller: CallerDep,
    idempotency_key: Annotated[
        str | None, Header(description="The same key and body again are answered from memory", max_length=_LONGEST_KEY)
    ] = None,
) -> Json:
    """Push samples as JSON, CSV or an Arrow stream, plain or with `Content-Encoding: gzip` or `zstd`.

    202 is answered once the journal has all good rows on disk. Bad rows are named and kept as dead letters, the others
    stored; where no row is good the answer is 422. The same sample (tag and time) is stored once, however often it is
    sent. Forms and limits: `deploy/docs/push-data.md`. Times need an offset; they are the device's own.
    """
    desk = state.view.push
    try:
        desk.admit(caller.name)
        content = Content.of_headers(
            request.headers.get("content-type", ""), request.headers.get("content-encoding", "")
        )
        with desk.room() as room:
            async with asyncio.timeout(desk.policy.receive_within / 1e6):
                chunks: list[bytes] = []
                async for chunk in request.stream():
                    room.take(len(chunk))
                    chunks.append(chunk)
            body = b"".join(chunks)
            chunks.clear()
            push = Push(
                body=body,
                content=content,
                sender=_sender(request, caller, content),
                idempotency_key=idempotency_key or "",
            )
            return _answered(*await desk.push(push))
    except NotTaken as error:
        raise Problem(415, "unsupported-media-type", str(error)) from None
    except BodyTooLarge as error:
        raise Problem(413, "content-too-large", str(error)) from None
    except (TooMany, Busy, KeyReused, InProgress, NoPush) as error:
        raise _problem(error) from None
    except Unpushable as error:
        raise Problem(422, "undecodable", f"{error}; the body was kept as a dead letter", retry=False) from None
    except TimeoutError:
        seconds = desk.policy.receive_within / 1e6
        raise Problem(408, "request-timeout", f"the body did not come within {seconds:g} s", retry=True) from None
    except ClientDisconnect:
        raise Problem(400, "disconnected", "the connection ended within the body; nothing was kept") from None


def _sender(request: Request, caller: Caller, content: Content) -> Sender:
    return Sender(
        name=caller.name,
        enterprise=caller.scope.own or "",
        peer=request.client.host if request.client else "",
        form=content.form.value,
    )


def _answered(answer: Answer, replayed: bool) -> Json:
    headers = {"Idempotency-Replayed": "true"} if replayed else {}
    if answer.status == 202:
        return Json(answer.report, 202, headers)
    detail = f"none of {answer.report['rejected']} rows is a sample; the rows were kept as dead letters"
    raise Problem(422, "nothing-stored", detail, headers=headers, retry=False, **answer.report)


def _problem(error: TooMany | Busy | KeyReused | InProgress | NoPush) -> Problem:
    match error:
        case TooMany():
            seconds = str(max(1, math.ceil(error.wait_s)))
            return Problem(429, "too-many", str(error), headers={"Retry-After": seconds}, retry=True)
        case Busy():
            return Problem(503, "busy", str(error), headers={"Retry-After": "2"}, retry=True)
        case KeyReused():
            return Problem(422, "idempotency-key-reused", str(error), retry=False)
        case InProgress():
            return Problem(409, "in-progress", str(error), headers={"Retry-After": "1"}, retry=True)
        case NoPush():
            return Problem(404, "not-found", str(error), retry=False)
