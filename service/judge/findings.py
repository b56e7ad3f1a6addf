"""From judged periods and minutes to findings: which hours and days exceed, and where minutes warn."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import psycopg
from numpy.typing import NDArray

from rules.arrays import Bools, Ints
from rules.emissions import flags
from rules.emissions.applicable import Applicable
from rules.emissions.exceed import EarlyWarning, Limits, Side, Warnings, early_warnings
from rules.emissions.minutes import Minutes
from rules.emissions.periods import HOUR_US, MINUTE_US, hour_of
from service.judge import exceedances
from service.judge.exceedances import Found
from service.judge.judged import Judged
from service.judge.records import MeanRows
from service.judge.sources import JudgedSource, JudgedTag


class Findings:
    """``db_ix``: the database's number of each tag."""

    def __init__(self, rule: EarlyWarning, db_ix: NDArray[np.int32]) -> None:
        self._rule = rule
        self._db_ix: list[int] = db_ix.tolist()

    def of_means(
        self,
        cursor: psycopg.Cursor[object],
        sources: Sequence[JudgedSource],
        rows: MeanRows,
        kind: Literal["hour", "day"],
        now_us: int,
    ) -> None:
        """Record what exceeds among these periods, and withdraw what does not any more."""
        found: list[Found] = []
        looked: list[tuple[int, int]] = []
        for tag in (tag for source in sources for tag in source.tags if tag.is_pollutant):
            mine = rows.take(rows.tag == tag.info.ix)
            looked += [(self._db_ix[tag.info.ix], start) for start in mine.start_us.tolist()]
            found += exceedances.found_in(tag, mine, kind)
        exceedances.record(cursor, kind, looked, found, self._db_ix, now_us)

    def of_minutes(
        self, cursor: psycopg.Cursor[object], judged: Sequence[Judged], hours: Mapping[str, Ints], now_us: int
    ) -> None:
        """Record where minutes warn in these hours (starts, by source), and withdraw what does not any more."""
        found: list[Found] = []
        looked: list[tuple[int, int]] = []
        for one in judged:
            if one.tag.is_pollutant and len(one.tag.hour_limits):
                starts = hours[one.source.id]
                looked += [(self._db_ix[one.tag.info.ix], start) for start in starts.tolist()]
                found += _warnings_of(one, starts, self._rule, now_us)
        exceedances.record(cursor, "warning", looked, found, self._db_ix, now_us)


def _warnings_of(judged: Judged, hours: Ints, rule: EarlyWarning, now_us: int) -> list[Found]:
    hour_us = hour_of(judged.minutes.minute_us)
    inside = np.isin(hour_us, hours)
    minutes, marked, hour_us = judged.minutes.take(inside), judged.marked[inside], hour_us[inside]
    valid: Bools = flags.is_in(minutes.flag, judged.tag.validity.valid_flags) & np.isfinite(minutes.value) & ~marked
    limits = exceedances.limits_at(judged.tag.hour_limits, hour_us)
    found: list[Found] = []
    for hour in np.unique(hour_us).tolist():
        limit = judged.tag.hour_limits.at(hour)
        if limit is None:
            continue
        here = hour_us == hour
        found += _in_one_hour(judged.tag, hour, minutes.take(here), valid[here], limits.take(here), limit, rule, now_us)
    return found


def _in_one_hour(
    tag: JudgedTag,
    hour: int,
    part: Minutes,
    valid: Bools,
    limits: Limits,
    limit: Applicable,
    rule: EarlyWarning,
    now_us: int,
) -> list[Found]:
    """At most one of each side: all runs of it together."""
    runs = early_warnings(part.tag, part.minute_us, part.value, valid, limits, rule)
    last_us = int(part.minute_us[-1]) + MINUTE_US
    runs_on = hour + HOUR_US > now_us
    found: list[Found] = []
    for side in (Side.HIGH, Side.LOW):
        mine = np.flatnonzero(runs.side == side)
        if len(mine):
            found.append(_warning(tag, hour, runs, mine, side, limit, last_us if runs_on else None))
    return found


def _warning(
    tag: JudgedTag,
    hour: int,
    runs: Warnings,
    mine: NDArray[np.intp],
    side: Side,
    limit: Applicable,
    open_us: int | None,
) -> Found:
    """``open_us``: a run that ends there goes on; None: the hour is over."""
    peak = float(runs.peak[mine].max() if side is Side.HIGH else runs.peak[mine].min())
    bound, end_us = float(runs.warn_at[mine[0]]), int(runs.end_us[mine].max())
    return Found(
        kind="warning",
        tag=tag,
        start_us=hour,
        side="low" if side is Side.LOW else "high",
        value=peak,
        limit=limit,
        bound=bound,
        unmarked=True,
        why=f"{int(runs.minutes[mine].sum())} minutes beyond {bound:.4g} {limit.unit}, up to {peak:.4g}; "
        f"limit of the hour mean {limit.words()}",
        over_us=None if end_us == open_us else end_us,
    )
