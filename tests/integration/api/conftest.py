"""The interface over a real TimescaleDB: a small park, stored as the service stores it."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import httpx
import numpy as np
import psycopg
import pytest
from fastapi import FastAPI
from numpy.typing import ArrayLike

from connectors.base import RawFrame
from park.index import TagTable
from service.alerts.model import Event
from service.judge.marks import Mark, note_of, project
from service.risk import RiskChange
from service.store import events as event_rows
from service.store import raw
from service.store import risks as risk_rows
from service.store.copy import Rows, copy_rows, encode, sort_rows
from service.store.migrate import migrate
from service.store.notes import Note
from service.store.queries import Queries
from tests.integration.api.pushing import pushing as pushing  # a fixture
from tests.unit.api.service_in_memory import CHAIN, Callers, ServiceInMemory, client, make_app, make_keys


class Stored:
    """A database with the schema, and short ways to put things in."""

    def __init__(self, dsn: str, tags: TagTable) -> None:
        self.dsn = dsn
        self._connection = psycopg.connect(dsn, autocommit=True)
        migrate(self._connection)
        # Not in the order of the TagTable: the database has indices of its own.
        for info in reversed(tags.infos):
            self._connection.execute(
                "INSERT INTO tag (id, enterprise, source, quantity, unit) VALUES (%s, %s, %s, %s, %s)",
                (info.id, info.enterprise, info.source_id, info.tag.quantity, info.tag.unit),
            )

    def ix(self, tag: str) -> int:
        """Of the tag in the database."""
        row = self._connection.execute("SELECT ix FROM tag WHERE id = %s", (tag,)).fetchone()
        assert row is not None
        return int(row[0])

    def samples(self, tag: str, time_us: ArrayLike, value: ArrayLike, quality: ArrayLike = 0) -> None:
        """Samples of one tag, received 120 ms after they were measured."""
        times = np.asarray(time_us, dtype=np.int64)
        rows = Rows(
            tag=np.full(len(times), self.ix(tag), dtype=np.int32),
            time_us=times,
            value=np.broadcast_to(np.asarray(value, dtype=np.float64), times.shape),
            quality=np.broadcast_to(np.asarray(quality, dtype=np.uint8), times.shape),
            lag_ms=np.full(len(times), 120, dtype=np.int64),
        )
        with self._connection.cursor() as cursor:
            copy_rows(cursor, encode(sort_rows(rows)))

    def events(self, events: Sequence[Event]) -> None:
        """What the store writer does with them."""
        event_rows.write(self._connection, events)

    def risks(self, changes: Sequence[RiskChange]) -> None:
        """The same with changes of risk."""
        risk_rows.write(self._connection, CHAIN, changes)

    def marks(self, *marks: Mark) -> None:
        """What the store writer does with notes of new marks."""
        with self._connection.cursor() as cursor:
            project(cursor, [note_of(one, id_=one.id, enterprise=one.enterprise) for one in marks])

    def withdrawn(self, note: Note) -> None:
        """The same with a note that takes one back."""
        with self._connection.cursor() as cursor:
            project(cursor, [note])

    def frames(self, origin: str, received_us: int, *frames: RawFrame) -> None:
        """Telegrams of one journal row."""
        with self._connection.cursor() as cursor:
            raw.write(cursor, [(received_us, raw.pack(origin, frames))])

    def execute(self, statement: str) -> None:
        """Anything else."""
        self._connection.execute(statement.encode())

    def close(self) -> None:
        """End."""
        self._connection.close()


@pytest.fixture
async def service(database: str) -> AsyncIterator[ServiceInMemory]:
    view = ServiceInMemory(queries=Queries(database), dsn=database, answer_within_s=2.0)
    await view.queries.open()
    await view.acting.open()
    yield view
    await view.acting.close()
    await view.backtests.close()
    await view.queries.close()


@pytest.fixture
async def store(database: str, service: ServiceInMemory) -> AsyncIterator[Stored]:
    stored = Stored(database, service.tags)
    yield stored
    stored.close()


@pytest.fixture
def app_and_callers(service: ServiceInMemory, store: Stored, tmp_path: Path) -> tuple[FastAPI, Callers]:
    keys, callers = make_keys(tmp_path)
    return make_app(service, keys), callers


@pytest.fixture
async def park(app_and_callers: tuple[FastAPI, Callers]) -> AsyncIterator[httpx.AsyncClient]:
    """The control room."""
    async with client(app_and_callers[0], app_and_callers[1].park) as one:
        yield one


@pytest.fixture
async def acme(app_and_callers: tuple[FastAPI, Callers]) -> AsyncIterator[httpx.AsyncClient]:
    """One enterprise."""
    async with client(app_and_callers[0], app_and_callers[1].acme) as one:
        yield one
