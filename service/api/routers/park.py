"""The park: enterprises and their sources."""

from collections import Counter
from typing import Annotated, Any

from fastapi import APIRouter, Query

from park.model import Source, SourceKind
from service.api import PREFIX
from service.api.access import CallerDep, StateDep
from service.api.answer import Json
from service.api.models import Enterprises, Sources
from service.api.problems import documented

router = APIRouter(prefix=PREFIX, tags=["park"])


@router.get("/enterprises", response_model=Enterprises, responses=documented())
async def list_enterprises(state: StateDep, caller: CallerDep) -> Json:
    """The enterprises that the caller sees, and the park itself for what all share."""
    view = state.view
    park = view.tags.park
    names = state.names.enterprises
    alerts = Counter(alert.enterprise for alert in view.book.active.values())
    items = [
        {
            "id": owner,
            "name": names[owner],
            "shared": owner == park.id,
            "sources": len(sources),
            "tags": sum(len(source.tags) for source in sources),
            "alerts": alerts[owner],
        }
        for owner, sources in park.owners()
        if caller.scope.sees(owner)
    ]
    return Json({"items": items})


@router.get("/sources", response_model=Sources, responses=documented())
async def list_sources(
    state: StateDep,
    caller: CallerDep,
    enterprise: Annotated[str | None, Query(description="Only of this enterprise (the park's id: shared ones)")] = None,
    kind: Annotated[SourceKind | None, Query(description="Only of this kind")] = None,
    prefix: Annotated[str, Query(description="Only those whose id begins so")] = "",
) -> Json:
    """Tanks, reactors, outlets, stations: what stands somewhere and has tags."""
    view = state.view
    park = view.tags.park
    alerts = Counter(alert.source for alert in view.book.active.values())
    items = [
        _shape(owner, source, shared=owner == park.id, alerts=alerts[f"{owner}.{source.id}"])
        for owner, sources in park.owners()
        if caller.scope.sees(owner) and enterprise in (None, owner)
        for source in sources
        if kind in (None, source.kind) and f"{owner}.{source.id}".startswith(prefix)
    ]
    return Json({"items": items})


def _shape(owner: str, source: Source, *, shared: bool, alerts: int) -> dict[str, Any]:
    return {
        "id": f"{owner}.{source.id}",
        "enterprise": owner,
        "name": source.name,
        "kind": source.kind.value,
        "position": source.position,
        "grade": int(source.hazard.grade) if source.hazard else None,
        "shared": shared,
        "tags": len(source.tags),
        "alerts": alerts,
    }
