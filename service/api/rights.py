"""Which role may call which route: the one table that the service obeys and a test tries cell by cell.

A route that is not in it is refused to everybody, and `service.api.app` does not start with one. What a role sees of
what it may call is another matter: the scope in the query layer (`service.store.scope`).
"""

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.routing import APIRoute

from service.api import PREFIX
from service.identity.roles import Role

O, S, R, G, E, D, A = (  # noqa: E741
    Role.OPERATOR,
    Role.SUPERVISOR,
    Role.REVIEWER,
    Role.ENGINEER,
    Role.ENTERPRISE,
    Role.DEVICE,
    Role.ADMIN,
)
_Roles = frozenset[Role]

ANYONE: _Roles = frozenset(Role)
#: All but machines.
PEOPLE: _Roles = ANYONE - {D}
#: The park's own people.
PARK: _Roles = PEOPLE - {E}
#: Who is on duty in the control room.
DUTY: _Roles = frozenset({O, S, A})
#: Who is on duty, or the enterprise concerned.
DUTY_OR_OWN: _Roles = DUTY | {E}
SUPERVISORS: _Roles = frozenset({S, A})
ENGINEERS: _Roles = frozenset({G, A})
ADMINS: _Roles = frozenset({A})

#: Without a caller: liveness, and how one becomes a caller.
PUBLIC: frozenset[tuple[str, str]] = frozenset({("GET", "/healthz"), ("GET", "/readyz"), ("POST", f"{PREFIX}/session")})

#: What somebody may do whose password is a one-time one.
WHILE_PASSWORD_IS_ANOTHERS: frozenset[tuple[str, str]] = frozenset(
    {("GET", f"{PREFIX}/session"), ("DELETE", f"{PREFIX}/session"), ("POST", f"{PREFIX}/session/password")}
)

