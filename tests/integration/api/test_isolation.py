"""Beneath the query layer: the database shows a scope its own rows alone, and nothing is asked without a scope."""

import inspect
from collections.abc import Iterator

import psycopg
import pytest

from service.cases.reading import CaseQueries
from service.duty.reading import DutyQueries
from service.judge.reading import EmissionQueries
from service.store.queries import Queries
from service.store.records import RecordQueries
from service.store.scope import Scope
from tests.integration.api.conftest import Stored
from tests.integration.api.test_scope import full
from tests.unit.api.service_in_memory import ServiceInMemory

__all__ = ["full"]

ACME = Scope.only("acme", park="park").setting
#: Tables with an enterprise in every row.
OWNED = "SELECT table_name FROM information_schema.columns WHERE column_name = 'enterprise' AND table_schema = 'public'"


@pytest.fixture
def api(service: ServiceInMemory, store: Stored, full: dict[str, str]) -> Iterator[psycopg.Connection]:
    """As the service's own role, over a database full of both enterprises."""
    with psycopg.connect(store.dsn, autocommit=True, options="-c role=parkwatch_api") as connection:
        yield connection


def _see(api: psycopg.Connection, visible: str) -> None:
    api.execute("SELECT set_config('parkwatch.visible', %s, false)", (visible,))


def _tables(api: psycopg.Connection) -> list[str]:
    return [row[0] for row in api.execute(OWNED).fetchall()]


def test_every_table_with_an_enterprise_is_guarded(api: psycopg.Connection) -> None:
    guarded = api.execute("SELECT relname FROM pg_class WHERE relrowsecurity").fetchall()
    assert set(_tables(api)) <= {row[0] for row in guarded}


def test_raw_sql_under_the_services_role_sees_its_own_rows_alone(api: psycopg.Connection) -> None:
    _see(api, "*")
    everybody = {table: api.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() for table in _tables(api)}
    assert sum(1 for count in everybody.values() if count and count[0]) >= 7  # the tables are not empty
    _see(api, ACME)
    for table in _tables(api):
        owners = api.execute(f"SELECT DISTINCT enterprise FROM {table}".encode()).fetchall()
        assert {row[0] for row in owners} <= {"acme", "park"}, table


@pytest.mark.parametrize("table", ["alert_event", "emission_exceedance_event", "rule_version"])
def test_records_that_name_no_enterprise_are_guarded_by_what_they_are_about(
    api: psycopg.Connection, table: str
) -> None:
    _see(api, ACME)
    bodies = str(api.execute(f"SELECT * FROM {table}".encode()).fetchall())
    assert "borealis" not in bodies


def test_without_a_scope_nothing_is_seen(api: psycopg.Connection) -> None:
    for visible in (None, ""):
        if visible is not None:
            _see(api, visible)
        for table in [*_tables(api), "alert_event", "rule_version"]:
            assert api.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() == (0,), table


def test_the_role_writes_nothing_of_others_and_owns_nothing(api: psycopg.Connection) -> None:
    _see(api, ACME)
    for statement in (
        "UPDATE alert SET state = 'norm'",
        "DELETE FROM alert_event",
        "INSERT INTO dead_letter (received_at, origin, enterprise, address, reason, detail, raw)"
        " VALUES (now(), 'x', 'acme', 'x', 'x', 'x', 'x')",
        "ALTER TABLE alert DISABLE ROW LEVEL SECURITY",
        "DROP TABLE alert",
        "CREATE TABLE mine (x int)",
        "INSERT INTO notification"
        " (id, at, about, enterprise, channel, route, why, colour, state, attempt, step, reason, took_ms)"
        " VALUES (gen_random_uuid(), now(), '{}', 'borealis', '', '', '', '', 'sent', 1, 0, '', 0)",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            api.execute(statement.encode())
    owned = api.execute("SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = 'parkwatch_api'").fetchone()
    assert owned == (0,)


@pytest.mark.parametrize("kind", [Queries, EmissionQueries, CaseQueries, DutyQueries, RecordQueries])
def test_no_question_can_be_asked_without_a_scope(kind: type) -> None:
    inner = {"open", "close"}
    #: For the service's own work, never reached by a handler.
    inner.add("alerts_without_trace")
    for name, method in inspect.getmembers(kind, inspect.isfunction):
        if name.startswith("_") or name in inner:
            continue
        first = list(inspect.signature(method).parameters.values())[1]
        assert (first.name, first.annotation, first.default) == ("scope", Scope, inspect.Parameter.empty), name
