"""The store writer: reads the journal by its own position and writes TimescaleDB, in a thread of its own.

The position moves in the transaction that stores the rows, so whatever crashes, a journal row is stored once. A slow
or absent database only lets the writer fall behind; intake and alarms do not notice.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
import structlog
from numpy.typing import NDArray

from park.index import TagTable
from park.periods import HOUR_S, PeriodBatch
from service.alerts.model import Event
from service.journal.journal import Journal
from service.journal.rows import Row
from service.judge import marks
from service.risk import RiskChange
from service.rules.versions import RuleVersion
from service.store import events as event_rows
from service.store import notes as note_rows
from service.store import periods as period_rows
from service.store import raw, rule_versions
from service.store import risks as risk_rows
from service.store.copy import Rows, copy_new_rows, copy_rows, encode, sort_rows
from service.store.housekeeping import Housekeeping, StorePolicy
from service.store.migrate import MigrationRefused, edition, migrate
from service.store.touched import Touched, judged, minutes_of

_log = structlog.get_logger(__name__)

#: Rows of one COPY: enough to pay for the transaction, small enough to keep memory flat.
MAX_SAMPLES = 100_000
#: A trickle is collected for so long before it is written.
_LINGER_S = 0.2
_RETRY_S = (0.2, 5.0)
#: A line that went dead without a word (a switch, a firewall) is noticed within half a minute, not after two hours.
_LINE: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
    "application_name": "parkwatch-store",
}


@dataclass(slots=True, kw_only=True)
class StoreState:
    """What the writer says of itself; read by anyone."""

    state: str = "starting"
    error: str = ""
    edition: str = ""
    #: The journal row that was stored last, and its time.
    position: int = 0
    position_us: int = 0
    stored: int = 0
    duplicates: int = 0
    events: int = 0
    #: Spent waiting for the database in the last write.
    write_ms: float = 0.0


class StoreWriter:
    """``start`` it, ``stop`` it; it never raises."""

    def __init__(
        self,
        dsn: str,
        journal: Journal,
        tags: TagTable,
        unstored: deque[Event],
        *,
        versions: deque[RuleVersion] | None = None,
        risks: deque[RiskChange] | None = None,
        policy: StorePolicy,
        health: Callable[[], Sequence[tuple[str, str, dict[str, Any]]]] = tuple,
    ) -> None:
        self._dsn = dsn
        self._journal = journal
        self._tags = tags
        self._unstored = unstored
        self._versions: deque[RuleVersion] = deque() if versions is None else versions
        self._risks: deque[RiskChange] = deque() if risks is None else risks
        self._housekeeping = Housekeeping(policy, health)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._db_ix: NDArray[np.int32] = np.empty(0, dtype=np.int32)
        self.status = StoreState(position=journal.trimmed)
        self._auto_migrate = policy.auto_migrate
        #: Minutes of emission monitors that have got data; shared with the judge.
        self.touched = Touched(self._behind_us)
        self._judged = judged(tags)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self, *, drain_s: float = 5.0) -> None:
        """Write what the journal has, for at most ``drain_s``, then end."""
        self._stop.set()
        self._thread.join(drain_s)

    def _behind_us(self) -> int | None:
        """When the last row was received that is stored while others wait; None where none waits."""
        return self.status.position_us if self._journal.last_position > self.status.position else None

    def _run(self) -> None:
        wait_s = _RETRY_S[0]
        while True:
            try:
                with psycopg.connect(self._dsn, **_LINE) as connection:
                    self._prepare(connection)
                    wait_s = _RETRY_S[0]
                    self._write_until_stopped(connection)
                    return
            except (psycopg.Error, MigrationRefused) as error:
                self._note(error)
            except Exception as error:  # a defect of ours; a writer that is dead in silence would be a worse one
                self._note(error)
                _log.critical("The store writer failed and begins again.", exc_info=error)
            if self._stop.wait(wait_s):
                return
            wait_s = min(wait_s * 2, _RETRY_S[1])

    def _note(self, error: Exception) -> None:
        if self.status.state != "down":
            _log.warning("The database does not take rows; the journal keeps them.", reason=str(error).strip())
        self.status.state, self.status.error = "down", str(error).strip()

    def _prepare(self, connection: psycopg.Connection) -> None:
        if self._auto_migrate:
            migrate(connection)
        self.status.edition = edition(connection)
        self._db_ix = _sync_tags(connection, self._tags, self._journal.known_tags())
        self._housekeeping.prepare(connection, self.status.edition)
        self.status.position = self._stored_position(connection)
        self.status.state, self.status.error = "up", ""

    def _stored_position(self, connection: psycopg.Connection) -> int:
        found = connection.execute(
            "SELECT position FROM journal_reader WHERE journal = %s", (self._journal.id,)
        ).fetchone()
        connection.commit()
        stored: int = found[0] if found else 0
        if stored > self._journal.last_position:
            _log.error(
                "The journal is older than the database (put back from a backup?); all of it is stored again.",
                journal=self._journal.last_position,
                database=stored,
            )
            return self._journal.trimmed
        return max(stored, self._journal.trimmed)

    def _write_until_stopped(self, connection: psycopg.Connection) -> None:
        while True:
            self._write_events(connection)
            rows = self._journal.read(self.status.position, max_rows=4096, max_samples=MAX_SAMPLES)
            if rows:
                self._write(connection, rows)
            self._housekeeping.run(connection, time.monotonic())
            behind = self._journal.last_position > self.status.position
            if self._stop.is_set() and not behind and not self._left():
                return
            if sum(len(row.batch) for row in rows if row.batch is not None) < MAX_SAMPLES // 2:
                self._stop.wait(_LINGER_S)
                self._journal.wait_beyond(self.status.position, _LINGER_S)

    def _write_events(self, connection: psycopg.Connection) -> None:
        self._write_versions(connection)
        self._write_risks(connection)
        events = list(self._unstored)
        if not events:
            return
        with connection.transaction():
            event_rows.write(connection, events)
        for _ in events:
            self._unstored.popleft()
        self.status.events += len(events)

    def _left(self) -> bool:
        return bool(self._unstored or self._versions or self._risks)

    def _write_risks(self, connection: psycopg.Connection) -> None:
        changes = list(self._risks)
        if not changes:
            return
        with connection.transaction():
            risk_rows.write(connection, self._journal.id, changes)
        for _ in changes:
            self._risks.popleft()

    def _write_versions(self, connection: psycopg.Connection) -> None:
        versions = list(self._versions)
        if not versions:
            return
        with connection.transaction():
            rule_versions.write(connection, self._journal.id, versions)
        for _ in versions:
            self._versions.popleft()

    def _write(self, connection: psycopg.Connection, rows: Sequence[Row]) -> None:
        samples = self._to_rows(rows)
        started = time.perf_counter()
        periods = [(row.received_us, PeriodBatch.from_bytes(row.extras.periods)) for row in rows if row.extras.periods]
        pairs = self._touched_by(rows, [batch for _, batch in periods])
        with self.touched.lock:
            try:
                with connection.transaction(), connection.cursor() as cursor:
                    if len(samples):
                        copy_rows(cursor, encode(samples))
                    fresh = self._write_extras(cursor, rows, periods, pairs)
                stored = len(samples)
            except psycopg.errors.UniqueViolation:
                with connection.transaction(), connection.cursor() as cursor:
                    stored = copy_new_rows(cursor, encode(samples))
                    fresh = self._write_extras(cursor, rows, periods, pairs)
            self.touched.marked(fresh)
        total = sum(len(row.batch) for row in rows if row.batch is not None)
        self.status.stored += stored
        self.status.duplicates += total - stored
        self.status.position, self.status.position_us = rows[-1].position, rows[-1].received_us
        self.status.write_ms = (time.perf_counter() - started) * 1e3

    def _to_rows(self, rows: Sequence[Row]) -> Rows:
        batches = [(row.batch, row.received_us) for row in rows if row.batch is not None]
        if not batches:
            empty = np.empty(0)
            return Rows(
                tag=empty.astype(np.int32),
                time_us=empty.astype(np.int64),
                value=empty,
                quality=empty.astype(np.uint8),
                lag_ms=empty.astype(np.int64),
            )
        tag = np.concatenate([batch.tag for batch, _ in batches])
        time_us = np.concatenate([batch.time_us for batch, _ in batches])
        received = np.repeat([received_us for _, received_us in batches], [len(batch) for batch, _ in batches])
        return sort_rows(
            Rows(
                tag=self._db_ix[tag],
                time_us=time_us,
                value=np.concatenate([batch.value for batch, _ in batches]),
                quality=np.concatenate([batch.quality for batch, _ in batches]),
                lag_ms=(received - time_us) // 1_000,
            )
        )

    def _touched_by(self, rows: Sequence[Row], periods: Sequence[PeriodBatch]) -> NDArray[np.int64]:
        """Minutes of emission monitors that these rows bring something for."""
        tags = [row.batch.tag for row in rows if row.batch is not None]
        times = [row.batch.time_us for row in rows if row.batch is not None]
        for one in periods:
            # A mean of up to half an hour stands for each of its minutes; one of an hour or a day for itself alone.
            minutes = np.where(one.length_s < HOUR_S, np.maximum(one.length_s // 60, 1), 1)
            begun = np.repeat(np.cumsum(minutes) - minutes, minutes)
            tags.append(np.repeat(one.tag, minutes))
            times.append(np.repeat(one.start_us, minutes) + (np.arange(minutes.sum()) - begun) * 60_000_000)
        if not tags:
            return np.empty(0, dtype=np.int64)
        tag, time_us = np.concatenate(tags), np.concatenate(times)
        mine = (tag < len(self._judged)) & self._judged[np.minimum(tag, len(self._judged) - 1)]
        return minutes_of(self._db_ix[tag[mine]], time_us[mine])

    def _write_extras(
        self,
        cursor: psycopg.Cursor,
        rows: Sequence[Row],
        periods: Sequence[tuple[int, PeriodBatch]],
        pairs: NDArray[np.int64],
    ) -> list[int]:
        """What came besides samples; returns what `Touched.mark` does."""
        letters = [letter for row in rows for letter in row.extras.letters]
        if letters:
            event_rows.write_letters(cursor, letters)
        gaps = [gap for row in rows for gap in row.extras.gaps]
        if gaps:
            event_rows.write_gaps(cursor, gaps)
        cursor.execute(
            "INSERT INTO journal_reader (journal, position) VALUES (%s, %s)"
            " ON CONFLICT (journal) DO UPDATE SET position = excluded.position",
            (self._journal.id, rows[-1].position),
        )
        return self._write_evidence(cursor, rows, periods, pairs)

    def _write_evidence(
        self,
        cursor: psycopg.Cursor,
        rows: Sequence[Row],
        periods: Sequence[tuple[int, PeriodBatch]],
        pairs: NDArray[np.int64],
    ) -> list[int]:
        blocks = [(row.received_us, block) for row in rows for block in row.extras.frames]
        if blocks:
            raw.write(cursor, blocks)
        if periods:
            period_rows.write(cursor, periods, self._db_ix)
        notes = [note for row in rows for note in row.extras.notes]
        if notes:
            note_rows.write(cursor, self._journal.id, notes)
            tag, time_us = marks.covered(self._tags, marks.project(cursor, notes))
            pairs = np.union1d(pairs, minutes_of(self._db_ix[tag], time_us))
        return self.touched.mark(cursor, pairs) if len(pairs) else []


def _sync_tags(connection: psycopg.Connection, tags: TagTable, registry: Mapping[str, int]) -> NDArray[np.int32]:
    """Bring table ``tag`` up to date; return the database's index of each tag by ours.

    ``registry`` has the tags that have left the park, too: the journal may still hold samples of theirs.
    """
    rows = [(one.id, one.enterprise, one.source_id, one.tag.quantity, one.tag.unit) for one in tags.infos]
    known = {row[0]: row[1:] for row in connection.execute("SELECT id, enterprise, source, quantity, unit FROM tag")}
    changed = [row for row in rows if known.get(row[0]) != row[1:]]
    gone = [one for one in registry if one not in known and tags.by_id(one) is None]
    changed += [(one, one.split(".")[0], one.rpartition(".")[0], "", "") for one in gone]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO tag (id, enterprise, source, quantity, unit) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT (id) DO UPDATE SET enterprise = excluded.enterprise, source = excluded.source,"
            " quantity = excluded.quantity, unit = excluded.unit",
            changed,
        )
    connection.commit()
    by_id: dict[str, int] = dict(connection.execute("SELECT id, ix FROM tag").fetchall())
    connection.commit()
    ours = {**registry, **tags.ix_of}
    db_ix = np.full(max(ours.values(), default=-1) + 1, -1, dtype=np.int32)
    for tag_id, ix in ours.items():
        db_ix[ix] = by_id[tag_id]
    return db_ix
