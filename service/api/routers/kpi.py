"""Key figures of the alarm system over a span: ISA-18.2, EEMUA 191."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query

from rules.kpi.figures import DAY_US, By, kpi, kpi_by
from service.api import PREFIX
from service.api.access import CallerDep, StateDep
from service.api.answer import Json
from service.api.kpi_shapes import group_name, kpi_shape
from service.api.models_kpi import Kpis
from service.api.params import FromParam, ToParam, time_us
from service.api.problems import documented, invalid
from service.api.times import rfc3339
from service.store.queries import Span

router = APIRouter(prefix=PREFIX, tags=["kpi"])

_MOST_DAYS = 400
_MOST_ALERTS = 300_000


@router.get("/kpi", response_model=Kpis, responses=documented(503))
async def get_kpi(
    app: StateDep,
    caller: CallerDep,
    from_: FromParam = None,
    to: ToParam = None,
    by: Annotated[
        By | None, Query(description="Also for each enterprise, source, or operator position (who acknowledged)")
    ] = None,
) -> Json:
    """Alarm rates against the bands, floods, standing and chattering alarms, priorities, bad actors, acknowledging.

    Without `from`: the day before `to`; without `to`: until now. Of the alerts that the caller sees.
    """
    span = _span(time_us("from", from_), time_us("to", to), app.view.clock())
    some = await app.view.queries.occurrences(caller.scope, span, limit=_MOST_ALERTS + 1)
    if len(some) > _MOST_ALERTS:
        raise invalid("from", from_, f"more than {_MOST_ALERTS} alerts in the span", "ask for a shorter span")
    norms, names = app.view.norms, app.names
    of_all = await asyncio.to_thread(kpi, some, span.from_us, span.to_us, norms)
    groups = await asyncio.to_thread(kpi_by, some, span.from_us, span.to_us, by, norms) if by else {}
    return Json(
        {
            "from": rfc3339(span.from_us),
            "to": rfc3339(span.to_us),
            "by": by,
            "all": kpi_shape(of_all),
            "groups": [
                {"id": one, "name": group_name(by, one, names), "kpi": kpi_shape(found)}
                for one, found in groups.items()
                if by
            ],
            "norms": norms.model_dump(mode="json"),
        }
    )


def _span(from_us: int | None, to_us: int | None, now_us: int) -> Span:
    """Raises Problem 422."""
    until_us = now_us if to_us is None else to_us
    since_us = until_us - DAY_US if from_us is None else from_us
    if since_us >= until_us:
        raise invalid("to", None, "not after `from`", "give a `to` that is later than `from`")
    if until_us - since_us > _MOST_DAYS * DAY_US:
        raise invalid("from", None, f"more than {_MOST_DAYS} days", "ask for a shorter span")
    return Span(from_us=since_us, to_us=until_us)
