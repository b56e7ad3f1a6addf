"""Reports as files: outlet by day or month, exceedance list, ranking by online rate."""

import asyncio
from datetime import date
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Query
from starlette.responses import Response

from rules.emissions.applicable import day_begins_us
from rules.emissions.periods import DAY_US, month_of, next_month
from service.api import PREFIX
from service.api.access import CallerDep, StateDep
from service.api.params import FromParam, ToParam
from service.api.problems import documented, invalid, not_found
from service.api.recorded import EXPORTS
from service.api.routers.emission_delivery import rates_of
from service.api.routers.emissions import EnterpriseParam, SourceParam, span_of, visible_sources
from service.judge.reading import ExceedanceFilter
from service.judge.reporting import exceedance_report, online_report, outlet_report
from service.reports import files, layout
from service.reports.files import FileFormat
from service.reports.model import Report, Span

router = APIRouter(prefix=f"{PREFIX}/reports", tags=["reports"], dependencies=[EXPORTS])

_MOST_LINES = 20_000
_FormatParam = Annotated[FileFormat, Query(alias="format", description="Of the file")]
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file; its name in Content-Disposition",
        "content": {form.media_type: {"schema": {"type": "string", "format": "binary"}} for form in FileFormat},
    }
}


@router.get("/outlet", response_class=Response, responses={**documented(404, 503), **_FILE})
async def get_outlet_report(
    app: StateDep,
    caller: CallerDep,
    source: Annotated[str, Query(description="The outlet or station, `enterprise.source`")],
    day: Annotated[date, Query(description="The day of UTC+08:00, or any day of the month")],
    span: Annotated[Literal["day", "month"], Query(description="The hours of a day, or the days of a month")] = "day",
    form: _FormatParam = FileFormat.PDF,
) -> Response:
    """Day or month report of one outlet: means against limits, validity, marks, amounts, the logger's own word."""
    (outlet,) = visible_sources(app, caller, source)
    start_us = day_begins_us(day)
    end_us = start_us + DAY_US
    if span == "month":
        first = month_of(np.array([start_us]))
        start_us, end_us = int(first[0]), int(next_month(first)[0])
    names = [tag.info.id for tag in outlet.tags]
    emissions = app.view.queries.emissions
    part: Literal["hour", "day"] = "hour" if span == "day" else "day"
    parts = await emissions.means(caller.scope, names, part, start_us, end_us)
    wholes = await emissions.means(caller.scope, names, span, start_us, start_us + 1)
    wanted = ExceedanceFilter(source=source, from_us=start_us, to_us=end_us)
    over = await emissions.exceedances(caller.scope, wanted, limit=_MOST_LINES)
    park = app.view.tags.park
    given = outlet_report(
        outlet,
        Span(span),
        start_us,
        end_us,
        parts,
        wholes,
        over,
        park=park.name,
        enterprise_name=app.names.enterprises.get(outlet.tags[0].info.enterprise, ""),
        made_us=app.view.clock(),
    )
    return await _file(layout.outlet(given), form)


@router.get("/exceedances", response_class=Response, responses={**documented(404, 503), **_FILE})
async def get_exceedance_report(
    app: StateDep,
    caller: CallerDep,
    from_: FromParam = None,
    to: ToParam = None,
    source: SourceParam = None,
    enterprise: EnterpriseParam = None,
    form: _FormatParam = FileFormat.XLSX,
) -> Response:
    """The list of early warnings and exceedances of a span, withdrawn ones too."""
    from_us, to_us = span_of(from_, to, 400 * DAY_US)
    if source is not None:
        visible_sources(app, caller, source)
    if enterprise is not None and not caller.scope.sees(enterprise):
        raise not_found(f"enterprise {enterprise}")
    wanted = ExceedanceFilter(source=source, enterprise=enterprise, from_us=from_us, to_us=to_us)
    rows = await app.view.queries.emissions.exceedances(caller.scope, wanted, limit=_MOST_LINES + 1)
    if len(rows) > _MOST_LINES:  # a list that is cut off would pass for the whole
        raise invalid("to", to, f"more than {_MOST_LINES} exceedances in this span", "ask for a shorter span")
    names = app.names.enterprises | app.names.sources
    given = await asyncio.to_thread(
        exceedance_report,
        rows,
        names,
        app.view.emissions.tags,
        park=app.view.tags.park.name,
        of=names.get(source or enterprise or "", ""),
        start_us=from_us,
        end_us=to_us,
        made_us=app.view.clock(),
    )
    return await _file(layout.exceedances(given), form)


@router.get("/online", response_class=Response, responses={**documented(404, 503), **_FILE})
async def get_online_report(
    app: StateDep,
    caller: CallerDep,
    from_: FromParam = None,
    to: ToParam = None,
    by: Annotated[Literal["device", "source", "tag", "enterprise"], Query(description="One line for each")] = "device",
    enterprise: EnterpriseParam = None,
    form: _FormatParam = FileFormat.XLSX,
) -> Response:
    """Ranking by the score of delivery: online rate, validity, transmission efficiency, outages."""
    from_us, to_us = span_of(from_, to, 93 * DAY_US)
    found = await rates_of(app, caller, by, None, enterprise, from_us, to_us)
    given = online_report(
        found,
        app.names.enterprises,
        park=app.view.tags.park.name,
        start_us=from_us,
        end_us=to_us,
        made_us=app.view.clock(),
    )
    return await _file(layout.online(given), form)


async def _file(report: Report, form: FileFormat) -> Response:
    data = await asyncio.to_thread(files.write, report, form)
    name = files.name(report, form)
    return Response(data, media_type=form.media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
