"""Four-colour risk: now, with its reasons, and its history."""

import asyncio
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query

from service.api import PREFIX
from service.api.access import CallerDep, StateDep
from service.api.answer import Json
from service.api.cursors import RowId, TimeUs, from_cursor, to_cursor
from service.api.models_risk import RiskHistory, RiskTree
from service.api.params import FromParam, ToParam, time_us
from service.api.problems import documented, invalid
from service.api.risk_shapes import RiskNow, risk_tree
from service.api.times import rfc3339
from service.store.risks import RiskFilter, StoredRisk

router = APIRouter(prefix=PREFIX, tags=["risk"])


@router.get("/risk", response_model=RiskTree, responses=documented())
async def get_risk(app: StateDep, caller: CallerDep) -> Json:
    """The colour of the park, its enterprises and their sources, and why. From memory: works without the database.

    One enterprise sees itself, its sources, what is shared, and of the park the colour alone.
    """
    now, formula = RiskNow.of(app.view), app.view.risk.tree.formula
    # Thousands of alarms take a while: not on the loop that takes samples in.
    tree = await asyncio.to_thread(risk_tree, now, caller.scope, app.names, whole=True)
    return Json(tree | {"formula": formula.model_dump(mode="json")})


@router.get("/risk/history", response_model=RiskHistory, responses=documented(503))
async def get_risk_history(
    app: StateDep,
    caller: CallerDep,
    subject: Annotated[str | None, Query(description="Only of this source, enterprise, or the park")] = None,
    from_: FromParam = None,
    to: ToParam = None,
    limit: Annotated[int, Query(ge=1, le=1_000, description="Changes a page")] = 200,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> Json:
    """Every change of colour, newest first. What is not there has been blue all the time."""
    wanted = RiskFilter(subject=subject, from_us=time_us("from", from_), to_us=time_us("to", to))
    if wanted.from_us is not None and wanted.to_us is not None and wanted.from_us >= wanted.to_us:
        raise invalid("to", None, "not after `from`", "give a `to` that is later than `from`")
    before = from_cursor(cursor, tuple[TimeUs, RowId])
    found = await app.view.queries.risk_history(caller.scope, wanted, limit=limit + 1, before=before)
    page = found[:limit]
    following = to_cursor((page[-1].at_us, page[-1].seq)) if len(found) > limit else None
    return Json({"items": [_shape(one) for one in page], "next": following})


def _shape(one: StoredRisk) -> dict[str, Any]:
    shape = asdict(one)
    shape["at"] = rfc3339(shape.pop("at_us"))
    return shape
