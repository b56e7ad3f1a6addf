"""Dead letters: what arrived and could not be used."""

import base64
from typing import Annotated, Any

from fastapi import APIRouter, Query

from service.api import PREFIX
from service.api.access import CallerDep, StateDep
from service.api.answer import Json
from service.api.cursors import RowId, TimeUs, from_cursor, to_cursor
from service.api.models import DeadLetters
from service.api.params import FromParam, ToParam, time_us
from service.api.problems import documented
from service.api.times import rfc3339
from service.store.stored import LetterFilter, StoredLetter

router = APIRouter(prefix=PREFIX, tags=["connectors"])

_SHOWN_BYTES = 65_536


@router.get("/dead-letters", response_model=DeadLetters, responses=documented(503))
async def list_dead_letters(
    state: StateDep,
    caller: CallerDep,
    connector: Annotated[str | None, Query(description="Only of this connector")] = None,
    reason: Annotated[str | None, Query(description="Only for this reason: `undecodable`, `unknown_tag`, ...")] = None,
    from_: FromParam = None,
    to: ToParam = None,
    limit: Annotated[int, Query(ge=1, le=500, description="Letters a page")] = 50,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> Json:
    """What arrived and could not be used, newest first, with its bytes and the reason. `from`, `to`: when received."""
    wanted = LetterFilter(origin=connector, reason=reason, from_us=time_us("from", from_), to_us=time_us("to", to))
    before = from_cursor(cursor, tuple[TimeUs, RowId])
    found = await state.view.queries.dead_letters(caller.scope, wanted, limit=limit + 1, before=before)
    page = found[:limit]
    following = to_cursor((page[-1].received_us, page[-1].id)) if len(found) > limit else None
    return Json({"items": [_shape(one) for one in page], "next": following})


def _shape(letter: StoredLetter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "received": rfc3339(letter.received_us),
        "origin": letter.origin,
        "enterprise": letter.enterprise,
        "address": letter.address,
        "reason": letter.reason,
        "detail": letter.detail,
        "raw_base64": base64.b64encode(letter.raw[:_SHOWN_BYTES]).decode(),
        "raw_bytes": len(letter.raw),
    }
