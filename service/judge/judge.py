"""The judge: a thread beside the store writer that turns what was stored into minutes, means and exceedances.

It works on the database, after the fact: late data, history that was asked for, and marks make revisions, never another
past. Whatever crashes, what was touched and not judged is still in the table. Alarms go through the journal.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
import structlog

from connectors.base import IntakeRefused
from park.index import TagTable
from rules.emissions.limits import LimitBook
from rules.emissions.periods import HOUR_US, MINUTE_US
from service.alerts.asked import Raise
from service.alerts.judged import JUDGED
from service.clock import Clock
from service.judge.config import Emissions
from service.judge.exceedances import LENGTH_US, RULE, end_left
from service.judge.rules import touch_where_rules_changed
from service.judge.sources import JudgedSource, judged_sources
from service.judge.work import Piece, Work
from service.store.events import moment
from service.store.stored import microseconds
from service.store.touched import Minute, Touched

_log = structlog.get_logger(__name__)

#: Minutes of the past taken at once, in whole hours: some seconds of work.
_MOST_MINUTES = 50_000
#: Minutes of one transaction: whole sources, as many as fit.
_MOST_OF_ONE = 10_000
#: Hours of tags that are judged in one pass because they have ended, after a long standstill; a day at most.
_MOST_ENDED, _MOST_HOURS = 12_000, 24
_RETRY_S = 2.0
_LOOK_S = 0.2
_STATE = "hours"
_LINE: dict[str, Any] = {"connect_timeout": 5, "application_name": "parkwatch-judge", "tcp_user_timeout": 30_000}
_UNTOLD = """
SELECT e.id::text, kind, tag.id, start, side, value, limit_value, why, told, state, unmarked, over, judged
FROM emission_exceedance AS e JOIN tag ON tag.ix = e.tag
WHERE NOT told OR (over IS NOT NULL AND NOT told_over)
ORDER BY start, e.id LIMIT 500
"""


@dataclass(slots=True, kw_only=True)
class JudgeState:
    """What the judge says of itself; read by anyone."""

    state: str = "starting"
    error: str = ""
    #: Minutes judged since the start, and how long the last pass took.
    minutes: int = 0
    passes: int = 0
    pass_ms: float = 0.0
    #: Hours before this are judged, with data or without. Epoch microseconds, UTC.
    until_us: int = 0


class NotYet(Exception):
    """The store writer has not brought the database up to date."""


class Judge:
    """``start`` it, ``stop`` it; it never raises."""

    def __init__(
        self,
        dsn: str,
        tags: TagTable,
        limits: LimitBook,
        touched: Touched,
        config: Emissions,
        clock: Clock,
        tell: Callable[[Raise], None],
    ) -> None:
        """``tell``: journals an alarm and returns once it is durable; called on the judge's thread. Raises anything."""
        self._dsn = dsn
        self._tags = tags
        self.limits = limits
        self._touched = touched
        self._config = config
        self._clock = clock
        self._tell = tell
        self.sources: list[JudgedSource] = judged_sources(tags, limits, config)
        self._of_tag = {tag.info.ix: source for source in self.sources for tag in source.tags}
        self._most_hours = min(_MOST_HOURS, max(1, _MOST_ENDED // max(1, len(self._of_tag))))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="judge", daemon=True)
        self.status = JudgeState()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the transaction at hand."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(10.0)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with psycopg.connect(self._dsn, **_LINE) as connection:
                    work = self._prepared(connection)
                    while not self._stop.is_set():
                        busy = self.judge(connection, work)
                        self._stop.wait(0.0 if busy else self._config.every / 1e6)
            except (NotYet, psycopg.errors.UndefinedTable):
                self._stop.wait(_LOOK_S)  # the store writer is about to make them
                continue
            except psycopg.Error as error:
                self._note(error)
            except (IntakeRefused, TimeoutError) as error:  # the journal takes nothing now; the alarm is told later
                self._note(error)
            except Exception as error:  # a defect of ours; a judge that is dead in silence would be a worse one
                self._note(error)
                _log.critical("The judge failed and begins again.", exc_info=error)
            self._stop.wait(_RETRY_S)

    def _note(self, error: Exception) -> None:
        if self.status.state != "down":
            _log.warning("Means are not judged; what is touched waits.", reason=str(error).strip())
        self.status.state, self.status.error = "down", str(error).strip()

    def _prepared(self, connection: psycopg.Connection) -> Work:
        """Once the store writer has made the tables and the tags. Raises NotYet and psycopg.Error before."""
        by_id: dict[str, int] = dict(connection.execute("SELECT id, ix FROM tag").fetchall())
        connection.commit()
        db_ix = np.full(self._tags.size, -1, np.int32)
        for info in self._tags.infos:
            if info.id not in by_id:
                raise NotYet(f"table tag does not have {info.id} yet")
            db_ix[info.ix] = by_id[info.id]
        end_left(connection, db_ix[list(self._of_tag)].tolist(), self._clock())
        touch_where_rules_changed(connection, self.sources, self._config, db_ix.tolist(), self._clock())
        return Work(self.sources, self._config, db_ix)

    def judge(self, connection: psycopg.Connection, work: Work) -> bool:
        """One pass; True where there is more to do at once."""
        began_s = time.perf_counter()
        now_us = self._clock()
        settled_us = self._settled_us(now_us)
        before_us = settled_us - MINUTE_US + 1  # a minute that ends now is over
        recent_us = _hour(settled_us) - HOUR_US
        taken, left_us = self._touched.take(connection, before_us=before_us, recent_us=recent_us, limit=_MOST_MINUTES)
        first_us, until_us = self._hours(connection, now_us, settled_us)
        if first_us < recent_us and left_us < before_us:  # an hour whose minutes wait is not missing
            until_us = min(until_us, max(first_us, left_us))
        ended = np.arange(first_us, until_us, HOUR_US, dtype=np.int64)
        for pieces, minutes in self._portions(taken, ended, work):
            with connection.transaction(), connection.cursor() as cursor:
                hours = work.hours(cursor, pieces, settled_us, now_us) if pieces else None
                self._touched.done(cursor, minutes)
                if hours is not None:
                    work.days(cursor, pieces, hours, self._touched, until_us, now_us)
            if self._stop.is_set():
                return False
        if len(ended):
            self._judged_until(connection, until_us)
        self._tell_all(connection)
        self.status.state, self.status.error = "up", ""
        self.status.minutes += len(taken)
        self.status.passes += 1
        self.status.until_us = until_us
        self.status.pass_ms = (time.perf_counter() - began_s) * 1e3
        return left_us < before_us or until_us < _hour(settled_us)

    def _settled_us(self, now_us: int) -> int:
        """What began before is judged. While the store writer is behind what was received, only what it has stored:
        an hour that waits in the journal is not missing."""
        behind_us = self._touched.behind_us()
        return min(now_us, now_us if behind_us is None else behind_us) - self._config.grace

    def _hours(self, connection: psycopg.Connection, now_us: int, settled_us: int) -> tuple[int, int]:
        """Hours that have ended and were never judged; at the very first start, from the hour that runs then."""
        row = connection.execute("SELECT until FROM judge_state WHERE name = %s", (_STATE,)).fetchone()
        connection.commit()
        if row is None:
            begin_us = _hour(now_us - self._config.grace)
            self._judged_until(connection, begin_us)
            return begin_us, begin_us
        first_us = microseconds(row[0])
        return first_us, max(first_us, min(_hour(settled_us), first_us + self._most_hours * HOUR_US))

    @staticmethod
    def _judged_until(connection: psycopg.Connection, until_us: int) -> None:
        connection.execute(
            "INSERT INTO judge_state (name, until) VALUES (%s, %s)"
            " ON CONFLICT (name) DO UPDATE SET until = excluded.until",
            (_STATE, moment(until_us)),
        )
        connection.commit()

    def _portions(self, taken: Sequence[Minute], ended: Any, work: Work) -> Iterator[tuple[list[Piece], list[Minute]]]:
        """Whole sources, as many as make a transaction of fair length; then what belongs to no source any more."""
        by_source: dict[str, list[Minute]] = {}
        strangers: list[Minute] = []
        for one in taken:
            own = int(work.own_ix[one.tag]) if one.tag < len(work.own_ix) else -1
            source = self._of_tag.get(own)
            if source is None:
                strangers.append(one)
            else:
                by_source.setdefault(source.id, []).append(one)
        pieces: list[Piece] = []
        minutes: list[Minute] = []
        size = 0
        for source in self.sources:
            own_minutes = by_source.get(source.id, [])
            if not own_minutes and not len(ended):
                continue
            pieces.append(_piece(source, own_minutes, ended, work))
            minutes += own_minutes
            size += len(own_minutes) + 60 * len(ended) * len(source.tags)
            if size >= _MOST_OF_ONE:
                yield pieces, minutes
                pieces, minutes, size = [], [], 0
        if pieces or strangers:
            yield pieces, minutes + strangers

    # --- alarms

    def _tell_all(self, connection: psycopg.Connection) -> None:
        """What the alert book does not know yet. It takes the same alarm twice for one."""
        rows = connection.execute(_UNTOLD.encode()).fetchall()
        connection.commit()
        for row in rows:
            told_over = self._tell_one(row)
            connection.execute(
                "UPDATE emission_exceedance SET told = true, told_over = told_over OR %s WHERE id = %s",
                (told_over, row[0]),
            )
            connection.commit()
            if self._stop.is_set():
                return

    def _tell_one(self, row: tuple[Any, ...]) -> bool:
        """Returns whether the alert book knows that it is over."""
        id_, kind, target, start, side, value, limit, why, told, state, unmarked, over, judged = row
        rule = RULE[kind]
        ended_us = microseconds(start) + LENGTH_US[kind]
        alarm = Raise(
            id=id_,
            rule=rule,
            target=target,
            side=side,
            level=JUDGED[rule].level if side == "high" else {"H": "L", "HH": "LL"}[JUDGED[rule].level],
            onset_us=microseconds(start),
            # An hour is over its limit when it has ended; a warning is there as soon as it is found.
            effective_us=microseconds(judged) if kind == "warning" else ended_us,
            value=value,
            limit=limit,
            why=why,
        )
        if not told and (state == "withdrawn" or not unmarked):
            return True  # nobody was told, and nobody needs to be
        late_warning = kind == "warning" and not told and ended_us <= self._clock() and over is not None
        if late_warning:
            return True  # a warning of an hour that is lost or saved already warns of nothing
        if not told:
            self._tell(alarm)
        if over is None:
            return False
        reason = why if state == "standing" else "judged anew, it does not hold any more"
        over_us = max(microseconds(over), alarm.effective_us)
        self._tell(Raise(**_fields(alarm) | {"effective_us": over_us, "cleared": True, "why": reason}))
        return True


def _hour(time_us: int) -> int:
    return time_us - time_us % HOUR_US


def _fields(alarm: Raise) -> dict[str, Any]:
    return {name: getattr(alarm, name) for name in alarm.__struct_fields__}


def _piece(source: JudgedSource, minutes: Sequence[Minute], ended: Any, work: Work) -> Piece:
    tag = work.own_ix[np.array([one.tag for one in minutes], np.int64)] if minutes else np.empty(0, np.int32)
    minute_us = np.array([one.minute for one in minutes], np.int64) * MINUTE_US
    order = np.lexsort((minute_us, tag))
    return Piece(source=source, tag=tag[order].astype(np.int32), minute_us=minute_us[order], ended_us=ended)
