"""Backtests: rules tried on stored samples before they go live, as jobs. A key for the whole park is needed."""

import asyncio
import uuid
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from park.yamlfile import FileInvalid
from service.api import PREFIX
from service.api.access import CallerDep, StateDep
from service.api.answer import Json
from service.api.backtest_models import BacktestBody, BacktestShape, BacktestsShape
from service.api.cursors import RowId, from_cursor, to_cursor
from service.api.params import time_us
from service.api.problems import Problem, documented, invalid, not_found
from service.api.state import State as AppState
from service.api.times import rfc3339
from service.backtest.jobs import Backtest, QueueFull
from service.backtest.orders import Order, rule_file
from service.rules.files import check_files

router = APIRouter(prefix=PREFIX, tags=["backtests"])

_NDJSON = "application/x-ndjson"
_LONGEST_US = 400 * 86_400_000_000

BacktestId = Annotated[uuid.UUID, Path(description="The backtest's id")]


@router.post("/backtests", status_code=202, response_model=BacktestShape, responses=documented(403, 413, 503))
async def start_backtest(app: StateDep, caller: CallerDep, body: BacktestBody) -> Json:
    """Try rules on stored samples, in a process of its own behind the service. Ask again for progress and result.

    One runs at a time, four may wait. 422 tells every problem of the rules with line and column.
    """
    from_us, to_us = time_us("from", body.from_) or 0, time_us("to", body.to) or 0
    if from_us >= to_us:
        raise invalid("to", body.to, "not after `from`", "give a `to` that is later than `from`")
    if to_us - from_us > _LONGEST_US:
        raise invalid("from", body.from_, "more than 400 days before `to`", "ask for a shorter span")
    try:
        order = await asyncio.to_thread(_order, app, body, from_us, to_us)
    except FileInvalid as error:
        raise _wrong(error) from error
    asked: dict[str, Any] = {
        "from": rfc3339(from_us),
        "to": rfc3339(to_us),
        "against_live": body.against_live,
        "tags": body.tags,
    }
    try:
        one = await app.view.backtests.start(order, by=caller.name, asked=asked)
    except QueueFull as error:
        raise Problem(503, "queue-full", str(error), headers={"Retry-After": "30"}, retry=True) from error
    return Json(_shape(one), status_code=202, headers={"Location": f"{PREFIX}/backtests/{one.id}"})


def _order(app: AppState, body: BacktestBody, from_us: int, to_us: int) -> Order:
    view = app.view
    check_files(view.tags, (rule_file(body.rules),))
    return Order.of(
        view.tags.park,
        body.rules,
        view.live_rules() if body.against_live else None,
        view.norms,
        from_us=from_us,
        to_us=to_us,
        tags=tuple(body.tags),
        tick_us=body.tick,
        settle_us=body.settle,
    )


def _wrong(error: FileInvalid) -> Problem:
    errors = [
        {"field": f"rules:{one.line}:{one.column}", "value": None, "problem": one.message, "fix": ""}
        for one in error.problems
    ]
    return Problem(422, "rules-invalid", f"{len(errors)} problems in the rules: {error.problems[0]}", errors=errors)


@router.get("/backtests", response_model=BacktestsShape, responses=documented(403))
async def list_backtests(app: StateDep, caller: CallerDep) -> Json:
    """Those that wait, the one that runs, and the last twenty that are over; newest first, without their results."""
    return Json({"items": [_shape(one) | {"result": None} for one in app.view.backtests.list()]})


@router.get("/backtests/{backtest_id}", response_model=BacktestShape, responses=documented(403, 404))
async def get_backtest(app: StateDep, caller: CallerDep, backtest_id: BacktestId) -> Json:
    """How far it is; what it has found when it is done."""
    return Json(_shape(_find(app, backtest_id)))


@router.get(
    "/backtests/{backtest_id}/transitions",
    response_class=Response,
    responses={
        **documented(403, 404),
        200: {
            "description": 'One JSON object a line. `Link: <...>; rel="next"`, `X-Next-Cursor` if there may be more',
            "content": {
                _NDJSON: {
                    "schema": {"type": "string"},
                    "example": '{"rule":"levels","target":"acme.tank-1.li-101","side":"high","level":"H",'
                    '"state":"raised","onset":"2026-11-01T00:00:00.000000Z"}\n',
                }
            },
        },
    },
)
async def read_transitions(
    request: Request,
    app: StateDep,
    caller: CallerDep,
    backtest_id: BacktestId,
    limit: Annotated[int, Query(ge=1, le=100_000, description="Lines a page")] = 10_000,
    cursor: Annotated[str | None, Query(description="`X-Next-Cursor` of the page before")] = None,
) -> Response:
    """Every change of every alert that the rules on trial would have raised, in order of detection.

    While it runs there is a next page as long as it may find more; it may be empty.
    """
    one = _find(app, backtest_id)
    place = from_cursor(cursor, tuple[RowId])
    may_grow = not one.is_over
    lines, end, more = await asyncio.to_thread(_lines, one.told_file, place[0] if place else 0, limit)
    headers = {}
    if more or may_grow:
        following = to_cursor((end,))
        url = request.url.include_query_params(cursor=following)
        headers = {"Link": f'<{url.path}?{url.query}>; rel="next"', "X-Next-Cursor": following}
    return Response(lines, media_type=_NDJSON, headers=headers)


def _lines(file: FilePath, begin: int, limit: int) -> tuple[bytes, int, bool]:
    """Whole lines from an offset on, where they end, and whether there are more by now."""
    if not file.exists():
        return b"", begin, False
    with file.open("rb") as told:
        told.seek(begin)
        lines: list[bytes] = []
        while len(lines) < limit and (line := told.readline()).endswith(b"\n"):
            lines.append(line)
        end = begin + sum(map(len, lines))
        told.seek(end)
        more = told.readline().endswith(b"\n")
    return b"".join(lines), end, more


@router.delete("/backtests/{backtest_id}", response_model=BacktestShape, responses=documented(403, 404))
async def cancel_backtest(app: StateDep, caller: CallerDep, backtest_id: BacktestId) -> Json:
    """Stop it; what it found so far can still be read. One that is over stays as it is."""
    one = _find(app, backtest_id)
    await app.view.backtests.cancel(one)
    return Json(_shape(one))


def _find(app: AppState, backtest_id: uuid.UUID) -> Backtest:
    one = app.view.backtests.get(str(backtest_id))
    if one is None:
        raise not_found(f"backtest {backtest_id}")
    return one


def _shape(one: Backtest) -> dict[str, Any]:
    return {
        "id": one.id,
        "by": one.by,
        "state": one.state.value,
        "asked": dict(one.asked),
        "asked_at": rfc3339(one.asked_us),
        "done": one.done,
        "at": rfc3339(one.at_us),
        "samples": one.samples,
        "error": one.error,
        "result": one.result,
    }
