"""Keys of machines: administrators manage all, an enterprise the keys of its own devices."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import Response

from service.api import PREFIX
from service.api.access import Caller, CallerDep, StateDep
from service.api.answer import Json
from service.api.keys import Key
from service.api.models_identity import KeyList, MadeKey, NewKeyBody
from service.api.params import time_us
from service.api.problems import Problem, documented, invalid, not_found
from service.api.recorded import record
from service.api.routers.users import check_enterprise
from service.api.times import rfc3339
from service.identity.roles import Role

router = APIRouter(prefix=f"{PREFIX}/keys", tags=["identities"])


@router.get("", response_model=KeyList, responses=documented())
async def list_keys(state: StateDep, caller: CallerDep) -> Json:
    """The keys that the caller may manage, without their secrets."""
    return Json({"items": [_shape(one) for one in state.keys.list() if _manages(caller, one)]})


@router.post("", response_model=MadeKey, status_code=201, responses=documented(403, 409, 413, 503))
async def make_key(state: StateDep, caller: CallerDep, body: NewKeyBody) -> Json:
    """Make a key; its text is shown this once. An enterprise makes keys of the role `device` for itself."""
    enterprise = body.enterprise if caller.scope.own is None else caller.scope.own
    if caller.scope.own is not None and (body.role is not Role.DEVICE or body.enterprise not in (None, enterprise)):
        raise Problem(403, "forbidden", "an enterprise makes keys of the role 'device', for itself")
    check_enterprise(state, enterprise)
    expires_us = time_us("expires", body.expires)
    if expires_us is not None and expires_us <= state.view.clock():
        raise invalid("expires", body.expires, "is over already", "give a time to come, or leave it out")
    expires = datetime.fromtimestamp(expires_us / 1e6, UTC) if expires_us is not None else None
    told = {"change": "made", "role": body.role.value, "expires": body.expires}
    await record(state, caller.name, "key", body.name, told, enterprise=enterprise)
    try:
        key, text = await asyncio.to_thread(
            state.keys.create, body.name, enterprise=enterprise, expires=expires, role=body.role
        )
    except ValueError as error:
        raise Problem(409, "conflict", str(error)) from None
    return Json({"key": _shape(key), "text": text}, status_code=201)


@router.delete("/{name}", status_code=204, response_class=Response, responses=documented(404, 503))
async def revoke_key(
    state: StateDep, caller: CallerDep, name: Annotated[str, Path(description="The key's name", max_length=64)]
) -> Response:
    """Revoke it at once, and every session that was opened with it."""
    mine = [one for one in state.keys.list() if one.name == name and not one.disabled and _manages(caller, one)]
    if not mine:
        raise not_found(f"key {name!r}")
    await record(state, caller.name, "key", name, {"change": "revoked"}, enterprise=mine[0].enterprise)
    await asyncio.to_thread(state.keys.revoke, name)
    return Response(status_code=204)


def _manages(caller: Caller, key: Key) -> bool:
    return caller.scope.own is None or (key.enterprise == caller.scope.own and key.acts_as is Role.DEVICE)


def _shape(key: Key) -> dict[str, Any]:
    return {
        "name": key.name,
        "prefix": key.prefix,
        "role": key.acts_as.value,
        "enterprise": key.enterprise,
        "created": rfc3339(round(key.created.timestamp() * 1e6)),
        "expires": rfc3339(round(key.expires.timestamp() * 1e6)) if key.expires else None,
        "disabled": key.disabled,
    }
