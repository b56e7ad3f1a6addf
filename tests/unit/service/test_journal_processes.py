"""The journal between processes: one owner at a time, nothing lost by kill -9, and a disk that says no."""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.journal.journal import Journal, JournalInUse
from tests.unit.service.making import batch_of, rows_of

_WRITER = """
import sys
from pathlib import Path
from service.journal.journal import Journal
from tests.unit.service.making import batch_of
journal = Journal(Path(sys.argv[1]))
for i in range(journal.last_position + 1, 10_000_000):
    journal.append(received_us=i, batch=batch_of(*[(tag, i, i / 3) for tag in range(20)]))
    if i % 10 == 0:
        journal.trim(i - 50)
        journal.save_state("checkpoint", b"%d" % i)
    sys.stdout.write(f"{i}\\n")
    sys.stdout.flush()
"""

_HOLDER = """
import sys, time
from pathlib import Path
from service.journal.journal import Journal
journal = Journal(Path(sys.argv[1]))
print("open", flush=True)
time.sleep(600)
"""

_SMALL_DISK = """
import resource, sys
from pathlib import Path
from service.journal.journal import Journal, JournalFailed
from tests.unit.service.making import batch_of
journal = Journal(Path(sys.argv[1]))
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, most))   # a file may grow no larger: the disk is full
taken = refused = 0
for i in range(1, 200):
    try:
        journal.append(received_us=i, batch=batch_of(*[(tag, i, i / 3) for tag in range(500)]))
        taken += 1
    except JournalFailed:
        refused += 1
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
journal.append(received_us=1000, batch=batch_of((7, 7, 7.0)))
print(taken, refused, journal.last_position)
"""


@contextlib.contextmanager
def running(program: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that works on the journal; killed at the end, if it is not dead yet."""
    with subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_journal_of_another_process_is_refused_until_it_dies(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with running(_HOLDER, path) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(JournalInUse, match="in use by another parkwatch"):
            Journal(path)
    Journal(path).close()


@pytest.mark.parametrize("rows_before_death", [1, 37, 150])
def test_kill_loses_nothing_that_append_returned(tmp_path: Path, rows_before_death: int) -> None:
    path = tmp_path / "journal.db"
    with running(_WRITER, path) as writer:
        assert writer.stdout is not None
        told = [int(writer.stdout.readline()) for _ in range(rows_before_death)]
        time.sleep(0.003)
        writer.send_signal(signal.SIGKILL)
        told += [int(line) for line in writer.stdout.read().splitlines() if line]
    with Journal(path) as journal:
        assert journal.last_position >= told[-1]
        held = journal.trimmed
        while rows := journal.read(held):
            for row in rows:
                held += 1
                assert row.position == row.received_us == held
                assert rows_of(row.batch) == [(tag, held, held / 3, 0) for tag in range(20)]
        assert held == journal.last_position
        checkpoint = int(journal.load_state("checkpoint") or b"0")
        assert journal.trimmed <= max(checkpoint, 0) + 10
        journal.append(received_us=held + 1, batch=batch_of((1, 1, 1.0)))


def test_full_disk_refuses_rows_and_harms_none(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with running(_SMALL_DISK, path) as process:
        assert process.stdout is not None
        taken, refused, last = map(int, process.stdout.read().split())
    assert taken > 5
    assert refused > 5
    assert last == taken + 1, "a refused row takes no position"
    with Journal(path) as journal:
        rows = journal.read(0, max_rows=1_000)
        while more := journal.read(rows[-1].position):
            rows += more
        assert [row.position for row in rows] == list(range(1, last + 1))
        assert rows_of(rows[-1].batch) == [(7, 7, 7.0, 0)]
        assert all(len(rows_of(row.batch)) == 500 for row in rows[:-1])
