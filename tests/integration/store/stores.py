"""What the tests of the store share: a writer at work, and what stands in the tables."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg

from park.index import TagTable
from service.alerts.model import Event
from service.journal.journal import Journal
from service.store.housekeeping import StorePolicy
from service.store.writer import StoreWriter
from tests.unit.service.making import PARK_YAML, S_US, batch_of, tag_table

WITHIN_S = 30.0

#: (tag id, time in µs, value, quality, lag in ms)
Stored = tuple[str, int, float, int, int]


def until(condition: Callable[[], object], within_s: float = WITHIN_S) -> None:
    """Wait for it."""
    deadline_s = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline_s, "it did not come to pass"
        time.sleep(0.01)


@contextmanager
def writing(
    dsn: str, journal: Journal, tags: TagTable | None = None, unstored: deque[Event] | None = None, **options: Any
) -> Iterator[StoreWriter]:
    """A store writer at work; in the end it has written all it can."""
    options = {"policy": StorePolicy()} | options
    writer = StoreWriter(
        dsn, journal, tags or registered(journal), deque() if unstored is None else unstored, **options
    )
    writer.start()
    try:
        yield writer
    finally:
        writer.stop(drain_s=WITHIN_S)


def registered(journal: Journal, text: str = PARK_YAML) -> TagTable:
    """The park's tags with their lasting indices, as the service has them."""
    ids = [f"{owner}.{source.id}.{tag.id}" for owner, source, tag in tag_table(text=text).park.tags()]
    return tag_table(dict(journal.register_tags(ids)), text)


def caught_up(writer: StoreWriter, journal: Journal) -> Callable[[], bool]:
    """Whether the store has all that the journal has."""
    return lambda: writer.status.state == "up" and writer.status.position == journal.last_position


def journal_samples(journal: Journal, *samples: tuple[int, int, float], lag_ms: int = 1_500) -> None:
    """One row, received so long after its newest sample."""
    received_us = max(max(one[1] for one in samples) + lag_ms * 1_000, journal.last_received_us + 1)
    journal.append(received_us=received_us, batch=batch_of(*samples, received_us=received_us))


def query(dsn: str, statement: LiteralString, *values: object) -> list[tuple[Any, ...]]:
    """Rows of one statement."""
    with psycopg.connect(dsn) as connection:
        return connection.execute(statement, values or None).fetchall()


def stored(dsn: str) -> list[Stored]:
    """All samples, by tag and time."""
    return query(
        dsn,
        "SELECT tag.id, (extract(epoch FROM time) * 1000000)::bigint, value, quality, lag_ms"
        " FROM sample LEFT JOIN tag ON tag.ix = sample.tag ORDER BY 1, 2",
    )


def times(count: int, start_us: int) -> list[int]:
    """So many seconds, from a start."""
    return [start_us + i * S_US for i in range(count)]
