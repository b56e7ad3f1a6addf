"""How records are asked for: what people did, who was told, and everything around a moment."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from service.store.events import moment
from service.store.samples import Span
from service.store.scope import Scope
from service.store.sqlfile import SqlFile
from service.store.stored import NoteFilter, NotificationFilter, microseconds

_NOTES, _NOTIFICATIONS = SqlFile("notes")["notes"], SqlFile("notifications")["list"]
_INCIDENTS = SqlFile("incidents")


class IncidentSubject(Protocol):
    """What an incident is about: `service.incidents.subject.Subject`."""

    @property
    def sources(self) -> Sequence[str]:
        """Full ids."""

    @property
    def alerts(self) -> Sequence[str]:
        """Ids."""

    @property
    def enterprises(self) -> Sequence[str]:
        """Ids, the park's own among them."""

    @property
    def connectors(self) -> Sequence[str]:
        """Ids."""


class RecordQueries:
    """Made by `service.store.queries.Queries`. Every question may raise StoreUnavailable."""

    def __init__(self, rows: Callable[..., Awaitable[list[dict[str, Any]]]]) -> None:
        self._rows = rows

    async def notes(
        self, scope: Scope, wanted: NoteFilter, *, limit: int, before: tuple[int, str] | None = None
    ) -> list[dict[str, Any]]:
        """What people did, newest first; ``before`` is (at_us, id) of the last of the page before."""
        rows = await self._rows(
            scope,
            _NOTES,
            visible=scope.parameter,
            limit=limit,
            before=moment(before[0]) if before else None,
            before_id=before[1] if before else None,
            **wanted.parameters(),
        )
        return [row | {"at_us": microseconds(row["at"])} for row in rows]

    async def notifications(
        self, scope: Scope, wanted: NotificationFilter, *, limit: int, before: tuple[int, int] | None = None
    ) -> list[dict[str, Any]]:
        """Attempts and silences, newest first; ``before`` is (at_us, seq) of the last of the page before."""
        rows = await self._rows(
            scope,
            _NOTIFICATIONS,
            visible=scope.parameter,
            limit=limit,
            before=moment(before[0]) if before else None,
            before_seq=before[1] if before else None,
            **wanted.parameters(),
        )
        return [row | {"at_us": microseconds(row["at"])} for row in rows]

    async def incident(
        self, scope: Scope, kind: str, subject: IncidentSubject, span: Span, *, limit: int
    ) -> list[dict[str, Any]]:
        """Rows of one kind of record (a name of ``incidents.sql``) that fall into the span."""
        return await self._rows(
            scope,
            _INCIDENTS[kind],
            visible=scope.parameter,
            sources=list(subject.sources),
            alerts=list(subject.alerts),
            enterprises=list(subject.enterprises),
            connectors=list(subject.connectors),
            subjects=[*subject.sources, *subject.enterprises],
            limit=limit,
            **{"from": moment(span.from_us), "to": moment(span.to_us)},
        )
