"""Samples come out of TimescaleDB in order of time, slice by slice, whatever their rate; and only what may be seen."""

from collections.abc import Iterator

import numpy as np
import psycopg
import pytest

from park.index import TagTable
from service.backtest import stored
from service.backtest.stored import StoredSamples
from service.store.copy import Rows, copy_rows, encode, sort_rows
from service.store.migrate import migrate
from service.store.samples import Span
from service.store.scope import Scope
from tests.unit.service.making import NOON_US, S_US, tag_table

WIND, LT, TT, NO = range(4)
HOUR_US = 3_600 * S_US
ALL = Scope.everything()


class Database:
    """With the small park's tags, in an order of its own."""

    def __init__(self, dsn: str, tags: TagTable) -> None:
        self.dsn, self.tags = dsn, tags
        self._connection = psycopg.connect(dsn, autocommit=True)
        migrate(self._connection)
        for info in reversed(tags.infos):
            self._connection.execute(
                "INSERT INTO tag (id, enterprise, source, quantity, unit) VALUES (%s, %s, %s, 'x', '1')",
                (info.id, info.enterprise, info.source_id),
            )
        found = self._connection.execute("SELECT id, ix FROM tag").fetchall()
        self._ix = {tags.ix_of[tag_id]: ix for tag_id, ix in found}

    def put(self, tag: int, seconds: np.ndarray, value: float = 1.0, quality: int = 0) -> None:
        """Samples of one tag."""
        count = len(seconds)
        rows = Rows(
            tag=np.full(count, self._ix[tag], dtype=np.int32),
            time_us=NOON_US + np.round(np.asarray(seconds) * S_US).astype(np.int64),
            value=np.full(count, value) + np.arange(count) * 0.001,
            quality=np.full(count, quality, dtype=np.uint8),
            lag_ms=np.zeros(count, dtype=np.int64),
        )
        with self._connection.cursor() as cursor:
            copy_rows(cursor, encode(sort_rows(rows)))

    def read(self, from_us: int, to_us: int, scope: Scope = ALL) -> list[tuple[int, float]]:
        """(tag, seconds), as they come."""
        samples = StoredSamples(self.dsn, scope, self.tags, list(self.tags.ix_of), Span(from_us=from_us, to_us=to_us))
        assert samples.done == 0.0
        found = [
            (tag, (time_us - NOON_US) / S_US)
            for block in samples.blocks()
            for _, batch in block.ticks(S_US)
            for tag, time_us in zip(batch.tag.tolist(), batch.time_us.tolist(), strict=True)
        ]
        assert samples.done == 1.0
        return found

    def close(self) -> None:
        """End."""
        self._connection.close()


@pytest.fixture
def db(database: str) -> Iterator[Database]:
    made = Database(database, tag_table())
    yield made
    made.close()


def test_samples_of_several_tags_come_in_order_of_time(db: Database) -> None:
    db.put(LT, np.arange(1, 100, 1.0))
    db.put(NO, np.arange(1, 100, 2.5))
    found = db.read(NOON_US, NOON_US + HOUR_US)
    assert len(found) == 99 + 40
    times = [second for _, second in found]
    assert times == sorted(times)
    assert [tag for tag, second in found if second == 1.0] == [LT, NO], "and those of one instant by tag"


def test_span_begins_with_its_first_instant_and_ends_before_its_last(db: Database) -> None:
    db.put(LT, np.arange(0, 10.0))
    assert [second for _, second in db.read(NOON_US + 3 * S_US, NOON_US + 6 * S_US)] == [3.0, 4.0, 5.0]


def test_slices_follow_the_rate_and_holes_are_leapt_over(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A burst of 100 Hz, an hour of nothing, a sample a minute: slices hold about fifty samples, and none is lost."""
    monkeypatch.setattr(stored, "_SLICE_SAMPLES", 50)
    monkeypatch.setattr(stored, "_FIRST_SLICE_US", S_US)
    burst, sparse = np.arange(0, 10, 0.01), np.arange(3600, 10_800, 60.0)
    db.put(LT, np.concatenate((burst, sparse)))
    samples = StoredSamples(
        db.dsn, ALL, db.tags, list(db.tags.ix_of), Span(from_us=NOON_US, to_us=NOON_US + 4 * HOUR_US)
    )
    sizes = [block.size for block in samples.blocks()]
    assert sum(sizes) == len(burst) + len(sparse)
    assert max(sizes) <= 200
    assert len(sizes) < 60
    assert [second for _, second in db.read(NOON_US, NOON_US + 4 * HOUR_US)] == [*np.round(burst, 2), *sparse]


def test_values_and_qualities_are_as_they_were_stored(db: Database) -> None:
    db.put(TT, np.array([5.0]), value=47.25, quality=18)
    samples = StoredSamples(db.dsn, ALL, db.tags, ["acme.tank.TT"], Span(from_us=NOON_US, to_us=NOON_US + HOUR_US))
    ((_, batch),) = [tick for block in samples.blocks() for tick in block.ticks(S_US)]
    assert (batch.tag.tolist(), batch.value.tolist(), batch.quality.tolist()) == ([TT], [47.25], [18])


def test_what_the_scope_does_not_see_is_not_read(db: Database) -> None:
    for tag in (WIND, LT, NO):
        db.put(tag, np.array([1.0]))
    acme = Scope.only("acme", park="park")
    assert [tag for tag, _ in db.read(NOON_US, NOON_US + HOUR_US, acme)] == [WIND, LT]


def test_tags_that_were_never_stored_give_nothing(db: Database) -> None:
    assert db.read(NOON_US, NOON_US + HOUR_US) == []
    nobody = StoredSamples(db.dsn, ALL, db.tags, ["acme.tank.none"], Span(from_us=NOON_US, to_us=NOON_US + HOUR_US))
    assert list(nobody.blocks()) == []
