"""The application: routes, errors, headers. ``create_app(view, keys)`` and serve it."""

from fastapi import Depends, FastAPI
from starlette.middleware.gzip import GZipMiddleware

from service.api import PREFIX, description, page, problems, rights
from service.api.access import authenticate
from service.api.answer import Json
from service.api.keys import Keys
from service.api.middleware import Limits, SecurityHeaders, Timing
from service.api.routers import (
    alerts,
    aside,
    audit,
    backtests,
    cases,
    connectors,
    context,
    dead_letters,
    devices,
    duty,
    emission_delivery,
    emission_marks,
    emissions,
    explain,
    health,
    incidents,
    kpi,
    live,
    notifications,
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
    users,
)
from service.api.routers import keys as key_router
from service.api.sessions import SESSION_S
from service.api.state import State
from service.api.view import ServiceView
from service.identity.accounts import Accounts

#: Their routes ask for the caller themselves, where they need one.
_OPEN = (health.router, status.metrics_router, session.router)
_GUARDED = (
    park.router,
    tags.router,
    samples.router,
    push.router,
    raw_frames.router,
    alerts.router,
    explain.router,
    traces.router,
    aside.router,
    context.router,
    risk.router,
    kpi.router,
    rules.router,
    backtests.router,
    connectors.router,
    devices.router,
    dead_letters.router,
    emissions.router,
    emission_marks.router,
    emission_delivery.router,
    reports.router,
    status.router,
    live.router,
    cases.router,
    duty.router,
    incidents.router,
    notifications.router,
    users.router,
    key_router.router,
    audit.router,
)

_MOST_BODY_BYTES = 65_536
#: Ten thousand rules are some three million bytes.
_LARGER = {f"{PREFIX}/{route}": 16 * 1024 * 1024 for route in ("rules", "backtests")}


def create_app(
    view: ServiceView,
    keys: Keys,
    accounts: Accounts,
    *,
    most_listeners: int = 500,
    session_s: int = SESSION_S,
) -> FastAPI:
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
    app.state.parkwatch = state = State(view, keys, accounts, most_listeners=most_listeners, session_s=session_s)
    problems.install(app)
    rights.check_complete([*_OPEN, *_GUARDED])
    for router in _OPEN:
        app.include_router(router)
    for router in _GUARDED:
        app.include_router(router, dependencies=[Depends(authenticate)])
    description.install(app)
    page.install(app)
    larger = {**_LARGER, f"{PREFIX}/samples": view.push.policy.most_body_bytes}
    larger[f"{PREFIX}/cases/*/attachments"] = view.cases.policy.most_attachment_bytes
    app.add_middleware(Limits, most_bytes=_MOST_BODY_BYTES, larger=larger)
    app.add_middleware(GZipMiddleware, minimum_size=2_000, compresslevel=4)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Timing, metrics=state.metrics)
    return app
