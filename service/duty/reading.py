"""How shifts, duties, inspections and ratings are asked for: every question begins with the scope of who asks."""

from collections.abc import Awaitable, Callable
from typing import Any

from service.duty.periods import Period
from service.store.events import moment
from service.store.scope import Scope
from service.store.sqlfile import SqlFile

_SQL = SqlFile("duty")
_ENTRIES, _HANDOVERS, _HANDOVER, _LAST = (
    *(_SQL["entries"], _SQL["handovers"]),
    *(_SQL["handover"], _SQL["last_handover"]),
)
_REPORTED, _INSPECTIONS, _LAST_INSPECTIONS = _SQL["reported"], _SQL["inspections"], _SQL["last_inspections"]
_RATINGS, _COUNTS = _SQL["ratings"], _SQL["counts"]
Rows = list[dict[str, Any]]
#: Time (epoch microseconds) and id of the last of the page before.
Before = tuple[int, str] | None


def _page(before: Before) -> dict[str, Any]:
    return {"before": moment(before[0]) if before else None, "before_id": before[1] if before else None}


class DutyQueries:
    """Made by `service.store.queries.Queries`. Every question may raise StoreUnavailable."""

    def __init__(self, rows: Callable[..., Awaitable[Rows]]) -> None:
        self._rows = rows

    async def entries(
        self, scope: Scope, *, from_us: int | None, to_us: int | None, limit: int, before: Before = None
    ) -> Rows:
        """Of the shift log, newest first."""
        span = {"from": moment(from_us), "to": moment(to_us)}
        return await self._rows(scope, _ENTRIES, limit=limit, **span, **_page(before))

    async def handovers(self, scope: Scope, *, limit: int, before: Before = None) -> Rows:
        """Without their sheets, newest first."""
        return await self._rows(scope, _HANDOVERS, limit=limit, **_page(before))

    async def handover(self, scope: Scope, handover_id: str) -> dict[str, Any] | None:
        """With its sheet."""
        rows = await self._rows(scope, _HANDOVER, id=handover_id)
        return rows[0] if rows else None

    async def last_handover(self, scope: Scope) -> Any:
        """When the shift was last handed over; None: never."""
        rows = await self._rows(scope, _LAST)
        return rows[0]["at"] if rows else None

    async def reported(self, scope: Scope, *, since_us: int, enterprise: str | None = None) -> Rows:
        """Duties that were reported since then."""
        visible = scope.parameter
        return await self._rows(scope, _REPORTED, visible=visible, since=moment(since_us), enterprise=enterprise)

    async def inspections(self, scope: Scope, *, enterprise: str | None = None, limit: int = 100) -> Rows:
        """Newest first."""
        return await self._rows(scope, _INSPECTIONS, visible=scope.parameter, enterprise=enterprise, limit=limit)

    async def last_inspections(self, scope: Scope) -> dict[str, Any]:
        """When each enterprise was last inspected."""
        rows = await self._rows(scope, _LAST_INSPECTIONS, visible=scope.parameter)
        return {row["enterprise"]: row["at"] for row in rows}

    async def ratings(self, scope: Scope) -> dict[str, dict[str, Any]]:
        """The newest of each enterprise."""
        rows = await self._rows(scope, _RATINGS, visible=scope.parameter)
        return {row["enterprise"]: row for row in rows}

    async def counts(self, scope: Scope, month: Period, now_us: int) -> dict[str, dict[str, int]]:
        """What counts for the lights (`service.duty.lights.COUNTED`), by enterprise; without the missed duties."""
        span = {"from": moment(month.start_us), "to": moment(month.end_us), "now": moment(now_us)}
        found: dict[str, dict[str, int]] = {}
        for row in await self._rows(scope, _COUNTS, visible=scope.parameter, **span):
            found.setdefault(row["enterprise"], {})[row["what"]] = row["count"]
        return found
