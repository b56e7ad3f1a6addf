"""The embedded journal: one SQLite file, write-ahead log, synchronous=FULL, one row a tick.

One thread appends (`Intake`'s); any thread may read. What was just written is handed to the readers from memory.
"""

import contextlib
import fcntl
import os
import sqlite3
import threading
import uuid
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType

from park.batch import SampleBatch
from service.journal.rows import NO_EXTRAS, Extras, Row, decode, encode_extras

#: Newest rows kept in memory for the readers: at most so many rows and samples.
_TAIL_ROWS = 512
_TAIL_SAMPLES = 2_000_000
_PAGE_BYTES = 4096
#: A full journal still takes checkpoints, so that it can be trimmed: so much beyond ``max_bytes``.
_STATE_RESERVE_BYTES = 64 * 1024 * 1024

_SCHEMA = """
CREATE TABLE IF NOT EXISTS row (
    position INTEGER PRIMARY KEY, received_us INTEGER NOT NULL, samples BLOB, extras BLOB);
CREATE TABLE IF NOT EXISTS tag (ix INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, payload BLOB NOT NULL);
"""


class JournalInUse(Exception):
    """Another parkwatch runs on this journal; stop it, or give this one a data_dir of its own."""


class JournalFailed(Exception):
    """It could not be made durable (disk full, I/O error): nothing of it was kept; a later try may succeed."""


