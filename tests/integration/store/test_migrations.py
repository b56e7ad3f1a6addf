"""From whatever version a database is, it comes to the same schema, or is left alone with the reason told."""

import re
import threading
from collections.abc import Callable, Iterator

import psycopg
import pytest

from service.alerts.states import State
from service.store import migrate as migrate_module
from service.store.migrate import Migration, MigrationRefused, edition, migrate, migrations
from tests.integration.store.stores import query

NewDatabase = Callable[[], tuple[str, Callable[[], None]]]

#: What makes a schema: every column, index, constraint, trigger and function of ours, and the hypertables.
_FINGERPRINT = """
SELECT 'column', table_name, column_name, data_type, is_nullable, coalesce(column_default, ''), is_identity,
       coalesce(identity_start, '')
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'index', tablename, indexname, indexdef, '', '', '', '' FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', '', '', ''
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), '', '', '', ''
FROM pg_trigger WHERE NOT tgisinternal AND tgrelid::regclass::text NOT LIKE '\\_timescaledb%'
UNION ALL SELECT 'function', proname, '', pg_get_functiondef(p.oid), '', '', '', ''
FROM pg_proc p WHERE pronamespace = 'public'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
UNION ALL SELECT 'hypertable', hypertable_name, column_name, time_interval::text, '', '', '', ''
FROM timescaledb_information.dimensions
ORDER BY 1, 2, 3, 4
"""


@pytest.fixture(scope="module")
def fresh_schema(new_database: NewDatabase) -> Iterator[list[tuple[str, ...]]]:
    """The schema that an empty database gets."""
    dsn, drop = new_database()
    with psycopg.connect(dsn) as connection:
        migrate(connection)
    yield query(dsn, _FINGERPRINT)
    drop()


def bring(dsn: str, *, up_to: int | None = None) -> list[str]:
    """Migrate."""
    with psycopg.connect(dsn) as connection:
        return migrate(connection, up_to=up_to)


def test_fingerprint_sees_what_matters(fresh_schema: list[tuple[str, ...]]) -> None:
    seen = {(kind, table) for kind, table, *_ in fresh_schema}
    assert {("hypertable", "sample"), ("trigger", "alert_event"), ("index", "sample"), ("constraint", "alert")} <= seen
    assert ("function", "refuse_change") in seen


@pytest.mark.parametrize("version", [one.version for one in migrations()])
def test_every_earlier_version_comes_to_the_schema_of_an_empty_database(
    database: str, version: int, fresh_schema: list[tuple[str, ...]]
) -> None:
    first = bring(database, up_to=version)
    rest = bring(database)
    assert [*first, *rest] == [one.name for one in migrations()]
    assert query(database, _FINGERPRINT) == fresh_schema


def test_migrating_again_does_nothing(database: str) -> None:
    bring(database)
    applied = query(database, "SELECT * FROM schema_migration ORDER BY version")
    assert bring(database) == []
    assert query(database, "SELECT * FROM schema_migration ORDER BY version") == applied


def test_versions_are_numbered_without_a_hole() -> None:
    assert [one.version for one in migrations()] == list(range(1, len(migrations()) + 1))


def test_file_that_was_changed_after_it_was_applied_is_refused(database: str) -> None:
    bring(database)
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE schema_migration SET sha256 = 'another' WHERE version = 2")
    with pytest.raises(MigrationRefused, match=r"0002_alerts\.sql was changed after it had been applied; restore"):
        bring(database)


def test_database_of_a_newer_parkwatch_is_refused_and_left_alone(database: str) -> None:
    bring(database, up_to=1)
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO schema_migration (version, name, sha256) VALUES (999, 'x', 'x')")
    with pytest.raises(MigrationRefused, match="the database is at version 999, this parkwatch knows"):
        bring(database)
    assert query(database, "SELECT to_regclass('alert')") == [(None,)]


def test_migration_that_fails_leaves_nothing_of_itself_and_all_of_those_before(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = migrations()
    broken = Migration(version=len(known) + 1, name="broken", sql="CREATE TABLE half (x int); SELECT 1 / 0")
    monkeypatch.setattr(migrate_module, "migrations", lambda: [*known, broken])
    with pytest.raises(psycopg.errors.DivisionByZero):
        bring(database)
    assert query(database, "SELECT to_regclass('half')") == [(None,)]
    assert query(database, "SELECT count(*) FROM schema_migration") == [(len(known),)]
    monkeypatch.undo()
    assert bring(database) == []


def test_services_that_start_at_once_migrate_once(database: str) -> None:
    done: list[str] = []
    threads = [threading.Thread(target=lambda: done.extend(bring(database))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [one.name for one in migrations()]


def test_database_without_timescaledb_is_refused_with_the_cure(database: str) -> None:
    with psycopg.connect(database) as connection:
        assert edition(connection) in ("apache", "timescale")
        connection.execute("DROP EXTENSION timescaledb CASCADE")
        connection.commit()
    with (
        psycopg.connect(database) as connection,
        pytest.raises(MigrationRefused, match="run CREATE EXTENSION timescaledb in it as a superuser"),
    ):
        edition(connection)


@pytest.mark.parametrize(
    "change", ["UPDATE alert_event SET body = ''", "DELETE FROM alert_event", "TRUNCATE alert_event"]
)
@pytest.mark.parametrize("rows", [0, 1])
def test_record_of_alerts_can_only_grow(database: str, change: str, rows: int) -> None:
    bring(database)
    with psycopg.connect(database, autocommit=True) as connection:
        for seq in range(rows):
            connection.execute(
                "INSERT INTO alert_event VALUES (gen_random_uuid(), %s, gen_random_uuid(), now(), 'body', 'hash')",
                [seq],
            )
        with pytest.raises(psycopg.errors.RaiseException, match=r"alert_event is append-only: \w+ refused"):
            connection.execute(change.encode())
        assert connection.execute("SELECT count(*) FROM alert_event").fetchone() == (rows,)


def test_database_knows_the_same_alarm_states_as_the_code(fresh_schema: list[tuple[str, ...]]) -> None:
    (check,) = (
        definition
        for kind, table, _, definition, *_ in fresh_schema
        if (kind, table) == ("constraint", "alert") and "state" in definition
    )
    assert set(re.findall(r"'(\w+)'", check)) == {state.value for state in State}
