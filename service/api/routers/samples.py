"""History of tags, as JSON, CSV or Arrow, however long: read page by page, so memory stays flat."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any

import pyarrow as pa
from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from service.api import PREFIX
from service.api.access import CallerDep, StateDep
from service.api.cursors import TagIx, TimeUs, from_cursor, not_a_cursor, to_cursor
from service.api.models import Samples
from service.api.params import FromParam, ToParam, time_us
from service.api.problems import Problem, documented, invalid, not_found
from service.api.recorded import record_export
from service.api.sample_formats import ArrowStream, Format, accepted, csv_piece, json_pieces
from service.api.state import State
from service.api.times import rfc3339
from service.store.queries import Queries
from service.store.samples import Key, Page, Resolution, Span
from service.store.scope import Scope

router = APIRouter(prefix=PREFIX, tags=["samples"])

_HOUR_US = 3_600_000_000
_MOST_TAGS = 100
_MOST_ROWS = 5_000_000
#: JSON is put together in memory.
_MOST_ROWS_JSON = 200_000
#: Read at once; the connection to the database is free again while the client takes them.
_PAGE_ROWS = 20_000


@dataclass(frozen=True, kw_only=True)
class _Question:
    """What was asked, checked."""

    queries: Queries
    scope: Scope
    tags: Sequence[str]
    span: Span
    resolution: Resolution
    limit: int
    start: Key | None

    async def page(self, start: Key | None, end: Key | None, rows: int) -> Page:
        return await self.queries.samples(
            self.scope, self.tags, self.span, resolution=self.resolution, limit=rows, start=start, end=end
        )

    async def boundary(self) -> Key | None:
        return await self.queries.samples_boundary(
            self.scope, self.tags, self.span, resolution=self.resolution, limit=self.limit, start=self.start
        )


@router.get(
    "/samples",
    response_model=Samples,
    responses={
        **documented(404, 406, 503),
        200: {
            "description": 'By tag and time. `Link: <...>; rel="next"` and `X-Next-Cursor` where there is more',
            "content": {
                "text/csv": {
                    "schema": {"type": "string"},
                    "example": "tag,unit,time,value,quality,lag_ms\n"
                    "acme.tank-1.li-101,m,2026-11-01T00:00:00.000000Z,8.71,good,120\n",
                },
                "application/vnd.apache.arrow.stream": {"schema": {"type": "string", "format": "binary"}},
            },
        },
    },
)
async def read_samples(
    request: Request,
    state: StateDep,
    caller: CallerDep,
    tag: Annotated[list[str], Query(description=f"Full id; repeat it for more tags, {_MOST_TAGS} at most")],
    from_: FromParam = None,
    to: ToParam = None,
    resolution: Annotated[
        Resolution, Query(description="As measured, or by minute or hour of good samples")
    ] = Resolution.RAW,
    limit: Annotated[int | None, Query(ge=1, le=_MOST_ROWS, description="Rows; JSON takes 200000 at most")] = None,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
    format_: Annotated[Format | None, Query(alias="format", description="Goes before Accept")] = None,
    accept: Annotated[str | None, Header(description="Which form is wanted")] = None,
) -> StreamingResponse:
    """Samples by tag and time: `[from, to)`, the last hour where neither is given.

    The form is chosen by `Accept` (`application/json`, `text/csv`, `application/vnd.apache.arrow.stream`) or `format`.
    `1m` and `1h` give mean, min and max of the good samples, the count of all, and the share of the good ones; the span
    is widened to whole buckets. An answer that ends without its last chunk was cut by an error: do not use it.
    """
    form = format_ or accepted(accept)
    if form is None:
        forms = ", ".join(one.media_type for one in Format)
        raise Problem(406, "not-acceptable", f"Accept takes none of {forms}; or use format=json, csv or arrow")
    place = from_cursor(cursor, tuple[TagIx, TimeUs, TimeUs, TimeUs])
    span = Span(from_us=place[2], to_us=place[3]) if place else _span(state, from_, to)
    if place and span.from_us >= span.to_us:
        raise not_a_cursor(cursor)
    question = _Question(
        queries=state.view.queries,
        scope=caller.scope,
        tags=_tags(tag),
        span=span,
        resolution=resolution,
        limit=_limit(limit, form),
        start=Key(place[0], place[1]) if place else None,
    )
    await _refuse_unknown(state, question)
    if form is not Format.JSON:
        await record_export(request, state, caller)
    boundary = await question.boundary()
    following = to_cursor((boundary.tag, boundary.time_us, span.from_us, span.to_us)) if boundary else None
    first = await question.page(question.start, boundary, min(question.limit, _PAGE_ROWS))
    headers = {"Vary": "Accept"} | (_next_headers(request, following) if following else {})
    body = (
        _json(question, first, boundary, following) if form is Format.JSON else _table(form, question, first, boundary)
    )
    return StreamingResponse(body, media_type=form.media_type, headers=headers)


def _tags(tags: list[str]) -> list[str]:
    wanted = list(dict.fromkeys(tags))
    if len(wanted) > _MOST_TAGS:
        raise invalid("tag", len(wanted), f"more than {_MOST_TAGS} tags", "ask for them in several requests")
    return wanted


def _span(state: State, from_: str | None, to: str | None) -> Span:
    to_us = time_us("to", to) or state.view.clock()
    from_us = time_us("from", from_)
    from_us = to_us - _HOUR_US if from_us is None else from_us
    if from_us >= to_us:
        raise invalid("from", from_, f"not before `to`, which is {rfc3339(to_us)}", "give a `from` that is earlier")
    return Span(from_us=from_us, to_us=to_us)


def _limit(limit: int | None, form: Format) -> int:
    most = _MOST_ROWS_JSON if form is Format.JSON else _MOST_ROWS
    if limit is not None and limit > most:
        raise invalid("limit", limit, f"more than the {most} rows that JSON takes", "use format=csv or format=arrow")
    return limit or min(most, 100_000)


async def _refuse_unknown(state: State, question: _Question) -> None:
    """A tag that has no sample yet is known to the park; one that has left the park is known to the store."""
    stored = {tag.id for tag in await question.queries.visible_tags(question.scope, question.tags)}
    table = state.view.tags
    for one in question.tags:
        info = table.by_id(one)
        if one not in stored and (info is None or not question.scope.sees(info.enterprise)):
            raise not_found(f"tag {one!r}")


def _next_headers(request: Request, following: str) -> dict[str, str]:
    url = request.url.include_query_params(cursor=following)
    return {"Link": f'<{url.path}?{url.query}>; rel="next"', "X-Next-Cursor": following}


async def _pages(question: _Question, first: Page, boundary: Key | None) -> AsyncIterator[pa.Table]:
    page = first
    yield page.table
    # With a boundary the pages end there; without one, where nothing follows.
    while (start := page.following) is not None and (boundary is None or start < boundary):
        page = await question.page(start, boundary, _PAGE_ROWS)
        yield page.table


async def _table(form: Format, question: _Question, first: Page, boundary: Key | None) -> AsyncIterator[bytes]:
    metadata = {"resolution": question.resolution.value}
    arrow = ArrowStream(first.table.schema, metadata) if form is Format.ARROW else None
    is_first = True
    async for table in _pages(question, first, boundary):
        # In a thread: a page of text takes some 10 ms, which the event loop has better uses for.
        if arrow is not None:
            yield await asyncio.to_thread(arrow.piece, table)
        else:
            yield await asyncio.to_thread(csv_piece, table, first=is_first)
        is_first = False
    if arrow is not None:
        yield arrow.end()


async def _json(question: _Question, first: Page, boundary: Key | None, following: str | None) -> AsyncIterator[bytes]:
    pages = [page async for page in _pages(question, first, boundary)]
    span = question.span.whole_buckets(question.resolution.bucket_us)
    head: dict[str, Any] = {
        "resolution": question.resolution.value,
        "from": rfc3339(span.from_us),
        "to": rfc3339(span.to_us),
    }
    pieces = json_pieces(pa.concat_tables(pages), head, following)
    # A thread for each batch of small pieces; what is small is not worth a chunk of its own.
    while batch := await asyncio.to_thread(lambda: b"".join(islice(pieces, 8))):
        yield batch
