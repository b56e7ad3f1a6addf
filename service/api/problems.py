"""Errors as problem details (RFC 9457, ``application/problem+json``), whatever went wrong."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from connectors.base import IntakeRefused
from service.alerts.law import Protected
from service.alerts.states import NotAllowed
from service.api import PREFIX
from service.api.answer import to_json
from service.api.models import Problem as ProblemModel
from service.store.errors import QuestionRefused, StoreUnavailable

_log = structlog.get_logger(__name__)

_PREFIX = "urn:parkwatch:problem:"


class Problem(Exception):
    """An answer that is not what was asked for; handlers raise it."""

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = extra

    def response(self) -> Response:
        """As it goes out."""
        body = {
            "type": _PREFIX + self.kind,
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            **self.extra,
        }
        return Response(to_json(body), self.status, headers=self.headers, media_type="application/problem+json")


def invalid(field: str, value: Any, problem: str, fix: str = "") -> Problem:
    """One parameter is wrong: which, what it was, what to do."""
    one = {"field": field, "value": value, "problem": problem, "fix": fix}
    return Problem(422, "invalid-request", f"{field}: {problem}", errors=[one])


def not_found(what: str) -> Problem:
    """It is not there, or not for this caller to see: the answer is the same."""
    return Problem(404, "not-found", f"{what} is not known")


def store_unavailable(error: StoreUnavailable) -> Problem:
    """History cannot be read now; what is in memory (tags, standing alerts, the live stream) goes on."""
    return Problem(
        503, "store-unavailable", f"history is not available now: {error}", headers={"Retry-After": "5"}, retry=True
    )


def of_http(error: HTTPException, request: Request | None = None) -> Problem:
    """Of what the framework says; ``request`` where there was one to name."""
    kind = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    detail = str(error.detail)
    if request is not None and error.status_code == 404:
        detail = f"there is nothing at {request.url.path}; see {PREFIX}/openapi.json for what there is"
    elif request is not None and error.status_code == 405:
        detail = f"{request.url.path} does not take {request.method}"
    return Problem(error.status_code, kind, detail, headers=error.headers)


def _of_validation(error: RequestValidationError, *, show_values: bool) -> Problem:
    errors = [_one_error(one, show_values=show_values) for one in error.errors()]
    detail = "; ".join(f"{one['field']}: {one['problem']}" for one in errors)
    return Problem(422, "invalid-request", detail, errors=errors)


def _one_error(error: Mapping[str, Any], *, show_values: bool) -> dict[str, Any]:
    loc: Sequence[Any] = error["loc"]
    field = ".".join(str(step) for step in loc[1:]) or str(loc[0])
    value = _shown(error.get("input")) if show_values and error["type"] not in ("missing", "json_invalid") else None
    return {"field": field, "value": value, "problem": _problem_of(error), "fix": _fix_of(error, field)}


def _shown(value: Any) -> Any:
    """Short, nothing nested, and nothing that JSON cannot hold (large integers, lone surrogates)."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
        value = f"{value:.6g}" if abs(value) < 10**300 else "a very large number"
    if isinstance(value, str):
        value = value.encode(errors="replace").decode()
        return value if len(value) <= 200 else value[:200] + "…"
    return value if isinstance(value, (int, float, bool, type(None))) else None


def _problem_of(error: Mapping[str, Any]) -> str:
    message = str(error["msg"])
    return message.removeprefix("Value error, ")


def _fix_of(error: Mapping[str, Any], field: str) -> str:
    context = error.get("ctx", {})
    match error["type"]:
        case "missing":
            return f"give {field}"
        case "enum" | "literal_error":
            return f"use one of {context['expected']}"
        case "extra_forbidden":
            return f"remove {field}"
        case "json_invalid":
            return "send JSON"
        case "greater_than_equal" | "less_than_equal":
            bound = context.get("ge", context.get("le"))
            return f"use {bound} or {'more' if 'ge' in context else 'less'}"
        case "int_parsing" | "int_type":
            return "use a whole number"
        case _:
            return ""


def install(app: FastAPI) -> None:
    """Every error that leaves the application is a problem."""

    @app.exception_handler(Problem)
    async def _problem(request: Request, error: Problem) -> Response:
        return error.response()

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        return of_http(error, request).response()

    @app.exception_handler(RequestValidationError)
    async def _validation(request: Request, error: RequestValidationError) -> Response:
        # The only secret that comes in a body is the key of a login: it is not echoed, whatever is wrong with it.
        is_login = request.url.path == f"{PREFIX}/session"
        return _of_validation(error, show_values=not is_login).response()

    @app.exception_handler(StoreUnavailable)
    async def _store(request: Request, error: StoreUnavailable) -> Response:
        return store_unavailable(error).response()

    @app.exception_handler(QuestionRefused)
    async def _refused_question(request: Request, error: QuestionRefused) -> Response:
        return Problem(422, "invalid-request", f"a value cannot be looked for: {error}").response()

    @app.exception_handler(Protected)
    async def _protected(request: Request, error: Protected) -> Response:
        return Problem(403, "protected-by-law", str(error), retry=False).response()

    @app.exception_handler(NotAllowed)
    async def _not_allowed(request: Request, error: NotAllowed) -> Response:
        return Problem(409, "not-allowed", str(error), retry=False).response()

    @app.exception_handler(IntakeRefused)
    async def _refused(request: Request, error: IntakeRefused) -> Response:
        detail = f"nothing can be recorded now: {error}"
        return Problem(503, "journal-refuses", detail, headers={"Retry-After": "5"}, retry=True).response()

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> Response:
        _log.error("A request failed.", path=request.url.path, exc_info=error)
        return Problem(500, "internal", "the service failed to answer; its log says why").response()


_MEANINGS = {
    401: "No key, or one that is not valid (any more)",
    403: "The key is valid, but not for this; or the law does not allow it to anyone",
    404: "Not known, or not within the key's scope",
    406: "None of the forms that Accept takes is one of ours",
    408: "The body did not come in time",
    409: "The state of what is asked for does not allow it",
    413: "The request is too large",
    415: "The body is in none of our forms",
    422: "A parameter is wrong; `errors` names field, value and fix",
    429: "Too much within a short time; `Retry-After` says when to come again",
    503: "Not possible now; try again",
    504: "The device was told and did not answer",
}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """``responses=`` of a route: these problems, besides those that every route with a key may give."""
    return {status: _documented(status) for status in sorted({401, 403, 422, *statuses})}


def _documented(status: int) -> dict[str, Any]:
    example = {
        "type": f"{_PREFIX}{HTTPStatus(status).phrase.lower().replace(' ', '-')}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": _MEANINGS[status],
    }
    schema = {"$ref": f"#/components/schemas/{ProblemModel.__name__}"}
    return {
        "description": _MEANINGS[status],
        "content": {"application/problem+json": {"schema": schema, "example": example}},
    }
