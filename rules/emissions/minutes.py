"""Minute records: from samples, from what the logger itself reports (2051), and the two merged."""

from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from park.periods import PeriodBatch
from park.quality import LATE
from rules.arrays import Bools, Bytes, Floats, Ints, Rows
from rules.emissions import flags
from rules.emissions.averaging import average
from rules.emissions.flags import Flag
from rules.emissions.groups import Groups, carry_up, keys, ordered
from rules.emissions.periods import MINUTE_US, minute_of
from rules.emissions.validity import FLUE_GAS, Validity

#: Periods of the logger of these lengths are minutes; HJ 212-2017: the minute interval is 1 to 30 min.
SHORTEST_S, LONGEST_S = 60, 1_800


class Origin(IntEnum):
    """Who made the mean of a minute."""

    SAMPLES = 1
    LOGGER = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Minutes:
    """Columns of one shape ``(n,)``, sorted by (tag, minute), each pair once. A minute that is not there is missing."""

    tag: NDArray[np.int32]
    #: Start of the minute. Epoch microseconds, UTC.
    minute_us: Ints
    #: Mean, in the tag's unit. Of the valid samples, or of all there are where none is valid. NaN: no number.
    value: Floats
    #: How many samples it was made of; 0 where the logger reports it.
    n: NDArray[np.int32]
    #: See `Flag`.
    flag: Bytes
    #: See `Origin`.
    origin: Bytes
    #: All of it came after its time: by the quality of the samples, or by their lag.
    late: Bools
    #: It is there only because we asked the logger for its history.
    refilled: Bools

    def __len__(self) -> int:
        return len(self.tag)

    def take(self, rows: Bools | Rows) -> "Minutes":
        """The rows that a mask or a rising index array names."""
        return Minutes(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    def find(self, tag: NDArray[np.int32], minute_us: Ints) -> tuple[Rows, Bools]:
        """The row of each (tag, minute), and whether there is one; where there is none the row is 0."""
        wanted, have = keys(np.asarray(tag, np.int32), minute_us), keys(self.tag, self.minute_us)
        at = np.searchsorted(have, wanted)
        found = np.zeros(len(wanted), np.bool_)
        inside = at < len(have)
        found[inside] = have[at[inside]] == wanted[inside]
        return np.where(found, at, 0), found

    def look_up(self, tag: NDArray[np.int32], minute_us: Ints) -> tuple[Floats, Bytes]:
        """Value and flag of each (tag, minute): the oxygen or the flow beside a concentration. NaN, MISSING: none."""
        at, found = self.find(tag, minute_us)
        value, flag = np.full(len(at), np.nan), np.full(len(at), Flag.MISSING, np.uint8)
        value[found], flag[found] = self.value[at[found]], self.flag[at[found]]
        return value, flag


def minutes_from_samples(
    tag: NDArray[np.int32],
    time_us: Ints,
    value: Floats,
    quality: Bytes,
    *,
    validity: Validity = FLUE_GAS,
    lag_us: Ints | None = None,
    late_after_us: int = 300_000_000,
) -> Minutes:
    """Minute means of samples in any order, of tags that share one `Validity`.

    A minute is valid as its flag says: normal by the share of its samples, or without an abnormal one
    (HJ 212-2017, note to C.16). With fewer than ``min_samples`` valid ones a minute that would be normal is MISSING.
    It is late where every sample is: marked so by the intake, or received more than ``late_after_us`` after its time.
    """
    key = keys(tag, time_us)
    order = ordered(key)
    if order is not None:
        key, tag, time_us, value, quality = key[order], tag[order], time_us[order], value[order], quality[order]
    flag = flags.from_quality(quality)
    number = np.isfinite(value)
    flag = np.where(number | (flag != Flag.N), flag, np.uint8(Flag.MISSING))
    late = (quality & LATE) != 0
    if lag_us is not None:
        late |= (lag_us if order is None else lag_us[order]) > late_after_us

    groups = Groups.within(key)
    counts = groups.flags(flag)
    valid = flags.is_in(flag, validity.valid_flags) & number
    good = groups.count(valid)
    up = carry_up(counts, groups.size, 1, validity)
    few = (good < validity.min_samples) & flags.is_in(up, validity.valid_flags)
    up = np.where(few, np.uint8(Flag.MISSING), up)
    # A minute with nothing valid in it keeps the mean of what it has, for the record.
    use = valid | (number & (good == 0)[groups.of])
    return Minutes(
        tag=tag[groups.first].astype(np.int32),
        minute_us=minute_of(time_us[groups.first]),
        value=average(value, use, groups, validity),
        n=good.astype(np.int32),
        flag=up,
        origin=np.full(len(groups), Origin.SAMPLES, np.uint8),
        late=groups.count(late) == groups.size,
        refilled=np.zeros(len(groups), np.bool_),
    )


def minutes_from_periods(reported: PeriodBatch, *, late: Bools | None = None) -> Minutes:
    """The minutes that loggers report. A period of several minutes gives its mean to each of them.

    Periods shorter than a minute or longer than 30 are no minutes and are left out. Of several reports of one minute
    the one further down the batch holds. A report without a mean and without an abnormal flag says nothing.
    """
    silent = ~np.isfinite(reported.avg) & flags.is_in(flags.from_ascii(reported.flag), [Flag.N])
    wanted = (reported.length_s >= SHORTEST_S) & (reported.length_s <= LONGEST_S) & ~silent
    late = np.zeros(len(reported), np.bool_) if late is None else late
    rows = np.flatnonzero(wanted)
    length = reported.length_s[rows] // 60
    rows = np.repeat(rows, length)
    offset = np.arange(len(rows)) - np.repeat(np.cumsum(length) - length, length)
    minute_us = minute_of(reported.start_us[rows]) + offset * MINUTE_US
    return _last_of_each(
        Minutes(
            tag=reported.tag[rows],
            minute_us=minute_us,
            value=reported.avg[rows],
            n=np.zeros(len(rows), np.int32),
            flag=flags.from_ascii(reported.flag[rows]),
            origin=np.full(len(rows), Origin.LOGGER, np.uint8),
            late=late[rows],
            refilled=reported.asked[rows],
        )
    )


def merge(computed: Minutes, reported: Minutes) -> Minutes:
    """One record for each minute. What the logger reports takes precedence over what we computed from its samples.

    A minute that was there in time by either way is neither late nor refilled.
    """
    at, both = computed.find(reported.tag, reported.minute_us)
    in_time = ~reported.late & ~reported.refilled
    in_time[both] |= ~computed.late[at[both]]
    n = reported.n.copy()
    n[both] = computed.n[at[both]]
    better = Minutes(
        tag=reported.tag,
        minute_us=reported.minute_us,
        value=reported.value,
        n=n,
        flag=reported.flag,
        origin=reported.origin,
        late=~in_time & (reported.late | both),
        refilled=~in_time & reported.refilled & ~both,
    )
    return _last_of_each(concat([computed, better]))


def concat(parts: list[Minutes]) -> Minutes:
    """All rows in the order given; the caller sees to it that the whole is sorted, or uses `merge`."""
    names = [field.name for field in fields(Minutes)]
    return Minutes(**{name: np.concatenate([getattr(one, name) for one in parts]) for name in names})


def _last_of_each(rows: Minutes) -> Minutes:
    key = keys(rows.tag, rows.minute_us)
    order = np.argsort(key, kind="stable")
    key = key[order]
    last = np.ones(len(key), np.bool_)
    last[:-1] = key[1:] != key[:-1]
    return rows.take(order[last])
