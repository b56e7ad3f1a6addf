"""Hour means from minutes (HJ 212-2017 Annex D; validity: HJ 75/76 as far as HJ 212 repeats it)."""

import numpy as np
from numpy.typing import NDArray

from rules.arrays import Bools, Floats, Ints
from rules.emissions import flags
from rules.emissions.flags import Flag
from rules.emissions.grid import Grid
from rules.emissions.groups import carry_up
from rules.emissions.means import Means, count, judge, known, mean_weight, settle
from rules.emissions.minutes import Minutes
from rules.emissions.periods import HOUR_US, MINUTE_US, hour_of
from rules.emissions.validity import Validity

_MINUTES = 60


def hour_means(
    minutes: Minutes,
    validity: Validity,
    *,
    marked: Bools | None = None,
    weight: Floats | None = None,
    rows: tuple[NDArray[np.int32], Ints] | None = None,
) -> Means:
    """Hours of minutes of tags that share one `Validity`.

    ``marked``: of each minute, whether a mark covers it. ``weight``: of each minute the flow beside it, any unit, NaN
    where that is not valid; used where the validity says ``flow``. ``rows``: the (tag, hour) wanted, so that hours
    without a minute get a row too; None: the hours that have one. Parts of the result are minutes.
    """
    hour_us = hour_of(minutes.minute_us)
    column = (minutes.minute_us - hour_us) // MINUTE_US
    grid = Grid.of(minutes.tag, hour_us, column, _MINUTES, rows)
    value, flag = grid.numbers(minutes.value), grid.bytes(minutes.flag)
    mark = grid.bools(marked)
    flow = grid.numbers(weight) if weight is not None and validity.weighting == "flow" else None

    there = flag != Flag.MISSING
    valid_flag = flags.is_in(flag, validity.valid_flags)
    good = valid_flag & np.isfinite(value)
    bad = there & ~valid_flag if "hour" in validity.one_bad_spoils else np.zeros_like(there)
    enough = validity.valid_minutes
    every = judge(value, good, bad.any(axis=1), flow, enough, validity)
    unmarked = judge(value, good & ~mark, (bad & ~mark).any(axis=1), flow, enough, validity)

    present, stopped = count(there), count(flag == Flag.F)
    standstill = (stopped == present) & (stopped >= enough)
    if flow is not None and validity.without_flow == "stopped":
        standstill |= (count(known(flow)) >= enough) & (count(flow > 0) == 0)
    every, unmarked = settle(every, unmarked, nothing=present == 0, stopped=standstill)
    return Means(
        tag=grid.tag,
        start_us=grid.start_us,
        every=every,
        unmarked=unmarked,
        flag=carry_up(flags.counts(flag), _MINUTES, enough, validity),
        weight=mean_weight(flow, len(grid.tag)),
        present=present,
        normal=count(flag == Flag.N),
        stopped=stopped,
        marked=count(mark),
        late=count(grid.bools(minutes.late)),
        refilled=count(grid.bools(minutes.refilled)),
    )


def hours_between(tags: NDArray[np.int32], from_us: int, to_us: int) -> tuple[NDArray[np.int32], Ints]:
    """The rows of every tag and every hour that begins in ``[from_us, to_us)``, for ``rows``."""
    first = -(-from_us // HOUR_US) * HOUR_US
    hours = np.arange(first, to_us, HOUR_US, dtype=np.int64)
    return np.repeat(np.sort(tags).astype(np.int32), len(hours)), np.tile(hours, len(tags))
