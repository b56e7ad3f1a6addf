"""The database goes away and comes back; the journal keeps what it owes, and pays it once."""

import itertools
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.embedded import EmbeddedPostgres
from service.journal.journal import Journal
from tests.integration.store.stores import caught_up, journal_samples, registered, stored, until, writing
from tests.unit.service.making import NOON_US, S_US

_names = itertools.count(1)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal.db") as journal:
        registered(journal)
        yield journal


@pytest.fixture
def own_postgres(server_directory: Path) -> Iterator[EmbeddedPostgres]:
    """A server to be killed."""
    server = EmbeddedPostgres(server_directory / "outage", fsync=False, shared_buffers_mb=128)
    with server:
        yield server
    server.destroy()


def test_database_that_appears_later_gets_all_there_was(postgres: EmbeddedPostgres, journal: Journal) -> None:
    name = f"later_{next(_names)}"
    dsn = postgres.dsn_of(name)
    for i in range(5):
        journal_samples(journal, (1, NOON_US + i * S_US, float(i)))
    with writing(dsn, journal) as writer:
        until(lambda: writer.status.state == "down")
        assert f'database "{name}" does not exist' in writer.status.error
        journal_samples(journal, (1, NOON_US + 9 * S_US, 9.0))
        postgres.create_database(name)
        until(caught_up(writer, journal))
        assert writer.status.error == ""
    assert [one[2] for one in stored(dsn)] == [0.0, 1.0, 2.0, 3.0, 4.0, 9.0]
    postgres.drop_database(name)


def test_stopping_without_a_database_is_prompt_and_loses_nothing(postgres: EmbeddedPostgres, journal: Journal) -> None:
    name = f"later_{next(_names)}"
    journal_samples(journal, (1, NOON_US, 1.0))
    with writing(postgres.dsn_of(name), journal) as writer:
        until(lambda: writer.status.state == "down")
        began_s = time.monotonic()
        writer.stop()
        assert time.monotonic() - began_s < 5
    dsn = postgres.create_database(name)
    with writing(dsn, journal) as writer:
        until(caught_up(writer, journal))
    assert len(stored(dsn)) == 1
    postgres.drop_database(name)


def test_killed_stopped_and_frozen_under_load_the_database_has_every_row_once(
    own_postgres: EmbeddedPostgres, journal: Journal
) -> None:
    dsn = own_postgres.create_database("load")
    enough = threading.Event()

    def load() -> None:
        for i in itertools.count():
            if enough.is_set():
                return
            at_us = NOON_US + i * 10_000
            again_us = max(NOON_US, at_us - 500_000)
            journal_samples(journal, *[(tag, at_us, float(i)) for tag in range(4)], (1, again_us, -1.0), lag_ms=0)
            time.sleep(0.002)

    source = threading.Thread(target=load)
    with writing(dsn, journal) as writer:
        until(caught_up(writer, journal))
        source.start()
        for fault in ("kill", "fast", "pause", "kill"):
            seen = writer.status.stored
            until(lambda seen=seen: writer.status.stored > seen)  # type: ignore[misc]
            if fault == "pause":
                own_postgres.pause()
                time.sleep(0.5)
                own_postgres.resume()
                continue
            own_postgres.kill() if fault == "kill" else own_postgres.stop("fast")
            until(lambda: writer.status.state == "down")
            own_postgres.start()
            until(lambda: writer.status.state == "up")
        enough.set()
        source.join()
        until(caught_up(writer, journal))
    rows = stored(dsn)
    count = len({time_us for _, time_us, *_ in rows})
    assert len(rows) == len({(tag, time_us) for tag, time_us, *_ in rows}) == 4 * count
    assert journal.last_position == count
    assert all(value == (time_us - NOON_US) // 10_000 for _, time_us, value, *_ in rows), "the first value stayed"
