"""Telegrams exactly as they came: those of a device, and those that a stored sample was read from."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from service.api import PREFIX
from service.api.access import CallerDep, StateDep
from service.api.answer import Json
from service.api.cursors import RowId, TimeUs, from_cursor, to_cursor
from service.api.models_push import RawFrames, RawOfSample
from service.api.params import FromParam, ToParam
from service.api.params import time_us as parsed_us
from service.api.problems import documented, invalid, not_found
from service.api.telegrams import frame_shape, read_from
from service.api.times import rfc3339
from service.store.samples import PG_EPOCH_US, Span
from service.store.telegrams import FrameFilter, FrameKey

router = APIRouter(prefix=PREFIX, tags=["samples"])

_HOUR_US = 3_600_000_000
#: Blocks that are looked through for one page.
_BLOCKS = 200
_MOST_OF_SAMPLE = 100


@router.get("/raw-frames", response_model=RawFrames, responses=documented(503))
async def list_raw_frames(
    state: StateDep,
    caller: CallerDep,
    device: Annotated[str | None, Query(description="Only of this device: MN of a data logger")] = None,
    connector: Annotated[str | None, Query(description="Only through this connector")] = None,
    from_: FromParam = None,
    to: ToParam = None,
    limit: Annotated[int, Query(ge=1, le=500, description="Telegrams a page")] = 50,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> Json:
    """Telegrams as they came, newest first; `from`, `to`: when they were received, the last hour where not given.

    A page may hold fewer than `limit`, even none, and still have a `next`: much was looked through for it.
    """
    to_us = parsed_us("to", to) or state.view.clock() + 1
    from_us = parsed_us("from", from_)
    from_us = to_us - _HOUR_US if from_us is None else from_us
    if from_us >= to_us:
        raise invalid("from", from_, f"not before `to`, which is {rfc3339(to_us)}", "give a `from` that is earlier")
    place = from_cursor(cursor, tuple[TimeUs, str, RowId])
    before = FrameKey(received_us=place[0], connector=place[1], place=place[2]) if place else None
    wanted = FrameFilter(from_us=from_us, to_us=to_us, connector=connector, device=device)
    found, last = await state.view.queries.raw_frames(caller.scope, wanted, blocks=_BLOCKS, limit=limit, before=before)
    following = to_cursor((last.received_us, last.connector, last.place)) if last else None
    return Json({"items": [frame_shape(one) for one in found], "next": following})


@router.get("/samples/{tag_id}/raw", response_model=RawOfSample, responses=documented(404, 503))
async def read_raw_of_sample(
    state: StateDep,
    caller: CallerDep,
    tag_id: Annotated[str, Path(description="Full id of the tag")],
    time: Annotated[str, Query(description="Of the sample, exactly; as `GET /samples` gives it")],
) -> Json:
    """The telegrams that a stored sample was read from: of its device, received when the sample was."""
    time_us = parsed_us("time", time)
    assert time_us is not None
    queries = state.view.queries
    _, rows = await queries.sample_rows(caller.scope, [tag_id], Span(from_us=time_us, to_us=time_us + 1), limit=1)
    if not len(rows):
        raise not_found(f"a sample of {tag_id!r} at {time}")
    # The lag is kept in whole milliseconds.
    begin_us = int(rows[0]["time"]) + PG_EPOCH_US + int(rows[0]["lag_ms"]) * 1_000
    info = state.view.tags.by_id(tag_id)
    from_ = info.from_ if info is not None else None
    wanted = FrameFilter(
        from_us=begin_us,
        to_us=begin_us + 1_000,
        connector=from_.connector if from_ else None,
        device=from_.device if from_ else None,
    )
    found, _ = await queries.raw_frames(caller.scope, wanted, blocks=_BLOCKS, limit=10_000, before=None)
    enterprise = info.enterprise if info is not None else tag_id.partition(".")[0]
    mine = read_from([one for one in found if one.frame.enterprise == enterprise], info, time_us)
    return Json(
        {
            "tag": tag_id,
            "time": rfc3339(time_us),
            "received": rfc3339(begin_us),
            "device": wanted.device or "",
            "items": [frame_shape(one) for one in mine[:_MOST_OF_SAMPLE]],
        }
    )
