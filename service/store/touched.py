"""Which minutes of emission monitors have got data since they were judged: written with the data, taken by the judge.

The writer marks a minute in the transaction that stores its samples. A minute that is marked already is not marked
again before the judge has taken it; so that none is lost between the two, the writer holds `Touched.lock` from looking
until its transaction is over, and the judge takes under the same lock.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
import psycopg
from numpy.typing import NDArray

from park.index import TagTable
from park.model import OUTLET_KINDS

_MINUTE_US = 60_000_000
_HOUR_US = 3_600_000_000
_MOST_KNOWN = 2_000_000
_MARK = (
    "INSERT INTO emission_touched (tag, minute)"
    " SELECT tag, to_timestamp(minute * 60) FROM unnest(%b::int[], %b::bigint[]) AS new (tag, minute)"
    " ON CONFLICT (tag, minute) DO UPDATE SET seq = nextval('emission_touch')"
)
_OLDEST = "SELECT minute FROM emission_touched WHERE minute < to_timestamp(%s) ORDER BY minute LIMIT 1 OFFSET %s"
_TAKE = (
    "SELECT tag, (extract(epoch FROM minute) / 60)::bigint, seq FROM emission_touched"
    " WHERE minute < to_timestamp(%s) OR (minute >= to_timestamp(%s) AND minute < to_timestamp(%s))"
    " ORDER BY minute, tag"
)
# What the writer marks again at this moment stays: waiting for it might be waiting for each other.
_DONE = (
    "DELETE FROM emission_touched AS one USING (SELECT it.tag, it.minute FROM emission_touched AS it"
    " JOIN unnest(%b::int[], %b::bigint[], %b::bigint[]) AS done (tag, minute, seq)"
    " ON it.tag = done.tag AND it.minute = to_timestamp(done.minute * 60) AND it.seq = done.seq"
    " FOR UPDATE OF it SKIP LOCKED) AS done WHERE one.tag = done.tag AND one.minute = done.minute"
)
_WAITING = (
    "SELECT DISTINCT n FROM unnest(%b::int[], %b::int[], %b::timestamptz[], %b::timestamptz[]) AS asked (n, tag, a, b)"
    " WHERE EXISTS (SELECT FROM emission_touched AS one"
    " WHERE one.tag = asked.tag AND one.minute >= asked.a AND one.minute < asked.b)"
)


class Minute(NamedTuple):
    """One that is to be judged anew."""

    #: The database's index of the tag.
    tag: int
    #: Minutes since the epoch, UTC.
    minute: int
    #: Goes up when the minute is marked again.
    seq: int


def _hour_of(moment: datetime) -> int:
    return int(moment.timestamp()) // 3_600 * _HOUR_US


def judged(tags: TagTable) -> NDArray[np.bool_]:
    """``(size,)`` by our tag index: True for tags whose sources are judged."""
    mask = np.zeros(tags.size, dtype=np.bool_)
    mask[[info.ix for info in tags.infos if info.source.kind in OUTLET_KINDS]] = True
    return mask


def minutes_of(tag: NDArray[np.int32], time_us: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each pair of (the database's) tag and minute once, as one number: ``tag * 2**32 + minute``."""
    return np.unique(tag.astype(np.int64) << 32 | time_us // _MINUTE_US)


class Touched:
    """Shared by the store writer and the judge."""

    def __init__(self, behind_us: Callable[[], int | None] = lambda: None) -> None:
        """``behind_us``: up to when all that was received is stored; None: all of it is."""
        self.behind_us = behind_us
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

    def take(
        self, connection: psycopg.Connection, *, before_us: int, recent_us: int, limit: int
    ) -> tuple[list[Minute], int]:
        """Minutes that began before then: all since ``recent_us`` (a full hour), however much else waits, and the
        oldest of the others. Hours are never divided: an hour would be judged in part.

        Returns them, and the time before which none is left. What is marked from now on is marked again.
        """
        with self.lock:
            border_us = self._border(connection, min(recent_us, before_us), limit)
            rows = connection.execute(_TAKE, (border_us / 1e6, recent_us / 1e6, before_us / 1e6)).fetchall()
            connection.commit()
            self._known.difference_update(tag << 32 | minute for tag, minute, _ in rows)
        return [Minute(*row) for row in rows], border_us if border_us < recent_us else before_us

    @staticmethod
    def _border(connection: psycopg.Connection, before_us: int, limit: int) -> int:
        """The full hour before which there are about as many as the limit, one hour at least."""
        beyond = connection.execute(_OLDEST, (before_us / 1e6, limit)).fetchone()
        oldest = connection.execute(_OLDEST, (before_us / 1e6, 0)).fetchone()
        if beyond is None or oldest is None:
            return before_us
        return min(max(_hour_of(beyond[0]), _hour_of(oldest[0]) + _HOUR_US), before_us)

    def waiting(
        self, cursor: psycopg.Cursor, tag: Sequence[int], begin: Sequence[datetime], end: Sequence[datetime]
    ) -> set[int]:
        """Of the spans of (the database's) tags: places of those in which minutes are still to be judged."""
        found = cursor.execute(_WAITING, (list(range(len(tag))), list(tag), list(begin), list(end)))
        return {row[0] for row in found.fetchall()}

    def done(self, cursor: psycopg.Cursor, minutes: Sequence[Minute]) -> None:
        """In the transaction that stores what became of them: they are judged, unless they were marked again."""
        cursor.execute(
            _DONE, tuple([list(column) for column in zip(*minutes, strict=True)] if minutes else ([], [], []))
        )

    def mark_again(self, cursor: psycopg.Cursor, pairs: NDArray[np.int64]) -> None:
        """For whoever changes what the judgement depends on besides data: marks, limits. In a transaction of theirs."""
        columns = [pair >> 32 for pair in pairs.tolist()], [pair & 0xFFFF_FFFF for pair in pairs.tolist()]
        cursor.execute(_MARK, columns)
