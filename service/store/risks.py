"""Changes of risk as rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from service.risk import RiskChange
from service.store.events import moment
from service.store.stored import microseconds

_INSERT = (
    "INSERT INTO risk_history (journal, seq, at, subject, kind, enterprise, colour, was, score, why)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (journal, seq) DO NOTHING"
)


def write(connection: psycopg.Connection, journal: str, changes: Sequence[RiskChange]) -> None:
    """Append changes; writing the same ones again changes nothing."""
    with connection.cursor() as cursor:
        cursor.executemany(
            _INSERT,
            [
                (
                    *(journal, one.seq, moment(one.at_us), one.subject, one.kind, one.enterprise),
                    *(one.colour, one.was, one.score, one.why.replace("\0", "\ufffd")),
                )
                for one in changes
            ],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskFilter:
    """Which changes are wanted; what is None does not filter."""

    subject: str | None = None
    #: ``[from_us, to_us)``.
    from_us: int | None = None
    to_us: int | None = None

    def parameters(self) -> dict[str, Any]:
        """For ``risk_history``."""
        return {"subject": self.subject, "from": moment(self.from_us), "to": moment(self.to_us)}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRisk:
    """A change as the asker may see it."""

    seq: int
    at_us: int
    subject: str
    kind: str
    enterprise: str
    colour: str
    was: str
    #: None, and no ``why``: hidden.
    score: float | None
    why: str


def risk_of(row: dict[str, Any]) -> StoredRisk:
    """From a row of ``risk_history``."""
    return StoredRisk(at_us=microseconds(row.pop("at")), **row)
