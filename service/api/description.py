"""The OpenAPI description: served at ``/api/v1/openapi.json`` to whoever has a key."""

from typing import Any

from fastapi import FastAPI

from service.api import PREFIX
from service.api.access import CallerDep
from service.api.answer import Json
from service.api.models import Problem

TAGS = [
    {"name": "park", "description": "Enterprises and their sources"},
    {"name": "tags", "description": "Tags with their latest values; from memory"},
    {"name": "samples", "description": "History of tags; from the store"},
    {
        "name": "alerts",
        "description": "Alerts (ISA-18.2, IEC 62682): standing ones from memory, history from the store",
    },
    {"name": "traces", "description": "Upwind tracing (污染溯源): where what the fence smelt may have come from"},
    {"name": "risk", "description": "Four-colour risk (红橙黄蓝) and why; now from memory, history from the store"},
    {"name": "kpi", "description": "Key figures of the alarm system (ISA-18.2, EEMUA 191); from the store"},
    {"name": "rules", "description": "What raises alarms: which rules are live and why, their versions, changing them"},
    {"name": "backtests", "description": "Rules tried on stored samples before they go live, as jobs"},
    {
        "name": "context",
        "description": "What is put aside, by whom, why and until when; and what is going on in the plant",
    },
    {"name": "emissions", "description": "Means of outlets and stations, exceedances, marks, gaps, rates of delivery"},
    {"name": "reports", "description": "The same as files: CSV, XLSX, PDF"},
    {"name": "live", "description": "Alert events as they happen"},
    {"name": "connectors", "description": "The links to the plant, their gaps, and what could not be used"},
    {"name": "devices", "description": "Data loggers behind connectors: their links, and commands to them"},
    {"name": "cases", "description": "Cases (交办, 整改, 复核, 销号): found online, put right offline"},
    {"name": "duty", "description": "Shift log and handover, periodic duties, inspections, ratings, monthly lights"},
    {"name": "incidents", "description": "What happened around a moment, and packs that prove it"},
    {"name": "notifications", "description": "Who was told of what over which channel, when, and why not"},
    {"name": "service", "description": "The service itself"},
    {"name": "session", "description": "How the page logs in"},
    {"name": "identities", "description": "Accounts of people, keys of machines, and the record of what they did"},
]
TEXT = (
    "Real-time safety and environmental monitoring of a chemical park. Every route but `/healthz`, `/readyz` and the "
    "login needs an API key or a session, and takes certain roles. Who belongs to one enterprise sees that enterprise "
    "and what the park shares, nothing else. Errors are problem details (RFC 9457). Times are RFC 3339, UTC."
)


def install(app: FastAPI) -> None:
    """Complete the description that FastAPI makes, and serve it."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        document = made()
        # Errors are documented by reference, because a `model=` of FastAPI's would make them application/json.
        shape = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        document["components"]["schemas"].update(shape.pop("$defs"), Problem=shape)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's manual says

    @app.get(f"{PREFIX}/openapi.json", include_in_schema=False)
    async def serve(caller: CallerDep) -> Json:
        return Json(app.openapi())
