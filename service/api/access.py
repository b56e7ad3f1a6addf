"""Who is asking, and what they may see: by ``X-API-Key``, by ``Authorization: Bearer``, or by the page's session."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from service.api.keys import Key
from service.api.problems import Problem
from service.api.rights import RIGHTS, WHILE_PASSWORD_IS_ANOTHERS
from service.api.sessions import COOKIE
from service.api.state import State, state_of
from service.identity.accounts import Account
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
    #: As people call them.
    display: str = ""
    #: The password is known to somebody else, so nothing works until it is changed.
    must_change: bool = False
    #: An account, not a key.
    is_person: bool = False


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
        who: Key | Account | None = state.keys.check(text)
    else:
        who = state.sessions.check(cookie) if cookie else None
        if who is not None and request.method not in _SAFE_METHODS:
            refuse_other_sites(request)
    if who is None:
        detail = "the key is not valid (any more)" if text or cookie else "give a key: header X-API-Key"
        raise Problem(401, "unauthorized", detail, headers={"WWW-Authenticate": "Bearer"})
    return admitted(request, caller_of(who, state))


def admitted(request: Request, caller: Caller) -> Caller:
    """The caller, where the route takes its role (`service.api.rights`). Raises Problem 403."""
    route = (request.method, request.scope["route"].path)
    if caller.must_change and route not in WHILE_PASSWORD_IS_ANOTHERS:
        raise Problem(403, "password-change", "the password was given by somebody else; change it first")
    allowed = RIGHTS.get(route, frozenset())
    if caller.role not in allowed:
        takes = ", ".join(sorted(allowed)) or "nobody"
        raise Problem(403, "role", f"your role is {caller.role.value}; this is for: {takes}")
    return caller


def caller_of(who: Key | Account, state: State) -> Caller:
    """Who an account or a key stands for."""
    scope = Scope.everything()
    if who.enterprise is not None:
        scope = Scope.only(who.enterprise, park=state.view.tags.park.id)
    if isinstance(who, Key):
        return Caller(name=who.name, role=who.acts_as, scope=scope, display=who.name)
    return Caller(
        name=who.name,
        role=who.role,
        scope=scope,
        display=who.display,
        must_change=who.must_change,
        is_person=True,
    )


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
