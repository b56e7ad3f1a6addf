"""Is it alive, is it ready: for systemd, load balancers and monitors. The only routes without a key."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from service.api.access import StateDep
from service.api.answer import Json
from service.api.problems import Problem, documented

router = APIRouter(tags=["service"])

_OK: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"example": {"status": "ok"}, "schema": {"type": "object"}}}}
}


@router.get("/healthz", responses=_OK)
async def alive() -> Json:
    """The process runs and its event loop turns."""
    return Json({"status": "ok"})


@router.get("/readyz", responses={**_OK, 503: documented(503)[503]})
async def ready(state: StateDep) -> Response:
    """200 where the service takes data in and raises alarms; else 503 and what is wrong."""
    status = state.view.status()
    if not status["ready"]:
        problems = list(status["problems"]) or ["the service is starting"]
        return Problem(503, "not-ready", "; ".join(problems), problems=problems, retry=True).response()
    return Json({"status": "ok", "problems": len(status["problems"])})
