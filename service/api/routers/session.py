"""Sessions: how the page logs in and out."""

import asyncio
from typing import Any

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import Response

from connectors.base import IntakeRefused
from service.api import PREFIX
from service.api.access import Caller, CallerDep, StateDep, caller_of, refuse_other_sites
from service.api.answer import Json
from service.api.keys import Key
from service.api.models import SessionShape
from service.api.models_identity import LoginBody, PasswordBody
from service.api.problems import Problem, documented, invalid
from service.api.recorded import record
from service.api.sessions import COOKIE
from service.api.state import State
from service.identity.accounts import Account, AccountRefused
from service.identity.passwords import PasswordRefused

_log = structlog.get_logger(__name__)
router = APIRouter(prefix=PREFIX, tags=["session"])


@router.post("/session", response_model=SessionShape, responses=documented(401, 403, 413, 429, 503))
async def log_in(request: Request, state: StateDep, body: LoginBody) -> Response:
    """Open a session with an account or a key: sets a cookie that the page's requests carry."""
    if request.headers.get("origin") is not None:
        refuse_other_sites(request)
    address = request.client.host if request.client else ""
    # The name as well: a guesser has many addresses, and an account only one name.
    tried = [address] if body.name is None else [address, f"name {body.name.casefold()}"]
    wait_s = max(state.logins.wait_s(one) for one in tried)
    if wait_s > 0:
        seconds = int(wait_s) + 1
        detail = f"too many failed logins; wait {seconds} s"
        raise Problem(429, "too-many-requests", detail, headers={"Retry-After": str(seconds)})
    who = await _who(state, body)
    if who is None:
        for one in tried:
            state.logins.failed(one)
        if body.name is None:
            raise Problem(401, "unauthorized", "the key is not valid (any more)")
        await _tell(state, body.name, "login_failed", address)
        raise Problem(401, "unauthorized", "name or password is not right")
    for one in tried:
        state.logins.succeeded(one)
    await _tell(state, who.name, "login", address, who.enterprise)
    return _opened(request, state, who)


async def _tell(state: State, name: str, kind: str, address: str, enterprise: str | None = None) -> None:
    try:
        await record(state, name, kind, name, {"from": address}, enterprise=enterprise)
    except IntakeRefused as error:
        # A full disk must not lock the control room out.
        _log.error("A login could not be recorded.", name=name, kind=kind, reason=str(error))


async def _who(state: State, body: LoginBody) -> Key | Account | None:
    if body.key is not None:
        return state.keys.check(body.key.strip())
    async with state.hashing:
        return await asyncio.to_thread(state.accounts.check, body.name or "", body.password or "")


def _opened(request: Request, state: State, who: Key | Account) -> Response:
    cookie, end_s = state.sessions.open(who)
    answer = Json(_shape(caller_of(who, state), state))
    answer.set_cookie(
        COOKIE,
        cookie,
        max_age=max(0, end_s - state.view.clock() // 1_000_000),
        path="/",
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


@router.get("/session", response_model=SessionShape, responses=documented())
async def who_am_i(state: StateDep, caller: CallerDep) -> Json:
    """Who the caller is, and what they see."""
    return Json(_shape(caller, state))


@router.delete("/session", status_code=204, responses=documented(403), response_class=Response)
async def log_out(caller: CallerDep) -> Response:
    """Forget the session. (To end all of an account: change its password. Of a key: revoke it.)"""
    answer = Response(status_code=204)
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return answer


@router.post("/session/password", response_model=SessionShape, responses=documented(403, 409, 413, 429, 503))
async def change_password(request: Request, state: StateDep, caller: CallerDep, body: PasswordBody) -> Response:
    """Change one's own password: ends all sessions of the account, and opens a new one."""
    if not caller.is_person:
        raise Problem(409, "conflict", "a key has no password; log in with an account")
    name = f"name {caller.name.casefold()}"
    wait_s = state.logins.wait_s(name)
    if wait_s > 0:
        raise Problem(
            429, "too-many-requests", "too many wrong passwords", headers={"Retry-After": str(int(wait_s) + 1)}
        )
    try:
        async with state.hashing:
            account = await asyncio.to_thread(state.accounts.change_password, caller.name, body.old, body.new)
    except PasswordRefused as error:
        raise invalid("new", None, str(error), "take a longer or less common one") from None
    except AccountRefused as error:
        state.logins.failed(name)
        raise invalid("old", None, str(error), "give the password that you log in with") from None
    await record(state, caller.name, "account", caller.name, {"change": "password"}, enterprise=caller.scope.own)
    return _opened(request, state, account)


def _shape(caller: Caller, state: State) -> dict[str, Any]:
    park = state.view.tags.park
    return {
        "name": caller.name,
        "display": caller.display,
        "role": caller.role.value,
        "enterprise": caller.scope.own,
        "park": park.id,
        "park_name": park.name,
        "must_change_password": caller.must_change,
    }
