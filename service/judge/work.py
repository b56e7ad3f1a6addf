"""One piece of judgement: the touched minutes and ended hours of some sources, in one transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from park.periods import DAY_S, HOUR_S, PeriodBatch, concat_periods
from rules.arrays import Ints
from rules.emissions.groups import keys
from rules.emissions.marks import marked_minutes
from rules.emissions.minutes import Minutes, concat, merge, minutes_from_periods, minutes_from_samples
from rules.emissions.periods import DAY_US, HOUR_US, MINUTE_US, day_of, hour_of, month_of, next_month
from service.judge import columns, exceedances
from service.judge.columns import LATE_AFTER_US, Spans
from service.judge.config import Emissions
from service.judge.findings import Findings
from service.judge.judged import Inputs, judged_minutes
from service.judge.marks import read_marks
from service.judge.means import hour_rows, longer_rows
from service.judge.records import MeanRows, read_means, write_means
from service.judge.sources import JudgedSource
from service.store.touched import Touched

_MONTH_US = 31 * DAY_US
#: A logger's mean of up to half an hour stands for each of its minutes.
_LONGEST_US = 1_800_000_000
_NONE = np.empty(0, np.int64)
_MINUTE_LENGTHS_S = tuple(range(60, 1_801, 60))


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What there is to judge of one source."""

    source: JudgedSource
    #: Touched minutes: index of the tag in the `TagTable`, start of the minute; sorted by (tag, minute).
    tag: NDArray[np.int32]
    minute_us: Ints
    #: Hours (starts) that are to be judged because they have ended.
    ended_us: Ints


