"""The store writer: every journal row is in the database once, whatever comes in twice and whatever restarts."""

import math
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psycopg
import pytest

from park.batch import SampleBatch
from park.quality import LATE
from service.journal.journal import Journal
from service.store.housekeeping import StorePolicy
from service.store.migrate import migrate
from tests.integration.store.stores import caught_up, journal_samples, query, registered, stored, times, until, writing
from tests.unit.service.making import NOON_US, PARK_YAML, S_US, batch_of

LT, TT, NO, WIND = "acme.tank.LT", "acme.tank.TT", "zeta.outlet.NO", "park.weather.wind"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal.db") as journal:
        registered(journal)
        yield journal


def write_all(dsn: str, journal: Journal) -> None:
    """A writer comes, catches up, and goes."""
    with writing(dsn, journal) as writer:
        until(caught_up(writer, journal))


def test_value_quality_and_lag_are_stored_as_they_were_journalled(database: str, journal: Journal) -> None:
    samples = [(1, NOON_US, 81.5, 0), (2, NOON_US - 250_000, math.nan, 2), (0, NOON_US + 3, -0.0, 1 | LATE)]
    received_us = NOON_US + 1_999_999
    journal.append(received_us=received_us, batch=batch_of(*samples))
    write_all(database, journal)
    lt, tt, wind = stored(database)
    assert lt == (LT, NOON_US, 81.5, 0, 1_999)
    assert (tt[:2], math.isnan(tt[2]), tt[3:]) == ((TT, NOON_US - 250_000), True, (2, 2_249))
    assert wind == (WIND, NOON_US + 3, 0.0, 1 | LATE, 1_999)


def test_clock_ahead_of_ours_gives_a_negative_lag(database: str, journal: Journal) -> None:
    journal.append(received_us=NOON_US, batch=batch_of((1, NOON_US + 5 * S_US, 1.0)))
    write_all(database, journal)
    assert stored(database) == [(LT, NOON_US + 5 * S_US, 1.0, 0, -5_000)]


def test_rows_are_stored_once_across_many_restarts(database: str, journal: Journal) -> None:
    for i, at_us in enumerate(times(30, NOON_US)):
        journal_samples(journal, (1, at_us, float(i)), (3, at_us, -float(i)))
        if i % 7 == 0:
            write_all(database, journal)
    with writing(database, journal) as writer:
        until(caught_up(writer, journal))
    assert [one[2] for one in stored(database) if one[0] == LT] == [float(i) for i in range(30)]
    assert len(stored(database)) == 60


def test_what_is_delivered_again_is_left_out_and_counted(database: str, journal: Journal) -> None:
    rows = [(1, at_us, float(i)) for i, at_us in enumerate(times(10, NOON_US))]
    journal_samples(journal, *rows)
    with writing(database, journal) as writer:
        until(caught_up(writer, journal))
        journal_samples(journal, *rows[3:], (1, NOON_US + 99 * S_US, 99.0))
        until(caught_up(writer, journal))
        journal_samples(journal, (2, NOON_US, 7.0))
        until(caught_up(writer, journal))
        assert (writer.status.stored, writer.status.duplicates) == (12, 7)
    assert [one[2] for one in stored(database)] == [*map(float, range(10)), 99.0, 7.0]


def test_of_two_values_for_one_tag_and_time_the_first_stays(database: str, journal: Journal) -> None:
    journal_samples(journal, (1, NOON_US, 1.0), (1, NOON_US, 2.0))
    write_all(database, journal)
    journal_samples(journal, (1, NOON_US, 3.0))
    write_all(database, journal)
    assert [one[2] for one in stored(database)] == [1.0]


def test_backlog_larger_than_one_copy_is_stored_whole(database: str, journal: Journal) -> None:
    count = 60_000
    for start in range(3):
        tag = np.full(count, start, dtype=np.int32)
        time_us = NOON_US + np.arange(count, dtype=np.int64) * 1_000
        batch = SampleBatch(
            tag=tag, time_us=time_us, value=time_us / 7, quality=tag.astype(np.uint8), received_us=0, origin="dcs"
        )
        journal.append(received_us=NOON_US + 100 * S_US + start, batch=batch)
    write_all(database, journal)
    assert query(database, "SELECT count(*), count(DISTINCT tag) FROM sample") == [(180_000, 3)]


def test_tags_have_an_index_of_the_databases_own(database: str, journal: Journal, tmp_path: Path) -> None:
    with Journal(tmp_path / "other.db") as other:
        text = PARK_YAML.replace("id: acme", "id: older")
        with writing(database, other, registered(other, text)) as writer:
            until(caught_up(writer, other))
    journal_samples(journal, (1, NOON_US, 1.0), (3, NOON_US, 3.0))
    write_all(database, journal)
    assert [one[:3] for one in stored(database)] == [(LT, NOON_US, 1.0), (NO, NOON_US, 3.0)]
    assert query(database, "SELECT count(*) FROM tag") == [(6,)]


