"""Migrations: numbered SQL files, forward only, each in a transaction of its own, never edited once applied."""

import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files

import psycopg

#: Any fixed number: two services that start at once must not migrate at once.
_ADVISORY_LOCK = 0x7061726B
_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


class MigrationRefused(Exception):
    """The database is not one that this version can work on; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One file."""

    version: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """Of the text."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations() -> list[Migration]:
    """All that ship with this version, in order."""
    found = [
        Migration(version=int(match[1]), name=entry.name, sql=entry.read_text("utf-8"))
        for entry in files("service.store").joinpath("migrations").iterdir()
        if (match := _NAME.fullmatch(entry.name))
    ]
    return sorted(found, key=lambda one: one.version)


def edition(connection: psycopg.Connection) -> str:
    """``apache`` or ``timescale`` (Community). Raises MigrationRefused where the extension is missing."""
    row = connection.execute("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'").fetchone()
    if row is None:
        raise MigrationRefused("the database has no TimescaleDB; run CREATE EXTENSION timescaledb in it as a superuser")
    found = connection.execute("SELECT current_setting('timescaledb.license', true)").fetchone()
    return str(found[0]) if found and found[0] else "apache"


def migrate(connection: psycopg.Connection, *, up_to: int | None = None) -> list[str]:
    """Bring the schema to this version (or to ``up_to``); return the names applied now. Raises MigrationRefused."""
    connection.execute("SELECT pg_advisory_lock(%s)", (_ADVISORY_LOCK,))
    try:
        return _migrate(connection, up_to)
    finally:
        connection.rollback()
        connection.execute("SELECT pg_advisory_unlock(%s)", (_ADVISORY_LOCK,))
        connection.commit()


def _migrate(connection: psycopg.Connection, up_to: int | None) -> list[str]:
    _ensure_extension(connection)
    connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_migration (version integer PRIMARY KEY, name text NOT NULL,"
        " sha256 text NOT NULL, applied timestamptz NOT NULL DEFAULT now())"
    )
    connection.commit()
    applied: dict[int, str] = dict(connection.execute("SELECT version, sha256 FROM schema_migration").fetchall())
    connection.commit()  # so that each migration is a transaction, not a savepoint
    known = migrations()
    newest = max(applied, default=0)
    if newest > known[-1].version:
        raise MigrationRefused(
            f"the database is at version {newest}, this parkwatch knows {known[-1].version}; run the newer parkwatch"
        )
    done: list[str] = []
    for one in known:
        if one.version in applied:
            if applied[one.version] != one.sha256:
                raise MigrationRefused(f"{one.name} was changed after it had been applied; restore the file")
        elif up_to is None or one.version <= up_to:
            _apply(connection, one)
            done.append(one.name)
    return done


def _ensure_extension(connection: psycopg.Connection) -> None:
    try:
        connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
        connection.commit()
    except psycopg.Error:
        connection.rollback()
    edition(connection)


def _apply(connection: psycopg.Connection, one: Migration) -> None:
    with connection.transaction():
        connection.execute(one.sql.encode())
        connection.execute(
            "INSERT INTO schema_migration (version, name, sha256) VALUES (%s, %s, %s)",
            (one.version, one.name, one.sha256),
        )
