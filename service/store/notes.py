"""What people and the service did that is no change of an alert: it travels through the journal into ``audit_note``."""

import re
from collections.abc import Sequence

import msgspec
import psycopg

from service.store.events import moment


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """One entry. A command to a device is two: what was asked, and what came of it."""

    #: UUID; the same note twice is kept once.
    id: str
    at_us: int
    #: ``device_command``, ``device_answer``, ``mark``, ...
    kind: str
    #: Name of the key; ``service`` where the service acted by itself.
    by: str
    #: Whose it is; empty: the park's alone.
    enterprise: str
    #: What it is about: ``connector/device``, the id of a mark, ...
    subject: str
    #: JSON, an object.
    body: str


#: An escaped NUL; an even number of backslashes before it are backslashes.
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


def storable(body: str) -> str:
    """JSON as PostgreSQL takes it: without NUL, which its text cannot hold."""
    return _NUL.sub(r"\1", body)


def write(cursor: psycopg.Cursor, journal: str, notes: Sequence[Note]) -> None:
    """Append; one that is there already stays as it is."""
    cursor.executemany(
        "INSERT INTO audit_note (journal, id, at, kind, by, enterprise, subject, body)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (journal, id) DO NOTHING",
        [
            (
                journal,
                one.id,
                moment(one.at_us),
                one.kind,
                one.by,
                one.enterprise,
                one.subject,
                storable(one.body),
            )
            for one in notes
        ],
    )
