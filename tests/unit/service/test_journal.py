"""The journal keeps what it took, in order, whatever happens to the process and the disk."""

import sqlite3
import threading
import time
from pathlib import Path

import pytest

from connectors.base import Gap
from park.batch import DeadLetter
from rules.transition import alert_id
from service.alerts.book import Command, Raise
from service.alerts.states import Trigger
from service.journal.journal import Journal, JournalFailed, JournalInUse
from service.journal.rows import NO_EXTRAS, Extras, Row
from tests.unit.service.making import NOON_US, batch_of, rows_of

EXTRAS = Extras(
    letters=(
        DeadLetter(
            origin="mqtt", received_us=1, reason="undecodable", detail="坏的 \0", raw=b"\xff\x00{", address="a/b"
        ),
    ),
    commands=(
        Command(id="c1", trigger=Trigger.ACK, alert_id="a1", by="王", reason="看到了", level="HH"),
        Raise(id=alert_id("service", "x", "", 5), target="x", onset_us=5, effective_us=6, why="full", cleared=True),
        Command(id="c2", trigger=Trigger.COMMENT, alert_id="a1", by="li"),
    ),
    gaps=(
        Gap(connector="dcs", from_us=1, to_us=2, reason="restart", refilled=7),
        Gap(connector="dcs", from_us=3, to_us=4, reason="lost"),
    ),
    start=True,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "journal.db"


def essence(row: Row) -> tuple[object, ...]:
    """All of a row that matters, comparable."""
    batch = row.batch
    about = None if batch is None else (rows_of(batch), batch.received_us, batch.origin)
    return row.position, row.received_us, about, row.extras


def fill(journal: Journal, rows: int, *, samples: int = 1) -> None:
    """So many rows more."""
    for _ in range(rows):
        at_us = journal.last_received_us + 1
        journal.append(received_us=at_us, batch=batch_of(*[(1, at_us + i, 1.0) for i in range(samples)]))


def fill_up(journal: Journal, *, samples: int = 500) -> str:
    """Rows until it refuses; why it does."""
    with pytest.raises(JournalFailed) as caught:
        fill(journal, 1_000_000, samples=samples)
    return str(caught.value)


def test_row_reads_back_as_it_was_written(path: Path) -> None:
    with Journal(path) as journal:
        written = journal.append(received_us=NOON_US, batch=batch_of((1, 5, 2.5), (2, 6, float("nan"), 2)))
    with Journal(path) as journal:
        (read,) = journal.read(0)
    assert (read.position, read.received_us, read.extras) == (1, NOON_US, NO_EXTRAS)
    assert read.batch is not None
    assert written.batch is not None
    assert read.batch.to_bytes() == written.batch.to_bytes()


def test_letters_commands_and_gaps_read_back_as_they_were_written(path: Path) -> None:
    with Journal(path) as journal:
        journal.append(received_us=1, batch=None, extras=EXTRAS)
    with Journal(path) as journal:
        (read,) = journal.read(0)
    assert read.extras == EXTRAS
    assert [type(one) for one in read.extras.commands] == [Command, Raise, Command], "and in the order asked"
    assert read.batch is None


def test_row_without_samples_carries_the_time_alone(path: Path) -> None:
    with Journal(path) as journal:
        row = journal.append(received_us=NOON_US, batch=batch_of())
        assert (row.batch, row.extras) == (None, NO_EXTRAS)
        assert not row.extras


def test_what_is_read_from_disk_equals_what_is_read_from_memory(path: Path) -> None:
    with Journal(path) as journal:
        for i in range(1, 200):
            extras = EXTRAS if i % 7 == 0 else NO_EXTRAS
            journal.append(received_us=i, batch=batch_of((i, i, i / 3)) if i % 3 else None, extras=extras)
        from_memory = [essence(row) for row in journal.read(0)]
    with Journal(path) as journal:
        from_disk: list[tuple[object, ...]] = []
        while rows := journal.read(len(from_disk)):
            from_disk += [essence(row) for row in rows]
    assert len(from_memory) == 199
    assert from_disk == from_memory


def test_reader_far_behind_gets_every_row_once(path: Path) -> None:
    with Journal(path) as journal:
        fill(journal, 700)
        position, seen = 0, 0
        while rows := journal.read(position):
            assert [row.position for row in rows] == list(range(position + 1, position + 1 + len(rows)))
            position, seen = rows[-1].position, seen + len(rows)
    assert seen == 700


def test_read_stops_before_the_sample_limit_but_always_gives_one_row(path: Path) -> None:
    with Journal(path) as journal:
        fill(journal, 3, samples=100)
        assert [row.position for row in journal.read(0, max_samples=250)] == [1, 2]
        assert [row.position for row in journal.read(0, max_samples=1)] == [1]
        assert [row.position for row in journal.read(1, max_rows=1)] == [2]
        assert journal.read(3) == []


def test_positions_are_never_given_out_twice_even_when_all_is_trimmed(path: Path) -> None:
    with Journal(path) as journal:
        fill(journal, 5)
        journal.trim(5)
        assert journal.read(journal.trimmed) == []
    with Journal(path) as journal:
        assert (journal.trimmed, journal.last_position) == (5, 5)
        fill(journal, 1)
        assert [row.position for row in journal.read(5)] == [6]


def test_time_of_the_newest_row_outlives_its_trimming(path: Path) -> None:
    with Journal(path) as journal:
        journal.append(received_us=NOON_US, batch=None)
        journal.trim(1)
    with Journal(path) as journal:
        assert journal.last_received_us == NOON_US, "or the next row could be older than what was processed"


def test_trimming_beyond_the_end_trims_to_the_end(path: Path) -> None:
    with Journal(path) as journal:
        fill(journal, 2)
        journal.trim(99)
        fill(journal, 1)
    with Journal(path) as journal:
        assert [row.position for row in journal.read(journal.trimmed)] == [3]


def test_identity_stays_and_is_the_journals_own(path: Path, tmp_path: Path) -> None:
    with Journal(path) as journal, Journal(tmp_path / "other.db") as other:
        first = journal.id
        assert other.id != first
    with Journal(path) as journal:
        assert journal.id == first


def test_second_instance_is_refused_with_the_cure(path: Path) -> None:
    with Journal(path), pytest.raises(JournalInUse, match=r"journal\.db is in use by another parkwatch; stop it or"):
        Journal(path)
    Journal(path).close()


def test_file_that_is_no_journal_is_refused_and_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is a letter to the works council" * 100)
    with pytest.raises(JournalFailed, match="cannot be used: file is not a database; make room on the disk, or"):
        Journal(path)
    assert path.read_bytes().startswith(b"this is a letter")
    path.unlink()
    Journal(path).close()


def test_tags_are_numbered_on_and_keep_their_numbers(path: Path) -> None:
    with Journal(path) as journal:
        assert journal.register_tags(["a", "b"]) == {"a": 0, "b": 1}
        assert journal.register_tags(["c", "a", "c"]) == {"a": 0, "b": 1, "c": 2}
    with Journal(path) as journal:
        assert journal.register_tags(["d"]) == {"a": 0, "b": 1, "c": 2, "d": 3}
        assert journal.register_tags([]) == journal.known_tags() == {"a": 0, "b": 1, "c": 2, "d": 3}


def test_state_is_kept_and_replaced(path: Path) -> None:
    with Journal(path) as journal:
        assert journal.load_state("checkpoint") is None
        journal.save_state("checkpoint", b"one")
        journal.save_state("checkpoint", b"\0two")
    with Journal(path) as journal:
        assert journal.load_state("checkpoint") == b"\0two"


def test_full_journal_refuses_rows_and_takes_them_again_after_a_trim(path: Path) -> None:
    with Journal(path, max_bytes=400_000) as journal:
        assert "full" in fill_up(journal)
        held = journal.last_position
        assert journal.path.stat().st_size <= 400_000
        assert [row.position for row in journal.read(0, max_rows=1_000, max_samples=10**9)] == list(range(1, held + 1))
        journal.trim(held - 2)
        fill(journal, 1, samples=500)
        assert journal.last_position == held + 1
    with Journal(path, max_bytes=400_000) as journal:
        assert [row.position for row in journal.read(journal.trimmed)] == [held - 1, held, held + 1]


def test_full_journal_still_takes_the_checkpoint_without_which_it_could_not_be_trimmed(path: Path) -> None:
    with Journal(path, max_bytes=400_000) as journal:
        fill_up(journal, samples=1)
        journal.save_state("checkpoint", bytes(1_000_000))
        journal.register_tags(f"enterprise.source.tag-{i}" for i in range(1_000))
        fill_up(journal, samples=1)
    with Journal(path) as journal:
        assert journal.load_state("checkpoint") == bytes(1_000_000)
        assert len(journal.register_tags([])) == 1_000


def test_refused_tags_leave_the_journal_usable(path: Path) -> None:
    with Journal(path) as journal:
        with sqlite3.connect(path) as other:
            other.execute("CREATE TRIGGER no BEFORE INSERT ON tag BEGIN SELECT RAISE(FAIL, 'no more tags'); END")
        other.close()
        with pytest.raises(JournalFailed, match="no more tags"):
            journal.register_tags(["a"])
        fill(journal, 1)
    with Journal(path) as journal:
        assert len(journal.read(0)) == 1, "the row was committed, not left in the transaction that failed"


def test_waiting_reader_wakes_for_a_row_and_not_before(path: Path) -> None:
    with Journal(path) as journal:
        assert not journal.wait_beyond(0, 0.01)
        writer = threading.Timer(0.05, fill, (journal, 1))
        writer.start()
        began_s = time.perf_counter()
        assert journal.wait_beyond(0, 10)
        assert time.perf_counter() - began_s < 5
        assert journal.wait_beyond(0, 0), "what is there already needs no waiting"
        writer.join()


def test_readers_in_other_threads_see_all_rows_in_order(path: Path) -> None:
    seen: dict[int, list[int]] = {0: [], 1: []}

    def read(journal: Journal, into: list[int]) -> None:
        while len(into) < 300:
            journal.wait_beyond(len(into), 1)
            into += [row.position for row in journal.read(len(into), max_rows=7)]

    with Journal(path) as journal:
        readers = [threading.Thread(target=read, args=(journal, into)) for into in seen.values()]
        for reader in readers:
            reader.start()
        fill(journal, 300)
        for reader in readers:
            reader.join()
    assert seen == {0: list(range(1, 301)), 1: list(range(1, 301))}


def test_size_tells_what_is_on_the_disk(path: Path) -> None:
    with Journal(path) as journal:
        before = journal.size_bytes
        fill(journal, 10, samples=10_000)
        assert journal.size_bytes - before > 10 * 10_000 * 21
