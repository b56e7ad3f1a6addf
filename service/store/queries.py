"""How the database is asked: every question about enterprise data begins with the scope of who asks."""

import asyncio
import uuid
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.kpi.figures import Occurrence
from service.alerts.contexts import Context
from service.alerts.model import Alert, Event
from service.cases.reading import CaseQueries
from service.duty.reading import DutyQueries
from service.judge.reading import EmissionQueries
from service.rules.versions import RuleVersion
from service.store.asking import Asking, Connection
from service.store.errors import StoreUnavailable
from service.store.events import moment
from service.store.occurrences import occurrence_of_row
from service.store.records import RecordQueries
from service.store.risks import RiskFilter, StoredRisk, risk_of
from service.store.rule_versions import StoredVersion, version_of
from service.store.samples import (
    BUCKETED,
    RAW,
    Key,
    Page,
    Resolution,
    Span,
    StoredTag,
    bucket_boundary,
    bucketed_page,
    raw_page,
)
from service.store.scope import Scope
from service.store.sqlfile import SqlFile
from service.store.stored import (
    AlertFilter,
    ContextFilter,
    EventWindow,
    LetterFilter,
    StoredCommand,
    StoredGap,
    StoredLetter,
    alert_of,
    command_of,
    context_of,
    event_of,
    gap_of,
    letter_of,
    microseconds,
)
from service.store.telegrams import FrameFilter, FrameKey, StoredFrame, end_of_block, frames_of
from service.store.traces import StoredTrace, trace_of

__all__ = ["AlertFilter", "ContextFilter", "LetterFilter", "Queries", "Resolution", "Scope", "Span", "StoreUnavailable"]

_SAMPLES, _ALERTS, _CONNECTORS = SqlFile("samples"), SqlFile("alerts"), SqlFile("connectors")
# Looked up here, so that a misspelt name fails at import.
_VISIBLE_TAGS = _SAMPLES["visible_tags"]
_RAW = _SAMPLES["samples_raw"]
_RAW_BOUNDARY = _SAMPLES["samples_raw_boundary"]
_BUCKETED = _SAMPLES["samples_bucketed"]
_HISTORY = _ALERTS["alert_history"]
_ALERT = _ALERTS["alert_by_id"]
_EVENTS_OF = _ALERTS["events_of_alert"]
_EVENTS_SINCE = _ALERTS["events_since"]
_CONTEXTS = SqlFile("contexts")["contexts"]
_CONTEXT = SqlFile("contexts")["context_by_id"]
_LETTERS = _CONNECTORS["dead_letters"]
_GAPS = _CONNECTORS["connector_gaps"]
_RAW_BLOCKS = SqlFile("telegrams")["raw_blocks"]
_DEVICE_COMMANDS = SqlFile("notes")["device_commands"]
_RULE_VERSIONS, _RULE_VERSION = SqlFile("rules")["rule_versions"], SqlFile("rules")["rule_version"]
_OCCURRENCES = SqlFile("kpi")["occurrences"]
_RISKS = SqlFile("risk")["risk_history"]
_TRACE, _UNTRACED = SqlFile("traces")["trace_of_alert"], SqlFile("traces")["alerts_without_trace"]

#: Rows that are made into objects in one go.
_PIECE = 500
_FIRST, _LAST = Key(-(2**31), 0), Key(2**31 - 1, 0)


