"""Stored samples of many tags in order of time: slice after slice of the sample table, so that memory stays flat."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from park.index import TagTable
from service.backtest.ticks import Block, LongBlock
from service.store.events import moment
from service.store.samples import PG_EPOCH_US, RAW, Span
from service.store.scope import Scope
from service.store.sqlfile import SqlFile
from service.store.stored import microseconds

_VISIBLE_TAGS = SqlFile("samples")["visible_tags"]
_BACKTEST = SqlFile("backtest")
_SLICE, _NEXT = _BACKTEST["samples_slice"], _BACKTEST["samples_next"]
#: A slice holds about so many samples, and never more than a day.
_SLICE_SAMPLES = 500_000
_FIRST_SLICE_US = 10_000_000
_LONGEST_SLICE_US = 86_400_000_000
_SHORTEST_SLICE_US = 1_000


class StoredSamples:
    """Samples of a database as `Reader` gives those of a file. Raises psycopg.Error."""

    def __init__(self, dsn: str, scope: Scope, tags: TagTable, tag_ids: Sequence[str], span: Span) -> None:
        self._dsn, self._scope, self._tags = dsn, scope, tags
        self._tag_ids = list(tag_ids)
        self.span = span
        self._reached_us = span.from_us

    @property
    def done(self) -> float:
        """Share of the span that has been read."""
        return (self._reached_us - self.span.from_us) / (self.span.to_us - self.span.from_us)

    def blocks(self) -> Iterator[Block]:
        """In order of time."""
        with psycopg.connect(
            self._dsn, autocommit=True, connect_timeout=5, application_name="parkwatch-backtest"
        ) as db:
            db.execute("SET default_transaction_read_only = on")
            cursor = db.cursor(binary=True)
            cursor.execute(_VISIBLE_TAGS, {"ids": self._tag_ids, "visible": self._scope.parameter})
            ix_of = self._tags.ix_of
            known = [(ix, ix_of[tag_id]) for ix, tag_id, _ in cursor.fetchall()]
            if known:
                stored, here = (np.array(column, dtype=np.int64) for column in zip(*known, strict=True))
                yield from self._slices(cursor, stored, here)
        self._reached_us = self.span.to_us

    def _slices(self, cursor: Any, stored: NDArray[np.int64], here: NDArray[np.int64]) -> Iterator[Block]:
        parameters: dict[str, Any] = {"tags": stored.tolist()}
        begin_us, length_us = self.span.from_us, _FIRST_SLICE_US
        while begin_us < self.span.to_us:
            end_us = min(begin_us + length_us, self.span.to_us)
            cursor.execute(_SLICE, {**parameters, "from": moment(begin_us), "to": moment(end_us)})
            rows = np.frombuffer(cursor.fetchone()[0] or b"", dtype=RAW)
            if len(rows):
                yield _block(rows, stored, here)
                begin_us = end_us
            else:
                begin_us = self._next_us(cursor, parameters, end_us)
            self._reached_us = begin_us
            length_us = _next_length_us(length_us, len(rows))

    def _next_us(self, cursor: Any, parameters: dict[str, Any], from_us: int) -> int:
        cursor.execute(_NEXT, {**parameters, "from": moment(from_us), "to": moment(self.span.to_us)})
        (found,) = cursor.fetchone()
        return self.span.to_us if found is None else microseconds(found)


def _next_length_us(length_us: int, rows: int) -> int:
    """So that the next slice holds about `_SLICE_SAMPLES`; growing at most fourfold, as rates may rise."""
    wanted_us = length_us * _SLICE_SAMPLES // max(rows, 1)
    return max(_SHORTEST_SLICE_US, min(wanted_us, 4 * length_us, _LONGEST_SLICE_US))


def _block(rows: NDArray[np.void], stored: NDArray[np.int64], here: NDArray[np.int64]) -> LongBlock:
    """``stored`` rises: `visible_tags` sorts by it."""
    time_us = rows["time"].astype(np.int64) + PG_EPOCH_US
    tag = here[np.searchsorted(stored, rows["tag"].astype(np.int64))].astype(np.int32)
    order = np.lexsort((tag, time_us))
    return LongBlock(
        tag[order],
        time_us[order],
        rows["value"].astype(np.float64)[order],
        rows["quality"].astype(np.uint8)[order],
    )
