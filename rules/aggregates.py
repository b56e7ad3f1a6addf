"""Numbers over windows of panes: ``(panes, slots)``, NaN where a pane has no usable sample.

Sums are made pane by pane in the order of places, so that the same panes give the same bytes however many slots are
reckoned at once.
"""

import numpy as np

from rules.arrays import Bools, Floats, Ints

#: Up to so many slots one call over a copy of all panes is cheaper than a few calls a pane.
_FEW = 2_000


def total(columns: Floats) -> tuple[Floats, Ints]:
    """The sum of the valid panes of each slot, and how many they are."""
    if columns.shape[1] <= _FEW and len(columns):
        known = ~np.isnan(columns)
        # `cumsum` adds one after the other; `sum` would not where there are few slots.
        return 0.0 + np.cumsum(np.where(known, columns, 0.0), axis=0)[-1], np.count_nonzero(known, axis=0)
    made = np.zeros(columns.shape[1])
    count = np.zeros(columns.shape[1], dtype=np.int64)
    for row in columns:
        known = ~np.isnan(row)
        made += np.where(known, row, 0.0)
        count += known
    return made, count


def mean(columns: Floats) -> tuple[Floats, Ints]:
    """The mean of the valid panes, NaN where there is none; and how many they are."""
    made, count = total(columns)
    return over(made, count), count


def over(made: Floats, count: Ints) -> Floats:
    """A quotient; NaN where it is divided by zero."""
    quotient: Floats = np.divide(made, count, out=np.full(len(made), np.nan), where=count > 0)
    return quotient


def valid(columns: Floats) -> Ints:
    """How many panes have usable samples."""
    counted: Ints = np.count_nonzero(~np.isnan(columns), axis=0)
    return counted


def spread(average: Floats, squares: Floats) -> Floats:
    """The standard deviation of what has this mean and this mean of the squares. One that is no more than a millionth
    of the mean is rounding, and zero."""
    deviation = np.sqrt(np.maximum(squares - average * average, 0.0))
    return np.where(deviation <= 1e-6 * np.abs(average), 0.0, deviation)


def highest(columns: Floats) -> Floats:
    """NaN where there is none."""
    found: Floats = np.fmax.reduce(columns, axis=0, initial=np.nan)
    return found


def lowest(columns: Floats) -> Floats:
    """NaN where there is none."""
    found: Floats = np.fmin.reduce(columns, axis=0, initial=np.nan)
    return found


def percentile(columns: Floats, percent: Floats) -> Floats:
    """Of the valid panes, linear between two of them as numpy does it; NaN where there is none. ``percent`` by slot."""
    in_order = np.sort(columns, axis=0)  # NaN last
    last = np.maximum(valid(columns) - 1, 0)
    place = last * (percent / 100.0)
    below = np.floor(place).astype(np.intp)
    every = np.arange(columns.shape[1])
    low, high = in_order[below, every], in_order[np.minimum(below + 1, last), every]
    share, step = place - below, high - low
    return np.where(share < 0.5, low + step * share, high - step * (1.0 - share))


_DECADES = np.array([float(f"1e{power}") for power in range(-11, 13)])
_SCALES = np.array([float(f"1e{power}") for power in range(23)])


def rounded(values: Floats) -> Floats:
    """To 12 significant digits: what is equal to its limit in decimals is not beyond it because of binary fractions.
    Numbers below 1e-11 or from 1e12 on stay as they are."""
    decade = np.searchsorted(_DECADES, np.abs(values), side="right") - 1
    within: Bools = (decade >= 0) & (decade < len(_SCALES)) & np.isfinite(values)
    scale = _SCALES[np.where(within, 22 - decade, 0)]
    return np.where(within, np.rint(np.where(within, values, 0.0) * scale) / scale, values)
