"""Versions of the rules as rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import psycopg

from service.rules.versions import RuleVersion
from service.store.events import moment

_INSERT = (
    "INSERT INTO rule_version (journal, number, at, author, reason, sha256, body) VALUES (%s, %s, %s, %s, %s, %s, %s)"
    " ON CONFLICT (journal, number) DO NOTHING"
)


def write(connection: psycopg.Connection, journal: str, versions: Sequence[RuleVersion]) -> None:
    """Append versions; writing the same ones again changes nothing."""
    with connection.cursor() as cursor:
        cursor.executemany(
            _INSERT,
            [
                (
                    journal,
                    one.number,
                    moment(one.at_us),
                    one.author.replace("\0", "\ufffd"),
                    one.reason.replace("\0", "\ufffd"),
                    one.sha256,
                    msgspec.json.encode(one).decode(),
                )
                for one in versions
            ],
        )


def version_of(body: str) -> RuleVersion:
    """The inverse of what `write` makes of a version."""
    return msgspec.json.decode(body, type=RuleVersion)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVersion:
    """A version without its files."""

    number: int
    at_us: int
    author: str
    reason: str
    sha256: str
