"""Which minutes of emission monitors have got data since they were judged: written with the data, taken by the judge.

The writer marks a minute in the transaction that stores its samples. A minute that is marked already is not marked
again before the judge has taken it; so that none is lost between the two, the writer holds `Touched.lock` from looking
until its transaction is over, and the judge takes under the same lock.
"""

import threading
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import psycopg
from numpy.typing import NDArray

from park.index import TagTable
from park.model import SourceKind

#: Kinds of sources that are judged by means over minutes, hours and days.
JUDGED_KINDS = frozenset(
    {
        SourceKind.WASTE_GAS_OUTLET,
        SourceKind.WASTE_WATER_OUTLET,
        SourceKind.FENCE_LINE,
        SourceKind.AIR_STATION,
    }
)
_MINUTE_US = 60_000_000
_MOST_KNOWN = 2_000_000
_MARK = (
    "INSERT INTO emission_touched (tag, minute)"
    " SELECT tag, to_timestamp(minute * 60) FROM unnest(%s::int[], %s::bigint[]) AS new (tag, minute)"
    " ON CONFLICT (tag, minute) DO UPDATE SET seq = nextval('emission_touch')"
)
_TAKE = (
    "SELECT tag, (extract(epoch FROM minute) / 60)::bigint, seq FROM emission_touched"
    " WHERE minute < to_timestamp(%s) ORDER BY minute, tag LIMIT %s"
)
_DONE = (
    "DELETE FROM emission_touched AS one USING unnest(%s::int[], %s::bigint[], %s::bigint[]) AS done (tag, minute, seq)"
    " WHERE one.tag = done.tag AND one.minute = to_timestamp(done.minute * 60) AND one.seq = done.seq"
)


class Minute(NamedTuple):
    """One that is to be judged anew."""

    #: The database's index of the tag.
    tag: int
    #: Minutes since the epoch, UTC.
    minute: int
    #: Goes up when the minute is marked again.
    seq: int


def judged(tags: TagTable) -> NDArray[np.bool_]:
    """``(size,)`` by our tag index: True for tags whose sources are judged."""
    mask = np.zeros(tags.size, dtype=np.bool_)
    mask[[info.ix for info in tags.infos if info.source.kind in JUDGED_KINDS]] = True
    return mask


def minutes_of(tag: NDArray[np.int32], time_us: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each pair of (the database's) tag and minute once, as one number: ``tag * 2**32 + minute``."""
    return np.unique(tag.astype(np.int64) << 32 | time_us // _MINUTE_US)


class Touched:
    """Shared by the store writer and the judge."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._known: set[int] = set()

    def mark(self, cursor: psycopg.Cursor, pairs: NDArray[np.int64]) -> list[int]:
        """Within the writer's transaction, under the lock; give what it returns to `marked` once that is committed."""
        fresh = [pair for pair in pairs.tolist() if pair not in self._known]
        if fresh:
            columns = [pair >> 32 for pair in fresh], [pair & 0xFFFF_FFFF for pair in fresh]
            cursor.execute(_MARK, columns)
        return fresh

    def marked(self, fresh: Sequence[int]) -> None:
        """They are in the table."""
        if len(self._known) > _MOST_KNOWN:  # nobody takes them; marking one twice does no harm
            self._known.clear()
        self._known.update(fresh)

    def take(self, connection: psycopg.Connection, *, before_us: int, limit: int) -> list[Minute]:
        """The oldest minutes that began before then. What is marked from now on is marked again."""
        with self.lock:
            rows = connection.execute(_TAKE, (before_us / 1e6, limit)).fetchall()
            connection.commit()
            self._known.difference_update(tag << 32 | minute for tag, minute, _ in rows)
        return [Minute(*row) for row in rows]

    def done(self, cursor: psycopg.Cursor, minutes: Sequence[Minute]) -> None:
        """In the transaction that stores what became of them: they are judged, unless they were marked again."""
        cursor.execute(
            _DONE, tuple([list(column) for column in zip(*minutes, strict=True)] if minutes else ([], [], []))
        )

    def mark_again(self, cursor: psycopg.Cursor, pairs: NDArray[np.int64]) -> None:
        """For whoever changes what the judgement depends on besides data: marks, limits. In a transaction of theirs."""
        columns = [pair >> 32 for pair in pairs.tolist()], [pair & 0xFFFF_FFFF for pair in pairs.tolist()]
        cursor.execute(_MARK, columns)
