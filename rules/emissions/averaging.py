"""Means over time or flow, of numbers or of pH; over runs of rows and over rows of a grid."""

import numpy as np

from rules.arrays import Bools, Floats
from rules.emissions.groups import Groups
from rules.emissions.validity import Validity


def average(value: Floats, use: Bools, groups: Groups, validity: Validity) -> Floats:
    """Mean over time of the rows in use of each run, ``(g,)``; NaN where none is."""
    count = groups.count(use)
    total = groups.total(np.where(use, to_additive(value, validity), 0.0))
    return from_additive(quotient(total, count.astype(np.float64)), validity)


def quotient(total: Floats, by: Floats) -> Floats:
    """NaN where there is nothing to divide by."""
    result = np.full(np.shape(total), np.nan)
    np.divide(total, by, out=result, where=by > 0)
    return result


def to_additive(value: Floats, validity: Validity) -> Floats:
    """What may be added up: the number itself, or the concentration of H+ of a pH (mol/L)."""
    if validity.mean == "arithmetic":
        return value
    # Beyond these no pH is; the clip only keeps an absurd reading from overflowing. NaN stays NaN.
    return np.power(10.0, -np.clip(value, -20.0, 34.0))


def from_additive(mean: Floats, validity: Validity) -> Floats:
    """The inverse of `to_additive`."""
    if validity.mean == "arithmetic":
        return mean
    return -np.log10(mean)
