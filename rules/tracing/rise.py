"""Whether a series (of a gas detector, an outlet) rose around a time, and when it began to."""

import numpy as np

from rules.arrays import Floats, Ints

#: A rise is so many times the scatter before it, this share of the level, and this share of the span.
_SCATTERS, _LEVEL_SHARE, _SPAN_SHARE = 6.0, 0.3, 0.03
_FEWEST = 5


def rise_us(time_us: Ints, value: Floats, *, span: float = 0.0) -> int | None:
    """When a series by time first rose above its own beginning and stayed up for two samples; None: it did not.

    Its level is the median of its lowest third, its scatter the median distance from it there. ``span``: of the
    instrument, in the unit of ``value``; 0 where it is not known.
    """
    finite = np.isfinite(value)
    time_us, value = time_us[finite], value[finite]
    if len(value) < _FEWEST:
        return None
    low = np.sort(value)[: max(_FEWEST - 2, len(value) // 3)]
    level = float(np.median(low))
    scatter = float(np.median(np.abs(low - level))) / 0.6745
    over = value > level + max(_SCATTERS * scatter, _LEVEL_SHARE * abs(level), _SPAN_SHARE * span, 1e-12)
    # What was up from the beginning did not rise.
    up = np.flatnonzero(over[:-1] & over[1:])
    if not len(up) or up[0] == 0:
        return None
    return int(time_us[up[0]])
