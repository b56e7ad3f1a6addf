"""What people do, in the journal's notes: changes by `record`, and exports by a dependency of their routes.

An export that cannot be recorded is refused: the law asks who took which data out.
"""

import uuid
from typing import Any

from fastapi import Depends, Request

from service.api.access import Caller, CallerDep, StateDep
from service.api.answer import to_json
from service.api.state import State
from service.store.notes import Note


async def record(
    state: State, by: str, kind: str, subject: str, body: dict[str, Any], *, enterprise: str | None = None
) -> None:
    """Durable when it returns. Raises connectors.base.IntakeRefused, which answers 503."""
    note = Note(
        id=str(uuid.uuid4()),
        at_us=state.view.clock(),
        kind=kind,
        by=by,
        enterprise=enterprise or "",
        subject=subject,
        body=to_json(body).decode(),
    )
    await state.view.note(note)


async def record_export(request: Request, state: State, caller: Caller) -> None:
    """Who took what, before anything goes out."""
    asked = {name: request.query_params.getlist(name) for name in request.query_params if name != "cursor"}
    path = request.url.path
    await record(state, caller.name, "export", path, {"asked": asked}, enterprise=caller.scope.own)


async def _exports(request: Request, state: StateDep, caller: CallerDep) -> None:
    await record_export(request, state, caller)


#: A dependency of routes that give files away.
EXPORTS = Depends(_exports)
