"""The service itself: its status, and its metrics."""

from fastapi import APIRouter
from fastapi.responses import Response

from service.api import PREFIX
from service.api.access import CallerDep, StateDep
from service.api.answer import Json
from service.api.metrics import CONTENT_TYPE
from service.api.models import StatusShape
from service.api.problems import documented

router = APIRouter(prefix=PREFIX, tags=["service"])
metrics_router = APIRouter(tags=["service"])


@router.get("/status", response_model=StatusShape, responses=documented())
async def get_status(state: StateDep, caller: CallerDep) -> Json:
    """Is it ready, how old is the data, what is wrong. For one enterprise: cut to what concerns it."""
    return Json(state.status.of(caller.scope))


@metrics_router.get(
    "/metrics",
    responses={
        **documented(403),
        200: {
            "description": "Prometheus exposition format",
            "content": {"text/plain": {"example": "parkwatch_ready 1.0\n", "schema": {"type": "string"}}},
        },
    },
    response_class=Response,
)
async def get_metrics(state: StateDep, caller: CallerDep) -> Response:
    """For Prometheus, which sends the key as a bearer token; needs a key for the whole park."""
    return Response(state.metrics.text(), media_type=CONTENT_TYPE)
