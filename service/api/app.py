"""The application: routes, errors, headers. ``create_app(view, keys)`` and serve it."""

from fastapi import Depends, FastAPI
from fastapi.responses import Response
from starlette.middleware.gzip import GZipMiddleware

from service.api import page, problems
from service.api.access import CallerDep, authenticate
from service.api.answer import Json
from service.api.keys import Keys
from service.api.middleware import SecurityHeaders, Timing
from service.api.routers import alerts, connectors, dead_letters, health, live, park, samples, session, status, tags
from service.api.state import State
from service.api.view import ServiceView

PREFIX = "/api/v1"
_MOST_BODY_BYTES = 65_536
_TAGS = [
    {"name": "park", "description": "Enterprises and their sources"},
    {"name": "tags", "description": "Tags with their latest values; from memory"},
    {"name": "samples", "description": "History of tags; from the store"},
    {
        "name": "alerts",
        "description": "Alerts (ISA-18.2, IEC 62682): standing ones from memory, history from the store",
    },
    {"name": "live", "description": "Alert events as they happen"},
    {"name": "connectors", "description": "The links to the plant, their gaps, and what could not be used"},
    {"name": "service", "description": "The service itself"},
    {"name": "session", "description": "How the page logs in"},
]
_DESCRIPTION = (
    "Real-time safety and environmental monitoring of a chemical park. Every route but `/healthz` and `/readyz` needs "
    "an API key. A key of one enterprise sees that enterprise and what the park shares, nothing else. Errors are "
    "problem details (RFC 9457). Times are RFC 3339, UTC."
)


def create_app(view: ServiceView, keys: Keys, *, most_listeners: int = 500) -> FastAPI:
    """The whole interface over one service. Serve it with ``timeout_graceful_shutdown``, and call
    ``view.live.close()`` before stopping the server: open live streams end by that.
    """
    app = FastAPI(
        title="parkwatch",
        version="1",
        summary="Chemical-park monitoring",
        description=_DESCRIPTION,
        openapi_tags=_TAGS,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        default_response_class=Json,
        max_body_size=_MOST_BODY_BYTES,
    )
    app.state.parkwatch = state = State(view, keys, most_listeners=most_listeners)
    problems.install(app)
    app.include_router(health.router)
    app.include_router(status.metrics_router)
    app.include_router(session.router, prefix=PREFIX)
    for one in (park, tags, samples, alerts, connectors, dead_letters, status, live):
        app.include_router(one.router, prefix=PREFIX, dependencies=[Depends(authenticate)])
    _add_openapi(app)
    page.install(app)
    app.add_middleware(GZipMiddleware, minimum_size=2_000, compresslevel=4)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Timing, metrics=state.metrics)
    return app


def _add_openapi(app: FastAPI) -> None:
    @app.get(f"{PREFIX}/openapi.json", include_in_schema=False)
    async def openapi(caller: CallerDep) -> Response:
        return Json(app.openapi())
