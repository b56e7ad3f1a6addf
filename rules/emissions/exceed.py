"""Early warning, hour exceedance and day exceedance (预警, 小时超标, 日均值超标): three different objects.

Which limit holds is chosen elsewhere (`rules.emissions.limits`), by the start of the period; here come its numbers.
A limit is exceeded strictly: ``value > limit``, and below ``lower`` for pH. What is not valid exceeds nothing.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from rules.arrays import Bools, Bytes, Floats, Ints, Rows
from rules.emissions.averaging import quotient
from rules.emissions.groups import keys
from rules.emissions.periods import MINUTE_US

#: Share of the limit. The mean of sixty values of 0.1 is not quite 0.1 to a computer; it exceeds no limit of 0.1.
_NOISE = 1e-9


class Side(IntEnum):
    """On which side of the limit."""

    HIGH = 1
    LOW = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Limits:
    """The limits in force at the start of each period, ``(n,)``. NaN: there is none on that side."""

    #: Highest value allowed, in the unit of the values.
    upper: Floats
    #: Lowest value allowed (pH).
    lower: Floats
    #: Which row of the limits it is; -1: no limit holds.
    row: NDArray[np.int32]

    def take(self, rows: Rows | Bools) -> "Limits":
        """The rows that a mask or an index array names."""
        return Limits(upper=self.upper[rows], lower=self.lower[rows], row=self.row[rows])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Exceedances:
    """Columns ``(m,)``: one row for each period over (or under) its limit."""

    #: Row of the period in the columns given.
    period: Rows
    #: Row of the limit, as in `Limits`.
    limit_row: NDArray[np.int32]
    #: See `Side`.
    side: Bytes
    value: Floats
    limit: Floats
    #: value / limit - 1 (超标倍数); of pH, and where the limit is 0, NaN.
    times_over: Floats

    def __len__(self) -> int:
        return len(self.period)


def exceedances(value: Floats, valid: Bools, limits: Limits) -> Exceedances:
    """Hours against hour limits, days against day limits; both judgements by giving the one mean or the other."""
    high, low = sides(value, limits)
    high, low = high & valid, low & valid
    period = np.flatnonzero(high | low)
    side = np.where(high[period], Side.HIGH, Side.LOW).astype(np.uint8)
    limit = np.where(side == Side.HIGH, limits.upper[period], limits.lower[period])
    two_sided = np.isfinite(limits.lower[period])
    over = np.where(two_sided, np.nan, quotient(value[period], limit) - 1.0)
    return Exceedances(
        period=period, limit_row=limits.row[period], side=side, value=value[period], limit=limit, times_over=over
    )


def sides(value: Floats, limits: Limits) -> tuple[Bools, Bools]:
    """Where the value is above the upper limit, and where it is below the lower."""
    noise_high, noise_low = np.abs(limits.upper) * _NOISE, np.abs(limits.lower) * _NOISE
    with np.errstate(invalid="ignore"):
        return value > limits.upper + noise_high, value < limits.lower - noise_low


class EarlyWarning(BaseModel):
    """When minutes warn before the hour is lost. A site's choice; no standard sets it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    #: Share of the limit. Between two limits (pH) it is the share of the way from the middle to each.
    share: float = Field(default=0.8, gt=0, le=1)
    #: So many valid minutes one after the other must be over it.
    minutes: PositiveInt = 5


def warning_limits(limits: Limits, rule: EarlyWarning) -> Limits:
    """The limits that minutes are held against; a lower limit alone warns above it, at limit / share."""
    both = np.isfinite(limits.upper) & np.isfinite(limits.lower)
    middle, half = (limits.upper + limits.lower) / 2, (limits.upper - limits.lower) / 2 * rule.share
    return Limits(
        upper=np.where(both, middle + half, limits.upper * rule.share),
        lower=np.where(both, middle - half, limits.lower / rule.share),
        row=limits.row,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Warnings:
    """Columns ``(m,)``: one row for each unbroken run of minutes that is long enough."""

    tag: NDArray[np.int32]
    side: Bytes
    #: Start of the first minute and end of the last.
    begin_us: Ints
    end_us: Ints
    #: End of the minute that made the run long enough: when it was known.
    known_us: Ints
    minutes: NDArray[np.int32]
    #: The extreme value, and the warning limit and row of the limit at the beginning of the run.
    peak: Floats
    warn_at: Floats
    limit_row: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.tag)


def early_warnings(
    tag: NDArray[np.int32], minute_us: Ints, value: Floats, valid: Bools, limits: Limits, rule: EarlyWarning
) -> Warnings:
    """Runs of minutes over the warning limit, of minutes sorted by (tag, minute) with the limits of their outlet.

    A minute that is missing, not valid or (as the caller puts it into ``valid``) marked ends a run. The limit may
    change within one: a run goes on as long as each minute is over its own.
    """
    warn = warning_limits(limits, rule)
    high, low = sides(value, warn)
    runs = [
        _runs(tag, minute_us, value, over & valid, bound, side, limits.row, rule.minutes)
        for over, bound, side in ((high, warn.upper, Side.HIGH), (low, warn.lower, Side.LOW))
    ]
    columns = {name: np.concatenate([run[name] for run in runs]) for name in runs[0]}
    order = np.lexsort((columns["begin_us"], columns["tag"]))
    return Warnings(**{name: column[order] for name, column in columns.items()})


def _runs(
    tag: NDArray[np.int32],
    minute_us: Ints,
    value: Floats,
    over: Bools,
    bound: Floats,
    side: Side,
    row: NDArray[np.int32],
    at_least: int,
) -> dict[str, NDArray[np.generic]]:
    at = np.flatnonzero(over)
    begins = np.ones(len(at), np.bool_)
    begins[1:] = np.diff(keys(tag[at], minute_us[at])) != 1
    first = np.flatnonzero(begins)
    size = np.diff(np.append(first, len(at)))
    extreme = np.maximum if side is Side.HIGH else np.minimum
    peak = extreme.reduceat(value[at], first) if len(first) else np.empty(0)
    long = size >= at_least
    one, last = at[first[long]], at[(first + size - 1)[long]]
    return {
        "tag": tag[one].astype(np.int32),
        "side": np.full(len(one), side, np.uint8),
        "begin_us": minute_us[one],
        "end_us": minute_us[last] + MINUTE_US,
        "known_us": minute_us[one] + at_least * MINUTE_US,
        "minutes": size[long].astype(np.int32),
        "peak": peak[long],
        "warn_at": bound[one],
        "limit_row": row[one],
    }
