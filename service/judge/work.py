"""One piece of judgement: the touched minutes and ended hours of some sources, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from park.index import TagTable
from park.periods import DAY_S, HOUR_S, PeriodBatch, concat_periods
from rules.arrays import Ints
from rules.emissions import flags
from rules.emissions.applicable import Spans as LimitSpans
from rules.emissions.exceed import Limits, Side, early_warnings
from rules.emissions.groups import keys
from rules.emissions.marks import marked_minutes
from rules.emissions.minutes import Minutes, concat, merge, minutes_from_periods, minutes_from_samples
from rules.emissions.periods import DAY_US, HOUR_US, MINUTE_US, day_of, hour_of, month_of, next_month
from service.judge import columns, exceedances
from service.judge.columns import LATE_AFTER_US, Spans
from service.judge.config import Emissions
from service.judge.exceedances import Found
from service.judge.marks import read_marks
from service.judge.means import Inputs, Judged, hour_rows, judged_minutes, longer_rows
from service.judge.records import MeanRows, read_means, write_means
from service.judge.sources import JudgedSource

_MONTH_US = 31 * DAY_US
#: A logger's mean of up to half an hour stands for each of its minutes.
_LONGEST_US = 1_800_000_000
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

    def __init__(
        self, tags: TagTable, sources: Sequence[JudgedSource], config: Emissions, db_ix: NDArray[np.int32]
    ) -> None:
        self._tags = tags
        self._validity = {tag.info.ix: tag.validity for source in sources for tag in source.tags}
        self._config = config
        self.db_ix = db_ix
        #: The `TagTable`'s index of each tag by the database's; -1: a tag that has left the park.
        self.own_ix = np.full(int(db_ix.max(initial=-1)) + 1, -1, np.int32)
        known = np.flatnonzero(db_ix >= 0)
        self.own_ix[db_ix[known]] = known

    def do(self, cursor: psycopg.Cursor[Any], pieces: Sequence[Piece], now_us: int) -> None:
        """Judge it all: minutes, hours that are over, their days and months, and what exceeds."""
        self._minutes(cursor, pieces)
        settled_us = now_us - self._config.grace
        hours = {piece.source.id: self._hours_of(piece) for piece in pieces}
        over = {name: starts[starts + HOUR_US <= settled_us] for name, starts in hours.items()}
        sources = [piece.source for piece in pieces]
        inputs = self._inputs(cursor, sources, hours)
        minutes = [one for source in sources for one in judged_minutes(source, inputs)]
        self._warnings(cursor, minutes, hours, now_us)
        minutes = [one for one in minutes if len(over[one.source.id])]
        if not minutes:
            return
        judged = hour_rows(minutes, over, inputs)
        write_means(cursor, self._to_db(judged), "hour", HOUR_US, now_us)
        self._exceedances(cursor, sources, judged, "hour", now_us)
        self._days(cursor, sources, judged, settled_us, now_us)
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
            self._tags,
            [one.id for one in sources],
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

    def _days(
        self,
        cursor: psycopg.Cursor[Any],
        sources: Sequence[JudgedSource],
        hours: MeanRows,
        settled_us: int,
        now_us: int,
    ) -> None:
        """The days of these hours, and the months of those days, where they are over."""
        days = _starts(hours, day_of, settled_us, lambda day: day + DAY_US)
        if not days:
            return
        tags = [tag for source in sources for tag in source.tags]
        parts = self._read(cursor, days, "hour", DAY_US)
        reports, _ = columns.read_reports(cursor, self._spans(days, DAY_US), [DAY_S])
        judged = longer_rows(tags, parts, "day", days, self._own(reports), self._config.tolerance)
        write_means(cursor, self._to_db(judged), "day", DAY_US, now_us)
        self._exceedances(cursor, sources, judged, "day", now_us)
        months = _starts(judged, month_of, settled_us, next_month)
        if not months:
            return
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

    # --- exceedances

    def _exceedances(
        self, cursor: psycopg.Cursor[Any], sources: Sequence[JudgedSource], rows: MeanRows, kind: Any, now_us: int
    ) -> None:
        found: list[Found] = []
        looked: list[tuple[int, int]] = []
        for tag in (tag for source in sources for tag in source.tags if tag.is_pollutant):
            mine = rows.take(rows.tag == tag.info.ix)
            looked += [(int(self.db_ix[tag.info.ix]), start) for start in mine.start_us.tolist()]
            found += exceedances.found_in(tag, mine, kind)
        exceedances.record(cursor, kind, looked, found, self.db_ix.tolist(), now_us)

    def _warnings(
        self, cursor: psycopg.Cursor[Any], judged: Sequence[Judged], hours: Mapping[str, Ints], now_us: int
    ) -> None:
        found: list[Found] = []
        looked: list[tuple[int, int]] = []
        for one in judged:
            if one.tag.is_pollutant and len(one.tag.hour_limits):
                starts = hours[one.source.id]
                looked += [(int(self.db_ix[one.tag.info.ix]), start) for start in starts.tolist()]
                found += self._warnings_of(one, starts, now_us)
        exceedances.record(cursor, "warning", looked, found, self.db_ix.tolist(), now_us)

    def _warnings_of(self, judged: Judged, hours: Ints, now_us: int) -> list[Found]:
        tag = judged.tag
        inside = np.isin(hour_of(judged.minutes.minute_us), hours)
        minutes, marked = judged.minutes.take(inside), judged.marked[inside]
        if not len(minutes):
            return []
        valid = flags.is_in(minutes.flag, tag.validity.valid_flags) & np.isfinite(minutes.value) & ~marked
        found: list[Found] = []
        limits = _limits(tag.hour_limits, hour_of(minutes.minute_us))
        for hour in np.unique(hour_of(minutes.minute_us)).tolist():
            here = hour_of(minutes.minute_us) == hour
            part = minutes.take(here)
            runs = early_warnings(
                part.tag, part.minute_us, part.value, valid[here], limits.take(here), self._config.early_warning
            )
            limit = tag.hour_limits.at(hour)
            if not len(runs) or limit is None:
                continue
            last_us = int(part.minute_us[-1]) + MINUTE_US
            goes_on = int(runs.end_us[-1]) >= last_us and hour + HOUR_US > now_us
            peak = float(runs.peak[np.argmax(np.abs(runs.peak))])
            bound = float(runs.warn_at[0])
            found.append(
                Found(
                    kind="warning",
                    tag=tag,
                    start_us=hour,
                    side="low" if runs.side[0] == Side.LOW else "high",
                    value=peak,
                    limit=limit,
                    bound=bound,
                    unmarked=True,
                    why=f"{int(runs.minutes.sum())} minutes beyond {bound:.4g} {limit.unit}, up to {peak:.4g}; "
                    f"limit of the hour mean {limit.words()}",
                    over_us=None if goes_on else int(runs.end_us[-1]),
                )
            )
        return found


def _limits(spans: LimitSpans, times_us: Ints) -> Limits:
    upper, lower = spans.columns(times_us)
    return Limits(upper=upper, lower=lower, row=spans.which(times_us).astype(np.int32))


def _starts(rows: MeanRows, start_of: Any, settled_us: int, end_of: Any) -> dict[int, Ints]:
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
