"""Sessions: how the page logs in and out."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from service.api import PREFIX
from service.api.access import Caller, CallerDep, StateDep, caller_of, refuse_other_sites
from service.api.answer import Json
from service.api.models import LoginBody, SessionShape
from service.api.problems import Problem, documented
from service.api.sessions import COOKIE
from service.api.state import State

router = APIRouter(prefix=PREFIX, tags=["session"])


@router.post("/session", response_model=SessionShape, responses=documented(403, 413, 429))
async def log_in(request: Request, state: StateDep, body: LoginBody) -> Response:
    """Open a session with a key: sets a cookie that the page's requests carry."""
    if request.headers.get("origin") is not None:
        refuse_other_sites(request)
    address = request.client.host if request.client else ""
    wait_s = state.logins.wait_s(address)
    if wait_s > 0:
        seconds = int(wait_s) + 1
        detail = f"too many failed logins from here; wait {seconds} s"
        raise Problem(429, "too-many-requests", detail, headers={"Retry-After": str(seconds)})
    key = state.keys.check(body.key.strip())
    if key is None:
        state.logins.failed(address)
        raise Problem(401, "unauthorized", "the key is not valid (any more)")
    state.logins.succeeded(address)
    cookie, end_s = state.sessions.open(key)
    answer = Json(_shape(caller_of(key, state), state))
    answer.set_cookie(
        COOKIE,
        cookie,
        max_age=max(0, end_s - int(state.view.clock() / 1e6)),
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
    """Forget the session. (To end it for good, revoke its key.)"""
    answer = Response(status_code=204)
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return answer


def _shape(caller: Caller, state: State) -> dict[str, str | None]:
    park = state.view.tags.park
    return {"name": caller.name, "enterprise": caller.scope.own, "park": park.id, "park_name": park.name}
