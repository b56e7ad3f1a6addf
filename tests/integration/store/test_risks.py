"""Changes of risk reach the database once, in whatever order it comes and goes, and cannot be altered there."""

import itertools
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from deploy.embedded import EmbeddedPostgres
from service.journal.journal import Journal
from service.risk import RiskChange
from service.store import risks
from service.store.migrate import migrate
from tests.integration.store.stores import query, registered, until, writing
from tests.unit.service.making import NOON_US, S_US

_names = itertools.count(1)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal.db") as journal:
        registered(journal)
        yield journal


def change(seq: int, colour: str = "orange") -> RiskChange:
    return RiskChange(
        seq=seq,
        at_us=NOON_US + seq * S_US,
        subject="acme.tank",
        kind="source",
        enterprise="acme",
        colour=colour,
        was="blue",
        score=60.0,
        why="orange (60) because acme.tank: LT HH\0 for 12 min (+50)",
    )


def test_changes_wait_for_a_database_that_comes_later(postgres: EmbeddedPostgres, journal: Journal) -> None:
    name = f"later_risk_{next(_names)}"
    waiting = deque([change(1), change(2)])
    with writing(postgres.dsn_of(name), journal, risks=waiting) as writer:
        until(lambda: writer.status.state == "down")
        waiting.append(change(3))
        assert len(waiting) == 3
        postgres.create_database(name)
        until(lambda: not waiting)
    dsn = postgres.dsn_of(name)
    assert query(dsn, "SELECT seq FROM risk_history ORDER BY seq") == [(1,), (2,), (3,)]
    postgres.drop_database(name)


def test_stopping_waits_for_what_is_left(database: str, journal: Journal) -> None:
    waiting = deque(change(seq) for seq in range(1, 200))
    with writing(database, journal, risks=waiting):
        pass
    assert query(database, "SELECT count(*) FROM risk_history") == [(199,)]


def test_written_again_they_change_nothing_and_nobody_alters_them(database: str, journal: Journal) -> None:
    with psycopg.connect(database) as connection:
        migrate(connection)
        for _ in range(2):
            risks.write(connection, journal.id, [change(1)])
        risks.write(connection, journal.id, [change(1, "red")])
    ((colour, why, at),) = query(database, "SELECT colour, why, at FROM risk_history")
    assert (colour, "\ufffd" in why, at.timestamp()) == ("orange", True, NOON_US / 1e6 + 1)
    for statement in ("UPDATE risk_history SET colour = 'blue'", "DELETE FROM risk_history"):
        with psycopg.connect(database) as connection, pytest.raises(psycopg.Error, match="append-only"):
            connection.execute(statement.encode())