class Queries:
    """Constructing never connects; ``open`` does not wait. Every question may raise StoreUnavailable, in about 2 s."""

    def __init__(
        self,
        dsn: str,
        *,
        most_connections: int = 4,
        answer_within_s: float = 2.0,
        statement_timeout_s: float = 20.0,
    ) -> None:
        self._asking = Asking(
            dsn,
            most_connections=most_connections,
            answer_within_s=answer_within_s,
            statement_timeout_s=statement_timeout_s,
        )
        #: What was judged of outlets and stations.
        self.emissions = EmissionQueries(self._rows, self.visible_tags)
        #: Cases.
        self.cases = CaseQueries(self._rows)
        #: Shifts, duties, inspections, ratings.
        self.duty = DutyQueries(self._rows)
        #: What people did, who was told, and all of it around a moment.
        self.records = RecordQueries(self._rows)

    async def open(self) -> None:
        """Begin; the database may come later."""
        await self._asking.open()

    async def close(self) -> None:
        """End."""
        await self._asking.close()

    async def _rows(self, scope: Scope, statement: bytes, **parameters: Any) -> list[dict[str, Any]]:
        async def question(connection: Connection) -> list[dict[str, Any]]:
            cursor = await connection.execute(statement, parameters, binary=True)
            return await cursor.fetchall()

        return await self._asking.ask(scope, question)

    async def visible_tags(self, scope: Scope, tag_ids: Sequence[str]) -> list[StoredTag]:
        """Those of the tags that the store knows and the scope sees, in the order in which their samples come."""
        rows = await self._rows(scope, _VISIBLE_TAGS, ids=list(tag_ids), visible=scope.parameter)
        return [StoredTag(**row) for row in rows]

    async def samples(
        self,
        scope: Scope,
        tag_ids: Sequence[str],
        span: Span,
        *,
        resolution: Resolution = Resolution.RAW,
        limit: int,
        start: Key | None = None,
        end: Key | None = None,
    ) -> Page:
        """One page, by tag and time, of at most ``limit`` rows from ``start`` and before ``end``.

        Columns as `service.store.samples.raw_page` and `bucketed_page` say; a bucketed span is widened to whole
        buckets. Tags that the scope does not see give no rows.
        """
        tags = await self.visible_tags(scope, tag_ids)
        bucket_us = resolution.bucket_us
        parameters = _span_parameters(tags, span.whole_buckets(bucket_us), start, end) | {"limit": limit}
        if not bucket_us:
            packed = await self._packed(scope, _RAW, parameters)
            return raw_page(packed, tags, limit)
        packed = await self._packed(scope, _BUCKETED, parameters | {"bucket": timedelta(microseconds=bucket_us)})
        return bucketed_page(packed, tags, limit, bucket_us)

    async def sample_rows(
        self, scope: Scope, tag_ids: Sequence[str], span: Span, *, limit: int
    ) -> tuple[list[StoredTag], NDArray[np.void]]:
        """The first ``limit`` samples by tag and time as `service.store.samples.RAW` rows, and the tags they are of."""
        tags = await self.visible_tags(scope, tag_ids)
        packed = await self._packed(scope, _RAW, _span_parameters(tags, span, None, None) | {"limit": limit})
        return tags, np.frombuffer(packed or b"", dtype=RAW)

    async def _packed(self, scope: Scope, statement: bytes, parameters: dict[str, Any]) -> bytes | None:
        (row,) = await self._rows(scope, statement, **parameters)
        packed: bytes | None = row["packed"]
        return packed

    async def samples_boundary(
        self,
        scope: Scope,
        tag_ids: Sequence[str],
        span: Span,
        *,
        resolution: Resolution = Resolution.RAW,
        limit: int,
        start: Key | None = None,
    ) -> Key | None:
        """Where an answer of ``limit`` rows from ``start`` ends and the next begins; None: it holds them all."""
        tags = await self.visible_tags(scope, tag_ids)
        bucket_us = resolution.bucket_us
        span = span.whole_buckets(bucket_us)
        if bucket_us:
            return bucket_boundary(tags, span, bucket_us, start, limit)
        rows = await self._rows(scope, _RAW_BOUNDARY, **_span_parameters(tags, span, start, None), limit=limit)
        return Key(rows[0]["tag"], microseconds(rows[0]["time"])) if rows else None

    async def alerts(
        self, scope: Scope, wanted: AlertFilter, *, limit: int, before: tuple[int, str] | None = None
    ) -> list[Alert]:
        """History, newest first; ``before`` is (raised_us, id) of the last alert of the page before."""
        rows = await self._rows(
            scope,
            _HISTORY,
            visible=scope.parameter,
            limit=limit,
            before=moment(before[0]) if before else None,
            before_id=before[1] if before else None,
            **wanted.parameters(),
        )
        return [alert_of(row) for row in rows]

    async def occurrences(self, scope: Scope, span: Span, *, limit: int) -> list[Occurrence]:
        """All alerts that were raised in the span or stood at its beginning, oldest first, at most ``limit``."""
        span_us = {"from": moment(span.from_us), "to": moment(span.to_us)}
        parameters = {"visible": scope.parameter, "limit": limit, **span_us}

        async def question(connection: Connection) -> list[Occurrence]:
            cursor = await connection.execute(_OCCURRENCES, parameters, binary=True)
            found: list[Occurrence] = []
            while rows := await cursor.fetchmany(_PIECE):
                found += [occurrence_of_row(row) for row in rows]
                await asyncio.sleep(0)  # hundreds of thousands take seconds, and samples come in on the same loop
            return found

        return await self._asking.ask(scope, question)

    async def risk_history(
        self, scope: Scope, wanted: RiskFilter, *, limit: int, before: tuple[int, int] | None = None
    ) -> list[StoredRisk]:
        """Changes of colour, newest first; ``before`` is (at_us, seq) of the last of the page before."""
        rows = await self._rows(
            scope,
            _RISKS,
            visible=scope.parameter,
            limit=limit,
            before=moment(before[0]) if before else None,
            before_seq=before[1] if before else None,
            **wanted.parameters(),
        )
        return [risk_of(row) for row in rows]

    async def alert(self, scope: Scope, alert_id: str) -> Alert | None:
        """One alert as it stands in the store; None where there is none or the scope does not see it."""
        rows = await self._rows(scope, _ALERT, visible=scope.parameter, id=uuid.UUID(alert_id))
        return alert_of(rows[0]) if rows else None

    async def alert_events(self, scope: Scope, alert_id: str) -> list[Event]:
        """All that happened to one alert, oldest first."""
        rows = await self._rows(scope, _EVENTS_OF, visible=scope.parameter, id=uuid.UUID(alert_id))
        return [event_of(row["body"]) for row in rows]

    async def trace(self, scope: Scope, alert_id: str) -> StoredTrace | None:
        """The newest revision of an alert's upwind trace; None: there is none, or the scope does not see its tag."""
        rows = await self._rows(scope, _TRACE, visible=scope.parameter, id=uuid.UUID(alert_id))
        return trace_of(rows[0]) if rows else None

    async def alerts_without_trace(
        self, sources: Sequence[str], *, from_us: int, limit: int
    ) -> list[tuple[Alert, int]]:
        """For the service itself: alerts of these sources raised since, and their trace's revision: 0 (none) or 1."""
        rows = await self._rows(
            Scope.everything(), _UNTRACED, sources=list(sources), **{"from": moment(from_us)}, limit=limit
        )
        return [(alert_of(row), row["trace_revision"]) for row in rows]

    async def events_since(self, scope: Scope, chain: str, seq: int, limit: int) -> EventWindow:
        """Up to ``limit`` events of the chain after number ``seq``, for a listener that comes back."""
        rows = await self._rows(
            scope, _EVENTS_SINCE, visible=scope.parameter, chain=uuid.UUID(chain), seq=seq, limit=limit
        )
        through = rows[-1]["seq"] if rows else seq
        return EventWindow(
            events=[event_of(row["body"]) for row in rows if row["body"] is not None],
            through=through,
            unbroken=through - seq == len(rows),
        )

    async def rule_versions(
        self, scope: Scope, journal: str, *, limit: int, before: int | None = None
    ) -> list[StoredVersion]:
        """Newest first. Rules name tags of all enterprises: only a scope that is everything sees them."""
        if not scope.is_everything:
            return []
        rows = await self._rows(scope, _RULE_VERSIONS, journal=journal, limit=limit, before=before)
        return [StoredVersion(at_us=microseconds(row.pop("at")), **row) for row in rows]

    async def rule_version(self, scope: Scope, journal: str, number: int) -> RuleVersion | None:
        """With its files; None where there is none, or the scope is not everything."""
        if not scope.is_everything:
            return None
        rows = await self._rows(scope, _RULE_VERSION, journal=journal, number=number)
        return version_of(rows[0]["body"]) if rows else None

    async def contexts(
        self, scope: Scope, wanted: ContextFilter, *, limit: int, before: tuple[int, str] | None = None
    ) -> list[Context]:
        """Newest first; ``before`` is (opened_us, id) of the last entry of the page before."""
        rows = await self._rows(
            scope,
            _CONTEXTS,
            visible=scope.parameter,
            limit=limit,
            before=moment(before[0]) if before else None,
            before_id=before[1] if before else None,
            **wanted.parameters(),
        )
        return [context_of(row) for row in rows]

    async def context(self, scope: Scope, context_id: str) -> Context | None:
        """One entry as it stands in the store; None where there is none or the scope does not see it."""
        rows = await self._rows(scope, _CONTEXT, visible=scope.parameter, id=uuid.UUID(context_id))
        return context_of(rows[0]) if rows else None

    async def dead_letters(
        self, scope: Scope, wanted: LetterFilter, *, limit: int, before: tuple[int, int] | None = None
    ) -> list[StoredLetter]:
        """Newest first; ``before`` is (received_us, id) of the last letter of the page before."""
        rows = await self._rows(
            scope,
            _LETTERS,
            visible=scope.parameter,
            limit=limit,
            before=moment(before[0]) if before else None,
            before_id=before[1] if before else None,
            **wanted.parameters(),
        )
        return [letter_of(row) for row in rows]

    async def raw_frames(
        self, scope: Scope, wanted: FrameFilter, *, blocks: int, limit: int, before: FrameKey | None
    ) -> tuple[list[StoredFrame], FrameKey | None]:
        """Telegrams, newest first, and where the next page begins; None: nowhere.

        At most ``blocks`` blocks are looked through, so there may be fewer than ``limit``, and more to come.
        """
        rows = await self._rows(
            scope,
            _RAW_BLOCKS,
            **{"from": moment(wanted.from_us), "to": moment(wanted.to_us)},
            origin=wanted.connector,
            before=moment(before.received_us) if before else None,
            before_origin=before.connector if before else None,
            limit=blocks,
        )
        found = await frames_of(rows, scope, wanted, before, limit)
        if len(found) == limit:
            return found, found[-1].key
        last = rows[-1] if len(rows) == blocks else None
        return found, end_of_block(last) if last else None

    async def connector_gaps(
        self, scope: Scope, connectors: Collection[str], *, from_us: int | None = None, limit: int = 100
    ) -> list[StoredGap]:
        """Newest first, of these connectors: the caller names those that bring tags which ``scope`` sees.

        An empty ``connectors`` means all of them where the scope is everything, and none elsewhere.
        """
        if not connectors and not scope.is_everything:
            return []
        rows = await self._rows(
            scope,
            _GAPS,
            connectors=sorted(connectors) if connectors else None,
            **{"from": moment(from_us)},
            limit=limit,
        )
        return [gap_of(row) for row in rows]

    async def device_commands(
        self,
        scope: Scope,
        subject: str,
        *,
        limit: int = 100,
        before: tuple[int, str] | None = None,
        command_id: str | None = None,
    ) -> list[StoredCommand]:
        """Newest first, of one ``connector/device``; ``before``: time and id of the last one of the page before."""
        rows = await self._rows(
            scope,
            _DEVICE_COMMANDS,
            visible=scope.parameter,
            subject=subject,
            id=command_id,
            before=moment(before[0]) if before else None,
            before_id=before[1] if before else None,
            limit=limit,
        )
        return [command_of(row) for row in rows]

    async def trend_rows(
        self, scope: Scope, tag_ids: Sequence[str], span: Span, bucket_us: int
    ) -> tuple[list[StoredTag], NDArray[np.void]]:
        """Buckets of any width as `service.store.samples.BUCKETED` rows by tag and time, and the tags they are of."""
        tags = await self.visible_tags(scope, tag_ids)
        whole = span.whole_buckets(bucket_us)
        most = len(tags) * ((whole.to_us - whole.from_us) // bucket_us + 1)
        parameters = _span_parameters(tags, whole, None, None) | {"limit": most}
        packed = await self._packed(scope, _BUCKETED, parameters | {"bucket": timedelta(microseconds=bucket_us)})
        return tags, np.frombuffer(packed or b"", dtype=BUCKETED)


def _span_parameters(tags: Sequence[StoredTag], span: Span, start: Key | None, end: Key | None) -> dict[str, Any]:
    start, end = start or _FIRST, end or _LAST
    return {
        "tags": [tag.ix for tag in tags],
        "from": moment(span.from_us),
        "to": moment(span.to_us),
        "start_tag": start.tag,
        "start_time": moment(start.time_us),
        "end_tag": end.tag,
        "end_time": moment(end.time_us),
    }
