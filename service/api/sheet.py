"""The sheet of a handover: everything that the next shift has to know of, as it stands now."""

from typing import Any

from service.alerts.model import Alert
from service.alerts.states import State as AlertState
from service.api.access import Caller
from service.api.shapes import Names
from service.api.state import State
from service.api.times import rfc3339
from service.cases.desk import CaseFilter
from service.duty.due import DutyState
from service.reports.words import local
from service.store.stored import microseconds

_MOST = 500
_ASIDE = frozenset({AlertState.SHELVED, AlertState.SUPPRESSED, AlertState.OUT_OF_SERVICE})
_OPEN_CASES = frozenset({"dispatched", "received", "answered", "verified"})
Row = dict[str, Any]


async def make_sheet(app: State, caller: Caller) -> Row:
    """As `service.api.models_duty.Sheet`. Raises StoreUnavailable."""
    view, names, now_us = app.view, app.names, app.view.clock()
    queries = view.queries
    last = await queries.duty.last_handover(caller.scope)
    last_us = None if last is None else microseconds(last)
    entries = await queries.duty.entries(caller.scope, from_us=last_us, to_us=None, limit=_MOST)
    cases = await queries.cases.cases(caller.scope, CaseFilter(states=_OPEN_CASES), now_us, limit=_MOST)
    due = [one for one in await view.duty.due(caller.scope) if one.state is DutyState.OVERDUE]
    alerts = sorted(view.book.active.values(), key=lambda one: (one.priority, one.raised_us, one.id))
    aside = [one for one in alerts if one.state in _ASIDE]
    standing = [one for one in alerts if one.state not in _ASIDE]
    return {
        "at": rfc3339(now_us),
        "shift": view.duty.policy.shift_at(local(now_us).time()).name,
        "from": rfc3339(last_us),
        "standing": [_of_alert(one, names) for one in standing[:_MOST]],
        "standing_count": len(standing),
        "aside": [_of_alert(one, names) for one in aside[:_MOST]],
        "contexts": [
            _row(one.id, one.kind, names.sources.get(one.source) or names.enterprises.get(one.enterprise, ""),
                 one.state, rfc3339(one.from_us), one.reason)
            for one in view.book.contexts
            if one.state != "over"
        ],
        "offline": [
            _row(one.connector, one.kind, "", one.state.value, rfc3339(one.since_us), one.last_error)
            for one in view.connectors()
            if one.state.value != "connected"
        ],
        "cases": [
            _row(str(one["id"]), f"{one['year']}-{one['number']:05d} {one['title']}",
                 names.enterprises.get(one["enterprise"], ""), one["state"],
                 rfc3339(microseconds(one["due"])), "")
            for one in cases
        ],
        "duties": [
            _row(one.duty.id, f"{one.duty.name} {one.period.name}", names.enterprises.get(one.enterprise, ""),
                 one.state.value, rfc3339(one.until_us), "")
            for one in due[:_MOST]
        ],
        "entries": [
            _row(str(one["id"]), one["kind"], "", one["by"], rfc3339(microseconds(one["at"])), one["text"])
            for one in entries
        ],
    }  # fmt: skip


def _row(id_: str, what: str, where: str, state: str, since: str | None, text: str) -> Row:
    return {"id": id_, "what": what, "where": where, "state": state, "since": since, "text": text}


def _of_alert(alert: Alert, names: Names) -> Row:
    name = names.target(alert.target) or names.rule(alert.rule)[0] or alert.target
    where = [names.enterprises.get(alert.enterprise, ""), names.sources.get(alert.source, "")]
    what = f"P{alert.priority} {name} {alert.level}".strip()
    where_text = " · ".join(one for one in where if one)
    return _row(alert.id, what, where_text, alert.state.value, rfc3339(alert.onset_us), alert.aside_reason or alert.why)
