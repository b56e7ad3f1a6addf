"""Series of any rhythm as means over equal steps."""

from dataclasses import dataclass

import numpy as np

from rules.arrays import Bools, Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """``n`` steps of ``step_us`` from ``begin_us``."""

    begin_us: int
    step_us: int
    n: int

    @property
    def middles_us(self) -> Ints:
        """``(n,)``"""
        return self.begin_us + self.step_us * np.arange(self.n, dtype=np.int64) + self.step_us // 2

    def means(self, time_us: Ints, value: Floats) -> Floats:
        """``(n,)`` means of the finite values in each step; NaN where there is none."""
        place = (time_us - self.begin_us) // self.step_us
        use = (place >= 0) & (place < self.n) & np.isfinite(value)
        count = np.bincount(place[use], minlength=self.n)
        total = np.bincount(place[use], weights=value[use], minlength=self.n)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(count > 0, total / count, np.nan), np.float64)


def filled(grid: Grid, value: Floats) -> Floats:
    """Gaps filled between the neighbours, ends held; all NaN stays NaN."""
    known = np.isfinite(value)
    if not known.any():
        return value
    at = grid.middles_us
    return np.asarray(np.interp(at, at[known], value[known]), np.float64)


def near_data(grid: Grid, value: Floats, within_us: int) -> Bools:
    """``(n,)``: whether a step with a value lies within ``within_us``."""
    known = np.flatnonzero(np.isfinite(value))
    if not len(known):
        return np.zeros(grid.n, np.bool_)
    steps = np.arange(grid.n)
    right = known[np.minimum(np.searchsorted(known, steps), len(known) - 1)]
    left = known[np.maximum(np.searchsorted(known, steps, side="right") - 1, 0)]
    distance = np.minimum(np.abs(right - steps), np.abs(steps - left))
    return np.asarray(distance * grid.step_us <= within_us, np.bool_)
