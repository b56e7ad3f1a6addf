"""Marks (标记): spans that an enterprise declared to be special. Which minutes they cover, and how much of a quota."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from rules.arrays import Bools, Floats, Ints
from rules.emissions import periods
from rules.emissions.groups import Groups, keys
from rules.emissions.periods import HOUR_US


class Kind(IntEnum):
    """What a mark is about."""

    #: Of production or treatment (工况标记): start-up, shut-down, fault, accident.
    CONDITION = 1
    #: Of the monitoring (自动监测异常标记): calibration, maintenance, instrument fault.
    ANOMALY = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Marks:
    """Columns ``(k,)``: the marks that are in force, one row for each tag that a mark covers."""

    tag: NDArray[np.int32]
    #: ``[begin, end)``, epoch microseconds, UTC.
    begin_us: Ints
    end_us: Ints
    #: See `Kind`.
    kind: NDArray[np.uint8]

    def of(self, kind: Kind) -> "Marks":
        """Those of one kind."""
        rows = self.kind == kind
        return Marks(tag=self.tag[rows], begin_us=self.begin_us[rows], end_us=self.end_us[rows], kind=self.kind[rows])


def marked_minutes(tag: NDArray[np.int32], minute_us: Ints, marks: Marks) -> Bools:
    """Of minutes sorted by (tag, minute): whether a mark covers any part of each, ``(n,)``."""
    have = keys(tag, minute_us)
    real = marks.end_us > marks.begin_us
    marked_tag, begin_us, end_us = marks.tag[real], marks.begin_us[real], marks.end_us[real]
    first = np.searchsorted(have, keys(marked_tag, begin_us))
    # The last microsecond of the mark is in the last minute that it covers.
    after = np.searchsorted(have, keys(marked_tag, end_us - 1), side="right")
    steps = np.zeros(len(have) + 1, np.int64)
    np.add.at(steps, first, 1)
    np.add.at(steps, after, -1)
    covered: Bools = np.cumsum(steps[:-1]) > 0
    return covered


class Quota(BaseModel):
    """How long marks of some types may last in a calendar year or month of UTC+08:00."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    #: Types of marks that draw on it, by the words that the marks use.
    types: frozenset[str] = Field(min_length=1)
    hours: float = Field(gt=0)
    per: Literal["year", "month"] = "year"
    source: str = "site"
    #: Empty: nobody confirmed it against its source, and it is not applied.
    confirmed_by: str = ""

    @property
    def active(self) -> bool:
        """Whether it is applied."""
        return self.confirmed_by != ""

    @model_validator(mode="after")
    def _possible(self) -> "Quota":
        if self.hours > (8_784 if self.per == "year" else 744):
            raise ValueError(f"hours is {self.hours:g}; a {self.per} has fewer")
        return self

    def period_of(self, time_us: Ints) -> Ints:
        """Start of the period that each instant is in."""
        return periods.year_of(time_us) if self.per == "year" else periods.month_of(time_us)

    def end_of(self, period_us: Ints) -> Ints:
        """Start of the next period."""
        return periods.next_year(period_us) if self.per == "year" else periods.next_month(period_us)


#: GB 18484-2020 7.2.3, read: start-up, shut-down, fault and accident of one unit, 60 h in a calendar year.
HAZARDOUS_WASTE_INCINERATION = Quota(
    types=frozenset({"start_up", "shut_down", "fault", "accident"}),
    hours=60,
    per="year",
    source="GB 18484-2020 7.2.3",
    confirmed_by="read in the standard",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Usage:
    """Columns ``(r,)``, sorted by (place, period): how much of a quota is used."""

    place: NDArray[np.int32]
    #: Start of the period. Epoch microseconds, UTC.
    period_us: Ints
    #: Overlapping marks count once.
    hours: Floats


def usage(place: NDArray[np.int32], begin_us: Ints, end_us: Ints, quota: Quota) -> Usage:
    """Hours of marks ``(k,)`` of the quota's types in each period that they touch. ``place``: whose quota it is."""
    place, begin_us, end_us = _united(place, begin_us, end_us)
    place, begin_us, end_us, period_us = _cut(place, begin_us, end_us, quota)
    key = keys(place, period_us)
    order = np.argsort(key, kind="stable")
    groups = Groups.within(key[order])
    first = order[groups.first]
    return Usage(
        place=place[first].astype(np.int32),
        period_us=period_us[first],
        hours=groups.total((end_us - begin_us)[order] / HOUR_US),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Whether a new mark fits into one period of its quota."""

    period_us: int
    #: Hours used before, and with the new mark.
    used: float
    would_be: float
    allowed: float

    @property
    def fits(self) -> bool:
        """To the last microsecond."""
        return self.would_be <= self.allowed


def fit(begin_us: Ints, end_us: Ints, new_begin_us: int, new_end_us: int, quota: Quota) -> list[Fit]:
    """Of a new mark beside the marks ``(k,)`` of one place: one verdict for each period that the new one touches.

    Raises ValueError where the new mark does not end after it begins.
    """
    if new_end_us <= new_begin_us:
        raise ValueError(f"a mark must end after it begins: [{new_begin_us}, {new_end_us}) does not")
    one = np.zeros(1, np.int32)
    old = usage(np.zeros(len(begin_us), np.int32), begin_us, end_us, quota)
    new = usage(one, np.array([new_begin_us]), np.array([new_end_us]), quota)
    both = usage(
        np.zeros(len(begin_us) + 1, np.int32),
        np.append(begin_us, new_begin_us).astype(np.int64),
        np.append(end_us, new_end_us).astype(np.int64),
        quota,
    )
    before = dict(zip(old.period_us.tolist(), old.hours.tolist(), strict=True))
    after = dict(zip(both.period_us.tolist(), both.hours.tolist(), strict=True))
    return [
        Fit(period_us=period, used=before.get(period, 0.0), would_be=after[period], allowed=quota.hours)
        for period in new.period_us.tolist()
    ]


_Spans = tuple[NDArray[np.int32], Ints, Ints]
_Pieces = tuple[NDArray[np.int32], Ints, Ints, Ints]


def _united(place: NDArray[np.int32], begin_us: Ints, end_us: Ints) -> _Spans:
    """Spans of one place that touch or overlap become one."""
    real = end_us > begin_us
    place, begin_us, end_us = place[real], begin_us[real], end_us[real]
    if not len(place):
        return place, begin_us, end_us
    # Whoever begins and ends, in order of time, ends after begins at one instant: a span is over where none is open.
    time_us = np.concatenate([begin_us, end_us])
    step = np.repeat(np.array([1, -1]), len(place))
    whose = np.concatenate([place, place])
    order = np.lexsort((-step, time_us, whose))
    depth = np.cumsum(step[order])
    last = np.flatnonzero(depth == 0)
    first = np.append(0, last[:-1] + 1)
    return whose[order][first], time_us[order][first], time_us[order][last]


def _cut(place: NDArray[np.int32], begin_us: Ints, end_us: Ints, quota: Quota) -> _Pieces:
    """The spans cut where periods end, with the period of each piece. One turn of the loop for each period crossed."""
    pieces: list[_Pieces] = []
    while True:
        period_us = quota.period_of(begin_us)
        border_us = quota.end_of(period_us)
        pieces.append((place, begin_us, np.minimum(end_us, border_us), period_us))
        rest = end_us > border_us
        if not rest.any():
            break
        place, begin_us, end_us = place[rest], border_us[rest], end_us[rest]
    places, begins, ends, starts = zip(*pieces, strict=True)
    return np.concatenate(places), np.concatenate(begins), np.concatenate(ends), np.concatenate(starts)
