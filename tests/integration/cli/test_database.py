"""``parkwatch db migrate`` and ``parkwatch audit verify``, on a real database."""

import json

import psycopg
import pytest

from rules.transition import Change
from service.alerts.book import AlertBook, Facts
from service.store import events as event_rows
from tests.integration.cli.conftest import Run
from tests.unit.service.making import NOON_US, S_US, transition

_CHAIN = "0c1e3f52-7a77-4d4f-9a55-2f6d1ce1a0de"
_NOBODY = "postgresql://nobody@127.0.0.1:1/none"


@pytest.fixture
def with_events(run: Run, database: str) -> str:
    """A database with the record of one alert: raised, risen, cleared."""
    assert run("db", "migrate", DATABASE_URL=database).exit_code == 0
    book = AlertBook(_CHAIN, lambda rule, target, level: Facts(priority=2, enterprise="acme", source="tank", unit="%"))
    changes = [
        transition(),
        transition(Change.LEVEL_UP, level="HH", effective_us=NOON_US + S_US),
        transition(Change.CLEARED, level="HH", effective_us=NOON_US + 2 * S_US),
    ]
    with psycopg.connect(database) as connection:
        event_rows.write(connection, book.apply(changes, NOON_US + 3 * S_US))
    return database


def _tamper(database: str, statement: str) -> None:
    """As whoever owns the database could: the trigger that refuses changes is turned off first."""
    with psycopg.connect(database) as connection:
        connection.execute("ALTER TABLE alert_event DISABLE TRIGGER alert_event_append_only")
        connection.execute(statement.encode())
        connection.execute("ALTER TABLE alert_event ENABLE TRIGGER alert_event_append_only")


def test_schema_is_made_and_the_second_time_nothing_is_left_to_do(run: Run, database: str) -> None:
    first = run("db", "migrate", "--json", DATABASE_URL=database)
    again = run("db", "migrate", "--json", DATABASE_URL=database)
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert json.loads(first.stdout)["applied"]
    assert json.loads(again.stdout)["applied"] == []
    assert json.loads(again.stdout)["edition"] in ("apache", "timescale")
    assert "the schema is up to date" in run("db", "migrate", DATABASE_URL=database).stdout


@pytest.mark.parametrize("command", [("db", "migrate"), ("audit", "verify")])
def test_without_an_address_it_says_where_to_put_one(run: Run, command: tuple[str, ...]) -> None:
    refused = run(*command)
    assert refused.exit_code == 1
    assert "DATABASE_URL" in refused.stderr


@pytest.mark.parametrize("command", [("db", "migrate"), ("audit", "verify")])
def test_database_that_does_not_answer_is_told_in_words(run: Run, command: tuple[str, ...]) -> None:
    refused = run(*command, DATABASE_URL=_NOBODY)
    assert refused.exit_code == 1
    assert "the database does not answer" in refused.stderr


def test_untouched_record_is_whole(run: Run, with_events: str) -> None:
    verified = run("audit", "verify", DATABASE_URL=with_events)
    assert verified.exit_code == 0
    assert f"chain {_CHAIN}: 3 events, whole" in verified.stdout


def test_empty_record_is_whole_too(run: Run, database: str) -> None:
    run("db", "migrate", DATABASE_URL=database)
    verified = run("audit", "verify", DATABASE_URL=database)
    assert (verified.exit_code, verified.stdout) == (0, "no alert events yet\n")


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        pytest.param(
            "UPDATE alert_event SET body = replace(body, '81.5', '79.5') WHERE seq = 2", "event 2", id="altered"
        ),
        pytest.param("DELETE FROM alert_event WHERE seq = 2", "events 2 to 2 are missing", id="removed"),
        pytest.param("DELETE FROM alert_event WHERE seq = 3", "the chain ends at 2", id="cut off"),
    ],
)
def test_tampering_by_the_owner_of_the_database_is_found_and_named(
    run: Run, with_events: str, statement: str, fault: str
) -> None:
    _tamper(with_events, statement)
    verified = run("audit", "verify", DATABASE_URL=with_events)
    assert verified.exit_code == 1
    assert "FAULTY" in verified.stdout
    assert fault in verified.stdout


def test_faults_are_told_to_a_machine_too(run: Run, with_events: str) -> None:
    _tamper(with_events, "UPDATE alert_event SET hash = repeat('0', 64) WHERE seq = 1")
    verified = run("audit", "verify", "--json", DATABASE_URL=with_events)
    [chain] = json.loads(verified.stdout)
    assert (verified.exit_code, chain["events"]) == (1, 3)
    assert any("event 1" in fault for fault in chain["faults"])


def test_record_cannot_be_altered_by_the_way(with_events: str) -> None:
    with psycopg.connect(with_events) as connection, pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        connection.execute("UPDATE alert_event SET body = '' WHERE seq = 1")
