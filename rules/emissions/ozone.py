"""The day's highest running mean of 8 hours, for ozone (臭氧日最大8小时平均, GB 3095).

How many hours and windows it needs was not read in a standard (HJ 663, from memory): configuration.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from rules.arrays import Bools, Floats, Ints
from rules.emissions.averaging import quotient
from rules.emissions.grid import Grid
from rules.emissions.means import Judgement, Means
from rules.emissions.periods import HOUR_US, day_of

_WINDOW, _HOURS = 8, 24


class EightHours(BaseModel):
    """What makes a running mean, and a day's highest, valid."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: Valid hours that a running mean needs.
    hours: int = Field(default=6, ge=1, le=_WINDOW)
    #: Running means within the day, of the 17 that end at 8:00 to 24:00, that the day needs.
    windows: int = Field(default=14, ge=1, le=_HOURS - _WINDOW + 1)
    source: str = "HJ 663-2013, from memory; not read"
    #: Who confirmed it. Empty: nobody, and the verdict is provisional.
    confirmed_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EightHourDays:
    """Columns ``(r,)``, sorted by (tag, day)."""

    tag: NDArray[np.int32]
    #: Start of the day (UTC+08:00). Epoch microseconds, UTC.
    start_us: Ints
    #: Highest running mean, over all valid hours and over those that count without what is marked; NaN: none.
    every: Floats
    unmarked: Floats
    every_valid: Bools
    unmarked_valid: Bools


def eight_hour_days(hours: Means, rule: EightHours) -> EightHourDays:
    """Of each day that has an hour. The eight hours of a mean lie all within the day."""
    day_us = day_of(hours.start_us)
    grid = Grid.of(hours.tag, day_us, (hours.start_us - day_us) // HOUR_US, _HOURS)
    every, every_valid = _highest(grid, hours.every, rule)
    unmarked, unmarked_valid = _highest(grid, hours.unmarked, rule)
    return EightHourDays(
        tag=grid.tag,
        start_us=grid.start_us,
        every=every,
        unmarked=unmarked,
        every_valid=every_valid,
        unmarked_valid=unmarked_valid,
    )


def _highest(grid: Grid, one: Judgement, rule: EightHours) -> tuple[Floats, Bools]:
    valid = grid.bools(one.valid)
    value = np.where(valid, grid.numbers(one.mean), 0.0)
    count = sliding_window_view(valid, _WINDOW, axis=1).sum(axis=2)
    mean = quotient(sliding_window_view(value, _WINDOW, axis=1).sum(axis=2), count.astype(np.float64))
    usable = count >= rule.hours
    highest = np.where(usable, mean, -np.inf).max(axis=1, initial=-np.inf)
    return np.where(np.isfinite(highest), highest, np.nan), usable.sum(axis=1) >= rule.windows