class Journal:
    """Raises JournalInUse where another process has it open, JournalFailed where the file cannot be used."""

    def __init__(self, path: Path, *, max_bytes: int | None = None) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._max_pages = None if max_bytes is None else max(max_bytes // _PAGE_BYTES, 32)
        self._writing = threading.Lock()
        self._reading = threading.Lock()
        self._tail: deque[Row] = deque()
        self._tail_samples = 0
        self._grown = threading.Condition()
        self._lock_file = _lock(path.with_suffix(".lock"))
        try:
            self._open()
        except (sqlite3.Error, JournalFailed) as error:
            os.close(self._lock_file)
            raise JournalFailed(
                f"{path} cannot be used: {error}; make room on the disk, or, where the file is broken, move it away "
                "(what it alone held is lost then)"
            ) from error

    def _open(self) -> None:
        self._writer = self._connect()
        self._writer.executescript(_SCHEMA)
        self._limit_pages(self._max_pages)
        self._reader = self._connect()
        self.id = self._own_id()
        newest = self._writer.execute("SELECT position, received_us FROM row ORDER BY position DESC LIMIT 1").fetchone()
        #: Rows up to here are gone.
        self.trimmed: int = int(self._state("trimmed") or b"0")
        #: Position and time of the newest row, be it trimmed.
        self.last_position: int = max(newest[0] if newest else 0, self.trimmed)
        self.last_received_us: int = newest[1] if newest else int(self._state("trimmed_us") or b"0")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=30)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    def _limit_pages(self, pages: int | None) -> None:
        if pages is not None:
            self._writer.execute(f"PRAGMA max_page_count = {pages}")

    def _own_id(self) -> str:
        known = self._state("journal_id")
        if known is None:
            known = str(uuid.uuid4()).encode()
            self.save_state("journal_id", known)
        return known.decode()

    def append(self, *, received_us: int, batch: SampleBatch | None, extras: Extras = NO_EXTRAS) -> Row:
        """Make one row durable; return it. Raises JournalFailed."""
        if batch is not None and len(batch) == 0:
            batch = None
        with self._writing:
            row = Row(position=self.last_position + 1, received_us=received_us, batch=batch, extras=extras)
            values = (
                row.position,
                received_us,
                batch.to_bytes() if batch is not None else None,
                encode_extras(extras) if extras else None,
            )
            try:
                self._writer.execute("INSERT INTO row VALUES (?, ?, ?, ?)", values)
            except sqlite3.Error as error:
                raise JournalFailed(f"{self.path}: {error}") from error
            self.last_position, self.last_received_us = row.position, received_us
            self._remember(row)
        with self._grown:
            self._grown.notify_all()
        return row

    def _remember(self, row: Row) -> None:
        self._tail.append(row)
        self._tail_samples += len(row.batch) if row.batch is not None else 0
        while len(self._tail) > _TAIL_ROWS or (self._tail_samples > _TAIL_SAMPLES and len(self._tail) > 1):
            gone = self._tail.popleft()
            self._tail_samples -= len(gone.batch) if gone.batch is not None else 0

    def read(self, after: int, *, max_rows: int = 256, max_samples: int = 100_000) -> list[Row]:
        """Rows from ``after + 1`` on, in order: at most ``max_rows``, and at least one even if it alone is larger."""
        with self._writing:
            in_memory = bool(self._tail) and self._tail[0].position <= after + 1
            rows = [row for row in self._tail if row.position > after] if in_memory else None
        if rows is None:
            rows = self._read_from_disk(after, max_rows)
        taken: list[Row] = []
        samples = 0
        for row in rows[:max_rows]:
            samples += len(row.batch) if row.batch is not None else 0
            if taken and samples > max_samples:
                break
            taken.append(row)
        return taken

    def _read_from_disk(self, after: int, max_rows: int) -> list[Row]:
        with self._reading:
            found = self._reader.execute(
                "SELECT position, received_us, samples, extras FROM row WHERE position > ? ORDER BY position LIMIT ?",
                (after, min(max_rows, 64)),
            ).fetchall()
        return [decode(*values) for values in found]

    def wait_beyond(self, position: int, timeout_s: float) -> bool:
        """Block until there is a row after ``position``; False after ``timeout_s``. Not for the event loop."""
        with self._grown:
            return self._grown.wait_for(lambda: self.last_position > position, timeout_s)

    def trim(self, up_to: int) -> None:
        """Forget rows up to ``up_to``, which every reader is past. Raises JournalFailed."""
        up_to = min(up_to, self.last_position)
        if up_to <= self.trimmed:
            return
        with self._changing() as writer:
            newest = writer.execute("SELECT received_us FROM row WHERE position = ?", (up_to,)).fetchone()
            writer.execute("DELETE FROM row WHERE position <= ?", (up_to,))
            for name, number in (("trimmed", up_to), ("trimmed_us", newest[0])):
                writer.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (name, str(number).encode()))
        self.trimmed = up_to

    @contextlib.contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        """A transaction on what is beside the rows; it may use the reserve. Raises JournalFailed, with nothing done."""
        with self._writing:
            try:
                self._limit_pages(self._max_pages and self._max_pages + _STATE_RESERVE_BYTES // _PAGE_BYTES)
                self._writer.execute("BEGIN IMMEDIATE")
                yield self._writer
                self._writer.execute("COMMIT")
            except sqlite3.Error as error:
                raise JournalFailed(f"{self.path}: {error}") from error
            finally:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                self._limit_pages(self._max_pages)

    def save_state(self, name: str, payload: bytes) -> None:
        """Keep a small thing beside the rows (a checkpoint). Raises JournalFailed."""
        with self._changing() as writer:
            writer.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (name, payload))

    def _state(self, name: str) -> bytes | None:
        found = self._writer.execute("SELECT payload FROM state WHERE name = ?", (name,)).fetchone()
        return bytes(found[0]) if found else None

    def load_state(self, name: str) -> bytes | None:
        """What `save_state` kept, or None."""
        with self._writing:
            return self._state(name)

    def register_tags(self, ids: Iterable[str]) -> Mapping[str, int]:
        """The index of every tag ever seen, new ones numbered on; an index never changes its meaning.

        Raises JournalFailed.
        """
        with self._changing() as writer:
            known = _tags(writer)
            fresh = [tag_id for tag_id in dict.fromkeys(ids) if tag_id not in known]
            start = max(known.values(), default=-1) + 1
            added = {tag_id: start + i for i, tag_id in enumerate(fresh)}
            writer.executemany("INSERT INTO tag VALUES (?, ?)", [(ix, tag_id) for tag_id, ix in added.items()])
        return known | added

    def known_tags(self) -> Mapping[str, int]:
        """The index of every tag ever seen."""
        with self._writing:
            return _tags(self._writer)

    @property
    def size_bytes(self) -> int:
        """Of the file and its write-ahead log."""
        return sum(path.stat().st_size for path in (self.path, Path(f"{self.path}-wal")) if path.exists())

    def close(self) -> None:
        """Give the journal free for another process."""
        self._reader.close()
        self._writer.close()
        os.close(self._lock_file)

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _tags(connection: sqlite3.Connection) -> dict[str, int]:
    return {tag_id: ix for ix, tag_id in connection.execute("SELECT ix, id FROM tag")}


def _lock(path: Path) -> int:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise JournalInUse(
            f"{path.with_suffix('.db')} is in use by another parkwatch; stop it or change data_dir"
        ) from error
    return handle
