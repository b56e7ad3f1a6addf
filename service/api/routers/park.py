"""The park: its plan, enterprises and their sources, and how their tags went."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from park.gb18218 import assess
from park.model import Enterprise, Source, SourceKind
from service.api import PREFIX
from service.api.access import CallerDep, StateDep
from service.api.answer import Json
from service.api.models import Enterprises, Plan, Sources, Trends, WholeEnterprise, WholeSource
from service.api.params import FromParam, ToParam, time_us
from service.api.problems import documented, invalid, not_found
from service.api.times import rfc3339
from service.store.samples import Span
from service.store.trends import trends

router = APIRouter(prefix=PREFIX, tags=["park"])
_HOUR_US = 3_600_000_000
_LONGEST_US = 400 * 24 * _HOUR_US
_MOST_TRENDS = 50


@router.get("/park/plan", response_model=Plan, responses=documented())
async def get_plan(state: StateDep, caller: CallerDep) -> Json:
    """The park's plan, GeoJSON (RFC 7946, WGS 84); without features where none is configured."""
    return Json(state.view.plan)


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


@router.get("/enterprises/{enterprise_id}", response_model=WholeEnterprise, responses=documented(404))
async def get_enterprise(
    state: StateDep,
    caller: CallerDep,
    enterprise_id: Annotated[str, Path(description="The enterprise's id", max_length=64)],
) -> Json:
    """One enterprise: whom to call, which documents, which sources."""
    one = _enterprise(state.view.tags.park.enterprises, enterprise_id)
    if one is None or not caller.scope.sees(one.id):
        raise not_found(f"enterprise {enterprise_id!r}")
    alerts = Counter(alert.source for alert in state.view.book.active.values())
    sources = [_shape(one.id, each, shared=False, alerts=alerts[f"{one.id}.{each.id}"]) for each in one.sources]
    return Json({"id": one.id, "name": one.name, **_papers(one), "sources": sources})


def _enterprise(enterprises: Sequence[Enterprise], wanted: str) -> Enterprise | None:
    return next((one for one in enterprises if one.id == wanted), None)


def _papers(one: Enterprise) -> dict[str, Any]:
    return {
        "contacts": [each.model_dump() for each in one.contacts],
        "documents": [each.model_dump() for each in one.documents],
    }


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


@router.get("/sources/{source_id}", response_model=WholeSource, responses=documented(404))
async def get_source(
    state: StateDep,
    caller: CallerDep,
    source_id: Annotated[str, Path(description="`enterprise.source`", max_length=130)],
) -> Json:
    """One source: what it is, its major hazard as declared and as computed, documents, and whom to call."""
    park = state.view.tags.park
    owner, _, name = source_id.partition(".")
    sources = dict(park.owners()).get(owner, ()) if caller.scope.sees(owner) else ()
    one = next((each for each in sources if each.id == name), None)
    if one is None:
        raise not_found(f"source {source_id!r}")
    alerts = sum(alert.source == source_id for alert in state.view.book.active.values())
    enterprise = _enterprise(park.enterprises, owner)
    of_enterprise = _papers(enterprise) if enterprise else {"contacts": [], "documents": []}
    hazard = None
    if one.hazard is not None:
        found = assess(one.hazard.chemicals, one.hazard.population_500m)
        hazard = {
            "grade": int(one.hazard.grade),
            "r": round(found.r, 3),
            "population_500m": one.hazard.population_500m,
            "chemicals": [
                {"name": each.name, "t": each.q_t, "critical_t": each.critical_t} for each in one.hazard.chemicals
            ],
        }
    return Json(
        {
            **_shape(owner, one, shared=owner == park.id, alerts=alerts),
            "enterprise_name": state.names.enterprises[owner],
            "hazard": hazard,
            "judged": one.judged_as is not None,
            "contacts": of_enterprise["contacts"],
            "documents": [each.model_dump() for each in one.documents] + of_enterprise["documents"],
        }
    )


@router.get("/trends", response_model=Trends, responses=documented(404, 503))
async def read_trends(
    state: StateDep,
    caller: CallerDep,
    tag: Annotated[list[str], Query(description=f"Full id; repeat it for more tags, {_MOST_TRENDS} at most")],
    from_: FromParam = None,
    to: ToParam = None,
) -> Json:
    """How tags went, for a picture: about 600 buckets each, however long the span; the last hour without one.

    A bucket without samples is not there. For the samples themselves: `GET /samples`.
    """
    tags = list(dict.fromkeys(tag))
    if len(tags) > _MOST_TRENDS:
        raise invalid("tag", len(tags), f"more than {_MOST_TRENDS} tags", "ask for them in several requests")
    for one in tags:
        info = state.view.tags.by_id(one)
        if info is None or not caller.scope.sees(info.enterprise):
            raise not_found(f"tag {one!r}")
    to_us = time_us("to", to) or state.view.clock()
    from_us = time_us("from", from_)
    from_us = to_us - _HOUR_US if from_us is None else from_us
    if not 0 < to_us - from_us <= _LONGEST_US:
        raise invalid("from", from_, "is not before `to`, or more than 400 days before it", "give another span")
    found = await trends(state.view.queries, caller.scope, tags, Span(from_us=from_us, to_us=to_us))
    return Json({"from": rfc3339(from_us), "to": rfc3339(to_us), **found})


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
