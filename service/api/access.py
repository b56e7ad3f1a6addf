"""Who is asking, and what they may see: by ``X-API-Key``, by ``Authorization: Bearer``, or by the page's session."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from service.api.keys import Key
from service.api.problems import Problem
from service.api.rights import RIGHTS
from service.api.sessions import COOKIE
from service.api.state import State, state_of
from service.identity.roles import Role
from service.store.scope import Scope

_header = APIKeyHeader(name="X-API-Key", auto_error=False, description="`parkwatch key create NAME` makes one")
_bearer = HTTPBearer(auto_error=False, description="The same key as a bearer token, for Prometheus and the like")
_cookie = APIKeyCookie(name=COOKIE, auto_error=False, description="Session of the page: POST /api/v1/session opens it")

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whoever sent a request."""

    #: Name of the account or the key; the actor in every record.
    name: str
    role: Role
    scope: Scope


def authenticate(
    request: Request,
    state: Annotated[State, Depends(state_of)],
    header: Annotated[str | None, Security(_header)],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    cookie: Annotated[str | None, Security(_cookie)],
) -> Caller:
    """The caller. Raises Problem 401, and 403 where another site's page uses the session."""
    text = header or (bearer.credentials if bearer else None)
    if text is not None:
        key = state.keys.check(text)
    else:
        key = state.sessions.check(cookie) if cookie else None
        if key is not None and request.method not in _SAFE_METHODS:
            refuse_other_sites(request)
    if key is None:
        detail = "the key is not valid (any more)" if text or cookie else "give a key: header X-API-Key"
        raise Problem(401, "unauthorized", detail, headers={"WWW-Authenticate": "Bearer"})
    return admitted(request, caller_of(key, state))


def admitted(request: Request, caller: Caller) -> Caller:
    """The caller, where the route takes its role (`service.api.rights`). Raises Problem 403."""
    allowed = RIGHTS.get((request.method, request.scope["route"].path), frozenset())
    if caller.role not in allowed:
        takes = ", ".join(sorted(allowed)) or "nobody"
        raise Problem(403, "forbidden", f"your role is {caller.role.value}; this is for: {takes}")
    return caller


def caller_of(key: Key, state: State) -> Caller:
    """Who a key stands for."""
    scope = Scope.everything()
    if key.enterprise is not None:
        scope = Scope.only(key.enterprise, park=state.view.tags.park.id)
    return Caller(name=key.name, role=key.acts_as, scope=scope)


def refuse_other_sites(request: Request) -> None:
    """A browser tells where a request comes from; SameSite=Strict should have kept the cookie away, this makes sure."""
    origin = request.headers.get("origin")
    same = urlsplit(origin).netloc == request.headers.get("host") if origin else None
    if same is None:
        same = request.headers.get("sec-fetch-site") == "same-origin"
    if not same:
        raise Problem(403, "other-site", "a session works only from this service's own page; use a key in X-API-Key")


CallerDep = Annotated[Caller, Depends(authenticate)]
StateDep = Annotated[State, Depends(state_of)]


def whole_park_only(caller: CallerDep) -> Caller:
    """For what cannot be cut by enterprise. Raises Problem 403."""
    if not caller.scope.is_everything:
        raise Problem(403, "forbidden", "this needs a key for the whole park")
    return caller


WholeParkDep = Annotated[Caller, Depends(whole_park_only)]
