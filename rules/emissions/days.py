"""Day means from hour means and month means from day means.

Day: HJ 212-2017 Annex D (m >= 20), GB 18484-2020 3.19; of water flow-weighted. Month: not read in a standard.
"""

import numpy as np
from numpy.typing import NDArray

from rules.arrays import Bools, Floats, Ints
from rules.emissions import flags
from rules.emissions.flags import Flag
from rules.emissions.grid import Grid
from rules.emissions.groups import carry_up
from rules.emissions.means import Counts, Judgement, Means, Status, count, judge, mean_weight, settle
from rules.emissions.periods import DAY_US, HOUR_US, day_of, is_february, month_of
from rules.emissions.validity import Validity

_Rows = tuple[NDArray[np.int32], Ints]
_HOURS, _DAYS = 24, 31


def day_means(hours: Means, validity: Validity, *, rows: _Rows | None = None) -> Means:
    """Days, of fixed UTC+08:00, of hours that share one `Validity`. ``rows``: the (tag, day) wanted; None: those that
    have an hour. Parts of the result are hours; an hour counts by its own validity, once with and once without marks.
    """
    day_us = day_of(hours.start_us)
    column = (hours.start_us - day_us) // HOUR_US
    grid = Grid.of(hours.tag, day_us, column, _HOURS, rows)
    return _longer(hours, grid, validity.valid_hours, _HOURS, "day" in validity.one_bad_spoils, validity)


def month_means(days: Means, validity: Validity, *, rows: _Rows | None = None) -> Means:
    """Calendar months of UTC+08:00. Parts of the result are days. Valid by ``valid_days``, a provisional verdict
    while ``month_confirmed_by`` is empty."""
    month_us = month_of(days.start_us)
    grid = Grid.of(days.tag, month_us, (days.start_us - month_us) // DAY_US, _DAYS, rows)
    enough = np.where(is_february(grid.start_us), validity.valid_days_february, validity.valid_days)
    length = (month_of(grid.start_us + 40 * DAY_US) - grid.start_us) // DAY_US
    return _longer(days, grid, enough.astype(np.int32), length, False, validity)


def _longer(
    shorter: Means, grid: Grid, enough: int | Counts, parts: int | Ints, spoils: bool, validity: Validity
) -> Means:
    every, unmarked = shorter.every, shorter.unmarked
    flag = grid.bytes(shorter.flag)
    flow = grid.numbers(shorter.weight) if validity.weighting == "flow" else None
    status = grid.bytes(every.status)
    there, halted = status != Status.MISSING, status == Status.STOPPED
    bad = there & ~halted & ~flags.is_in(flag, validity.valid_flags) if spoils else np.zeros_like(there)
    mark = grid.bools(shorter.marked > 0)
    # Without what is marked nothing bad is left of these, or nothing at all.
    excused = grid.bools(unmarked.valid | (shorter.marked >= shorter.present))

    def judged(one: Judgement, spoilt: Bools) -> Judgement:
        value: Floats = grid.numbers(one.mean)
        return judge(value, grid.bools(one.valid), count(spoilt) > 0, flow, enough, validity)

    present, stopped = count(there), count(halted)
    every, unmarked = settle(
        judged(every, bad),
        judged(unmarked, bad & ~excused),
        nothing=present == 0,
        stopped=(stopped == present) & (stopped >= enough),
    )
    return Means(
        tag=grid.tag,
        start_us=grid.start_us,
        every=every,
        unmarked=unmarked,
        flag=carry_up(flags.counts(flag), parts, enough, validity),
        weight=mean_weight(flow, len(grid.tag)),
        present=present,
        normal=count(flag == Flag.N),
        stopped=stopped,
        marked=count(mark),
        late=count(grid.bools(shorter.late > 0)),
        refilled=count(grid.bools(shorter.refilled > 0)),
    )
