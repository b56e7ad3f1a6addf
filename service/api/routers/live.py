"""The live stream."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query

from service.api import PREFIX
from service.api.access import Caller, CallerDep, StateDep
from service.api.latest_tags import choose
from service.api.live_frames import Position, parse_position
from service.api.live_response import LiveResponse
from service.api.live_stream import LiveStream
from service.api.live_values import ValueWatch
from service.api.problems import Problem, documented, invalid, not_found
from service.api.state import State

router = APIRouter(prefix=PREFIX, tags=["live"])

_EXAMPLE = (
    'id: 1a2b3c4d-4711\nevent: alert\ndata: {"seq":4711,"trigger":"raised","alert":{...}}\n\n'
    'event: status\ndata: {"now":"2026-11-01T00:00:00.123456Z","data_age_s":0.6,"problems":[],"seq":4711}\n\n'
)
_MOST_TAGS = 2_000


@router.get(
    "/live",
    response_class=LiveResponse,
    responses={
        **documented(404, 503),
        200: {
            "description": "Server-Sent Events, until the caller leaves or the service stops",
            "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}},
        },
    },
)
async def live(
    state: StateDep,
    caller: CallerDep,
    last_event_id: Annotated[str | None, Header(description="Id of the last event received; browsers send it")] = None,
    after: Annotated[str | None, Query(description="The same; a bare number is of the chain in force")] = None,
    tags: Annotated[str | None, Query(description="Also `values` events of these tags, separated by commas")] = None,
    values: Annotated[str | None, Query(description="`all`: of all tags that the caller sees", pattern="^all$")] = None,
    values_every_ms: Annotated[int, Query(ge=200, le=60_000, description="Time between two `values` events")] = 1_000,
) -> LiveResponse:
    """Alert events as they happen, without a gap and without a repetition over reconnections.

    * `alert`: one change of one alert, as in the events of an alert; the only events that carry an id of their own.
    * `snapshot`: first on a new connection: all standing alerts (`alerts`), and the `seq` they stand for.
    * `reset`: like `snapshot`, where what was missed cannot be had (`reason`): forget what you have and go on from it.
    * `status`: every second, as in `/status`; where none comes for 3 s the connection is lost.
    * `risk`: at first and when it has changed, at most every second: as `/risk`, but of sources only the 200 worst that
      are not blue, and of alarms the five heaviest of each (`others` is the rest).
    * `values`: on request, the newest sample of each tag that has one since the last time, as columns.
    """
    position = _position(state, last_event_id or after)
    watch = _watch(state, caller, tags, values, values_every_ms)
    if state.view.live.listeners >= state.most_listeners:
        detail = f"{state.most_listeners} live streams are open, and no more are taken"
        raise Problem(503, "too-many-listeners", detail, headers={"Retry-After": "10"}, retry=True)
    stream = LiveStream(state.view, state.frames, caller.scope, after=position, values=watch)
    return LiveResponse(stream.run())


def _position(state: State, text: str | None) -> Position | None:
    if not text:
        return None
    position = parse_position(text, state.view.book.chain)
    if position is None:
        raise invalid("after", text, "not the id of an event", "use an id as it came, or the `seq` of an event")
    return position


def _watch(state: State, caller: Caller, tags: str | None, values: str | None, every_ms: int) -> ValueWatch | None:
    table = state.view.tags
    if values is not None:
        return ValueWatch(state.view, choose(table, caller.scope), every_ms / 1e3)
    if not tags:
        return None
    wanted = list(dict.fromkeys(one.strip() for one in tags.split(",") if one.strip()))
    if len(wanted) > _MOST_TAGS:
        raise invalid("tags", len(wanted), f"more than {_MOST_TAGS} tags", "ask for fewer, or for values=all")
    infos: list[Any] = [table.by_id(one) for one in wanted]
    unknown = [
        one for one, info in zip(wanted, infos, strict=True) if info is None or not caller.scope.sees(info.enterprise)
    ]
    if unknown:
        raise not_found(f"tag {', '.join(map(repr, unknown[:5]))}")
    return ValueWatch(state.view, infos, every_ms / 1e3)
