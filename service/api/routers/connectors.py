"""Connectors: what they say of themselves, and when they were not listening."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query

from connectors.base import Health
from park.index import TagInfo
from service.api import PREFIX
from service.api.access import CallerDep, StateDep
from service.api.answer import Json
from service.api.models import Connectors
from service.api.problems import documented
from service.api.times import rfc3339
from service.api.view import ServiceView
from service.store.errors import StoreUnavailable
from service.store.scope import Scope
from service.store.stored import StoredGap

router = APIRouter(prefix=PREFIX, tags=["connectors"])

_RECENT_US = 86_400_000_000
_COUNTS = ("received", "journalled", "messages", "dead_letters", "errors", "reconnects", "gaps")


@router.get("/connectors", response_model=Connectors, responses=documented())
async def list_connectors(
    state: StateDep,
    caller: CallerDep,
    gaps: Annotated[bool, Query(description="False: without `recent_gaps`, which are read from the store")] = True,
) -> Json:
    """Every connector that brings tags which the caller sees: state, counts, and the gaps of the last 24 hours."""
    view = state.view
    seen = _seen_tags(view, caller.scope)
    healths = [one for one in view.connectors() if caller.scope.is_everything or one.connector in seen]
    recent = await _recent_gaps(view, caller.scope, healths) if gaps else None
    items = [_shape(view, caller.scope, one, seen.get(one.connector, []), recent) for one in healths]
    return Json({"items": items})


def _seen_tags(view: ServiceView, scope: Scope) -> dict[str, list[TagInfo]]:
    seen: dict[str, list[TagInfo]] = {}
    for info in view.tags.infos:
        if info.from_ is not None and scope.sees(info.enterprise):
            seen.setdefault(info.from_.connector, []).append(info)
    return seen


async def _recent_gaps(
    view: ServiceView, scope: Scope, healths: Sequence[Health]
) -> Mapping[str, list[dict[str, Any]]] | None:
    """By connector, with those of its devices that the caller sees; None where the store does not answer."""
    of = {one.connector: one.connector for one in healths}
    for one in healths:
        mine = (device for device in one.devices.values() if scope.sees(device.enterprise))
        of |= {f"{one.connector}/{device.device}": one.connector for device in mine}
    try:
        found = await view.queries.connector_gaps(scope, list(of), from_us=view.clock() - _RECENT_US, limit=500)
    except StoreUnavailable:
        return None
    recent: dict[str, list[dict[str, Any]]] = {one.connector: [] for one in healths}
    for gap in found:
        recent.setdefault(of.get(gap.connector, gap.connector), []).append(gap_shape(gap))
    return recent


def gap_shape(gap: StoredGap) -> dict[str, Any]:
    """As `service.api.models.GapShape`."""
    return {
        "connector": gap.connector,
        "from": rfc3339(gap.from_us),
        "to": rfc3339(gap.to_us),
        "reason": gap.reason,
        "refilled": gap.refilled,
    }


def _shape(
    view: ServiceView,
    scope: Scope,
    health: Health,
    tags: Sequence[TagInfo],
    recent: Mapping[str, list[dict[str, Any]]] | None,
) -> dict[str, Any]:
    """Of a connector that also serves others, a caller sees neither errors in words nor addresses of others."""
    whole = scope.is_everything or len(tags) == len(view.tags.of_connector(health.connector))
    mine = {info.address for info in tags}
    silent_us = view.clock() - health.last_received_us
    return {
        "id": health.connector,
        "kind": health.kind,
        "state": health.state.value,
        "since": rfc3339(health.since_us),
        "last_received": rfc3339(health.last_received_us),
        "last_source_time": rfc3339(health.last_source_us),
        "silent_s": round(silent_us / 1e6, 3) if health.last_received_us else None,
        "lag_s": None if health.lag_s is None else round(health.lag_s, 3),
        "tags": len(tags),
        **{name: getattr(health, name) for name in _COUNTS},
        "last_error": health.last_error if whole else "",
        "bad_addresses": {
            address: reason for address, reason in health.bad_addresses.items() if whole or address in mine
        },
        "recent_gaps": recent.get(health.connector, []) if recent is not None else None,
    }