_TABLE: dict[str, _Roles] = {
    "GET /metrics": PARK,
    # Who am I
    "GET /session": ANYONE,
    "DELETE /session": ANYONE,
    "POST /session/password": PEOPLE,
    "GET /openapi.json": ANYONE,
    # Who may do what
    "GET /users": ADMINS,
    "POST /users": ADMINS,
    "PATCH /users/{name}": ADMINS,
    "POST /users/{name}/reset-password": ADMINS,
    "GET /keys": ADMINS | {E},
    "POST /keys": ADMINS | {E},
    "DELETE /keys/{name}": ADMINS | {E},
    "GET /audit": frozenset({A, S, R, E}),
    # The park and its data
    "GET /park/plan": PEOPLE,
    "GET /enterprises": PEOPLE,
    "GET /enterprises/{enterprise_id}": PEOPLE,
    "GET /sources": PEOPLE,
    "GET /sources/{source_id}": PEOPLE,
    "GET /trends": PEOPLE,
    "GET /tags": ANYONE,
    "GET /tags/{tag_id}": ANYONE,
    "GET /samples": PEOPLE,
    "POST /samples": frozenset({E, D, A}),
    "GET /samples/{tag_id}/raw": PEOPLE,
    "GET /raw-frames": PEOPLE,
    "GET /status": ANYONE,
    "GET /live": PEOPLE,
    "GET /connectors": PEOPLE,
    "GET /devices": PEOPLE,
    "GET /devices/{connector}/{device}/commands": PEOPLE,
    "POST /devices/{connector}/{device}/commands": DUTY,
    "GET /dead-letters": PEOPLE,
    # Alerts
    "GET /alerts": PEOPLE,
    "GET /alerts/{alert_id}": PEOPLE,
    "GET /alerts/{alert_id}/explain": PEOPLE,
    "GET /alerts/{alert_id}/trace": PEOPLE,
    "GET /traces": PEOPLE,
    "POST /alerts/{alert_id}/ack": DUTY,
    "POST /alerts/{alert_id}/comment": DUTY_OR_OWN,
    "POST /alerts/{alert_id}/shelve": DUTY,
    "POST /alerts/{alert_id}/unshelve": DUTY,
    "POST /alerts/{alert_id}/take-out": SUPERVISORS,
    "POST /alerts/{alert_id}/put-back": SUPERVISORS,
    "POST /alerts/{alert_id}/reset": DUTY,
    "GET /ledger": PEOPLE,
    "GET /contexts": PEOPLE,
    "POST /contexts": DUTY_OR_OWN,
    "POST /contexts/{context_id}/end": DUTY_OR_OWN,
    "GET /risk": PEOPLE,
    "GET /risk/history": PEOPLE,
    "GET /kpi": PEOPLE,
    # Rules
    "GET /rules": PARK,
    "PUT /rules": ENGINEERS,
    "POST /rules/reload": ENGINEERS,
    "POST /rules/{rule_id}/confirm": ENGINEERS,
    "GET /rules/versions": PARK,
    "GET /rules/versions/{number}": PARK,
    "GET /backtests": PARK,
    "POST /backtests": ENGINEERS,
    "GET /backtests/{backtest_id}": PARK,
    "DELETE /backtests/{backtest_id}": ENGINEERS,
    "GET /backtests/{backtest_id}/transitions": PARK,
    # Emissions and reports
    "GET /emissions/outlets": PEOPLE,
    "GET /emissions/means": PEOPLE,
    "GET /emissions/minutes": PEOPLE,
    "GET /emissions/exceedances": PEOPLE,
    "GET /emissions/exceedances/{exceedance_id}/history": PEOPLE,
    "GET /emissions/marks": PEOPLE,
    "POST /emissions/marks": DUTY_OR_OWN,
    "POST /emissions/marks/{mark_id}/withdraw": DUTY_OR_OWN,
    "GET /emissions/timeline": PEOPLE,
    "GET /emissions/rates": PEOPLE,
    "GET /reports/outlet": PEOPLE,
    "GET /reports/exceedances": PEOPLE,
    "GET /reports/online": PEOPLE,
    # Cases
    "GET /cases": PEOPLE,
    "POST /cases": DUTY,
    "GET /cases/counts": PEOPLE,
    "GET /cases/{case_id}": PEOPLE,
    "POST /cases/{case_id}/receive": frozenset({E}),
    "POST /cases/{case_id}/answer": frozenset({E}),
    "POST /cases/{case_id}/verify": DUTY,
    "POST /cases/{case_id}/close": SUPERVISORS,
    "POST /cases/{case_id}/reopen": SUPERVISORS,
    "POST /cases/{case_id}/messages": DUTY_OR_OWN,
    "POST /cases/{case_id}/cause": DUTY,
    "POST /cases/{case_id}/alerts": DUTY,
    "POST /cases/{case_id}/attachments": DUTY_OR_OWN,
    "GET /cases/{case_id}/attachments/{attachment_id}": PEOPLE,
    "GET /cases/{case_id}/order": PEOPLE,
    # Shifts, duties, inspections, ratings
    "GET /shift/entries": PARK,
    "POST /shift/entries": DUTY,
    "GET /shift/sheet": PARK,
    "GET /shift/handovers": PARK,
    "POST /shift/handovers": DUTY,
    "GET /shift/handovers/{handover_id}": PARK,
    "POST /shift/handovers/{handover_id}/take": DUTY,
    "GET /shift/handovers/{handover_id}/sheet": PARK,
    "GET /duties": PEOPLE,
    "POST /duties/{duty_id}/report": DUTY_OR_OWN,
    "GET /inspections": PEOPLE,
    "POST /inspections": DUTY,
    "POST /enterprises/{enterprise_id}/rating": SUPERVISORS,
    "GET /standings": PEOPLE,
    # Incidents
    "GET /incidents/timeline": PEOPLE,
    "POST /incidents/evidence": PEOPLE,
    "GET /incidents/evidence/key": PEOPLE,
    "GET /incidents/evidence/{pack_id}": PEOPLE,
    "GET /incidents/evidence/{pack_id}/file": PEOPLE,
    # Who was told
    "GET /notifications": PEOPLE,
    "GET /notifications/channels": PARK,
    "POST /notifications/test": SUPERVISORS,
}  # fmt: skip


def _full(key: str) -> tuple[str, str]:
    method, _, path = key.partition(" ")
    return method, path if path == "/metrics" else PREFIX + path


#: Of no router: the description of the interface.
_OF_THE_APPLICATION = frozenset({("GET", f"{PREFIX}/openapi.json")})
RIGHTS: Mapping[tuple[str, str], _Roles] = {_full(key): roles for key, roles in _TABLE.items()}


def check_complete(routers: list[APIRouter]) -> None:
    """Raises LookupError naming every route of these that the table lacks, and every row that is of no route."""
    routes = {
        (method, route.path)
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    missing, idle = routes - set(RIGHTS) - PUBLIC, (set(RIGHTS) | PUBLIC) - routes - _OF_THE_APPLICATION
    if missing or idle:
        raise LookupError(f"rights and routes differ: not in the table {sorted(missing)}, of no route {sorted(idle)}")
