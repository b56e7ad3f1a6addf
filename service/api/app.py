"""The application: routes, errors, headers. ``create_app(view, keys)`` and serve it."""

from fastapi import Depends, FastAPI
from starlette.middleware.gzip import GZipMiddleware

from service.api import PREFIX, description, page, problems
from service.api.access import authenticate
from service.api.answer import Json
from service.api.keys import Keys
from service.api.middleware import Limits, SecurityHeaders, Timing
from service.api.routers import (
    alerts,
    aside,
    backtests,
    connectors,
    context,
    dead_letters,
    devices,
    emission_delivery,
    emission_marks,
    emissions,
    explain,
    health,
    kpi,
    live,
    park,
    push,
    raw_frames,
    reports,
    risk,
    rules,
    samples,
    session,
    status,
    tags,
    traces,
)
from service.api.state import State
from service.api.view import ServiceView

_MOST_BODY_BYTES = 65_536
#: Ten thousand rules are some three million bytes.
_LARGER = {f"{PREFIX}/{route}": 16 * 1024 * 1024 for route in ("rules", "backtests")}


def create_app(view: ServiceView, keys: Keys, *, most_listeners: int = 500) -> FastAPI:
    """The whole interface over one service. Serve it with ``timeout_graceful_shutdown``, and call
    ``view.live.close()`` before stopping the server: open live streams end by that.
    """
    app = FastAPI(
        title="parkwatch",
        version="1",
        summary="Chemical-park monitoring",
        description=description.TEXT,
        openapi_tags=description.TAGS,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        default_response_class=Json,
    )
    app.state.parkwatch = state = State(view, keys, most_listeners=most_listeners)
    problems.install(app)
    app.include_router(health.router)
    app.include_router(status.metrics_router)
    app.include_router(session.router)
    for one in (
        park,
        tags,
        samples,
        push,
        raw_frames,
        alerts,
        explain,
        traces,
        aside,
        context,
        risk,
        kpi,
        rules,
        backtests,
        connectors,
        devices,
        dead_letters,
        emissions,
        emission_marks,
        emission_delivery,
        reports,
        status,
        live,
    ):
        app.include_router(one.router, dependencies=[Depends(authenticate)])
    description.install(app)
    page.install(app)
    larger = {**_LARGER, f"{PREFIX}/samples": view.push.policy.most_body_bytes}
    app.add_middleware(Limits, most_bytes=_MOST_BODY_BYTES, larger=larger)
    app.add_middleware(GZipMiddleware, minimum_size=2_000, compresslevel=4)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Timing, metrics=state.metrics)
    return app
