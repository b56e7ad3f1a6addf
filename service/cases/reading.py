"""How cases are asked for: every question begins with the scope of who asks."""

from collections.abc import Awaitable, Callable
from typing import Any

from service.cases.desk import CaseFilter
from service.store.events import moment
from service.store.scope import Scope
from service.store.sqlfile import SqlFile

_SQL = SqlFile("cases")
_BY_ID, _LIST, _EVENTS, _COUNTS = _SQL["by_id"], _SQL["list"], _SQL["events"], _SQL["counts"]
_ATTACHMENTS, _ATTACHMENT = _SQL["attachments"], _SQL["attachment"]
Rows = list[dict[str, Any]]


class CaseQueries:
    """Made by `service.store.queries.Queries`. Every question may raise StoreUnavailable."""

    def __init__(self, rows: Callable[..., Awaitable[Rows]]) -> None:
        self._rows = rows

    async def case(self, scope: Scope, case_id: str) -> dict[str, Any] | None:
        """None where there is none or the scope does not see it."""
        rows = await self._rows(scope, _BY_ID, visible=scope.parameter, id=case_id)
        return rows[0] if rows else None

    async def cases(
        self, scope: Scope, wanted: CaseFilter, now_us: int, *, limit: int, before: tuple[int, str] | None = None
    ) -> Rows:
        """Newest first; ``before`` is (opened_us, id) of the last of the page before."""
        return await self._rows(
            scope,
            _LIST,
            visible=scope.parameter,
            now=moment(now_us),
            limit=limit,
            before=moment(before[0]) if before else None,
            before_id=before[1] if before else None,
            **wanted.parameters(),
        )

    async def counts(self, scope: Scope, now_us: int) -> Rows:
        """``state``, ``cases``, ``overdue``; of the closed only those of the last 30 days."""
        return await self._rows(scope, _COUNTS, visible=scope.parameter, now=moment(now_us))

    async def events(self, scope: Scope, case_id: str) -> Rows:
        """All that became of one, oldest first; what is internal the park alone sees."""
        return await self._rows(scope, _EVENTS, visible=scope.parameter, id=case_id)

    async def attachments(self, scope: Scope, case_id: str) -> Rows:
        """Without their contents."""
        return await self._rows(scope, _ATTACHMENTS, visible=scope.parameter, id=case_id)

    async def attachment(self, scope: Scope, case_id: str, attachment_id: str) -> dict[str, Any] | None:
        """With its contents."""
        rows = await self._rows(scope, _ATTACHMENT, visible=scope.parameter, case=case_id, id=attachment_id)
        return rows[0] if rows else None