def test_tag_table_follows_the_park_file(database: str, journal: Journal) -> None:
    write_all(database, journal)
    before = query(database, "SELECT id, ix FROM tag ORDER BY id")
    text = PARK_YAML.replace("unit: °C", "unit: K")
    with writing(database, journal, registered(journal, text)) as writer:
        until(caught_up(writer, journal))
    assert query(database, "SELECT enterprise, source, quantity, unit FROM tag WHERE id = %s", TT) == [
        ("acme", "acme.tank", "temperature", "K")
    ]
    assert query(database, "SELECT id, ix FROM tag ORDER BY id") == before


def test_backlog_of_tags_that_have_left_the_park_meanwhile_is_stored_under_their_names(
    database: str, journal: Journal
) -> None:
    journal_samples(journal, (1, NOON_US, 1.0), (2, NOON_US, 2.0), (3, NOON_US, 3.0))
    text = PARK_YAML[: PARK_YAML.index("  - id: zeta")].replace("LT,", "LT-new,")
    with writing(database, journal, registered(journal, text)) as writer:
        until(caught_up(writer, journal))
    assert [one[:3] for one in stored(database)] == [(LT, NOON_US, 1.0), (TT, NOON_US, 2.0), (NO, NOON_US, 3.0)]
    assert query(database, "SELECT enterprise, source FROM tag WHERE id = %s", NO) == [("zeta", "zeta.outlet")]


def test_new_journal_begins_at_its_own_beginning(database: str, journal: Journal, tmp_path: Path) -> None:
    journal_samples(journal, (1, NOON_US, 1.0))
    journal_samples(journal, (1, NOON_US + 1, 1.0))
    write_all(database, journal)
    with Journal(tmp_path / "new.db") as new:
        registered(new)
        journal_samples(new, (1, NOON_US + 2, 1.0))
        write_all(database, new)
    assert len(stored(database)) == 3
    assert query(database, "SELECT position FROM journal_reader ORDER BY position") == [(1,), (2,)]


def test_journal_put_back_from_a_backup_loses_no_new_rows(database: str, journal: Journal) -> None:
    journal_samples(journal, (1, NOON_US, 1.0))
    write_all(database, journal)
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE journal_reader SET position = 500")
    journal_samples(journal, (1, NOON_US + 1, 2.0))
    write_all(database, journal)
    assert [one[2] for one in stored(database)] == [1.0, 2.0]


def test_rows_that_only_carry_the_time_move_the_position(database: str, journal: Journal) -> None:
    for i in range(5):
        journal.append(received_us=NOON_US + i, batch=None)
    with writing(database, journal) as writer:
        until(caught_up(writer, journal))
        assert writer.status.position_us == NOON_US + 4
    assert query(database, "SELECT position FROM journal_reader") == [(5,)]


def test_stopping_writes_what_the_journal_has(database: str, journal: Journal) -> None:
    with writing(database, journal) as writer:
        until(caught_up(writer, journal))
        journal_samples(journal, (1, NOON_US, 1.0))
    assert len(stored(database)) == 1


def test_defect_of_ours_is_told_and_tried_again(database: str, journal: Journal) -> None:
    broken = True

    def health() -> list[tuple[str, str, dict[str, object]]]:
        if broken:
            raise KeyError("a defect")
        return [("dcs", "connected", {"received": 5})]

    journal_samples(journal, (1, NOON_US, 1.0))
    with writing(database, journal, health=health) as writer:
        until(lambda: writer.status.state == "down")
        assert "a defect" in writer.status.error
        broken = False
        until(caught_up(writer, journal))
    assert len(stored(database)) == 1


def test_schema_is_left_alone_where_it_is_not_ours_to_change(database: str, journal: Journal) -> None:
    with writing(database, journal, policy=StorePolicy(auto_migrate=False)) as writer:
        until(lambda: writer.status.state == "down")
        assert query(database, "SELECT to_regclass('sample')") == [(None,)]
        with psycopg.connect(database) as connection:
            migrate(connection)
        until(caught_up(writer, journal))


def test_database_of_a_newer_parkwatch_gets_nothing_and_the_reason_is_told(database: str, journal: Journal) -> None:
    with psycopg.connect(database) as connection:
        migrate(connection)
        connection.execute("INSERT INTO schema_migration (version, name, sha256) VALUES (999, 'x', 'x')")
    journal_samples(journal, (1, NOON_US, 1.0))
    with writing(database, journal) as writer:
        until(lambda: "the database is at version 999" in writer.status.error)
        began_s = time.monotonic()
        writer.stop()
        assert time.monotonic() - began_s < 5
    assert stored(database) == []