class Work:
    """Constructed once a connection: it knows the database's numbers of the tags."""

    def __init__(self, sources: Sequence[JudgedSource], config: Emissions, db_ix: NDArray[np.int32]) -> None:
        self._validity = {tag.info.ix: tag.validity for source in sources for tag in source.tags}
        self._config = config
        self._findings = Findings(config.early_warning, db_ix)
        self.db_ix = db_ix
        #: The `TagTable`'s index of each tag by the database's; -1: a tag that has left the park.
        self.own_ix = np.full(int(db_ix.max(initial=-1)) + 1, -1, np.int32)
        known = np.flatnonzero(db_ix >= 0)
        self.own_ix[db_ix[known]] = known

    def hours(
        self, cursor: psycopg.Cursor[Any], pieces: Sequence[Piece], settled_us: int, now_us: int
    ) -> MeanRows | None:
        """Judge minutes, the hours of them that are over, and what exceeds. Returns these hours; None: there is none.

        ``settled_us``: what ends after it is not over.
        """
        self._minutes(cursor, pieces)
        hours = {piece.source.id: self._hours_of(piece) for piece in pieces}
        over = {name: starts[starts + HOUR_US <= settled_us] for name, starts in hours.items()}
        sources = [piece.source for piece in pieces]
        inputs = self._inputs(cursor, sources, hours)
        minutes = [one for source in sources for one in judged_minutes(source, inputs)]
        self._findings.of_minutes(cursor, minutes, hours, now_us)
        minutes = [one for one in minutes if len(over[one.source.id])]
        if not minutes:
            return None
        judged = hour_rows(minutes, over, inputs)
        write_means(cursor, self._to_db(judged), "hour", HOUR_US, now_us)
        self._findings.of_means(cursor, sources, judged, "hour", now_us)
        return judged

    def days(
        self,
        cursor: psycopg.Cursor[Any],
        pieces: Sequence[Piece],
        hours: MeanRows,
        touched: Touched,
        until_us: int,
        now_us: int,
    ) -> None:
        """Judge the days and months of these hours, and what exceeds. Every hour before ``until_us`` is judged.

        A day or month in which minutes are still to be judged waits for them: half of it would be another.
        """
        sources = [piece.source for piece in pieces]
        days = _starts(hours, day_of, until_us, lambda day: day + DAY_US)
        days = self._settled(cursor, sources, days, touched, lambda day: day + DAY_US)
        if days:
            judged = self._days(cursor, sources, days, now_us)
            months = _starts(judged, month_of, until_us, next_month)
            months = self._settled(cursor, sources, months, touched, next_month)
            if months:
                self._months(cursor, sources, months, now_us)
        exceedances.end(cursor)

    # --- minutes

    def _minutes(self, cursor: psycopg.Cursor[Any], pieces: Sequence[Piece]) -> None:
        """Bring the touched minutes up to date. One that has no data (any more known here) stays as it is."""
        tag = np.concatenate([piece.tag for piece in pieces])
        minute_us = np.concatenate([piece.minute_us for piece in pieces])
        if not len(tag):
            return
        order = np.lexsort((minute_us, tag))
        tag, minute_us = tag[order], minute_us[order]
        samples = columns.read_samples(cursor, Spans.of_runs(self.db_ix[tag], minute_us, MINUTE_US))
        reports, late = columns.read_reports(cursor, self._widened(tag, minute_us), _MINUTE_LENGTHS_S)
        reported = minutes_from_periods(self._own(reports), late=late)
        computed = self._computed(samples)
        whole = merge(computed, reported)
        wanted = np.isin(keys(whole.tag, whole.minute_us), keys(tag, minute_us))
        whole = whole.take(wanted)
        at, found = computed.find(whole.tag, whole.minute_us)
        ours = np.full(len(whole), np.nan)
        ours[found] = computed.value[at[found]]
        columns.write_minutes(cursor, replace(whole, tag=self.db_ix[whole.tag]), ours)

    def _widened(self, tag: NDArray[np.int32], minute_us: Ints) -> Spans:
        """From each run of minutes back by half an hour, in which a logger's mean may have begun."""
        runs = np.ones(len(tag), np.bool_)
        runs[1:] = (tag[1:] != tag[:-1]) | (minute_us[1:] - minute_us[:-1] > _LONGEST_US)
        first = np.flatnonzero(runs)
        last = np.append(first[1:], len(tag)) - 1
        return Spans(self.db_ix[tag[first]], minute_us[first] - _LONGEST_US, minute_us[last] + MINUTE_US)

    def _computed(self, samples: NDArray[np.void]) -> Minutes:
        own = self.own_ix[samples["tag"].astype(np.int32)]
        parts: list[Minutes] = []
        validities = {ix: self._validity[ix] for ix in np.unique(own).tolist() if ix in self._validity}
        for validity in dict.fromkeys(validities.values()):
            mine = np.isin(own, [ix for ix, one in validities.items() if one == validity])
            parts.append(
                minutes_from_samples(
                    own[mine],
                    samples["time"][mine].astype(np.int64),
                    samples["value"][mine].astype(np.float64),
                    samples["quality"][mine].astype(np.uint8),
                    validity=validity,
                    lag_us=samples["lag_ms"][mine].astype(np.int64) * 1_000,
                    late_after_us=LATE_AFTER_US,
                )
            )
        if not parts:
            return minutes_from_periods(_no_reports())
        whole = concat(parts)
        return whole.take(np.lexsort((whole.minute_us, whole.tag)))

    # --- hours and what they are made of

    @staticmethod
    def _hours_of(piece: Piece) -> Ints:
        return np.unique(np.concatenate([hour_of(piece.minute_us), piece.ended_us]))

    def _inputs(
        self, cursor: psycopg.Cursor[Any], sources: Sequence[JudgedSource], hours: Mapping[str, Ints]
    ) -> Inputs:
        tag = [np.full(len(hours[one.id]), t.info.ix, np.int32) for one in sources for t in one.tags]
        start = [hours[one.id] for one in sources for _ in one.tags]
        tags, starts = np.concatenate(tag), np.concatenate(start)
        order = np.lexsort((starts, tags))
        spans = Spans.of_runs(self.db_ix[tags[order]], starts[order], HOUR_US)
        minutes, computed = columns.read_minutes(cursor, spans)
        minutes = replace(minutes, tag=self.own_ix[minutes.tag])
        order = np.lexsort((minutes.minute_us, minutes.tag))
        minutes, computed = minutes.take(order), computed[order]
        reports, _ = columns.read_reports(cursor, spans, [HOUR_S])
        marks = read_marks(
            cursor,
            sources,
            int(starts.min(initial=0)) if len(starts) else 0,
            int(starts.max(initial=0)) + HOUR_US,
        )
        return Inputs(
            minutes=minutes,
            computed=computed,
            marked=marked_minutes(minutes.tag, minutes.minute_us, marks),
            reports=self._own(reports),
            tolerance=self._config.tolerance,
        )

    def _settled(
        self,
        cursor: psycopg.Cursor[Any],
        sources: Sequence[JudgedSource],
        starts: Mapping[int, Ints],
        touched: Touched,
        end_of: Callable[[Ints], Ints],
    ) -> dict[int, Ints]:
        """Without those in which minutes of any tag of the source wait."""
        begins = {
            one.id: np.unique(np.concatenate([starts.get(t.info.ix, _NONE) for t in one.tags])) for one in sources
        }
        asked = [
            (one.id, int(self.db_ix[tag.info.ix]), begin, end)
            for one in sources
            for tag in one.tags
            for begin, end in zip(begins[one.id].tolist(), end_of(begins[one.id]).tolist(), strict=True)
        ]
        if not asked:
            return {}
        _, tag, begin, end = zip(*asked, strict=True)
        waiting = touched.waiting(cursor, tag, columns.moments(np.array(begin)), columns.moments(np.array(end)))
        left = {(asked[n][0], asked[n][2]) for n in waiting}
        found: dict[int, Ints] = {}
        for one in sources:
            open_ = [start for source, start in left if source == one.id]
            for ix in (tag.info.ix for tag in one.tags if tag.info.ix in starts):
                kept = starts[ix][~np.isin(starts[ix], open_)]
                found |= {ix: kept} if len(kept) else {}
        return found

    def _days(
        self, cursor: psycopg.Cursor[Any], sources: Sequence[JudgedSource], days: Mapping[int, Ints], now_us: int
    ) -> MeanRows:
        tags = [tag for source in sources for tag in source.tags]
        parts = self._read(cursor, days, "hour", DAY_US)
        reports, _ = columns.read_reports(cursor, self._spans(days, DAY_US), [DAY_S])
        judged = longer_rows(tags, parts, "day", days, self._own(reports), self._config.tolerance)
        write_means(cursor, self._to_db(judged), "day", DAY_US, now_us)
        self._findings.of_means(cursor, sources, judged, "day", now_us)
        return judged

    def _months(
        self, cursor: psycopg.Cursor[Any], sources: Sequence[JudgedSource], months: Mapping[int, Ints], now_us: int
    ) -> None:
        tags = [tag for source in sources for tag in source.tags]
        parts = self._read(cursor, months, "day", _MONTH_US)
        whole = longer_rows(tags, parts, "month", months, _no_reports(), self._config.tolerance)
        write_means(cursor, self._to_db(whole), "month", _MONTH_US, now_us)

    def _spans(self, starts: Mapping[int, Ints], length_us: int) -> Spans:
        tag = np.repeat(np.array(list(starts), np.int32), [len(one) for one in starts.values()])
        start = np.concatenate(list(starts.values()))
        return Spans(self.db_ix[tag], start, start + length_us)

    def _read(self, cursor: psycopg.Cursor[Any], starts: Mapping[int, Ints], period: Any, length_us: int) -> MeanRows:
        rows, _ = read_means(cursor, self._spans(starts, length_us), period)
        rows = replace(rows, tag=self.own_ix[rows.tag])
        return rows.take(np.lexsort((rows.start_us, rows.tag)))

    def _to_db(self, rows: MeanRows) -> MeanRows:
        rows = replace(rows, tag=self.db_ix[rows.tag])
        return rows.take(np.lexsort((rows.start_us, rows.tag)))

    def _own(self, reports: PeriodBatch) -> PeriodBatch:
        return replace(reports, tag=self.own_ix[reports.tag])


def _starts(
    rows: MeanRows, start_of: Callable[[Ints], Ints], settled_us: int, end_of: Callable[[Ints], Ints]
) -> dict[int, Ints]:
    """Of each tag the longer periods that these rows are in, as far as they are over."""
    found: dict[int, Ints] = {}
    for ix in np.unique(rows.tag).tolist():
        starts = np.unique(start_of(rows.start_us[rows.tag == ix]))
        starts = starts[end_of(starts) <= settled_us]
        if len(starts):
            found[ix] = starts
    return found


def _no_reports() -> PeriodBatch:
    return concat_periods([])
