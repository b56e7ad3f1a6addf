"""What the store does by the way: old samples go, new ones stay, and how the connectors are is on record."""

import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from service.journal.journal import Journal
from service.store.housekeeping import Housekeeping, StorePolicy, community_policies
from service.store.migrate import edition, migrate
from tests.integration.store.stores import caught_up, journal_samples, query, registered, stored, until, writing
from tests.unit.service.making import S_US

_DAY_US = 86_400 * S_US


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal.db") as journal:
        registered(journal)
        yield journal


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database) as connection:
        migrate(connection)
        yield connection


def policy(**said: str) -> StorePolicy:
    """As written in the configuration."""
    return StorePolicy.model_validate(said)


def test_samples_past_their_retention_are_dropped_and_the_others_stay(database: str, journal: Journal) -> None:
    now_us = time.time_ns() // 1_000
    days = (40, 31.5, 29, 1, 0)
    journal_samples(journal, *[(1, now_us - round(day * _DAY_US), float(day)) for day in days], lag_ms=0)
    with writing(database, journal, policy=policy(retention="30d")) as writer:
        until(caught_up(writer, journal))
        if writer.status.edition == "timescale":
            pytest.skip("this edition has its own job for it")
        until(lambda: len(stored(database)) == 3)
    assert [one[2] for one in stored(database)] == [29.0, 1.0, 0.0]


def test_without_retention_nothing_is_dropped(connection: psycopg.Connection, database: str) -> None:
    connection.execute("INSERT INTO sample VALUES (1, '2001-01-01', 1, 0, 0)")
    connection.commit()
    keeper = Housekeeping(policy(), list)
    keeper.prepare(connection, edition(connection))
    keeper.run(connection, 0.0)
    assert len(stored(database)) == 1


def test_retention_is_looked_at_once_an_hour(connection: psycopg.Connection, database: str) -> None:
    keeper = Housekeeping(policy(retention="30d"), list)
    keeper.prepare(connection, "apache")
    for now_s, left in ((0.0, 0), (3_599.0, 1), (3_600.0, 0)):
        connection.execute("INSERT INTO sample VALUES (1, '2001-01-01', 1, 0, 0) ON CONFLICT DO NOTHING")
        connection.commit()
        keeper.run(connection, now_s)
        assert len(stored(database)) == left


def test_chunks_are_as_long_as_the_policy_says(connection: psycopg.Connection, database: str) -> None:
    Housekeeping(policy(chunk_interval="3h"), list).prepare(connection, "apache")
    asked = "SELECT time_interval::text FROM timescaledb_information.dimensions WHERE hypertable_name = 'sample'"
    assert query(database, asked) == [("03:00:00",)]


def test_community_edition_gets_its_policies() -> None:
    statements = community_policies(policy(retention="30d", compress_after="7d"))
    assert statements[0] == "SELECT remove_retention_policy('sample', if_exists => true)"
    assert "SELECT add_retention_policy('sample', interval '2592000000000 microseconds')" in statements
    assert "SELECT remove_compression_policy('sample', if_exists => true)" in statements
    assert "SELECT add_compression_policy('sample', interval '604800000000 microseconds')" in statements
    (turn_on,) = (one for one in statements if "ALTER TABLE" in one)
    assert "timescaledb.compress_segmentby = 'tag'" in turn_on
    assert "IF NOT (SELECT compression_enabled" in turn_on, "a second start must not change what is compressed"


def test_policies_that_were_taken_out_of_the_configuration_are_taken_off() -> None:
    silent = StorePolicy(retention=None, compress_after=None)
    assert community_policies(silent) == [
        "SELECT remove_retention_policy('sample', if_exists => true)",
        "SELECT remove_compression_policy('sample', if_exists => true)",
    ]


def test_policy_statements_are_valid_sql_and_read_the_real_catalogue(connection: psycopg.Connection) -> None:
    if edition(connection) == "timescale":
        for statement in community_policies(policy(retention="30d")) * 2:
            connection.execute(statement.encode())
        return
    for statement in community_policies(policy(retention="30d")):
        with pytest.raises(psycopg.errors.FeatureNotSupported, match="apache"), connection.transaction():
            connection.execute(statement.encode())


def test_health_is_recorded_when_it_changes_and_every_five_minutes(
    connection: psycopg.Connection, database: str
) -> None:
    state = "connected"
    keeper = Housekeeping(policy(), lambda: [("dcs", state, {"received": 5, "bad_addresses": {"ns=2;s=X": "无"}})])
    for now_s in (0.0, 1.0, 2.0):
        keeper.run(connection, now_s)
    state = "disconnected"
    keeper.run(connection, 3.0)
    keeper.run(connection, 4.0)
    keeper.run(connection, 300.0)
    rows = query(database, "SELECT connector, state, body FROM connector_health ORDER BY at")
    body = {"received": 5, "bad_addresses": {"ns=2;s=X": "无"}}
    assert rows == [("dcs", "connected", body), ("dcs", "disconnected", body), ("dcs", "disconnected", body)]


def test_only_the_connector_that_changed_is_recorded_between(connection: psycopg.Connection, database: str) -> None:
    states = {"dcs": "connected", "mqtt": "connected"}
    keeper = Housekeeping(policy(), lambda: [(name, state, {}) for name, state in states.items()])
    keeper.run(connection, 0.0)
    states["mqtt"] = "disconnected"
    keeper.run(connection, 1.0)
    rows = query(database, "SELECT connector, state FROM connector_health ORDER BY at, connector")
    assert rows == [("dcs", "connected"), ("mqtt", "connected"), ("mqtt", "disconnected")]


def test_records_past_their_age_are_deleted_and_the_others_stay(connection: psycopg.Connection, database: str) -> None:
    for days in (31, 29):
        connection.execute(
            "INSERT INTO dead_letter (received_at, origin, enterprise, address, reason, detail, raw)"
            " VALUES (now() - make_interval(days => %s), 'dcs', '', '', 'future', %s, '')",
            (days, str(days)),
        )
        connection.execute(
            "INSERT INTO connector_health VALUES (%s, now() - make_interval(days => %s), 'connected', '{}')",
            (str(days), days),
        )
    keeper = Housekeeping(policy(keep_records="30d"), list)
    keeper.run(connection, 0.0)
    assert query(database, "SELECT detail FROM dead_letter") == [("29",)]
    assert query(database, "SELECT connector FROM connector_health") == [("29",)]
