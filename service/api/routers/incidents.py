"""Incident review: everything around a moment, in one order."""

from typing import Annotated

from fastapi import APIRouter, Query

from service.api import PREFIX
from service.api.access import CallerDep, StateDep
from service.api.answer import Json
from service.api.cursors import TimeUs, from_cursor, to_cursor
from service.api.models_incidents import Timeline
from service.api.problems import documented, invalid
from service.api.times import rfc3339
from service.incidents.asked import incident_of
from service.incidents.timeline import TooMuch, item_shape, items, trends

router = APIRouter(prefix=f"{PREFIX}/incidents", tags=["incidents"])


@router.get("/timeline", response_model=Timeline, responses=documented(404, 503))
async def read_timeline(
    app: StateDep,
    caller: CallerDep,
    around: Annotated[str | None, Query(description="Id of an alert", max_length=64)] = None,
    source: Annotated[str | None, Query(description="Instead: a source, `enterprise.source`; with `at`")] = None,
    area: Annotated[str | None, Query(description="Instead: west,south,east,north in degrees; with `at`")] = None,
    at: Annotated[str | None, Query(description="RFC 3339")] = None,
    before: Annotated[str, Query(description="How much before it: `30m`, `2h`; 7 d at most", max_length=20)] = "30m",
    after: Annotated[str, Query(description="How much after it", max_length=20)] = "60m",
    kind: Annotated[list[str] | None, Query(description="Only records of these kinds; may be repeated")] = None,
    limit: Annotated[int, Query(ge=1, le=5_000, description="Records a page")] = 1_000,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> Json:
    """Every alert transition, action, notification, rule change, gap, case and colour around a moment, in one order.

    With the trends of the source, its neighbours and the stations (50 tags at most), in buckets that fit the span.
    """
    about = await incident_of(
        app, caller.scope, around=around, source=source, area=area, at=at, before=before, after=after
    )
    queries, live = app.view.queries, app.view.live
    recent = live.since(live.oldest - 1)
    try:
        found = await items(queries, caller.scope, about.subject, about.span, app.names, recent)
    except TooMuch as error:
        raise invalid("after", after, str(error), "ask for a shorter span") from None
    found = [one for one in found if not kind or one["kind"] in kind]
    place = from_cursor(cursor, tuple[TimeUs, str, str])
    rest = [one for one in found if place is None or (one["at_us"], one["kind"], one["key"]) > place]
    page = rest[:limit]
    last = page[-1] if len(rest) > limit else None
    return Json(
        {
            "from": rfc3339(about.span.from_us),
            "to": rfc3339(about.span.to_us),
            "at": rfc3339(about.at_us),
            "subjects": {
                "sources": list(about.subject.sources),
                "tags": list(about.subject.tags),
                "alerts": list(about.subject.alerts),
            },
            "items": [item_shape(one) for one in page],
            "next": to_cursor((last["at_us"], last["kind"], last["key"])) if last else None,
            "trends": await trends(queries, caller.scope, about.subject, about.span) if place is None else None,
        }
    )
