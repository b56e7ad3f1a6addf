"""Upwind traces as rows."""

from dataclasses import dataclass
from typing import Any

import msgspec
import psycopg

from service.store.errors import StoreUnavailable
from service.store.events import moment
from service.store.stored import microseconds

_INSERT = (
    "INSERT INTO trace (alert_id, revision, subject, enterprise, at, computed, samples, body)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (alert_id, revision) DO NOTHING"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTrace:
    """One trace as it was computed."""

    alert_id: str
    #: 1: when the alert had settled; 2: once more, with data that came late.
    revision: int
    #: Full id of the tag that rose.
    subject: str
    #: Whose tag it is; the park's id for shared stations.
    enterprise: str
    at_us: int
    computed_us: int
    #: How many samples it was made from.
    samples: int
    #: As `service.tracing.told.told` makes it.
    body: dict[str, Any]


class TraceWriter:
    """A connection for each write: there is one now and then."""

    def __init__(self, dsn: str, *, answer_within_s: int = 5) -> None:
        self._dsn, self._answer_within_s = dsn, answer_within_s

    async def keep(self, trace: StoredTrace) -> None:
        """Append it; one that is there already stays as it is. Raises StoreUnavailable."""
        try:
            connection = await psycopg.AsyncConnection.connect(
                self._dsn,
                autocommit=True,
                connect_timeout=self._answer_within_s,
                application_name="parkwatch-tracing",
                options=f"-c statement_timeout={self._answer_within_s * 1_000}",
            )
            async with connection:
                await connection.execute(_INSERT, _values(trace))
        except psycopg.Error as error:
            raise StoreUnavailable(str(error).strip().partition("\n")[0] or type(error).__name__) from error


def _values(trace: StoredTrace) -> tuple[Any, ...]:
    return (
        *(trace.alert_id, trace.revision, trace.subject, trace.enterprise, moment(trace.at_us)),
        *(moment(trace.computed_us), trace.samples, msgspec.json.encode(trace.body).decode()),
    )


def trace_of(row: dict[str, Any]) -> StoredTrace:
    """From a row of table ``trace``."""
    return StoredTrace(
        alert_id=str(row["alert_id"]),
        revision=row["revision"],
        subject=row["subject"],
        enterprise=row["enterprise"],
        at_us=microseconds(row["at"]),
        computed_us=microseconds(row["computed"]),
        samples=row["samples"],
        body=msgspec.json.decode(row["body"]),
    )
